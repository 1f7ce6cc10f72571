"""Pictures to start with: two photographs, ten handwritten digits, and test patterns made by a formula.

Each pattern answers one question about a filter: what it does to an edge, to every frequency, to a single pixel.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnncore.assets import asset_path
from cnncore.images import decode

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture that comes with the product.

    Parameters
    ----------
    key : str
        Its name in links and in code.
    title : str
        Its name on the screen.
    group : str
        "Photographs", "Test patterns" or "Handwritten digits".
    source : str
        One sentence: who made it, or by which formula.
    loader : callable
        Takes nothing, returns the picture, (H, W, 3) uint8.
    """

    key: str
    title: str
    group: str
    source: str
    loader: Callable[[], Picture] = field(repr=False)


def load_sample(key: str) -> Picture:
    """Return a bundled picture.

    Parameters
    ----------
    key : str
        One of `SAMPLES`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Red, green, blue. A new array each time.

    Raises
    ------
    ValueError
        If there is no such sample.
    FileNotFoundError
        If a photograph is missing because scikit-learn, which ships it, is not installed.

    Examples
    --------
    >>> load_sample("impulse").shape, int(load_sample("impulse")[16, 16, 0])
    ((33, 33, 3), 255)
    """
    if not isinstance(key, str) or key not in SAMPLES:
        raise ValueError(f"`key` (={key!r}) must be one of {', '.join(map(repr, SAMPLES))}")
    return SAMPLES[key].loader()


# Photographs and digits --------------------------------------------------------------------------------------------


def photograph(name: str) -> Picture:
    """Return one of the photographs that scikit-learn ships, without importing scikit-learn (it takes seconds).

    Parameters
    ----------
    name : str
        "china.jpg" or "flower.jpg".

    Returns
    -------
    ndarray of uint8, shape (427, 640, 3)

    Raises
    ------
    FileNotFoundError
        If scikit-learn, or the file in it, is missing.
    """
    found = importlib.util.find_spec("sklearn")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder, "datasets", "images", name)
        if path.is_file():
            return decode(path.read_bytes())
    raise FileNotFoundError(f"{name} is missing: it comes with scikit-learn (pip install scikit-learn)")


# One clearly written example of each class: its place in the file, which is sorted by class.
_DIGITS = (645, 1187, 2447, 4045, 4190, 5542, 6713, 7207, 8169, 9513)


@lru_cache(maxsize=1)
def _digits() -> NDArray[np.uint8]:
    with np.load(asset_path("mnist_10k.npz"), allow_pickle=False) as file:
        return file["images"][list(_DIGITS)]


def digit(number: int) -> Picture:
    """Return a handwritten digit of the MNIST database.

    Parameters
    ----------
    number : int
        0 to 9.

    Returns
    -------
    ndarray of uint8, shape (28, 28, 3)
        White on black; the three channels are equal.
    """
    return _grey(_digits()[number])


# Test patterns: x counts columns from the left, y rows from the top, both from 0 ----------------------------------


def step_edges() -> Picture:
    """Return edges of height 128 in every direction, 256 x 256, in four fields of 128 x 128.

    Returns
    -------
    ndarray of uint8, shape (256, 256, 3)
        192 where, with x and y counted within the field, ``x >= 64`` (upper left: a vertical edge), ``y >= 64``
        (upper right: a horizontal one), ``x + y >= 127`` (lower left: a diagonal one) and
        ``(x - 63.5)**2 + (y - 63.5)**2 < 44**2`` (lower right: a disc); 64 elsewhere.
    """
    y, x = np.indices((128, 128))
    upper = np.hstack((x >= 64, y >= 64))
    lower = np.hstack((x + y >= 127, (x - 63.5) ** 2 + (y - 63.5) ** 2 < 44**2))
    return _grey(np.where(np.vstack((upper, lower)), 192, 64))


def checkerboard() -> Picture:
    """Return squares of 16 x 16 pixels, alternately black and white: ``255 * ((x // 16 + y // 16) % 2)``.

    Returns
    -------
    ndarray of uint8, shape (256, 256, 3)
    """
    y, x = np.indices((256, 256))
    return _grey(255 * ((x // 16 + y // 16) % 2))


def zone_plate() -> Picture:
    """Return rings whose frequency grows in proportion to their distance from the centre.

    Returns
    -------
    ndarray of uint8, shape (512, 512, 3)
        ``127.5 * (1 + cos(pi * r**2 / 512))``, where r is the distance from the pixel at x = y = 256. At (x, y) from
        there the local frequency is (x / 512, y / 512) cycles a pixel: every frequency has one place, and Nyquist's
        limit, half a cycle a pixel, is reached at the left and upper border and nowhere exceeded. A filter thus draws
        its own frequency response over the picture; leaving out pixels draws false rings.

    References
    ----------
    .. [1] J. Goodman, "Introduction to Fourier Optics", on Fresnel zone plates.
    """
    square = (np.arange(512) - 256) ** 2
    return _grey(np.rint(127.5 * (1 + np.cos(np.pi * (square[:, None] + square) / 512))))


def impulse() -> Picture:
    """Return one white pixel in the middle of black: a filter's answer to it is its kernel, turned by 180 degrees.

    Returns
    -------
    ndarray of uint8, shape (33, 33, 3)
        255 at x = y = 16, 0 elsewhere.
    """
    pixels = np.zeros((33, 33), np.uint8)
    pixels[16, 16] = 255
    return _grey(pixels)


def ramp() -> Picture:
    """Return greys that rise by one level a column: the value is x.

    Returns
    -------
    ndarray of uint8, shape (256, 256, 3)
    """
    return _grey(np.tile(np.arange(256), (256, 1)))


def bars() -> Picture:
    """Return five rows of black and white bars, 1, 2, 4, 8 and 16 pixels wide: ``255 * (x // 2**(y // 48) % 2)``.

    Returns
    -------
    ndarray of uint8, shape (240, 256, 3)
    """
    y, x = np.indices((240, 256))
    return _grey(255 * (x // 2 ** (y // 48) % 2))


def _grey(levels: NDArray) -> Picture:
    return np.repeat(levels.astype(np.uint8)[..., None], 3, axis=2)


def _all_samples() -> Mapping[str, Sample]:
    flickr = "on Flickr, CC BY 2.0, as shipped with scikit-learn."
    mnist = "MNIST database of handwritten digits, LeCun, Cortes and Burges, CC BY-SA 3.0."
    photographs, patterns, digits = "Photographs", "Test patterns", "Handwritten digits"
    rings = "127.5 (1 + cos(πr²/512)): each frequency up to half a cycle a pixel has its place."
    edges = "Edges from 64 to 192: vertical, horizontal, diagonal, round."
    point = "One pixel of 255 in black: the output is the kernel itself, turned by 180 degrees."
    samples = [
        Sample("china", "Summer palace", photographs, f"By danielbuechele {flickr}", partial(photograph, "china.jpg")),
        Sample("flower", "Dahlia", photographs, f"By vultilion {flickr}", partial(photograph, "flower.jpg")),
        Sample("steps", "Step edges", patterns, edges, step_edges),
        Sample("checkerboard", "Checkerboard", patterns, "Squares of 16 pixels, 0 and 255.", checkerboard),
        Sample("zone-plate", "Zone plate", patterns, rings, zone_plate),
        Sample("impulse", "Impulse", patterns, point, impulse),
        Sample("ramp", "Ramp", patterns, "Grey rises by 1 a column, from 0 to 255.", ramp),
        Sample("bars", "Bars", patterns, "Bars 1, 2, 4, 8 and 16 pixels wide, 0 and 255.", bars),
    ]
    samples += [Sample(f"digit-{n}", f"Digit {n}", digits, mnist, partial(digit, n)) for n in range(10)]
    return MappingProxyType({sample.key: sample for sample in samples})


SAMPLES: Mapping[str, Sample] = _all_samples()
"""Every bundled picture by its key, in the order in which to offer them."""
