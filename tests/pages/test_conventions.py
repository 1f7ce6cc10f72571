"""The Conventions page: every number and sentence on it is the core's, whatever comes in by its URL or its widgets."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore.convention_rules import explain_plans
from cnncore.convention_workarounds import find_workaround
from cnncore.conventions import BORDERS, PROFILES, Plan, RefusedError, Settings, compute, difference, make_plan
from pages.ui.conventions_controls import EXAMPLES, RULES, SETTINGS
from pages.ui.conventions_gallery import read_change, read_pin
from pages.ui.conventions_picture import draw_gallery, film_of
from pages.ui.conventions_tables import PATTERNS, border_rows, convention_row
from pages.ui.conventions_view import compare, core_settings, first_difference, gallery_data, shown_profiles
from pages.ui.grid_controls import small_grid, small_kernel
from pages.ui.sharing import as_npz, output_numbers
from tests.pages.conftest import component_data, sentences

PAGE = "pages/6_Conventions.py"
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
Open = Callable[..., AppTest]


def gallery(app: AppTest) -> dict[str, Any]:
    return next(data for data in component_data(app) if "items" in data)


def spelled(numbers: list[list[Any]]) -> np.ndarray:
    names = {"NaN": np.nan, "∞": np.inf, "−∞": -np.inf}
    return np.array([[names.get(number, number) for number in row] for row in numbers])


def check(shown: dict[str, Any], changed: dict[str, Any]) -> int:
    """Hold what the gallery was given against the core; return how many outputs there were, workarounds left out."""
    values = {**DEFAULTS, **changed}
    image, asked = small_grid(values), core_settings(values)
    pools = asked.operation != "convolution"
    kernel = np.ones((values["kernel_rows"], values["kernel_columns"])) if pools else small_kernel(values)
    np.testing.assert_array_equal(shown["input"], image)
    assert (shown["kernel"] is None) == pools
    profiles = shown_profiles(asked.operation, asked.padding)
    assert [item["name"] for item in shown["items"]] == [profile.name for profile in profiles]
    base = profiles[shown["reference"]]
    theirs = make_plan(base, image.shape, kernel.shape, asked)  # type: ignore[arg-type]
    reference = compute(base, image, kernel, asked)
    outputs = 0
    for profile, item in zip(profiles, shown["items"], strict=True):
        plan: Plan
        if item["refusal"]:
            with pytest.raises(RefusedError) as refusal:
                compute(profile, image, kernel, asked)
            assert item["refusal"].startswith(str(refusal.value))
            if "values" not in item:
                assert not item["way"]
                continue
            found = find_workaround(profile, image.shape, kernel.shape, asked)  # type: ignore[arg-type]
            assert found is not None
            assert item["way"] == found.words
            plan, expected = found.plan, found.run(image, kernel)
        else:
            assert not item["way"]
            plan = make_plan(profile, image.shape, kernel.shape, asked)  # type: ignore[arg-type]
            expected = compute(profile, image, kernel, asked)
            outputs += 1
        np.testing.assert_array_equal(spelled(item["values"]), expected)
        np.testing.assert_array_equal(spelled(item["gap"]), difference(expected, reference))
        rules = explain_plans(plan, theirs, profile, base, image, kernel, asked).rules
        assert item["sentences"] == [rule.sentence for rule in rules]
        assert item["equal"] == (not rules)
        assert item["flip"] == profile.flips
        top, bottom, left, right = item["pads"]
        assert plan.pads == ((top, bottom), (left, right))
        around = np.array(spelled(item["around"]))
        rows, columns = image.shape
        np.testing.assert_array_equal(around[top : top + rows, left : left + columns], image)
        assert around.shape == (rows + top + bottom, columns + left + right)
    return outputs


def test_opens_with_all_libraries_already_there(open_page: Open) -> None:
    app = open_page(PAGE)
    assert sentences(app) == ""
    shown = gallery(app)
    assert check(shown, {}) == 8
    assert [item["call"] for item in shown["items"]] == [
        'torch.nn.Conv2d(1, 1, 3, padding="same", bias=False)(x)',
        "torch.nn.Conv2d(1, 1, 3, padding=1, bias=False)(x)",
        'keras.layers.Conv2D(1, 3, padding="same", use_bias=False)(x)',
        'scipy.ndimage.correlate(x, k, mode="reflect")',
        'scipy.ndimage.convolve(x, k, mode="reflect")',
        'scipy.signal.correlate2d(x, k, mode="same", boundary="fill")',
        'scipy.signal.convolve2d(x, k, mode="same", boundary="fill")',
        "cv2.filter2D(x, -1, k, borderType=cv2.BORDER_REFLECT_101)",
    ]
    assert [item["equal"] for item in shown["items"]] == [True, True, True, False, False, True, False, False]


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_every_example_shows_the_core_s_numbers(open_page: Open, name: str) -> None:
    app = open_page(PAGE)
    app.selectbox(key="conventions.example").select(name).run()
    assert sentences(app) == ""
    shown = gallery(app)
    assert check(shown, EXAMPLES[name]) >= 2
    assert app.selectbox(key="conventions.example").value == name


def test_the_examples_show_what_they_promise(open_page: Open) -> None:
    def example(name: str) -> dict[str, Any]:
        app = open_page(PAGE)
        app.selectbox(key="conventions.example").select(name).run()
        shown = gallery(app)
        return {item["name"]: item for item in shown["items"]} | {"shown": shown}

    found = example("The last mean: 48, not 12")
    assert found["PyTorch"]["values"][2][2] == 48
    assert found["shown"]["place"] == [2, 2]
    assert found["shown"]["pinned"]
    assert len(found["Keras"]["values"]) == 2
    found = example("An even kernel has no middle")
    assert found["ndimage.correlate"]["labels"] == ["even window"]
    assert found["OpenCV"]["labels"] == ["even window"]
    assert example("An origin brings them together")["ndimage.correlate"]["equal"]
    assert example("Zeros counted in a mean")["Keras"]["labels"] == ["padding left out"]
    found = example("A zero that wins a maximum")
    assert found["SciPy ndimage"]["values"][0][0] == 0
    assert found["PyTorch"]["values"][0][0] == -3
    found = example("Same with a stride")
    assert found["PyTorch"]["refusal"].startswith('Conv2d refuses padding="same" with a stride above 1')
    assert found["shown"]["refused"] == "PyTorch"
    assert not found["Keras"]["equal"]
    assert found["signal.correlate2d"]["way"] == "correlate2d has no stride: computed at stride 1, then every 2nd kept."
    assert found["signal.correlate2d"]["equal"]
    assert found["signal.correlate2d"]["call"].endswith('mode="same", boundary="fill")[::2, ::2]')


def test_what_is_worked_around_may_be_all_there_is() -> None:
    asked = Settings(border="symmetric", stride=2)
    shown = compare(np.arange(25.0).reshape(5, 5), np.ones((3, 3)), asked, "torch.conv2d")
    assert (shown.base.profile.key, shown.refused) == ("ndimage.correlate", "PyTorch")
    assert all(output.refusal for output in shown.outputs)
    wrap = compare(np.ones((5, 5)), np.ones((3, 3)), Settings(border="wrap", stride=2), "torch.conv2d")
    opencv = wrap.outputs[-1]
    assert opencv.values is None
    assert opencv.refusal == (
        "filter2D has no stride: keep some of its numbers, y[::2, ::2]. filter2D does not know BORDER_WRAP: pad first, "
        "with cv2.copyMakeBorder."
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"reference": "signal.convolve2d", "padding": "full", "border": "wrap"},
        {"what": "max", "stride": 2, "ceil_mode": True, "rows": 7, "columns": 5, "kernel_rows": 2, "padding": "valid"},
        {"what": "average", "count_include_pad": False, "border": "edge", "kernel_columns": 4},
        {"what": "max", "dilation": 2, "kernel_rows": 2, "kernel_columns": 2},
        {"window": "ramp", "kernel_rows": 7, "kernel_columns": 6, "rows": 16, "columns": 16},
        {"padding": "valid", "kernel_rows": 7, "kernel_columns": 7, "rows": 4, "columns": 4},
        {"window": "box", "origin_down": 1, "border": "symmetric", "dilation": 1},
        {"stride": 2, "dilation": 2},
        {"what": "max", "stride": 3, "dilation": 2, "kernel_rows": 2, "kernel_columns": 2},
    ],
)  # fmt: skip
def test_settings_in_the_link_show_the_core_s_numbers(open_page: Open, changed: dict[str, Any]) -> None:
    query = {name: {True: "1", False: "0"}.get(value, str(value)) if isinstance(value, bool) else str(value)
             for name, value in changed.items()}  # fmt: skip
    app = open_page(PAGE, **query)
    assert sentences(app) == ""
    shown = gallery(app)
    assert check(shown, changed) >= 1
    if "reference" in changed:
        assert shown["items"][shown["reference"]]["name"] == PROFILES[changed["reference"]].name


def test_numbers_of_one_s_own_and_the_pin_travel_in_the_link(open_page: Open) -> None:
    query = {"input": "own", "numbers": "1 2.5;-3 4;5 6", "window": "own", "weights": "1 -1", "pin": "2.1"}
    app = open_page(PAGE, **query, tab="Save and share")
    assert sentences(app) == ""
    shown = gallery(app)
    assert shown["input"] == [[1, 2.5], [-3, 4], [5, 6]]
    assert shown["kernel"] == [[1, -1]]
    assert (shown["place"], shown["pinned"]) == ([2, 1], True)
    link = app.code[0].value
    for part in ("input=own", "numbers=1+2.5%3B-3+4%3B5+6", "weights=1+-1", "pin=2.1"):
        assert part in link


def test_a_pin_that_no_output_has_is_taken_away_with_a_sentence(open_page: Open) -> None:
    app = open_page(PAGE, pin="99.0")
    assert "the pin at row 99, column 0 is not in it, and was taken away" in sentences(app)
    assert not gallery(app)["pinned"]
    assert sentences(app.run()) == ""  # said once


@pytest.mark.parametrize("garbage", ["", "💥", "NaN", "-1", "1e999", "9" * 400, "<script>alert(1)</script>", "%00"])
def test_garbage_in_all_parameters_is_survived(open_page: Open, garbage: str) -> None:
    app = open_page(PAGE, **dict.fromkeys([*DEFAULTS, "tab", "no_such_thing"], garbage))
    assert sentences(app) != ""
    assert gallery(app)["items"]


@pytest.mark.parametrize("name", [*DEFAULTS, "tab", "no_such_thing"])
def test_garbage_in_one_parameter_is_survived(open_page: Open, name: str) -> None:
    for garbage in ("0 1;2", "1.2.3"):
        app = open_page(PAGE, **{name: garbage})
        assert sentences(app) != "" or name in ("numbers", "weights")  # which are not read before one's own are wanted
        assert check(gallery(app), {}) == 8


def test_what_all_of_them_refuse_is_said_and_the_last_good_view_kept(open_page: Open) -> None:
    app = open_page(PAGE, what="max", stride="2")
    before = gallery(app)
    app.number_input(key="conventions.kernel_rows").set_value(7).run()
    assert sentences(app) == ""  # "same" always fits
    before = gallery(app)
    app.button_group(key="conventions.padding").set_value("valid").run()
    assert "All of them refuse this" in sentences(app)
    assert "7 × 3 cells, more than the input's 6 × 6" in sentences(app)
    assert gallery(app) == before
    app.number_input(key="conventions.kernel_rows").set_value(2).run()
    assert sentences(app) == ""


def test_typed_grids_that_cannot_be_used_are_named(open_page: Open) -> None:
    assert "at most 7 × 7 fit here" in sentences(open_page(PAGE, window="own", weights=" ".join("1" * 8)))
    assert "two" in sentences(open_page(PAGE, input="own", numbers="1 two 3"))


def test_another_operation_brings_its_own_libraries_and_a_reference_of_them(open_page: Open) -> None:
    app = open_page(PAGE, reference="signal.correlate2d")
    assert app.selectbox(key="conventions.reference").value == "signal.correlate2d"
    app.button_group(key="conventions.what").set_value("max").run()
    assert sentences(app) == ""
    assert app.selectbox(key="conventions.reference").value == "torch.max_pool2d"
    app.selectbox(key="conventions.reference").select("cv2.dilate").run()
    assert sentences(app) == ""
    assert gallery(app)["reference"] == 3
    app.button_group(key="conventions.what").set_value("convolution").run()
    assert sentences(app) == ""
    assert check(gallery(app), {}) == 8
    next(button for button in app.button if button.label == "Back to defaults").click().run()
    assert sentences(app) == ""
    assert check(gallery(app), {}) == 8


@pytest.mark.parametrize("tab", ["Conventions", "Border names", "Save and share"])
@pytest.mark.parametrize("what", ["convolution", "max", "average"])
def test_every_tab_opens_from_the_link(open_page: Open, tab: str, what: str) -> None:
    app = open_page(PAGE, tab=tab, what=what)
    assert sentences(app) == ""
    body = " ".join(block.body for block in app.get("html"))
    told = " ".join(caption.value for caption in app.main.caption)
    if tab == "Conventions":
        functions = [profile.function for profile in PROFILES.values() if profile.operation == what]
        assert re.findall(r'<th scope="row"><code>([\w.]+)</code>', body) == functions
        assert "CS231n call this dilation 0, and their 1 is everybody's 2" in told
    elif tab == "Border names":
        assert border_rows()[1][2][2:5] == ["`reflect`", "`symm`", "`BORDER_REFLECT`"]
        assert body.count("<code>BORDER_REFLECT</code>") == 1
    else:
        assert "tab=Save+and+share" in app.code[0].value
        assert "`input`" in told
        assert ("`kernel`" in told) == (what == "convolution")
        labels = ["Download the picture (PNG)", "Download the film (GIF)", "Download the numbers (.npz)"]
        assert [button.proto.label for button in app.get("download_button")] == labels


def test_the_patterns_of_the_border_rules_are_numpy_s() -> None:
    for name in BORDERS:
        line = np.pad(np.array([1, 2, 3, 4]), 3, mode=name)  # type: ignore[call-overload]
        letters = ["0abcd"[number] for number in line]
        pattern = " | ".join(" ".join(letters[part]) for part in (slice(3), slice(3, 7), slice(7, 10)))
        assert PATTERNS[name] == pattern
        assert RULES[name] == f"{name}: {pattern}"


def test_the_table_of_conventions_follows_the_profiles() -> None:
    rows = {key: convention_row(profile, means=profile.operation == "average") for key, profile in PROFILES.items()}
    assert rows["torch.conv2d"] == [
        "`torch.nn.Conv2d`", "no", "tap (k − 1) // 2: odd pixel after", "constant", "not with “same”", "yes",
    ]  # fmt: skip
    assert rows["keras.conv2d"][-2:] == ["yes", "not with stride"]
    assert rows["torch.avg_pool2d"][-2:] == ["if you ask", "as you choose"]
    assert rows["keras.average_pooling2d"][-1] == "the real cells"
    assert rows["cv2.dilate"][2] == "minus infinity"


FILED = [
    {},
    {"stride": 2, "dilation": 2, "reference": "keras.conv2d"},
    {"rows": 16, "columns": 16, "kernel_rows": 7, "padding": "full", "reference": "signal.convolve2d"},
    {"what": "max", "reference": "ndimage.maximum_filter", "border": "constant"},
    {"what": "max", "stride": 2, "input": "own", "numbers": "-5 -3;-8 1e5"},
    {"what": "average", "reference": "torch.avg_pool2d", "kernel_rows": 2, "stride": 3, "ceil_mode": True},
    {"what": "average", "reference": "cv2.blur"},
]


@pytest.mark.parametrize("changed", FILED)
def test_the_picture_and_the_film_of_the_gallery(changed: dict[str, Any]) -> None:
    values = {**DEFAULTS, **changed}
    image, asked = small_grid(values), core_settings(values)
    kernel = small_kernel(values) if asked.operation == "convolution" else np.ones((3, 3))
    shown = compare(image, kernel, asked, values["reference"])
    film = film_of(shown)
    assert film is not None
    np.testing.assert_allclose(output_numbers(film)[0], shown.base.values, rtol=1e-12)
    pictures = {}
    for dark, ground in ((False, (251, 250, 247)), (True, (17, 22, 25))):
        picture = Image.open(io.BytesIO(draw_gallery(shown, dark=dark)))
        picture.load()
        pictures[dark] = picture.convert("RGB")
        assert picture.format == "PNG"
        assert picture.width == 1936
        assert pictures[dark].getpixel((3, 3)) == ground
    assert pictures[False].size == pictures[True].size


def test_the_picture_has_the_colours_of_the_gallery() -> None:
    values = {
        **DEFAULTS,
        "input": "own",
        "numbers": "9 0;0 0",
        "padding": "valid",
        "kernel_rows": 1,
        "kernel_columns": 1,
    }
    shown = compare(small_grid(values), np.array([[-1.0]]), core_settings(values), "torch.conv2d")
    picture = np.array(Image.open(io.BytesIO(draw_gallery(shown, dark=False))).convert("RGB"))
    names = [output.profile.name for output in shown.outputs if output.values is not None]
    assert names == ["PyTorch", "Keras", "signal.correlate2d", "signal.convolve2d"]
    side = 60 - 2  # a cell but for its edge
    full = (picture == (33, 102, 172)).all(axis=2).sum()  # −9 is the largest magnitude: once in each, and the kernel
    assert 5 * side * side * 0.75 < full < 5 * side * side


def test_the_picture_has_the_differences_below_the_outputs() -> None:
    values = {**DEFAULTS, "input": "own", "numbers": "0 0 1;0 0 0;0 0 0", "padding": "valid", "kernel_columns": 2}
    shown = compare(small_grid(values), np.array([[9.0, 0.0]]), core_settings(values), "torch.conv2d")
    picture = np.array(Image.open(io.BytesIO(draw_gallery(shown, dark=False))).convert("RGB"))
    assert [output.profile.name for output in shown.outputs if output.gap is not None and output.gap.any()] == [
        "signal.convolve2d"
    ]
    full = (picture == (178, 24, 43)).all(axis=2)  # 9 is the largest: in the kernel, in convolve2d's output, and there
    side = 60 - 2
    assert 3 * side * side * 0.75 < full.sum() < 3 * side * side
    assert full[-len(full) // 3 :].sum() > 0.75 * side * side


def test_the_numbers_of_all_of_them_go_into_one_file(open_page: Open) -> None:
    numbers = {"input": np.ones((2, 2)), "keras.conv2d": np.array([[np.inf, 2]])}
    with np.load(io.BytesIO(as_npz(numbers)), allow_pickle=False) as filed:
        assert set(filed) == set(numbers)
        for name, expected in numbers.items():
            np.testing.assert_array_equal(filed[name], expected)


def test_a_bad_link_keeps_the_person_s_grid(open_page: Open) -> None:
    app = open_page(PAGE, what="max", rows="5", columns="4", kernel_rows="7", padding="valid", stride="2")
    assert "Until you change it, you see it with Window rows “3”." in sentences(app)
    assert check(gallery(app), {"what": "max", "rows": 5, "columns": 4, "padding": "valid", "stride": 2}) == 2


def test_only_cells_that_an_output_has_can_be_pinned() -> None:
    shown = compare(np.ones((3, 3)), np.ones((2, 2)), Settings(padding="valid"), "torch.conv2d")
    assert read_pin({"row": 1, "column": 0}, shown) == "1.0"
    assert read_pin({}, shown) == ""
    for message in ({"row": 2, "column": 0}, {"row": -1, "column": 0}, {"row": "1", "column": 0}, {"row": True}, [1, 1],
                    {"row": 0.5, "column": 0}, None, {"column": 1}):  # fmt: skip
        with pytest.raises(ValueError, match="No output has such a cell"):
            read_pin(message, shown)


def test_only_numbers_typed_into_a_grid_that_is_there_are_taken() -> None:
    shown = compare(np.ones((3, 4)), np.ones((2, 2)), Settings(), "torch.conv2d")
    edit = read_change({"where": "input", "row": 2, "column": 3, "text": "1/4"}, shown)
    assert (edit.where, edit.row, edit.column, edit.value) == ("input", 2, 3, 0.25)
    assert read_change({"where": "kernel", "row": 0, "column": 1, "text": "−2"}, shown).value == -2
    pooled = compare(np.ones((3, 4)), np.ones((2, 2)), Settings("max"), "torch.max_pool2d")
    for message, into in (
        ({"where": "input", "row": 3, "column": 0, "text": "1"}, shown),
        ({"where": "kernel", "row": 0, "column": 2, "text": "1"}, shown),
        ({"where": "kernel", "row": 0, "column": 0, "text": "1"}, pooled),
        ({"where": "output", "row": 0, "column": 0, "text": "1"}, shown),
        ({"where": "input", "row": 0, "column": 0, "text": "one"}, shown),
        ({"where": "input", "row": 0, "column": 0, "text": "inf"}, shown),
        ([], shown),
        (None, shown),
    ):
        with pytest.raises(ValueError, match=r"no number|no such cell|cannot be changed"):
            read_change(message, into)


def test_the_gallery_speaks_first_of_a_cell_that_differs() -> None:
    image = np.random.default_rng(3).integers(0, 9, (5, 5)).astype(float)
    kernel = np.zeros((3, 3))
    kernel[2, 2] = 1  # reads down and to the right: borders differ in the last row and column only
    kept = compare(image, kernel, Settings(border="constant"), "torch.conv2d")
    turned = [not output.equal for output in kept.outputs]
    assert turned == [False, False, False, False, True, False, True, False]
    same = compare(image, np.ones((3, 3)), Settings(border="constant"), "torch.conv2d")
    assert first_difference(same) == (0, 0)
    border = compare(image, kernel, Settings(), "torch.conv2d")
    row, column = first_difference(border)
    gaps = [output.gap for output in border.outputs if output.gap is not None]
    assert any(gap[row, column] for gap in gaps)
    assert gallery_data(border, None)["place"] == [row, column]
