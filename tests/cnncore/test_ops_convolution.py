"""conv2d, its gradients and conv_transpose2d: known results, slow twins, gradient checks, memory, refusals."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import _windows
from cnncore.geometry import output_size, resolve_padding_2d
from cnncore.ops import conv2d, conv2d_backward, conv_transpose2d
from tests.cnncore import oracles


def random(rng: np.random.Generator, *shape: int, dtype: Any = np.float64) -> np.ndarray:
    return rng.standard_normal(shape).astype(dtype)


@pytest.fixture(params=[1, 2_000, _windows.COLUMN_BYTES], ids=["row by row", "few rows", "at once"])
def column_bytes(request, monkeypatch) -> int:
    """Run with column matrices of different sizes: what is cut into blocks must not show."""
    monkeypatch.setattr(_windows, "COLUMN_BYTES", request.param)
    return request.param


# Known results


def test_the_articles_first_output_is_3_3() -> None:
    patch = np.array([[0.4, 0.2, 1.0], [0.7, 0.1, 0.2], [0.7, 0.3, 1.0]])
    image = np.zeros((6, 6))
    image[:3, :3] = patch
    kernel = np.array([[1, 0, 1], [0, 2, 0], [1, 0, 1]])
    y = conv2d(image[None, None], kernel[None, None])
    assert y.shape == (1, 1, 4, 4)
    assert y[0, 0, 0, 0] == pytest.approx(3.3, abs=1e-12)


def test_stride_2_of_the_guide_to_convolution_arithmetic() -> None:
    """The input and kernel of Dumoulin & Visin's animations; their stride-2 figure shows the numbers of stride 1."""
    x = np.array([[2, 2, 3, 3, 3], [0, 1, 3, 0, 3], [2, 3, 0, 1, 3], [3, 3, 2, 1, 2], [3, 3, 0, 2, 3]])
    w = np.array([[2, 0, 1], [1, 0, 0], [0, 1, 1]])
    y = conv2d(x[None, None], w[None, None], stride=2, padding=1)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y[0, 0], [[1, 5, 6], [7, 8, 3], [3, 10, 4]])


def test_filters_are_not_flipped_and_flipping_them_is_convolution() -> None:
    rng = np.random.default_rng(0)
    x, w = random(rng, 9, 11), random(rng, 3, 4)
    for padding, mode in (("valid", "valid"), ("full", "full")):
        y = conv2d(x[None, None], w[None, None], padding=padding)
        np.testing.assert_allclose(y[0, 0], scipy.signal.correlate2d(x, w, mode))
        y = conv2d(x[None, None], w[None, None, ::-1, ::-1], padding=padding)
        np.testing.assert_allclose(y[0, 0], scipy.signal.convolve2d(x, w, mode))


def test_a_filter_sums_over_all_channels_and_adds_one_bias() -> None:
    x = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 10.0), np.full((4, 4), 100.0)])[None]
    y = conv2d(x, np.ones((2, 3, 1, 1)), np.array([0.5, -0.5]))
    assert y.shape == (1, 2, 4, 4)
    assert (y[0, 0] == 111.5).all()
    assert (y[0, 1] == 110.5).all()


def test_depthwise_filters_every_channel_apart() -> None:
    rng = np.random.default_rng(1)
    x, w = random(rng, 2, 3, 6, 6), random(rng, 3, 1, 3, 3)
    y = conv2d(x, w, groups=3)
    for c in range(3):
        np.testing.assert_allclose(y[:, c : c + 1], conv2d(x[:, c : c + 1], w[c : c + 1]))


def test_transposed_convolution_stamps_the_filter() -> None:
    y = conv_transpose2d(np.array([[[[1.0, 0.0], [0.0, 2.0]]]]), np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), stride=2)
    np.testing.assert_array_equal(y[0, 0], [[1, 2, 0, 0], [3, 4, 0, 0], [0, 0, 2, 4], [0, 0, 6, 8]])


# Against the slow twins

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
pads = st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2)


@st.composite
def convolutions(draw) -> dict[str, Any]:
    """Shapes and arguments of a convolution, most of which fit."""
    groups = draw(st.integers(1, 3))
    return {
        "images": draw(st.integers(0, 3)),
        "channels": groups * draw(st.integers(1, 2)),
        "filters": groups * draw(st.integers(1, 3)),
        "shape": draw(st.tuples(st.integers(1, 8), st.integers(1, 8))),
        "kernel": draw(pairs),
        "groups": groups,
        "arguments": {
            "stride": draw(pairs),
            "padding": draw(st.one_of(pads, st.sampled_from(["valid", "same", "same_lower", "full"]))),
            "dilation": draw(pairs),
            "groups": groups,
        },
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(case=convolutions(), dtype=st.sampled_from([np.float32, np.float64]))
@settings(max_examples=120, deadline=None)
def test_conv2d_equals_its_slow_twin(case, dtype) -> None:
    rng = np.random.default_rng(case["seed"])
    x = random(rng, case["images"], case["channels"], *case["shape"], dtype=dtype)
    w = random(rng, case["filters"], case["channels"] // case["groups"], *case["kernel"], dtype=dtype)
    b = random(rng, case["filters"], dtype=dtype)
    a = case["arguments"]
    geometry = {name: a[name] for name in ("stride", "padding", "dilation")}
    pixels = resolve_padding_2d(case["shape"], case["kernel"], **geometry)
    expected = oracles.conv2d(x, w, b, a["stride"], pixels, a["dilation"], a["groups"])
    if 0 in expected.shape[2:]:
        with pytest.raises(ValueError, match=r"the window spans .* `padding`"):
            conv2d(x, w, b, **a)
        return
    y = conv2d(x, w, b, **a)
    assert y.dtype == dtype
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-11)
    dx, dw, db = conv2d_backward(y, x, w, **a)
    assert (dx.shape, dw.shape, db.shape) == (x.shape, w.shape, b.shape)
    assert dx.dtype == dw.dtype == db.dtype == dtype


@given(case=convolutions(), output_padding=st.tuples(st.integers(0, 2), st.integers(0, 2)), pixels=pads)
@settings(max_examples=120, deadline=None)
def test_conv_transpose2d_equals_its_slow_twin(case, output_padding, pixels) -> None:
    rng = np.random.default_rng(case["seed"])
    a = {**case["arguments"], "padding": pixels}
    output_padding = tuple(
        min(o, max(s, d) - 1) for o, s, d in zip(output_padding, a["stride"], a["dilation"], strict=True)
    )
    x = random(rng, case["images"], case["channels"], *case["shape"])
    w = random(rng, case["channels"], case["filters"] // case["groups"], *case["kernel"])
    b = random(rng, case["filters"])
    expected = oracles.conv_transpose2d(x, w, b, a["stride"], pixels, output_padding, a["dilation"], a["groups"])
    if 0 in expected.shape[2:]:
        with pytest.raises(ValueError, match="nothing is left"):
            conv_transpose2d(x, w, b, output_padding=output_padding, **a)
        return
    y = conv_transpose2d(x, w, b, output_padding=output_padding, **a)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, atol=1e-11)


@given(case=convolutions())
@settings(max_examples=80, deadline=None)
def test_conv_transpose2d_is_the_adjoint(case) -> None:
    """<conv(x), y> = <x, conv_transpose(y)>, with the output padding that leads back to the shape of x."""
    rng = np.random.default_rng(case["seed"])
    a = case["arguments"]
    x = random(rng, case["images"], case["channels"], *case["shape"])
    w = random(rng, case["filters"], case["channels"] // case["groups"], *case["kernel"])
    pixels = resolve_padding_2d(
        case["shape"], case["kernel"], stride=a["stride"], padding=a["padding"], dilation=a["dilation"]
    )
    try:
        forward = conv2d(x, w, **a)
    except ValueError:
        return
    y = random(rng, *forward.shape)
    rest = [
        (n + sum(p) - d * (k - 1) - 1) % s
        for n, p, k, s, d in zip(case["shape"], pixels, case["kernel"], a["stride"], a["dilation"], strict=True)
    ]
    back = conv_transpose2d(y, w, output_padding=rest, **{**a, "padding": pixels})
    assert back.shape == x.shape
    assert np.vdot(forward, y) == pytest.approx(np.vdot(x, back), rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(conv2d_backward(y, x, w, **a)[0], back, atol=1e-11)


# Gradients

SETTINGS = [
    {},
    {"padding": "same"},
    {"padding": "same", "stride": 2},
    {"stride": (2, 1), "padding": ((0, 2), (1, 0)), "dilation": (1, 2)},
    {"groups": 2, "padding": 1, "stride": 3},
    {"padding": "full", "dilation": 2},
    {"padding": 5, "groups": 2},
]


@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
@pytest.mark.parametrize(("filters", "kernel"), [(2, (3, 2)), (6, (2, 3)), (4, (1, 1))])
def test_gradients_by_central_differences(arguments, filters, kernel, column_bytes) -> None:
    rng = np.random.default_rng(2)
    groups = arguments.get("groups", 1)
    x, w, b = random(rng, 2, 4, 5, 6), random(rng, filters, 4 // groups, *kernel), random(rng, filters)
    dy = random(rng, *conv2d(x, w, b, **arguments).shape)
    dx, dw, db = conv2d_backward(dy, x, w, **arguments)
    near = {"rtol": 1e-6, "atol": 1e-7}
    np.testing.assert_allclose(dw, oracles.numeric_gradient(lambda w: conv2d(x, w, b, **arguments), w, dy), **near)
    np.testing.assert_allclose(db, oracles.numeric_gradient(lambda b: conv2d(x, w, b, **arguments), b, dy), **near)
    # The images' gradient is linear in the filters, so a few random directions do instead of every pixel.
    for _ in range(3):
        step = random(rng, *x.shape)
        slope = (dy * (conv2d(x + 1e-4 * step, w, b, **arguments) - conv2d(x - 1e-4 * step, w, b, **arguments))).sum()
        assert (dx * step).sum() == pytest.approx(slope / 2e-4, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
def test_blocks_do_not_show(arguments, column_bytes) -> None:
    rng = np.random.default_rng(3)
    groups = arguments.get("groups", 1)
    x, w, b = random(rng, 3, 4, 7, 6), random(rng, 2, 4 // groups, 3, 3), random(rng, 2)
    pixels = resolve_padding_2d(
        (7, 6), (3, 3), **{name: arguments[name] for name in ("stride", "padding", "dilation") if name in arguments}
    )
    stride, dilation = (
        value if isinstance(value := arguments.get(name, 1), tuple) else (value, value)
        for name in ("stride", "dilation")
    )
    y = conv2d(x, w, b, **arguments)
    np.testing.assert_allclose(y, oracles.conv2d(x, w, b, stride, pixels, dilation, groups), atol=1e-12)


# Memory and dtypes


def layouts(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the same numbers in memory of every kind."""
    wide = np.zeros((x.shape[0], x.shape[1] * 2, *x.shape[2:]), x.dtype)
    wide[:, ::2] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    return {
        "batch last": np.ascontiguousarray(x.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2),
        "channels last": np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        "Fortran": np.asfortranarray(x),
        "every other": wide[:, ::2],
        "reversed": np.ascontiguousarray(x[:, :, ::-1, ::-1])[:, :, ::-1, ::-1],
        "read-only": read_only,
        "other byte order": x.astype(x.dtype.newbyteorder()),
    }


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("layout", list(layouts(np.zeros((1, 1, 1, 1)))))
def test_any_memory_goes_in_and_stays_as_it_was(images: int, layout: str) -> None:
    rng = np.random.default_rng(4)
    x, w, b = random(rng, images, 2, 6, 5), random(rng, 4, 2, 3, 3), random(rng, 4)
    dy = random(rng, images, 4, 4, 3)
    y, gradients, up = conv2d(x, w, b), conv2d_backward(dy, x, w), conv_transpose2d(dy, w, b[:2])
    there = [layouts(array)[layout] for array in (x, w, dy)]
    for array in there:
        array.flags.writeable = False
    results = [conv2d(there[0], there[1], b), *conv2d_backward(there[2], *there[:2])]
    results.append(conv_transpose2d(there[2], there[1], b[:2]))
    for result, expected in zip(results, (y, *gradients, up), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)
        assert result.dtype == np.float64
        assert result.dtype.isnative
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in there)
    for array, original in zip(there, (x, w, dy), strict=True):
        np.testing.assert_array_equal(array, original)


def test_a_1_by_1_filter_returns_memory_of_its_own() -> None:
    x = np.ones((1, 1, 3, 3))
    y = conv2d(x, np.ones((1, 1, 1, 1)))
    y[...] = 7
    assert (x == 1).all()


def test_a_batch_comes_back_batch_last() -> None:
    y = conv2d(np.ones((4, 1, 5, 5), np.float32), np.ones((2, 1, 3, 3)))
    assert y.transpose(1, 2, 3, 0).flags.c_contiguous
    assert conv2d(np.ones((1, 1, 5, 5), np.float32), np.ones((2, 1, 3, 3))).flags.c_contiguous


@pytest.mark.parametrize(
    ("given_dtype", "dtype"),
    [("f4", "f4"), ("f8", "f8"), ("u1", "f4"), ("i8", "f4"), ("?", "f4"), (">f8", "f8"), (">f4", "f4")],
)
def test_the_result_has_the_dtype_of_x(given_dtype: str, dtype: str) -> None:
    x = np.ones((2, 1, 4, 4), given_dtype)
    w = np.ones((1, 1, 2, 2))
    for result in (conv2d(x, w, [1]), conv_transpose2d(x, w, [1]), *conv2d_backward(np.ones((2, 1, 3, 3)), x, w)):
        assert result.dtype == np.dtype(dtype)
    assert conv2d(x, w, [1])[0, 0, 0, 0] == 5


@pytest.mark.parametrize("dtype", ["f2", "c8", "O", "U1", "g"])
def test_other_dtypes_are_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match=r"`x` has dtype .*; float32, float64, integers or bool are needed"):
        conv2d(np.ones((1, 1, 4, 4)).astype(dtype), np.ones((1, 1, 2, 2)))
    if dtype not in ("f2", "g"):
        with pytest.raises(ValueError, match="`w` has dtype"):
            conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)).astype(dtype))


def test_infinities_and_nan_pass_without_a_warning() -> None:
    x = np.ones((2, 1, 5, 5), np.float32)
    x[0, 0, 0, 0], x[1, 0, 4, 4] = np.nan, np.inf
    w = np.ones((1, 1, 2, 2)) * [[[[1, -1], [1, 1]]]]
    y = conv2d(x, w)
    assert np.isnan(y[0, 0, 0, 0])
    assert np.isfinite(y[0, 0].ravel()[1:]).all()
    assert np.isposinf(y[1, 0, 3, 3])
    assert np.isinf(conv2d(np.ones((1, 1, 2, 2), np.float32), [[[[1e300]]]])).all()  # too large for float32
    assert not np.isfinite(conv2d_backward(y, x, w)[0]).all()
    assert not np.isfinite(conv_transpose2d(x, w)).all()


def test_an_empty_batch_is_an_empty_batch() -> None:
    x, w = np.zeros((0, 2, 5, 5), np.float32), np.ones((3, 2, 3, 3))
    assert conv2d(x, w, np.ones(3), padding="same").shape == (0, 3, 5, 5)
    dx, dw, db = conv2d_backward(np.zeros((0, 3, 3, 3)), x, w)
    assert dx.shape == x.shape
    assert dw.shape == w.shape
    assert not dw.any()
    np.testing.assert_array_equal(db, np.zeros(3))
    assert conv_transpose2d(x, np.ones((2, 3, 3, 3)), stride=2).shape == (0, 3, 11, 11)


def test_a_large_picture_needs_little_memory() -> None:
    x, w = np.ones((1, 1, 1000, 1000), np.float32), np.ones((2, 1, 7, 7), np.float32)
    conv2d(x[:, :, :9, :9], w)
    tracemalloc.start()
    y = conv2d(x, w, padding="same")
    peak = tracemalloc.get_traced_memory()[1]
    dx, _, _ = conv2d_backward(y, x, w, padding="same")
    peak_backward = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert y[0, 0, 500, 500] == 49
    assert dx[0, 0, 500, 500] == 2 * 49 * 49
    assert peak < y.nbytes + 1.1 * x.nbytes + 2 * _windows.COLUMN_BYTES  # all columns at once would be 196 MB
    assert peak_backward < 2 * y.nbytes + 3 * x.nbytes + 4 * _windows.COLUMN_BYTES


def test_very_large_steps_are_no_trouble_where_they_do_not_matter() -> None:
    x = np.ones((1, 1, 3, 3))
    assert conv2d(x, np.ones((1, 1, 3, 3)), stride=10**30).item() == 9
    np.testing.assert_array_equal(conv2d(x, np.ones((1, 1, 1, 1)), dilation=10**30), x)


# Refusals


def refused(words: str):
    return pytest.raises(ValueError, match=re.escape(words))


X, W = np.zeros((2, 4, 6, 5)), np.zeros((8, 4, 3, 3))


@pytest.mark.parametrize(
    ("x", "w", "arguments", "words"),
    [
        (np.zeros((6, 5)), W, {}, "`x` must have shape (N, C, H, W), but has shape (6, 5)"),
        (np.zeros((2, 0, 6, 5)), W, {}, "`x` (shape (2, 0, 6, 5)) must have at least one channel, row and column"),
        (X, np.zeros((3, 3)), {}, "`w` must have shape (F, C // groups, KH, KW), none of them 0, but has shape (3, 3)"),
        (X, np.zeros((8, 4, 0, 3)), {}, "but has shape (8, 4, 0, 3)"),
        (X, np.zeros((8, 3, 3, 3)), {}, "must have 4 channels, those of `x` (=4) by `groups` (=1), but has 3"),
        (X, W, {"groups": 2}, "must have 2 channels, those of `x` (=4) by `groups` (=2), but has 4"),
        (X, W, {"groups": 3}, "the channels of `x` (=4) must be divisible by `groups` (=3)"),
        (X, np.zeros((6, 1, 3, 3)), {"groups": 4}, "the filters of `w` (=6) must be divisible by `groups` (=4)"),
        (X, W, {"groups": 0}, "`groups` (=0) must be at least 1"),
        (X, W, {"groups": 1.0}, "`groups` (=1.0) must be a whole number"),
        (X, W, {"stride": 0}, "`stride` (=0) must be at least 1"),
        (X, W, {"stride": (1, 2, 3)}, "`stride` (=(1, 2, 3)) must be a whole number or a pair"),
        (X, W, {"dilation": 0}, "`dilation` (=0) must be at least 1"),
        (X, W, {"padding": "reflect"}, "`padding` (='reflect')"),
        (X, W, {"padding": -1}, "`padding` (=-1) must be at least 0"),
        (X, W, {"dilation": (3, 1)}, "the window spans 7 rows (`w` has 3, `dilation` is 3), but `x`"),
        (X, W, {"dilation": (1, 4), "padding": 1}, "has only 7 with its padding (5 + 1 + 1)"),
    ],
)
def test_bad_arguments_are_named(x, w, arguments, words: str) -> None:
    with refused(words):
        conv2d(x, w, **arguments)
    with refused(words):
        conv2d_backward(np.zeros((2, 8, 4, 3)), x, w, **arguments)


@pytest.mark.parametrize("b", [np.zeros(7), np.zeros((8, 1)), 1.0, []])
def test_a_bias_of_another_shape_is_named(b) -> None:
    with refused("`b` must have shape (8,), one number for each of the filters of `w`, but has shape"):
        conv2d(X, W, b)
    with refused("`b` must have shape (4,), one number for each of the output channels of `w`, but has shape"):
        conv_transpose2d(np.zeros((1, 8, 2, 2)), W, b)


@pytest.mark.parametrize("shape", [(2, 8, 4, 4), (1, 8, 4, 3), (2, 4, 4, 3), (8, 4, 3)])
def test_a_gradient_of_another_shape_is_named(shape) -> None:
    with refused(f"`dy` has shape {shape}, but the output it belongs to has shape (2, 8, 4, 3)"):
        conv2d_backward(np.zeros(shape), X, W)


@pytest.mark.parametrize(
    ("x", "w", "arguments", "words"),
    [
        (np.zeros((4, 6, 5)), W, {}, "`x` must have shape (N, C, H, W)"),
        (X, W, {}, "`w` (shape (8, 4, 3, 3)) has 8 input channels, but `x` (shape (2, 4, 6, 5)) 4"),
        (X, np.zeros((4, 3)), {}, "`w` must have shape (C, F // groups, KH, KW)"),
        (X, W[:4], {"groups": 3}, "the channels of `x` (=4) must be divisible by `groups` (=3)"),
        (X, W[:4], {"padding": "same"}, "`padding` (='same') must be numbers of pixels for a transposed convolution"),
        (X, W[:4], {"padding": "valid"}, "`padding` (='valid') must be numbers of pixels"),
        (X, W[:4], {"padding": ((0, 8), 0)}, "`padding` (=((0, 8), 0)) cuts off 8 of the 8 rows of the output"),
        (
            X,
            W[:4],
            {"output_padding": 1},
            "`output_padding` (=1) must be smaller than `stride` (=1) or `dilation` (=1)",
        ),
        (X, W[:4], {"output_padding": (0, 2), "stride": 2}, "`output_padding` (=(0, 2)) must be smaller"),
        (X, W[:4], {"output_padding": -1}, "`output_padding` (=-1) must be at least 0"),
    ],
)
def test_bad_arguments_of_the_transposed_are_named(x, w, arguments, words: str) -> None:
    with refused(words):
        conv_transpose2d(x, w, **arguments)


def test_padding_larger_than_the_window_is_only_padding() -> None:
    y = conv2d(np.ones((1, 1, 1, 1)), np.ones((1, 1, 2, 2)), [3.0], padding=4)
    assert y.shape == (1, 1, output_size(1, 2, padding=4), 8)
    assert (y[0, 0, 3:5, 3:5] == 4).all()
    assert y.sum() == 64 * 3 + 4
