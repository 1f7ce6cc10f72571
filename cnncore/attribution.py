"""Why a network answers as it does: which pixels, which parts of the feature maps, and what happens without them.

References
----------
.. [1] K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks", 2013, arXiv:1312.6034 (saliency).
.. [2] R. R. Selvaraju et al., "Grad-CAM", 2017, arXiv:1610.02391.
.. [3] M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", 2014, arXiv:1311.2901
   (occlusion).
.. [4] J. Adebayo et al., "Sanity checks for saliency maps", 2018, arXiv:1810.03292: hold every map beside that of a
   network with random weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnncore._arrays import Array
from cnncore.geometry import as_int, as_pair
from cnncore.network import AT_ONCE, Network


def saliency(network: Network, x: Any, target: Any) -> Array:
    """Return how strongly each pixel, moved a little, would move one class's score.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, C, H, W)
        Pictures, 0 to 1.
    target : int or array_like of int, shape (N,)
        The class of each picture.

    Returns
    -------
    ndarray of float, shape (N, H, W)
        ``|d logit[target] / d x|``, the largest over the channels.

    Raises
    ------
    ValueError
        If a target is no class of the network, or the pictures do not fit it.

    Examples
    --------
    >>> from cnncore.network import Architecture
    >>> saliency(Network(Architecture()), np.zeros((2, 1, 8, 8)), 3).shape
    (2, 8, 8)
    """
    return np.abs(_input_gradient(network, x, target)).max(axis=1)


def gradient_times_input(network: Network, x: Any, target: Any) -> Array:
    """Return each pixel's gradient times the pixel, summed over the channels: signed, and 0 on a black background.

    Parameters
    ----------
    network, x, target
        As in `saliency`.

    Returns
    -------
    ndarray of float, shape (N, H, W)

    References
    ----------
    .. [1] A. Shrikumar et al., "Not just a black box", 2016, arXiv:1605.01713.
    """
    return (_input_gradient(network, x, target) * np.asarray(x, network.dtype)).sum(axis=1)


def grad_cam(network: Network, x: Any, target: Any, *, layer: str) -> Array:
    """Return where in a layer's feature maps the evidence for a class lies.

    The maps are summed, each weighted by the mean of the score's gradient over it; what is negative becomes 0.

    Parameters
    ----------
    network, x, target
        As in `saliency`.
    layer : str
        A layer that gives maps, a key of `Network.activations`.

    Returns
    -------
    ndarray of float, shape (N, h, w)
        In the size of the layer's maps, not upsampled.

    Raises
    ------
    ValueError
        As in `saliency`, or if the layer gives no maps.

    Notes
    -----
    The gradient is of the score (the logit) with respect to the feature maps, not to the picture.
    """
    maps = network.activations(x).get(layer)
    if maps is None or maps.ndim != 4:
        known = [plan.name for plan in network.plan if len(plan.output_shape) == 3 and plan.kind != "dropout"]
        raise ValueError(f"`layer` (={layer!r}) must be one that gives maps: {', '.join(known)}")
    gradient = network.gradients(x, _one_hot(network, x, target), at=(layer,))[layer]
    weights = gradient.mean(axis=(2, 3))
    return np.maximum(np.einsum("nc,nchw->nhw", weights, maps), 0)


def occlusion(
    network: Network,
    x: Any,
    target: Any,
    *,
    window: Any,
    stride: Any = 1,
    value: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> Array:
    """Return by how much a class's probability falls when a window of the picture is covered.

    Parameters
    ----------
    network : Network
    x : array_like, shape (1, C, H, W)
        One picture.
    target : int
        The class.
    window : int or (vertical, horizontal)
        Pixels that are covered at once.
    stride : int or (vertical, horizontal)
        Pixels from one cover to the next; what is left over is not covered.
    value : float
        What covers; 0 is the background.
    progress : callable, optional
        Is told how many covers of how many are done, now and then.

    Returns
    -------
    ndarray of float, shape (OH, OW)
        Probability of the picture as it is, less that of the covered one: positive where the cover hurts.

    Raises
    ------
    ValueError
        If the window is larger than the picture, or as in `saliency`.

    Examples
    --------
    >>> from cnncore.network import Architecture
    >>> occlusion(Network(Architecture()), np.zeros((1, 1, 8, 8)), 3, window=4, stride=2).shape
    (3, 3)
    """
    picture = np.asarray(x, network.dtype)
    if picture.shape != (1, *network.input_shape):
        raise ValueError(f"`x` has shape {picture.shape}; one picture of shape {(1, *network.input_shape)} is needed")
    label = _labels(network, 1, target)[0]
    (high, wide), (down, right) = as_pair(window, "window"), as_pair(stride, "stride")
    rows, columns = picture.shape[2:]
    if high > rows or wide > columns:
        raise ValueError(f"`window` (={window!r}) is larger than the picture, {rows} x {columns}")
    places = [(top, left) for top in range(0, rows - high + 1, down) for left in range(0, columns - wide + 1, right)]
    whole = network.predict_proba(picture)[0, label]
    drops = np.empty(len(places), picture.dtype)
    for start in range(0, len(places), AT_ONCE):
        part = places[start : start + AT_ONCE]
        covered = np.repeat(picture, len(part), axis=0)
        for number, (top, left) in enumerate(part):
            covered[number, :, top : top + high, left : left + wide] = value
        drops[start : start + len(part)] = whole - network.predict_proba(covered)[:, label]
        if progress is not None:
            progress(start + len(part), len(places))
    return drops.reshape((rows - high) // down + 1, (columns - wide) // right + 1)


def _input_gradient(network: Network, x: Any, target: Any) -> Array:
    return network.gradients(x, _one_hot(network, x, target))["input"]


def _one_hot(network: Network, x: Any, target: Any) -> Array:
    count = np.shape(x)[0] if np.ndim(x) else 0
    chosen = np.zeros((count, network.classes), network.dtype)
    chosen[np.arange(count), _labels(network, count, target)] = 1
    return chosen


def _labels(network: Network, count: int, target: Any) -> Array:
    """Return one class for each picture, checked."""
    labels = np.asarray(target)
    if labels.dtype.kind not in "iu" or labels.shape not in ((), (count,)):
        raise ValueError(f"`target` (={target!r}) must be a whole number, or one for each of the {count} pictures")
    for label in labels.ravel():
        if as_int(label, "target", least=0) >= network.classes:
            raise ValueError(f"`target` (={label}) must be a class of the network, 0 to {network.classes - 1}")
    return np.broadcast_to(labels, (count,))
