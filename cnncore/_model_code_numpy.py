"""A network as a NumPy program: every layer in a few lines to read."""

from __future__ import annotations

from cnncore._code_parts import source_text
from cnncore.architecture import LEAKY_SLOPE, LayerPlan
from cnncore.layers import BATCH_NORM_EPSILON
from cnncore.network import Network

_PARTS = {
    "conv": """\
def conv2d(x, weight, bias, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    windows = sliding_window_view(x, weight.shape[2:], axis=(2, 3))[:, :, :: stride[0], :: stride[1]]
    # Every window times every filter, summed over channels, rows and columns: (N, rows, columns, filters).
    y = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3))) + bias
    return y.transpose(0, 3, 1, 2)
""",
    "batch_norm": f"""\
def batch_norm(x, weight, bias, mean, variance):
    scale = weight / np.sqrt(variance + {BATCH_NORM_EPSILON})
    return x * scale[:, None, None] + (bias - mean * scale)[:, None, None]
""",
    "relu": """\
def relu(x):
    return np.maximum(x, 0)
""",
    "leaky_relu": f"""\
def leaky_relu(x):
    return np.where(x > 0, x, x * x.dtype.type({LEAKY_SLOPE}))
""",
    "pool": """\
def pool(x, size, combine):
    # Windows side by side; what is left over at the bottom and on the right is dropped.
    images, channels, rows, columns = x.shape
    rows, columns = rows // size, columns // size
    x = x[:, :, : rows * size, : columns * size].reshape(images, channels, rows, size, columns, size)
    return combine(x, axis=(3, 5))
""",
    "softmax": """\
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
""",
}


def numpy_code(network: Network) -> str:
    """Write a network for NumPy alone.

    Parameters
    ----------
    network : Network

    Returns
    -------
    str
        A program whose `forward(x, load())` takes pictures (N, channels, rows, columns) and gives class scores before
        softmax, with the weights of ``model.npz`` beside it.

    Examples
    --------
    >>> from cnncore.architecture import Architecture, ConvBlock
    >>> code = numpy_code(Network(Architecture((ConvBlock(4, pool="max"),))))
    >>> print(code[code.index("    x = conv2d(") : code.index("if __name__")].rstrip())
        x = conv2d(x, w["conv1.weight"], w["conv1.bias"], stride=(1, 1), padding=((1, 1), (1, 1)))
        x = relu(x)
        x = pool(x, 2, np.max)
        x = x.reshape(len(x), 64)
        return x @ w["logits.weight"].T + w["logits.bias"]
    """
    channels, rows, columns = network.input_shape
    shape, dtype = f"{channels}, {rows}, {columns}", network.dtype.name
    used = {str(layer.detail.get("function", layer.kind)) for layer in network.plan} | {"softmax"}
    steps = [line for layer in network.plan for line in _steps(layer)]
    return source_text(
        [
            '"""A network from CNN Lab, for NumPy. Its weights are in model.npz, beside this file."""',
            "",
            "from pathlib import Path",
            "",
            "import numpy as np",
            "from numpy.lib.stride_tricks import sliding_window_view",
            "",
            "",
        ],
        [f"{part}\n" for name, part in _PARTS.items() if name in used],
        [
            "def load():",
            '    """Return the weights by name."""',
            '    with np.load(Path(__file__).with_name("model.npz")) as file:',
            '        return {name: file[name] for name in file.files if name != "header"}',
            "",
            "",
            "def forward(x, w):",
            f'    """Takes {dtype} pictures (N, {shape}), 0 to 1; gives the scores of {network.classes} classes."""',
            *(f"    {line}" for line in steps[:-1]),
            f"    return {steps[-1][4:]}",
            "",
            "",
            'if __name__ == "__main__":',
            f"    pictures = np.zeros((1, {shape}), np.{dtype})  # put your own here",
            "    print(softmax(forward(pictures, load())))",
        ],
    )


def _steps(layer: LayerPlan) -> list[str]:
    detail, weights = layer.detail, f'w["{layer.name}.weight"], w["{layer.name}.bias"]'
    if layer.kind == "conv":
        return [f"x = conv2d(x, {weights}, stride={detail['stride']}, padding={detail['padding']})"]
    if layer.kind == "batch_norm":
        return [f'x = batch_norm(x, {weights}, w["{layer.name}.running_mean"], w["{layer.name}.running_var"])']
    if layer.kind == "activation":
        return [f"x = {'np.tanh' if detail['function'] == 'tanh' else detail['function']}(x)"]
    if layer.kind == "pool":
        return [f"x = pool(x, {detail['size']}, {'np.max' if detail['pool'] == 'max' else 'np.mean'})"]
    if layer.kind == "dropout":  # drops nothing at inference
        return []
    if layer.kind == "flatten":
        return [f"x = x.reshape(len(x), {layer.output_shape[0]})"]
    if layer.kind == "global_average":
        return ["x = x.mean(axis=(2, 3))"]
    return [f'x = x @ w["{layer.name}.weight"].T + w["{layer.name}.bias"]']
