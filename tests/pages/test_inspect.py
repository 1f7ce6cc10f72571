"""The Inspect page without a browser: what it reads, what it shows of the network, and what the URL can do to it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore import explain, exporting, pretrained
from cnncore.architecture import ConvBlock
from cnncore.datasets import load, split
from cnncore.handwriting import prepare
from cnncore.network import Architecture, Network
from cnncore.ops import softmax
from pages.ui import inspect_html, inspect_source, inspect_why
from tests.cnncore.strokes import drawn_digits
from tests.pages.conftest import component_data, sentences

PAGE = "pages/8_Inspect.py"


def words(app: AppTest) -> str:
    return " ".join(block.value for block in app.markdown)


def html(app: AppTest) -> str:
    return " ".join(block.body for block in app.get("html"))


def upload(app: AppTest, key: str, file: tuple[str, bytes, str]) -> None:
    next(field for field in app.file_uploader if field.key == key).set_value(file).run()


def first_digit(name: str = "mnist") -> tuple[np.ndarray, int]:
    """The test digit that the page begins with, found without its code."""
    dataset = load(name)
    index = np.random.default_rng(7).permutation(split(dataset.labels).test)[0]
    return dataset.images[index : index + 1], int(dataset.labels[index])


def test_opens_cold_with_a_digit_and_a_network_that_reads_it(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE)
    assert sentences(app) == ""
    x, label = first_digit()
    shares = pretrained.load("mnist").predict_proba(x)[0]
    share = inspect_html.percent(float(shares.max())).replace(" ", "\u00a0")
    assert f"reads {shares.argmax()}, with {share}." in words(app)
    assert f"It is {label}" in words(app)
    assert html(app).count('class="bar') == 11  # ten bars in one list


def test_an_upload_is_prepared_stage_by_stage(open_page: Callable[..., AppTest]) -> None:
    drawing, _digit, _hand = next(drawn_digits(1))
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "png")
    app = open_page(PAGE, source="upload")
    upload(app, "inspect.upload.file", ("digit.png", file.getvalue(), "image/png"))
    assert sentences(app) == ""
    ready = prepare(np.asarray(Image.open(file).convert("RGB")), like="mnist")
    read = pretrained.load("mnist").predict_proba(ready.final)[0]
    assert f"reads {read.argmax()}," in words(app)
    for stage in ready.stages:
        assert f"<b>{stage.capitalize()}</b>" in html(app)
    upload(app, "inspect.upload.file", ("digit.png", b"not a picture", "image/png"))
    assert "digit.png" in sentences(app)
    blank = io.BytesIO()
    Image.new("L", (60, 60), 255).save(blank, "png")
    upload(app, "inspect.upload.file", ("blank.png", blank.getvalue(), "image/png"))
    assert "You see a test digit instead." in sentences(app)


@pytest.mark.parametrize("network", ["mnist", "digits"])
@pytest.mark.parametrize("tab", ["layers", "why", "likes", "whatif", "compare"])
def test_every_tab(open_page: Callable[..., AppTest], tab: str, network: str) -> None:
    app = open_page(PAGE, source="test", network=network, tab=tab, off="relu1.1 relu2.0", change="rotate", amount="20")
    assert sentences(app) == ""
    x, _ = first_digit(network)
    net = pretrained.load(network)
    if tab == "whatif":
        after = softmax(explain.forward_without(net, x, {"relu1": {1}, "relu2": {0}}))[0]
        expected = inspect_html.percent(float(after[net.predict_proba(x)[0].argmax()]))
        assert f"**{expected}**" in words(app)


def test_the_number_that_is_traced_is_the_core_s(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, source="test", path="logits.7 relu2.3.4.5 pool1.0.3.2")
    assert sentences(app) == ""
    x, _ = first_digit()
    trace = explain.trace_cell(pretrained.load("mnist"), x, "pool1", (0, 3, 2))
    cell = next(data for data in component_data(app) if data.get("made_by"))
    assert cell["layer"] == "pool1"
    assert cell["value"] == pytest.approx(trace.value)
    app = open_page(PAGE, source="test", path="logits.7 relu2.3.4.500")
    assert next(data for data in component_data(app) if data.get("made_by"))["layer"] == "logits"


def test_a_model_file_of_one_s_own(open_page: Callable[..., AppTest]) -> None:
    network = Network(Architecture((ConvBlock(3, 5, activation="tanh", batch_norm=True),), dense=(6,)), seed=4)
    app = open_page(PAGE, source="test", network="file")
    upload(app, "inspect.file", ("model.npz", exporting.save_model(network), "application/octet-stream"))
    assert sentences(app) == ""
    x, _ = first_digit("digits")
    assert f"reads {network.predict_proba(x)[0].argmax()}," in words(app)
    upload(app, "inspect.file", ("model.npz", b"PK\x03\x04 nothing", "application/octet-stream"))
    assert "could not be opened" in sentences(app)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"source": "telepathy"}, "input"),
        ({"digit": "-3"}, "test digit"),
        ({"path": "conv1;rm"}, "layer.map.row.column"),
        ({"network": "run"}, "no run of yours"),
        ({"target": "many"}, "class to explain"),
        ({"tab": "nowhere"}, "tab"),
    ],
)
def test_garbage_in_the_address_is_a_sentence(open_page: Callable[..., AppTest], query: dict, said: str) -> None:
    app = open_page(PAGE, **query)
    assert said in sentences(app)
    assert "The network reads" in words(app)


@pytest.mark.parametrize("query", [{"skip": "crop nonsense"}, {"off": "relu9.1 relu1.x relu1.999"}, {"cam_layer": "x"}])
def test_what_does_not_exist_is_left_out(open_page: Callable[..., AppTest], query: dict[str, Any]) -> None:
    app = open_page(PAGE, source="test", tab="why", window="60", **query)
    assert sentences(app) == ""


def test_pictures_are_fitted_to_networks_of_other_sizes() -> None:
    picture = np.random.default_rng(0).random((1, 1, 28, 28), np.float32)
    small = inspect_source.fitted(picture, (1, 14, 14))
    np.testing.assert_allclose(small[0, 0], picture[0, 0].reshape(14, 2, 14, 2).mean(axis=(1, 3)), atol=1e-6)
    assert inspect_source.fitted(picture, (1, 28, 28)) is picture


def test_grad_cam_is_enlarged_between_its_cells() -> None:
    grown = inspect_why.enlarged(np.array([[0.0, 1.0]]), (1, 4))
    np.testing.assert_allclose(grown, [[0, 0.25, 0.75, 1]], atol=1e-6)
