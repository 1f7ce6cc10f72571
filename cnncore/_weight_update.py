"""What an optimizer does to one weight in one step, with every number on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore.geometry import as_int
from cnncore.optim import SGD, Adam


@dataclass(frozen=True)
class WeightUpdate:
    """An optimizer's step for one weight; the formulas are those of `cnncore.optim`.

    Parameters
    ----------
    kind : str
        "sgd", "momentum" or "adam".
    number : int
        Of the step, counted from 1.
    learning_rate, weight_decay : float
    gradient : float
        As the optimizer got it, in the precision of the network.
    decayed : float
        ``gradient + weight_decay * before``: what it works with.
    before, after : float
        The weight.
    momentum, velocity_before, velocity : float
        ``velocity = momentum * velocity_before + decayed``, for "momentum"; the step is ``learning_rate * velocity``.
    betas : (float, float)
        For "adam", with all that follows.
    epsilon : float
    mean_before, mean : float
        ``mean = b1 * mean_before + (1 - b1) * decayed``.
    square_before, square : float
        ``square = b2 * square_before + (1 - b2) * decayed**2``.
    mean_corrected, square_corrected : float
        ``mean / (1 - b1**number)`` and ``square / (1 - b2**number)``: without it, both would start near 0. The step is
        ``learning_rate * mean_corrected / (sqrt(square_corrected) + epsilon)``.
    """

    kind: str
    number: int
    learning_rate: float
    weight_decay: float
    gradient: float
    decayed: float
    before: float
    after: float
    momentum: float = 0.0
    velocity_before: float = 0.0
    velocity: float = 0.0
    betas: tuple[float, float] = (0.0, 0.0)
    epsilon: float = 0.0
    mean_before: float = 0.0
    mean: float = 0.0
    square_before: float = 0.0
    square: float = 0.0
    mean_corrected: float = 0.0
    square_corrected: float = 0.0

    @property
    def change(self) -> float:
        """``after - before``."""
        return self.after - self.before


def update_of(optimizer: SGD | Adam, place: int, value: Any, gradient: Any, learning_rate: float) -> WeightUpdate:
    """Tell what the next step of an optimizer does to one weight; the optimizer itself takes no step.

    Parameters
    ----------
    optimizer : SGD or Adam
        With what it remembers.
    place : int
        Of the weight in the optimizer's flat vector.
    value, gradient : float
        The weight and its gradient, NumPy scalars of the network's dtype; Python's floats count as float64.
    learning_rate : float
        Of this step.

    Returns
    -------
    WeightUpdate
        ``after`` is bit for bit what `optimizer.step` makes of the weight.

    Raises
    ------
    ValueError
        If `place` lies outside the vector.

    Examples
    --------
    >>> update_of(SGD(1, momentum=0.9), 0, 1.0, 0.5, 0.1).after
    0.95
    """
    place = as_int(place, "place", least=0)
    dtype = np.asarray(value).dtype if isinstance(value, np.floating) else np.dtype(np.float64)
    parameter, slope = np.array([value], dtype), np.array([gradient], dtype)
    before = float(parameter[0])
    # The optimizers work number by number: one with this weight's share of the memory does the same to it.
    twin: SGD | Adam
    state = optimizer.state()
    remembered = {name: values for name, values in state.items() if name != "steps" and values.size}
    if any(place >= values.size for values in remembered.values()):
        raise ValueError(f"`place` (={place}) lies outside the optimizer's vector")
    if isinstance(optimizer, Adam):
        settings: dict[str, Any] = {
            "weight_decay": optimizer.weight_decay,
            "betas": optimizer.betas,
            "epsilon": optimizer.epsilon,
        }
        twin = Adam(1, dtype=dtype, **settings)
    else:
        twin = SGD(1, momentum=optimizer.momentum, weight_decay=optimizer.weight_decay, dtype=dtype)
    own = {name: values[place : place + 1].copy() for name, values in remembered.items()}
    twin.load_state({**twin.state(), **own, "steps": state["steps"]})
    twin.step(parameter, slope, learning_rate=learning_rate)
    decayed = slope[0] + parameter.dtype.type(optimizer.weight_decay) * dtype.type(before)
    told: dict[str, Any] = {
        "number": twin.steps,
        "learning_rate": learning_rate,
        "weight_decay": optimizer.weight_decay,
        "gradient": float(slope[0]),
        "decayed": float(decayed),
        "before": before,
        "after": float(parameter[0]),
    }
    if isinstance(twin, Adam):
        first, second = twin.betas
        mean, square = float(twin.mean[0]), float(twin.square[0])
        return WeightUpdate(
            "adam",
            **told,
            betas=twin.betas,
            epsilon=twin.epsilon,
            mean_before=float(own["mean"][0]),
            mean=mean,
            square_before=float(own["square"][0]),
            square=square,
            mean_corrected=mean / (1 - first**twin.steps),
            square_corrected=square / (1 - second**twin.steps),
        )
    if not twin.momentum:
        return WeightUpdate("sgd", **told)
    velocity: dict[str, Any] = {"velocity_before": float(own["velocity"][0]), "velocity": float(twin.velocity[0])}
    return WeightUpdate("momentum", **told, momentum=twin.momentum, **velocity)
