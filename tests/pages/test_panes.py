"""Which part of a picture is shown, and which outputs belong to it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnncore.geometry import output_size, resolve_padding, window_extent
from pages.ui.panes import CLOSEST, Region, Windows, most_zoom, region

sizes = st.integers(1, 3000)


@given(rows=sizes, columns=sizes, level=st.integers(0, 15), at=st.tuples(st.floats(-9, 3100), st.floats(-9, 3100)))
def test_a_region_lies_in_the_picture_and_halves_with_each_level(rows, columns, level, at) -> None:  # type: ignore[no-untyped-def]
    seen = region((rows, columns), level, at)
    assert 0 <= seen.top <= seen.top + seen.height <= rows
    assert 0 <= seen.left <= seen.left + seen.width <= columns
    assert seen.height >= 1
    assert seen.width >= 1
    longest = max(rows, columns)
    if level == 0:
        assert (seen.height, seen.width) == (rows, columns)
    if level >= most_zoom((rows, columns)):
        assert max(seen.height, seen.width) <= max(CLOSEST, 6)
        assert seen.readable
    assert max(seen.height, seen.width) >= min(longest, -(-longest // 2**level))


@given(
    n=st.integers(8, 60),
    k=st.integers(1, 6),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid", "full"]),
    top=st.integers(0, 50),
    height=st.integers(1, 30),
)
def test_the_outputs_shown_are_those_centred_in_what_is_seen(n, k, stride, padding, top, height) -> None:  # type: ignore[no-untyped-def]
    begin, end = resolve_padding(n, k, stride=stride, padding=padding)
    out = output_size(n, k, stride=stride, padding=padding)
    extent = window_extent(k)
    windows = Windows((stride, 1), (begin, 0), (end, 0), (extent, 1), (1, 1), (k, 1))
    top = min(top, n - 1)
    seen = Region(top, 0, min(height, n - top), 1)
    shown = windows.output_region(seen, (out, 1))
    middles = [o * stride - begin + (extent - 1) // 2 for o in range(out)]
    inside = [o for o, middle in enumerate(middles) if seen.top <= middle < seen.top + seen.height]
    assert 0 <= shown.top <= shown.top + shown.height <= out
    if inside:
        assert (shown.top, shown.height) == (inside[0], len(inside))
    else:
        assert shown.height == 1


def test_at_stride_one_both_panes_show_as_many_pixels() -> None:
    for k in (1, 2, 3, 4, 5):
        begin, end = resolve_padding(100, k, padding="same")
        windows = Windows((1, 1), (begin, begin), (end, end), (k, k), (1, 1), (k, k))
        shown = windows.output_region(Region(40, 50, 9, 7), (100, 100))
        assert (shown.top, shown.left, shown.height, shown.width) == (40, 50, 9, 7)
