"""The explorer's data: every number is the core's, and the taps say truthfully how it came about."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from streamlit.testing.v1 import AppTest

from cnncore import ops
from cnncore.filtering import filter2d
from pages.ui.explorer import (
    WORKED_INPUT,
    WORKED_KERNEL,
    annotate,
    convolution,
    cross_channel_pooling,
    global_pooling,
    pixels,
    pooling,
    read_edit,
    read_pin,
    transposed_convolution,
    worked_example,
)

RNG = np.random.default_rng(3)
IMAGE, FILTER = RNG.normal(size=(3, 7, 6)), RNG.normal(size=(3, 3, 2))
PADDINGS = ["valid", "same", "same_lower", "full", 1, ((0, 2), (1, 0))]


def remade(data: dict[str, Any]) -> np.ndarray:
    """Make every output again from what the browser gets, as slowly as possible."""
    source, taps = data["input"], data["taps"]
    top, bottom, left, right = source["pad"]
    rows, columns = len(source["planes"][0]), len(source["planes"][0][0])

    def is_real(row: int, column: int) -> bool:
        below, beside = source["over"]
        return top <= row < rows - bottom - below and left <= column < columns - right - beside

    maps = []
    for plane, pairs in enumerate(data["sources"]):
        found = np.zeros((len(taps["rows"]), len(taps["columns"])))
        for r, c in np.ndindex(found.shape):
            numbers = []
            for read, weights in pairs:
                for row, tap_row in taps["rows"][r]:
                    for column, tap_column in taps["columns"][c]:
                        value = source["planes"][read][row][column]
                        if data["reduce"] == "sum":
                            numbers.append(value * data["kernel"]["planes"][weights][tap_row][tap_column])
                        elif is_real(row, column) or (data["count_pad"] and value is not None):
                            numbers.append(value)
            if data["reduce"] == "max":
                found[r, c] = max(numbers)
                read, row, column = data["output"]["winners"][plane][r][c]
                assert source["planes"][read][row][column] == found[r, c]
            elif data["reduce"] == "mean":
                found[r, c] = sum(numbers) / len(numbers)
                assert data["output"]["divisors"][plane][r][c] == len(numbers)
            else:
                found[r, c] = sum(numbers) + (data["bias"][plane] if data["bias"] else 0.0)
        maps.append(found)
    return np.array(maps)


def check(data: dict[str, Any], expected: np.ndarray) -> None:
    """The browser can read it, it holds the core's numbers, and they can be made again from its parts."""
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    np.testing.assert_array_equal(np.array(data["output"]["planes"]), expected)
    np.testing.assert_allclose(remade(data), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), ((2, 3), 1), (1, (2, 3)), (3, 2)])
def test_a_filter_over_three_channels(padding: Any, stride: Any, dilation: Any) -> None:
    data = convolution(IMAGE, FILTER, bias=0.5, stride=stride, padding=padding, dilation=dilation)
    expected = ops.conv2d(IMAGE[None], FILTER[None], [0.5], stride=stride, padding=padding, dilation=dilation)[0]
    check(data, expected)
    partials = np.array(data["output"]["partials"][0])
    np.testing.assert_allclose(partials.sum(axis=0) + 0.5, expected[0], rtol=1e-12, atol=1e-12)
    alone = ops.conv2d(IMAGE[None, 1:2], FILTER[None, 1:2], stride=stride, padding=padding, dilation=dilation)[0, 0]
    np.testing.assert_allclose(partials[1], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("border", "mode"), [("symmetric", "reflect"), ("reflect", "mirror"), ("edge", "nearest"), ("wrap", "wrap")]
)
def test_true_convolution_with_a_border_rule(border: str, mode: str) -> None:
    kernel = RNG.normal(size=(5, 3))
    data = convolution(IMAGE[0], kernel, padding="same", border=border, flip=True)
    assert data["sign"] == "∗"
    assert data["input"]["pad"] == [2, 2, 1, 1]
    np.testing.assert_allclose(np.array(data["output"]["planes"][0]), ndimage.convolve(IMAGE[0], kernel, mode=mode))
    np.testing.assert_allclose(remade(data)[0], data["output"]["planes"][0], atol=1e-12)


def test_a_constant_border_holds_its_number() -> None:
    data = convolution(IMAGE[0], FILTER[0], padding=1, value=7.0)
    assert data["sign"] == "★"
    assert data["input"]["planes"][0][0] == [7.0] * 8
    padded = np.pad(IMAGE[0], 1, constant_values=7.0)
    check(data, ops.conv2d(padded[None, None], FILTER[None, :1])[0])


def test_depthwise() -> None:
    data = convolution(IMAGE, FILTER, depthwise=True, bias=-1.0, padding="same")
    assert data["sources"] == [[[0, 0]], [[1, 1]], [[2, 2]]]
    check(data, ops.conv2d(IMAGE[None], FILTER[:, None], np.full(3, -1.0), padding="same", groups=3)[0])


@pytest.mark.parametrize(
    "settings", [{}, {"stride": 2, "padding": 1, "output_padding": 1}, {"stride": 3, "dilation": 2}]
)
def test_transposed_convolution(settings: dict[str, Any]) -> None:
    data = transposed_convolution(IMAGE, FILTER, bias=0.25, **settings)
    check(data, ops.conv_transpose2d(IMAGE[None], FILTER[:, None], [0.25], **settings)[0])


def test_the_arithmetic_guides_strided_figure() -> None:
    image = [[int(digit) for digit in row] for row in ("22333", "01303", "23013", "33212", "33023")]
    data = convolution(image, [[2, 0, 1], [1, 0, 0], [0, 1, 1]], stride=2, padding=1)
    assert data["output"]["planes"] == [[[1, 5, 6], [7, 8, 3], [3, 10, 4]]]


POOLS = [
    {"size": 2},
    {"size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
    {"size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"size": 2, "stride": 3, "ceil_mode": True},
    {"size": 2, "dilation": 3, "stride": 1},
    {"size": 3, "stride": 2, "padding": "same"},
]


@pytest.mark.parametrize("settings", POOLS)
def test_max_pool(settings: dict[str, Any]) -> None:
    image = np.round(IMAGE, 1)  # with equals
    data = pooling(image, **settings)
    expected = ops.max_pool2d(image[None], **settings)
    check(data, expected[0])
    upstream = RNG.normal(size=expected.shape)
    gradient = np.zeros_like(image)
    top, left = data["input"]["pad"][0], data["input"]["pad"][2]
    for (plane, r, c), value in np.ndenumerate(upstream[0]):
        _, row, column = data["output"]["winners"][plane][r][c]
        gradient[plane, row - top, column - left] += value
    np.testing.assert_allclose(gradient, ops.max_pool2d_backward(upstream, image[None], **settings)[0], atol=1e-12)


@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("settings", POOLS)
def test_average_pool(settings: dict[str, Any], count_include_pad: bool) -> None:
    data = pooling(IMAGE, kind="average", count_include_pad=count_include_pad, **settings)
    check(data, ops.avg_pool2d(IMAGE[None], count_include_pad=count_include_pad, **settings)[0])


def test_an_overhanging_average_counts_what_is_there() -> None:
    data = pooling(np.arange(49.0).reshape(7, 7), 2, kind="average", stride=3, ceil_mode=True)
    assert data["output"]["planes"][0][2][2] == 48.0
    assert data["output"]["divisors"][0][2] == [2, 2, 1]
    assert data["input"]["over"] == [1, 1]
    assert data["input"]["planes"][0][7] == [None] * 8


@pytest.mark.parametrize("kind", ["max", "average"])
def test_global_and_cross_channel_pooling(kind: str) -> None:
    pool = ops.global_max_pool2d if kind == "max" else ops.global_avg_pool2d
    check(global_pooling(IMAGE, kind=kind), pool(IMAGE[None])[0][:, None, None])
    across = ops.cross_channel_max_pool if kind == "max" else ops.cross_channel_avg_pool
    check(cross_channel_pooling(IMAGE, kind=kind), across(IMAGE[None])[0])


def test_what_json_cannot_carry_goes_by_its_name() -> None:
    data = convolution([[np.nan, 1.0], [np.inf, -np.inf]], [[1.0]])
    assert data["output"]["planes"] == [[["NaN", 1.0], ["∞", "−∞"]]]
    assert data["output"]["scale"]["bound"] == 1.0
    padded = pooling([[np.nan, 2.0], [1.0, np.nan]], 2, padding=1)
    assert padded["input"]["planes"][0][0] == ["−∞"] * 4
    assert pooling([[np.nan, 2.0], [1.0, np.nan]], 2)["output"]["winners"] == [[[[0, 1, 1]]]]
    json.dumps([data, padded], allow_nan=False)


def test_the_worked_example() -> None:
    data = worked_example()
    patch = [[0.4, 0.2, 1.0], [0.7, 0.1, 0.2], [0.7, 0.3, 1.0]]
    assert [row[:3] for row in data["input"]["planes"][0][:3]] == patch
    assert data["kernel"]["planes"] == [[[1, 0, 1], [0, 2, 0], [1, 0, 1]]]
    output = np.array(data["output"]["planes"][0])
    assert output.shape == (4, 4)
    assert math.isclose(output[0, 0], 3.3, abs_tol=1e-12)
    np.testing.assert_array_equal(output, ops.conv2d(WORKED_INPUT[None, None], WORKED_KERNEL[None, None])[0, 0])
    np.testing.assert_allclose(output, filter2d(WORKED_INPUT, WORKED_KERNEL, padding="valid"), atol=1e-12)
    np.testing.assert_allclose(output, output.round(1), atol=1e-12)  # one decimal says every number exactly
    assert WORKED_INPUT.shape == (6, 6)
    assert (WORKED_INPUT.round(1) == WORKED_INPUT).all()
    assert WORKED_INPUT.min() >= 0
    assert WORKED_INPUT.max() <= 1
    assert len(np.unique(output.round(1))) >= 10
    assert data["play"] == {"autoplay": True, "step": None}


def test_a_pages_words() -> None:
    data = annotate(
        convolution(IMAGE[0], FILTER[0], padding=((1, 0), (0, 2))),
        input={"title": "Text", "column_labels": list("abcdef"), "scale": pixels(0, 255)},
        pinned=[0, 1, 2],
        editable=["kernel"],
        step=3,
    )
    assert data["input"]["column_labels"] == [*"abcdef", "", ""]
    assert data["input"]["scale"] == {"kind": "pixels", "low": 0.0, "high": 255.0}
    assert data["pinned"] == [0, 1, 2]
    assert data["editable"] == {"input": False, "kernel": True}
    assert data["play"] == {"autoplay": False, "step": 3}
    assert annotate(data, pinned=[0, 99, 0])["pinned"] is None
    assert annotate(data, player=False)["play"] is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: convolution(IMAGE, FILTER[:2]), "3 channels"),
        (lambda: convolution(IMAGE[0], np.ones((9, 9))), "window"),
        (lambda: convolution(IMAGE[0], FILTER[0], padding=1, border="mirror"), "`border`"),
        (lambda: convolution([1.0, 2.0], FILTER[0]), "`image`"),
        (lambda: convolution(np.zeros((150, 150)), [[1.0]]), "at most 20,000"),
        (lambda: transposed_convolution(IMAGE, FILTER[:1]), "3 channels"),
        (lambda: pooling(IMAGE, 2, kind="median"), "`kind`"),
        (lambda: pooling(IMAGE, 2, padding=3), "padding"),
        (lambda: annotate(worked_example(), input={"colour": "red"}), "colour"),
        (lambda: annotate(worked_example(), input={"row_labels": ["a"]}), "6 labels"),
        (lambda: annotate(worked_example(), editable=["output"]), "`editable`"),
    ],
)
def test_what_cannot_be_shown_says_why(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_what_the_browser_sends_is_checked() -> None:
    data = annotate(convolution(IMAGE[0], FILTER[0], padding=1), editable=["input", "kernel"])
    assert read_pin([0, 2, 1], data) == (0, 2, 1)
    assert read_pin([], data) is None
    for bad in ([0, 0], [0, 99, 0], [0, -1, 0], [0, 1.5, 0], [True, 0, 0], "0", {"row": 1}):
        with pytest.raises(ValueError, match="no such cell"):
            read_pin(bad, data)
    good = {"where": "input", "channel": 0, "row": 6, "column": 5, "text": " −1/4 "}
    assert read_edit(good, data).value == -0.25
    for change, words in [
        ({"where": "output"}, "cannot be changed"),
        ({"row": 7}, "no such cell"),
        ({"column": -1}, "no such cell"),
        ({"channel": 1}, "no such cell"),
        ({"row": True}, "no such cell"),
        ({"text": "abc"}, "“abc” is no number"),
        ({"text": "1 2"}, "is no number"),
        ({"text": "nan"}, "is no number"),
        ({"text": ""}, "is no number"),
        ({"text": "1e99"}, "is no number"),
    ]:
        with pytest.raises(ValueError, match=words):
            read_edit({**good, **change}, data)
    with pytest.raises(ValueError, match="cannot be changed"):
        read_edit(good, annotate(data, editable=["kernel"]))
    with pytest.raises(ValueError, match="cannot be changed"):
        read_edit("nonsense", data)


def test_the_component_gets_the_data() -> None:
    def script() -> None:
        from pages.ui.explorer import explorer, worked_example

        explorer(worked_example(pinned=(0, 3, 3)), key="example")

    app = AppTest.from_function(script).run()
    assert not app.exception
    sent = json.loads(app.get("bidi_component")[0].proto.json)
    assert sent == worked_example(pinned=(0, 3, 3))
    assert sent["pinned"] == [0, 3, 3]
