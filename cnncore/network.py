"""A network: an architecture with weights. What it gives for a picture, layer by layer, and every gradient of it.

A network is only read by these methods, so several threads may use one at once; training changes its parameters in
place (`cnncore.training`).

Examples
--------
>>> network = Network(Architecture(blocks=(ConvBlock(4, pool="max"),)), seed=1)
>>> x = np.zeros((2, 1, 8, 8), np.float32)
>>> {name: maps.shape for name, maps in network.activations(x).items()}
{'conv1': (2, 4, 8, 8), 'relu1': (2, 4, 8, 8), 'pool1': (2, 4, 4, 4), 'flatten': (2, 64), 'logits': (2, 10)}
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from cnncore import ops
from cnncore._arrays import QUIET, Array, as_gradient, as_images, batch_first, batch_last
from cnncore._checks import one_of
from cnncore.architecture import Architecture, ConvBlock, LayerPlan
from cnncore.layers import KINDS, Layer, Workspace

__all__ = ["Architecture", "ConvBlock", "LayerPlan", "Network"]

INITS = ("he", "glorot")
AT_ONCE = 256
"""Pictures that go through at once when there are many: their maps stay in a processor's cache or near it."""


class Network:
    """An architecture with weights.

    Parameters
    ----------
    architecture : Architecture
    input_shape : tuple of int
        (channels, rows, columns) of a picture.
    classes : int
        Numbers that the last layer gives.
    seed : int
        Of the starting weights.
    init : {"he", "glorot"}
        Starting weights are normal with variance 2 / inputs (He et al. 2015), or uniform with variance
        2 / (inputs + outputs) (Glorot and Bengio 2010), of a filter or unit. Biases start at 0.
    dtype : dtype
        float32 or float64.

    Raises
    ------
    ValueError
        If the layers do not fit the pictures, or an argument is out of range.

    References
    ----------
    .. [1] K. He et al., "Delving deep into rectifiers", 2015, arXiv:1502.01852.
    .. [2] X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    def __init__(
        self,
        architecture: Architecture,
        *,
        input_shape: tuple[int, ...] = (1, 8, 8),
        classes: int = 10,
        seed: int = 0,
        init: str = "he",
        dtype: Any = np.float32,
    ) -> None:
        one_of(init, "init", INITS)
        self.architecture = architecture
        self.plan: tuple[LayerPlan, ...] = architecture.plan(input_shape, classes)
        self.input_shape: tuple[int, ...] = self.plan[0].input_shape
        self.classes = self.plan[-1].output_shape[0]
        self.init = init
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"`dtype` (={dtype!r}) must be float32 or float64")
        self.layers: list[Layer] = [KINDS[layer.kind](layer) for layer in self.plan]
        shapes = {name: shape for layer in self.layers for name, shape in layer.parameter_shapes().items()}
        self.flat: Array = np.zeros(sum(map(math.prod, shapes.values())), self.dtype)
        self._parameters = views(self.flat, shapes)
        for layer in self.layers:
            layer.parameters = {name: self._parameters[name] for name in layer.parameter_shapes()}
            layer.buffers = {name: values.astype(self.dtype) for name, values in layer.buffers.items()}
        self._start(seed)

    def _start(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        for name, values in self._parameters.items():
            if values.ndim == 1:
                values[...] = 1 if name.startswith("norm") and name.endswith(".weight") else 0
                continue
            inputs, window = math.prod(values.shape[1:]), math.prod(values.shape[2:])
            if self.init == "he":
                values[...] = rng.normal(0, math.sqrt(2 / inputs), values.shape)
            else:
                limit = math.sqrt(6 / (inputs + values.shape[0] * window))
                values[...] = rng.uniform(-limit, limit, values.shape)

    # Weights ----------------------------------------------------------------------------------------------------------

    def parameters(self) -> dict[str, Array]:
        """Return what is learned, by name, in the order of the layers: the live arrays, not copies."""
        return dict(self._parameters)

    def buffers(self) -> dict[str, Array]:
        """Return what is gathered while training, not learned: batch normalisation's running statistics; live."""
        return {name: values for layer in self.layers for name, values in layer.buffers.items()}

    def state(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers, by name."""
        return {name: values.copy() for name, values in {**self._parameters, **self.buffers()}.items()}

    def load(self, arrays: Mapping[str, Any]) -> None:
        """Take over the parameters and buffers that `state` gave.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a shape differs; then nothing has changed.
        """
        mine = {**self._parameters, **self.buffers()}
        if set(arrays) != set(mine):
            odd = sorted(set(arrays) ^ set(mine))
            raise ValueError(f"`arrays` must hold exactly this network's parameters; {odd[0]!r} is in only one of them")
        given = {name: np.asarray(arrays[name]) for name in mine}
        for name, values in mine.items():
            if given[name].shape != values.shape or given[name].dtype.kind not in "fiu":
                raise ValueError(
                    f"`arrays` has {name!r} of shape {given[name].shape} and dtype {given[name].dtype}, but the "
                    f"network needs numbers of shape {values.shape}"
                )
        for name, values in mine.items():
            values[...] = given[name]

    def copy(self, *, dtype: Any = None) -> Network:
        """Return a network of its own with the same weights, in `dtype` if one is given."""
        twin = self.reinitialised(0, dtype=dtype)
        twin.load({**self._parameters, **self.buffers()})
        return twin

    def reinitialised(self, seed: int, *, dtype: Any = None) -> Network:
        """Return a network of the same architecture with fresh starting weights."""
        return Network(
            self.architecture,
            input_shape=self.input_shape,
            classes=self.classes,
            seed=seed,
            init=self.init,
            dtype=self.dtype if dtype is None else dtype,
        )

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned."""
        return self.flat.size

    # What it gives ----------------------------------------------------------------------------------------------------

    def forward(self, x: Any) -> Array:
        """Return the class scores, before softmax.

        Parameters
        ----------
        x : array_like, shape (N, C, H, W)
            Pictures, 0 to 1.

        Returns
        -------
        ndarray of float, shape (N, classes)

        Raises
        ------
        ValueError
            If the pictures have another shape than the network takes.
        """
        x = self._pictures(x)
        scores = np.empty((x.shape[0], self.classes), self.dtype)
        for part in _parts(x.shape[0]):
            scores[part] = self._run(x[part], Workspace()).T
        return scores

    def predict_proba(self, x: Any) -> Array:
        """Return the probability of each class, shape (N, classes): the softmax of `forward`."""
        scores = self.forward(x)
        return ops.softmax(scores) if len(scores) else scores

    def activations(self, x: Any) -> dict[str, Array]:
        """Return what every layer gives, by name, in the order in which data flows; dropout, idle here, is left out.

        Parameters
        ----------
        x : array_like, shape (N, C, H, W)

        Returns
        -------
        dict of str to ndarray of float
            Of shape (N, F, OH, OW) or (N, D); the last key is ``"logits"``.
        """
        work = Workspace(keep=True)
        found = self._layer_outputs(self._pictures(x), work)
        return {layer.name: outward(y) for layer, y in found if layer.plan.kind != "dropout"}

    def run_from(self, name: str, values: Any) -> Array:
        """Return the class scores when layer `name` gives `values` instead of what it would: for what-if questions.

        Parameters
        ----------
        name : str
            A key of `activations`, or ``"input"``.
        values : array_like
            In the shape that `activations` gives.

        Returns
        -------
        ndarray of float, shape (N, classes)
        """
        values = np.asarray(values, self.dtype)
        rest = self.layers[self._place(name) + 1 :]
        shape = self.input_shape if name == "input" else self._planned(name).output_shape
        if values.shape[1:] != shape:
            raise ValueError(
                f"`values` has shape {values.shape}; layer {name!r} gives (N, {', '.join(map(str, shape))})"
            )
        y, work = inward(values), Workspace(keep=True)
        with np.errstate(**QUIET):
            for layer in rest:
                y = layer.forward(y, work)
        return np.ascontiguousarray(y.T)

    # Gradients --------------------------------------------------------------------------------------------------------

    def gradients(self, x: Any, dlogits: Any, *, at: Iterable[str] = ("input",)) -> dict[str, Array]:
        """Return the gradient of a function of the class scores with respect to what chosen layers give.

        Parameters
        ----------
        x : array_like, shape (N, C, H, W)
        dlogits : array_like, shape (N, classes)
            The gradient of the function with respect to the scores; a 1 for one class asks about its score.
        at : iterable of str
            Keys of `activations`, or ``"input"`` for the pictures.

        Returns
        -------
        dict of str to ndarray of float
            In the shape of the activations.

        Notes
        -----
        As at inference: batch normalisation uses its running statistics, dropout drops nothing.
        """
        x = self._pictures(x)
        dlogits = as_gradient(dlogits, "dlogits", x, (x.shape[0], self.classes))
        wanted = {self._place(name): name for name in at}
        work, found = Workspace(keep=True), {}
        with np.errstate(**QUIET):
            self._run(x, work)
            dy: Array | None = inward(dlogits).copy()
            for place in range(len(self.layers) - 1, min(wanted, default=len(self.layers)) - 1, -1):
                if dy is None:  # no layer answers so while its gradient is wanted
                    break
                if place in wanted:
                    found[wanted[place]] = outward(dy).copy()
                if place >= 0:
                    dy = self.layers[place].backward(dy, work)
        return {name: found[name] for name in wanted.values()}

    def loss_and_gradients(
        self, x: Any, labels: Any, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[float, dict[str, Array]]:
        """Return the mean cross-entropy of a batch, and its gradient with respect to every parameter.

        Parameters
        ----------
        x : array_like, shape (N, C, H, W)
        labels : array_like of int, shape (N,)
        training : bool
            Whether batch normalisation uses the batch's own statistics (and updates the running ones), and dropout
            drops; it then needs `rng`.

        Returns
        -------
        loss : float
        gradients : dict of str to ndarray
            By the names of `parameters`.
        """
        x = self._pictures(x)
        gradients = views(np.zeros_like(self.flat), {name: p.shape for name, p in self._parameters.items()})
        work = Workspace(training=training, rng=rng, gradients=gradients)
        with np.errstate(**QUIET):
            loss, dlogits = ops.softmax_cross_entropy(self._run(x, work).T, labels)
            self.backward(inward(dlogits).copy(), work)
        return float(loss), gradients

    # For the training loop: batch-last arrays, and a workspace that is kept -------------------------------------------

    def run(self, x: Array, work: Workspace) -> Array:
        """Return the class scores (classes, N) of batch-last pictures (C, H, W, N)."""
        for layer in self.layers:
            x = layer.forward(x, work)
        return x

    def backward(self, dy: Array, work: Workspace) -> None:
        """Write the gradient of every parameter into ``work.gradients``, after `run` in the same workspace."""
        upstream: Array | None = dy
        for place in range(len(self.layers) - 1, -1, -1):
            if upstream is not None:
                upstream = self.layers[place].backward(upstream, work, wanted=place > 0)

    # Within -----------------------------------------------------------------------------------------------------------

    def _run(self, x: Array, work: Workspace) -> Array:
        with np.errstate(**QUIET):
            return self.run(batch_last(x), work)

    def _layer_outputs(self, x: Array, work: Workspace) -> Iterator[tuple[Layer, Array]]:
        y = batch_last(x)
        for layer in self.layers:
            with np.errstate(**QUIET):
                y = layer.forward(y, work)
            yield layer, y

    def _pictures(self, x: Any) -> Array:
        x = as_images(x).astype(self.dtype, copy=False)
        if x.shape[1:] != self.input_shape:
            wanted = ", ".join(map(str, self.input_shape))
            raise ValueError(f"`x` has shape {x.shape}, but this network takes (N, {wanted})")
        return x

    def _place(self, name: str) -> int:
        """Return the index of a layer; -1 for the pictures."""
        if name == "input":
            return -1
        for place, layer in enumerate(self.plan):
            if layer.name == name:
                return place
        raise ValueError(f"there is no layer {name!r}; there are {', '.join(layer.name for layer in self.plan)}")

    def _planned(self, name: str) -> LayerPlan:
        return self.plan[self._place(name)]


def views(flat: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Return arrays of the given shapes that lie one after another in `flat`.

    Examples
    --------
    >>> views(np.arange(5.0), {"a": (2, 2), "b": (1,)})["b"]
    array([4.])
    """
    found, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        found[name] = flat[start : start + size].reshape(shape)
        start += size
    return found


def inward(values: Array) -> Array:
    """Return (N, C, H, W) or (N, D) values as batch-last contiguous ones."""
    return batch_last(values) if values.ndim == 4 else np.ascontiguousarray(values.T)


def outward(values: Array) -> Array:
    """Return batch-last values with the batch in front."""
    return batch_first(values) if values.ndim == 4 else values.T


def _parts(count: int) -> list[slice]:
    return [slice(start, start + AT_ONCE) for start in range(0, count, AT_ONCE)]
