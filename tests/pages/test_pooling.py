"""The Pooling page: its numbers are the core's, its sentences are true, and nothing that comes in breaks it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore import ops
from cnncore.filtering import filter2d
from cnncore.images import to_gray
from cnncore.kernels import PRESETS
from cnncore.samples import load_sample
from cnncore.shift import shift_experiment
from pages.ui import film, pooling_controls, pooling_gradient, pooling_grid, pooling_shift
from pages.ui.grid_controls import small_grid
from pages.ui.pooling_tabs import TABS
from pages.ui.pooling_view import KINDS, formula, is_windowed, place_pool, sentences
from pages.ui.pooling_words import names_table
from pages.ui.words import number as say
from tests.pages.conftest import component_data
from tests.pages.conftest import sentences as complaints_of

PAGE = "pages/3_Pooling.py"
Open = Callable[..., AppTest]
DEFAULTS = {setting.name: setting.default for setting in (*pooling_controls.SETTINGS, *pooling_grid.SETTINGS)}
QUICK = {"tab": "Names and claims"}


def shown(app: AppTest) -> dict[str, dict[str, Any]]:
    """The page's components by what they are."""
    return {("grid" if "taps" in data else data["label"]): data for data in component_data(app)}


def words(app: AppTest) -> str:
    """Everything that is written in the main area."""
    return "\n".join(markdown.value for markdown in app.main.markdown)


def output_of(app: AppTest) -> np.ndarray:
    return np.array(shown(app)["grid"]["output"]["planes"])


def maps_of(**changed: Any) -> np.ndarray:
    return pooling_grid.channels({**DEFAULTS, **changed})


# The equation ---------------------------------------------------------------------------------------------------------


def test_opens_with_a_max_pool_and_its_winners(open_page: Open) -> None:
    app = open_page(PAGE, **QUICK)
    assert complaints_of(app) == ""
    image = small_grid(DEFAULTS)
    np.testing.assert_array_equal(output_of(app), ops.max_pool2d(image[None, None], 2)[0])
    for (r, c), best in np.ndenumerate(output_of(app)[0]):
        plane, row, column = shown(app)["grid"]["output"]["winners"][0][r][c]
        assert plane == 0
        assert image[row, column] == best
    assert app.selectbox(key="pooling.example").value == "Max, 2 × 2"
    assert r"\text{rows} = \left\lfloor \dfrac{6 + 0 + 0 - 1\,(2 - 1) - 1}{2} \right\rfloor + 1" in words(app)


def expected(values: dict[str, Any], maps: np.ndarray) -> np.ndarray:
    """What the core gives for the settings of an example."""
    x, kind = maps[None], values["kind"]
    how: dict[str, Any] = {
        "stride": values["stride"],
        "padding": values["pixels"] if values["padding"] == "pixels" else values["padding"],
        "dilation": values["dilation"],
        "ceil_mode": values["ceil_mode"],
    }
    if kind == "max":
        return ops.max_pool2d(x, values["window"], **how)[0]
    if kind == "average":
        return ops.avg_pool2d(x, values["window"], **how, count_include_pad=values["count_include_pad"])[0]
    return {
        "global_max": lambda: ops.global_max_pool2d(x)[0][:, None, None],
        "global_average": lambda: ops.global_avg_pool2d(x)[0][:, None, None],
        "cross_max": lambda: ops.cross_channel_max_pool(x)[0],
        "cross_average": lambda: ops.cross_channel_avg_pool(x)[0],
    }[kind]()


@pytest.mark.parametrize("name", list(pooling_controls.EXAMPLES))
def test_every_example_can_be_chosen_and_is_the_core_s(open_page: Open, name: str) -> None:
    app = open_page(PAGE, stride="5", **QUICK)
    app.selectbox(key="pooling.example").select(name).run()
    assert complaints_of(app) == ""
    assert app.selectbox(key="pooling.example").value == name
    values = {**DEFAULTS, **pooling_controls.EXAMPLES[name]}
    np.testing.assert_allclose(output_of(app), expected(values, pooling_grid.channels(values)), rtol=1e-12)


def test_rounding_up_gives_48_not_12(open_page: Open) -> None:
    app = open_page(PAGE, **QUICK)
    app.selectbox(key="pooling.example").select("Rounded up (ceil mode)").run()
    assert output_of(app)[0, -1, -1] == 48
    assert shown(app)["grid"]["output"]["divisors"][0][-1][-1] == 1
    assert r"\left\lceil" in words(app)
    assert "the last window hangs 1 row and 1 column over the edge" in words(app)


def test_padding_never_wins_and_is_counted_only_when_asked(open_page: Open) -> None:
    app = open_page(PAGE, **QUICK)
    app.selectbox(key="pooling.example").select("Negative numbers and padding").run()
    assert (output_of(app) < 0).all()
    assert "pads with −∞, never with 0" in words(app)
    how = {"kind": "average", "window": "3", "padding": "pixels"}
    app = open_page(PAGE, **how, **QUICK)
    assert shown(app)["grid"]["output"]["divisors"][0][0][0] == 4
    assert "left out of the means (TensorFlow's rule)" in words(app)
    app = open_page(PAGE, **how, count_include_pad="1", **QUICK)
    assert shown(app)["grid"]["output"]["divisors"][0][0][0] == 9
    assert "counts as zeros here (PyTorch's default)" in words(app)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("source", ["random", "digit", "gradient"])
def test_every_kind_on_every_made_input(kind: str, source: str) -> None:
    values = {**DEFAULTS, "kind": kind, "input": source, "rows": 7, "columns": 5}
    grid = pooling_grid.place(values)
    assert len(grid.maps) == (1 if is_windowed(kind) else 3)
    np.testing.assert_array_equal(np.array(grid.data["output"]["planes"]), expected(values, grid.maps))
    if not is_windowed(kind):
        assert len({plane.tobytes() for plane in grid.maps}) == 3  # three channels, not one three times


def test_rows_and_columns_apart(open_page: Open) -> None:
    app = open_page(PAGE, rows="9", columns="9", **QUICK)
    app.toggle(key="pooling.per_axis").set_value(True).run()
    app.number_input(key="pooling.window_across").set_value(3).run()
    assert complaints_of(app) == ""
    np.testing.assert_array_equal(output_of(app), ops.max_pool2d(maps_of(rows=9, columns=9)[None], (2, 3), stride=2)[0])


PLACED = [
    ({}, (6, 6)),
    ({"window": 3, "ceil_mode": True}, (6, 7)),
    ({"window": 3, "padding": "same", "stride": 3, "ceil_mode": True}, (7, 10)),
    ({"window": 2, "padding": "pixels", "stride": 2, "ceil_mode": True}, (5, 6)),
    ({"window": 3, "dilation": 2, "padding": "pixels", "pixels": 2, "stride": 3}, (9, 8)),
    ({"window": 5, "ceil_mode": True, "stride": 4}, (3, 4)),
    ({"per_axis": True, "window_across": 4, "stride_across": 5, "window": 1}, (5, 16)),
]


@pytest.mark.parametrize(("changed", "shape"), PLACED)
def test_the_formula_with_numbers_gives_the_core_s_size(changed: dict[str, Any], shape: tuple[int, int]) -> None:
    pool = place_pool({**DEFAULTS, **changed}, shape)
    out = pool.apply(np.zeros((1, *shape))).shape[1:]
    assert pool.pair("out") == out
    for axis, size in zip(pool.axes, out, strict=True):
        first, rest = formula(axis, "rows")
        top, bottom = first.split(r"\dfrac{")[1].split("}{")
        room, stride = eval(top.replace(r"\,", "*"), {"__builtins__": {}}), int(bottom.split("}")[0])
        told = (-(-room // stride) if axis.ceil else room // stride) + 1
        assert told - axis.refused == size
        assert rest.endswith(f"= {size}")
        assert (r"\lceil" in rest) == axis.ceil
        assert (size - 1) * axis.stride + axis.extent + axis.dropped - axis.over == axis.n + axis.begin + axis.end
        assert axis.dropped == 0 or axis.over == 0
    text = " ".join(sentences(pool))
    assert ("hangs" in text) == any(axis.over for axis in pool.axes)
    assert ("would start in the padding" in text) == any(axis.refused for axis in pool.axes)


BAD = [
    (
        {"padding": "pixels", "pixels": "2"},
        "The padding of 2 rows is not smaller than the window, which spans 2: some windows would see nothing but "
        "padding. Pad at most 1.",
    ),
    ({"window": "7"}, "The window spans 7 rows, but the input has only 6: make the window"),
    ({"window": "4", "dilation": "3"}, "The window spans 10 rows (4 taps at dilation 3), but the input has only 6:"),
    ({"window": "4", "dilation": "3", "padding": "pixels"}, "but the input has only 8 (6 + 1 + 1 of padding)"),
    ({"input": "own", "numbers": "1 2;3"}, "The input cannot be read"),
    ({"input": "own", "numbers": ";".join(["1 " * 17] * 2)}, "17"),
    ({"stride": "6"}, "The stride must lie between 1 and 5, not 6."),
    ({"kind": "median"}, "There is no kind of pooling “median”."),
    ({"pin": "2;3"}, "A pinned cell is written as row.column or channel.row.column, such as 2.3, not “2;3”."),
]


@pytest.mark.parametrize(("query", "sentence"), BAD)
def test_bad_settings_say_so_with_the_numbers(open_page: Open, query: dict[str, str], sentence: str) -> None:
    app = open_page(PAGE, **query, **QUICK)
    assert sentence in complaints_of(app).replace("\\", "")
    assert output_of(app).size > 0


def test_a_bad_setting_keeps_the_last_good_view(open_page: Open) -> None:
    app = open_page(PAGE, rows="8", columns="8", window="3", **QUICK)
    before = shown(app)["grid"]
    app.number_input(key="pooling.dilation").set_value(4).run()
    assert "spans 9 rows" in complaints_of(app)
    assert shown(app)["grid"] == before
    app.number_input(key="pooling.dilation").set_value(2).run()
    assert complaints_of(app) == ""
    assert shown(app)["grid"] != before


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"window": "3", "dilation": "3"}, "Dilation “1”"),
        ({"padding": "pixels", "pixels": "3"}, "Cells on each side “1”"),
    ],
)
def test_a_bad_link_keeps_the_person_s_grid(open_page: Open, query: dict[str, str], words: str) -> None:
    app = open_page(PAGE, rows="5", columns="4", seed="7", **query, **QUICK)
    assert f"Until you change it, you see it with {words}." in complaints_of(app)
    given = shown(app)["grid"]["input"]
    top, bottom, left, right = given["pad"]
    rows, columns = np.shape(given["planes"][0])
    assert (rows - top - bottom, columns - left - right) == (5, 4)


def test_pins_and_grids_travel_in_the_link(open_page: Open) -> None:
    assert shown(open_page(PAGE, pin="1.2", **QUICK))["grid"]["pinned"] == [0, 1, 2]
    assert shown(open_page(PAGE, pin="2.0.0", kind="global_max", **QUICK))["grid"]["pinned"] == [2, 0, 0]
    for pin, place in (("9.9", "row 9, column 9"), ("2.0.0", "map 2, row 0, column 0")):
        app = open_page(PAGE, pin=pin, **QUICK)
        assert shown(app)["grid"]["pinned"] is None
        assert f"the pin at {place} is not in it, and was taken away" in complaints_of(app)
    mine = np.round(np.random.default_rng(4).normal(size=(3, 16, 16)), 2)
    written = "|".join(";".join(" ".join(map(str, row)) for row in plane) for plane in mine.tolist())
    app = open_page(PAGE, kind="cross_average", input="own", numbers=written, tab="Save and share")
    assert complaints_of(app) == ""
    np.testing.assert_allclose(output_of(app), mine.mean(axis=0, keepdims=True))
    assert "numbers=" in app.code[0].value
    assert app.get("download_button")


GARBAGE = ["", "💥", "NaN", "-1", "1e999", "9" * 400, "<script>alert(1)</script>", "../../etc/passwd", "0 1;2"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_every_parameter_is_survived(open_page: Open, garbage: str) -> None:
    names = [*DEFAULTS, "picture", "size", "tab", "row", "column", "zoom", "view_row", "view_column"]
    names += ["upstream", "shift", "shift_on", "blur", "no_such_thing"]
    for tab in TABS:
        app = open_page(PAGE, **{**dict.fromkeys(names, garbage), "picture": "digit-3", "tab": tab})
        assert complaints_of(app) != ""
        assert output_of(app).size > 0


@pytest.mark.parametrize("kind", list(KINDS))
def test_picture_and_film_can_be_made_of_every_kind(kind: str) -> None:
    values = {**DEFAULTS, "kind": kind, "rows": 3, "columns": 3, "window": 2, "stride": 1}
    data = pooling_grid.place(values).data
    assert Image.open(io.BytesIO(film.png(data, dark=True))).width > 200
    frames = Image.open(io.BytesIO(film.gif(data, dark=False))).n_frames
    assert frames == (4 if is_windowed(kind) else 3 if kind.startswith("global") else 9)


# On the picture and on a feature map ----------------------------------------------------------------------------------


def test_the_picture_is_pooled_by_the_core(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", window="3", padding="pixels", kind="average", row="2", column="4")
    assert complaints_of(app) == ""
    gray = to_gray(load_sample("digit-3"))
    out = ops.avg_pool2d(gray[None, None], 3, stride=2, padding=1)[0, 0]
    pane = shown(app)["Output"]
    np.testing.assert_array_equal(np.array(pane["values"], np.float32), out)
    assert pane["picked"] == [2, 4]
    assert shown(app)["Input"]["link"]["begin"] == [1, 1]


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_feature_map_is_picture_kernel_relu_pool(open_page: Open, kind: str) -> None:
    app = open_page(PAGE, picture="digit-3", kind=kind, window="4", stride="3", tab="On a feature map")
    assert complaints_of(app) == ""
    sobel = PRESETS["sobel_x"].weights()
    if is_windowed(kind):
        maps = np.maximum(filter2d(to_gray(load_sample("digit-3")), sobel), 0)[None]
    else:
        picture = load_sample("digit-3").astype(np.float32)
        maps = np.maximum(filter2d(picture, sobel), 0).transpose(2, 0, 1)
    out = expected({**DEFAULTS, "kind": kind, "window": 4, "stride": 3}, maps)
    panes = shown(app)
    if kind.startswith("global"):
        assert f"| red | {say(float(out[0, 0, 0]), 5)} |" in words(app)
        assert "Pooled" not in panes
    else:
        assert (panes["Pooled"]["rows"], panes["Pooled"]["cols"]) == out.shape[1:]
        low, high = float(out.min()), float(out.max())
        assert panes["Pooled"]["caption"].endswith(f"{say(low)} to {say(high)}")
    assert "→ ReLU → pool." in words(app)


def test_the_picture_shows_what_the_pooled_number_has_seen(open_page: Open) -> None:
    panes = shown(open_page(PAGE, picture="digit-3", window="3", padding="pixels", tab="On a feature map"))
    assert panes["Feature map"]["link"]["extent"] == [3, 3]
    assert panes["Picture"]["link"]["extent"] == [5, 5]  # 3 of the pool, and 2 more of the kernel
    assert panes["Picture"]["link"]["begin"] == [2, 2]


def test_a_pool_too_large_for_the_map_says_so(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", kernel="own", own="0 1|1 2|2 3", tab="On a feature map")
    assert "three planes" in complaints_of(app)
    assert "Pooled" in shown(app)


# Gradient routing -----------------------------------------------------------------------------------------------------


def central_difference(values: dict[str, Any], maps: np.ndarray, above: np.ndarray) -> np.ndarray:
    step, found = 1e-4, np.zeros_like(maps)
    for at in np.ndindex(maps.shape):
        up, down = maps.copy(), maps.copy()
        up[at] += step
        down[at] -= step
        found[at] = ((expected(values, up) - expected(values, down)) * above).sum() / (2 * step)
    return found


@pytest.mark.parametrize("upstream", ["one", "every"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_gradient_is_the_slope(kind: str, upstream: str) -> None:
    mine = np.random.default_rng(7).permutation(75).reshape(3, 5, 5).astype(float)  # no ties
    text = "|".join(";".join(" ".join(map(str, row)) for row in plane) for plane in mine.tolist())
    pin = "2.0.0" if kind.startswith("global") else "0.1.1"
    how = {"window": 3, "padding": "pixels", "count_include_pad": True}
    values = {**DEFAULTS, **how, "kind": kind, "input": "own", "numbers": text, "pin": pin}
    grid = pooling_grid.place(values)
    above, below = pooling_gradient.gradients(grid, upstream)
    assert above.sum() == (1 if upstream == "one" else above.size)
    np.testing.assert_allclose(below, central_difference(values, mine, above), atol=1e-7)


def test_the_gradient_s_sentences(open_page: Open) -> None:
    def told(upstream: str = "one", **changed: Any) -> str:
        grid = pooling_grid.place({**DEFAULTS, **changed})
        return " ".join(pooling_gradient.sentences(grid, upstream, *pooling_gradient.gradients(grid, upstream)))

    text = told(pin="1.2")
    row, column = map(int, re.findall(r"at row (\d), column (\d), so its whole gradient", text)[0])
    assert small_grid(DEFAULTS)[row, column] == small_grid(DEFAULTS)[2:4, 4:6].max()
    ties = pooling_controls.EXAMPLES["Ties: the first one wins"]
    assert "number at row 0, column 0, so" in told(**ties)
    assert "of equals, the first in reading order has it all" in told(**ties)
    half = {"kind": "average", "window": 3, "padding": "pixels", "count_include_pad": True}
    assert "1/9 of the gradient: 0.1111. The rest, 0.556, falls on the padding, 5 of the cells that counted," in told(
        **half
    )
    assert "1/4 of the gradient: 0.25. Click" in told(**{**half, "count_include_pad": False})
    assert "9 outputs, each with a gradient of 1: 9 arrives at 9 of 36 cells." in told("every")
    app = open_page(PAGE, tab="Gradient", pin="1.2")
    assert complaints_of(app) == ""
    assert text in words(app)


# The shift experiment -------------------------------------------------------------------------------------------------


def test_the_shift_is_measured_on_the_person_s_picture(open_page: Open) -> None:
    app = open_page(PAGE, tab="Shift", picture="digit-3", shift="3", window="3")
    assert complaints_of(app) == ""
    found = {
        result.kind: result for result in shift_experiment(to_gray(load_sample("digit-3")), size=3, stride=2, blur=3)
    }
    change, error = (100 * float(part[1]) for part in (found["max"].change, found["max"].error))
    assert f"by {say(change, 2)} % of its spread. Moving the output along leaves a rest of {say(error, 2)} %" in words(
        app
    )
    assert "“Pooling makes a CNN shift-invariant” is false." in words(app)
    charts = app.get("plotly_chart")
    assert len(charts) == 2


def test_the_plot_holds_the_measured_numbers() -> None:
    from pages.ui import figures

    found = shift_experiment(np.random.default_rng(0).normal(size=(8, 8)))
    made = pooling_shift.figure([(one.kind, one.error) for one in found], 4, figures.DARK)
    assert [line["name"] for line in made["data"]] == list(pooling_shift.NAMES.values())
    for line, one in zip(made["data"], found, strict=True):
        assert line["x"] == list(range(9))
        np.testing.assert_allclose(line["y"], 100 * one.error, atol=1e-5)


def test_of_a_large_picture_the_middle_is_moved() -> None:
    image = np.arange(1300.0 * 10).reshape(1300, 10)
    np.testing.assert_array_equal(pooling_shift._middle(image), image[330:970])


def test_stride_one_is_told_apart(open_page: Open) -> None:
    app = open_page(PAGE, tab="Shift", shift_on="grid", stride="1")
    assert complaints_of(app) == ""
    assert "With stride 1 nothing is left out" in words(app)
    app = open_page(PAGE, tab="Shift", shift_on="grid", stride="5", rows="3", columns="3")
    assert "The stride of 5 is larger than the grid, which has 3 × 3 numbers" in complaints_of(app)


# Names and claims -----------------------------------------------------------------------------------------------------


def test_names_and_claims(open_page: Open) -> None:
    lines = names_table((3, 4, 5), (2, 2), "global_average")
    assert lines[3][:2] == ["<b>Global average pooling</b>", "(3, 4, 5) → (3)"]
    assert lines[4][1] == "(3, 4, 5) → (1, 4, 5)"
    app = open_page(PAGE, kind="cross_max", **QUICK)
    text = " ".join(words(app).split())
    assert "“reduces 3 channels into 1 channel”" in text
    assert "**“Pooling makes a CNN shift-invariant”** is false." in text
    assert "**“Pooling avoids overfitting”** is a loose claim." in text
