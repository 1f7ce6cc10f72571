"""What stands between two convolutions, over maps laid out row first, (H, C, W, N), in memory that is wired once."""

from __future__ import annotations

import numpy as np

from cnncore._arrays import Array
from cnncore.architecture import LEAKY_SLOPE
from cnncore.layers import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, BatchNorm


class FusedMaxPool:
    """The largest number of windows that neither overlap nor leave gaps: of each row of a window, then of its rows.

    Of equals the first has the gradient, row by row.

    Parameters
    ----------
    x : ndarray, shape (H, C, W, N)
        What goes in; the gradient with respect to it takes its place.
    y, dy : ndarray, shape (H // size, C, W // size, N)
        Where what comes out goes, and where the gradient with respect to it comes in; `backward` writes over it.
    size : int
        Side of a window.
    between : ndarray, shape (at least H // size * size, C, W // size, N)
        For what is between the two steps; it may be shared.
    """

    def __init__(self, x: Array, y: Array, dy: Array, size: int, between: Array) -> None:
        rows, columns = y.shape[0] * size, y.shape[2] * size
        self.y, self.dy = y, dy
        self._between = between[:rows]
        self._rests = [rest for rest in (x[rows:], x[:, :, columns:]) if rest.size]
        self._columns = [x[:rows, :, tap:columns:size] for tap in range(size)]
        self._rows = [self._between[tap::size] for tap in range(size)]
        # Which later tap of a window was larger than all before it.
        self._larger_columns: Array = np.empty((size - 1, *self._between.shape), bool)
        self._larger_rows: Array = np.empty((size - 1, *y.shape), bool)

    def forward(self) -> None:
        """Fill `y` from what stands in `x`."""
        _largest(self._columns, self._between, self._larger_columns)
        _largest(self._rows, self.y, self._larger_rows)

    def backward(self) -> None:
        """Put the gradient with respect to `x` in its place."""
        _to_largest(self.dy, self._rows, self._larger_rows)
        _to_largest(self._between, self._columns, self._larger_columns)
        for rest in self._rests:
            rest.fill(0)


def _largest(taps: list[Array], y: Array, larger: Array) -> None:
    """Fill `y` with the largest of the taps, and `larger` with whether each later tap beat those before it."""
    best = taps[0]
    for tap, beats in zip(taps[1:], larger, strict=True):
        np.greater(tap, best, out=beats)
        np.maximum(best, tap, out=y)
        best = y


def _to_largest(dy: Array, taps: list[Array], larger: Array) -> None:
    """Give each gradient to the last tap that beat those before it; what is left of `dy` then goes to the first."""
    for tap, beats in zip(taps[:1:-1], larger[:0:-1], strict=True):
        np.multiply(dy, beats, out=tap)
        np.subtract(dy, tap, out=dy)  # exact: either x - x or x - 0
    np.multiply(dy, larger[0], out=taps[1])
    np.subtract(dy, taps[1], out=taps[0])


class FusedAveragePool:
    """The mean of windows that neither overlap nor leave gaps.

    Parameters
    ----------
    x, dx : ndarray, shape (H, C, W, N)
        What goes in, and where the gradient with respect to it goes.
    size : int
        Side of a window.

    Attributes
    ----------
    y, dy : ndarray, shape (H // size, C, W // size, N)
        What comes out, and where the gradient with respect to it comes in; `backward` writes over it.
    """

    def __init__(self, x: Array, dx: Array, size: int) -> None:
        height, channels, width, images = x.shape
        rows, columns = height // size, width // size
        inner = x[: rows * size, :, : columns * size]
        self._rests = [rest for rest in (dx[rows * size :], dx[:, :, columns * size :]) if rest.size]
        self._between: Array = np.empty((rows * size, channels, columns, images), x.dtype)
        self._columns = [inner[:, :, tap::size] for tap in range(size)]
        self._rows = [self._between[tap::size] for tap in range(size)]
        self.y: Array = np.empty((rows, channels, columns, images), x.dtype)
        self.dy: Array = np.empty_like(self.y)
        self._share = x.dtype.type(1 / size**2)
        self._targets = [
            dx[down : rows * size : size, :, right : columns * size : size]
            for down in range(size)
            for right in range(size)
        ]

    def forward(self) -> None:
        """Fill `y` from what stands in `x`."""
        for taps, y in ((self._columns, self._between), (self._rows, self.y)):
            np.add(taps[0], taps[1], out=y)
            for tap in taps[2:]:
                y += tap
        self.y *= self._share

    def backward(self) -> None:
        """Fill `dx` from `dy`."""
        self.dy *= self._share
        for target in self._targets:
            np.copyto(target, self.dy)
        for rest in self._rests:
            rest.fill(0)


class FusedActivation:
    """ReLU, leaky ReLU or tanh in place, with or without a bias before it.

    Parameters
    ----------
    function : {"relu", "leaky_relu", "tanh"}
    y : ndarray, shape (H, C, W, N)
        What goes in and, in its place, comes out.
    bias, db : ndarray, shape (C,), optional
        Added before; and where the gradient with respect to it goes.
    """

    def __init__(self, function: str, y: Array, bias: Array | None = None, db: Array | None = None) -> None:
        self.function, self.bias, self.db = function, bias, db
        height, channels, width, images = y.shape
        self._rows = y.reshape(height, channels * width * images)
        self._maps = y.reshape(height, channels, width * images)
        self._zeros: Array = np.zeros(self._rows.shape[1], y.dtype)
        self._bias_row: Array = np.empty((channels, width * images), y.dtype)
        self._other: Array = np.empty(self._rows.shape, bool if function == "relu" else y.dtype)
        self._positive = self._other if function == "relu" else np.empty(self._rows.shape, bool)

    def forward(self) -> None:
        """Apply it."""
        y = self._rows
        if self.bias is not None:
            np.copyto(self._bias_row, self.bias[:, None])
            np.add(y, self._bias_row.reshape(-1), out=y)
        if self.function == "relu":
            np.maximum(y, self._zeros, out=y)  # a row of zeros: NumPy is slow with one
        elif self.function == "leaky_relu":
            np.multiply(y, y.dtype.type(LEAKY_SLOPE), out=self._other)
            np.maximum(y, self._other, out=y)
        else:
            np.tanh(y, out=y)

    def backward(self, dy: Array) -> None:
        """Turn `dy`, the gradient with respect to what came out, into that with respect to what went in, in place."""
        flat = dy.reshape(self._rows.shape)
        if self.function == "tanh":
            np.multiply(self._rows, self._rows, out=self._other)
            np.subtract(1, self._other, out=self._other)
            np.multiply(flat, self._other, out=flat)
        else:
            np.greater(self._rows, 0, out=self._positive)
            if self.function == "relu":
                np.multiply(flat, self._positive, out=flat)
            else:
                np.multiply(self._positive, flat.dtype.type(1 - LEAKY_SLOPE), out=self._other)
                self._other += flat.dtype.type(LEAKY_SLOPE)
                np.multiply(flat, self._other, out=flat)
        if self.db is not None:
            np.add.reduce(dy.reshape(self._maps.shape), axis=(0, 2), out=self.db)


class FusedNorm:
    """Batch normalisation in place; see `cnncore.layers.BatchNorm`.

    Parameters
    ----------
    layer : cnncore.layers.BatchNorm
        Gives the live parameters and running statistics.
    y : ndarray, shape (H, C, W, N)
        What goes in and, in its place, comes out.
    bias : ndarray, shape (C,)
        The bias of the convolution before it. It cancels out, but the running mean counts it.
    dw, db : ndarray, shape (C,)
        Where the gradients go.
    """

    def __init__(self, layer: BatchNorm, y: Array, bias: Array, dw: Array, db: Array) -> None:
        name = layer.name
        self.weight, self.shift = layer.parameters[f"{name}.weight"], layer.parameters[f"{name}.bias"]
        self.mean, self.var = layer.buffers[f"{name}.running_mean"], layer.buffers[f"{name}.running_var"]
        self.bias, self.dw, self.db = bias, dw, db
        height, channels, width, images = y.shape
        self._y = y.reshape(height, channels, width * images)
        self._hat: Array = np.empty_like(self._y)
        self._scale: Array = np.empty(channels, y.dtype)
        self._count = height * width * images

    def forward(self, *, training: bool) -> None:
        """Normalise: over the batch, whose mean and variance are then remembered, or by what is remembered."""
        y, hat, count = self._y, self._hat, self._count
        if training:
            mean = np.add.reduce(y, axis=(0, 2)) / count
            np.subtract(y, mean[:, None], out=hat)
            var = np.einsum("hcw,hcw->c", hat, hat) / count
            self.mean += BATCH_NORM_MOMENTUM * (mean + self.bias - self.mean)
            self.var += BATCH_NORM_MOMENTUM * (var * (count / max(count - 1, 1)) - self.var)
        else:
            var = self.var
            np.subtract(y, (self.mean - self.bias)[:, None], out=hat)
        np.divide(1, np.sqrt(var + BATCH_NORM_EPSILON), out=self._scale)
        hat *= self._scale[:, None]
        np.multiply(hat, self.weight[:, None], out=y)
        y += self.shift[:, None]

    def backward(self, dy: Array) -> None:
        """Turn `dy`, in place, into the gradient with respect to what went in."""
        flat, hat, count = dy.reshape(self._y.shape), self._hat, self._count
        np.einsum("hcw,hcw->c", flat, hat, out=self.dw)
        np.add.reduce(flat, axis=(0, 2), out=self.db)
        hat *= (self.dw / -count)[:, None]
        flat += hat
        flat -= (self.db / count)[:, None]
        flat *= (self.weight * self._scale)[:, None]


class FusedDropout:
    """A random share of the numbers set to 0, and the others raised so that their mean stays.

    Parameters
    ----------
    x : ndarray, shape (H, C, W, N)
        What goes in.
    rate : float
        The share.

    Attributes
    ----------
    y : ndarray, shape (H, C, W, N)
        What comes out.
    """

    def __init__(self, x: Array, rate: float) -> None:
        height, channels, width, images = x.shape
        self._x, self._rate = x, rate
        self.y: Array = np.empty_like(x)
        self._factor: Array = np.empty_like(x)
        # The randomness is laid out as in cnncore.layers, channel first, so that both drop the same numbers.
        self._chance: Array = np.empty((channels, height, width, images), np.float32)
        self._kept: Array = np.empty(self._chance.shape, bool)

    def forward(self, rng: np.random.Generator | None) -> None:
        """Drop numbers that `rng` chooses; none without one."""
        if rng is None:
            np.copyto(self.y, self._x)
            return
        rng.random(dtype=np.float32, out=self._chance)
        np.greater_equal(self._chance, self._rate, out=self._kept)
        np.multiply(self._kept.transpose(1, 0, 2, 3), self._x.dtype.type(1 / (1 - self._rate)), out=self._factor)
        np.multiply(self._x, self._factor, out=self.y)

    def backward(self, dy: Array) -> None:
        """Turn `dy`, in place, into the gradient with respect to what went in."""
        np.multiply(dy, self._factor, out=dy)
