"""A network as an ONNX file, which many other programs run. Needs the `onnx` package, an optional extra."""

from __future__ import annotations

from importlib import util
from typing import Any

import numpy as np

from cnncore.architecture import LEAKY_SLOPE, LayerPlan
from cnncore.layers import BATCH_NORM_EPSILON
from cnncore.network import Network

OPSET, IR_VERSION = 17, 8
"""Of 2022: programs that are older than the newest `onnx` package read them, too."""

_FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": LEAKY_SLOPE}),
    "tanh": ("Tanh", {}),
}


def onnx_available() -> bool:
    """Return whether the `onnx` package is installed, without importing it."""
    return util.find_spec("onnx") is not None


def to_onnx(network: Network) -> bytes:
    """Return a network as an ONNX file.

    Parameters
    ----------
    network : Network

    Returns
    -------
    bytes
        Its input ``pictures`` is float32 of shape (N, channels, rows, columns), 0 to 1; its output ``logits`` has the
        class scores before softmax. Values between carry the names of the layers.

    Raises
    ------
    ModuleNotFoundError
        If the `onnx` package is not installed.

    References
    ----------
    .. [1] ONNX, "Operators", opset 17.
    """
    if not onnx_available():
        raise ModuleNotFoundError("ONNX files need the onnx package: pip install 'cnn-lab[onnx]'")
    from onnx import TensorProto, checker, helper, numpy_helper

    weights = {name: values.astype(np.float32) for name, values in network.state().items()}
    nodes, source = [], "pictures"
    for layer in network.plan:
        for kind, inputs, output, settings in _nodes(layer, source):
            nodes.append(helper.make_node(kind, inputs, [output], name=output, **settings))
            source = output
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["N", *network.input_shape])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", network.classes])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="CNN Lab"
    )
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


Node = tuple[str, list[str], str, dict[str, Any]]
"""Operator, inputs, output, attributes."""


def _nodes(layer: LayerPlan, source: str) -> list[Node]:
    detail, name = layer.detail, layer.name
    weights = [source, f"{name}.weight", f"{name}.bias"]
    if layer.kind == "conv":
        (top, bottom), (left, right) = detail["padding"]
        settings = {"kernel_shape": detail["kernel"], "strides": detail["stride"], "pads": [top, left, bottom, right]}
        return [("Conv", weights, name, settings)]
    if layer.kind == "batch_norm":
        weights += [f"{name}.running_mean", f"{name}.running_var"]
        return [("BatchNormalization", weights, name, {"epsilon": BATCH_NORM_EPSILON})]
    if layer.kind == "activation":
        kind, settings = _FUNCTIONS[detail["function"]]
        return [(kind, [source], name, settings)]
    if layer.kind == "pool":
        kind, window = "MaxPool" if detail["pool"] == "max" else "AveragePool", [detail["size"]] * 2
        return [(kind, [source], name, {"kernel_shape": window, "strides": window})]
    if layer.kind == "dropout":  # drops nothing at inference
        return []
    if layer.kind == "flatten":
        return [("Flatten", [source], name, {"axis": 1})]
    if layer.kind == "global_average":
        maps = f"{name}.maps"
        return [("GlobalAveragePool", [source], maps, {}), ("Flatten", [maps], name, {"axis": 1})]
    return [("Gemm", weights, name, {"transB": 1})]
