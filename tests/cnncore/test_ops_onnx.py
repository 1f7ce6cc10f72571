"""The operators' reference cases that ONNX ships with its package, run on our operations.

Two collections: the cases of the operator specification (computed by ONNX's reference code), and models converted from
PyTorch with the numbers PyTorch gave. All that are two-dimensional and made of operators we have.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncore.ops import (
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    dense,
    global_avg_pool2d,
    global_max_pool2d,
    max_pool2d,
    relu,
    softmax,
    softmax_cross_entropy,
)

onnx = pytest.importorskip("onnx", reason="the reference cases come with the onnx package")

AUTO_PAD = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}
MODULES = [
    "averagepool",
    "conv",
    "convtranspose",
    "globalaveragepool",
    "globalmaxpool",
    "maxpool",
    "relu",
    "softmax",
    "softmax_cross_entropy_loss",
]


def padding(attributes: dict[str, Any]) -> Any:
    if (name := attributes.get("auto_pad", "NOTSET")) != "NOTSET":
        return AUTO_PAD[name]
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    return (top, bottom), (left, right)


def windows(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "stride": attributes.get("strides", (1, 1)),
        "dilation": attributes.get("dilations", (1, 1)),
        "padding": padding(attributes),
    }


def conv(a: dict[str, Any], x: np.ndarray, w: np.ndarray, b: Any = None) -> np.ndarray:
    return conv2d(x, w, b, groups=a.get("group", 1), **windows(a))


def conv_transpose(a: dict[str, Any], x: np.ndarray, w: np.ndarray, b: Any = None) -> np.ndarray:
    strides, dilations = a.get("strides", (1, 1)), a.get("dilations", (1, 1))
    extra = a.get("output_padding", (0, 0))
    mode = a.get("auto_pad", "NOTSET")
    pads = padding({"pads": a.get("pads", (0, 0, 0, 0))})
    wanted = a.get("output_shape")
    if wanted is None and mode.startswith("SAME"):
        wanted = [n * s for n, s in zip(x.shape[2:], strides, strict=True)]
    if wanted is not None:  # the specification's formula for the pads that lead to a given output size
        cut, more = [], []
        for n, k, s, d, e, o in zip(x.shape[2:], w.shape[2:], strides, dilations, extra, wanted, strict=True):
            total = s * (n - 1) + e + (k - 1) * d + 1 - o
            more.append(e + max(0, -total))  # less than no padding is output padding
            half = max(0, total) // 2
            cut.append((half, max(0, total) - half) if mode == "SAME_UPPER" else (max(0, total) - half, half))
        pads, extra = (cut[0], cut[1]), more
    return conv_transpose2d(
        x, w, b, stride=strides, dilation=dilations, padding=pads, output_padding=extra, groups=a.get("group", 1)
    )


def max_pool(a: dict[str, Any], x: np.ndarray) -> np.ndarray:
    stride = a.get("strides", (1, 1))
    return max_pool2d(
        x, a["kernel_shape"], **{**windows(a), "stride": stride, "ceil_mode": bool(a.get("ceil_mode", 0))}
    )


def average_pool(a: dict[str, Any], x: np.ndarray) -> np.ndarray:
    flags = {"ceil_mode": bool(a.get("ceil_mode", 0)), "count_include_pad": bool(a.get("count_include_pad", 0))}
    return avg_pool2d(x, a["kernel_shape"], **windows(a), **flags)


def gemm(a: dict[str, Any], x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.get("beta", 1.0) * b + a.get("alpha", 1.0) * dense(x, w if a.get("transB") else w.T)


OPERATORS: dict[str, Callable[..., np.ndarray]] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalMaxPool": lambda a, x: global_max_pool2d(x)[:, :, None, None],
    "GlobalAveragePool": lambda a, x: global_avg_pool2d(x)[:, :, None, None],
    "Relu": lambda a, x: relu(x),
    "Softmax": lambda a, x: softmax(x, axis=a.get("axis", -1)),
    "Gemm": gemm,
    "SoftmaxCrossEntropyLoss": lambda a, x, labels: softmax_cross_entropy(x, labels)[0],
}


def is_ours(model: Any) -> bool:
    """Whether a model is made of our operators and its maps are two-dimensional."""
    nodes = model.graph.node
    if not nodes or any(node.op_type not in OPERATORS for node in nodes):
        return False
    if any(node.op_type == "SoftmaxCrossEntropyLoss" for node in nodes):
        node = nodes[0]
        plain = len(node.input) == 2 and len(node.output) == 1 and attributes_of(node) == {"reduction": "mean"}
        return plain and len(model.graph.input[0].type.tensor_type.shape.dim) == 2
    if any(node.op_type in ("Relu", "Softmax", "Gemm") for node in nodes):
        return True
    return len(model.graph.input[0].type.tensor_type.shape.dim) == 4


def attributes_of(node: Any) -> dict[str, Any]:
    found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


def run(model: Any, inputs: list[np.ndarray]) -> np.ndarray:
    """Run a model on our operations and return its first output."""
    graph = model.graph
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    fed = [entry.name for entry in graph.input if entry.name not in values]
    values.update(zip(fed, inputs, strict=True))
    for node in graph.node:
        arguments = [values[name] for name in node.input if name]
        values[node.output[0]] = OPERATORS[node.op_type](attributes_of(node), *arguments)
    return values[graph.output[0].name]


def specification_cases() -> list[Any]:
    cases = importlib.import_module("onnx.backend.test.case.node")
    for name in MODULES:
        importlib.import_module(f"onnx.backend.test.case.node.{name}")
    ours = [case for case in cases._NodeTestCases if is_ours(case.model)]
    return sorted(ours, key=lambda case: case.name)


def pytorch_cases() -> list[Path]:
    root = Path(onnx.__file__).parent / "backend" / "test" / "data"
    folders = [*(root / "pytorch-converted").iterdir(), *(root / "pytorch-operator").iterdir()]
    return sorted(folder for folder in folders if is_ours(onnx.load(folder / "model.onnx")))


SPECIFICATION, PYTORCH = specification_cases(), pytorch_cases()


@pytest.mark.parametrize("case", SPECIFICATION, ids=lambda case: case.name)
def test_the_specifications_cases(case) -> None:
    for inputs, outputs in case.data_sets:
        y = run(case.model, list(inputs))
        assert y.shape == outputs[0].shape
        np.testing.assert_allclose(y, outputs[0], rtol=max(case.rtol, 1e-5), atol=1e-6)


@pytest.mark.parametrize("folder", PYTORCH, ids=lambda folder: folder.name)
def test_models_converted_from_pytorch(folder: Path) -> None:
    model = onnx.load(folder / "model.onnx")
    for data in sorted(folder.glob("test_data_set_*")):
        inputs, outputs = (
            [
                onnx.numpy_helper.to_array(onnx.TensorProto.FromString((data / f"{kind}_{i}.pb").read_bytes()))
                for i in range(len(list(data.glob(f"{kind}_*.pb"))))
            ]
            for kind in ("input", "output")
        )
        y = run(model, inputs)
        assert y.shape == outputs[0].shape
        np.testing.assert_allclose(y, outputs[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("operator", "least"),
    [("Conv", 6), ("ConvTranspose", 7), ("MaxPool", 12), ("AveragePool", 12), ("GlobalMaxPool", 2), ("Softmax", 5)],
)
def test_there_are_cases_of_every_operator(operator: str, least: int) -> None:
    """What filters the cases must not filter them all."""
    assert sum(case.model.graph.node[0].op_type == operator for case in SPECIFICATION) >= least
    assert len(PYTORCH) >= 15
