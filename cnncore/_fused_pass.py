"""The training pass: loss and gradients of one batch, in memory that is laid out and wired once for a batch size.

The same numbers as `Network.run` and `Network.backward` in training, up to rounding, from fewer and longer passes over
memory: maps lie row first (see `cnncore._fused_columns`); bias and activation, which do not change which number of a
window is the largest, come after the max pool, on a quarter of the numbers or less; and nothing is allocated.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnncore._arrays import QUIET, Array
from cnncore._fused_columns import FusedConv
from cnncore._fused_parts import FusedActivation, FusedAveragePool, FusedDropout, FusedMaxPool, FusedNorm
from cnncore.architecture import LayerPlan
from cnncore.layers import BatchNorm, Conv, Layer
from cnncore.network import Network


class FusedPass:
    """Forward and backward through a network, as in training, for batches of one size.

    Parameters
    ----------
    network : Network
        Its parameters are read where they are; batch normalisation's running statistics are updated.
    images : int
        Pictures in a batch.
    gradients : mapping of str to ndarray
        Where the gradients go, by the names of the parameters.

    Examples
    --------
    >>> from cnncore.architecture import Architecture
    >>> network = Network(Architecture())
    >>> gradients = {name: np.empty_like(values) for name, values in network.parameters().items()}
    >>> run = FusedPass(network, 2, gradients)
    >>> loss, correct = run.forward(np.ones((2, 1, 8, 8), np.float32), np.array([3, 5]))
    >>> run.backward()
    >>> float(abs(gradients["logits.bias"].sum()).round(6))
    0.0
    """

    def __init__(self, network: Network, images: int, gradients: Mapping[str, Array]) -> None:
        channels, height, width = network.input_shape
        self.images = images
        self._x: Array = np.empty((height, channels, width, images), network.dtype)
        self._blocks: list[_Block] = []
        layers = {layer.name: layer for layer in network.layers}
        x, dx = self._x, None
        for number in range(1, len(network.architecture.blocks) + 1):
            plans = [plan for plan in network.plan if plan.detail.get("block") == number]
            block = _Block(plans, layers, x, dx, gradients)
            self._blocks.append(block)
            x, dx = block.y, block.dy
        self._head = _Head(network, x, self._blocks[-1].dy, gradients)

    def forward(self, x: Array, labels: Array, rng: np.random.Generator | None = None) -> tuple[float, int]:
        """Return the mean cross-entropy of a batch, and how many pictures are right.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)
        labels : ndarray of int, shape (N,)
        rng : numpy.random.Generator, optional
            For dropout.
        """
        np.copyto(self._x, x.transpose(2, 1, 3, 0))
        with np.errstate(**QUIET):
            for block in self._blocks:
                block.forward(rng, training=True)
            return self._head.forward(labels)

    def scores(self, x: Array) -> Array:
        """Return the class scores (n, classes) of at most `images` pictures, as at inference.

        Parameters
        ----------
        x : ndarray, shape (n, C, H, W)
        """
        np.copyto(self._x[..., : len(x)], x.transpose(2, 1, 3, 0))
        with np.errstate(**QUIET):
            for block in self._blocks:
                block.forward(None, training=False)
            return self._head.scores()[:, : len(x)].T.copy()

    def backward(self) -> None:
        """Write the gradient of every parameter for the batch that `forward` saw."""
        with np.errstate(**QUIET):
            self._head.backward()
            for block in reversed(self._blocks):
                block.backward()


class _Block:
    """A convolution and what follows it; `y` is what comes out, `dy` where the gradient with respect to it comes in."""

    def __init__(
        self,
        plans: list[LayerPlan],
        layers: Mapping[str, Layer],
        x: Array,
        dx: Array | None,
        gradients: Mapping[str, Array],
    ) -> None:
        kinds = {plan.kind: plan for plan in plans}
        name = kinds["conv"].name
        conv = layers[name]
        if not isinstance(conv, Conv):
            raise ValueError(f"layer {name!r} is no convolution")
        bias, db = conv.parameters[f"{name}.bias"], gradients[f"{name}.bias"]
        pool = kinds["pool"].detail if "pool" in kinds else None
        largest = pool is not None and pool["pool"] == "max"
        apart = "batch_norm" not in kinds and largest  # then every few rows can be pooled by themselves
        size = pool["size"] if pool is not None else 1
        height, width = conv.windows.out
        used = height // size * size if apart else height
        self._conv = FusedConv(
            conv, x, dx, gradients[f"{name}.weight"], used=used, step=size if apart else 0, in_place=largest
        )
        maps = self._conv.y[0]
        self._norm: FusedNorm | None = None
        bias_here: tuple[Array | None, Array | None] = (bias, db)
        if "batch_norm" in kinds:
            norm = layers[kinds["batch_norm"].name]
            if isinstance(norm, BatchNorm):
                dw, dshift = (gradients[f"{norm.name}.{part}"] for part in ("weight", "bias"))
                self._norm = FusedNorm(norm, maps, bias, dw, dshift)
            db[...] = 0  # what is added before the mean is taken away changes nothing
            bias_here = (None, None)
        self._pools: list[FusedMaxPool] = []
        self._mean: FusedAveragePool | None = None
        self._dmaps = self._conv.dy[0]
        if largest:
            self.y = np.empty((height // size, bias.size, width // size, x.shape[-1]), x.dtype)
            self.dy = np.empty_like(self.y)
            between = np.empty((maps.shape[0] // size * size, *self.y.shape[1:]), x.dtype)
            for (first, stop), part in zip(self._conv.rows, self._conv.y, strict=True):
                rows = slice(first // size, stop // size)
                self._pools.append(FusedMaxPool(part, self.y[rows], self.dy[rows], size, between))
        else:
            self.y, self.dy = maps, self._dmaps
            if pool is not None:
                self._mean = FusedAveragePool(maps, self._dmaps, size)
                self.y, self.dy = self._mean.y, self._mean.dy
        self._activation = FusedActivation(
            kinds["activation"].detail["function"], self.y if largest else maps, *bias_here
        )
        self._dropout: FusedDropout | None = None
        if "dropout" in kinds:
            self._dropout = FusedDropout(self.y, kinds["dropout"].detail["rate"])
            self.y = self._dropout.y

    def forward(self, rng: np.random.Generator | None, *, training: bool) -> None:
        self._conv.start_forward()
        for block in range(len(self._conv.rows)):
            self._conv.forward(block)
            if self._norm is not None:
                self._norm.forward(training=training)
            if self._pools:
                self._pools[block].forward()
        self._activation.forward()
        if self._mean is not None:
            self._mean.forward()
        if self._dropout is not None:
            if training and rng is None:
                raise ValueError("dropout needs `rng` while training")
            self._dropout.forward(rng if training else None)

    def backward(self) -> None:
        if self._dropout is not None:
            self._dropout.backward(self.dy)
        if self._mean is not None:
            self._mean.backward()
        self._activation.backward(self.dy if self._pools else self._dmaps)
        self._conv.start_backward()
        for block in range(len(self._conv.rows)):
            if self._pools:
                self._pools[block].backward()
            if self._norm is not None:
                self._norm.backward(self._dmaps)
            self._conv.backward(block)
        self._conv.end_backward()


class _Head:
    """Maps to one list of numbers for each picture, dense layers, softmax and cross-entropy."""

    def __init__(self, network: Network, x: Array, dx: Array, gradients: Mapping[str, Array]) -> None:
        height, channels, width, images = x.shape
        self._x, self._dx = x, dx
        self._flatten = network.architecture.head == "flatten"
        size = (channels, height, width, images) if self._flatten else (channels, images)
        self._list: Array = np.empty(size, x.dtype)
        self._dlist: Array = np.empty(size, x.dtype)
        self._cells = x.dtype.type(height * width)
        self._each = np.arange(images)
        self._dense: list[_Dense] = []
        values, dvalues = self._list.reshape(-1, images), self._dlist.reshape(-1, images)
        plans = [plan for plan in network.plan if plan.kind == "dense"]
        for plan in plans:
            function = None if plan.name == "logits" else network.architecture.blocks[-1].activation
            dense = _Dense(network.parameters(), gradients, plan.name, values, dvalues, function)
            self._dense.append(dense)
            values, dvalues = dense.y, dense.dy

    def scores(self) -> Array:
        if self._flatten:
            np.copyto(self._list, self._x.transpose(1, 0, 2, 3))
        else:
            np.add.reduce(self._x, axis=(0, 2), out=self._list)
            self._list /= self._cells
        for dense in self._dense:
            dense.forward()
        return self._dense[-1].y

    def forward(self, labels: Array) -> tuple[float, int]:
        scores, dscores = self.scores(), self._dense[-1].dy
        correct = int(np.count_nonzero(scores.argmax(axis=0) == labels))
        scores -= scores.max(axis=0)
        np.exp(scores, out=dscores)
        totals = dscores.sum(axis=0)
        losses = np.log(totals) - scores[labels, self._each]
        dscores /= totals
        dscores[labels, self._each] -= 1
        dscores /= len(labels)
        return float(losses.mean(dtype=np.float64)), correct

    def backward(self) -> None:
        for dense in reversed(self._dense):
            dense.backward()
        if self._flatten:
            np.copyto(self._dx, self._dlist.transpose(1, 0, 2, 3))
        else:
            self._dlist /= self._cells
            np.copyto(self._dx, self._dlist[None, :, None, :])


class _Dense:
    """A dense layer, with its activation."""

    def __init__(
        self,
        parameters: Mapping[str, Array],
        gradients: Mapping[str, Array],
        name: str,
        x: Array,
        dx: Array,
        function: str | None,
    ) -> None:
        self._weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        self._dw, db = gradients[f"{name}.weight"], gradients[f"{name}.bias"]
        self._x, self._dx, self._bias, self._db = x, dx, bias[:, None], db
        self.y: Array = np.empty((bias.size, x.shape[1]), x.dtype)
        self.dy: Array = np.empty_like(self.y)
        self._activation: FusedActivation | None = None
        if function is not None:
            self._activation = FusedActivation(function, self.y.reshape(1, bias.size, 1, -1))

    def forward(self) -> None:
        np.matmul(self._weight, self._x, out=self.y)
        self.y += self._bias
        if self._activation is not None:
            self._activation.forward()

    def backward(self) -> None:
        if self._activation is not None:
            self._activation.backward(self.dy)
        np.matmul(self.dy, self._x.T, out=self._dw)
        np.add.reduce(self.dy, axis=1, out=self._db)
        np.matmul(self._weight.T, self.dy, out=self._dx)
