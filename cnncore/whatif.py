"""What if: filters switched off, the picture moved, turned, scaled or made noisy; and which pictures are alike.

Examples
--------
>>> from cnncore.network import Architecture
>>> network, x = Network(Architecture(), seed=1), np.ones((1, 1, 8, 8), np.float32)
>>> bool(np.allclose(forward_without(network, x, {}), network.forward(x)))
True
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore import ops
from cnncore._arrays import QUIET, Array
from cnncore.architecture import LayerPlan
from cnncore.layers import Workspace
from cnncore.network import AT_ONCE, Network, inward, outward
from cnncore.tracing import Span, receptive_field

CHANGES = {
    "shift_down": "pixels",
    "shift_right": "pixels",
    "rotate": "degrees",
    "scale": "times",
    "noise": "standard deviation",
}
"""The changes that `changed` knows, and their units."""


def forward_without(network: Network, x: Any, off: Mapping[str, Collection[int]]) -> Array:
    """Return the class scores with some filters switched off: their maps are 0 wherever they would be read.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, C, H, W)
    off : mapping of str to collection of int
        Layers by name, a key of `Network.activations` that gives maps, and the channels to switch off in each.

    Returns
    -------
    ndarray of float, shape (N, classes)

    Raises
    ------
    ValueError
        If there is no such layer or channel.

    Notes
    -----
    A filter of which only the convolution is set to 0 still shows through batch normalisation: switch off what the
    activation gives.
    """
    _check_off(network, off)
    x = np.asarray(x, network.dtype)
    scores = np.empty((len(x), network.classes), network.dtype)
    for start in range(0, len(x), AT_ONCE):
        for _, y in _layers_without(network, x[start : start + AT_ONCE], off):
            last = y
        scores[start : start + AT_ONCE] = last.T
    return scores


def activations_without(network: Network, x: Any, off: Mapping[str, Collection[int]]) -> dict[str, Array]:
    """Return what every layer gives with some filters switched off: `Network.activations`, see `forward_without`.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, C, H, W)
    off : mapping of str to collection of int

    Returns
    -------
    dict of str to ndarray of float
        The maps that are switched off are 0.

    Examples
    --------
    >>> from cnncore.network import Architecture
    >>> network, x = Network(Architecture(), seed=1), np.ones((1, 1, 8, 8), np.float32)
    >>> maps = activations_without(network, x, {"relu1": [2]})
    >>> bool(maps["relu1"][:, 2].any()), bool((maps["logits"] == forward_without(network, x, {"relu1": [2]})).all())
    (False, True)
    """
    _check_off(network, off)
    found = _layers_without(network, np.asarray(x, network.dtype), off)
    return {plan.name: outward(y) for plan, y in found if plan.kind != "dropout"}


def _check_off(network: Network, off: Mapping[str, Collection[int]]) -> None:
    known = {plan.name: plan.output_shape for plan in network.plan if plan.kind != "dropout"}
    for name, channels in off.items():
        if name not in known or len(known[name]) != 3:
            raise ValueError(f"`off` names the layer {name!r}, which gives no maps")
        if any(not 0 <= channel < known[name][0] for channel in channels):
            raise ValueError(f"`off` names channels {sorted(channels)} of {name!r}, which has {known[name][0]}")


def _layers_without(
    network: Network, x: Array, off: Mapping[str, Collection[int]]
) -> Iterator[tuple[LayerPlan, Array]]:
    """Give each layer and its batch-last output, with what is switched off at 0."""
    y, work = inward(x), Workspace(keep=True)
    for layer in network.layers:
        with np.errstate(**QUIET):
            y = layer.forward(y, work)
        if off.get(layer.name):
            y[sorted(off[layer.name])] = 0
        yield layer.plan, y


def changed(x: Any, change: str, amount: float, *, seed: int = 0) -> Array:
    """Return pictures moved, turned, scaled or made noisy.

    Parameters
    ----------
    x : array_like of float, shape (N, C, H, W)
        The background is 0.
    change : str
        One of `CHANGES`.
    amount : float
        In its unit; degrees run counterclockwise, a scale of 2 makes everything twice as large.
    seed : int
        Of the noise, which is normal and the same for every amount but for its size; results stay within 0 and 1.

    Returns
    -------
    ndarray of float, shape and dtype of `x`

    Raises
    ------
    ValueError
        If there is no such change, or a scale is not positive.

    Examples
    --------
    >>> dot = np.zeros((1, 1, 3, 3))
    >>> dot[0, 0, 1, 1] = 1
    >>> changed(dot, "shift_down", 1)[0, 0]
    array([[0., 0., 0.],
           [0., 0., 0.],
           [0., 1., 0.]])
    """
    x = np.asarray(x)
    if change not in CHANGES:
        raise ValueError(f"`change` (={change!r}) must be one of {', '.join(CHANGES)}")
    if change == "noise":
        noise = np.random.default_rng(seed).standard_normal(x.shape)
        return np.clip(x + amount * noise, 0, 1).astype(x.dtype)
    if change == "scale" and amount <= 0:
        raise ValueError(f"`amount` (={amount!r}) of a scale must be positive")
    from scipy import ndimage

    angle = np.deg2rad(amount) if change == "rotate" else 0.0
    cos, sin = np.cos(angle), np.sin(angle)
    size = 1 / amount if change == "scale" else 1.0
    back = np.array([[cos, sin], [-sin, cos]]) * size  # from where a pixel of the result is taken, rows down
    middle = (np.array(x.shape[2:]) - 1) / 2
    move = np.array([amount if change == "shift_down" else 0.0, amount if change == "shift_right" else 0.0])
    offset = middle - back @ (middle + move)
    moved = np.empty_like(x)
    for place in np.ndindex(x.shape[:2]):
        moved[place] = ndimage.affine_transform(x[place], back, offset, order=1, mode="constant", cval=0.0)
    return moved


def probability_curve(network: Network, x: Any, change: str, amounts: Sequence[float], *, seed: int = 0) -> Array:
    """Return the probabilities of one picture under growing change.

    Parameters
    ----------
    network : Network
    x : array_like, shape (1, C, H, W)
    change : str
        One of `CHANGES`.
    amounts : sequence of float

    Returns
    -------
    ndarray of float, shape (len(amounts), classes)
    """
    pictures = [changed(x, change, amount, seed=seed) for amount in amounts]
    return network.predict_proba(np.concatenate(pictures)) if pictures else np.empty((0, network.classes))


# Which pictures are alike --------------------------------------------------------------------------------------------


def features(network: Network, x: Any) -> Array:
    """Return what the last layer before the class scores gives, shape (N, D): the network's own view of a picture."""
    x = np.asarray(x, network.dtype)
    name = [plan.name for plan in network.plan if plan.kind != "dropout"][-2]
    parts = [network.activations(x[start : start + AT_ONCE])[name] for start in range(0, len(x), AT_ONCE)]
    return np.concatenate(parts) if parts else np.empty((0, network.plan[-1].input_shape[0]), network.dtype)


def nearest(known: Any, own: Any, count: int = 5) -> tuple[Array, Array]:
    """Return the nearest of many feature lists to one, by Euclidean distance.

    Parameters
    ----------
    known : array_like, shape (N, D)
        From `features`.
    own : array_like, shape (1, D) or (D,)

    Returns
    -------
    indices, distances : ndarray, shape (min(count, N),)
        Nearest first; of equals, the lower index.

    Examples
    --------
    >>> nearest([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]], [0.0, 0.0], 2)
    (array([0, 2]), array([0., 1.]))
    """
    known, own = np.asarray(known), np.asarray(own).reshape(-1)
    distances = np.sqrt(np.square(known - own).sum(axis=1))
    order = np.argsort(distances, kind="stable")[:count]
    return order, distances[order]


@dataclass(frozen=True, eq=False)
class TopPatch:
    """A place where a filter answers most strongly: which picture, which cell, its number, the pixels it sees."""

    picture: int
    index: tuple[int, int]
    value: float
    field: tuple[Span, Span]
    pixels: Array


def top_patches(network: Network, layer: str, channel: int, images: Any, count: int = 9) -> list[TopPatch]:
    """Return where among many pictures one feature map is largest, at most one place a picture.

    Parameters
    ----------
    network : Network
    layer : str
        A layer that gives maps.
    channel : int
    images : array_like, shape (N, C, H, W)
    count : int

    Returns
    -------
    list of TopPatch
        The largest first; their `pixels` (C, h, w) are the receptive field, 0 beyond the picture.

    Raises
    ------
    ValueError
        If the layer gives no maps, or has no such channel.
    """
    channels, *_ = _map_shape(network, layer)
    if not 0 <= channel < channels:
        raise ValueError(f"`channel` (={channel}) must lie between 0 and {channels - 1}")
    return _top_patches(network, layer, [channel], images, count)[0]


def all_top_patches(network: Network, layer: str, images: Any, count: int = 9) -> list[list[TopPatch]]:
    """Return what `top_patches` gives for every feature map of a layer, by one look at the pictures."""
    channels, *_ = _map_shape(network, layer)
    return _top_patches(network, layer, list(range(channels)), images, count)


def _map_shape(network: Network, layer: str) -> tuple[int, ...]:
    """Return (channels, rows, columns) of a layer that gives maps; ValueError if it gives none."""
    shapes = {plan.name: plan.output_shape for plan in network.plan if plan.kind != "dropout"}
    if len(shapes.get(layer, ())) != 3:
        raise ValueError(f"`layer` (={layer!r}) gives no maps")
    return shapes[layer]


def _top_patches(network: Network, layer: str, channels: list[int], images: Any, count: int) -> list[list[TopPatch]]:
    images = np.asarray(images, network.dtype)
    if not len(images):
        return [[] for _ in channels]
    values, places = [], []
    for start in range(0, len(images), AT_ONCE):
        maps = network.activations(images[start : start + AT_ONCE])[layer][:, channels]
        flat = maps.reshape(*maps.shape[:2], -1)
        places.append(flat.argmax(axis=2))
        values.append(flat.max(axis=2))
    peaks, cells = np.concatenate(values), np.concatenate(places)
    found = []
    for nth, channel in enumerate(channels):
        best = []
        for picture in np.argsort(-peaks[:, nth], kind="stable")[:count].tolist():
            row, column = divmod(int(cells[picture, nth]), _map_shape(network, layer)[2])
            field = receptive_field(network, layer, (channel, row, column))
            pixels = cut_out(images[picture], field)
            best.append(TopPatch(picture, (row, column), float(peaks[picture, nth]), field, pixels))
        found.append(best)
    return found


def cut_out(picture: Array, field: tuple[Span, Span]) -> Array:
    """Return the pixels (C, h, w) of a field, 0 where it reaches beyond the picture.

    Examples
    --------
    >>> cut_out(np.ones((1, 2, 2)), ((-1, 0), (1, 1)))[0]
    array([[0.],
           [1.]])
    """
    taken = [np.arange(first, last + 1) for first, last in field]
    inside = [(t >= 0) & (t < n) for t, n in zip(taken, picture.shape[1:], strict=True)]
    near = [np.clip(t, 0, n - 1) for t, n in zip(taken, picture.shape[1:], strict=True)]
    return picture[:, near[0][:, None], near[1]] * (inside[0][:, None] & inside[1])


def accuracy_without(network: Network, x: Any, labels: Any, off: Mapping[str, Collection[int]]) -> tuple[float, float]:
    """Return mean cross-entropy and share right with some filters off; see `forward_without`."""
    scores = forward_without(network, x, off)
    loss, _ = ops.softmax_cross_entropy(scores, labels)
    return float(loss), float(np.mean(scores.argmax(axis=1) == np.asarray(labels)))
