"""What every layer of a network has, and the memory that a pass through a network works in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnncore._arrays import Array
from cnncore.architecture import LayerPlan


class Workspace:
    """What one pass through a network computes, in memory that the next pass uses again.

    Parameters
    ----------
    training : bool
        Whether batch normalisation uses the batch's own statistics, and dropout drops.
    rng : numpy.random.Generator, optional
        Where dropout's randomness comes from.
    gradients : mapping of str to ndarray
        Where the gradients of the parameters go, by their names.
    keep : bool
        Whether every layer's output is to survive the pass: then nothing is computed in place.

    Examples
    --------
    >>> work = Workspace()
    >>> first = work.take("conv1", (2, 3), np.float32)
    >>> work.take("conv1", (2, 3), np.float32) is first
    True
    """

    def __init__(
        self,
        *,
        training: bool = False,
        rng: np.random.Generator | None = None,
        gradients: Mapping[str, Array] | None = None,
        keep: bool = False,
    ) -> None:
        self.training = training
        self.rng = rng
        self.gradients = gradients
        self.keep = keep
        self._memory: dict[str, Array] = {}

    def take(self, key: str, shape: tuple[int, ...], dtype: Any, *, zeros: bool = False) -> Array:
        """Return the array of this key, of the shape and dtype asked for: the one of last time where it fits.

        What it holds is what was left there; with `zeros`, zeros where it is new.
        """
        known = self._memory.get(key)
        if known is None or known.shape != shape or known.dtype != dtype:
            known = np.zeros(shape, dtype) if zeros else np.empty(shape, dtype)
            self._memory[key] = known
        return known

    def put(self, key: str, values: Array) -> None:
        """Remember an array of somebody else's memory under this key, until the backward pass."""
        self._memory[key] = values

    def known(self, key: str) -> Array:
        """Return the array of this key."""
        return self._memory[key]


class Layer:
    """One layer; `plan` says what it is, `parameters` and `buffers` hold what it has learned and gathered."""

    def __init__(self, plan: LayerPlan) -> None:
        self.plan = plan
        self.name = plan.name
        self.parameters: dict[str, Array] = {}
        self.buffers: dict[str, Array] = {}

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters, by their names."""
        return {}

    def forward(self, x: Array, work: Workspace) -> Array:
        """Return what the layer makes of the batch-last `x`."""
        raise NotImplementedError

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        """Return the gradient with respect to what went into `forward`, or None where it is not `wanted`."""
        raise NotImplementedError
