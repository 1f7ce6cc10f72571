"""Block means, levels, palettes and PNGs against plain formulae."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnncore.display import TONE_MODES, display_step, png, shrink, signed_palette, tone
from cnncore.images import decode

RNG = np.random.default_rng(5)
BLUE, PAPER, RED = (33, 102, 172), (251, 250, 247), (178, 24, 43)


# Block means ------------------------------------------------------------------------------------------------------


def plain_blocks(values: np.ndarray, step: int) -> np.ndarray:
    rows = range(0, values.shape[0], step)
    columns = range(0, values.shape[1], step)
    exact = values.astype(np.float64)
    return np.array([[exact[i : i + step, j : j + step].mean(axis=(0, 1)) for j in columns] for i in rows])


@settings(deadline=None, max_examples=80)
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)) | st.tuples(*[st.integers(1, 12)] * 2, st.integers(1, 4)),
    step=st.integers(1, 25),
    dtype=st.sampled_from([np.uint8, np.int16, np.int64, np.bool_, np.float16, np.float32, np.float64]),
    turned=st.booleans(),
)
def test_blocks_are_means_also_at_the_borders(shape, step, dtype, turned):
    values = (np.random.default_rng(step).normal(0, 40, shape) + 100).astype(dtype)
    values = values.swapaxes(0, 1)[::-1] if turned else values
    got = shrink(values, step)
    assert got.dtype == (np.float64 if dtype in (np.int64, np.float64) else np.float32)
    np.testing.assert_allclose(got, plain_blocks(values, step), rtol=1e-5, atol=1e-5)


def test_large_bytes_do_not_overflow():
    assert (shrink(np.full((600, 600), 255, np.uint8), 300) == 255).all()
    assert (shrink(np.full((600, 600, 3), 65535, np.uint16), 200) == 65535).all()


def test_what_is_not_finite_stays_in_its_block():
    values = np.ones((5, 5))
    values[0, 0], values[0, 4], values[4, 4], values[2, 2], values[3, 2] = np.nan, np.inf, -np.inf, np.inf, -np.inf
    got = shrink(values, 2)
    wanted = np.array([[np.nan, 1, np.inf], [1, np.nan, 1], [1, 1, -np.inf]])
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(
    ("values", "step"),
    [(np.zeros(5), 2), (np.zeros((0, 4)), 2), (np.zeros((1, 2, 3, 4)), 2), (np.zeros((2, 2), complex), 1),
     (np.zeros((2, 2)), 0), (np.zeros((2, 2)), 1.5)],
)  # fmt: skip
def test_shrink_refuses(values, step):
    with pytest.raises(ValueError, match=r"`(values|step)`"):
        shrink(values, step)


@given(height=st.integers(1, 9000), width=st.integers(1, 9000), longest=st.integers(1, 4000))
def test_the_step_is_the_smallest_that_fits(height, width, longest):
    step = display_step((height, width), longest)
    assert -(-max(height, width) // step) <= longest
    assert step == 1 or -(-max(height, width) // (step - 1)) > longest


@pytest.mark.parametrize(("shape", "longest"), [((5,), 5), ((0, 5), 5), ((5, 5), 0), ((5.5, 5), 5)])
def test_display_step_refuses(shape, longest):
    with pytest.raises(ValueError, match=r"`(shape|longest)`"):
        display_step(shape, longest)


# Levels -----------------------------------------------------------------------------------------------------------

MAP = RNG.normal(3, 40, (23, 31)).astype(np.float32)


def test_signed_levels_keep_sign_size_and_zero():
    values = np.array([-8, -4, -0.01, 0, 0.01, 1, 4], np.float32)
    levels, low, high = tone(values, "signed")
    assert levels.tolist() == [1, 64, 128, 128, 128, 144, 192]
    assert (low, high) == (-8, 8)
    levels, low, high = tone(MAP, "signed")
    bound = np.abs(MAP).max()
    assert (low, high) == (-bound, bound)
    np.testing.assert_array_equal(levels, 128 + np.rint(127 * (MAP.astype(float) / bound)))
    np.testing.assert_array_equal(256 - tone(-MAP, "signed")[0].astype(int), levels)


def test_signed_maps_can_share_a_bound():
    levels, low, high = tone([-20.0, -5.0, 5.0, 10.0], "signed", low=-5, high=10)
    assert levels.tolist() == [1, 64, 192, 255]
    assert (low, high) == (-10, 10)
    assert tone([1.0], "signed", high=2)[0].tolist() == [192]


def test_clipped_levels_are_the_rounded_values():
    values = np.array([-1e30, -0.6, 0, 0.4, 0.6, 100, 254.4, 254.6, 256, 1e30])
    assert tone(values, "clipped") == (pytest.approx([0, 0, 0, 0, 1, 100, 254, 255, 255, 255]), 0, 255)
    bytes_ = np.arange(256, dtype=np.uint8)
    assert (tone(bytes_, "clipped")[0] == bytes_).all()


def test_minmax_levels_reach_both_ends():
    levels, low, high = tone(MAP, "minmax")
    assert (low, high) == (MAP.min(), MAP.max())
    assert (levels.min(), levels.max()) == (0, 255)
    exact = (MAP.astype(float) - MAP.min()) / (float(MAP.max()) - MAP.min()) * 255
    assert np.abs(levels - exact).max() <= 0.5 + 1e-4
    assert tone(MAP, "minmax", low=-1000, high=1000)[0].max() < 160  # a shared scale
    assert tone([1.0, 2.0], "minmax", low=5) == (pytest.approx([0, 0]), 5, 5)
    assert tone([1.0, 2.0], "minmax", high=0) == (pytest.approx([255, 255]), 0, 0)


def test_range_levels_count_in_256_bins_as_matplotlib_does():
    low, high = -20.0, 47.0
    levels, *ends = tone(MAP.astype(float), "range", low=low, high=high)
    share = (MAP.astype(float) - low) / (high - low)
    wanted = np.clip(np.floor(share * 256), 0, 255)
    assert ends == [low, high]
    np.testing.assert_array_equal(levels, wanted)
    whole = np.arange(256, dtype=np.uint8)
    assert (tone(whole, "range", low=0, high=255)[0] == whole).all()
    assert tone([4.9, 5, 5.1], "range", low=5, high=5)[0].tolist() == [0, 0, 255]


def test_a_constant_map_has_a_level_in_every_mode():
    assert (tone(np.zeros((2, 2)), "signed")[0] == 128).all()
    assert (tone(np.full((2, 2), -7.0), "signed")[0] == 1).all()
    assert tone(np.full((2, 2), 7), "minmax") == (pytest.approx(np.full((2, 2), 128)), 7, 7)


ODD = np.array([np.nan, np.inf, -np.inf, -2, 0, 1, 4], np.float32)


@pytest.mark.parametrize(
    ("mode", "options", "wanted", "ends"),
    [
        ("signed", {}, [128, 255, 1, 64, 128, 160, 255], (-4, 4)),
        ("clipped", {}, [0, 255, 0, 0, 0, 1, 4], (0, 255)),
        ("minmax", {}, [0, 255, 0, 0, 85, 128, 255], (-2, 4)),
        ("range", {"low": 0, "high": 4}, [0, 255, 0, 0, 0, 64, 255], (0, 4)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_has_a_level(mode, options, wanted, ends, dtype):
    levels, low, high = tone(ODD.astype(dtype), mode, **options)
    assert levels.tolist() == wanted
    assert (low, high) == ends


@pytest.mark.parametrize("mode", TONE_MODES)
def test_maps_without_a_finite_value(mode):
    options = {"low": 0, "high": 0} if mode == "range" else {}
    levels, low, high = tone(np.array([np.nan, np.inf, -np.inf]), mode, **options)
    assert levels.tolist() == [128 if mode == "signed" else 0, 255, 1 if mode == "signed" else 0]
    assert (low, high) == ((0, 255) if mode == "clipped" else (0, 0))


@pytest.mark.parametrize("mode", TONE_MODES)
@given(
    values=hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.uint8]),
        hnp.array_shapes(max_dims=3, max_side=4),
    )
)
@settings(deadline=None, max_examples=60)
def test_any_array_has_levels_in_order(mode, values):
    # Also the smallest and the largest numbers there are; a warning would be an error here.
    levels, low, high = tone(values, mode, **({"low": -1.5, "high": 2.5} if mode == "range" else {}))
    assert levels.dtype == np.uint8
    assert levels.shape == values.shape
    assert low <= high
    order = np.argsort(values[np.isfinite(values)])
    assert (np.diff(levels[np.isfinite(values)][order].astype(int)) >= 0).all()


@pytest.mark.parametrize("end", [5e-324, 1e-45, 1e-38, 1e37, 3e38, 1.7e308])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scales(end, dtype):
    info = np.finfo(dtype)
    end = min(max(end, float(info.smallest_subnormal)), float(info.max))
    values = np.array([-end, 0, end], dtype)
    assert tone(values, "signed")[0].tolist() == [1, 128, 255]
    assert tone(values, "minmax")[0].tolist() in ([0, 128, 255], [0, 127, 255])
    assert tone(values, "range", low=float(values[0]), high=float(values[2]))[0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("values", "mode", "options", "word"),
    [
        ([1.0], "auto", {}, "`mode` .='auto'. must be one of 'signed'"),
        ([1.0], "range", {}, "`low` and `high` must be given"),
        ([1.0], "range", {"low": 2, "high": 1}, "must not be above"),
        ([1.0], "minmax", {"low": np.nan}, "`low` .=nan. must be a finite"),
        ([1.0], "signed", {"high": np.inf}, "`high`"),
        ([1.0], "clipped", {"high": 9}, "no place"),
        ([], "minmax", {}, "`values` .0,. must be an array of at least one"),
        (5.0, "minmax", {}, "`values`"),
        (["a"], "minmax", {}, "`values`"),
        ([1j], "minmax", {}, "`values`"),
    ],
)
def test_tone_refuses(values, mode, options, word):
    with pytest.raises(ValueError, match=word):
        tone(values, mode, **options)


def test_tone_leaves_its_input_alone():
    values = np.array([[np.nan, 3.0, -4.0]], np.float32)
    before = values.copy()
    for mode in TONE_MODES:
        tone(values, mode, **({"low": 0, "high": 1} if mode == "range" else {}))
    np.testing.assert_array_equal(values, before)


# Files ------------------------------------------------------------------------------------------------------------


def test_the_palette_runs_through_the_page_at_zero():
    palette = signed_palette(BLUE, PAPER, RED)
    assert palette[[0, 1, 128, 255]].tolist() == [list(BLUE), list(BLUE), list(PAPER), list(RED)]
    share = (0.5 + 1 / 254) ** 0.75
    wanted = np.rint(np.array(PAPER) + (np.array(RED) - PAPER) * share)
    assert palette[192 + 0].tolist() == pytest.approx(wanted, abs=1)
    linear = signed_palette((0, 0, 0), (127, 127, 127), (254, 254, 254), gamma=1)
    assert linear[1:, 0].tolist() == list(range(255))


def test_a_signed_map_is_a_file_of_one_byte_a_pixel():
    levels, _, _ = tone(MAP, "signed")
    palette = signed_palette(BLUE, PAPER, RED)
    data = png(levels, palette=palette)
    assert data[25] == 3  # PNG's colour type: indexed
    np.testing.assert_array_equal(decode(data), palette[levels])
    other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(other[..., ::-1], palette[levels])


@pytest.mark.parametrize("compression", [0, 1, 6, 9])
def test_files_hold_exactly_the_levels(compression):
    for shape in ((7, 9), (7, 9, 3), (1, 1), (1, 5000)):
        levels = RNG.integers(0, 256, shape, dtype=np.uint8)
        wanted = levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, 2)
        np.testing.assert_array_equal(decode(png(levels, compression=compression)), wanted)
        np.testing.assert_array_equal(decode(png(levels[::-1, ::-1])), wanted[::-1, ::-1])


LEVELS = np.zeros((2, 2), np.uint8)


@pytest.mark.parametrize(
    ("levels", "options", "word"),
    [
        (LEVELS.astype(float), {}, "`levels`"),
        (np.zeros((2, 2, 4), np.uint8), {}, "`levels`"),
        (np.zeros((0, 2), np.uint8), {}, "`levels`"),
        (LEVELS, {"palette": np.zeros((256, 4), np.uint8)}, "`palette`"),
        (LEVELS, {"palette": np.zeros((256, 3))}, "`palette`"),
        (np.zeros((2, 2, 3), np.uint8), {"palette": np.zeros((256, 3), np.uint8)}, "`palette`"),
        (LEVELS, {"compression": 10}, "`compression`"),
        (LEVELS, {"compression": -1}, "`compression`"),
    ],
)
def test_png_refuses(levels, options, word):
    with pytest.raises(ValueError, match=word):
        png(levels, **options)


@pytest.mark.parametrize(
    ("colours", "options", "word"),
    [
        ((BLUE, PAPER, (1, 2)), {}, "`positive`"),
        (((0, 0, 256), PAPER, RED), {}, "`negative`"),
        ((BLUE, (0.5, 0, 0), RED), {}, "`zero`"),
        ((BLUE, PAPER, RED), {"gamma": 0}, "`gamma`"),
        ((BLUE, PAPER, RED), {"gamma": float("nan")}, "`gamma`"),
    ],
)
def test_signed_palette_refuses(colours, options, word):
    with pytest.raises(ValueError, match=word):
        signed_palette(*colours, **options)
