"""The arithmetic behind the named kernels: each function turns a few numbers into weights.

Rows run down, columns right, and weights are for cross-correlation: the kernel is laid on the picture unflipped.
Angles are in degrees, counter-clockwise from "to the right", as a person sees them on the screen.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]

MAX_SIDE = 15
"""Most rows or columns of any kernel on offer."""


def fixed(rows: tuple) -> Weights:
    """Return constant weights as a fresh array.

    Parameters
    ----------
    rows : nested tuple of numbers
        (KH, KW), or (2, KH, KW) for two kernels that are combined.

    Returns
    -------
    ndarray of float64
    """
    return np.array(rows, dtype=np.float64)


def shift(pixels: int, *, down: int, right: int) -> Weights:
    """Return the kernel that moves the picture by `pixels` in the direction (`down`, `right`).

    Parameters
    ----------
    pixels : int
        How far, in pixels.
    down, right : int
        -1, 0 or 1 each: where the picture goes.

    Returns
    -------
    ndarray of float64, shape (2 * pixels + 1, 2 * pixels + 1)
        All zero but for a single 1, which lies on the side that the picture comes from: each output pixel copies
        the input pixel under the 1.

    Examples
    --------
    >>> shift(1, down=0, right=1)[1]
    array([1., 0., 0.])
    """
    weights = np.zeros((2 * pixels + 1, 2 * pixels + 1))
    weights[pixels - down * pixels, pixels - right * pixels] = 1.0
    return weights


def box(size: int) -> Weights:
    """Return the mean over size x size pixels: equal weights that sum to 1.

    Parameters
    ----------
    size : int
        Taps per side.

    Returns
    -------
    ndarray of float64, shape (size, size)
    """
    return np.full((size, size), 1.0 / size**2)


def side_for(sigma: float, size: int) -> int:
    """Return the taps per side for a Gaussian: `size`, or three sigmas each way where `size` is 0.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels.
    size : int
        Taps per side; 0 chooses them from sigma, odd and at most `MAX_SIDE`.

    Returns
    -------
    int

    Examples
    --------
    >>> side_for(1.0, 0), side_for(3.5, 0), side_for(1.0, 4)
    (7, 15, 4)
    """
    if size:
        return size
    return min(2 * math.ceil(3 * sigma) + 1, MAX_SIDE)


def offsets(size: int) -> tuple[Weights, Weights]:
    """Return where the taps lie, in pixels from the centre of the kernel: (to the right, upwards).

    Parameters
    ----------
    size : int
        Taps per side; with an even number the centre lies between four taps.

    Returns
    -------
    tuple of ndarray of float64, shapes (1, size) and (size, 1)
        They broadcast to (size, size).

    Examples
    --------
    >>> right, up = offsets(3)
    >>> right, up.ravel()
    (array([[-1.,  0.,  1.]]), array([ 1.,  0., -1.]))
    """
    steps = np.arange(size, dtype=np.float64) - (size - 1) / 2
    return steps[None, :], steps[::-1, None]


def gaussian_density(size: int, sigma: float) -> Weights:
    """Sample the Gaussian density at the pixel centres, without normalising.

    Parameters
    ----------
    size : int
        Taps per side.
    sigma : float
        Standard deviation in pixels.

    Returns
    -------
    ndarray of float64, shape (size, size)
        They sum to less than 1 where the window cuts the bell off, and a picture filtered with them darkens by as
        much.

    Examples
    --------
    >>> [round(float(gaussian_density(size, sigma).sum()), 2) for size, sigma in ((3, 1.0), (5, 2.0))]
    [0.78, 0.63]
    """
    right, up = offsets(size)
    return np.exp(-(right**2 + up**2) / (2 * sigma**2)) / (2 * math.pi * sigma**2)


def gaussian(sigma: float, size: int = 0) -> Weights:
    """Return a Gaussian, sampled at the pixel centres and divided by its sum.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels.
    size : int
        Taps per side; 0 chooses three sigmas each way, at most `MAX_SIDE`.

    Returns
    -------
    ndarray of float64, shape (KH, KW)
        They sum to 1 however much of the bell the window cuts off, so a flat picture keeps its brightness. A window
        narrower than three sigmas each way is a weaker blur than its sigma says.

    Examples
    --------
    >>> gaussian(1.0, 3).round(3)
    array([[0.075, 0.124, 0.075],
           [0.124, 0.204, 0.124],
           [0.075, 0.124, 0.075]])
    """
    density = gaussian_density(side_for(sigma, size), sigma)
    return density / density.sum()


def motion(length: int, angle: float) -> Weights:
    """Return the smear of a camera that moves evenly along a straight line.

    Parameters
    ----------
    length : int
        Pixels that a point is smeared over.
    angle : float
        Degrees counter-clockwise from "to the right"; the opposite direction gives the same smear.

    Returns
    -------
    ndarray of float64, shape (n, n), n odd
        `length` points one pixel apart, centred; a point between pixels is shared among its four neighbours in
        proportion to its nearness. They sum to 1.

    Examples
    --------
    >>> motion(3, 0.0).round(3)
    array([[0.   , 0.   , 0.   ],
           [0.333, 0.333, 0.333],
           [0.   , 0.   , 0.   ]])
    """
    along = np.arange(length) - (length - 1) / 2
    # Rounded, because cos(90 degrees) is 6e-17 in floats and would leave crumbs beside an upright line.
    at_right = np.round(along * math.cos(math.radians(angle)), 12)
    at_up = np.round(along * math.sin(math.radians(angle)), 12)
    right, up = offsets(2 * math.ceil((length - 1) / 2) + 1)
    share_right = np.maximum(0.0, 1.0 - np.abs(right[..., None] - at_right))
    share_up = np.maximum(0.0, 1.0 - np.abs(up[..., None] - at_up))
    weights = (share_right * share_up).sum(axis=-1)
    return weights / weights.sum()


def laplacian_of_gaussian(sigma: float, size: int = 0) -> Weights:
    """Return the Laplacian of a Gaussian, corrected to sum to zero.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels.
    size : int
        Taps per side; 0 chooses three sigmas each way, at most `MAX_SIDE`.

    Returns
    -------
    ndarray of float64, shape (KH, KW)
        Negative in the middle, as in the 4-neighbour Laplacian. What sampling and cutting off leave in the sum is
        taken from every tap alike, so that a flat picture gives zero.

    Examples
    --------
    >>> weights = laplacian_of_gaussian(1.4)
    >>> weights.shape, bool(abs(weights.sum()) < 1e-12), bool(weights[5, 5] < 0)
    ((11, 11), True, True)
    """
    side = side_for(sigma, size)
    right, up = offsets(side)
    weights = (right**2 + up**2 - 2 * sigma**2) / sigma**4 * gaussian(sigma, side)
    return weights - weights.mean()


def unsharp(sigma: float, amount: float) -> Weights:
    """Return the kernel that adds to the picture what a Gaussian blur takes from it.

    Parameters
    ----------
    sigma : float
        Standard deviation of the blur in pixels.
    amount : float
        How much of the difference is added: 0 leaves the picture as it is.

    Returns
    -------
    ndarray of float64, shape (KH, KW)
        ``identity + amount * (identity - gaussian)``; they sum to 1.
    """
    weights = -amount * gaussian(sigma)
    centre = weights.shape[0] // 2
    weights[centre, centre] += 1.0 + amount
    return weights + 0.0  # turns the -0.0 of amount 0 into 0.0


def gabor(angle: float, wavelength: float, sigma: float, phase: float, size: int = 0) -> Weights:
    """Return a plane wave under a round Gaussian: a detector of stripes of one width and direction.

    Parameters
    ----------
    angle : float
        The direction across the stripes, in degrees counter-clockwise from "to the right": 0 answers to upright
        stripes.
    wavelength : float
        Distance from one bright stripe to the next, in pixels.
    sigma : float
        Standard deviation of the Gaussian in pixels.
    phase : float
        Degrees. 0 is the even (bar) detector, +90 and -90 the odd (edge) detectors, which sum to zero.
    size : int
        Taps per side; 0 chooses three sigmas each way, at most `MAX_SIDE`.

    Returns
    -------
    ndarray of float64, shape (KH, KW)
        ``exp(-(u**2 + v**2) / (2 sigma**2)) * cos(2 pi u / wavelength + phase)``, u across the stripes, v along
        them; not normalised.

    Examples
    --------
    >>> gabor(0.0, 4.0, 1.0, 0.0, 3).round(3)
    array([[0.   , 0.607, 0.   ],
           [0.   , 1.   , 0.   ],
           [0.   , 0.607, 0.   ]])
    """
    right, up = offsets(side_for(sigma, size))
    across = right * math.cos(math.radians(angle)) + up * math.sin(math.radians(angle))
    envelope = np.exp(-(right**2 + up**2) / (2 * sigma**2))
    wave = np.cos(2 * math.pi * across / wavelength + math.radians(phase))
    # Rounded, because cos(90 degrees) is 6e-17 in floats, and that is no number to show; + 0.0 turns -0.0 into 0.0.
    return np.round(envelope * wave, 15) + 0.0


def random_normal(size: int, seed: int) -> Weights:
    """Return weights as an untrained ReLU layer on one channel has them.

    Parameters
    ----------
    size : int
        Taps per side.
    seed : int
        The same seed gives the same weights.

    Returns
    -------
    ndarray of float64, shape (size, size)
        Normal with mean 0 and standard deviation ``sqrt(2 / size**2)``.
    """
    rng = np.random.default_rng(seed)
    return rng.standard_normal((size, size)) * math.sqrt(2.0 / size**2)
