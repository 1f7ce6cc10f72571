"""The head of a classifier: a dense layer, softmax, and the cross-entropy that a training minimises.

References
----------
.. [1] I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, sections 4.1 and 6.2.2.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncore._arrays import QUIET, Array, as_dtype, as_float, as_gradient


@np.errstate(**QUIET)
def dense(x: Any, w: Any, b: Any = None) -> Array:
    """Return ``x @ w.T + b``: every output is a weighted sum of all inputs.

    Parameters
    ----------
    x : array_like, shape (N, D)
        One row per example. float32 and float64 are kept, integers and bool become float32.
    w : array_like, shape (M, D)
        One row of weights per output; cast to the dtype of `x`.
    b : array_like, shape (M,), optional
        One number added to each output.

    Returns
    -------
    ndarray of float, shape (N, M)
        In the dtype of `x`.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> dense([[1.0, 2.0]], [[3.0, 4.0], [0.0, 1.0]], [0.5, 0.0])
    array([[11.5,  2. ]])
    """
    x, w = _inputs_and_weights(x, w)
    y = np.matmul(x, w.T)
    if b is not None:
        b = as_dtype(b, "b", x.dtype)
        if b.shape != w.shape[:1]:
            raise ValueError(f"`b` must have shape ({w.shape[0]},), one number per row of `w`, but has shape {b.shape}")
        y += b
    return y


@np.errstate(**QUIET)
def dense_backward(dy: Any, x: Any, w: Any) -> tuple[Array, Array, Array]:
    """Return the gradients of a loss with respect to what went into `dense`.

    Parameters
    ----------
    dy : array_like, shape (N, M)
        Gradient of the loss with respect to the output.
    x : array_like, shape (N, D)
        The inputs.
    w : array_like, shape (M, D)
        The weights.

    Returns
    -------
    dx : ndarray of float, shape (N, D)
        Gradient with respect to the inputs.
    dw : ndarray of float, shape (M, D)
        Gradient with respect to the weights.
    db : ndarray of float, shape (M,)
        Gradient with respect to the bias.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> dense_backward([[1.0, 10.0]], [[1.0, 2.0]], [[3.0, 4.0], [0.0, 1.0]])
    (array([[ 3., 14.]]), array([[ 1.,  2.],
           [10., 20.]]), array([ 1., 10.]))
    """
    x, w = _inputs_and_weights(x, w)
    dy = as_gradient(dy, "dy", x, (x.shape[0], w.shape[0]))
    return np.matmul(dy, w), np.matmul(dy.T, x), dy.sum(axis=0)


@np.errstate(**QUIET)
def softmax(x: Any, axis: int = -1) -> Array:
    """Return positive numbers that sum to 1 along an axis, in proportion to ``exp(x)``.

    Parameters
    ----------
    x : array_like, at least one dimension
        Scores (logits). float32 and float64 are kept, integers and bool become float32.
    axis : int
        The axis that the classes lie along.

    Returns
    -------
    ndarray of float, shape of `x`
        In the dtype of `x`. The maximum is subtracted first, so no finite score overflows.

    Raises
    ------
    ValueError
        If `x` has no dimension, or `axis` is not one of its axes.

    Examples
    --------
    >>> softmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    x = as_float(x, "x")
    axis = _axis(axis, x)
    y = np.exp(_shifted(x, axis))
    y /= y.sum(axis=axis, keepdims=True)
    return y


@np.errstate(**QUIET)
def softmax_cross_entropy(logits: Any, labels: Any) -> tuple[Any, Array]:
    """Return how badly scores predict the true classes, and the gradient of that with respect to the scores.

    Parameters
    ----------
    logits : array_like, shape (N, classes)
        Scores before softmax. float32 and float64 are kept, integers and bool become float32.
    labels : array_like of int, shape (N,)
        The true class of each row, from 0 to classes - 1.

    Returns
    -------
    loss : float
        Mean over the rows of ``-log(softmax(logits)[label])``, in nats; a NumPy scalar of the dtype of `logits`.
    dlogits : ndarray of float, shape (N, classes)
        Gradient of `loss` with respect to `logits`: ``(softmax(logits) - onehot(labels)) / N``.

    Raises
    ------
    ValueError
        If there is no row or no class, the shapes differ, or a label is no whole number or no class.

    Examples
    --------
    >>> loss, dlogits = softmax_cross_entropy([[0.0, np.log(3.0)]], [0])
    >>> round(float(loss), 6), dlogits
    (1.386294, array([[-0.75,  0.75]]))
    """
    logits = as_float(logits, "logits")
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(f"`logits` must have shape (N, classes), none of them 0, but has shape {logits.shape}")
    rows, classes = logits.shape
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"`labels` has dtype {labels.dtype}; whole numbers are needed")
    if labels.shape != (rows,):
        raise ValueError(f"`labels` must have shape ({rows},), one per row of `logits`, but has shape {labels.shape}")
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"`labels` must lie in 0..{classes - 1}, but `labels[{row}]` is {labels[row]}")
    labels = labels.astype(np.intp, copy=False)
    shifted = _shifted(logits, 1)
    dlogits = np.exp(shifted)
    totals = dlogits.sum(axis=1, keepdims=True)
    each = np.arange(rows)
    losses = np.log(totals[:, 0]) - shifted[each, labels]
    dlogits /= totals
    dlogits[each, labels] -= 1
    dlogits /= rows
    return logits.dtype.type(losses.mean(dtype=np.float64)), dlogits


def _shifted(x: Array, axis: int) -> Array:
    """Return `x` less its maximum along an axis."""
    return x - x.max(axis=axis, keepdims=True, initial=-np.inf)


def _axis(axis: Any, x: Array) -> int:
    """Check that `x` has this axis."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__") or not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"`axis` (={axis!r}) must be a whole number, one of the {x.ndim} axes of `x` (shape {x.shape})"
        )
    return int(axis)


def _inputs_and_weights(x: Any, w: Any) -> tuple[Array, Array]:
    """Check that inputs and weights are matrices of the same width; return them in one dtype."""
    x = as_float(x, "x")
    if x.ndim != 2 or x.shape[1] == 0:
        raise ValueError(f"`x` must have shape (N, D) with D at least 1, but has shape {x.shape}")
    w = as_dtype(w, "w", x.dtype)
    if w.ndim != 2 or w.shape[1] != x.shape[1] or w.shape[0] == 0:
        raise ValueError(f"`w` must have shape (M, {x.shape[1]}), one row per output, but has shape {w.shape}")
    return x, w
