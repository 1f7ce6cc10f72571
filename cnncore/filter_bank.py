"""Banks of filters: a layer's worth of them, random as before training, or made by a rule.

Every bank has PyTorch's order (F, C, KH, KW), so `cnncore.ops.conv2d` takes it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnncore._kernel_formulas import offsets
from cnncore.geometry import as_int
from cnncore.kernels import CHANNEL_WEIGHTS, PRESETS, rgb_filter

Bank = NDArray[np.float64]

ANGLES = 8
PHASES = (90.0, 0.0)
"""Degrees: an edge, which is odd, and a bar, which is even."""
MIXES = ("luma", "red_minus_green", "blue_minus_yellow")
"""Which weightings of R, G and B a rule uses, keys of `cnncore.kernels.CHANNEL_WEIGHTS`: what eyes use, too."""


def random_bank(filters: int, channels: int, size: int, *, rng: np.random.Generator) -> Bank:
    """Return filters as they are before training: normal weights of He's scale.

    Parameters
    ----------
    filters, channels : int
        Maps that come out and go in.
    size : int
        Rows and columns of the window.
    rng : numpy.random.Generator
        Source of the weights. The first filters of a larger bank from the same seed are the same.

    Returns
    -------
    ndarray of float64, shape (filters, channels, size, size)
        Of mean 0 and variance ``2 / (channels * size**2)``.

    Raises
    ------
    ValueError
        If a number is not whole or below 1.

    References
    ----------
    .. [1] K. He et al., "Delving deep into rectifiers", arXiv:1502.01852, equation 10.

    Examples
    --------
    >>> bank = random_bank(64, 3, 3, rng=np.random.default_rng(0))
    >>> bank.shape, round(float(bank.std() * np.sqrt(27 / 2)), 1)
    ((64, 3, 3, 3), 1.0)
    """
    shape = (as_int(filters, "filters", least=1), as_int(channels, "channels", least=1), as_int(size, "size", least=1))
    return rng.normal(0.0, np.sqrt(2 / (shape[1] * shape[2] ** 2)), (*shape, shape[2]))


def oriented_bank(filters: int, size: int) -> Bank:
    """Return edge and bar filters over R, G and B at many angles, as trained first layers have them.

    Parameters
    ----------
    filters : int
        How many. The order is such that few of them are already varied: angles first, then edges and bars, then
        light and the two colour contrasts, then ever longer waves at the angles between.
    size : int
        Rows and columns of the window, 3 at least: in 2 x 2 a bar has no place.

    Returns
    -------
    ndarray of float64, shape (filters, 3, size, size)
        Each one a Gabor wave, its sum over the window 0 (so an even picture gives 0), its magnitudes summing to 1
        over all planes.

    Raises
    ------
    ValueError
        If `filters` is below 1, or `size` below 3.

    References
    ----------
    .. [1] A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep CNNs", 2012, figure 3.

    Examples
    --------
    >>> bank = oriented_bank(48, 5)
    >>> bank.shape, float(abs(bank.sum(axis=(2, 3))).max()) < 1e-15
    ((48, 3, 5, 5), True)
    """
    filters, size = as_int(filters, "filters", least=1), as_int(size, "size", least=3)
    lengths = -(-filters // (ANGLES * len(PHASES) * len(MIXES)))
    # From the shortest wave that pixels carry at every angle to twice the window.
    wavelengths = np.linspace(max(3.0, size / 1.5), 2.0 * size + 1, lengths) if lengths > 1 else [max(3.0, size * 1.0)]
    # Longer waves have the angles in between: in a small window waves of two lengths can be the same.
    made = [
        rgb_filter(
            _wave(size, 180.0 * (angle + turn / lengths) / ANGLES, float(wavelength), phase), CHANNEL_WEIGHTS[mix]
        )
        for turn, wavelength in enumerate(wavelengths)
        for mix in MIXES
        for phase in PHASES
        for angle in range(ANGLES)
    ]
    bank = np.array(made[:filters])
    bank[np.abs(bank) < 1e-12] = 0.0  # what rounding leaves of a zero
    result: Bank = bank / np.abs(bank).sum(axis=(1, 2, 3), keepdims=True)
    return result


def _wave(size: int, angle: float, wavelength: float, phase: float) -> NDArray[np.float64]:
    """One wave under a bell, its sum taken away."""
    right, up = offsets(size)
    turned = np.deg2rad(angle)
    along = right * np.cos(turned) + up * np.sin(turned)
    bell = np.exp(-(right**2 + up**2) / (2 * (size / 3) ** 2))
    wave = bell * np.cos(2 * np.pi * along / wavelength - np.deg2rad(phase))
    result: NDArray[np.float64] = wave - bell * (wave.sum() / bell.sum())
    return result


def named_filters(size: int = 3) -> tuple[str, ...]:
    """Return the keys of the presets that are one fixed kernel of `size` x `size`, in the order of the screen.

    >>> named_filters()[:3], "sobel_x" in named_filters()
    (('identity', 'article_blur', 'article_edge'), True)
    """
    size = as_int(size, "size", least=1)
    return tuple(
        key
        for key, preset in PRESETS.items()
        if not preset.combine and not preset.parameters and preset.weights().shape == (size, size)
    )


def named_bank(filters: int, names: Sequence[str] | None = None) -> tuple[Bank, list[tuple[str, str]]]:
    """Return the named 3 x 3 kernels, each over R, G and B in every weighting.

    Parameters
    ----------
    filters : int
        How many at most.
    names : sequence of str, optional
        Keys of `cnncore.kernels.PRESETS`, all of one size; by default those of `named_filters`.

    Returns
    -------
    bank : ndarray of float64, shape (F, 3, KH, KW)
        All kernels by luma first, then by the next weighting; F is `filters`, or fewer if no more can be made.
    made_of : list of (str, str)
        The kernel and the weighting of each, as keys of `PRESETS` and `CHANNEL_WEIGHTS`.

    Raises
    ------
    ValueError
        If `filters` is below 1, or a name unknown.

    Examples
    --------
    >>> bank, made_of = named_bank(8)
    >>> bank.shape, made_of[0]
    ((8, 3, 3, 3), ('identity', 'luma'))
    """
    filters = as_int(filters, "filters", least=1)
    keys = named_filters() if names is None else tuple(names)
    unknown = [key for key in keys if key not in PRESETS]
    if unknown:
        raise ValueError(f"`names` has {unknown[0]!r}, which is not the name of a kernel")
    pairs = [(key, mix) for mix in MIXES for key in keys][:filters]
    return np.array([rgb_filter(PRESETS[key].weights(), CHANNEL_WEIGHTS[mix]) for key, mix in pairs]), pairs
