"""The curve of one run, as the film draws it: a run of any length as a few hundred points, renewed bit by bit.

What the browser gets (`Curve.packed`), float32, column after column:

- of the run that is shown: epoch, loss smoothed, its lowest and highest, accuracy smoothed, its lowest and highest;
- of a run beside it: epoch, loss smoothed, accuracy smoothed;
- then of both, from validation: epoch, loss, accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_POINTS = 320
"""Points of a training curve at most; beyond them, neighbours become one."""
MOST_VALIDATIONS = 256
NEWEST = 0.12
"""Share of a batch's own number in the smoothed curve; the rest is what was smoothed before."""

Row = tuple[int, float, float]
"""Step, loss, accuracy: as in `cnncore.training.History`."""


class Curve:
    """What one run measured, thinned for the screen.

    Parameters
    ----------
    label : str
        What the run is called.
    steps_per_epoch : int
    note : str
        What sets it apart from the others, such as its settings.

    Examples
    --------
    >>> curve = Curve("Run 1", steps_per_epoch=2)
    >>> curve.follow([(1, 2.0, 0.25), (2, 1.0, 0.75)], [(0, 2.5, 0.125), (2, 0.5, 0.875)])
    >>> curve.points, curve.validations
    (2, 2)
    >>> np.frombuffer(curve.packed(whole=False), np.float32).tolist()[:2]  # the epochs
    [0.5, 1.0]
    """

    def __init__(self, label: str, *, steps_per_epoch: int, note: str = "") -> None:
        if steps_per_epoch < 1:
            raise ValueError(f"`steps_per_epoch` (={steps_per_epoch}) must be at least 1")
        self.label, self.note, self.steps_per_epoch = label, note, steps_per_epoch
        self._forget()

    def _forget(self) -> None:
        self._known = 0
        self._newest: Row | None = None
        self._width = 1  # batches in a point
        self._filled = 0  # batches in the last point
        self._smooth, self._weight = [0.0, 0.0], 0.0
        # Columns: step, then smoothed, lowest, highest of the loss and of the accuracy.
        self._points: list[list[float]] = []
        self._validation: Sequence[Row] = ()

    @property
    def points(self) -> int:
        """Points of the training curve."""
        return len(self._points)

    @property
    def validations(self) -> int:
        """Points from validation."""
        return len(self._thinned())

    def follow(self, train: Sequence[Row], validation: Sequence[Row]) -> None:
        """Take what was measured since the last call; another run, or one that began anew, is read from its start.

        Parameters
        ----------
        train, validation : sequence of (step, loss, accuracy)
            All that was measured so far, as in `cnncore.training.History`.
        """
        if len(train) < self._known or (self._known and train[self._known - 1] != self._newest):
            self._forget()
        for row in train[self._known :]:
            self._take(row)
        self._known = len(train)
        self._newest = train[-1] if train else None
        self._validation = validation

    def _take(self, row: Row) -> None:
        step, *measured = row
        if not all(map(math.isfinite, measured)):
            return
        if self._filled in (0, self._width):
            self._points.append([0.0, 0.0, math.inf, -math.inf, 0.0, math.inf, -math.inf])
            self._filled = 0
        self._filled += 1
        point = self._points[-1]
        point[0] = step
        self._weight += NEWEST * (1 - self._weight)  # less than 1 at the start, where little was smoothed yet
        for at, value in enumerate(measured):
            self._smooth[at] += NEWEST * (value - self._smooth[at])
            point[1 + 3 * at] = self._smooth[at] / self._weight
            point[2 + 3 * at] = min(point[2 + 3 * at], value)
            point[3 + 3 * at] = max(point[3 + 3 * at], value)
        if len(self._points) > MOST_POINTS:
            self._halve()

    def _halve(self) -> None:
        """Make one point of every two; the last one may stay half full."""
        pairs = [self._points[at : at + 2] for at in range(0, len(self._points), 2)]
        self._filled += self._width if len(pairs[-1]) == 2 else 0
        self._width *= 2
        self._points = [
            [pair[-1][0]]
            + [
                number
                for at in (1, 4)
                for number in (pair[-1][at], min(p[at + 1] for p in pair), max(p[at + 2] for p in pair))
            ]
            for pair in pairs
        ]

    def _thinned(self) -> list[Row]:
        rows = [row for row in self._validation if math.isfinite(row[1])]
        every = math.ceil(len(rows) / MOST_VALIDATIONS) if rows else 1
        kept = rows[::every]
        return kept if not rows or kept[-1] == rows[-1] else [*kept, rows[-1]]

    def packed(self, *, whole: bool) -> bytes:
        """Return what the browser draws; `whole` for the run that is shown."""
        points = np.array(self._points, np.float32).reshape(-1, 7)
        points[:, 0] /= self.steps_per_epoch
        validation = np.array(self._thinned(), np.float32).reshape(-1, 3)
        validation[:, 0] /= self.steps_per_epoch
        columns: Any = slice(None) if whole else [0, 1, 4]
        return points[:, columns].T.tobytes() + validation.T.tobytes()
