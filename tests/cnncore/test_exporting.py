"""Model files: what goes in comes out, and every other file gives one sentence, in bounded memory."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncore import exporting
from cnncore._archives import pack
from cnncore._arrayfiles import read_arrays, write_arrays
from cnncore.architecture import Architecture, ConvBlock
from cnncore.exporting import ModelFileError, SavedModel, load_model, save_model
from cnncore.network import Network
from cnncore.train_config import TrainConfig
from tests.cnncore.architectures import architectures, draw_weights

RICH = Architecture((ConvBlock(3, (3, 2), batch_norm=True, pool="max", padding=((0, 2), (1, 0))),), dense=(5,))
NETWORK = Network(RICH, classes=3, seed=4)
CONFIG = TrainConfig(dataset="own", architecture=RICH, optimizer="sgd", stop_accuracy=0.9)
GOOD = save_model(NETWORK, classes=("cat", "dog", "Übergröße 2"), config=CONFIG, note="Trained on a Monday.")


# In and out ----------------------------------------------------------------------------------------------------------


@given(architectures(), st.sampled_from([np.float32, np.float64]), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_what_goes_in_comes_out(drawn: Any, dtype: type, seed: int) -> None:
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=4, init="glorot", dtype=dtype)
    draw_weights(network, np.random.default_rng(seed))
    config = TrainConfig(architecture=architecture, seed=seed) if seed % 2 else None
    data = save_model(network, config=config)
    assert data == save_model(network, config=config)
    saved = load_model(data)
    assert saved.config == config
    assert saved.classes == ("0", "1", "2", "3")
    assert (saved.network.architecture, saved.network.input_shape, saved.network.init) == (
        architecture,
        shape,
        "glorot",
    )
    for name, values in network.state().items():
        found = saved.network.state()[name]
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, values)
    x = np.random.default_rng(0).random((2, *shape))
    np.testing.assert_array_equal(saved.network.forward(x), network.forward(x))


def test_names_and_notes_come_back_and_numpy_reads_the_file() -> None:
    saved = load_model(GOOD)
    assert saved.classes == ("cat", "dog", "Übergröße 2")
    assert (saved.note, saved.config) == ("Trained on a Monday.", CONFIG)
    with np.load(io.BytesIO(GOOD), allow_pickle=False) as file:
        assert set(file.files) == {"header", *NETWORK.state()}


def test_a_loaded_network_is_one_to_change() -> None:
    network = load_model(GOOD).network
    network.parameters()["conv1.bias"][...] = 1
    assert not NETWORK.parameters()["conv1.bias"].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": ("a", "b")}, "`classes`"),
        ({"classes": ("a", "b", "b")}, "`classes`"),
        ({"classes": ("a", "b", "<b>")}, "`classes`"),
        ({"note": "x" * 501}, "`note`"),
        ({"note": "\x1b"}, "`note`"),
        ({"config": TrainConfig()}, "`config` is of another architecture"),
    ],
)
def test_what_is_not_saved(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        save_model(NETWORK, **change)


def test_networks_that_no_file_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = NETWORK.copy()
    broken.parameters()["logits.weight"][0, 0] = np.nan
    with pytest.raises(ValueError, match="no finite number"):
        save_model(broken)
    monkeypatch.setattr(exporting, "MOST_BYTES", exporting.MOST_HEADER + 100)
    with pytest.raises(ValueError, match="a model file holds at most"):
        save_model(NETWORK)


# What is refused -----------------------------------------------------------------------------------------------------


def changed(header: Callable[[dict[str, Any]], object] | None = None, **arrays: Any) -> bytes:
    """Return the good file with another header, or with arrays put in (or left out: None)."""
    found = read_arrays(GOOD, most_bytes=10**6)
    if header is not None:
        parts = json.loads(found["header"].tobytes())
        header(parts)
        found["header"] = text(json.dumps(parts))
    found |= {name.replace("__", "."): values for name, values in arrays.items()}
    return write_arrays({name: values for name, values in found.items() if values is not None})


def text(content: str) -> np.ndarray:
    return np.frombuffer(content.encode(), np.uint8)


def put(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda parts: parts.update(values)


def block(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda parts: parts["architecture"]["blocks"][0].update(values)


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda parts: parts.pop(name)


WEIGHT = NETWORK.state()["conv1.weight"]
WIDE = [{**RICH.to_dict()["blocks"][0], "pool": None, "filters": 64}] * 4
OBJECTS = b"\x93NUMPY\1\0\x37\0{'descr': '|O', 'fortran_order': False, 'shape': (), }  \n" + b"cos\nsystem\n."
GIGABYTES = {"blocks": WIDE, "head": "flatten", "dense": [256]}
BAD = {
    "empty": (b"", "not a model file of CNN Lab. This file is empty"),
    "no archive": (b"hello", "not a model file of CNN Lab. This file is not a ZIP archive"),
    "cut off": (GOOD[:-40], "damaged or cut off"),
    "another archive": (pack({"readme.txt": b"1"}), "not a model file of CNN Lab. This is not a file of NumPy arrays"),
    "other arrays": (write_arrays({"images": np.zeros(3)}), "^This is not a model file of CNN Lab.$"),
    "no header": (write_arrays(NETWORK.state()), "^This is not a model file of CNN Lab.$"),
    "objects": (pack({"header.npy": OBJECTS}), "Python objects, which are never opened"),
    "header of floats": (write_arrays({"header": np.zeros(2)}), "^This is not a model file of CNN Lab.$"),
    "header no text": (write_arrays({"header": np.frombuffer(b"\xff\xfe{", np.uint8)}), "its settings cannot be read"),
    "header no JSON": (write_arrays({"header": text("{'format'")}), "its settings cannot be read"),
    "header nested": (write_arrays({"header": text("[" * 49_000)}), "its settings cannot be read"),
    "header too long": (write_arrays({"header": text(" " * 60_000)}), "^This is not a model file of CNN Lab.$"),
    "header a list": (write_arrays({"header": text("[1]")}), "^This is not a model file of CNN Lab.$"),
    "huge number": (write_arrays({"header": text("9" * 20_000)}), "its settings cannot be read"),
    "another program": (changed(put(format="other")), "^This is not a model file of CNN Lab.$"),
    "later version": (changed(put(version=2)), "of version 2; this program reads up to 1"),
    "no version": (changed(put(version="1")), "does not say its version"),
    "true version": (changed(put(version=True)), "does not say its version"),
    "no architecture": (changed(without("architecture")), "its settings are incomplete"),
    "no classes": (changed(without("classes")), "its settings are incomplete"),
    "architecture a number": (changed(put(architecture=5)), "this is not an architecture"),
    "architecture null": (changed(put(architecture=None)), "this is not an architecture"),
    "no blocks": (changed(lambda p: p["architecture"].update(blocks=[])), "`blocks` must be 1 to 4"),
    "blocks of text": (changed(lambda p: p["architecture"].update(blocks=["ab"])), "damaged"),
    "unknown setting": (changed(block(colour="red")), "damaged"),
    "filters": (changed(block(filters=10**300)), "`filters`"),
    "filters of text": (changed(block(filters="3")), "`filters`"),
    "kernel": (changed(block(kernel=[3, 3, 3])), "`kernel`"),
    "kernel infinite": (changed(block(kernel=1e999)), "its settings cannot be read"),
    "kernel NaN": (changed(block(kernel=float("nan"))), "its settings cannot be read"),
    "padding": (changed(block(padding=[[[1]]])), "padding"),
    "padding nested": (changed(block(padding=json.loads("[" * 400 + "]" * 400))), "damaged"),
    "padding huge": (changed(block(padding=10**9)), "damaged"),
    "activation a list": (changed(block(activation=[])), "`activation`"),
    "shape": (changed(put(input_shape=[1, 8])), "`input_shape`"),
    "shape huge": (changed(put(input_shape=[1, 10**9, 8])), "`input_shape`"),
    "shape null": (changed(put(input_shape=None)), "`input_shape`"),
    "dtype": (changed(put(dtype="O")), "its settings are incomplete"),
    "dtype a list": (changed(put(dtype=[])), "its settings are incomplete"),
    "classes too few": (changed(put(classes=["a"])), "`classes`"),
    "classes a number": (changed(put(classes=3)), "its settings are incomplete"),
    "class markup": (changed(put(classes=["a", "b", "<img src=x>"])), "contradict each other"),
    "class twice": (changed(put(classes=["a", "b", "b"])), "contradict each other"),
    "class a list": (changed(put(classes=["a", "b", []])), "its settings are incomplete"),
    "note": (changed(put(note="\n" * 9)), "contradict each other"),
    "note a number": (changed(put(note=5)), "its settings are incomplete"),
    "init": (changed(put(init="zeros")), "contradict each other"),
    "config a list": (changed(put(config=[])), "not the settings of a training run"),
    "config unknown": (changed(put(config={"x": 1})), "not the settings of a training run"),
    "config wrong": (changed(put(config={"learning_rate": -1})), "`learning_rate`"),
    "config of another": (changed(put(config={})), "contradict each other"),
    "weight missing": (changed(logits__weight=None), "does not hold as many weights"),
    "statistics missing": (changed(norm1__running_var=None), "does not hold as many weights"),
    "weight too many": (changed(extra=np.zeros(3, np.float32)), "does not hold as many weights"),
    "weight renamed": (changed(conv1__weight=None, conv9__weight=WEIGHT), "those of another network"),
    "weight reshaped": (changed(conv1__weight=WEIGHT.reshape(2, 3, 3, 1)), "those of another network"),
    "weights swapped": (changed(conv1__weight=WEIGHT.reshape(-1)), "those of another network"),
    "weight dtype": (changed(conv1__weight=WEIGHT.astype(np.float64)), "its weights are not float32 numbers"),
    "weight whole": (changed(conv1__weight=WEIGHT.astype(np.int32)), "its weights are not float32 numbers"),
    "weight NaN": (changed(conv1__weight=WEIGHT * np.nan), "no finite number"),
    "variance below 0": (changed(norm1__running_var=-np.ones(3, np.float32)), "a variance below 0"),
    "network of gigabytes": (
        changed(put(input_shape=[1, 64, 64], architecture=GIGABYTES, config=None)),
        "does not hold as many weights",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_files_that_are_refused(case: str) -> None:
    data, words = BAD[case]
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=words) as caught:
            load_model(data)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert str(caught.value).endswith(".")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 450


def test_bombs_and_other_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="`data` must be the bytes of a file, not str"):
        load_model("model.npz")
    monkeypatch.setattr(exporting, "MOST_BYTES", 1_000_000)
    with pytest.raises(ModelFileError, match="larger than 1 MB when unpacked"):
        load_model(pack({"header.npy": bytes(2_000_000)}))
    monkeypatch.setattr(exporting, "MOST_BYTES", 100)
    with pytest.raises(ModelFileError, match="a model has at most"):
        load_model(GOOD)


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_damage_gives_a_model_or_one_sentence(data: st.DataObject) -> None:
    broken = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ModelFileError):
        assert isinstance(load_model(bytes(broken)), SavedModel)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["filters", "blocks", "head"]), inner),
    max_leaves=6,
)
PLACES = [(name,) for name in json.loads(read_arrays(GOOD, most_bytes=10**6)["header"].tobytes()) if name != "format"]
PLACES += [("architecture", name) for name in ("blocks", "head", "dense")]
PLACES += [("architecture", "blocks", 0, name) for name in RICH.to_dict()["blocks"][0]]
PLACES += [("config", name) for name in CONFIG.to_dict()]


@given(st.sampled_from(PLACES), JUNK)
@settings(max_examples=100, deadline=None)
def test_random_settings_give_a_model_or_one_sentence(place: tuple[Any, ...], value: Any) -> None:
    def header(parts: dict[str, Any]) -> None:
        inner: Any = parts
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value

    with contextlib.suppress(ModelFileError):
        assert isinstance(load_model(changed(header)), SavedModel)
