"""What the film shows of the digits of validation: which are mistaken for which. See `pages.ui.training_data`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.evaluation import confusion_matrix, confusions_in_cell, per_class, worst_mistakes
from pages.ui.training_views import Part, levels

MISTAKES = 4
PAGE = 12
"""Digits of an open cell that are shown at once."""


def confusion_part(
    probabilities: NDArray[Any] | None, images: NDArray[Any], labels: NDArray[Any], classes: Sequence[str]
) -> Part:
    """Return the confusion matrix and the worst mistakes: those that give least to what the digit is."""
    if probabilities is None or not np.isfinite(probabilities).all():
        return {"confusion": None}
    read = probabilities.argmax(axis=1)
    counts = confusion_matrix(labels, read, len(classes))
    worst = worst_mistakes(probabilities, labels, MISTAKES)
    part = {
        "classes": list(classes),
        "counts": counts.tolist(),
        "accuracy": float(np.mean(read == labels)),
        "wrong": int(np.sum(read != labels)),
        "picture": list(images.shape[2:]),
        "mistakes": [{"row": each.label, "col": each.predicted, "share": each.probability} for each in worst],
    }
    pictures = images[[each.index for each in worst]]
    return {"confusion": part, "mistake_levels": levels(pictures, 1.0, signed=False)}


def opened_part(
    probabilities: NDArray[Any] | None,
    images: NDArray[Any],
    labels: NDArray[Any],
    opened: tuple[int, int, int] | None,
) -> Part:
    """Return the digits in an open cell, the surest first, a page of them."""
    if probabilities is None or opened is None or not np.isfinite(probabilities).all():
        return {"opened": None}
    row, col, page = opened
    inside = confusions_in_cell(labels, probabilities.argmax(axis=1), row, col)
    inside = inside[np.argsort(-probabilities[inside, col], kind="stable")] if len(inside) else inside
    pages = max(-(-len(inside) // PAGE), 1)
    page = min(max(page, 0), pages - 1)
    shown = inside[page * PAGE : (page + 1) * PAGE]
    part = {
        "row": row,
        "col": col,
        "page": page,
        "pages": pages,
        "count": len(inside),
        "shares": [round(float(probabilities[place, col]), 4) for place in shown],
        "places": shown.tolist(),
    }
    return {"opened": part, "opened_levels": levels(images[shown], 1.0, signed=False)}


def per_class_part(probabilities: NDArray[Any] | None, labels: NDArray[Any], classes: int) -> Part:
    """Return precision, recall and support of every class; a share of nothing is null."""
    if probabilities is None or not np.isfinite(probabilities).all():
        return {"per_class": None}
    counts = confusion_matrix(labels, probabilities.argmax(axis=1), classes)
    found = per_class(counts)

    def shares(of: NDArray[Any], among: NDArray[Any]) -> list[float | None]:
        return [float(share) if count else None for share, count in zip(of, among, strict=True)]

    return {
        "per_class": {
            "precision": shares(found.precision, found.predicted),
            "recall": shares(found.recall, found.support),
            "support": found.support.tolist(),
        }
    }
