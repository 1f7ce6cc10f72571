"""Under the hood for one weight: its gradient as the sum that it is, a check by trying, and the optimizer's step.

Every weight of a network multiplies one number of a picture after another. So its gradient is the sum, over pictures
and places, of what it multiplies there times the gradient that comes back there:

- a convolution's weight (f, c, i, j): over pictures n and places (y, x), ``dy[n, f, y, x]`` times
  ``x[n, c, y*s + i - p, x*s + j - p]``: the cross-correlation of channel c with the gradient of map f, at one shift;
- a dense weight (o, d): over pictures, ``dy[n, o] * x[n, d]``;
- a bias multiplies 1; the scale of batch normalisation multiplies the normalised numbers.

The sums are in float64, so that the check by trying shows the formula, not rounding; the step is in the precision of
the network, number by number as `cnncore.optim` computes it.

Examples
--------
>>> from cnncore.training import TrainConfig
>>> story = tell_next_step(Trainer(TrainConfig()), "conv1.weight", (0, 0, 1, 1))
>>> story.gradient.inputs.shape  # pictures, rows, columns
(32, 8, 8)
>>> bool(abs(story.gradient.total - story.check.slope) < 1e-6)
True
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore import ops
from cnncore._arrays import QUIET, Array, as_images, batch_last
from cnncore._weight_update import WeightUpdate, update_of
from cnncore.geometry import as_int
from cnncore.layers import Conv, Dense, Workspace
from cnncore.network import Network, inward, outward
from cnncore.training import Trainer

__all__ = [
    "DifferenceCheck",
    "GradientStory",
    "NextStep",
    "WeightUpdate",
    "check_by_trying",
    "gradient_of",
    "tell_next_step",
    "update_of",
]

STEP = 1e-5
"""By which a weight is moved to try: small beside what bends the loss, large beside float64's rounding."""
CLOSER = 16
"""How much closer the second look is, by which a corner is told from a bend."""
ROUNDINGS = 100
"""Of a loss near 1: slopes on both sides that differ by no more than these make are the same."""


@dataclass(frozen=True, eq=False)
class GradientStory:
    """A weight's gradient, taken apart; in float64.

    Parameters
    ----------
    name : str
        Of the parameter, such as "conv1.weight".
    index : tuple of int
        Of the weight in it.
    value : float
    loss : float
        Mean cross-entropy of the batch.
    inputs : ndarray, shape (N, OH, OW), or (N,) behind a dense layer
        What the weight multiplies, for each picture and place; 1 everywhere for a bias.
    upstream : ndarray, of the same shape
        The gradient of the loss with respect to what the layer gives there.
    planes : ndarray, shape (N, H, W), or None
        For a convolution's weight: the channel that it reads, with its zeros around it. `inputs` is cut from it.
    offset, stride : tuple of int
        Row and column in `planes` of the first number in `inputs`, and how far it is to the next.
    """

    name: str
    index: tuple[int, ...]
    value: float
    loss: float
    inputs: Array
    upstream: Array
    planes: Array | None = None
    offset: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)

    @property
    def per_image(self) -> Array:
        """What each picture adds to the gradient, shape (N,)."""
        return (self.inputs * self.upstream).reshape(len(self.inputs), -1).sum(axis=1)

    @property
    def total(self) -> float:
        """The gradient."""
        return float(self.per_image.sum())


@dataclass(frozen=True)
class DifferenceCheck:
    """The slope of the loss, found by trying: the weight a little smaller, and a little larger; in float64.

    Parameters
    ----------
    step : float
        How much smaller and larger.
    loss_below, loss_here, loss_above : float
    kink : bool
        Whether the loss has a corner right here, as where a ReLU's input is exactly 0: there is a slope on each side,
        and backpropagation takes a value between them.
    """

    step: float
    loss_below: float
    loss_here: float
    loss_above: float
    kink: bool = False

    @property
    def slope(self) -> float:
        """(above - below) / (2 step)."""
        return (self.loss_above - self.loss_below) / (2 * self.step)

    @property
    def slope_below(self) -> float:
        """(here - below) / step."""
        return (self.loss_here - self.loss_below) / self.step

    @property
    def slope_above(self) -> float:
        """(above - here) / step."""
        return (self.loss_above - self.loss_here) / self.step


@dataclass(frozen=True, eq=False)
class NextStep:
    """All of one weight in the next step of a run.

    Parameters
    ----------
    gradient : GradientStory
    check : DifferenceCheck
    update : WeightUpdate or None
        None where the weight is frozen.
    labels : ndarray of int, shape (N,)
        Of the pictures in the batch.
    images : ndarray, shape (N, C, H, W)
        The batch.
    """

    gradient: GradientStory
    check: DifferenceCheck
    update: WeightUpdate | None
    labels: Array
    images: Array


def tell_next_step(trainer: Trainer, name: str, index: tuple[int, ...], *, step: float = STEP) -> NextStep:
    """Tell what the next step of a run does to one weight; the run itself takes none.

    Parameters
    ----------
    trainer : Trainer
        Must not step meanwhile.
    name : str
        A key of ``trainer.network.parameters()``.
    index : tuple of int
        Of the weight in it.
    step : float
        By which the weight is moved to try.

    Returns
    -------
    NextStep

    Raises
    ------
    ValueError
        If there is no such weight, or the run takes no further step.
    """
    network = trainer.network
    index = _checked(network, name, index)
    twin = Trainer(trainer.config, trainer.dataset, dtype=network.dtype)
    twin.load_state_dict(trainer.state_dict(history=False))
    x, labels = twin.next_batch()
    with contextlib.suppress(StopIteration):
        twin.step()
    if twin.step_number == trainer.step_number:
        raise ValueError(f"`trainer` takes no further step: {twin.reason}")
    gradient = gradient_of(network, x, labels, name, index, rng=trainer.dropout_rng())
    check = check_by_trying(network, x, labels, name, index, dropping=trainer.dropout_rng, step=step)
    frozen = sum(network.parameters()[f"conv1.{part}"].size for part in ("weight", "bias"))
    place = _flat_place(network, name, index) - (frozen if trainer.config.freeze_first else 0)
    update = None
    if place >= 0:
        value, slope = network.parameters()[name][index], twin.gradients[name][index]
        update = update_of(trainer.optimizer, place, value, slope, trainer.learning_rate)
    return NextStep(gradient, check, update, labels, x)


def gradient_of(
    network: Network,
    x: Any,
    labels: Any,
    name: str,
    index: tuple[int, ...],
    *,
    rng: np.random.Generator | None = None,
    training: bool = True,
) -> GradientStory:
    """Take a weight's gradient apart.

    Parameters
    ----------
    network : Network
        Is not changed.
    x : array_like, shape (N, C, H, W)
    labels : array_like of int, shape (N,)
    name : str
        A key of ``network.parameters()``.
    index : tuple of int
        Of the weight in it.
    rng : numpy.random.Generator, optional
        Where dropout has its randomness from while training.
    training : bool
        Whether batch normalisation uses the batch's own statistics, and dropout drops.

    Returns
    -------
    GradientStory

    Raises
    ------
    ValueError
        If there is no such weight, or the pictures do not fit.
    """
    index = _checked(network, name, index)
    twin = network.copy(dtype=np.float64)
    layer = next(layer for layer in twin.layers if name in layer.parameters)
    gradients = {key: np.zeros_like(values) for key, values in twin.parameters().items()}
    work = Workspace(training=training, rng=rng, gradients=gradients, keep=True)
    with np.errstate(**QUIET):
        logits = twin.run(batch_last(_pictures(twin, x)), work)
        loss, dlogits = ops.softmax_cross_entropy(logits.T, labels)
        upstream: Array | None = inward(dlogits).copy()
        for above in reversed(twin.layers[twin.layers.index(layer) + 1 :]):
            upstream = above.backward(upstream, work) if upstream is not None else None
    if upstream is None:
        raise ValueError(f"no gradient reaches {name!r}")
    dy = outward(upstream)[:, index[0]].copy()
    told: dict[str, Any] = {
        "name": name,
        "index": index,
        "value": float(twin.parameters()[name][index]),
        "loss": float(loss),
    }
    if name.endswith(".bias"):
        return GradientStory(**told, inputs=np.ones_like(dy), upstream=dy)
    if isinstance(layer, Conv):
        planes = outward(work.known(f"{layer.name}.input"))[:, index[1]].copy()
        (down, right), offset = layer.plan.detail["stride"], (index[2], index[3])
        rows, columns = dy.shape[1:]
        inputs = planes[:, offset[0] :: down, offset[1] :: right][:, :rows, :columns]
        return GradientStory(**told, inputs=inputs, upstream=dy, planes=planes, offset=offset, stride=(down, right))
    if isinstance(layer, Dense):
        return GradientStory(**told, inputs=outward(work.known(f"{layer.name}.input"))[:, index[1]].copy(), upstream=dy)
    return GradientStory(**told, inputs=outward(work.known(f"{layer.name}.hat"))[:, index[0]].copy(), upstream=dy)


def check_by_trying(
    network: Network,
    x: Any,
    labels: Any,
    name: str,
    index: tuple[int, ...],
    *,
    dropping: Callable[[], np.random.Generator | None] | None = None,
    training: bool = True,
    step: float = STEP,
) -> DifferenceCheck:
    """Find the slope of the loss by moving one weight.

    Parameters
    ----------
    network, x, labels, name, index, training
        As for `gradient_of`.
    dropping : callable, optional
        Returns a new generator of the same randomness at every call: each try must drop the same numbers.
    step : float
        By which the weight is moved, above 0.

    Returns
    -------
    DifferenceCheck

    Raises
    ------
    ValueError
        If there is no such weight, the pictures do not fit, or `step` is not above 0.
    """
    if not (isinstance(step, int | float) and 0 < step < math.inf):
        raise ValueError(f"`step` (={step!r}) must be a number above 0")
    index = _checked(network, name, index)
    twin = network.copy(dtype=np.float64)
    x, values = batch_last(_pictures(twin, x)), twin.parameters()[name]
    here = float(values[index])

    def loss(move: float) -> float:
        values[index] = here + move
        work = Workspace(training=training, rng=None if dropping is None else dropping())
        with np.errstate(**QUIET):
            return float(ops.softmax_cross_entropy(twin.run(x, work).T, labels)[0])

    below, middle, above = loss(-step), loss(0.0), loss(step)
    near = step / CLOSER
    # The slopes on both sides draw together as the step shrinks, where the loss only bends; at a corner they do not.
    apart = abs(above - 2 * middle + below) / step
    still = abs(loss(near) - 2 * middle + loss(-near)) / near
    rounding = ROUNDINGS * max(1.0, abs(middle)) * np.finfo(float).eps / near
    return DifferenceCheck(step, below, middle, above, kink=still > max(apart / 2, rounding))


def _checked(network: Network, name: str, index: Any) -> tuple[int, ...]:
    """Return the index of a weight, or raise a ValueError if there is no such weight."""
    parameters = network.parameters()
    if name not in parameters:
        raise ValueError(f"there is no parameter {name!r}; there are {', '.join(parameters)}")
    shape = parameters[name].shape
    if not isinstance(index, tuple | list) or len(index) != len(shape):
        raise ValueError(f"`index` (={index!r}) must have {len(shape)} numbers, for {name!r} has the shape {shape}")
    found = tuple(as_int(place, "index", least=0) for place in index)
    if any(place >= n for place, n in zip(found, shape, strict=True)):
        raise ValueError(f"`index` (={index!r}) lies outside {name!r}, whose shape is {shape}")
    return found


def _pictures(network: Network, x: Any) -> Array:
    x = as_images(x).astype(np.float64)
    if x.shape[1:] != network.input_shape:
        raise ValueError(f"`x` has shape {x.shape}, but this network takes (N, *{network.input_shape})")
    return x


def _flat_place(network: Network, name: str, index: tuple[int, ...]) -> int:
    """Return where a weight is in the network's flat vector."""
    start = 0
    for key, values in network.parameters().items():
        if key == name:
            return start + int(np.ravel_multi_index(index, values.shape))
        start += values.size
    raise ValueError(f"there is no parameter {name!r}")
