"""The whole operation, and any of its numbers taken apart, beside SciPy and a loop that anyone can read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cnncore.explain import border_source, trace_filter
from cnncore.operation import BORDERS, Operation
from cnncore.spectrum import frequency_response

SOBEL_X = [[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]
SOBEL_Y = np.transpose(SOBEL_X)


def picture(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.float32)


def test_the_article_s_script_is_reproduced() -> None:
    image = picture(1, 20, 30)
    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    ours = Operation(kernel, flip=True, border="symmetric").apply(image)
    np.testing.assert_allclose(ours, ndimage.convolve(image, np.array(kernel, np.float32)), rtol=1e-6, atol=1e-3)


def test_an_rgb_filter_sums_over_the_channels_into_one_map_with_one_bias() -> None:
    image = picture(2, 9, 11, 3)
    weights = np.random.default_rng(3).normal(size=(3, 3, 3))
    result = Operation(weights, mode="rgb", bias=7.5, border="edge").apply(image)
    apart = [ndimage.correlate(image[..., c].astype(float), weights[c], mode="nearest") for c in range(3)]
    np.testing.assert_allclose(result, sum(apart) + 7.5, rtol=1e-5, atol=1e-3)


def test_each_channel_apart_is_three_grey_pictures() -> None:
    image = picture(4, 8, 7, 3)
    apart = Operation(SOBEL_X, mode="each", relu=True).apply(image)
    for channel in range(3):
        alone = Operation(SOBEL_X, relu=True).apply(image[..., channel])
        np.testing.assert_array_equal(apart[..., channel], alone)
    assert apart.min() == 0


def test_a_gradient_magnitude_is_the_root_of_two_squares() -> None:
    image = picture(5, 12, 12)
    ours = Operation([SOBEL_X, SOBEL_Y], combine="magnitude", border="symmetric").apply(image)
    x, y = (ndimage.correlate(image.astype(float), np.asarray(k)) for k in (SOBEL_X, SOBEL_Y))
    np.testing.assert_allclose(ours, np.sqrt(x**2 + y**2), rtol=1e-5, atol=1e-3)


@st.composite
def operations(draw: st.DrawFn) -> tuple[Operation, np.ndarray]:
    mode = draw(st.sampled_from(["gray", "each", "rgb"]))
    combine = draw(st.sampled_from([None, None, "magnitude"]))
    kh, kw = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    lead = ((2,) if combine else ()) + ((3,) if mode == "rgb" else ())
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    operation = Operation(
        rng.normal(size=(*lead, kh, kw)),
        mode=mode,
        stride=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        dilation=draw(st.integers(1, 2)),
        padding=draw(st.sampled_from(["same", "full", "same_lower", 2, ((0, 3), (2, 1))])),
        border=draw(st.sampled_from(BORDERS)),
        value=draw(st.sampled_from([0.0, -3.5])),
        flip=draw(st.booleans()),
        bias=0.0 if combine else draw(st.sampled_from([0.0, 2.25])),
        relu=draw(st.booleans()),
        combine=combine,
    )
    size = draw(st.integers(9, 14)), draw(st.integers(9, 14))
    return operation, rng.normal(size=(*size, 3) if mode != "gray" else size)


@settings(max_examples=150, deadline=None)
@given(case=operations(), where=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), channel=st.integers(0, 2))
def test_every_number_taken_apart_gives_the_number_that_was_computed(case, where, channel) -> None:  # type: ignore[no-untyped-def]
    operation, image = case
    result = operation.apply(image)
    assert result.shape[:2] == operation.output_shape(*image.shape[:2])
    row, column = where[0] % result.shape[0], where[1] % result.shape[1]
    trace = trace_filter(operation, image, row, column, channel=channel)
    value = result[row, column] if result.ndim == 2 else result[row, column, channel]
    assert trace.value == pytest.approx(float(value), abs=1e-9)
    for branch in trace.branches:
        for part in branch.channels:
            np.testing.assert_array_equal(part.products, part.patch * part.weights)
            inside = ~part.outside
            rows = trace.origin[0] + np.arange(part.patch.shape[0]) * np.broadcast_to(operation.dilation, 2)[0]
            columns = trace.origin[1] + np.arange(part.patch.shape[1]) * np.broadcast_to(operation.dilation, 2)[1]
            plane = image if image.ndim == 2 else image[..., "RGB".index(part.name)]
            for u, v in np.argwhere(inside):
                assert part.patch[u, v] == plane[rows[u], columns[v]]


@given(n=st.integers(1, 7), before=st.integers(0, 20), after=st.integers(0, 20), border=st.sampled_from(BORDERS[:-1]))
def test_border_rules_are_numpy_s(n: int, before: int, after: int, border: str) -> None:
    padded = np.pad(np.arange(n), (before, after), mode=border)  # type: ignore[call-overload]
    np.testing.assert_array_equal(border_source(np.arange(-before, n + after), n, border), padded)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": [[1, np.nan]]}, "finite"),
        ({"weights": [1, 2]}, r"shape \(2,\)"),
        ({"weights": np.ones((3, 3)), "mode": "rgb"}, r"\(3, KH, KW\)"),
        ({"weights": np.ones((3, 3)), "mode": "cmyk"}, "cmyk"),
        ({"weights": np.ones((3, 3)), "border": "mirror"}, "mirror"),
        ({"weights": np.ones((2, 3, 3)), "combine": "magnitude", "bias": 1.0}, "bias"),
        ({"weights": np.ones((3, 3)), "stride": 0}, "stride"),
        ({"weights": np.ones((3, 3)), "bias": np.inf}, "finite"),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Operation(**options)


def test_a_window_larger_than_the_picture_is_refused_with_both_sizes() -> None:
    with pytest.raises(ValueError, match="15 rows, but the picture has only 8"):
        Operation(np.ones((15, 15)), padding="valid").apply(np.zeros((8, 8)))
    np.testing.assert_allclose(Operation(np.ones((15, 15))).apply(np.ones((5, 5), np.float32)), 225, rtol=1e-5)


def test_a_trace_outside_the_output_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie in the output, 6 x 6"):
        trace_filter(Operation(np.ones((3, 3)), padding="valid"), np.zeros((8, 8)), 6, 0)


def test_the_frequency_response_is_the_fourier_transform_of_the_kernel() -> None:
    kernel = np.random.default_rng(6).normal(size=(5, 4))
    expected = np.abs(np.fft.fftshift(np.fft.fft2(kernel, s=(32, 32))))
    np.testing.assert_allclose(frequency_response(kernel, size=32), expected, atol=1e-12)
    dilated = np.zeros((9, 7))
    dilated[::2, ::2] = kernel
    expected = np.abs(np.fft.fftshift(np.fft.fft2(dilated, s=(32, 32))))
    np.testing.assert_allclose(frequency_response(kernel, dilation=2, size=32), expected, atol=1e-12)
    with pytest.raises(ValueError, match="even number"):
        frequency_response(kernel, size=31)
