"""relu, dense, softmax and the cross-entropy, and what `cnncore.ops` offers as a whole."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnncore import ops
from cnncore.ops import dense, dense_backward, relu, relu_backward, softmax, softmax_cross_entropy
from tests.cnncore import oracles

INF, NAN = np.inf, np.nan
any_shape = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
any_float = st.floats(-100, 100, width=32)


# relu


@given(x=hnp.arrays(st.sampled_from([np.float32, np.float64]), any_shape, elements=any_float))
@settings(deadline=None)
def test_relu_keeps_what_is_positive(x) -> None:
    y = relu(x)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(y, np.where(x > 0, x, 0))
    np.testing.assert_array_equal(relu_backward(x + 1, x), np.where(x > 0, x + 1, 0))


def test_relu_at_its_edges() -> None:
    """As PyTorch: no gradient at 0, NaN stays NaN and lets its gradient through."""
    x = np.array([-INF, -1.0, -0.0, 0.0, 1e-30, INF, NAN])
    np.testing.assert_array_equal(relu(x), [0, 0, 0, 0, 1e-30, INF, NAN])
    np.testing.assert_array_equal(relu_backward(np.full(7, 5.0), x), [0, 0, 0, 0, 5, 5, 5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_blocked_gradient_is_0_whatever_it_was(dtype) -> None:
    dx = relu_backward(np.array([INF, NAN, -INF, NAN]), np.array([-1, -1, 2, 2], dtype))
    np.testing.assert_array_equal(dx, [0, 0, -INF, NAN])
    assert dx.dtype == dtype


def test_relu_gradient_by_central_differences() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 4, 5))
    dy = rng.standard_normal(x.shape)
    np.testing.assert_allclose(relu_backward(dy, x), oracles.numeric_gradient(relu, x, dy), atol=1e-8)
    np.testing.assert_array_equal(relu_backward(dy, relu(x)), relu_backward(dy, x))


def test_relu_takes_any_memory_and_keeps_its_layout() -> None:
    x = np.random.default_rng(1).standard_normal((5, 3, 4, 2)).transpose(3, 0, 1, 2)
    x.flags.writeable = False
    assert relu(x).strides == relu_backward(x, x).strides == x.strides
    np.testing.assert_array_equal(relu(x[:, ::-1, ::2]), np.maximum(x[:, ::-1, ::2], 0))
    np.testing.assert_array_equal(relu_backward(x[:, ::-1, ::2], x[:, ::-1, ::2]), np.maximum(x[:, ::-1, ::2], 0))
    positive = np.ones(3)
    relu(positive)[:] = 7
    assert (positive == 1).all()


def test_relu_dtypes() -> None:
    assert relu(np.array([-1, 2], np.int64)).dtype == np.float32
    assert relu([True]).dtype == np.float32
    assert relu_backward(np.ones(1, np.float64), np.ones(1, np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="`x` has dtype complex128"):
        relu([1j])
    with pytest.raises(ValueError, match=r"`dy` has shape \(3,\), .* has shape \(2,\)"):
        relu_backward(np.ones(3), np.ones(2))


# dense


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [0, 1, 5])
def test_dense_is_a_weighted_sum(dtype, rows: int) -> None:
    rng = np.random.default_rng(2)
    x, w, b = rng.standard_normal((rows, 4)).astype(dtype), rng.standard_normal((3, 4)), rng.standard_normal(3)
    expected = np.array([[sum(x[n] * w[m]) + b[m] for m in range(3)] for n in range(rows)]).reshape(rows, 3)
    y = dense(x, w, b)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(dense(x, w, None), expected - b, rtol=0, atol=1e-5)
    dx, dw, db = dense_backward(y, x, w)
    assert (dx.shape, dw.shape, db.shape) == (x.shape, w.shape, b.shape)
    assert dx.dtype == dw.dtype == db.dtype == dtype


def test_dense_gradients_by_central_differences() -> None:
    rng = np.random.default_rng(3)
    x, w, b, dy = (rng.standard_normal(shape) for shape in ((5, 4), (3, 4), (3,), (5, 3)))
    dx, dw, db = dense_backward(dy, x, w)
    np.testing.assert_allclose(dx, oracles.numeric_gradient(lambda x: dense(x, w, b), x, dy), atol=1e-8)
    np.testing.assert_allclose(dw, oracles.numeric_gradient(lambda w: dense(x, w, b), w, dy), atol=1e-8)
    np.testing.assert_allclose(db, oracles.numeric_gradient(lambda b: dense(x, w, b), b, dy), atol=1e-8)


@pytest.mark.parametrize(
    ("x", "w", "b", "words"),
    [
        (np.ones(4), np.ones((3, 4)), None, "`x` must have shape (N, D) with D at least 1, but has shape (4,)"),
        (np.ones((2, 0)), np.ones((3, 0)), None, "but has shape (2, 0)"),
        (
            np.ones((2, 4)),
            np.ones((4, 3)),
            None,
            "`w` must have shape (M, 4), one row per output, but has shape (4, 3)",
        ),
        (np.ones((2, 4)), np.ones((3, 4)), np.ones(4), "`b` must have shape (3,), one number per row of `w`"),
        (np.ones((2, 4)), np.ones((3, 4)), 1.0, "but has shape ()"),
    ],
)
def test_dense_names_what_does_not_fit(x, w, b, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        dense(x, w, b)


def test_dense_backward_names_a_gradient_of_another_shape() -> None:
    with pytest.raises(ValueError, match=r"`dy` has shape \(3, 2\), .* has shape \(2, 3\)"):
        dense_backward(np.ones((3, 2)), np.ones((2, 4)), np.ones((3, 4)))


# softmax


@given(
    x=hnp.arrays(np.float64, hnp.array_shapes(max_dims=4, max_side=5), elements=st.floats(-1e4, 1e4)), data=st.data()
)
@settings(deadline=None)
def test_softmax_is_scipys(x, data) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    y = softmax(x, axis=axis)
    np.testing.assert_allclose(y, scipy.special.softmax(x, axis=axis), rtol=1e-12, atol=0)
    np.testing.assert_allclose(y.sum(axis=axis), 1)


def test_softmax_of_the_largest_and_the_smallest() -> None:
    np.testing.assert_array_equal(softmax(np.array([3e38, 3e38, -3e38], np.float32)), np.float32([0.5, 0.5, 0]))
    np.testing.assert_array_equal(softmax([-INF, 0.0]), [0, 1])
    assert np.isnan(softmax([-INF, -INF])).all()
    assert np.isnan(softmax([NAN, 1.0])).all()
    assert softmax(np.zeros((0, 3))).shape == (0, 3)
    assert softmax(np.zeros((3, 0))).shape == (3, 0)
    assert softmax(np.array([[1, 2]])).dtype == np.float32


@pytest.mark.parametrize("axis", [2, -3, 1.0, True, None, "0"])
def test_softmax_names_an_axis_that_is_none(axis) -> None:
    with pytest.raises(ValueError, match=r"`axis` \(=.*\) must be a whole number, one of the 2 axes of `x`"):
        softmax(np.zeros((2, 2)), axis=axis)
    with pytest.raises(ValueError, match="`axis`"):
        softmax(1.0)


# softmax_cross_entropy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_is_the_mean_of_minus_log_probability(dtype) -> None:
    rng = np.random.default_rng(4)
    logits, labels = rng.standard_normal((6, 5)).astype(dtype) * 3, rng.integers(0, 5, 6)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    assert loss.dtype == dlogits.dtype == dtype
    assert np.ndim(loss) == 0
    expected = -np.log(scipy.special.softmax(logits.astype(float), axis=1)[np.arange(6), labels]).mean()
    assert loss == pytest.approx(expected, rel=1e-5 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(dlogits.sum(axis=1), 0, atol=1e-7)


def test_cross_entropy_gradient_by_central_differences() -> None:
    rng = np.random.default_rng(5)
    logits, labels = rng.standard_normal((4, 3)), np.array([2, 0, 1, 1], np.uint8)
    _, dlogits = softmax_cross_entropy(logits, labels)
    numeric = oracles.numeric_gradient(lambda z: softmax_cross_entropy(z, labels)[0], logits, np.float64(1))
    np.testing.assert_allclose(dlogits, numeric, atol=1e-9)


def test_cross_entropy_stays_finite_where_probabilities_vanish() -> None:
    loss, dlogits = softmax_cross_entropy(np.array([[1000.0, 0.0], [-1e5, 1e5]]), [1, 0])
    assert loss == (1000 + 2e5) / 2
    np.testing.assert_array_equal(dlogits, [[0.5, -0.5], [-0.5, 0.5]])
    loss, _ = softmax_cross_entropy([[0.0, -INF]], [0])
    assert loss == 0
    loss, _ = softmax_cross_entropy([[0.0, -INF]], [1])
    assert loss == INF


def test_cross_entropy_leaves_its_inputs_alone() -> None:
    logits, labels = np.ones((2, 3)), np.array([0, 2], np.int8)
    logits.flags.writeable = labels.flags.writeable = False
    softmax_cross_entropy(logits, labels)
    assert (logits == 1).all()
    assert softmax_cross_entropy(np.ones((2, 3), int), [0, 2])[1].dtype == np.float32


@pytest.mark.parametrize(
    ("logits", "labels", "words"),
    [
        (np.zeros(3), [0], "`logits` must have shape (N, classes), none of them 0, but has shape (3,)"),
        (np.zeros((0, 3)), np.zeros(0, int), "but has shape (0, 3)"),
        (np.zeros((2, 0)), [0, 0], "but has shape (2, 0)"),
        (np.zeros((2, 3)), [0, 3], "`labels` must lie in 0..2, but `labels[1]` is 3"),
        (np.zeros((2, 3)), [-1, 3], "but `labels[0]` is -1"),
        (np.zeros((2, 3)), [0.0, 1.0], "`labels` has dtype float64; whole numbers are needed"),
        (np.zeros((2, 3)), [True, False], "`labels` has dtype bool"),
        (np.zeros((2, 3)), [0], "`labels` must have shape (2,), one per row of `logits`, but has shape (1,)"),
        (np.zeros((2, 3)), [[0, 1, 0], [1, 0, 0]], "but has shape (2, 3)"),
        (np.zeros((2, 3), np.float16), [0, 1], "`logits` has dtype float16"),
    ],
)
def test_cross_entropy_names_what_does_not_fit(logits, labels, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        softmax_cross_entropy(logits, labels)


# The door

SIGNATURES = {
    "conv2d": "(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1)",
    "conv2d_backward": "(dy, x, w, *, stride=1, padding=0, dilation=1, groups=1)",
    "conv_transpose2d": "(x, w, b=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1)",
    "max_pool2d": "(x, size, *, stride=None, padding=0, dilation=1, ceil_mode=False)",
    "max_pool2d_backward": "(dy, x, size, *, stride=None, padding=0, dilation=1, ceil_mode=False)",
    "avg_pool2d": "(x, size, *, stride=None, padding=0, dilation=1, ceil_mode=False, count_include_pad=False)",
    "avg_pool2d_backward": (
        "(dy, x, size, *, stride=None, padding=0, dilation=1, ceil_mode=False, count_include_pad=False)"
    ),
    "global_max_pool2d": "(x)",
    "global_avg_pool2d": "(x)",
    "cross_channel_max_pool": "(x)",
    "cross_channel_avg_pool": "(x)",
    "relu": "(x)",
    "relu_backward": "(dy, x)",
    "dense": "(x, w, b=None)",
    "dense_backward": "(dy, x, w)",
    "softmax": "(x, axis=-1)",
    "softmax_cross_entropy": "(logits, labels)",
}


def test_ops_offers_what_was_agreed_and_no_more() -> None:
    assert set(ops.__all__) == set(SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_as_agreed(name: str) -> None:
    signature = inspect.signature(getattr(ops, name))
    bare = signature.replace(
        parameters=[p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    assert str(bare) == SIGNATURES[name]
    doc = getattr(ops, name).__doc__
    for section in ("Parameters\n", "Returns\n", "Raises\n", "Examples\n"):
        assert section in doc
