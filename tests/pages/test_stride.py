"""The Stride page: its numbers are the core's, its sentences are true, and nothing that comes in breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import ops
from cnncore.filtering import filter2d
from cnncore.geometry import output_size
from cnncore.images import to_gray
from cnncore.receptive_field import fields, pixels_seen
from cnncore.samples import load_sample
from cnncore.stack_text import STACKS, parse_stack
from pages.ui import stride_controls, stride_picture
from pages.ui.grid_controls import small_grid, small_kernel
from pages.ui.picture_controls import Picture
from pages.ui.stride_view import formula, geometry, padding_table, sentences
from tests.pages.conftest import component_data
from tests.pages.conftest import sentences as complaints_of

PAGE = "pages/2_Stride.py"
Open = Callable[..., AppTest]
DEFAULTS = {setting.name: setting.default for setting in stride_controls.SETTINGS}


def shown(app: AppTest) -> dict[str, dict[str, Any]]:
    """The page's components by what they are."""
    found = {}
    for data in component_data(app):
        if "taps" in data:
            found["grid"] = data
        elif "layers" in data:
            found["stack"] = data
        elif "label" in data:
            found[data["label"]] = data
    return found


def words(app: AppTest) -> str:
    """Everything that is written in the main area."""
    return "\n".join(markdown.value for markdown in app.main.markdown)


def output_of(app: AppTest) -> np.ndarray:
    return np.array(shown(app)["grid"]["output"]["planes"][0])


def test_opens_with_a_lopsided_same(open_page: Open) -> None:
    app = open_page(PAGE)
    assert complaints_of(app) == ""
    grid = shown(app)["grid"]
    assert grid["input"]["pad"] == [0, 1, 0, 1]
    assert grid["input"]["note"] == "0 above, 1 below, 0 left, 1 right"
    image, kernel = small_grid(DEFAULTS), small_kernel(DEFAULTS)
    expected = ops.conv2d(image[None, None], kernel[None, None], stride=2, padding="same")[0, 0]
    np.testing.assert_array_equal(output_of(app), expected)
    assert r"\text{rows} = \left\lfloor \dfrac{6 + 0 + 1 - 1\,(3 - 1) - 1}{2} \right\rfloor + 1" in words(app)
    assert "⌈6 / 2⌉ = 3 rows and columns, which takes 1 of padding: 0 above and left, 1 below and right" in words(app)
    assert "The odd one goes to the end, as in TensorFlow" in words(app)
    assert app.selectbox(key="stride.example").value == "Same padding is lopsided"


@pytest.mark.parametrize("name", list(stride_controls.EXAMPLES))
def test_every_example_can_be_chosen_and_is_the_core_s(open_page: Open, name: str) -> None:
    app = open_page(PAGE, stride="5", tab="Paddings side by side")
    app.selectbox(key="stride.example").select(name).run()
    assert complaints_of(app) == ""
    assert app.selectbox(key="stride.example").value == name
    values = {**DEFAULTS, **stride_controls.EXAMPLES[name]}
    image, kernel = small_grid(values)[None, None], small_kernel(values)[None, None]
    across = values["stride_across"] if values["per_axis"] else values["stride"]
    how: dict[str, Any] = {"stride": (values["stride"], across), "dilation": values["dilation"]}
    if values["operation"] == "transposed":
        crop = 0 if values["crop"] == "valid" else values["pixels"]
        expected = ops.conv_transpose2d(image, kernel, padding=crop, output_padding=values["output_padding"], **how)
    else:
        padding = values["pixels"] if values["padding"] == "pixels" else values["padding"]
        expected = ops.conv2d(image, kernel, padding=padding, **how)
    np.testing.assert_array_equal(output_of(app), expected[0, 0])


def test_the_guide_s_strided_figure(open_page: Open) -> None:
    app = open_page(PAGE)
    app.selectbox(key="stride.example").select("The guide's strided figure").run()
    assert output_of(app).tolist() == [[1, 5, 6], [7, 8, 3], [3, 10, 4]]
    query = {name: (value[0] if isinstance(value, list) else value) for name, value in app.query_params.items()}
    assert output_of(open_page(PAGE, **query)).tolist() == [[1, 5, 6], [7, 8, 3], [3, 10, 4]]


@pytest.mark.parametrize("padding", list(stride_controls.PADDINGS))
@pytest.mark.parametrize("border", ["constant", "reflect", "symmetric", "edge", "wrap"])
def test_every_padding_and_border_rule(open_page: Open, padding: str, border: str) -> None:
    app = open_page(
        PAGE, rows="7", columns="5", kernel_rows="2", kernel_columns="3", dilation="2", padding=padding, border=border,
        value="3", pixels="2", top="0", bottom="3", left="1", right="2", input="gradient", window="ramp",
        tab="Paddings side by side",
    )  # fmt: skip
    assert complaints_of(app) == ""
    image = np.array([[round(9 * (r + c) / 10) for c in range(5)] for r in range(7)], float)
    pads: Any = {"pixels": 2, "sides": ((0, 3), (1, 2))}.get(padding, padding)
    expected = filter2d(image, [[1, 2, 3], [4, 5, 6]], stride=2, dilation=2, padding=pads, border=border, value=3.0)
    np.testing.assert_allclose(output_of(app), expected, rtol=1e-12)


def test_rows_and_columns_apart(open_page: Open) -> None:
    app = open_page(PAGE, rows="9", columns="9", padding="valid", dilation="2")
    app.toggle(key="stride.per_axis").set_value(True).run()
    assert complaints_of(app) == ""
    assert app.number_input(key="stride.dilation_across").value == 2  # begins with the same number
    app.number_input(key="stride.stride_across").set_value(3).run()
    assert output_of(app).shape == (3, 2)
    assert "1 column at the right over: no window reaches it, so it is dropped" in words(app)
    assert shown(app)["grid"]["input"]["dropped"] == [0, 1]


def test_what_the_stride_leaves_over_is_counted_and_marked(open_page: Open) -> None:
    app = open_page(PAGE, rows="8", columns="7", stride="3", padding="valid")
    assert shown(app)["grid"]["input"]["dropped"] == [2, 1]
    assert "The stride leaves 2 rows at the bottom and 1 column at the right over" in words(app)
    assert r"= \lfloor 5 / 3 \rfloor + 1 = 2" in words(app)


def test_transposed_with_output_padding(open_page: Open) -> None:
    app = open_page(
        PAGE, operation="transposed", rows="3", columns="4", stride="3", window="ramp", crop="sides",
        top="0", bottom="1", left="2", right="0", output_padding="2",
    )  # fmt: skip
    assert complaints_of(app) == ""
    image = small_grid({**DEFAULTS, "rows": 3, "columns": 4})
    kernel = np.arange(1.0, 10).reshape(3, 3)
    expected = ops.conv_transpose2d(
        image[None, None], kernel[None, None], stride=3, padding=((0, 1), (2, 0)), output_padding=2
    )[0, 0]
    np.testing.assert_array_equal(output_of(app), expected)
    assert r"\text{rows} = (3 - 1)\cdot 3 - 0 - 1 + 1\,(3 - 1) + 2 + 1" in words(app)
    assert f"turns {len(expected) - 2} to {len(expected)} rows into 3: an output padding of 2" in words(app)


SETS = [
    ({}, (6, 6), (3, 3)),
    ({"padding": "same_lower", "stride": 3}, (7, 10), (4, 2)),
    ({"padding": "full", "dilation": 3}, (5, 4), (3, 3)),
    ({"padding": "sides", "top": 0, "bottom": 2, "left": 1, "right": 3, "stride": 4}, (9, 9), (2, 5)),
    ({"padding": "valid", "per_axis": True, "stride": 1, "stride_across": 5, "dilation_across": 2}, (9, 16), (1, 3)),
]


@pytest.mark.parametrize(("changed", "shape", "kernel"), SETS)
def test_the_formula_with_numbers_gives_the_core_s_size(
    changed: dict[str, Any], shape: tuple[int, int], kernel: tuple[int, int]
) -> None:
    placed = geometry({**DEFAULTS, **changed}, shape, kernel)
    image = ops.conv2d(
        np.zeros((1, 1, *shape)),
        np.zeros((1, 1, *kernel)),
        stride=placed.pair("stride"),
        padding=placed.pads,
        dilation=placed.pair("dilation"),
    )
    assert image.shape[2:] == placed.pair("out")
    for axis, size in zip(placed.axes, image.shape[2:], strict=True):
        first, rest = formula(axis, "rows")
        top, bottom = first.split(r"\dfrac{")[1].split("}{")
        room = eval(top.replace(r"\,", "*"), {"__builtins__": {}})
        assert room // int(bottom.split("}")[0]) + 1 == size
        assert rest.endswith(f"= {size}")
        assert 0 <= axis.dropped < axis.stride
        assert (size - 1) * axis.stride + axis.extent + axis.dropped == axis.n + axis.begin + axis.end


def test_the_forward_sizes_that_output_padding_chooses_among_are_true() -> None:
    for stride in (2, 3, 5):
        for extra in range(stride):
            values = {**DEFAULTS, "operation": "transposed", "stride": stride, "output_padding": extra}
            placed = geometry(values, (5, 5), (3, 3))
            out = placed.axes[0].out
            told = next(line for line in sentences(placed) if line.startswith("Forwards"))
            least, most = out - extra, out - extra + stride - 1
            assert f"turns {least} to {most} rows and columns into 5" in told
            sizes = [n for n in range(1, 60) if n > 1 and output_size(n, 3, stride=stride, padding=1) == 5]
            assert (sizes[0], sizes[-1]) == (least, most)
            assert f"chooses {out}" in told


def test_paddings_side_by_side_are_true() -> None:
    table = padding_table({**DEFAULTS, "padding": "pixels", "pixels": 2}, (7, 9), (3, 4))
    assert [line[0] for line in table] == ["Valid", "Same", "Same, odd one first", "Full", "**Yours**"]
    for line, name in zip(table, ["valid", "same", "same_lower", "full", 2], strict=True):
        for cell, n, k in zip(line[1:], (7, 9), (3, 4), strict=True):
            assert cell.split(" → ")[1].split(",")[0] == str(output_size(n, k, stride=2, padding=name))
    assert table[0][1:] == ["0 + 0 → 3", "0 + 0 → 3, 1 left over"]
    assert table[1][1:] == ["1 + 1 → 4", "1 + 2 → 5"]
    assert table[2][1:] == ["1 + 1 → 4", "2 + 1 → 5"]
    assert padding_table({**DEFAULTS, "dilation": 4}, (3, 3), (3, 3))[0][1:] == ["no window fits"] * 2


BAD = [
    (
        {"kernel_rows": "7", "kernel_columns": "7", "padding": "valid"},
        "spans 7 rows (7 taps), but the input has only 6:",
    ),
    ({"dilation": "4", "padding": "valid"}, "spans 9 rows (3 taps at dilation 4), but the input has only 6:"),
    ({"dilation": "4", "padding": "pixels"}, "but the input has only 8 (6 + 1 + 1 of padding)"),
    (
        {"operation": "transposed", "output_padding": "2"},
        "The output padding of 2 rows is too large: it must be smaller than the stride (2) or the dilation (1)",
    ),
    (
        {"operation": "transposed", "rows": "3", "pixels": "9"},
        "The padding cuts 9 + 9 rows off an output of 7: nothing is left.",
    ),
    ({"window": "own", "weights": ";".join(["1 " * 8] * 8)}, "The kernel has 8 × 8 weights; at most 7 × 7 fit here."),
    ({"window": "own", "weights": "1 two"}, "The kernel cannot be read"),
    ({"input": "own", "numbers": "1 2;3"}, "The input cannot be read"),
    ({"input": "own", "numbers": ";".join(["1 " * 17] * 2)}, "17"),
    ({"stride": "6"}, "The stride must lie between 1 and 5, not 6."),
    ({"pin": "2;3"}, "A pinned cell is written as row.column, such as 2.3, not “2;3”."),
]


@pytest.mark.parametrize(("query", "sentence"), BAD)
def test_bad_settings_say_so_with_the_numbers(open_page: Open, query: dict[str, str], sentence: str) -> None:
    app = open_page(PAGE, **query, tab="Paddings side by side")
    assert sentence in complaints_of(app).replace("\\", "")
    assert output_of(app).size > 0


def test_a_bad_setting_keeps_the_last_good_view(open_page: Open) -> None:
    app = open_page(PAGE, rows="8", columns="8", padding="valid")
    before = shown(app)["grid"]
    app.number_input(key="stride.dilation").set_value(4).run()
    assert "spans 9 rows" in complaints_of(app)
    assert shown(app)["grid"] == before
    app.number_input(key="stride.dilation").set_value(2).run()
    assert complaints_of(app) == ""
    assert shown(app)["grid"] != before


def test_a_bad_link_is_told_every_cause(open_page: Open) -> None:
    app = open_page(PAGE, rows="5", columns="5", window="own", weights="1 two", dilation="3", padding="valid")
    said = complaints_of(app)
    assert "“two”" in said
    assert "spans 7 rows" in said


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"kernel_rows": "7", "padding": "valid"}, "Kernel rows “3”"),
        ({"kernel_rows": "7", "kernel_columns": "7", "padding": "valid"}, "Padding “Same, the odd one at the end”"),
        ({"dilation": "3", "padding": "valid", "window": "ramp"}, "Dilation “1”"),
        ({"window": "own", "weights": "1 two", "dilation": "3", "padding": "valid", "per_axis": "1"},
         "Dilation down “1” and Kernel “Sobel, left to right”"),
        ({"window": "own", "weights": "1 two"}, "Kernel “Sobel, left to right”"),
        ({"operation": "transposed", "output_padding": "2", "dilation": "1"}, "Output padding “0”"),
    ],
)  # fmt: skip
def test_a_bad_link_keeps_the_person_s_grid(open_page: Open, query: dict[str, str], words: str) -> None:
    app = open_page(PAGE, rows="5", columns="5", seed="7", **query)
    assert f"Until you change it, you see it with {words}." in complaints_of(app)
    grid = shown(app)["grid"]
    top, bottom, left, right = grid["input"]["pad"]
    plane = np.array(grid["input"]["planes"][0])
    expected = small_grid({**DEFAULTS, "rows": 5, "columns": 5, "seed": 7})
    rows, columns = plane.shape
    np.testing.assert_array_equal(plane[top : rows - bottom, left : columns - right], expected)
    assert app.number_input(key="stride.rows").value == 5


def test_the_pin_travels_in_the_link(open_page: Open) -> None:
    assert shown(open_page(PAGE, pin="1.2"))["grid"]["pinned"] == [0, 1, 2]
    app = open_page(PAGE, pin="9.8")  # the output has no such cell
    assert shown(app)["grid"]["pinned"] is None
    assert "output is 3 × 3" in complaints_of(app)
    assert "the pin at row 9, column 8 is not in it, and was taken away" in complaints_of(app)
    assert complaints_of(app.run()) == ""  # said once


def test_a_pin_that_a_control_leaves_outside_is_taken_away_with_a_sentence(open_page: Open) -> None:
    app = open_page(PAGE, pin="2.1")
    assert complaints_of(app) == ""
    app.number_input(key="stride.stride").set_value(4).run()
    assert "output is 2 × 2" in complaints_of(app)
    assert "the pin at row 2, column 1" in complaints_of(app)
    app.number_input(key="stride.stride").set_value(2).run()
    assert complaints_of(app) == ""
    assert shown(app)["grid"]["pinned"] is None


def test_grids_of_one_s_own_up_to_sixteen_travel_in_the_link(open_page: Open) -> None:
    mine = np.round(np.random.default_rng(4).normal(size=(16, 16)), 2)
    written = ";".join(" ".join(str(value) for value in row) for row in mine.tolist())
    app = open_page(PAGE, input="own", numbers=written, window="own", weights="1 -1", tab="Save and share")
    assert complaints_of(app) == ""
    expected = ops.conv2d(mine[None, None], np.array([[[[1.0, -1.0]]]]), stride=2, padding="same")[0, 0]
    np.testing.assert_array_equal(output_of(app), expected)
    assert shown(app)["grid"]["input"]["scale"]["kind"] == "signed"
    link = app.code[0].value
    assert "numbers=" in link
    assert "weights=1+-1" in link


GARBAGE = ["", "💥", "NaN", "-1", "1e999", "9" * 400, "<script>alert(1)</script>", "../../etc/passwd", "0 1;2"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_every_parameter_is_survived(open_page: Open, garbage: str) -> None:
    names = [setting.name for setting in stride_controls.SETTINGS]
    names += ["pin", "picture", "size", "tab", "row", "column", "zoom", "view_row", "view_column"]
    names += ["stack", "unit_row", "unit_column", "no_such_thing"]
    for tab in ("On your picture", "Receptive field"):
        app = open_page(PAGE, **{**dict.fromkeys(names, garbage), "picture": "digit-3", "tab": tab})
        assert complaints_of(app) != ""
        assert output_of(app).size > 0
        assert len(shown(app)) == (3 if tab == "On your picture" else 2)
    for name in names[:: max(len(names) // 8, 1)]:
        app = open_page(PAGE, **{"picture": "digit-3", name: garbage})
        assert not app.exception, (name, app.exception)


# On the person's own picture -----------------------------------------------------------------------------------------


def of_digit(**changed: Any) -> stride_picture.PictureView:
    picture = Picture("digit-3", "Handwritten 3", "digit-3", load_sample("digit-3"))
    return stride_picture._compute({**DEFAULTS, **changed}, small_kernel(DEFAULTS), picture)


def test_the_picture_has_the_same_geometry(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", stride="3", padding="same_lower", border="edge", row="2", column="4")
    assert complaints_of(app) == ""
    gray = to_gray(load_sample("digit-3"))
    expected = filter2d(gray, small_kernel(DEFAULTS), stride=3, padding="same_lower", border="edge")
    panes = shown(app)
    assert (panes["Output"]["rows"], panes["Output"]["cols"]) == expected.shape == (10, 10)
    np.testing.assert_array_equal(np.array(panes["Output"]["values"], np.float32), expected)
    assert panes["Output"]["picked"] == [2, 4]
    assert panes["Input"]["picked"] is None
    assert panes["Input"]["link"]["stride"] == [3, 3]
    assert panes["Input"]["link"]["begin"] == [1, 1]
    assert panes["Input"]["link"]["border"] == "edge"
    assert (panes["Input"]["role"], panes["Output"]["role"]) == ("input", "output")
    assert "⌈28 / 3⌉ = 10 rows and columns, which takes 2 of padding" in words(app)


def test_a_transposed_picture_is_linked_the_other_way_round(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", operation="transposed", output_padding="1", row="3", column="5")
    panes = shown(app)
    assert (panes["Output"]["rows"], panes["Output"]["cols"]) == (56, 56)
    assert (panes["Input"]["role"], panes["Output"]["role"]) == ("output", "input")
    assert panes["Input"]["picked"] == [3, 5]
    view = of_digit(operation="transposed", output_padding=1)
    impulse = np.zeros((1, 1, 28, 28), np.float32)
    impulse[0, 0, 3, 5] = 1
    stamp = ops.conv_transpose2d(impulse, np.ones((1, 1, 3, 3)), stride=2, padding=1, output_padding=1)[0, 0]
    windows = view.windows
    for axis, at in ((0, 3), (1, 5)):
        reached = np.flatnonzero(stamp.any(axis=1 - axis))
        first = at * windows.stride[axis] - windows.begin[axis]
        assert reached.tolist() == list(range(first, first + windows.extent[axis]))


def test_a_picture_too_large_to_be_transposed_is_reduced_first() -> None:
    picture = Picture("own", "Mine", "mine", np.zeros((1500, 1000, 3), np.uint8))
    view = stride_picture._compute({**DEFAULTS, "operation": "transposed", "stride": 5}, np.ones((3, 3)), picture)
    assert view.result.size <= stride_picture.MOST_PIXELS
    assert view.result.size > stride_picture.MOST_PIXELS / 2
    assert view.image.shape[0] / view.image.shape[1] == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 1)])
@pytest.mark.parametrize("changed", [{}, {"operation": "transposed"}, {"padding": "full", "border": "wrap"}])
def test_odd_pictures_simply_work(shape: tuple[int, int], changed: dict[str, Any]) -> None:
    picture = Picture("own", "Mine", "mine", np.full((*shape, 3), 100, np.uint8))
    view = stride_picture._compute({**DEFAULTS, **changed}, np.ones((3, 3)), picture)
    assert view.result.shape == view.placed.pair("out")


# The receptive field of a stack --------------------------------------------------------------------------------------


def test_the_stack_is_the_core_s(open_page: Open) -> None:
    text = "c3s2p0-1 p2 c3x1d2p1x0"
    app = open_page(PAGE, picture="digit-3", tab="Receptive field", stack=text, unit_row="1", unit_column="2")
    assert complaints_of(app) == ""
    stack = shown(app)["stack"]
    expected = fields((28, 28), parse_stack(text))
    assert stack["unit"] == [1, 2]
    for layer, each in zip(stack["layers"], expected, strict=True):
        for name in ("shape", "size", "jump", "start"):
            assert tuple(layer[name]) == getattr(each, name)
        assert [tuple(sides) for sides in layer["pads"]] == list(each.layer.pads)
    words_of = ["".join(["c" if layer["kind"] == "c" else "p", layer["words"]["kernel"]]) for layer in stack["layers"]]
    assert words_of == ["c3", "p2", "c3x1"]
    assert stack["layers"][0]["words"]["padding"] == "0-1"
    rows, columns = pixels_seen((28, 28), parse_stack(text), 1, 2)
    assert rows.any()
    assert columns.any()


@pytest.mark.parametrize("name", list(STACKS))
def test_every_named_stack_draws(open_page: Open, name: str) -> None:
    app = open_page(PAGE, tab="Receptive field")
    app.selectbox(key="stride.named_stack").select(STACKS[name].title).run()
    assert complaints_of(app) == ""
    assert len(shown(app)["stack"]["layers"]) == len(STACKS[name].layers)
    assert app.text_input(key="stride.stack").value == STACKS[name].text


def test_a_bad_stack_says_so_and_keeps_the_last_good_one(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", tab="Receptive field", stack="c3 p2", padding="valid")
    before = shown(app)
    app.text_input(key="stride.stack").set_value("c3 q2").run()
    assert "Layer 2, “q2”, is none" in complaints_of(app)
    assert shown(app) == before
    app.text_input(key="stride.stack").set_value("c3 p9 c9").run()
    assert "Layer 3 (convolution 9 × 9) does not fit: its window spans 9 rows, but its input has only 2 (2 + 0 + 0" in (
        complaints_of(app).replace("\\", "")
    )
    assert shown(app) == before
    app.text_input(key="stride.stack").set_value("").run()
    assert "at least one layer" in complaints_of(app)
    app.text_input(key="stride.stack").set_value("c3p999s999 " * 12).run()
    assert "at most 1,000,000 are drawn" in complaints_of(app)
    app.text_input(key="stride.stack").set_value("c3 p2 c3").run()
    assert complaints_of(app) == ""
    assert len(shown(app)["stack"]["layers"]) == 3


def test_a_stack_that_does_not_fit_a_smaller_picture_gives_way(open_page: Open) -> None:
    app = open_page(PAGE, picture="digit-3", tab="Receptive field", stack=STACKS["vgg16"].text)
    assert "does not fit" in complaints_of(app)
    assert len(shown(app)["stack"]["layers"]) == 5


def test_back_to_defaults_and_a_visit_elsewhere(open_page: Open) -> None:
    app = open_page(PAGE, stride="3", stack="c3", tab="Receptive field", pin="0.1", picture="flower")
    app.switch_page("app.py").run()
    app.switch_page(PAGE).run()
    assert app.number_input(key="stride.stride").value == 3
    assert len(shown(app)["stack"]["layers"]) == 1
    next(button for button in app.button if button.label == "Back to defaults").click().run()
    assert app.number_input(key="stride.stride").value == 2
    assert shown(app)["grid"]["pinned"] is None
    assert app.selectbox(key="picture").value == "flower"


@pytest.mark.parametrize("operation", ["convolution", "transposed"])
@pytest.mark.parametrize("tab", ["On your picture", "Receptive field", "Paddings side by side", "Save and share"])
def test_every_tab_opens_from_the_link(open_page: Open, tab: str, operation: str) -> None:
    app = open_page(PAGE, picture="digit-3", tab=tab, operation=operation, stride="3", pin="0.1", unit_row="3")
    assert complaints_of(app) == ""
    if tab == "Save and share":
        link = app.code[0].value
        for part in ("picture=digit-3", "stride=3", "pin=0.1", "unit_row=3"):
            assert part in link
