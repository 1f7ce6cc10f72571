"""A network as a Keras program: channels last, as TensorFlow has them on every processor."""

from __future__ import annotations

from cnncore._code_parts import pair_text, source_text
from cnncore.architecture import LEAKY_SLOPE, LayerPlan
from cnncore.geometry import resolve_padding_2d
from cnncore.layers import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from cnncore.network import Network

_FUNCTIONS = {
    "relu": "layers.ReLU(",
    "leaky_relu": f"layers.LeakyReLU(negative_slope={LEAKY_SLOPE}, ",
    "tanh": 'layers.Activation("tanh", ',
}


def keras_code(network: Network) -> str:
    """Write a network for Keras 3.

    Parameters
    ----------
    network : Network

    Returns
    -------
    str
        A program whose `load()` returns a `keras.Sequential` with the weights of ``model.npz`` beside it; it takes
        pictures (N, rows, columns, channels), channels last, and gives class scores before softmax.

    Examples
    --------
    >>> from cnncore.architecture import Architecture, ConvBlock
    >>> code = keras_code(Network(Architecture((ConvBlock(4, stride=2, pool="max"),))))
    >>> print(code[code.index("    return keras.Seq") : code.index("def load")].rstrip())
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(4, 3, strides=2, padding="same", name="conv1"),
                layers.ReLU(name="relu1"),
                layers.MaxPooling2D(2, name="pool1"),
                layers.Flatten(name="flatten"),
                layers.Dense(10, name="logits"),
            ]
        )
    """
    channels, rows, columns = network.input_shape
    shape, dtype = f"{rows}, {columns}, {channels}", network.dtype.name
    double = dtype == "float64"
    return source_text(
        [
            '"""A network from CNN Lab, for Keras. Its weights are in model.npz, beside this file."""',
            "",
            "from pathlib import Path",
            "",
            "import keras",
            "import numpy as np",
            "from keras import layers",
            "",
            *(['keras.config.set_floatx("float64")', 'keras.config.set_dtype_policy("float64")', ""] if double else []),
            "",
            "def build():",
            f'    """Takes {dtype} pictures (N, {shape}), 0 to 1; gives the scores of {network.classes} classes."""',
            "    return keras.Sequential(",
            "        [",
            f"            keras.Input(({shape})),",
            *(f"            {line}," for layer in network.plan for line in _layers(layer)),
            "        ]",
            "    )",
            "",
            "",
            "def load():",
            '    """Return the network with its weights."""',
            "    model = build()",
            '    with np.load(Path(__file__).with_name("model.npz")) as weights:',
            *(f"        {line}" for place in range(len(network.plan)) for line in _weights(network.plan, place)),
            "    return model",
            "",
            "",
            'if __name__ == "__main__":',
            f"    pictures = np.zeros((1, {shape}), np.{dtype})  # put your own here",
            "    print(keras.ops.convert_to_numpy(keras.ops.softmax(load()(pictures, training=False))))",
        ]
    )


def _layers(layer: LayerPlan) -> list[str]:
    detail, name = layer.detail, f'name="{layer.name}")'
    if layer.kind == "conv":
        lines, words = [], [f"{layer.output_shape[0]}, {pair_text(detail['kernel'])}"]
        if detail["stride"] != (1, 1):
            words.append(f"strides={pair_text(detail['stride'])}")
        if any(map(any, detail["padding"])):
            shape = (layer.input_shape[1], layer.input_shape[2])
            same = resolve_padding_2d(shape, detail["kernel"], stride=detail["stride"], padding="same")
            if detail["padding"] == same:
                words.append('padding="same"')
            else:
                lines.append(f'layers.ZeroPadding2D({detail["padding"]}, name="pad_{layer.name}")')
        return [*lines, f"layers.Conv2D({', '.join(words)}, {name}"]
    if layer.kind == "batch_norm":
        # Keras counts the share of what was there before, PyTorch that of the newest batch.
        momentum = 1 - BATCH_NORM_MOMENTUM
        return [f"layers.BatchNormalization(epsilon={BATCH_NORM_EPSILON}, momentum={momentum:g}, {name}"]
    if layer.kind == "activation":
        return [f"{_FUNCTIONS[detail['function']]}{name}"]
    if layer.kind == "pool":
        return [f"layers.{'Max' if detail['pool'] == 'max' else 'Average'}Pooling2D({detail['size']}, {name}"]
    if layer.kind == "dropout":
        return [f"layers.Dropout({detail['rate']:g}, {name}"]
    if layer.kind == "flatten":
        return [f"layers.Flatten({name}"]
    if layer.kind == "global_average":
        return [f"layers.GlobalAveragePooling2D({name}"]
    return [f"layers.Dense({layer.output_shape[0]}, {name}"]


def _weights(plan: tuple[LayerPlan, ...], place: int) -> list[str]:
    """Write how a layer gets its weights, turned from PyTorch's order into Keras's."""
    layer = plan[place]
    own = [f'weights["{layer.name}.weight"]', f'weights["{layer.name}.bias"]']
    lines: list[str] = []
    if layer.kind == "conv":
        lines = ["# (filters, channels, rows, columns) -> (rows, columns, channels, filters)"]
        own[0] += ".transpose(2, 3, 1, 0)"
    elif layer.kind == "batch_norm":
        own += [f'weights["{layer.name}.running_mean"]', f'weights["{layer.name}.running_var"]']
    elif layer.kind == "dense" and plan[place - 1].kind == "flatten":
        channels, rows, columns = plan[place - 1].input_shape
        units = layer.output_shape[0]
        lines = ["# Maps were flattened in the order channel, row, column; here it is row, column, channel."]
        own[0] += f".reshape({units}, {channels}, {rows}, {columns}).transpose(2, 3, 1, 0).reshape(-1, {units})"
    elif layer.kind == "dense":
        own[0] += ".T"
    else:
        return []
    return [
        *lines,
        f'model.get_layer("{layer.name}").set_weights(',
        "    [",
        *(f"        {part}," for part in own),
        "    ]",
        ")",
    ]
