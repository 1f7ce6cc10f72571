"""What a shift of the input does to a pool's output, and the pool that blurs before it samples.

A pool with a stride keeps one number in so many. Which of them it keeps depends on where the input lies, so that its
output is neither unchanged by a shift (invariant) nor moved along by it (equivariant), except by whole strides. A blur
before the sampling makes the numbers that are kept depend less on where they are taken [1]_.

The experiment is cyclic: what leaves a picture on the right comes in on the left. So nothing new enters with a shift,
and all that is measured is due to the pool.

References
----------
.. [1] R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019, arXiv:1904.11486.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np

from cnncore._arrays import QUIET, Array, as_float, as_images
from cnncore.filtering import filter2d
from cnncore.geometry import as_int, as_pair
from cnncore.pooling import avg_pool2d, max_pool2d

POOLS = ("max", "average", "blur", "max_blur")
"""Maximum; mean; blur, then sample; maximum at every place, then blur and sample."""


def binomial(size: int) -> Array:
    """Return the weights of a binomial blur, which sum to 1.

    Parameters
    ----------
    size : int
        Taps. 1 does not blur; 3 is (1, 2, 1) / 4.

    Returns
    -------
    ndarray of float64, shape (size,)

    Raises
    ------
    ValueError
        If `size` is no whole number of at least 1.

    Examples
    --------
    >>> binomial(3)
    array([0.25, 0.5 , 0.25])
    """
    size = as_int(size, "size", least=1)
    return np.array([comb(size - 1, tap) for tap in range(size)], np.float64) / 2.0 ** (size - 1)


@np.errstate(**QUIET)
def blur_pool2d(x: Any, size: int = 3, *, stride: Any = 2, border: str = "reflect") -> Array:
    """Blur every map with binomial weights, then keep one number in `stride`.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps. float32 and float64 are kept, integers and bool become float32.
    size : int
        Taps of the blur along each axis.
    stride : int or (vertical, horizontal)
        Pixels from one number that is kept to the next; the first is kept.
    border : {"reflect", "symmetric", "edge", "wrap", "constant"}
        What the blur sees outside the map, by `numpy.pad`'s names: ``(size - 1) // 2`` pixels before it and
        ``size // 2`` behind.

    Returns
    -------
    ndarray of float, shape (N, C, ceil(H / stride), ceil(W / stride))
        In the dtype of `x`.

    Raises
    ------
    ValueError
        If `x` has not four dimensions, or an argument is out of range.

    References
    ----------
    .. [1] R. Zhang, arXiv:1904.11486: BlurPool; after a maximum of stride 1, MaxBlurPool.

    Examples
    --------
    >>> blur_pool2d(np.array([[[[0.0, 0, 4, 4, 0, 0, 4, 4]]]]), 3, stride=(1, 2), border="wrap")
    array([[[[1., 3., 1., 3.]]]])
    """
    x = as_images(x)
    weights = binomial(size)
    strides = as_pair(stride, "stride")
    around = ((size - 1) // 2, size // 2)
    kernel = np.outer(weights, weights)
    maps = x.reshape(-1, *x.shape[2:])
    pooled = [
        filter2d(plane, kernel, stride=strides, padding=(around, around), border=border)
        for plane in np.ascontiguousarray(maps)
    ]
    return np.stack(pooled).reshape(*x.shape[:2], *pooled[0].shape)


def cyclic_pool(picture: Any, kind: str, *, size: int = 2, stride: int = 2, blur: int = 3) -> Array:
    """Pool a picture whose right edge meets its left one, and its bottom its top.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        Rows and columns must be whole multiples of `stride`.
    kind : {"max", "average", "blur", "max_blur"}
        ``"blur"`` blurs, then samples; ``"max_blur"`` takes the maximum at every place first.
    size : int
        Taps of the maximum's and the mean's window, along each axis.
    stride : int
    blur : int
        Taps of the blur, along each axis.

    Returns
    -------
    ndarray of float, shape (H / stride, W / stride)

    Raises
    ------
    ValueError
        If `kind` is unknown, or an argument is out of range.

    Examples
    --------
    A maximum sees two stripes or none, according to where they lie; after a blur, it sees them from both places.

    >>> stripes = np.array([[0.0, 0, 4, 4, 0, 0, 4, 4]] * 2)
    >>> cyclic_pool(stripes, "max"), cyclic_pool(np.roll(stripes, 1, axis=1), "max")
    (array([[0., 4., 0., 4.]]), array([[4., 4., 4., 4.]]))
    >>> cyclic_pool(stripes, "blur"), cyclic_pool(np.roll(stripes, 1, axis=1), "blur")
    (array([[1., 3., 1., 3.]]), array([[3., 1., 3., 1.]]))
    """
    if kind not in POOLS:
        raise ValueError(f"`kind` (={kind!r}) must be one of {', '.join(map(repr, POOLS))}")
    image = as_float(picture, "picture")
    size, stride = as_int(size, "size", least=1), as_int(stride, "stride", least=1)
    if image.ndim != 2 or not image.size or any(n % stride for n in image.shape):
        raise ValueError(
            f"`picture` has shape {image.shape}; rows and columns are needed, both multiples of `stride` (={stride})"
        )
    x = image[None, None]
    if kind == "blur":
        return blur_pool2d(x, blur, stride=stride, border="wrap")[0, 0]
    # Round the edge once more for the windows that begin near it.
    x = np.pad(x, ((0, 0), (0, 0), (0, size - 1), (0, size - 1)), mode="wrap")
    if kind == "max_blur":
        return blur_pool2d(max_pool2d(x, size, stride=1), blur, stride=stride, border="wrap")[0, 0]
    pool = max_pool2d if kind == "max" else avg_pool2d
    return pool(x, size, stride=stride)[0, 0]


def moved(values: Any, cells: float) -> Array:
    """Move a cyclic map to the right; between two cells, by the straight line from one to the next.

    Parameters
    ----------
    values : array_like, shape (H, W)
    cells : float
        How far.

    Returns
    -------
    ndarray of float, shape (H, W)

    Examples
    --------
    >>> moved([[0.0, 4.0, 0.0, 0.0]], 1), moved([[0.0, 4.0, 0.0, 0.0]], 0.5)
    (array([[0., 0., 4., 0.]]), array([[0., 2., 2., 0.]]))
    """
    array = as_float(values, "values")
    whole = int(np.floor(cells))
    rest = float(cells) - whole
    here = np.roll(array, whole, axis=-1)
    return here if rest == 0 else (1 - rest) * here + rest * np.roll(here, 1, axis=-1)


def apart(values: Any, expected: Any, spread: float) -> float:
    """Return how far apart two maps are: the root mean square of their difference, as a share of `spread`.

    Parameters
    ----------
    values, expected : array_like, of one shape
    spread : float
        A standard deviation, of the output that both come from: a pool that lowers the contrast gains nothing by it.

    Returns
    -------
    float
        0 for equal maps; about 1.41 for two that have nothing to do with one another; NaN if they differ and `spread`
        is 0.

    Examples
    --------
    >>> apart([[0.0, 4.0]], [[0.0, 4.0]], 2.0), apart([[4.0, 0.0]], [[0.0, 4.0]], 2.0)
    (0.0, 2.0)
    """
    difference = float(np.sqrt(np.mean((np.asarray(values, np.float64) - np.asarray(expected, np.float64)) ** 2)))
    if difference == 0:
        return 0.0
    return difference / spread if spread > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class ShiftResult:
    """What shifts of 0, 1, ... pixels to the right do to one pool's output.

    Parameters
    ----------
    kind : str
        One of `POOLS`.
    outputs : ndarray, shape (shifts, OH, OW)
        The output for each shift.
    change : ndarray of float64, shape (shifts,)
        How far `apart` they are from the output without a shift, whose standard deviation is the unit. An invariant
        pool would have 0 everywhere.
    error : ndarray of float64, shape (shifts,)
        How far they are, in the same unit, from that output `moved` by shift / stride cells. An equivariant pool would
        have 0 everywhere.
    """

    kind: str
    outputs: Array
    change: Array
    error: Array


def shift_experiment(
    picture: Any, *, size: int = 2, stride: int = 2, blur: int = 3, most: int = 8
) -> tuple[ShiftResult, ...]:
    """Shift a picture to the right, pixel by pixel and round its edge, and measure what every pool makes of it.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        Its last rows and columns are left out if their number is no multiple of `stride`.
    size, stride, blur : int
        As `cyclic_pool` takes them.
    most : int
        The largest shift, in pixels.

    Returns
    -------
    tuple of ShiftResult
        One for each of `POOLS`, in their order.

    Raises
    ------
    ValueError
        If an argument is out of range, or the picture has fewer rows or columns than `stride`.

    Examples
    --------
    >>> found = {result.kind: result for result in shift_experiment([[0.0, 0, 4, 4, 0, 0, 4, 4]] * 2, most=2)}
    >>> found["max"].error.tolist(), found["max_blur"].error.tolist()
    ([0.0, 1.0, 0.0], [0.0, 0.0, 0.0])
    """
    image = as_float(picture, "picture")
    stride, most = as_int(stride, "stride", least=1), as_int(most, "most", least=0)
    if image.ndim != 2 or min(image.shape) < stride:
        raise ValueError(
            f"`picture` has shape {image.shape}; at least `stride` (={stride}) rows and columns are needed"
        )
    rows, columns = (n - n % stride for n in image.shape)
    image = image[:rows, :columns]
    found = []
    for kind in POOLS:
        outputs = np.stack(
            [
                cyclic_pool(np.roll(image, shift, axis=1), kind, size=size, stride=stride, blur=blur)
                for shift in range(most + 1)
            ]
        )
        spread = float(outputs[0].std(dtype=np.float64))
        change = np.array([apart(output, outputs[0], spread) for output in outputs])
        along = [moved(outputs[0], shift / stride) for shift in range(most + 1)]
        error = np.array([apart(output, here, spread) for output, here in zip(outputs, along, strict=True)])
        found.append(ShiftResult(kind, outputs, change, error))
    return tuple(found)
