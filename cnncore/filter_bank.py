"""Banks of filters: a layer's worth of them, random as before training, or made by a rule.

Every bank has PyTorch's order (F, C, KH, KW), so `cnncore.ops.conv2d` takes it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnncore._kernel_formulas import offsets
from cnncore.geometry import as_int
from cnncore.kernels import CHANNEL_WEIGHTS, PRESETS, rgb_filter

Bank = NDArray[np.float64]

ANGLES = 8
PHASES = (90.0, 0.0)
"""Degrees: an edge, which is odd, and a bar, which is even."""
EYES = ("luma", "red_minus_green", "blue_minus_yellow")
"""The weightings of R, G and B that come first, keys of `MIXES`: what eyes use, too."""
MIXES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        **{name: CHANNEL_WEIGHTS[name] for name in (*EYES, "average")},
        "red": (1.0, 0.0, 0.0),
        "green": (0.0, 1.0, 0.0),
        "blue": (0.0, 0.0, 1.0),
        "yellow": (0.5, 0.5, 0.0),
        "red_minus_cyan": (1.0, -0.5, -0.5),
        "green_minus_magenta": (-0.5, 1.0, -0.5),
        "red_minus_blue": (1.0, 0.0, -1.0),
        "green_minus_blue": (0.0, 1.0, -1.0),
    }
)
"""How much of R, G and B a filter of a preset bank takes. None is a multiple of another, not even a negative one."""
TURNS = 8
"""Directions of a kernel, 45 degrees apart."""


class Wave(NamedTuple):
    """What one filter of `oriented_bank` is: the angle in degrees, anticlockwise from the right, and in pixels."""

    angle: float
    phase: float
    mix: str
    wavelength: float


class Origin(NamedTuple):
    """What one filter of `named_bank` is made of: a key of `PRESETS`, one of `MIXES`, and degrees anticlockwise."""

    kernel: str
    mix: str
    turn: int = 0


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
    waves = oriented_waves(filters, size)
    bank = np.array(
        [rgb_filter(_wave(size, wave.angle, wave.wavelength, wave.phase), MIXES[wave.mix]) for wave in waves]
    )
    bank[np.abs(bank) < 1e-12] = 0.0  # what rounding leaves of a zero
    result: Bank = bank / np.abs(bank).sum(axis=(1, 2, 3), keepdims=True)
    return result


def oriented_waves(filters: int, size: int) -> list[Wave]:
    """Return what each filter of `oriented_bank` is.

    >>> oriented_waves(2, 3)[1]
    Wave(angle=22.5, phase=90.0, mix='luma', wavelength=3.0)
    """
    filters, size = as_int(filters, "filters", least=1), as_int(size, "size", least=3)
    lengths = -(-filters // (ANGLES * len(PHASES) * len(EYES)))
    # From the shortest wave that pixels carry at every angle to twice the window.
    wavelengths = np.linspace(max(3.0, size / 1.5), 2.0 * size + 1, lengths) if lengths > 1 else [max(3.0, size * 1.0)]
    # Longer waves have the angles in between: in a small window waves of two lengths can be the same.
    waves = [
        Wave(180.0 * (angle + turn / lengths) / ANGLES, phase, mix, float(wavelength))
        for turn, wavelength in enumerate(wavelengths)
        for mix in EYES
        for phase in PHASES
        for angle in range(ANGLES)
    ]
    return waves[:filters]


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


def named_bank(filters: int, names: Sequence[str] | None = None) -> tuple[Bank, list[Origin]]:
    """Return the named 3 x 3 kernels over R, G and B, in every direction and every weighting, no two the same.

    Parameters
    ----------
    filters : int
        How many at most. The order is such that few of them are already varied: all kernels by luma, then by the two
        colour contrasts, then turned, 45 degrees at a time; then all of these by the other weightings of `MIXES`.
    names : sequence of str, optional
        Keys of `cnncore.kernels.PRESETS`, all of one size; by default those of `named_filters`.

    Returns
    -------
    bank : ndarray of float64, shape (F, 3, KH, KW)
        F is `filters`, or fewer if no more can be made: of the default kernels 540. What would be there already, such
        as a blur after a quarter turn, is left out.
    made_of : list of Origin
        The kernel, the weighting and the turn of each.

    Raises
    ------
    ValueError
        If `filters` is below 1, or a name unknown.

    References
    ----------
    .. [1] G. S. Robinson, "Edge detection by compass gradient masks", Computer Graphics and Image Processing 6, 1977:
       turning a 3 x 3 kernel by 45 degrees moves its outer weights on by one cell.

    Examples
    --------
    >>> bank, made_of = named_bank(8)
    >>> bank.shape, made_of[0]
    ((8, 3, 3, 3), Origin(kernel='identity', mix='luma', turn=0))
    """
    filters = as_int(filters, "filters", least=1)
    keys = named_filters() if names is None else tuple(names)
    unknown = [key for key in keys if key not in PRESETS]
    if unknown:
        raise ValueError(f"`names` has {unknown[0]!r}, which is not the name of a kernel")
    kernels = {(key, turn): turned(PRESETS[key].weights(), turn) for key in keys for turn in range(TURNS)}
    made: dict[bytes, tuple[Bank, Origin]] = {}
    for origin in _origins(keys):
        if len(made) == filters:
            break
        weights = rgb_filter(kernels[origin.kernel, origin.turn // 45], MIXES[origin.mix])
        made.setdefault((weights + 0.0).tobytes(), (weights, origin))  # the sign of a zero is no difference
    return np.array([weights for weights, _ in made.values()]), [origin for _, origin in made.values()]


def _origins(keys: Sequence[str]) -> Iterator[Origin]:
    others = tuple(mix for mix in MIXES if mix not in EYES)
    for mixes in (EYES, others):
        for turn in range(TURNS):
            for mix in mixes:
                for key in keys:
                    yield Origin(key, mix, 45 * turn)


def turned(kernel: NDArray[np.float64], eighths: int) -> NDArray[np.float64]:
    """Return a kernel turned anticlockwise by so many times 45 degrees: each ring of weights moves round the middle.

    A kernel that is not square, or has no middle, stays as it is.

    >>> turned(np.arange(9.0).reshape(3, 3), 1).tolist()
    [[1.0, 2.0, 5.0], [0.0, 4.0, 8.0], [3.0, 6.0, 7.0]]
    """
    rows, columns = kernel.shape
    result = kernel.copy()
    if rows != columns or rows % 2 == 0:
        return result
    for ring in range(1, rows // 2 + 1):
        low, high = rows // 2 - ring, rows // 2 + ring
        along = range(low, high)
        # Clockwise from the upper left. Of a ring's weights, 8 for each cell that it is from the middle, 45 degrees are
        # an eighth.
        places = [(low, at) for at in along] + [(at, high) for at in along]
        places += [(high, high + low - at) for at in along] + [(high + low - at, low) for at in along]
        for at, place in enumerate(places):
            result[place] = kernel[places[(at + eighths * ring) % len(places)]]
    return result
