"""The layers of a network: parameters around the operations, forward and backward side by side.

Inside a network arrays are batch-last: maps are (C, H, W, N), lists of numbers (D, N), so that every slice a window
touches is one run of memory over the batch (see `cnncore._arrays`). A layer holds its parameters; what a pass computes
lives in a `Workspace`. So one network can be read by many passes at once, each with a workspace of its own, and a
training loop that keeps its workspace allocates nothing after the first batch.

Each `backward` gets the gradient of a loss with respect to what the layer gave, writes the gradients of its parameters
into ``work.gradients``, and returns the gradient with respect to what it took. It must follow its `forward` in the same
workspace, and may write over the gradient that it gets.
"""

from __future__ import annotations

import math

import numpy as np

from cnncore._arrays import Array
from cnncore._layer_base import Layer, Workspace
from cnncore._layer_conv import Conv
from cnncore.architecture import LEAKY_SLOPE, LayerPlan

__all__ = [
    "KINDS",
    "Activation",
    "BatchNorm",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAverage",
    "Layer",
    "Pool",
    "Workspace",
]

BATCH_NORM_EPSILON = 1e-5
"""Added to the variance before its root is taken; PyTorch's default."""
BATCH_NORM_MOMENTUM = 0.1
"""Share of the newest batch in the running mean and variance; PyTorch's default."""


class BatchNorm(Layer):
    """Every map brought to mean 0 and variance 1 over the batch, then scaled and shifted by learned numbers.

    References
    ----------
    .. [1] S. Ioffe, C. Szegedy, "Batch normalization", 2015, arXiv:1502.03167.
    """

    def __init__(self, plan: LayerPlan) -> None:
        super().__init__(plan)
        maps = plan.output_shape[0]
        self.buffers = {f"{plan.name}.running_mean": np.zeros(maps), f"{plan.name}.running_var": np.ones(maps)}

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        maps = (self.plan.output_shape[0],)
        return {f"{self.name}.weight": maps, f"{self.name}.bias": maps}

    def forward(self, x: Array, work: Workspace) -> Array:
        weight, bias = self.parameters[f"{self.name}.weight"], self.parameters[f"{self.name}.bias"]
        running_mean, running_var = self.buffers.values()
        count = math.prod(x.shape[1:])
        if work.training:
            mean = x.mean(axis=(1, 2, 3))
            centred = np.subtract(x, mean[:, None, None, None], out=work.take(f"{self.name}.hat", x.shape, x.dtype))
            var = np.einsum("chwn,chwn->c", centred, centred) / count
            running_mean += BATCH_NORM_MOMENTUM * (mean - running_mean)
            running_var += BATCH_NORM_MOMENTUM * (var * (count / max(count - 1, 1)) - running_var)
        else:
            mean, var = running_mean, running_var
            centred = np.subtract(x, mean[:, None, None, None], out=work.take(f"{self.name}.hat", x.shape, x.dtype))
        scale = (1 / np.sqrt(var + BATCH_NORM_EPSILON)).astype(x.dtype)
        work.put(f"{self.name}.scale", scale)
        centred *= scale[:, None, None, None]
        y = np.multiply(centred, weight[:, None, None, None], out=work.take(self.name, x.shape, x.dtype))
        y += bias[:, None, None, None]
        return y

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        weight = self.parameters[f"{self.name}.weight"]
        hat, scale = work.known(f"{self.name}.hat"), work.known(f"{self.name}.scale")
        along, total = np.einsum("chwn,chwn->c", dy, hat), dy.sum(axis=(1, 2, 3))
        if work.gradients is not None:
            work.gradients[f"{self.name}.weight"][...] = along
            work.gradients[f"{self.name}.bias"][...] = total
        if not wanted:
            return None
        dx = work.take(f"{self.name}.dx", dy.shape, dy.dtype)
        if work.training:  # the mean and the variance are functions of x, too
            count = math.prod(dy.shape[1:])
            np.multiply(hat, (-along / count)[:, None, None, None], out=dx)
            dx += dy
            dx -= (total / count)[:, None, None, None]
            dx *= (weight * scale)[:, None, None, None]
        else:
            np.multiply(dy, (weight * scale)[:, None, None, None], out=dx)
        return dx


class Activation(Layer):
    """ReLU, leaky ReLU or tanh, number by number; its gradient is known from what came out."""

    def __init__(self, plan: LayerPlan) -> None:
        super().__init__(plan)
        self.function: str = plan.detail["function"]

    def forward(self, x: Array, work: Workspace) -> Array:
        y = work.take(self.name, x.shape, x.dtype) if work.keep else x
        if self.function == "relu":
            np.maximum(x, 0, out=y)
        elif self.function == "leaky_relu":
            np.maximum(x, np.multiply(x, x.dtype.type(LEAKY_SLOPE)), out=y)
        else:
            np.tanh(x, out=y)
        work.put(f"{self.name}.output", y)
        return y

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        if not wanted:
            return None
        y = work.known(f"{self.name}.output")
        if self.function == "tanh":
            slope = np.multiply(y, y, out=work.take(f"{self.name}.slope", y.shape, y.dtype))
            np.subtract(1, slope, out=slope)
            return np.multiply(dy, slope, out=dy)
        if self.function == "leaky_relu":
            slope = np.where(y > 0, y.dtype.type(1), y.dtype.type(LEAKY_SLOPE))
            return np.multiply(dy, slope, out=dy)
        mask = np.greater(y, 0, out=work.take(f"{self.name}.mask", y.shape, bool))
        return mask_in_place(dy, mask)


class Pool(Layer):
    """The largest number, or the mean, of windows that neither overlap nor leave gaps; what is left over is dropped."""

    def __init__(self, plan: LayerPlan) -> None:
        super().__init__(plan)
        self.size: int = plan.detail["size"]
        self.largest = plan.detail["pool"] == "max"

    def _taps(self, x: Array) -> list[Array]:
        """Return one view for each cell of the windows, in reading order, each of the shape of the output."""
        k, (_, rows, columns) = self.size, self.plan.output_shape
        return [x[:, i : rows * k : k, j : columns * k : k] for i in range(k) for j in range(k)]

    def forward(self, x: Array, work: Workspace) -> Array:
        y = work.take(self.name, (*self.plan.output_shape, x.shape[-1]), x.dtype)
        first, *rest = self._taps(x)
        np.copyto(y, first)
        if not self.largest:
            for tap in rest:
                y += tap
            y /= self.size**2
            return y
        winner = work.take(f"{self.name}.winner", y.shape, np.uint8)
        winner.fill(0)
        larger = work.take(f"{self.name}.larger", y.shape, bool)
        number = work.take(f"{self.name}.number", y.shape, np.uint8)
        for index, tap in enumerate(rest, 1):  # later cells win only where they are strictly larger
            np.greater(tap, y, out=larger)
            np.multiply(larger, np.uint8(index), out=number, dtype=np.uint8)
            np.maximum(winner, number, out=winner)
            np.maximum(y, tap, out=y)
        return y

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        if not wanted:
            return None
        # Where the windows leave a rest, its zeros were written when the memory was new.
        dx = work.take(f"{self.name}.dx", (*self.plan.input_shape, dy.shape[-1]), dy.dtype, zeros=True)
        if not self.largest:
            shared = np.divide(dy, self.size**2, out=dy)
            for tap in self._taps(dx):
                tap[...] = shared
            return dx
        winner = work.known(f"{self.name}.winner")
        here = work.take(f"{self.name}.larger", dy.shape, bool)
        bits = _bits(dy)
        for index, tap in enumerate(self._taps(dx.view(bits.dtype))):
            np.equal(winner, index, out=here)
            np.multiply(bits, here, out=tap, casting="unsafe")
        return dx


class Dropout(Layer):
    """While training, a random share of the numbers set to 0, and the others raised so that their mean stays.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014.
    """

    def forward(self, x: Array, work: Workspace) -> Array:
        if not work.training:
            return x
        if work.rng is None:
            raise ValueError("dropout needs `rng` while training")
        rate = float(self.plan.detail["rate"])
        chance = work.take(f"{self.name}.chance", x.shape, np.float32)
        work.rng.random(dtype=np.float32, out=chance)
        kept = np.greater_equal(chance, rate, out=work.take(f"{self.name}.kept", x.shape, bool))
        factor = np.multiply(kept, x.dtype.type(1 / (1 - rate)), out=work.take(f"{self.name}.factor", x.shape, x.dtype))
        return np.multiply(x, factor, out=work.take(self.name, x.shape, x.dtype))

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        if not work.training:
            return dy
        return np.multiply(dy, work.known(f"{self.name}.factor"), out=dy)


class Flatten(Layer):
    """All numbers of a picture's maps as one list, in the order channel, row, column."""

    def forward(self, x: Array, work: Workspace) -> Array:
        return x.reshape(-1, x.shape[-1])

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        return dy.reshape(*self.plan.input_shape, dy.shape[-1])


class GlobalAverage(Layer):
    """The mean of every map."""

    def forward(self, x: Array, work: Workspace) -> Array:
        return x.mean(axis=(1, 2), out=work.take(self.name, (x.shape[0], x.shape[-1]), x.dtype))

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        dx = work.take(f"{self.name}.dx", (*self.plan.input_shape, dy.shape[-1]), dy.dtype)
        dx[...] = (dy / math.prod(self.plan.input_shape[1:]))[:, None, None]
        return dx


class Dense(Layer):
    """Every number of the list times a weight, summed, plus a bias, for each unit."""

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        units = self.plan.output_shape[0]
        return {f"{self.name}.weight": (units, self.plan.input_shape[0]), f"{self.name}.bias": (units,)}

    def forward(self, x: Array, work: Workspace) -> Array:
        work.put(f"{self.name}.input", x)
        weight, bias = self.parameters[f"{self.name}.weight"], self.parameters[f"{self.name}.bias"]
        y = np.matmul(weight, x, out=work.take(self.name, (weight.shape[0], x.shape[-1]), x.dtype))
        y += bias[:, None]
        return y

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        x, weight = work.known(f"{self.name}.input"), self.parameters[f"{self.name}.weight"]
        if work.gradients is not None:
            np.matmul(dy, x.T, out=work.gradients[f"{self.name}.weight"])
            np.sum(dy, axis=1, out=work.gradients[f"{self.name}.bias"])
        if not wanted:
            return None
        return np.matmul(weight.T, dy, out=work.take(f"{self.name}.dx", x.shape, dy.dtype))


KINDS: dict[str, type[Layer]] = {
    "conv": Conv,
    "batch_norm": BatchNorm,
    "activation": Activation,
    "pool": Pool,
    "dropout": Dropout,
    "flatten": Flatten,
    "global_average": GlobalAverage,
    "dense": Dense,
}
"""The layer of each kind that `cnncore.architecture.LayerPlan` names."""


def mask_in_place(values: Array, mask: Array) -> Array:
    """Set `values` to 0 where `mask` is False, infinities and NaN included, and return them; see `keep_where`.

    Examples
    --------
    >>> mask_in_place(np.array([1.0, np.inf]), np.array([True, False]))
    array([1., 0.])
    """
    bits = _bits(values)
    np.multiply(bits, mask, out=bits, casting="unsafe")
    return values


def _bits(values: Array) -> Array:
    """Return the same memory as whole numbers of the same size."""
    return values.view(np.int32 if values.dtype.itemsize == 4 else np.int64)
