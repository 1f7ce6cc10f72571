"""What is known of a picture before its pixels are decoded, and the sentences for a person whose file is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Pillow's names of the only formats that are ever opened."""

MAX_PROFILE = 4 << 20  # bytes; the largest printing profiles in use have about 3 million
MAX_PARTS = 100_000  # chunks, segments or blocks in one file
MAX_SCANNED = 1_000_000_000  # pixels times scans of a JPEG: each scan, however short, is a pass over the whole picture
MAX_SCANS = 64  # of a small one; usual scripts have 10 to 17
MAX_RLE_PIXELS = 4_000_000  # Pillow unpacks run-length BMP in Python, about a microsecond a run

_FOREIGN = (
    (re.compile(rb"....ftyp(heic|heix|hevc|mif1|msf1)", re.DOTALL), "a HEIC photo"),
    (re.compile(rb"....ftyp(avif|avis)", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"....ftyp|\x1aE\xdf\xa3", re.DOTALL), "a video"),
    (re.compile(rb"\xff\x0a|....JXL ", re.DOTALL), "a JPEG XL picture"),
    (re.compile(rb"\xff\x4f\xff\x51|....jP {2}", re.DOTALL), "a JPEG 2000 picture"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "a PostScript drawing"),
    (re.compile(rb"8BPS"), "a Photoshop document"),
    (re.compile(rb"\x00\x00[\x01\x02]\x00[^\x00]\x00"), "an icon file"),
    (re.compile(rb"P[1-7][\s#]"), "a PNM picture"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE)", re.IGNORECASE), "an SVG drawing or a web page"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive or an office document"),
)


Judge = Callable[[int, int], None]


class ImageError(ValueError):
    """A picture cannot be opened; the message is a sentence for the person who chose it, with what to do."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a picture before its pixels are decoded.

    Parameters
    ----------
    format : str
        One of `FORMATS`.
    width, height : int
        In pixels as stored, before it is turned upright.
    clean : bytes
        The file, reduced to what draws its first picture.
    orientation : int
        Exif's 1 to 8; 1 is upright.
    profile : bytes or None
        The embedded ICC profile.
    white : int
        The largest value that a sample can have; only of use beyond 8 bits.
    inverted : bool
        In such a picture, 0 is white.
    clear : tuple of int or None
        The colour (in the file's own units) that stands for "transparent".
    clear_entries : bytes
        Opacity of the first entries of the palette.
    frame : tuple of int or None
        Left, top, right, bottom of the part of the canvas that is drawn; the rest is transparent.
    split : bool
        A 16-bit sample arrives as two 8-bit channels, the high byte first.
    """

    format: str
    width: int
    height: int
    clean: bytes
    orientation: int = 1
    profile: bytes | None = None
    white: int = 255
    inverted: bool = False
    clear: tuple[int, ...] | None = None
    clear_entries: bytes = b""
    frame: tuple[int, int, int, int] | None = None
    split: bool = False


def _say(kind: str) -> str:
    return "WebP" if kind == "WEBP" else kind


def not_a_picture(data: bytes) -> ImageError:
    """Return the error for bytes of no known format, naming what they look like where that is plain."""
    if not data:
        return ImageError("This file is empty. Choose a PNG, JPEG, WebP, GIF, BMP or TIFF picture.")
    looks = next((name for pattern, name in _FOREIGN if pattern.match(data)), None)
    what = f"This looks like {looks}, which cannot be opened here." if looks else "This file is not a picture."
    return ImageError(f"{what} Choose a PNG, JPEG, WebP, GIF, BMP or TIFF file.")


def damaged(kind: str) -> ImageError:
    """Return the error for a file of format `kind` that ends early or contradicts itself."""
    what = f"This {_say(kind)} file is damaged or cut off."
    return ImageError(f"{what} Open it in another program, save it again, and choose the new file.")


def unsupported(kind: str, what: str) -> ImageError:
    """Return the error for a sound file of format `kind` whose variety cannot be read."""
    return ImageError(
        f"This {_say(kind)} file has {what}, which cannot be read here. Save it as a PNG and choose the new file."
    )
