"""The Inspect page without a browser: what it reads, what it shows of the network, and what the URL can do to it."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from html import unescape

import numpy as np
import pytest
from PIL import Image, ImageColor
from streamlit.testing.v1 import AppTest

from cnncore import explain, exporting, pretrained
from cnncore.architecture import ConvBlock
from cnncore.datasets import load, split
from cnncore.handwriting import prepare
from cnncore.images import decode
from cnncore.network import Architecture, Network
from cnncore.ops import softmax
from pages.ui import (
    figures,
    inspect_compare,
    inspect_html,
    inspect_network,
    inspect_source,
    inspect_whatif,
    inspect_why,
)
from tests.cnncore.strokes import drawn_digits
from tests.pages.conftest import component_data, sentences

PAGE = "pages/8_Inspect.py"


def words(app: AppTest) -> str:
    blocks = [*(block.value for block in app.markdown), *(block.value for block in app.caption), unescape(html(app))]
    return " ".join(blocks)


def html(app: AppTest) -> str:
    return " ".join(block.body for block in app.get("html"))


def drawn_file() -> io.BytesIO:
    """A drawn digit as a PNG file."""
    drawing, _digit, _hand = next(drawn_digits(1))
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "png")
    return file


def upload(app: AppTest, key: str, file: tuple[str, bytes, str] | None) -> None:
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
    share = inspect_html.percent(float(shares.max()))
    assert f"The bundled MNIST network reads {shares.argmax()}, with {share}." in words(app)
    assert f"It is {label}" in words(app)
    assert html(app).count('class="bar') == 11  # ten bars in one list


def test_an_upload_is_prepared_stage_by_stage(open_page: Callable[..., AppTest]) -> None:
    file = drawn_file()
    app = open_page(PAGE, source="upload")
    upload(app, "inspect.upload.file", ("digit.png", file.getvalue(), "image/png"))
    assert sentences(app) == ""
    assert ">“digit.png”</figcaption>" in html(app)  # below the picture
    ready = prepare(np.asarray(Image.open(file).convert("RGB")), like="mnist")
    read = pretrained.load("mnist").predict_proba(ready.final)[0]
    assert f"reads {read.argmax()}," in words(app)
    for stage, name in zip(ready.stages, ("Given", "Polarity", "Crop", "Scale", "Centre", "Final"), strict=True):
        rows, columns = ready.stages[stage].shape
        assert f"<b>{name}</b> {rows} × {columns}<" in html(app)
    upload(app, "inspect.upload.file", ("broken.png", b"not a picture", "image/png"))
    assert "“broken.png” could not be opened" in sentences(app).replace("\\", "")
    assert "You still see “digit.png”" in sentences(app).replace("\\", "")
    assert f"reads {read.argmax()}," in words(app)
    # In a browser the one in use is taken away before the next one comes.
    upload(app, "inspect.upload.file", None)
    assert "In use" not in words(app)
    upload(app, "inspect.upload.file", ("worse.png", b"not a picture either", "image/png"))
    assert "You still see “digit.png”" in sentences(app).replace("\\", "")
    assert f"reads {read.argmax()}," in words(app)


def test_an_upload_that_is_taken_away_is_in_use_no_longer(open_page: Callable[..., AppTest]) -> None:
    file = drawn_file()
    app = open_page(PAGE, source="upload")
    upload(app, "inspect.upload.file", ("digit.png", file.getvalue(), "image/png"))
    assert "In use: digit.png" in words(app).replace("\\", "")
    upload(app, "inspect.upload.file", None)
    assert "Until then test digit 0 is read." in words(app)
    upload(app, "inspect.upload.file", ("digit.png", file.getvalue(), "image/png"))
    assert "In use: digit.png" in words(app).replace("\\", "")


def test_what_cannot_be_read_is_shown_all_the_same(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, source="upload")
    blank = io.BytesIO()
    Image.new("RGB", (60, 40), (250, 90, 10)).save(blank, "png")
    upload(app, "inspect.upload.file", ("blank.png", blank.getvalue(), "image/png"))
    assert "Test digit 0 is read instead." in sentences(app)
    assert "nothing can be read in it" in html(app)
    shown = next(uri for uri in uris(app) if decode(uri).shape[:2] == (40, 60))
    np.testing.assert_array_equal(decode(shown), np.broadcast_to(np.uint8([250, 90, 10]), (40, 60, 3)))
    assert "test digit 0, since nothing can be read in “blank.png”" in words(app)
    upload(app, "inspect.upload.file", ("broken.png", b"not a picture", "image/png"))
    said = sentences(app).replace("\\", "")
    assert "broken.png" in said
    assert "instead" not in said  # one complaint at a time
    app.run()
    assert sentences(app).replace("\\", "") == said


def uris(app: AppTest) -> list[bytes]:
    """The grey and coloured pictures on the page, in order, as files."""
    return [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html(app))]


def test_steps_that_are_left_out_say_so(open_page: Callable[..., AppTest]) -> None:
    drawing, _digit, _hand = next(drawn_digits(1))
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "png")
    app = open_page(PAGE, source="upload", skip="polarity crop scale")
    upload(app, "inspect.upload.file", ("digit.png", file.getvalue(), "image/png"))
    for name in ("Polarity", "Crop", "Scale"):
        assert f"<b>{name}</b> left out" in html(app)
    assert html(app).count('class="faint"') == 3
    assert "<b>Centre</b> 28 × 28" in html(app)


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
    upload(app, "inspect.file", ("bad.npz", b"PK\x03\x04 nothing", "application/octet-stream"))
    said = sentences(app).replace("\\", "")
    assert "“bad.npz” could not be opened" in said
    assert "You still see “model.npz”." in said
    app.run()  # as long as the file stands in its field
    assert sentences(app).replace("\\", "") == said
    upload(app, "inspect.file", ("model.npz", exporting.save_model(network), "application/octet-stream"))
    assert sentences(app) == ""


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"source": "telepathy"}, "input"),
        ({"digit": "-3"}, "test digit"),
        ({"path": "conv1;rm"}, "layer.map.row.column"),
        ({"network": "run"}, "no run of yours"),
        ({"target": "many"}, "class to explain"),
        ({"target": "50", "off": "relu1.1 foo.1"}, "no class number 50: this network has 10"),
        ({"off": "relu9.1 relu1.1 relu1.x"}, "no filter “relu9.1” that could be switched off, nor one other"),
        ({"amount": "200"}, "“Move right” goes from −14 to 14 pixels for this network, not to 200"),
        ({"digit": "99999999"}, "must lie between 0 and 1,000,000, not 99,999,999"),
        ({"path": "logits.7 conv1.99.99.99"}, "no cell “conv1.99.99.99”"),
        ({"skip": "crop nonsense"}, "no step “nonsense”"),
        ({"tab": "nowhere"}, "tab"),
        ({"cam_layer": "nope", "window": "50"}, "no layer “nope” for Grad-CAM: it has conv1, relu1"),
        ({"window": "50", "cam_layer": "nope"}, "must lie between 1 and 28 for this network, not 50"),
        ({"like_layer": "nope", "like_filter": "40"}, "no layer “nope” with filters that like something"),
        ({"like_filter": "40"}, "relu1 has no filter 40: it has"),
    ],
)
def test_garbage_in_the_address_is_a_sentence(open_page: Callable[..., AppTest], query: dict, said: str) -> None:
    app = open_page(PAGE, **query)
    assert said in sentences(app).replace("\\", "")
    assert "The bundled MNIST network reads" in words(app)
    for name, value in query.items():  # what was refused does not stay in the address
        assert name == "network" or value not in app.query_params.get(name, [])


def test_what_nobody_chose_follows_the_network(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, source="test", tab="why", off="relu1.1")
    assert "1 is switched off below" in words(app)  # the answer is of all filters, and says so
    assert "Explained is the whole network" in words(app)

    def window() -> int:
        return next(field for field in app.number_input if field.label == "Occlusion window").value

    def choose(label: str, value: str) -> None:
        next(box for box in app.selectbox if box.label == label).set_value(value).run()
        assert sentences(app) == ""

    assert window() == 7
    choose("Network", "digits")
    assert window() == 2
    assert not {"window", "cam_layer", "like_layer"} & set(app.query_params)
    next(field for field in app.number_input if field.label == "Occlusion window").set_value(3).run()
    choose("Grad-CAM on layer", "relu1")
    choose("Network", "mnist")
    assert window() == 3  # what the person chose stays
    assert "3" in app.query_params["window"]
    assert "relu1" in app.query_params["cam_layer"]
    next(field for field in app.number_input if field.label == "Occlusion window").set_value(7).run()
    assert "window" not in app.query_params


def drawing_given(drawing: np.ndarray, chosen: inspect_network.Chosen) -> inspect_source.Given:
    return inspect_source.prepared(drawing, chosen, (), "Draw one", None)


@pytest.mark.parametrize(("own", "other"), [("mnist", "digits"), ("digits", "mnist")])
def test_another_network_reads_the_same_picture_made_ready_for_it(own: str, other: str) -> None:
    first, second = inspect_network.bundled(own), inspect_network.bundled(other)
    for drawing, digit, _hand in drawn_digits(10):
        there = inspect_source.for_another(drawing_given(drawing, first), second)
        np.testing.assert_array_equal(there.x, prepare(drawing, like=other).final)
        assert second.network.forward(there.x).argmax() == digit


@pytest.mark.parametrize(("own", "other", "least"), [("mnist", "digits", 0.8), ("digits", "mnist", 0.8)])
def test_another_network_reads_test_digits_of_another_size(own: str, other: str, least: float) -> None:
    first, second = inspect_network.bundled(own), inspect_network.bundled(other)
    right = []
    for number in range(60):
        given = inspect_source.test_digit(first, number)
        there = inspect_source.for_another(given, second)
        assert there.x.shape == (1, *second.network.input_shape)
        assert "enlarged 8 times" in there.notes[0]
        right.append(second.network.forward(there.x).argmax() == given.label)
        np.testing.assert_array_equal(inspect_source.for_another(given, first).x, given.x)
    assert np.mean(right) >= least


def test_compare_is_in_the_link(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, source="test", tab="compare", other="mnist")
    assert sentences(app) == ""
    assert next(box for box in app.selectbox if box.label == "Beside it").value == "mnist"
    next(box for box in app.selectbox if box.label == "Beside it").set_value("digits").run()
    assert "digits" in app.query_params["other"]
    net, (x, _) = pretrained.load("digits"), first_digit()
    read = prepare(inspect_source.enlarged(x[0, 0]), like="digits", skip=("polarity",)).final
    change = 100 * (net.predict_proba(read) - pretrained.load("mnist").predict_proba(x))[0]
    shown = re.findall(r'class="both">.*?<em>([^<]*)</em>', html(app))
    np.testing.assert_allclose([float(value.replace("−", "-")) for value in shown], change, atol=0.051)
    app = open_page(PAGE, source="test", tab="compare", other="run", other_run="gone")
    assert "not on this server" in words(app)


def test_a_strip_shows_every_picture_whole() -> None:
    tiles = [np.full(shape, 200, np.uint8) for shape in ((28, 28), (5, 5), (3, 6), (60, 40))]
    strip = decode(base64.b64decode(inspect_html.strip_uri(tiles, figures.LIGHT).split(",")[1]))
    assert strip.shape[:2] == (30, 4 * 32 - 2)
    shown = [(strip[:, 32 * n : 32 * n + 30, 0] == 200).sum() for n in range(4)]
    assert shown == [28 * 28, 25 * 25, 12 * 24, 28 * 19]


def test_every_filter_s_likings_are_seen_and_one_is_chosen(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, source="test", network="digits", tab="likes", like_layer="relu2", like_filter="3")
    assert sentences(app) == ""
    net, dataset = pretrained.load("digits"), load("digits")
    images = dataset.images[split(dataset.labels).train]
    pills = next(group for group in app.button_group if "likes most" in group.label)
    assert len(pills.options) == net.activations(images[:1])["relu2"].shape[1]
    for channel in (3, 5):
        if channel == 5:
            pills.set_value(5).run()
            assert "5" in app.query_params["like_filter"]
        best = explain.top_patches(net, "relu2", channel, images, 12)
        values = inspect_html.alike([patch.value for patch in best])
        shown = re.findall(r"([\d.]+), in a (\d)<", html(app))
        assert [value for value, _ in shown] == values


def test_compare_shows_every_filter_or_says_of_how_many(open_page: Callable[..., AppTest]) -> None:
    app = open_page(PAGE, source="test", network="digits", tab="compare", other="mnist")
    own, other = (pretrained.load(name).plan[0].output_shape[0] for name in ("digits", "mnist"))
    for name, count in (("8 × 8", own), ("MNIST", other)):
        assert (
            sum(f"The bundled {name} network: {count}" in block.value.replace("\\", "") for block in app.caption) == 2
        )
    numbers = re.findall(r"<figcaption[^>]*>(\d+)</figcaption>", html(app))
    assert sorted(map(int, numbers)) == sorted([*range(own), *range(other)] * 2)


def test_of_many_classes_the_most_probable_come_first() -> None:
    shares = np.full(20, 0.01)
    shares[[13, 4]] = 0.6, 0.22
    classes = [f"class {n}" for n in range(20)]

    def names(text: str) -> list[str]:
        return re.findall(r">(class \d+)", text)

    assert names(inspect_html.bars(shares, classes)) == [
        "class 13",
        "class 4",
        *(f"class {n}" for n in range(20) if n not in (4, 13)),
    ]
    assert names(inspect_html.bars(shares, classes, ordered=True)) == classes
    assert names(inspect_html.bars(shares[:10], classes[:10])) == classes[:10]


def test_both_networks_maps_have_one_scale() -> None:
    sides = [np.array([[[0.0, -3.0]]]), np.array([[[2.0, 1.0]]])]
    assert inspect_compare.common_bound(sides) == 3
    assert "−3</em>" in inspect_html.scale(3, signed=True, what="maps")
    assert "<em>0</em>" in inspect_html.scale(3, signed=False, what="maps")


@pytest.mark.parametrize(("window", "stride"), [(3, 1), (4, 1), (4, 2), (2, 3)])
def test_each_cover_s_effect_stands_in_the_middle_of_the_cover(window: int, stride: int) -> None:
    shape = (9, 8)
    count = tuple((side - window) // stride + 1 for side in shape)
    drops = np.arange(1.0, 1 + count[0] * count[1]).reshape(count)
    placed = inspect_why.on_picture(drops, shape, window, stride)
    assert placed.shape == (18, 16)
    for row, column in np.ndindex(count):
        middle = [n * stride + window / 2 for n in (row, column)]  # of the cover, in pixels from the upper left edge
        where = np.argwhere(placed == drops[row, column]) / 2 + 0.25  # the middles of half pixels
        np.testing.assert_allclose(where.mean(axis=0), middle)


@pytest.mark.parametrize("name", ["Saliency", "Gradient × input", "Grad-CAM", "Occlusion"])
def test_next_to_nothing_is_not_drawn_in_full_colour(name: str) -> None:
    digit = np.zeros((8, 8))
    values = {"window": 1, "window_stride": 1}
    faint = np.full((8, 8), 0.1 * inspect_why.LEAST[name])
    shot = inspect_why.explained(values, name, digit, faint, "this network")
    assert "nothing;" in shot
    strong = inspect_why.explained(values, name, digit, 1e9 * faint, "this network")
    assert "nothing;" not in strong
    levels = [decode(uri).max() for uri in (mask(shot), mask(strong))]
    assert levels[0] < 0.2 * 255
    assert levels[1] == 255


def mask(figure: str) -> bytes:
    """The last coloured plane of a figure but its outline: the positive one."""
    return base64.b64decode(re.findall(r"mask-image:url\(data:image/png;base64,([^)]+)\)", figure)[-2])


def test_the_outline_runs_along_the_inner_edge_of_the_digit() -> None:
    digit = np.zeros((8, 8))
    digit[2:6, 3:5] = 0.7
    uri = inspect_html.outline(digit).uri
    line = decode(base64.b64decode(uri.split(",")[1]))[..., 0] > 0
    zoom = line.shape[0] // 8
    inside = np.zeros_like(line)
    inside[2 * zoom : 6 * zoom, 3 * zoom : 5 * zoom] = True
    assert not (line & ~inside).any()
    np.testing.assert_array_equal(np.argwhere(line).min(axis=0), [2 * zoom, 3 * zoom])
    np.testing.assert_array_equal(np.argwhere(line).max(axis=0), [6 * zoom - 1, 5 * zoom - 1])
    assert line.sum() == 2 * (4 * zoom + 2 * zoom) - 4


def test_the_class_that_is_read_comes_first_in_the_chart() -> None:
    curve = np.array([[0.1, 0.6, 0.2, 0.1], [0.0, 0.1, 0.9, 0.0], [0.7, 0.2, 0.1, 0.0]])
    assert inspect_whatif.shown_classes(curve, curve[0]) == [1, 2, 0]


def test_the_newest_moment_of_a_run_comes_last() -> None:
    class View:
        checkpoints = (0, 102)

    assert inspect_network.steps_of(View()) == [0, 102, inspect_network.NEWEST]  # type: ignore[arg-type]


def test_pictures_are_fitted_to_networks_of_other_sizes() -> None:
    picture = np.random.default_rng(0).random((1, 1, 28, 28), np.float32)
    small = inspect_source.fitted(picture, (1, 14, 14))
    np.testing.assert_allclose(small[0, 0], picture[0, 0].reshape(14, 2, 14, 2).mean(axis=(1, 3)), atol=1e-6)
    assert inspect_source.fitted(picture, (1, 28, 28)) is picture


def test_grad_cam_is_enlarged_between_its_cells() -> None:
    grown = inspect_why.enlarged(np.array([[0.0, 1.0]]), (1, 4))
    np.testing.assert_allclose(grown, [[0, 0.25, 0.75, 1]], atol=1e-6)


@pytest.mark.parametrize("colours", [figures.DARK, figures.LIGHT])
def test_small_maps_have_the_colours_of_the_large_ones(colours: figures.Colours) -> None:
    """Red and blue where a map has both signs; one colour, from nothing to full, where it has amounts only."""
    values = np.array([[-2.0, 0.0, 2.0]])
    signed = inspect_html.opaque_levels(values, 2.0, colours, signed=True)
    assert [tuple(level) for level in signed[0].tolist()] == [tuple(colour) for colour in colours.signed]
    amounts = inspect_html.opaque_levels(np.maximum(values, 0), 2.0, colours, signed=False)
    ends = (tuple(colours.signed[1]), tuple(ImageColor.getrgb(colours.primary)))
    assert (tuple(amounts[0, 0].tolist()), tuple(amounts[0, 2].tolist())) == ends
