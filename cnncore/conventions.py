"""Who computes what: the same input and kernel, as PyTorch, Keras, SciPy and OpenCV would compute it.

None of them is imported. Each function of theirs is a `Profile`, data that says whether it flips the kernel, where an
even window has its middle, what it puts outside the input, what it refuses. `make_plan` reads a profile for one input:
from there on it is `cnncore.filtering.filter2d` and the pools of `cnncore.ops` that compute. `cnncore.convention_rules`
says why two results differ, `cnncore.convention_calls` how the call is written.

The tests hold every profile against the library itself, or against numbers recorded from it.

References
----------
.. [1] PyTorch 2.13, `torch.nn`: Conv2d, MaxPool2d, AvgPool2d.
.. [2] Keras 3.15 on TensorFlow 2.21, `keras.layers`: Conv2D, MaxPooling2D, AveragePooling2D.
.. [3] SciPy 1.17, `scipy.ndimage` (correlate, convolve, maximum_filter, uniform_filter) and `scipy.signal`
   (correlate2d, convolve2d).
.. [4] OpenCV 5.0, `imgproc`: filter2D, dilate, blur.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncore import ops
from cnncore._convention_plan import BORDERS, OPERATIONS, PADDINGS, Plan, RefusedError, Settings, make_plan
from cnncore._convention_profiles import BORDER_NAMES, IGNORED, PROFILES, Profile
from cnncore.filtering import filter2d

__all__ = [
    "BORDERS",
    "BORDER_NAMES",
    "IGNORED",
    "OPERATIONS",
    "PADDINGS",
    "PROFILES",
    "Plan",
    "Profile",
    "RefusedError",
    "Settings",
    "compute",
    "difference",
    "make_plan",
    "run",
    "surroundings",
]

Array = NDArray[np.float64]


def run(plan: Plan, image: ArrayLike, kernel: ArrayLike) -> Array:
    """Compute what a plan says.

    Parameters
    ----------
    plan : Plan
    image : array_like, shape (H, W)
        The plan's `shape`.
    kernel : array_like, shape (KH, KW)
        The plan's `taps`. Pools look at its shape alone.

    Returns
    -------
    ndarray of float64, shape (OH, OW)

    Raises
    ------
    ValueError
        If a shape is not the plan's.

    Examples
    --------
    >>> run(make_plan(PROFILES["cv2.filter2d"], (1, 3), (1, 2), Settings()), [[1, 2, 4]], [[10, 1]])
    array([[21., 12., 24.]])
    """
    pixels, weights = _grid(image, "image"), _grid(kernel, "kernel")
    if pixels.shape != plan.shape or weights.shape != plan.taps:
        raise ValueError(
            f"`image` and `kernel` must have the plan's shapes {plan.shape} and {plan.taps}, not {pixels.shape} and "
            f"{weights.shape}"
        )
    windows: dict[str, Any]
    if plan.operation == "convolution":
        windows = {"stride": plan.stride, "dilation": plan.dilation, "padding": plan.pads}
        return filter2d(pixels, weights, border=plan.outside, flip=plan.flip, **windows)
    pads: Any = plan.pads
    counts = plan.outside == "constant"
    filled = plan.outside not in (IGNORED, "constant") or (counts and plan.operation == "max")
    if filled:
        pixels, pads = np.pad(pixels, plan.pads, mode=plan.outside), 0  # type: ignore[call-overload]
    windows = {"stride": plan.stride, "dilation": plan.dilation, "padding": pads, "ceil_mode": plan.ceil}
    if plan.operation == "max":
        return np.asarray(ops.max_pool2d(pixels[None, None], plan.taps, **windows)[0, 0])
    return np.asarray(ops.avg_pool2d(pixels[None, None], plan.taps, count_include_pad=counts, **windows)[0, 0])


def _grid(values: ArrayLike, name: str) -> Array:
    grid = np.asarray(values, dtype=np.float64)
    if grid.ndim != 2 or not grid.size:
        raise ValueError(f"`{name}` must have the shape (rows, columns), none of them 0, not {grid.shape}")
    return grid


def compute(profile: Profile, image: ArrayLike, kernel: ArrayLike, settings: Settings) -> Array:
    """Compute what the library's function gives for this input.

    Parameters
    ----------
    profile : Profile
        One of `PROFILES`.
    image : array_like, shape (H, W)
    kernel : array_like, shape (KH, KW)
        As the person hands it over: a profile that flips turns it itself. Pools look at its shape alone.
    settings : Settings

    Returns
    -------
    ndarray of float64, shape (OH, OW)

    Raises
    ------
    RefusedError
        If the library does not do this, with a sentence.
    ValueError
        If an argument has a wrong shape, or the profile is one of another operation.

    Examples
    --------
    >>> impulse, kernel = [[0, 0, 1, 0]], [[1, 2]]
    >>> for name in ("ndimage.correlate", "ndimage.convolve", "signal.correlate2d", "signal.convolve2d"):
    ...     print(name, compute(PROFILES[name], impulse, kernel, Settings(border="constant"))[0])
    ndimage.correlate [0. 0. 2. 1.]
    ndimage.convolve [0. 1. 2. 0.]
    signal.correlate2d [0. 2. 1. 0.]
    signal.convolve2d [0. 0. 1. 2.]
    """
    pixels, weights = _grid(image, "image"), _grid(kernel, "kernel")
    return run(make_plan(profile, pixels.shape, weights.shape, settings), pixels, weights)  # type: ignore[arg-type]


def surroundings(plan: Plan, image: ArrayLike) -> Array:
    """Return the input with what the plan puts around it; NaN where padding is ignored.

    Parameters
    ----------
    plan : Plan
    image : array_like, shape (H, W)
        The plan's `shape`.

    Returns
    -------
    ndarray of float64, shape (top + H + bottom, left + W + right)

    Raises
    ------
    ValueError
        If `image` has not the plan's shape.

    Examples
    --------
    >>> surroundings(make_plan(PROFILES["cv2.blur"], (1, 3), (1, 3), Settings("average")), [[1, 2, 4]])
    array([[2., 1., 2., 4., 2.]])
    """
    pixels = _grid(image, "image")
    if pixels.shape != plan.shape:
        raise ValueError(f"`image` must have the plan's shape {plan.shape}, not {pixels.shape}")
    if plan.outside == IGNORED:
        return np.pad(pixels, plan.pads, constant_values=np.nan)
    return np.pad(pixels, plan.pads, mode=plan.outside)  # type: ignore[call-overload, no-any-return]


def difference(values: ArrayLike, reference: ArrayLike) -> Array:
    """Return ``values - reference``, cell by cell from the upper left; NaN where `reference` has no such cell.

    Parameters
    ----------
    values, reference : array_like, shape (rows, columns)
        They may differ in shape.

    Returns
    -------
    ndarray of float64, of the shape of `values`
        Equal infinities differ by 0, and so does what differs by rounding alone.

    Examples
    --------
    >>> difference([[1, 2, 3]], [[1, 5]])
    array([[ 0., -3., nan]])
    """
    ours, theirs = _grid(values, "values"), _grid(reference, "reference")
    rows, columns = (min(pair) for pair in zip(ours.shape, theirs.shape, strict=True))
    a, b = ours[:rows, :columns], theirs[:rows, :columns]
    both = np.concatenate([ours.ravel(), theirs.ravel()])
    tolerance = 1e-9 * np.abs(both[np.isfinite(both)]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        gap = a - b
        gap[(a == b) | (np.abs(gap) <= tolerance)] = 0.0
    out = np.full(ours.shape, np.nan)
    out[:rows, :columns] = gap
    return out
