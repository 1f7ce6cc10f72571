"""Confusion, precision and recall are scikit-learn's; the worst mistakes are found by looking at every picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from cnncore.evaluation import confusion_matrix, confusions_in_cell, per_class, worst_mistakes


@given(st.integers(2, 7), st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_numbers_are_scikit_learns(classes: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, predicted = rng.integers(0, rng.integers(1, classes + 1), (2, count))
    found = confusion_matrix(labels, predicted, classes)
    names = list(range(classes))
    np.testing.assert_array_equal(found, metrics.confusion_matrix(labels, predicted, labels=names))
    precision, recall, _, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=names, zero_division=0
    )
    ours = per_class(found)
    np.testing.assert_allclose(ours.precision, precision, rtol=1e-15)
    np.testing.assert_allclose(ours.recall, recall, rtol=1e-15)
    np.testing.assert_array_equal(ours.support, support)
    assert ours.predicted.sum() == count
    for row in names:
        for column in names:
            cell = confusions_in_cell(labels, predicted, row, column)
            assert cell.tolist() == [i for i in range(count) if (labels[i], predicted[i]) == (row, column)]
            assert len(cell) == found[row, column]


@given(st.integers(0, 40), st.integers(0, 50), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_worst_mistakes(count: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.integers(1, 4, (count, 3)) / 10  # many are equal
    labels = rng.integers(0, 3, count)
    wrong = [
        (probabilities[i, labels[i]], i)
        for i in range(count)
        if list(probabilities[i]).index(max(probabilities[i])) != labels[i]
    ]
    found = worst_mistakes(probabilities, labels, most)
    assert [mistake.index for mistake in found] == [i for _, i in sorted(wrong)][:most]
    for mistake in found:
        assert mistake.label == labels[mistake.index] != mistake.predicted
        assert mistake.probability == probabilities[mistake.index].max() >= mistake.true_probability
        assert mistake.true_probability == probabilities[mistake.index, mistake.label]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: confusion_matrix([0, 3], [0, 1], 3), "`labels` must lie between 0 and 2, not 0 and 3"),
        (lambda: confusion_matrix([0], [-1], 3), "`predicted` must lie between 0 and 2"),
        (lambda: confusion_matrix([0, 1], [0], 3), "`predicted` has 1 entries, but there are 2"),
        (lambda: confusion_matrix([[0]], [0], 3), "`labels`"),
        (lambda: confusion_matrix([0.0], [0], 3), "whole numbers"),
        (lambda: confusion_matrix([0], [0], 0), "`classes`"),
        (lambda: per_class([[1, 2]]), "must be square"),
        (lambda: per_class([[0.5]]), "must hold counts"),
        (lambda: per_class([[-1]]), "must hold counts"),
        (lambda: worst_mistakes([[np.nan, 1.0]], [0], 1), "no finite number"),
        (lambda: worst_mistakes([0.5, 0.5], [0], 1), "shape"),
        (lambda: worst_mistakes([[0.5, 0.5]], [2], 1), "`labels` must lie between 0 and 1"),
        (lambda: worst_mistakes([[0.5, 0.5]], [1, 1], 1), "`labels` has 2 entries"),
        (lambda: worst_mistakes([[0.5, 0.5]], [1], -1), "`count`"),
    ],
)
def test_what_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
