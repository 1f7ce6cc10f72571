"""Optimizers: from gradients to new parameters, in place, on one flat vector. The update rules are PyTorch's.

Weight decay is added to the gradient (L2 regularisation), as PyTorch's `SGD` and `Adam` do.

Examples
--------
>>> parameters = np.array([1.0, -2.0])
>>> SGD(2).step(parameters, np.array([0.5, 0.0]), learning_rate=0.1)
>>> parameters
array([ 0.95, -2.  ])
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from cnncore._arrays import Array

BETAS = (0.9, 0.999)
EPSILON = 1e-8
SCHEDULES = ("constant", "cosine", "step")


class SGD:
    """Stochastic gradient descent, with momentum where it is not 0.

    ``v = momentum * v + gradient``, then ``parameters -= learning_rate * v``.

    Parameters
    ----------
    size : int
        Numbers in the flat vector.
    momentum : float
        0 up to, but not including, 1.
    weight_decay : float
        Times the parameters, is added to the gradient.
    dtype : dtype

    References
    ----------
    .. [1] I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    """

    def __init__(self, size: int, *, momentum: float = 0.0, weight_decay: float = 0.0, dtype: Any = np.float64) -> None:
        self.momentum, self.weight_decay, self.steps = momentum, weight_decay, 0
        self.velocity: Array = np.zeros(size if momentum else 0, dtype)
        self._change: Array = np.empty(size, dtype)

    def step(self, parameters: Array, gradient: Array, *, learning_rate: float) -> None:
        """Move `parameters` against `gradient`, both flat, in place."""
        self.steps += 1
        change = self._change
        np.multiply(parameters, self.weight_decay, out=change)
        change += gradient
        if self.momentum:
            self.velocity *= self.momentum
            self.velocity += change
            np.multiply(self.velocity, learning_rate, out=change)
        else:
            change *= learning_rate
        parameters -= change

    def state(self) -> dict[str, Any]:
        """Return copies of what it remembers, as plain data."""
        return {"steps": self.steps, "velocity": self.velocity.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned. Raises ValueError where it is another optimizer's."""
        (velocity,) = _memories(state, self.velocity.shape, "velocity")
        self.velocity[...] = velocity
        self.steps = int(state["steps"])


class Adam:
    """Steps scaled by running estimates of the gradient's mean and mean square.

    ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g^2``, then
    ``parameters -= learning_rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)``.

    Parameters
    ----------
    size : int
        Numbers in the flat vector.
    weight_decay : float
        Times the parameters, is added to the gradient.
    betas : tuple of float
        b1 and b2.
    epsilon : float
    dtype : dtype

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015, arXiv:1412.6980.

    Examples
    --------
    The first step goes by the learning rate, however large the gradient:

    >>> parameters = np.zeros(2)
    >>> Adam(2).step(parameters, np.array([1e-3, -50.0]), learning_rate=0.1)
    >>> parameters.round(4)
    array([-0.1,  0.1])
    """

    def __init__(
        self,
        size: int,
        *,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = BETAS,
        epsilon: float = EPSILON,
        dtype: Any = np.float64,
    ) -> None:
        self.weight_decay, self.betas, self.epsilon, self.steps = weight_decay, betas, epsilon, 0
        self.mean: Array = np.zeros(size, dtype)
        self.square: Array = np.zeros(size, dtype)
        self._scaled: Array = np.empty(size, dtype)
        self._change: Array = np.empty(size, dtype)

    def step(self, parameters: Array, gradient: Array, *, learning_rate: float) -> None:
        """Move `parameters` against `gradient`, both flat, in place."""
        self.steps += 1
        first, second = self.betas
        scaled, change = self._scaled, self._change
        if self.weight_decay:
            np.multiply(parameters, self.weight_decay, out=change)
            change += gradient
            gradient = change
        self.square *= second
        np.multiply(gradient, gradient, out=scaled)
        scaled *= 1 - second
        self.square += scaled
        self.mean *= first
        np.multiply(gradient, 1 - first, out=scaled)
        self.mean += scaled
        np.sqrt(self.square, out=change)
        change /= math.sqrt(1 - second**self.steps)
        change += self.epsilon
        np.divide(self.mean, change, out=change)
        change *= learning_rate / (1 - first**self.steps)
        parameters -= change

    def state(self) -> dict[str, Any]:
        """Return copies of what it remembers, as plain data."""
        return {"steps": self.steps, "mean": self.mean.copy(), "square": self.square.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned. Raises ValueError where it is another optimizer's."""
        mean, square = _memories(state, self.mean.shape, "mean", "square")
        self.mean[...], self.square[...] = mean, square
        self.steps = int(state["steps"])


def learning_rate_at(schedule: str, learning_rate: float, step: int, total: int) -> float:
    """Return the learning rate of one step, counted from 0, of `total`.

    Parameters
    ----------
    schedule : {"constant", "cosine", "step"}
        Always the same; half a cosine from the full rate down to 0 [1]_; or a tenth from half of the run on, and a
        hundredth from three quarters on [2]_.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, arXiv:1608.03983.
    .. [2] K. He et al., "Deep residual learning for image recognition", 2016, arXiv:1512.03385.

    Examples
    --------
    >>> [round(learning_rate_at("cosine", 0.1, step, 4), 3) for step in range(4)]
    [0.1, 0.085, 0.05, 0.015]
    >>> [learning_rate_at("step", 1.0, step, 4) for step in range(4)]
    [1.0, 1.0, 0.1, 0.01]
    """
    if schedule == "cosine":
        return learning_rate * 0.5 * (1 + math.cos(math.pi * step / max(total, 1)))
    if schedule == "step":
        return learning_rate * (1.0 if 2 * step < total else 0.1 if 4 * step < 3 * total else 0.01)
    if schedule == "constant":
        return learning_rate
    raise ValueError(f"`schedule` (={schedule!r}) must be one of {', '.join(map(repr, SCHEDULES))}")


def _memories(state: Mapping[str, Any], shape: tuple[int, ...], *names: str) -> list[Array]:
    try:
        found = [np.asarray(state[name]) for name in names]
    except (KeyError, TypeError):
        raise ValueError(f"`state` must hold {', '.join(names)}: this is another optimizer's") from None
    for name, values in zip(names, found, strict=True):
        if values.shape != shape:
            raise ValueError(f"`state` has {name!r} of shape {values.shape}, but {shape} is needed")
    return found
