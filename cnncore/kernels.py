"""The named kernels, as data: what each shows, where it comes from, what can be set, and its weights.

Weights are for cross-correlation (the kernel is laid on the picture unflipped), rows down, columns right. So
"Sobel, left to right" is positive where brightness rises to the right. No kernel has more than 15 rows or columns.

Examples
--------
>>> preset("sobel_x").weights()
array([[-1.,  0.,  1.],
       [-2.,  0.,  2.],
       [-1.,  0.,  1.]])
>>> preset("gaussian").weights(sigma=0.5, size=3).sum().round(12)
np.float64(1.0)
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore import _kernel_formulas as formulas
from cnncore._kernel_model import Kernel, Parameter

MAX_SIDE = formulas.MAX_SIDE
"""Most rows or columns of any kernel on offer."""

IDENTITY, ARTICLE, BLUR, EDGES = "Identity and shift", "From the article", "Blur", "Edges"
SECOND, SHARPEN, TEXTURE, RANDOM = "Second derivative", "Sharpen", "Texture and orientation", "Random"
GROUPS = (IDENTITY, ARTICLE, BLUR, EDGES, SECOND, SHARPEN, TEXTURE, RANDOM)
"""The headings, in the order of the screen."""

_ARTICLE = "“How do Convolutional Neural Networks work?”, ashwins-code, DEV Community"
_GONZALEZ = "Gonzalez and Woods, Digital Image Processing, 4th ed., 2018"
_GOODFELLOW = "Goodfellow, Bengio and Courville, Deep Learning, 2016, sec. 9.1"
_SOBEL_SOURCE = "Sobel and Feldman, A 3 × 3 isotropic gradient operator for image processing, 1968"
_PREWITT_SOURCE = "Prewitt, Object enhancement and extraction, 1970"
_SCHARR_SOURCE = "Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung, thesis, Heidelberg, 2000"
_ROBERTS_SOURCE = "Roberts, Machine perception of three-dimensional solids, thesis, MIT, 1963"

_SOBEL = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
_PREWITT = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))
_SCHARR = ((-3, 0, 3), (-10, 0, 10), (-3, 0, 3))
_ROBERTS = (((-1, 0), (0, 1)), ((0, -1), (1, 0)))

_PIXELS = Parameter("pixels", "Distance", 3, 1, 7, 1, "pixels")
_SIGMA = Parameter("sigma", "Sigma", 1.0, 0.3, 3.5, 0.1, "pixels")
_SIZE = Parameter("size", "Size (0: from sigma)", 0, 0, MAX_SIDE, 1, "pixels")
_PLAIN_SIZE = Parameter("size", "Size", 3, 1, MAX_SIDE, 1, "pixels")


def _turned(rows: tuple) -> tuple:
    """Return the kernel for top to bottom, given the one for left to right."""
    return tuple(zip(*rows, strict=True))


def _constant(key: str, title: str, group: str, shows: str, source: str, rows: tuple) -> Kernel:
    return Kernel(key, title, group, shows, source, partial(formulas.fixed, rows))


def _shift(where: str, *, down: int, right: int, comes_from: str) -> Kernel:
    shows = f"You see the picture move {where}: the 1 lies where each pixel comes from, {comes_from}."
    move = partial(formulas.shift, down=down, right=right)
    return Kernel(f"shift_{where}", f"Shift {where}", IDENTITY, shows, _GOODFELLOW, move, (_PIXELS,))


def _magnitude(key: str, name: str, source: str, pair: tuple) -> Kernel:
    shows = "You see every edge, whatever its direction: the root of the sum of the two filters' squares."
    combined = partial(formulas.fixed, pair)
    return Kernel(key, f"{name}, gradient magnitude", EDGES, shows, source, combined, combine="magnitude")


def _edge_pair(key: str, name: str, source: str, rows: tuple) -> tuple[Kernel, Kernel]:
    across = "You see vertical edges: positive where brightness rises to the right, negative where it falls."
    along = "You see horizontal edges: positive where brightness rises downwards, negative where it falls."
    return (
        _constant(f"{key}_x", f"{name}, left to right", EDGES, across, source, rows),
        _constant(f"{key}_y", f"{name}, top to bottom", EDGES, along, source, _turned(rows)),
    )


_ALL = (
    _constant(
        "identity",
        "Identity",
        IDENTITY,
        "You get the picture back unchanged: a single weight of 1 in the middle.",
        _GOODFELLOW,
        ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    ),
    _shift("left", down=0, right=-1, comes_from="right of the middle"),
    _shift("right", down=0, right=1, comes_from="left of the middle"),
    _shift("up", down=-1, right=0, comes_from="below the middle"),
    _shift("down", down=1, right=0, comes_from="above the middle"),
    _constant(
        "article_blur",
        "Article blur",
        ARTICLE,
        "You see a blur that brightens five-fold: its weights sum to 5. Normalise it to keep the brightness.",
        _ARTICLE,
        ((0, 1, 0), (1, 1, 1), (0, 1, 0)),
    ),
    _constant(
        "article_edge",
        "Article edge detection",
        ARTICLE,
        "You see where a pixel differs from its four neighbours: the 4-neighbour Laplacian, signed.",
        _ARTICLE,
        ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    ),
    _constant(
        "article_example",
        "Article worked example",
        ARTICLE,
        "You can follow the article's sum with it: its first patch gives 3.3.",
        _ARTICLE,
        ((1, 0, 1), (0, 2, 0), (1, 0, 1)),
    ),
    Kernel(
        "box",
        "Box blur",
        BLUR,
        "You see the plain mean of the pixels under the window; points turn into squares.",
        "McDonnell, Box-filtering techniques, Computer Graphics and Image Processing 17, 1981",
        formulas.box,
        (_PLAIN_SIZE,),
    ),
    _constant(
        "binomial",
        "Binomial blur",
        BLUR,
        "You see the smallest Gaussian-like blur: 1 2 1 across times 1 2 1 down, over 16.",
        "Jähne, Digital Image Processing, 6th ed., 2005, ch. 11 (binomial filters)",
        tuple(tuple(a * b / 16 for b in (1, 2, 1)) for a in (1, 2, 1)),
    ),
    Kernel(
        "gaussian",
        "Gaussian blur",
        BLUR,
        "You see a smooth, round blur. It sums to 1 even where the window cuts the bell off.",
        "Marr and Hildreth, Theory of edge detection, 1980",
        formulas.gaussian,
        (_SIGMA, _SIZE),
    ),
    Kernel(
        "motion",
        "Motion blur",
        BLUR,
        "You see the smear of a camera moved along a line while the shutter is open.",
        f"{_GONZALEZ}, ch. 5 (uniform motion)",
        formulas.motion,
        (
            Parameter("length", "Length", 9, 1, MAX_SIDE, 1, "pixels"),
            Parameter("angle", "Angle", 0.0, 0.0, 180.0, 5.0, "degrees"),
        ),
    ),
    *_edge_pair("sobel", "Sobel", _SOBEL_SOURCE, _SOBEL),
    *_edge_pair("prewitt", "Prewitt", _PREWITT_SOURCE, _PREWITT),
    *_edge_pair("scharr", "Scharr", _SCHARR_SOURCE, _SCHARR),
    _constant(
        "roberts_right",
        "Roberts, to the lower right",
        EDGES,
        "You see diagonal edges: positive where brightness rises to the lower right.",
        _ROBERTS_SOURCE,
        _ROBERTS[0],
    ),
    _constant(
        "roberts_left",
        "Roberts, to the lower left",
        EDGES,
        "You see diagonal edges: positive where brightness rises to the lower left.",
        _ROBERTS_SOURCE,
        _ROBERTS[1],
    ),
    _magnitude("sobel_magnitude", "Sobel", _SOBEL_SOURCE, (_SOBEL, _turned(_SOBEL))),
    _magnitude("prewitt_magnitude", "Prewitt", _PREWITT_SOURCE, (_PREWITT, _turned(_PREWITT))),
    _magnitude("scharr_magnitude", "Scharr", _SCHARR_SOURCE, (_SCHARR, _turned(_SCHARR))),
    _magnitude("roberts_magnitude", "Roberts", _ROBERTS_SOURCE, _ROBERTS),
    _constant(
        "laplacian_4",
        "Laplacian, 4 neighbours",
        SECOND,
        "You see fine detail and both sides of each edge: where a pixel differs from its four neighbours.",
        f"{_GONZALEZ}, sec. 3.6",
        ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    ),
    _constant(
        "laplacian_8",
        "Laplacian, 8 neighbours",
        SECOND,
        "You see the same as with 4 neighbours, with diagonals counted, too.",
        f"{_GONZALEZ}, sec. 3.6",
        ((1, 1, 1), (1, -8, 1), (1, 1, 1)),
    ),
    Kernel(
        "log",
        "Laplacian of Gaussian",
        SECOND,
        "You see edges where the sign changes, and blobs of about sigma's size as extremes.",
        "Marr and Hildreth, Theory of edge detection, 1980",
        formulas.laplacian_of_gaussian,
        (Parameter("sigma", "Sigma", 1.4, 0.5, 2.5, 0.1, "pixels"),),
    ),
    _constant(
        "sharpen",
        "Sharpen",
        SHARPEN,
        "You see crisper edges: the picture minus its Laplacian. Flat areas keep their brightness.",
        f"{_GONZALEZ}, sec. 3.6",
        ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    ),
    Kernel(
        "unsharp",
        "Unsharp mask",
        SHARPEN,
        "You see what a Gaussian blur would take away, added instead. Too much leaves halos.",
        f"{_GONZALEZ}, sec. 3.6",
        formulas.unsharp,
        (
            Parameter("sigma", "Sigma", 1.0, 0.3, 2.5, 0.1, "pixels"),
            Parameter("amount", "Amount", 1.0, 0.0, 5.0, 0.1),
        ),
    ),
    _constant(
        "emboss",
        "Emboss",
        SHARPEN,
        "You see a relief, lit along the diagonal: edges turn into slopes. Flat areas keep their brightness.",
        "GIMP user manual, Convolution Matrix filter",
        ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    ),
    _constant(
        "outline",
        "Outline",
        SHARPEN,
        "You see bright outlines on black: the 8-neighbour Laplacian with its sign turned.",
        "Powell, Image kernels explained visually, setosa.io",
        ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    ),
    Kernel(
        "gabor",
        "Gabor",
        TEXTURE,
        "You see stripes of one width and direction light up, as trained first layers do. Phase 90 sums to 0.",
        "Daugman, J. Opt. Soc. Am. A 2, 1985; first layers alike: Krizhevsky et al., 2012, fig. 3",
        formulas.gabor,
        (
            Parameter("angle", "Angle", 0.0, 0.0, 180.0, 5.0, "degrees"),
            # From 3 up: pixels sample a wave of 2 pixels at its zeros when it is odd.
            Parameter("wavelength", "Wavelength", 5.0, 3.0, 15.0, 0.5, "pixels"),
            Parameter("sigma", "Sigma", 2.0, 0.5, 3.5, 0.1, "pixels"),
            Parameter("phase", "Phase", 90.0, -180.0, 180.0, 15.0, "degrees"),
        ),
    ),
    Kernel(
        "random",
        "Random",
        RANDOM,
        "You see what an untrained filter sees: normal weights of He's scale, the same for the same seed.",
        "He et al., Delving deep into rectifiers, 2015, arXiv:1502.01852",
        formulas.random_normal,
        (_PLAIN_SIZE, Parameter("seed", "Seed", 0, 0, 9999, 1)),
    ),
)

PRESETS: Mapping[str, Kernel] = MappingProxyType({kernel.key: kernel for kernel in _ALL})
"""Every named kernel by its key, in the order of the screen."""

CHANNEL_WEIGHTS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "sum": (1.0, 1.0, 1.0),
        "average": (1 / 3, 1 / 3, 1 / 3),
        "luma": (0.2989, 0.5870, 0.1140),
        "red_minus_green": (1.0, -1.0, 0.0),
        "blue_minus_yellow": (-0.5, -0.5, 1.0),
    }
)
"""How much of R, G and B a filter over three channels takes; luma is ITU-R BT.601's, rounded, and sums to 0.9999."""


def preset(key: str) -> Kernel:
    """Return the kernel of that name.

    Parameters
    ----------
    key : str
        A key of `PRESETS`.

    Returns
    -------
    Kernel

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> preset("sobel_x").title
    'Sobel, left to right'
    """
    if not isinstance(key, str) or key not in PRESETS:
        raise ValueError(f"`key` (={reprlib.repr(key)}) is not the name of a kernel")
    return PRESETS[key]


def rgb_filter(weights: Any, channels: Any) -> NDArray[np.float64]:
    """Spread a kernel over the three channels of a colour picture: one filter, one map.

    Parameters
    ----------
    weights : array_like of float, shape (KH, KW) or (2, KH, KW)
        The kernel, or the two of a magnitude.
    channels : sequence of three floats
        How much of R, G and B it takes, as in `CHANNEL_WEIGHTS`.

    Returns
    -------
    ndarray of float64, shape (3, KH, KW) or (2, 3, KH, KW)
        Each plane is the kernel times its channel's weight.

    Raises
    ------
    ValueError
        If the shapes are others.

    Examples
    --------
    >>> rgb_filter([[2.0]], CHANNEL_WEIGHTS["red_minus_green"]).ravel()
    array([ 2., -2.,  0.])
    """
    planes = np.asarray(weights, dtype=np.float64)
    triple = np.asarray(channels, dtype=np.float64)
    if planes.ndim not in (2, 3):
        raise ValueError(f"`weights` has shape {planes.shape}, but a kernel is (KH, KW) or a pair (2, KH, KW)")
    if triple.shape != (3,):
        raise ValueError(f"`channels` has shape {triple.shape}, but must be three numbers, for R, G and B")
    return planes[..., None, :, :] * triple[:, None, None] + 0.0  # + 0.0 turns -0.0 into 0.0
