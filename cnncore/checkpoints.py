"""The moments of a training run that are kept: dense at the start, where most happens, thinner later.

Examples
--------
>>> store = CheckpointStore(limit=4)
>>> for step in range(7):
...     store.add(step, {"weights": np.full(3, step)}, loss=1.0 / (step + 1))
>>> store.steps()
[0, 1, 2, 6]
>>> store.at(4).step, store.best.step
(2, 6)
"""

from __future__ import annotations

import bisect
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

LIMIT = 200
MAX_BYTES = 50_000_000


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """One moment of a run.

    Parameters
    ----------
    step : int
        Batches that had been learned from.
    state : mapping
        What `cnncore.training.Trainer.state_dict` gave.
    loss : float or None
        On validation, where it was measured.
    extra : mapping
        What else is to be seen at this moment, such as the probabilities on validation.
    """

    step: int
    state: Mapping[str, Any]
    loss: float | None
    extra: Mapping[str, Any]
    size: int


class CheckpointStore:
    """Checkpoints of one run, at most `limit` of them and `max_bytes` in all; thinned when full.

    The first, the newest, and the one with the lowest loss on validation are always kept. Of the others, the one goes
    whose neighbours lie closest together on a scale of square roots: so they stay denser at the start.

    Parameters
    ----------
    limit : int
        At least 3.
    max_bytes : int
        Of arrays, in all. Where not even three fit, three are kept.
    """

    def __init__(self, limit: int = LIMIT, max_bytes: int = MAX_BYTES) -> None:
        if limit < 3:
            raise ValueError(f"`limit` (={limit}) must be at least 3: the start, the best and the newest")
        self.limit, self.max_bytes = limit, max_bytes
        self._kept: list[Checkpoint] = []
        self._best: Checkpoint | None = None

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return sum(checkpoint.size for checkpoint in self._kept)

    @property
    def start(self) -> Checkpoint:
        """The first moment."""
        return self._kept[0]

    @property
    def best(self) -> Checkpoint:
        """The moment with the lowest loss on validation; the newest where none was measured."""
        return self._best or self._kept[-1]

    def steps(self) -> list[int]:
        """Return the steps that are kept, ascending."""
        return [checkpoint.step for checkpoint in self._kept.copy()]

    def at(self, step: int) -> Checkpoint:
        """Return the checkpoint of this step, or else the last one before it, or the first."""
        kept = self._kept.copy()  # another thread may add to it, or thin it
        place = bisect.bisect_right(kept, step, key=lambda checkpoint: checkpoint.step) - 1
        return kept[max(place, 0)]

    def wants(self, step: int, steps_per_epoch: int) -> bool:
        """Say whether this step is worth keeping: the first ones all, later ones at growing distances.

        The distance grows with the square root of the step, up to half an epoch.
        """
        if not self._kept:
            return True
        distance = min(max(math.isqrt(step) // 2, 1), max(steps_per_epoch // 2, 1))
        return step - self._kept[-1].step >= distance

    def add(
        self, step: int, state: Mapping[str, Any], *, loss: float | None = None, extra: Mapping[str, Any] | None = None
    ) -> None:
        """Keep a moment; steps come in ascending order, and a step that is there already is replaced.

        Raises
        ------
        ValueError
            If `step` lies before the newest one.
        """
        if self._kept and step < self._kept[-1].step:
            raise ValueError(f"`step` (={step}) lies before the newest checkpoint, {self._kept[-1].step}")
        if self._kept and step == self._kept[-1].step:
            replaced = self._kept.pop()
            self._best = None if self._best is replaced else self._best
        extra = extra or {}
        new = Checkpoint(step, state, loss, extra, weigh(state) + weigh(extra))
        self._kept.append(new)
        if loss is not None and (self._best is None or self._best.loss is None or loss <= self._best.loss):
            self._best = new
        while len(self._kept) > self.limit:
            self._thin()
        self.shrink(self.max_bytes)

    def shrink(self, max_bytes: int) -> None:
        """Hold less from now on, and thin what is kept until it fits; the start, the best and the newest stay."""
        self.max_bytes = min(self.max_bytes, max_bytes)
        while self.size > self.max_bytes and len(self._kept) > 3:
            self._thin()

    def _thin(self) -> None:
        """Let the checkpoint go that is missed least."""
        roots = [math.sqrt(checkpoint.step) for checkpoint in self._kept]
        inner = [
            (roots[place + 1] - roots[place - 1], -place)
            for place in range(1, len(self._kept) - 1)
            if self._kept[place] is not self._best
        ]
        del self._kept[-min(inner)[1]]


def weigh(value: Any) -> int:
    """Return the bytes of all arrays within dicts and lists, and of what is beside them.

    Examples
    --------
    >>> weigh({"a": np.zeros(4), "b": [np.zeros(2, np.float32)]}) >= 40
    True
    """
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(map(weigh, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(weigh, value))
    return sys.getsizeof(value)
