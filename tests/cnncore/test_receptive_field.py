"""Receptive fields, held against enumeration, against gradients, and against what papers print."""

from __future__ import annotations

from statistics import median_low
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnncore import ops
from cnncore.receptive_field import Layer, LayerField, Rectangle, fields, middle_units, pixels_seen
from cnncore.stack_text import STACKS, format_stack, parse_stack

SIDES = st.tuples(st.integers(0, 3), st.integers(0, 3))


@st.composite
def layers(draw: Any) -> Layer:
    def pair(least: int, most: int) -> Any:
        return draw(st.tuples(st.integers(least, most), st.integers(least, most)))

    return Layer(
        draw(st.sampled_from(["conv", "pool"])), pair(1, 4), pair(1, 3), pair(1, 3), draw(st.tuples(SIDES, SIDES))
    )


STACK = st.lists(layers(), min_size=1, max_size=4)
SHAPE = st.tuples(st.integers(4, 14), st.integers(4, 14))


def placed(shape: tuple[int, int], stack: list[Layer]) -> tuple[LayerField, ...]:
    """The fields of a stack, if it fits at all."""
    try:
        return fields(shape, stack)
    except ValueError:
        assume(False)
        raise


def traced(stack: list[Layer], unit: int, axis: int) -> set[int]:
    """Every position that the taps of all layers lead back to, padding included: enumerated, nothing calculated."""
    places = {unit}
    for layer in reversed(stack):
        places = {
            place * layer.stride[axis] + tap * layer.dilation[axis] - layer.pads[axis][0]
            for place in places
            for tap in range(layer.kernel[axis])
        }
    return places


def gradient(shape: tuple[int, int], stack: list[Layer], row: int, column: int) -> np.ndarray:
    """Which pixels have a gradient: a one is sent back from one unit through convolutions with weights of 1."""
    images = [np.ones((1, 1, *shape))]
    how = [{"stride": layer.stride, "dilation": layer.dilation, "padding": layer.pads} for layer in stack]
    ones = [np.ones((1, 1, *layer.kernel)) for layer in stack]
    for window, options in zip(ones, how, strict=True):
        images.append(ops.conv2d(images[-1], window, **options))
    upstream = np.zeros_like(images[-1])
    upstream[0, 0, row, column] = 1
    for image, window, options in zip(reversed(images[:-1]), reversed(ones), reversed(how), strict=True):
        upstream = ops.conv2d_backward(upstream, image, window, **options)[0]
    return np.asarray(upstream[0, 0] != 0)


@settings(max_examples=100, deadline=None)
@given(SHAPE, STACK, st.data())
def test_the_rectangle_is_the_hull_of_all_that_the_taps_lead_back_to(
    shape: tuple[int, int], stack: list[Layer], data: Any
) -> None:
    found = placed(shape, stack)
    row, column = (data.draw(st.integers(0, n - 1)) for n in found[-1].shape)
    rows, columns = traced(stack, row, 0), traced(stack, column, 1)
    assert found[-1].field(row, column) == Rectangle(min(rows), min(columns), max(rows), max(columns))
    assert found[-1].field(row, column).shape == found[-1].size


@settings(max_examples=100, deadline=None)
@given(SHAPE, STACK, st.data())
def test_the_pixels_seen_are_those_with_a_gradient(shape: tuple[int, int], stack: list[Layer], data: Any) -> None:
    found = placed(shape, stack)
    row, column = (data.draw(st.integers(0, n - 1)) for n in found[-1].shape)
    rows, columns = pixels_seen(shape, stack, row, column)
    expected = gradient(shape, stack, row, column)
    np.testing.assert_array_equal(np.outer(rows, columns), expected)
    inside = found[-1].field(row, column).clipped(shape)
    box = np.zeros(shape, bool)
    if inside is not None:
        box[inside.top : inside.bottom + 1, inside.left : inside.right + 1] = True
    assert not (expected & ~box).any()  # nothing is seen outside the field


@settings(max_examples=60, deadline=None)
@given(SHAPE, STACK)
def test_shapes_are_those_of_the_operations(shape: tuple[int, int], stack: list[Layer]) -> None:
    found = placed(shape, stack)
    image = np.ones((1, 1, *shape))
    for layer, each in zip(stack, found, strict=True):
        how = {"stride": layer.stride, "dilation": layer.dilation, "padding": layer.pads}
        image = ops.conv2d(image, np.ones((1, 1, *layer.kernel)), **how)
        assert image.shape[2:] == each.shape


@settings(max_examples=60, deadline=None)
@given(SHAPE, STACK)
def test_without_padding_and_gaps_the_field_is_what_is_seen(shape: tuple[int, int], stack: list[Layer]) -> None:
    dense = [Layer(each.kind, each.kernel, tuple(map(min, each.stride, each.kernel))) for each in stack]
    found = placed(shape, dense)
    row, column = found[-1].shape[0] - 1, 0
    rows, columns = pixels_seen(shape, dense, row, column)
    field = found[-1].field(row, column)
    assert (int(rows.sum()), int(columns.sum())) == field.shape
    assert field.clipped(shape) == field
    assert (int(np.argmax(rows)), int(np.argmax(columns))) == (field.top, field.left)


@settings(max_examples=60, deadline=None)
@given(SHAPE, STACK, st.data())
def test_the_middle_units_lie_within_what_the_unit_reads(shape: tuple[int, int], stack: list[Layer], data: Any) -> None:
    found = placed(shape, stack)
    row, column = (data.draw(st.integers(0, n - 1)) for n in found[-1].shape)
    chain = middle_units(shape, stack, row, column)
    assert len(chain) == len(stack)
    assert chain[-1] == (row, column)
    outer = found[-1].field(row, column)
    for at in range(len(stack) - 1, 0, -1):
        for axis in (0, 1):
            taps = traced(stack[at : at + 1], chain[at][axis], axis)
            middle = min(max(median_low(taps), 0), found[at - 1].shape[axis] - 1)
            assert chain[at - 1][axis] == middle
    if all(not any(map(any, layer.pads)) for layer in stack):  # then the fields lie in one another
        for each, unit in zip(found, chain, strict=True):
            inner_field = each.field(*unit)
            assert outer.top <= inner_field.top
            assert inner_field.bottom <= outer.bottom
            assert outer.left <= inner_field.left
            assert inner_field.right <= outer.right


@pytest.mark.parametrize(
    ("text", "shape", "size", "jump", "start"),
    [
        # Araujo, Norris & Sim's table: field, effective stride and effective padding of two whole networks
        ("c11s4 p3s2 c5p2 p3s2 c3p1 c3p1 c3p1 p3s2", (231, 231), 195, 32, -64),
        (STACKS["vgg16"].text, (224, 224), 212, 32, -90),
        # Yu & Koltun's table of their context module
        ("c3p1 c3p1 c3d2p2 c3d4p4 c3d8p8 c3d16p16 c3p1", (67, 67), 67, 1, -33),
        ("c5 p2s2 c5 p2s2 c5", (32, 32), 32, 4, 0),
    ],
)
def test_what_papers_print(text: str, shape: tuple[int, int], size: int, jump: int, start: int) -> None:
    last = fields(shape, parse_stack(text))[-1]
    assert (last.size, last.jump, last.start) == ((size, size), (jump, jump), (start, start))
    assert last.centre == (start + (size - 1) / 2,) * 2


def test_alexnets_maps_have_the_sizes_that_are_taught() -> None:
    found = fields((224, 224), STACKS["alexnet"].layers)
    assert [each.shape[0] for each in found] == [55, 27, 27, 13, 13, 13, 13, 6]


def test_a_unit_that_reads_only_padding_sees_nothing() -> None:
    stack = [Layer("conv", 3), Layer("conv", 1, padding=2)]
    rows, columns = pixels_seen((6, 6), stack, 0, 3)
    assert not rows.any()
    assert not columns.any()
    assert Rectangle(-5, 0, -1, 4).clipped((6, 6)) is None


def test_no_layer_at_all_is_the_picture_itself() -> None:
    assert fields((5, 5), []) == ()
    assert middle_units((5, 5), [], 2, 2) == ()
    assert [int(np.flatnonzero(mask)[0]) for mask in pixels_seen((5, 5), [], 2, 3)] == [2, 3]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Layer("dense"), "`kind`"),
        (lambda: Layer("conv", 0), "`kernel`"),
        (lambda: Layer("conv", 3, stride=0), "`stride`"),
        (lambda: Layer("conv", 3, dilation=1.5), "`dilation`"),
        (lambda: Layer("conv", 3, padding=-1), "`padding`"),
        (lambda: Layer("conv", 3, padding="same"), "numbers"),
        (lambda: Layer("conv", 3, padding=(1, 2, 3)), r"\(\(top, bottom\), \(left, right\)\)"),
        (lambda: fields((4, 9), [Layer(), Layer("pool", 3, 3)]), r"layer 2 \(pool 3 × 3\).* 3 rows.*only 2 \(2 \+ 0"),
        (lambda: fields((9, 4), [Layer("conv", 3, dilation=2)]), "5 columns.*only 4"),
        (lambda: fields(7, []), "`shape`"),
        (lambda: fields((5, 5), [Layer()])[0].field(3, 0), "3 x 3 units"),
        (lambda: pixels_seen((5, 5), [Layer()], 0, -1), "`column`"),
    ],
)
def test_what_is_wrong_is_said_with_the_numbers(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


# The text of a stack -------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.lists(layers(), max_size=6))
def test_what_is_written_is_read_back(stack: list[Layer]) -> None:
    assert list(parse_stack(format_stack(stack))) == stack


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("", []),
        ("c3s1p1 p2s2", [Layer("conv", 3, 1, 1, 1), Layer("pool", 2, 2)]),
        (" C3P1;\n p3 ", [Layer("conv", 3, padding=1), Layer("pool", 3, 3)]),
        ("c3×1p1x0d2s2", [Layer("conv", (3, 1), 2, 2, (1, 0))]),
        ("p3x2", [Layer("pool", (3, 2), (3, 2))]),
        ("c3s2p0-1", [Layer("conv", 3, 2, padding=((0, 1), (0, 1)))]),
        ("c3p1-2x0", [Layer("conv", 3, padding=((1, 2), (0, 0)))]),
    ],
)
def test_many_ways_to_write_a_stack(text: str, stack: list[Layer]) -> None:
    assert list(parse_stack(text)) == stack


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c", "“c”"),
        ("c3 x", "layer 2, “x”"),
        ("c3s", "“c3s”"),
        ("c0", "of 0"),
        ("c3s0", "of 0"),
        ("p2s2d0", "of 0"),
        ("c3s1s2", "two numbers for its stride"),
        ("c3s-1", "“c3s-1”"),
        ("c1000", "above 999"),
        ("c3p" + "9" * 400, "is none"),
        ("c3.5", "“c3.5”"),
        ("p2 " * 41, "up to 40 layers, not 41"),
        ("<script>", "“<script>”"),
    ],
)
def test_what_is_no_stack_is_quoted(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_stack(text)


def test_the_named_stacks_fit_the_pictures_they_were_made_for() -> None:
    for name, stack in STACKS.items():
        assert fields((28, 28) if name == "lenet" else (224, 224), stack.layers), name
        assert stack.source
        assert parse_stack(stack.text) == stack.layers
        assert format_stack(stack.layers) == stack.text
