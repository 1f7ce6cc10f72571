"""Any pixels that Pillow can hold -> upright sRGB over white, a band of rows at a time.

In bands, because each step (profile, transparency, turning) makes a copy: of 50 million pixels that would be a
gigabyte; a band is small, and stays in the cache.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from cnncore._imageheader import Header, unsupported

BAND_PIXELS = 1 << 18

# Exif's orientation -> what turns the stored picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FAR = (3, 4, 6, 7)  # the first rows stored end up at the bottom or at the right

Convert = Callable[[Image.Image], Image.Image]


def paint(image: Image.Image, header: Header, low_bytes: Image.Image | None = None) -> NDArray[np.uint8]:
    """Return the pixels of a decoded picture as upright sRGB over white.

    Parameters
    ----------
    image : PIL.Image.Image
        With its pixels loaded.
    header : Header
        Of the same file.
    low_bytes : PIL.Image.Image, optional
        The low bytes of the samples whose high bytes `image` holds.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    ImageError
        If the picture's kind of pixel is not known.
    """
    width, height = image.size
    sideways = header.orientation >= 5
    out = np.empty((width, height, 3) if sideways else (height, width, 3), np.uint8)
    turn = _TURNS.get(header.orientation)
    to_srgb = _flattener(image, header)
    for top, bottom in _bands(image):
        box = (0, top, width, bottom)
        band = to_srgb(image.crop(box), low_bytes.crop(box) if low_bytes else None)
        if turn is not None:
            band = band.transpose(turn)
        if header.orientation in _FAR:
            top, bottom = height - bottom, height - top
        out[np.s_[:, top:bottom] if sideways else np.s_[top:bottom]] = np.asarray(band)
    if header.frame is not None:
        left, top, right, bottom = header.frame
        out[:top], out[bottom:], out[:, :left], out[:, right:] = 255, 255, 255, 255
    return out


def _bands(image: Image.Image) -> Iterator[tuple[int, int]]:
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield top, min(top + rows, image.height)


def _flattener(image: Image.Image, header: Header) -> Callable[[Image.Image, Image.Image | None], Image.Image]:
    """Return what turns a band of `image`, and a band of its low bytes, into sRGB over white."""
    mode = image.mode
    if header.split:
        grey = _with_alpha("LA", image, header)
        return lambda band, _: grey(_join_split(band))
    if mode in ("1", "L", "P"):
        look_up = _through_table(_table(image, header))
        return lambda band, _: look_up(band)
    if mode in ("I", "F") or mode.startswith("I;16"):
        stretch = _deep(image, header)
        return lambda band, _: stretch(band)
    if mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        convert = _with_alpha(mode, image, header)
    elif mode in ("RGB", "CMYK", "YCbCr", "LAB"):
        convert = _converter(header.profile, mode)
    else:
        raise unsupported(header.format, f"pixels of a kind ({mode})")

    def flatten(band: Image.Image, low: Image.Image | None) -> Image.Image:
        opacity = _opacity(band, low, header.clear) if header.clear and mode == "RGB" else None
        colours = convert(band if low is None else _join_bytes(band, low))
        return colours if opacity is None else _over_white(colours, opacity)

    return flatten


def _over_white(band: Image.Image, opacity: Image.Image) -> Image.Image:
    white = Image.new("RGB", band.size, "white")
    white.paste(band, mask=opacity)
    return white


def _opacity(band: Image.Image, low: Image.Image | None, clear: tuple[int, ...]) -> Image.Image:
    """Return 0 where the band has the one colour that stands for transparent, and 255 elsewhere."""
    colour = np.array(clear, np.uint16)
    if low is None:
        hit = np.asarray(band) == (colour & 255)
    else:
        hit = (np.asarray(band) == colour >> 8) & (np.asarray(low) == colour & 255)
    return Image.fromarray(np.where(hit.all(2), 0, 255).astype(np.uint8))


# One channel: each of its 256 values has one colour --------------------------------------------------------------


def _table(image: Image.Image, header: Header) -> NDArray[np.uint8]:
    """Return the sRGB colours over white, shape (256, 3), of the values of a one-channel picture."""
    if image.mode in ("P", "PA"):
        colours = np.zeros((256, 3), np.uint8)
        palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)[:256]
        colours[: len(palette)] = palette
        row = _converter(header.profile, "RGB")(Image.fromarray(colours[None]))
    else:
        row = _converter(header.profile, "L")(Image.fromarray(np.arange(256, dtype=np.uint8)[None]))
    opacity = np.full((1, 256), 255, np.uint8)
    opacity[0, : len(header.clear_entries)] = np.frombuffer(header.clear_entries, np.uint8)
    if header.clear is not None and header.clear[0] < 256:
        opacity[0, header.clear[0]] = 0
    return np.asarray(_over_white(row, Image.fromarray(opacity)))[0]


def _through_table(table: NDArray[np.uint8]) -> Convert:
    colours = table.tobytes()

    def look_up(band: Image.Image) -> Image.Image:
        index = band.convert("L") if band.mode == "1" else band
        index.putpalette(colours)
        return index.convert("RGB")

    return look_up


def _with_alpha(mode: str, image: Image.Image, header: Header) -> Convert:
    """Return what lays a band of `mode`, with its alpha channel, over white."""
    if header.format == "BMP" and image.getchannel("A").getextrema() == (0, 0):
        # Programs that know nothing of alpha leave zeros in its place.
        return lambda band: band.convert("RGB")
    in_colour = mode in ("RGBA", "RGBa")
    convert = _converter(header.profile, "RGB") if in_colour else _through_table(_table(image, header))
    straight = {"La": "LA", "RGBa": "RGBA"}.get(mode)

    def flatten(band: Image.Image) -> Image.Image:
        band = band.convert(straight) if straight else band
        return _over_white(convert(band.convert("RGB") if in_colour else band.getchannel(0)), band.getchannel("A"))

    return flatten


# More than 8 bits --------------------------------------------------------------------------------------------------


def _join_bytes(high: Image.Image, low: Image.Image) -> Image.Image:
    """Return 16-bit samples, given as two pictures of their bytes, as the nearest 8-bit ones."""
    return Image.frombytes(high.mode, high.size, _nearest(np.asarray(high), np.asarray(low)).tobytes())


def _join_split(band: Image.Image) -> Image.Image:
    """Return a 16-bit grey with alpha, read as (high, low, high, low), as the nearest 8-bit one."""
    parts = np.asarray(band)
    return Image.frombytes("LA", band.size, _nearest(parts[..., 0::2], parts[..., 1::2]).tobytes())


def _nearest(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # (256 upper + lower) / 257 = upper + (lower - upper) / 257, so rounding moves `upper` by one level at most.
    rest = lower.astype(np.int16) - upper
    return (upper + (rest > 128) - (rest < -128)).astype(np.uint8)


def _deep(image: Image.Image, header: Header) -> Convert:
    """Return what brings a band of one channel of more than 8 bits to sRGB."""
    unsigned = image.mode == "I" and header.white == 2**32 - 1

    def values_of(band: Image.Image) -> NDArray:
        values = np.asarray(band)
        return values.view(np.uint32) if unsigned else values

    if image.mode.startswith("I;16") or header.format == "PNG":
        low, high = 0.0, float(header.white)
    else:
        low, high = _span(image, values_of)
    flat = low == high
    if header.inverted:
        low, high = high, low
    scale = 0.0 if flat else 255.0 / (high - low)
    look_up = _through_table(np.asarray(_converter(header.profile, "L")(_ramp()))[0])

    def stretch(band: Image.Image) -> Image.Image:
        values = values_of(band)
        with np.errstate(invalid="ignore"):
            levels = (values - np.float64(low)) * scale + (128.0 if flat else 0.0)
        levels = np.nan_to_num(levels, nan=0.0, posinf=255.0, neginf=0.0).clip(0, 255)
        colours = look_up(Image.fromarray(np.rint(levels).astype(np.uint8)))
        if header.clear is None:
            return colours
        return _over_white(colours, Image.fromarray(np.where(values == header.clear[0], 0, 255).astype(np.uint8)))

    return stretch


def _ramp() -> Image.Image:
    return Image.fromarray(np.arange(256, dtype=np.uint8)[None])


def _span(image: Image.Image, values_of: Callable[[Image.Image], NDArray]) -> tuple[float, float]:
    """Return the values to show as black and as white where the file names none."""
    low, high = np.inf, -np.inf
    for top, bottom in _bands(image):
        values = values_of(image.crop((0, top, image.width, bottom)))
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high or (image.mode == "F" and low >= 0 and high <= 1):
        return 0.0, 1.0
    return low, high


# Colour profiles ---------------------------------------------------------------------------------------------------


def _converter(profile: bytes | None, mode: str) -> Convert:
    """Return what turns a picture of `mode`, whose colours `profile` defines, into sRGB."""
    transform = _transform(profile, mode) if profile else None
    if transform is None and mode == "LAB":
        lab, srgb = (ImageCms.ImageCmsProfile(ImageCms.createProfile(name)) for name in ("LAB", "sRGB"))
        transform = ImageCms.ImageCmsTransform(lab, srgb, "LAB", "RGB")
    if transform is not None:
        kind, apply = transform.input_mode, transform.apply
        return lambda band: apply(band if band.mode == kind else band.convert(kind))
    return lambda band: band if band.mode == "RGB" else band.convert("RGB")


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from `profile` to sRGB; None if it is broken, for other pixels, or sRGB itself."""
    if b"mpet" in profile:  # chains of processing elements of any length: a small file could take minutes
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        kind = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}.get(source.profile.xcolor_space)
        # Grey pictures often carry their camera's RGB profile.
        if kind is None or (kind != mode and not (kind == "RGB" and mode in ("L", "YCbCr"))):
            return None
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.ImageCmsTransform(source, target, kind, "RGB")
        if kind == "RGB":
            steps = np.linspace(0, 255, 9).astype(np.uint8)
            probe = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
            change = np.asarray(transform.apply(Image.fromarray(probe))).astype(int) - probe
            if np.abs(change).max() <= 1:
                return None  # its own sRGB: the way there and back would only add rounding
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return transform
