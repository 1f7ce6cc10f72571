"""The Channels page: maps and counts are the core's, the gallery is what it says, nothing that comes in breaks it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore import ops
from cnncore.architecture import Architecture, ConvBlock
from cnncore.counting import convolution_cost, depthwise_cost, pointwise_cost, separable_cost
from cnncore.images import GRAY_WEIGHTS, resize
from cnncore.kernels import CHANNEL_WEIGHTS, PRESETS
from cnncore.samples import load_sample
from cnncore.training import TrainConfig, Trainer
from pages.ui import channels_bank, channels_controls, runner
from pages.ui.channels_counts import Layer, cards, comparison, count
from pages.ui.picture_controls import Picture
from pages.ui.words import number as say
from tests.pages.conftest import component_data
from tests.pages.conftest import sentences as complaints_of

PAGE = "pages/4_Channels.py"
Open = Callable[..., AppTest]
BESIDE, BANK, PICTURE, COST, SHARE = (
    *("Four ways side by side", "A bank of filters", "On your picture", "What it costs", "Save and share"),
)
DEFAULTS = {**{setting.name: setting.default for setting in channels_controls.SETTINGS}, "input": "random"}
OPERATIONS = list(channels_controls.OPERATIONS)


def shown(app: AppTest) -> dict[str, dict[str, Any]]:
    """The page's components by what they are."""
    found = {}
    for data in component_data(app):
        found["grid" if "taps" in data else "gallery" if "across" in data else data["label"]] = data
    return found


def planes(app: AppTest, part: str = "output") -> np.ndarray:
    return np.array(shown(app)["grid"][part]["planes"])


def words(app: AppTest) -> str:
    """Everything that is written in the main area."""
    return "\n".join(element.value for element in (*app.main.markdown, *app.main.caption))


def address(app: AppTest) -> dict[str, str]:
    """What stands in the URL."""
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def rgb(top: int, left: int, side: int) -> np.ndarray:
    """A patch of the bundled photograph, channels first."""
    picture = resize(load_sample("china"), 640)
    return picture[top : top + side, left : left + side].transpose(2, 0, 1).astype(float)


def by_hand(x: np.ndarray, w: np.ndarray, bias: float) -> np.ndarray:
    """One filter over all channels, number by number."""
    rows, columns = x.shape[1] - w.shape[1] + 1, x.shape[2] - w.shape[2] + 1
    y = np.empty((rows, columns))
    for r in range(rows):
        for c in range(columns):
            y[r, c] = (x[:, r : r + w.shape[1], c : c + w.shape[2]] * w).sum() + bias
    return y


def expected(operation: str, x: np.ndarray, w: np.ndarray, mix: np.ndarray, bias: float) -> np.ndarray:
    """What each operation gives, from `by_hand` alone."""
    if operation == "standard":
        return by_hand(x, w, bias)[None]
    if operation == "depthwise":
        return np.array([by_hand(x[[c]], w[[c]], bias) for c in range(3)])
    if operation == "pointwise":
        return by_hand(x, mix, bias)[None]
    return by_hand(np.array([by_hand(x[[c]], w[[c]], 0) for c in range(3)]), mix, bias)[None]


# The equation ---------------------------------------------------------------------------------------------------------


def test_opens_with_one_map_from_three_channels(open_page: Open) -> None:
    app = open_page(PAGE)
    assert complaints_of(app) == ""
    grid = shown(app)["grid"]
    assert [np.shape(grid[part]["planes"]) for part in ("input", "kernel", "output")] == [
        (3, 6, 6),
        (3, 3, 3),
        (1, 4, 4),
    ]
    assert grid["input"]["names"] == ["Red", "Green", "Blue"]
    assert grid["bias"] == [0.0]
    assert grid["editable"] == {"input": True, "kernel": True}
    np.testing.assert_array_equal(planes(app, "input"), rgb(211, 318, 6))
    assert "27 products, one sum over **all** channels, one bias (0), **one** map" in words(app)
    assert "rows 211 to 216 of your picture, columns 318 to 323" in words(app)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", ["weighted", "red_minus_green", "luma", "random"])
def test_every_operation_with_every_filter(open_page: Open, operation: str, kind: str) -> None:
    app = open_page(
        PAGE, operation=operation, filter=kind, kernel="laplacian_4", mix="average", row="30", column="0", side="7",
        bias="-2.5", pointwise="1 -2 0.25",
    )  # fmt: skip
    assert complaints_of(app) == ""
    x = rgb(27, 0, 7)
    w = channels_controls.the_filter({"filter": kind, "kernel": "laplacian_4", "mix": "average", "filter_seed": 1})
    if kind == "weighted":
        np.testing.assert_allclose(w, [PRESETS["laplacian_4"].weights() / 3] * 3)
    elif kind != "random":
        np.testing.assert_array_equal(w[:, 1, 1], CHANNEL_WEIGHTS[kind])
        assert np.count_nonzero(w) == np.count_nonzero(CHANNEL_WEIGHTS[kind])
    mix = np.array([1, -2, 0.25]).reshape(3, 1, 1)
    np.testing.assert_allclose(planes(app), expected(operation, x, w, mix, -2.5), rtol=1e-11, atol=1e-9)
    assert shown(app)["grid"]["bias"] == [-2.5] * (3 if operation == "depthwise" else 1)


def test_partial_sums_and_bias_make_the_map(open_page: Open) -> None:
    grid = shown(open_page(PAGE, bias="3", input="random"))["grid"]
    partials = np.array(grid["output"]["partials"][0])
    assert partials.shape == (3, 4, 4)
    np.testing.assert_allclose(partials.sum(axis=0) + 3, grid["output"]["planes"][0], rtol=1e-12)


def test_one_separable_map_is_a_standard_one_with_its_planes_weighted(open_page: Open) -> None:
    app = open_page(PAGE, operation="separable", input="random", bias="2", pointwise="0.5 -3 2")
    w = channels_controls.the_filter(DEFAULTS) * np.array([0.5, -3, 2]).reshape(3, 1, 1)
    np.testing.assert_allclose(planes(app)[0], by_hand(channels_controls.typed_input(DEFAULTS), w, 2), rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (1, 400)])
def test_a_picture_smaller_than_the_window_says_so(open_page: Open, shape: tuple[int, int], monkeypatch: Any) -> None:
    tiny = Picture("china", "Tiny", f"tiny {shape}", np.full((*shape, 3), 7, np.uint8))
    monkeypatch.setattr("pages.ui.picture_controls._picture", lambda *_: tiny)
    for tab in (PICTURE, BANK, COST):
        app = open_page(PAGE, tab=tab)
        said = complaints_of(app)
        assert "3 × 3 pixels, but the input has only" in said
        assert np.shape(planes(app)) == (1, 4, 4)


def test_typed_numbers_weights_and_a_pin(open_page: Open) -> None:
    numbers = "1 2 3;4 5 6;7 8 9|0 0 0;0 1 0;0 0 0|2 2 2;2 2 2;2 2 2"
    weights = "1 0;0 1|0 3;0 0|1 1;1 1/2"
    app = open_page(PAGE, input="own", numbers=numbers, filter="own", weights=weights, bias="0.5", pin="0.1.0")
    assert complaints_of(app) == ""
    x, w = planes(app, "input"), planes(app, "kernel")
    assert w[2].tolist() == [[1, 1], [1, 0.5]]
    assert planes(app)[0].tolist() == [[6 + 7 + 0.5, 8 + 7 + 0.5], [12 + 3 + 7 + 0.5, 14 + 7 + 0.5]]
    np.testing.assert_array_equal(planes(app)[0], by_hand(x, w, 0.5))
    assert shown(app)["grid"]["pinned"] == [0, 1, 0]
    assert address(app)["weights"] == weights


def test_the_place_is_kept_in_the_picture(open_page: Open) -> None:
    app = open_page(PAGE, row="9999", column="0", side="8")
    assert complaints_of(app) == ""
    np.testing.assert_array_equal(planes(app, "input"), rgb(427 - 8, 0, 8))
    app.number_input(key="channels.row_typed").set_value(4).run()
    np.testing.assert_array_equal(planes(app, "input"), rgb(1, 0, 8))
    assert address(app)["row"] == "4"


def test_back_to_defaults(open_page: Open) -> None:
    app = open_page(PAGE, operation="depthwise", bias="3", tab=COST, maps="8")
    next(button for button in app.button if button.label == "Back to defaults").click().run()
    assert complaints_of(app) == ""
    assert dict(app.query_params) == {}
    assert np.shape(planes(app)) == (1, 4, 4)


# Side by side, and what it costs --------------------------------------------------------------------------------------


def test_the_cards_show_the_core_s_numbers(open_page: Open) -> None:
    app = open_page(PAGE, input="random", seed="4", bias="1.5", pointwise="0.5 1 -1")
    text = "".join(element.proto.body for element in app.get("html"))
    x, w = planes(app, "input"), planes(app, "kernel")
    mix = np.array([0.5, 1, -1]).reshape(3, 1, 1)
    cells = [f">{say(v, 4)}</td>" for name in OPERATIONS for v in expected(name, x, w, mix, 1.5).ravel().tolist()]
    for cell in cells:
        assert cell in text
    assert text.count("</td>") == len(cells) == 16 + 48 + 36 + 16
    for formula in ("1 × 3 × 3 × 3 + 1 = <b>28</b>", "3 × 3 × 3 + 3 = <b>30</b>", "1 × 3 + 1 = <b>4</b>"):
        assert formula in text
    assert "4 × 4 outputs × 1 × 3 × 3 × 3 = <b>432</b>" in text
    assert "6 × 6 outputs × 1 × 3 = <b>108</b>" in text
    assert "3 × 3 × 3 + 1 × 3 + 1 = <b>31</b>" in text


@pytest.mark.parametrize(
    "layer", [Layer(3, 64, (3, 3), (427, 640)), Layer(7, 2, (1, 5), (3, 4)), Layer(1, 1, (1, 1), (1, 1))]
)
def test_every_formula_comes_to_its_number(layer: Layer) -> None:
    counted = count(layer)
    c, f, k, out = layer.channels, layer.filters, layer.kernel, layer.out
    separable = separable_cost(c, f, k, out)
    assert [each.cost for each in counted.values()] == [
        convolution_cost(c, f, k, out), depthwise_cost(c, k, out), pointwise_cost(c, f, out), separable,
    ]  # fmt: skip
    for each in counted.values():
        for formula, number in ((each.parameters, each.cost.parameters), (each.multiply_adds, each.cost.multiply_adds)):
            sum_of = formula.replace("×", "*").replace("outputs", "").replace(",", "")
            assert eval(sum_of) == number
            assert f"{formula} = <b>{number:,}</b>" in cards(layer)


def test_costs_are_counted_on_the_picture(open_page: Open) -> None:
    app = open_page(PAGE, tab=COST, filters="128", stride="2", window="5")
    assert complaints_of(app) == ""
    text = "".join(element.proto.body for element in app.get("html"))
    assert "214 × 320 outputs × 128 × 3 × 5 × 5 = <b>657,408,000</b>" in text
    assert "1 / 128 + 1 / (5 × 5) = 0.0478 of the multiply-adds (fewer)" in words(app)
    assert "⌈427 / 2⌉ × ⌈640 / 2⌉ = 214 × 320 numbers" in words(app)
    assert "does not pay" in comparison(Layer(3, 1, (3, 3), (9, 9)))


# The bank -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bank", list(channels_bank.SOURCES))
@pytest.mark.parametrize("scale", list(channels_bank.SCALES))
def test_a_gallery_of_each_kind(open_page: Open, bank: str, scale: str) -> None:
    app = open_page(PAGE, tab=BANK, bank=bank, maps="16", scale=scale, map="5", bank_size="4")
    assert complaints_of(app) == ""
    data = shown(app)["gallery"]
    assert (data["count"], data["picked"], data["across"]) == (16, 5, 4)
    assert (data["legend"] is None) == (scale == "own")
    size = 3 if bank == "named" else 4
    assert f"16 filters of 3 × {size} × {size} weights make 16 maps" in words(app)
    assert f"reduced from 427 × 640 to {data['rows']} × {data['cols']} pixels" in words(app)
    assert any(label.startswith("Map 5") for label in shown(app))
    gallery, longest = gallery_of(bank, 16, 4), channels_bank.longest_side(16)
    assert max(data["rows"], data["cols"]) == longest
    np.testing.assert_allclose(data["lows"], gallery.maps.min(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_allclose(data["highs"], gallery.maps.max(axis=(1, 2)), rtol=1e-6)
    if scale == "shared":
        assert data["legend"]["high"] == pytest.approx(float(np.abs(gallery.maps).max()))


def gallery_of(bank: str, maps: int, size: int) -> channels_bank.Gallery:
    values = {"bank": bank, "maps": maps, "bank_seed": 1, "bank_size": size}
    weights, names = channels_bank.the_bank(values)
    picture = resize(resize(load_sample("china"), 640), channels_bank.longest_side(len(weights)))
    return channels_bank.Gallery(weights, names, channels_bank.filtered(picture, weights))


def test_the_maps_are_the_core_s_inside_and_as_large_as_the_picture() -> None:
    picture = load_sample("flower")[:40, :50]
    bank = channels_bank.the_bank({"bank": "random", "maps": 8, "bank_seed": 2, "bank_size": 5})[0]
    maps = channels_bank.filtered(picture, bank)
    inside = ops.conv2d(picture.transpose(2, 0, 1)[None].astype(np.float32), bank)[0]
    assert maps.shape == (8, 40, 50)
    np.testing.assert_allclose(maps[:, 2:-2, 2:-2], inside, rtol=1e-4, atol=1e-3)


def test_one_scale_shows_size_and_each_its_own_hides_it() -> None:
    maps = np.array([[[0.0, 1.0, -1.0]], [[0.0, 100.0, 50.0]]], np.float32)
    gallery = channels_bank.Gallery(np.zeros((2, 3, 3, 3)), [], maps)
    shared, own = channels_bank.levels(gallery, "shared"), channels_bank.levels(gallery, "own")
    assert shared.tolist() == [[[128, 129, 127]], [[128, 255, 192]]]
    assert own.tolist() == [[[128, 255, 1]], [[128, 255, 192]]]  # zero stays zero, and a sign a sign


def test_the_work_is_bounded_and_the_most_maps_can_be_shown(open_page: Open) -> None:
    app = open_page(PAGE, tab=BANK, maps="512", bank_size="7")
    assert complaints_of(app) == ""
    data = shown(app)["gallery"]
    assert data["count"] == len(data["lows"]) == 512
    assert 512 * data["rows"] * data["cols"] <= channels_bank.PIXELS


def test_a_smaller_bank_takes_its_first_map(open_page: Open) -> None:
    app = open_page(PAGE, tab=BANK, maps="512", map="300")
    app.selectbox(key="channels.maps").select(8).run()
    assert complaints_of(app) == ""
    assert shown(app)["gallery"]["picked"] == 0
    assert "these 8 are counted from 0 to 7" in complaints_of(open_page(PAGE, tab=BANK, maps="8", map="300"))


@pytest.mark.parametrize("bank", ["named", "oriented"])
def test_every_filter_of_a_preset_bank_says_what_it_is(open_page: Open, bank: str) -> None:
    app = open_page(PAGE, tab=BANK, maps="512", bank=bank, map="511")
    assert complaints_of(app) == ""
    names = shown(app)["gallery"]["names"]
    assert len(set(names)) == 512
    if bank == "named":
        assert names[0] == "Identity, luma"
        assert "Sobel, left to right, turned 45°, red minus green" in names
    assert f"Map 511: {names[511]}" in shown(app)
    assert "anticlockwise" in words(app)


def test_the_first_filters_of_one_s_own_network(open_page: Open) -> None:
    config = TrainConfig(architecture=Architecture((ConvBlock(8, kernel=5),)), batch_size=64, seed=3)
    app = open_page(PAGE, tab=BANK, bank="trained", maps="16", scale="own")
    assert "You have not trained a network yet" in words(app)
    np.testing.assert_allclose(shown(app)["gallery"]["lows"], gallery_of("random", 16, 3).maps.min(axis=(1, 2)))
    assert "First layer of your network" not in open_page(PAGE, tab=BANK).selectbox(key="channels.bank").options

    engine, trainer = runner.engine(), Trainer(config)
    app.session_state["session_id"] = "one that trains"
    token = engine.start("one that trains", config, play=False)
    try:
        deadline = time.monotonic() + 30
        for step in (1, 2):
            trainer.step()
            engine.command(token, "batch")
            while engine.view(token).step < step and time.monotonic() < deadline:
                time.sleep(0.02)
        app.run()
        assert complaints_of(app) == ""
        data = shown(app)["gallery"]
        learned = trainer.network.state()["conv1.weight"][:, 0].astype(float)
        bank = learned[:, None] * np.reshape(GRAY_WEIGHTS, (1, 3, 1, 1))
        picture = resize(resize(load_sample("china"), 640), channels_bank.longest_side(8))
        grey = np.pad(picture @ np.array(GRAY_WEIGHTS), 2, mode="edge")
        maps = ops.conv2d(grey[None, None], learned[:, None])[0]
        assert data["count"] == 8
        np.testing.assert_allclose(data["lows"], maps.min(axis=(1, 2)), rtol=1e-4)
        np.testing.assert_allclose(data["highs"], maps.max(axis=(1, 2)), rtol=1e-4)
        html = "".join(element.proto.body for element in app.get("html"))
        assert channels_bank.channels_compare.planes(bank[0], "Filter 0") in html
        assert "Run 1, step 2: it learned on grey digits" in words(app)
        assert "Your network's first layer has no more than 8" in words(app)
        assert "First layer of your network" in app.selectbox(key="channels.bank").options
    finally:
        engine.remove(token)


@pytest.mark.parametrize("dark", [False, True])
def test_the_gallery_as_a_file(dark: bool) -> None:
    gallery = gallery_of("oriented", 8, 3)
    picture = Image.open(io.BytesIO(channels_bank.gallery_png(gallery, "shared", dark=dark)))
    across = round(np.sqrt(8 * 1.6 * gallery.maps.shape[1] / gallery.maps.shape[2]))
    assert picture.width == across * (gallery.maps.shape[2] + 2) - 2


# On the picture, and what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_map_of_the_whole_picture(open_page: Open, operation: str) -> None:
    app = open_page(PAGE, tab=PICTURE, operation=operation, channel="Green", row="20", column="30", picture="flower")
    assert complaints_of(app) == ""
    data = shown(app)
    extent = 1 if operation == "pointwise" else 3
    assert data["Map"]["link"]["extent"] == [extent, extent]
    assert data["Map"]["picked"] == [20 - (extent - 1) // 2, 30 - (extent - 1) // 2]
    x = resize(load_sample("flower"), 640).transpose(2, 0, 1).astype(float)
    w = planes(open_page(PAGE, picture="flower"), "kernel")
    mix = np.array([0.5, 1, -1]).reshape(3, 1, 1)
    maps = expected_whole(operation, x, w, mix)
    assert (data["Map"]["rows"], data["Map"]["cols"]) == maps.shape
    low, high = data["Map"]["caption"].split(" · ")[-1].split(" to ")
    assert [low, high] == [say(maps.min()), say(maps.max())]


def expected_whole(operation: str, x: np.ndarray, w: np.ndarray, mix: np.ndarray) -> np.ndarray:
    from scipy.signal import correlate

    apart = np.array([correlate(plane, weights, "valid", "direct") for plane, weights in zip(x, w, strict=True)])
    return {
        "standard": apart.sum(axis=0),
        "depthwise": apart[1],
        "pointwise": (x * mix).sum(axis=0),
        "separable": (apart * mix).sum(axis=0),
    }[operation]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"filter": "own", "weights": "1 2;3 4"}, "The filter has one plane; it needs three"),
        ({"filter": "own", "weights": "1 x|1 1|1 1"}, "The filter cannot be read"),
        ({"pointwise": "1 2"}, "The 1 × 1 filter has 2 numbers; it needs 3"),
        ({"input": "own", "numbers": "1 2|1 2|1 2"}, "The filter is 3 × 3 pixels, but the input has only 1 × 2"),
        ({"bias": "1e9"}, "The bias must lie between"),
        ({"operation": "all"}, "There is no operation “all”"),
        ({"pin": "9"}, "A pinned cell is written as row.column or map.row.column"),
        ({"pin": "9.9"}, "the pin at row 9, column 9 is not in it"),
        ({"maps": "9"}, "There is no number of filters “9”"),
        ({"map": "-4"}, "The number of the map must lie between"),
        ({"side": "17"}, "The side of the patch must lie between 3 and 16, not 17"),
        ({"nonsense": "1"}, "which this page does not know"),
    ],
)
def test_bad_settings_say_so_and_a_view_stays(open_page: Open, query: dict[str, str], sentence: str) -> None:
    app = open_page(PAGE, **query)
    unquoted = complaints_of(app).replace("\\", "")
    assert sentence in unquoted
    assert np.shape(planes(app)) == (1, 4, 4)


def test_a_bad_link_keeps_the_person_s_numbers(open_page: Open) -> None:
    numbers = "|".join(["1 2 3;4 5 6;7 8 9"] * 3)
    app = open_page(PAGE, input="own", numbers=numbers, filter="own", weights="1 x|1 1|1 1", bias="2")
    assert "Until you change it, you see it with Filter “One kernel, weighted”." in complaints_of(app)
    data = shown(app)["grid"]
    np.testing.assert_array_equal(data["input"]["planes"], [np.arange(1, 10).reshape(3, 3)] * 3)
    assert data["bias"] == [2]


def test_a_bad_filter_keeps_the_last_good_view(open_page: Open) -> None:
    app = open_page(PAGE, filter="own", weights="1 1;1 1|2 2;2 2|3 3;3 3", input="random")
    before = planes(app)
    app.text_area(key="channels.weights").set_value("1 1;1 1|2 2").run()
    assert complaints_of(app) != ""
    np.testing.assert_array_equal(planes(app), before)


NAMES = [setting.name for setting in channels_controls.SETTINGS + channels_bank.SETTINGS]


@pytest.mark.parametrize("tab", [BESIDE, BANK, COST])
@pytest.mark.parametrize("value", ["", "NaN", "−1", "<b>🙂</b>", "1" * 400])
def test_garbage_in_the_link_never_breaks_it(open_page: Open, tab: str, value: str) -> None:
    app = open_page(PAGE, tab=tab, **dict.fromkeys(NAMES, value))
    assert complaints_of(app) != ""
    assert np.shape(planes(app)) == (1, 4, 4)


def test_the_film_and_numbers_are_of_what_is_seen(open_page: Open) -> None:
    app = open_page(PAGE, tab=SHARE, operation="depthwise")
    assert complaints_of(app) == ""
    assert "3 × 4 × 4" in words(app)
    labels = [element.proto.label for element in app.get("download_button")]
    assert labels == ["Download the picture (PNG)", "Download the film (GIF)", "Download the numbers (.npy)"]
