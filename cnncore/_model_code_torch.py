"""A network as a PyTorch program."""

from __future__ import annotations

from cnncore._code_parts import pair_text, source_text
from cnncore.architecture import LEAKY_SLOPE, LayerPlan
from cnncore.layers import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from cnncore.network import Network

_FUNCTIONS = {
    "relu": "F.relu(x)",
    "leaky_relu": f"F.leaky_relu(x, {LEAKY_SLOPE})",
    "tanh": "torch.tanh(x)",
}


def pytorch_code(network: Network) -> str:
    """Write a network for PyTorch.

    Parameters
    ----------
    network : Network

    Returns
    -------
    str
        A program whose `load()` returns a `torch.nn.Module` with the weights of ``model.npz`` beside it, ready for
        inference; it takes pictures (N, channels, rows, columns) and gives class scores before softmax.

    Examples
    --------
    >>> from cnncore.architecture import Architecture, ConvBlock
    >>> code = pytorch_code(Network(Architecture((ConvBlock(4, stride=2, pool="max"),))))
    >>> print(code[code.index("    def forward") : code.index("def load")].rstrip())
        def forward(self, x):
            x = F.pad(x, (0, 1, 0, 1))  # left, right, top, bottom
            x = F.relu(self.conv1(x))
            x = F.max_pool2d(x, 2)
            x = torch.flatten(x, 1)
            return self.logits(x)
    """
    channels, rows, columns = network.input_shape
    shape, dtype = f"{channels}, {rows}, {columns}", network.dtype.name
    double = dtype == "float64"
    made = [line for layer in network.plan for line in _made(layer)]
    steps = [line for layer in network.plan for line in _steps(layer)]
    known = "{**net.state_dict(), **weights}" if network.buffers() else "weights"
    return source_text(
        [
            '"""A network from CNN Lab, for PyTorch. Its weights are in model.npz, beside this file."""',
            "",
            "from pathlib import Path",
            "",
            "import numpy as np",
            "import torch",
            "from torch import nn",
            "from torch.nn import functional as F",
            "",
            "",
            "class Net(nn.Module):",
            f'    """Takes {dtype} pictures (N, {shape}), 0 to 1; gives the scores of {network.classes} classes."""',
            "",
            "    def __init__(self):",
            "        super().__init__()",
            *(f"        {line}" for line in made),
            "",
            "    def forward(self, x):",
            *(f"        {line}" for line in _joined(steps)),
            "",
            "",
            "def load():",
            '    """Return the network with its weights, ready for inference."""',
            '    with np.load(Path(__file__).with_name("model.npz")) as file:',
            '        weights = {name: torch.from_numpy(file[name]) for name in file.files if name != "header"}',
            f"    net = Net(){'.double()' if double else ''}",
            f"    net.load_state_dict({known})",
            "    return net.eval()",
            "",
            "",
            'if __name__ == "__main__":',
            f"    pictures = torch.zeros(1, {shape}{', dtype=torch.float64' if double else ''})  # put your own here",
            "    with torch.no_grad():",
            "        print(load()(pictures).softmax(dim=1))",
        ]
    )


def _made(layer: LayerPlan) -> list[str]:
    detail = layer.detail
    if layer.kind == "conv":
        words = [f"{layer.input_shape[0]}, {layer.output_shape[0]}", f"kernel_size={pair_text(detail['kernel'])}"]
        if detail["stride"] != (1, 1):
            words.append(f"stride={pair_text(detail['stride'])}")
        if any(map(any, detail["padding"])) and not _uneven(layer):
            words.append(f"padding={pair_text((detail['padding'][0][0], detail['padding'][1][0]))}")
        return [f"self.{layer.name} = nn.Conv2d({', '.join(words)})"]
    if layer.kind == "batch_norm":
        words = [str(layer.output_shape[0]), f"eps={BATCH_NORM_EPSILON}", f"momentum={BATCH_NORM_MOMENTUM}"]
        return [f"self.{layer.name} = nn.BatchNorm2d({', '.join(words)})"]
    if layer.kind == "dense":
        return [f"self.{layer.name} = nn.Linear({layer.input_shape[0]}, {layer.output_shape[0]})"]
    return []


def _steps(layer: LayerPlan) -> list[str]:
    detail = layer.detail
    if layer.kind == "conv":
        (top, bottom), (left, right) = detail["padding"]
        pad = f"x = F.pad(x, ({left}, {right}, {top}, {bottom}))  # left, right, top, bottom"
        return [*([pad] if _uneven(layer) else []), f"x = self.{layer.name}(x)"]
    if layer.kind == "activation":
        return [f"x = {_FUNCTIONS[detail['function']]}"]
    if layer.kind == "pool":
        return [f"x = F.{'max' if detail['pool'] == 'max' else 'avg'}_pool2d(x, {detail['size']})"]
    if layer.kind == "dropout":
        return [f"x = F.dropout(x, {detail['rate']:g}, training=self.training)"]
    if layer.kind == "flatten":
        return ["x = torch.flatten(x, 1)"]
    if layer.kind == "global_average":
        return ["x = x.mean(dim=(2, 3))"]
    return [f"x = self.{layer.name}(x)"]


def _uneven(layer: LayerPlan) -> bool:
    """Return whether the padding differs from side to side, which `Conv2d` has no word for."""
    return any(begin != end for begin, end in layer.detail["padding"])


def _joined(steps: list[str]) -> list[str]:
    """Write a layer and the function after it in one line, and return the last layer's scores."""
    lines: list[str] = []
    for step in steps:
        if lines and lines[-1].startswith("x = self.") and "(x)" in step and step.startswith(("x = F.", "x = torch.t")):
            lines[-1] = step.replace("(x)", f"({lines[-1][4:]})")
        elif lines and lines[-1].startswith("x = self.") and step == f"x = F.leaky_relu(x, {LEAKY_SLOPE})":
            lines[-1] = step.replace("(x,", f"({lines[-1][4:]},")
        else:
            lines.append(step)
    return [*lines[:-1], f"return {lines[-1][4:]}"]
