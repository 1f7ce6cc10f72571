"""Exported programs, run as a person would run them, and ONNX files give the network's own scores."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncore._model_onnx import onnx_available
from cnncore.architecture import Architecture, ConvBlock
from cnncore.exporting import keras_code, numpy_code, pytorch_code, save_model, to_onnx
from cnncore.network import Network
from tests.cnncore import keras_stand_in
from tests.cnncore.architectures import architectures, draw_weights

EVERYTHING = Architecture(
    (
        ConvBlock(3, (3, 2), stride=(1, 2), batch_norm=True, activation="leaky_relu", pool="max", dropout=0.3),
        ConvBlock(4, 2, padding=((0, 2), (1, 0)), activation="tanh", pool="average"),
    ),
    dense=(7, 6),
)
BRIEF = {"max_examples": 15, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def made(drawn: Any, seed: int, dtype: Any = np.float32) -> tuple[Network, np.ndarray]:
    """Return a network with random weights and statistics, and pictures for it."""
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=3, dtype=dtype)
    rng = np.random.default_rng(seed)
    draw_weights(network, rng)
    return network, rng.random((2, *shape)).astype(dtype)


def run(code: str, network: Network, folder: Path) -> dict[str, Any]:
    """Run a program beside its model file, and return what it defines."""
    (folder / "model.npz").write_bytes(save_model(network))
    names: dict[str, Any] = {"__name__": "model", "__file__": str(folder / "model.py")}
    exec(compile(code, "model.py", "exec"), names)
    return names


def ask_numpy(network: Network, x: np.ndarray, folder: Path) -> np.ndarray:
    names = run(numpy_code(network), network, folder)
    return names["forward"](x, names["load"]())


def ask_torch(network: Network, x: np.ndarray, folder: Path) -> np.ndarray:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.set_num_threads(1)
    model = run(pytorch_code(network), network, folder)["load"]()
    with torch.no_grad():
        return model(torch.from_numpy(x)).numpy()


def ask_stand_in(network: Network, x: np.ndarray, folder: Path) -> np.ndarray:
    kept = sys.modules.get("keras")
    sys.modules["keras"] = keras_stand_in.module()
    try:
        model = run(keras_code(network), network, folder)["load"]()
    finally:
        if kept is None:
            del sys.modules["keras"]
        else:
            sys.modules["keras"] = kept
    return model(x.transpose(0, 2, 3, 1), training=False)


def ask_keras(network: Network, x: np.ndarray, folder: Path) -> np.ndarray:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    try:
        model = run(keras_code(network), network, folder)["load"]()
        return keras.ops.convert_to_numpy(model(np.ascontiguousarray(x.transpose(0, 2, 3, 1)), training=False))
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def ask_onnx(network: Network, x: np.ndarray, folder: Path) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    session = runtime.InferenceSession(to_onnx(network), providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"pictures": x.astype(np.float32)})[0]


Ask = Callable[[Network, np.ndarray, Path], np.ndarray]
PROGRAMS: list[Ask] = [ask_numpy, ask_torch, ask_stand_in, ask_keras]


@pytest.mark.parametrize("ask", [*PROGRAMS, ask_onnx])
@given(architectures(), st.integers(0, 2**32 - 1))
@settings(**BRIEF)
def test_scores_of_random_networks(ask: Ask, tmp_path: Path, drawn, seed: int) -> None:
    network, x = made(drawn, seed)
    wanted = network.copy(dtype=np.float64).forward(x)
    found = ask(network, x, tmp_path)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1, abs(wanted).max()))


@pytest.mark.parametrize("ask", [*PROGRAMS, ask_onnx])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_kind_of_layer_in_both_precisions(ask: Ask, dtype: type, tmp_path: Path) -> None:
    network, x = made((EVERYTHING, (2, 11, 13)), 5, dtype)
    double = dtype == np.float64 and ask is not ask_onnx
    found = ask(network, x, tmp_path)
    assert found.dtype == (np.float64 if double else np.float32)
    close = 1e-12 if double else 1e-5
    if ask is ask_keras:  # its batch normalisation goes through float32 whatever its dtype
        close = max(close, 1e-6)
    np.testing.assert_allclose(found, network.forward(x), rtol=close, atol=close)


@pytest.mark.parametrize("write", [numpy_code, pytorch_code, keras_code])
def test_programs_are_plain_python(write: Callable[[Network], str]) -> None:
    network = Network(EVERYTHING, input_shape=(2, 11, 13))
    code = write(network)
    tree = ast.parse(code)
    assert ast.get_docstring(tree)
    assert max(map(len, code.splitlines())) <= 120
    assert write(network) == code
    assert "\n\n\n\n" not in code


def test_the_program_runs_by_itself(tmp_path: Path) -> None:
    network = Network(EVERYTHING, input_shape=(2, 11, 13), classes=3)
    (tmp_path / "model.npz").write_bytes(save_model(network))
    (tmp_path / "model.py").write_text(numpy_code(network))
    place = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "model.py"], capture_output=True, text=True, check=True, env=place
    )
    printed = np.array(done.stdout.strip("[]\n ").split(), float)
    np.testing.assert_allclose(printed, network.predict_proba(np.zeros((1, 2, 11, 13)))[0], atol=1e-6)


def test_onnx_files_name_every_layer_and_take_any_number_of_pictures() -> None:
    onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")
    network, x = made((EVERYTHING, (2, 11, 13)), 7)
    data = to_onnx(network)
    assert data == to_onnx(network)
    model = onnx.load_from_string(data)
    assert {name for name in network.activations(x)} <= {node.name for node in model.graph.node}
    assert {part.name for part in model.graph.initializer} == set(network.state())
    shape = model.graph.input[0].type.tensor_type.shape
    assert [axis.dim_param or axis.dim_value for axis in shape.dim] == ["N", 2, 11, 13]


def test_without_the_onnx_package_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not onnx_available()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'cnn-lab\[onnx\]'"):
        to_onnx(Network(EVERYTHING, input_shape=(2, 11, 13)))
