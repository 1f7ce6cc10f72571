"""How good a network is, class by class: the confusion matrix and what is read from it, and the worst mistakes.

Examples
--------
>>> found = confusion_matrix([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], 3)
>>> found.tolist()
[[2, 1, 0], [0, 2, 0], [0, 0, 0]]
>>> per_class(found).recall.round(2).tolist()
[0.67, 1.0, 0.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore._arrays import Array
from cnncore.geometry import as_int


@dataclass(frozen=True, eq=False)
class PerClass:
    """What a confusion matrix says of each class; arrays of one number a class.

    Parameters
    ----------
    precision : ndarray of float64
        Of the pictures that were called so, the share that are; 0 where none was called so.
    recall : ndarray of float64
        Of the pictures that are so, the share that were called so; 0 where there is none.
    support : ndarray of int64
        Pictures that are so.
    predicted : ndarray of int64
        Pictures that were called so.
    """

    precision: Array
    recall: Array
    support: Array
    predicted: Array


@dataclass(frozen=True)
class Mistake:
    """A picture that was taken for something else.

    Parameters
    ----------
    index : int
        Its place among the pictures that were judged.
    label, predicted : int
        What it is, and what it was taken for.
    probability : float
        That the network gave to what it was taken for.
    true_probability : float
        That the network gave to what it is.
    """

    index: int
    label: int
    predicted: int
    probability: float
    true_probability: float


def confusion_matrix(labels: Any, predicted: Any, classes: int) -> Array:
    """Count how often each class was taken for each.

    Parameters
    ----------
    labels, predicted : array_like of int, shape (N,)
        What the pictures are, and what they were taken for; 0 up to `classes`.
    classes : int

    Returns
    -------
    ndarray of int64, shape (classes, classes)
        Row: what it is; column: what it was taken for.

    Raises
    ------
    ValueError
        If the shapes differ, or a number is no class.
    """
    classes = as_int(classes, "classes", least=1)
    rows, columns = _classes_of(labels, "labels", classes), _classes_of(predicted, "predicted", classes)
    _same_length(rows, columns, "predicted")
    return np.bincount(rows * classes + columns, minlength=classes * classes).reshape(classes, classes)


def per_class(confusion: Any) -> PerClass:
    """Return precision, recall and counts of each class.

    Parameters
    ----------
    confusion : array_like of int, shape (classes, classes)
        From `confusion_matrix`.

    Returns
    -------
    PerClass
        A share of no pictures is 0, never NaN: its count beside it tells it from a share of some.

    Raises
    ------
    ValueError
        If `confusion` is not square, or holds anything but counts.
    """
    counts = np.asarray(confusion)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"`confusion` {counts.shape} must be square")
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError("`confusion` must hold counts: whole numbers from 0 up")
    right, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return PerClass(right / np.maximum(predicted, 1), right / np.maximum(support, 1), support, predicted)


def confusions_in_cell(labels: Any, predicted: Any, label: int, taken_for: int) -> Array:
    """Return which pictures are counted in one cell of the confusion matrix.

    Parameters
    ----------
    labels, predicted : array_like of int, shape (N,)
    label, taken_for : int
        Row and column of the cell.

    Returns
    -------
    ndarray of int64
        Their places, ascending.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> confusions_in_cell([0, 1, 0, 0], [1, 1, 0, 1], 0, 1).tolist()
    [0, 3]
    """
    rows, columns = _classes_of(labels, "labels", None), _classes_of(predicted, "predicted", None)
    _same_length(rows, columns, "predicted")
    return np.flatnonzero((rows == label) & (columns == taken_for))


def worst_mistakes(probabilities: Any, labels: Any, count: int) -> list[Mistake]:
    """Return the mistakes the network was surest of.

    Parameters
    ----------
    probabilities : array_like of float, shape (N, classes)
    labels : array_like of int, shape (N,)
        What the pictures are.
    count : int
        The most that are returned.

    Returns
    -------
    list of Mistake
        The least probability of what it is first; among equal ones, in the order of the pictures. A network takes a
        picture for its most probable class, the first of several.

    Raises
    ------
    ValueError
        If the shapes differ, a probability is no number, or a label is no class.

    Examples
    --------
    >>> worst_mistakes([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [0, 1, 0], 1)
    [Mistake(index=2, label=0, predicted=1, probability=0.8, true_probability=0.2)]
    """
    count = as_int(count, "count", least=0)
    values = np.asarray(probabilities)
    if values.ndim != 2 or not values.shape[1] or values.dtype.kind != "f":
        raise ValueError(f"`probabilities` ({values.dtype}, {values.shape}) must be floats of shape (N, classes)")
    if not np.isfinite(values).all():
        raise ValueError("`probabilities` holds a value that is no finite number")
    right = _classes_of(labels, "labels", values.shape[1])
    _same_length(values, right, "labels")
    predicted = values.argmax(axis=1)
    mistakes = np.flatnonzero(predicted != right)
    own = values[mistakes, right[mistakes]]
    return [
        Mistake(
            int(index),
            int(right[index]),
            int(predicted[index]),
            float(values[index, predicted[index]]),
            float(values[index, right[index]]),
        )
        for index in mistakes[np.argsort(own, kind="stable")[:count]]
    ]


def _classes_of(values: Any, name: str, classes: int | None) -> Array:
    numbers = np.asarray(values)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise ValueError(f"`{name}` ({numbers.dtype}, {numbers.shape}) must be whole numbers of shape (N,)")
    if classes is not None and numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < classes:
        raise ValueError(f"`{name}` must lie between 0 and {classes - 1}, not {numbers.min()} and {numbers.max()}")
    return numbers.astype(np.int64)


def _same_length(first: Array, second: Array, name: str) -> None:
    if len(first) != len(second):
        raise ValueError(f"`{name}` has {len(second)} entries, but there are {len(first)} pictures")
