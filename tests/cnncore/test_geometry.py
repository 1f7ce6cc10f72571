"""Output sizes and padding, against windows slid by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.geometry import as_int, as_pair, output_size, resolve_padding, resolve_padding_2d, window_extent
from tests.cnncore.oracles import count_windows

sizes = st.integers(1, 30)
small = st.integers(1, 5)


@given(
    n=sizes, k=small, stride=small, dilation=small, pads=st.tuples(*[st.integers(0, 6)] * 2), ceil_mode=st.booleans()
)
@settings(max_examples=400, deadline=None)
def test_output_size_counts_the_windows_that_fit(n, k, stride, dilation, pads, ceil_mode) -> None:
    extent = window_extent(k, dilation)
    pads = min(pads[0], extent - 1), min(pads[1], extent - 1)
    expected = count_windows(n, k, stride, pads, dilation, ceil_mode)
    arguments = {"stride": stride, "padding": pads, "dilation": dilation, "ceil_mode": ceil_mode}
    if expected:
        assert output_size(n, k, **arguments) == expected
    else:
        with pytest.raises(ValueError, match=r"padded input has only"):
            output_size(n, k, **arguments)


@given(n=sizes, k=small, stride=small, dilation=small)
@settings(max_examples=300, deadline=None)
def test_same_is_the_least_padding_for_a_window_at_every_stride(n, k, stride, dilation) -> None:
    wanted = -(-n // stride)
    begin, end = resolve_padding(n, k, stride=stride, dilation=dilation, padding="same")
    assert end - begin in (0, 1)
    assert resolve_padding(n, k, stride=stride, dilation=dilation, padding="same_lower") == (end, begin)
    for ceil_mode in (False, True):  # which "same" leaves as it is
        for name in ("same", "same_lower"):
            assert output_size(n, k, stride=stride, dilation=dilation, padding=name, ceil_mode=ceil_mode) == wanted
    if begin + end:
        assert count_windows(n, k, stride, (0, begin + end - 1), dilation) < wanted
    assert max(begin, end) < window_extent(k, dilation)


@given(n=sizes, k=small, dilation=small)
@settings(deadline=None)
def test_full_is_every_window_that_touches_the_input(n, k, dilation) -> None:
    extent = window_extent(k, dilation)
    starts = [start for start in range(-2 * extent, n + extent) if start < n and start + extent > 0]
    assert output_size(n, k, dilation=dilation, padding="full") == len(starts)
    assert resolve_padding(n, k, dilation=dilation, padding="full") == (extent - 1, extent - 1)


def test_valid_pads_nothing() -> None:
    assert resolve_padding(5, 3, padding="valid") == (0, 0)


@pytest.mark.parametrize(
    ("n", "k", "stride", "size"),
    [(6, 3, 1, 4), (5, 3, 2, 2), (6, 3, 2, 2), (7, 2, 3, 2), (28, 2, 2, 14), (1, 1, 9, 1)],
)
def test_sizes_known_by_heart(n: int, k: int, stride: int, size: int) -> None:
    assert output_size(n, k, stride=stride) == size


def test_ceil_mode_keeps_a_single_overhanging_window() -> None:
    """PyTorch and ONNX: ceil((2 - 3) / 2) + 1 = 1 window of 3 over 2 pixels."""
    assert output_size(2, 3, stride=2, ceil_mode=True) == 1
    with pytest.raises(ValueError, match="the window spans 3 pixels"):
        output_size(2, 3, stride=1, ceil_mode=True)


def test_ceil_mode_drops_a_window_that_starts_in_the_padding_after() -> None:
    assert output_size(3, 1, stride=3, padding=0, ceil_mode=True) == 1
    assert output_size(4, 2, stride=4, padding=(0, 1), ceil_mode=True) == 1
    assert output_size(5, 2, stride=4, padding=(0, 1), ceil_mode=True) == 2


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        (2, ((2, 2), (2, 2))),
        (np.int64(2), ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        ([1, 2], ((1, 1), (2, 2))),
        (np.array([1, 2]), ((1, 1), (2, 2))),
        (((1, 2), (3, 4)), ((1, 2), (3, 4))),
        (np.array([[1, 2], [3, 4]]), ((1, 2), (3, 4))),
        ((1, (3, 4)), ((1, 1), (3, 4))),
        ("full", ((2, 2), (4, 4))),
        ("same", ((1, 1), (2, 2))),
    ],
)
def test_every_way_of_saying_padding(padding, expected) -> None:
    resolved = resolve_padding_2d((7, 9), (3, 5), padding=padding)
    assert resolved == expected
    assert all(type(pixels) is int for side in resolved for pixels in side)


@pytest.mark.parametrize("value", [3, np.int8(3), np.array(3), (3, 3), [3, 3], np.array([3, 3])])
def test_pairs(value) -> None:
    assert as_pair(value, "stride") == (3, 3)


@pytest.mark.parametrize("value", [True, np.True_, 1.0, "1", None, 2.5, np.float32(2), np.array([1])])
def test_what_is_no_whole_number_is_named(value) -> None:
    with pytest.raises(ValueError, match=r"`stride` \(=.*\) must be a whole number"):
        as_int(value, "stride", least=1)
    with pytest.raises(ValueError, match=r"`stride` \(="):
        as_pair(value, "stride")


@pytest.mark.parametrize("value", [(1, 2, 3), (1,), (), "12", (1, 0), (1, 1.5), (1, "2"), {}, b"12"])
def test_what_is_no_pair_is_named(value) -> None:
    with pytest.raises(ValueError, match=r"`dilation` \(="):
        as_pair(value, "dilation")


@pytest.mark.parametrize(
    ("padding", "words"),
    [
        ("sama", "`padding` (='sama') must be a number of pixels or one of 'valid', 'same', 'same_lower', 'full'"),
        (-1, "`padding` (=-1) must be at least 0"),
        (((0, -1), (0, 0)), "`padding` (=-1) must be at least 0"),
        (("same", "same"), "must hold numbers of pixels; a name stands alone"),
        ((1, 2, 3), "`padding` (=(1, 2, 3)) must be a number of pixels"),
        (1.5, "`padding` (=1.5) must be a number of pixels"),
        (None, "`padding` (=None)"),
        (((1, 2, 3), 1), "`padding` (=(1, 2, 3))"),
    ],
)
def test_bad_padding_is_named(padding, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        resolve_padding_2d((7, 7), (3, 3), padding=padding)


@pytest.mark.parametrize("name", ["n", "k", "stride", "dilation"])
def test_every_number_is_checked(name: str) -> None:
    arguments = {"n": 5, "k": 3, "stride": 1, "dilation": 1, name: 0}
    with pytest.raises(ValueError, match=rf"`{name}` \(=0\) must be at least 1"):
        output_size(arguments.pop("n"), arguments.pop("k"), **arguments)


def test_a_window_too_large_is_told_with_its_numbers() -> None:
    with pytest.raises(ValueError, match=r"spans 5 pixels .*only 4 \(2 \+ 1 \+ 1 of padding\)"):
        output_size(2, 3, dilation=2, padding=1)
