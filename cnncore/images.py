"""Bytes of a picture file -> arrays, safely; grey; a smaller copy.

Only six formats are ever opened. The size is judged from the header before any pixel is decoded, and whatever is wrong
with the bytes, the caller meets one error, `ImageError`, with a sentence for the person who chose the file.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Imported by name, or Pillow would import all of its fifty readers to find these two.
from PIL import Image, ImageFile, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin  # noqa: F401

from cnncore._imagecolors import paint
from cnncore._imagefiles import orientation, read_header
from cnncore._imageheader import FORMATS, Header, ImageError, damaged, unsupported
from cnncore.geometry import as_int

__all__ = ["FORMATS", "ImageError", "decode", "resize", "to_gray"]

ImageError.__module__ = __name__  # where callers find it

MAX_BYTES = 200_000_000
"""Of a file; more would not leave room for its pixels within a gigabyte."""

GRAY_WEIGHTS = (0.2989, 0.5870, 0.1140)
"""Of red, green and blue: ITU-R BT.601 luma, rounded as the article has it; they sum to 0.9999."""

GRAY_BLOCK = 1 << 17  # pixels

MAX_EXACT_PIXELS = 25_000_000
"""Up to here 16-bit colours are rounded to the nearest level; beyond, their low byte is left out to save time."""


def decode(data: bytes, *, max_pixels: int = 50_000_000, longest: int | None = None) -> NDArray[np.uint8]:
    """Decode a picture file into upright sRGB pixels over white.

    Parameters
    ----------
    data : bytes
        A whole PNG, JPEG, WebP, GIF, BMP or TIFF file. Of an animation the first frame is read, of a TIFF the first
        page, of a phone's multi-picture JPEG the first picture.
    max_pixels : int
        The most pixels that are decoded; more are refused by the header alone. Pillow's own limit
        (``PIL.Image.MAX_IMAGE_PIXELS``, 89 million unless the program changed it) holds besides.
    longest : int, optional
        Shrink the picture so that neither side is longer, as `resize` does. A JPEG is then decoded at a fraction of
        its size, which takes a third of the time and may differ by a few levels from ``resize(decode(data), longest)``.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Red, green, blue; 0 to 255.

    Raises
    ------
    ImageError
        If the file is no picture of these formats, damaged, too large, or of a variety that cannot be read.
    ValueError
        If an argument is out of range.

    Notes
    -----
    - Exif's orientation is applied, and an ICC profile converted to sRGB (perceptual intent); a profile that is broken,
      made for other pixels, above 4 MB or of version 4's processing elements is ignored.
    - 16-bit samples are divided by 257 and rounded (within one level in a TIFF that holds its colours as separate
      planes, and beyond 25 million pixels); 12-bit ones by 4095/255. 32-bit integers, signed integers and floats
      name no white: their finite values are stretched so that the least is black and the greatest white, but floats
      within 0..1 are taken as they are.
    - CMYK without a profile is ``(255 - C) * (255 - K) / 255`` for red, and so on. A CMYK JPEG is taken as inverted,
      as Adobe's programs write it and browsers read it.
    - No global setting of Pillow or `warnings` is changed: threads may decode at the same time.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (3, 2), (10, 20, 30)).save(file, "PNG")
    >>> picture = decode(file.getvalue())
    >>> picture.shape, picture[0, 0].tolist()
    ((2, 3, 3), [10, 20, 30])
    >>> decode(b"hello")
    Traceback (most recent call last):
    ...
    cnncore.images.ImageError: This file is not a picture. Choose a PNG, JPEG, WebP, GIF, BMP or TIFF file.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ValueError(f"`data` must be the bytes of a file, not {type(data).__name__}")
    max_pixels = as_int(max_pixels, "max_pixels", least=1)
    if longest is not None:
        longest = as_int(longest, "longest", least=1)
    if len(data) > MAX_BYTES:
        raise ImageError(f"This file has {len(data) / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} MB can be opened.")

    def judge(width: int, height: int) -> None:
        _check_size(width, height, min(max_pixels, Image.MAX_IMAGE_PIXELS or max_pixels))

    header = read_header(bytes(data), judge)
    try:
        image = _open(header)
        if image.size != (header.width, header.height):
            raise damaged(header.format)
        if header.format == "WEBP":
            header = replace(
                header,
                orientation=orientation(image.info.get("exif", b"")),
                profile=image.info.get("icc_profile"),
            )
        if longest is not None and max(image.size) > longest:
            image.draft(None, _fit(image.size, longest))
        image.load()
        low_bytes = _low_bytes(header, image)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise _unreadable(header) from error
    except MemoryError:
        raise ImageError("There is not enough memory to open this picture. Make it smaller and try again.") from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to, KeyError to SyntaxError
        raise damaged(header.format) from error
    picture = paint(image, header, low_bytes)
    return picture if longest is None else resize(picture, longest)


def _open(header: Header) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(header.clean), formats=(header.format,))


def _check_size(width: int, height: int, limit: int) -> None:
    """Refuse an empty or a too large picture."""
    if width == 0 or height == 0:
        raise ImageError(f"This picture is {width} × {height} pixels: there is nothing in it. Choose another file.")
    if width * height > limit:
        raise ImageError(
            f"This picture has {width:,} × {height:,} pixels, {width * height:,} in all; at most {limit:,} can be "
            f"opened. Make it smaller in another program and choose the new file."
        )


def _unreadable(header: Header) -> ImageError:
    # The containers were checked before, so what Pillow then does not recognise is a rare kind of pixel, or damaged.
    if header.format == "TIFF":
        return unsupported("TIFF", "a kind of pixel (its bits, channels or packing)")
    return damaged(header.format)


def _low_bytes(header: Header, image: ImageFile.ImageFile) -> Image.Image | None:
    """Decode 16-bit colours once more for their low bytes; Pillow keeps the high ones only."""
    if header.format not in ("PNG", "TIFF") or image.mode not in ("RGB", "RGBA", "CMYK"):
        return None
    if header.split or header.white != 65535 or image.width * image.height > MAX_EXACT_PIXELS:
        return None
    low = _open(header)
    # Reading the samples in the other byte order makes their low byte the high one.
    other = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
    tiles = []
    for tile in low.tile:
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        raw = str(args[0])
        if raw[:-1] not in ("RGB;16", "RGBX;16", "RGBA;16", "CMYK;16"):
            return None
        args = (raw[:-1] + other[raw[-1]], *args[1:])
        tiles.append(tile._replace(args=args if isinstance(tile.args, tuple) else args[0]))
    low.tile = tiles
    low.load()
    return low


def _fit(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return `size` scaled down so that its longer side is `longest`; at least one pixel a side."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resize(image: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Return a copy of a picture that is no longer than `longest` on either side.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3) or (H, W)
        At least one pixel.
    longest : int
        In pixels. A picture that is small enough is returned as it is: nothing is ever enlarged.

    Returns
    -------
    ndarray of uint8
        The longer side is `longest`; the other keeps the proportions to the nearest pixel, and at least one.

    Raises
    ------
    ValueError
        If `image` has another shape or dtype, or `longest` is below 1.

    Notes
    -----
    Each new pixel is a weighted mean of all the pixels it covers (Pillow's Hamming window): no lattice patterns from
    left-out pixels, and no bright or dark seams along edges, which would show up in every filtered picture.

    Examples
    --------
    >>> resize(np.zeros((300, 400, 3), np.uint8), 200).shape
    (150, 200, 3)
    >>> resize(np.zeros((20_000, 1, 3), np.uint8), 640).shape
    (640, 1, 3)
    """
    image = np.asarray(image)
    longest = as_int(longest, "longest", least=1)
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f"`image` must be uint8 of shape (H, W, 3) or (H, W), not {image.dtype} {image.shape}")
    if not image.size:
        raise ValueError(f"`image` {image.shape} must have at least one pixel")
    height, width = image.shape[:2]
    if max(height, width) <= longest:
        return image
    smaller = Image.fromarray(image).resize(_fit((width, height), longest), Image.Resampling.HAMMING)
    return np.array(smaller)


def to_gray(rgb: Any) -> NDArray[np.float32]:
    """Return the grey of a colour picture: ``0.2989 R + 0.5870 G + 0.1140 B``.

    Parameters
    ----------
    rgb : array_like of integers or floats, shape (H, W, 3)
        In any unit; the result has the same. White of 255 becomes 254.9745, since the weights sum to 0.9999.

    Returns
    -------
    ndarray of float32, shape (H, W)
        For values of 0 to 255 within 1e-4 of the exact sum.

    Raises
    ------
    ValueError
        If the shape or the dtype is another.

    References
    ----------
    .. [1] ITU-R Recommendation BT.601, whose luma weights 0.299, 0.587, 0.114 these round.

    Examples
    --------
    >>> to_gray(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)).round(3).tolist()
    [[76.22000122070312, 149.68499755859375]]
    """
    rgb = np.asarray(rgb)
    if rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"`rgb` {rgb.shape} must have the shape (height, width, 3)")
    if rgb.dtype.kind not in "uif":
        raise ValueError(f"`rgb` ({rgb.dtype}) must hold integers or floats")
    rows, columns = rgb.shape[:2]
    grey = np.empty((rows, columns), np.float32)
    # In float32 where that holds every value exactly, block by block in a buffer that stays in the cache.
    dtype = np.float32 if rgb.dtype.itemsize <= 2 or rgb.dtype == np.float32 else np.float64
    weights = np.array(GRAY_WEIGHTS, dtype)
    step = max(1, GRAY_BLOCK // max(1, columns))
    block = np.empty((min(step, rows), columns, 3), dtype)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are passed on as they come
        for top in range(0, rows, step):
            part = grey[top : top + step]
            values = block[: len(part)]
            values[...] = rgb[top : top + step]
            part[...] = (values.reshape(-1, 3) @ weights).reshape(part.shape)
    return grey
