"""Every kind of sound picture file -> the pixels a person expects."""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, TiffImagePlugin

from cnncore import images
from cnncore.images import ImageError, decode

WIDTH, HEIGHT = 37, 23


def scene(channels: int = 3) -> np.ndarray:
    """Return a picture without any symmetry: smooth (JPEG keeps it), each channel and corner different."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    planes = (x * 6, y * 10, (x + y) * 3.5, 255 - x * 3 - y * 4)
    return np.stack(planes[:channels], -1).clip(0, 255).round().astype(np.uint8)


def saved(picture: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha.astype(float)[..., None] / 255
    return np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)


def grey3(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, 2)


def assert_close(got: np.ndarray, wanted: np.ndarray, atol: int) -> None:
    assert got.dtype == np.uint8
    assert got.shape == wanted.shape
    assert np.abs(got.astype(int) - wanted.astype(int)).max() <= atol


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(samples: np.ndarray, depth: int, colour: int, *extra: bytes, after: bytes = b"") -> bytes:
    """Write a PNG by hand: Pillow writes no 16-bit colours and no 2-bit greys."""
    height, width = samples.shape[:2]
    flat = samples.reshape(height, -1)
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in flat]
    else:
        bits = (flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in bits]
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), *extra, chunk(b"IDAT", body), after, chunk(b"IEND", b""))
    )


def tiff(tags: dict[int, tuple[str, list[int]]], pixels: list[bytes], *, order: str = "<", big: bool = False) -> bytes:
    """Write a TIFF by hand; `tags` maps numbers to a struct letter and values, "pixels" stand for their offsets."""
    out = bytearray(b"II" if order == "<" else b"MM")
    out += struct.pack(f"{order}HHHQ", 43, 8, 0, 0) if big else struct.pack(f"{order}HI", 42, 0)
    offsets = []
    for part in pixels:
        offsets.append(len(out))
        out += part
    tags = {tag: (letter, offsets if values == ["pixels"] else values) for tag, (letter, values) in tags.items()}
    word, room, head = ("Q", 8, "Q") if big else ("I", 4, "H")
    entries = b""
    for tag, (letter, values) in sorted(tags.items()):
        body = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(body) > room:
            out += bytes(-len(out) % 8)
            where, body = len(out), body
            out += body
            body = struct.pack(f"{order}{word}", where)
        kind = {"B": 1, "H": 3, "I": 4, "Q": 16}[letter]
        entries += struct.pack(f"{order}HH{word}", tag, kind, len(values)) + body.ljust(room, b"\0")
    start = len(out)
    out += struct.pack(f"{order}{head}", len(tags)) + entries + struct.pack(f"{order}{word}", 0)
    struct.pack_into(f"{order}{word}", out, 8 if big else 4, start)
    return bytes(out)


RGB = scene()
GREY = scene(1)[..., 0]
ALPHA = scene(4)[..., 3]
RGBA = scene(4)
PALETTED = Image.fromarray(RGB).quantize(64)
INDEX = np.asarray(PALETTED)
COLOURS = np.array(PALETTED.getpalette("RGB"), np.uint8).reshape(-1, 3)


# Lossless: exactly the pixels that went in ------------------------------------------------------------------------


LOSSLESS = {
    "png-rgb": (saved(RGB, "PNG"), RGB),
    "png-rgba": (saved(RGBA, "PNG"), over_white(RGB, ALPHA)),
    "png-grey": (saved(GREY, "PNG"), grey3(GREY)),
    "png-bilevel": (saved(Image.fromarray(GREY > 99), "PNG"), grey3(np.where(GREY > 99, 255, 0))),
    "png-palette": (saved(PALETTED, "PNG"), COLOURS[INDEX]),
    "png-optimised": (saved(Image.fromarray(RGB).quantize(4), "PNG", optimize=True), None),
    "webp-lossless": (saved(RGB, "WEBP", lossless=True), RGB),
    "webp-alpha": (saved(RGBA, "WEBP", lossless=True, exact=True), over_white(RGB, ALPHA)),
    "gif-grey": (saved(GREY, "GIF"), grey3(GREY)),
    "gif-palette": (saved(PALETTED, "GIF"), COLOURS[INDEX]),
    "gif-interlaced": (saved(PALETTED, "GIF", interlace=1), COLOURS[INDEX]),
    "bmp-rgb": (saved(RGB, "BMP"), RGB),
    "bmp-grey": (saved(GREY, "BMP"), grey3(GREY)),
    "bmp-bilevel": (saved(Image.fromarray(GREY > 99), "BMP"), grey3(np.where(GREY > 99, 255, 0))),
    "bmp-palette": (saved(PALETTED, "BMP"), COLOURS[INDEX]),
    "tiff-bilevel": (saved(Image.fromarray(GREY > 99), "TIFF"), grey3(np.where(GREY > 99, 255, 0))),
    "tiff-palette": (saved(PALETTED, "TIFF"), COLOURS[INDEX]),
    "tiff-grey-alpha": (saved(Image.fromarray(np.dstack((GREY, ALPHA))), "TIFF"), over_white(grey3(GREY), ALPHA)),
    "tiff-rgba": (saved(RGBA, "TIFF"), over_white(RGB, ALPHA)),
}
for _packing in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
    LOSSLESS[f"tiff-rgb-{_packing}"] = (saved(RGB, "TIFF", compression=_packing), RGB)
    LOSSLESS[f"tiff-grey-{_packing}"] = (saved(GREY, "TIFF", compression=_packing), grey3(GREY))
for _packing in ("group3", "group4", "tiff_ccitt"):
    LOSSLESS[f"tiff-{_packing}"] = (
        saved(Image.fromarray(GREY > 99), "TIFF", compression=_packing),
        grey3(np.where(GREY > 99, 255, 0)),
    )


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_files_come_back_exactly(name):
    data, wanted = LOSSLESS[name]
    if wanted is None:
        wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    got = decode(data)
    assert_close(got, np.asarray(wanted, np.uint8), 0)
    assert got.flags.c_contiguous
    assert got.flags.writeable


# Not every OpenCV reads GIF, and it multiplies the colours of a TIFF by its alpha.
OTHERS = [name for name in LOSSLESS if "gif" not in name and "alpha" not in name and name != "tiff-rgba"]


@pytest.mark.parametrize("name", OTHERS)
def test_another_decoder_agrees(name):
    data, _ = LOSSLESS[name]
    other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if other.ndim == 3 and other.shape[2] == 4:
        other = over_white(other[..., :3], other[..., 3])
    other = other[..., ::-1] if other.ndim == 3 else grey3(other)
    assert_close(decode(data), other, 0)


# Transparency -----------------------------------------------------------------------------------------------------


def test_palette_with_transparent_entries_lies_over_white():
    opacity = np.arange(0, 256, 4, dtype=np.uint8)
    colours = over_white(COLOURS[INDEX], opacity[INDEX])
    assert_close(decode(saved(PALETTED, "PNG", transparency=opacity.tobytes())), colours, 0)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_one_transparent_palette_entry_is_white(kind):
    entry = int(INDEX[5, 7])
    wanted = np.where((entry == INDEX)[..., None], 255, COLOURS[INDEX])
    assert_close(decode(saved(PALETTED, kind, transparency=entry)), wanted, 0)


def test_the_transparent_colour_of_a_png_is_white():
    clear = RGB[4, 9]
    wanted = np.where((clear == RGB).all(2, keepdims=True), 255, RGB)
    assert_close(decode(saved(RGB, "PNG", transparency=tuple(clear.tolist()))), wanted, 0)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_the_transparent_grey_of_a_png_is_white_at_every_depth(depth):
    top = 2**depth - 1
    samples = np.arange(24).reshape(4, 6) * 2731 % (top + 1)
    clear = int(samples[1, 2])
    wanted = np.where(samples == clear, 255, np.rint(samples * (255 / top)))
    got = decode(png(samples, depth, 0, chunk(b"tRNS", struct.pack(">H", clear))))
    assert_close(got, grey3(wanted), 0)


def test_the_transparent_16_bit_colour_is_compared_in_full():
    samples = np.full((2, 2, 3), 0x1234)
    samples[0, 0, 2] = 0x1235  # the same high bytes: only a full comparison tells it apart
    got = decode(png(samples, 16, 2, chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x1234, 0x1234))))
    assert got[0, 0].tolist() == [18, 18, 18]
    assert (got.reshape(-1, 3)[1:] == 255).all()


def test_a_premultiplied_tiff_lies_over_white():
    alpha = np.maximum(ALPHA, 60)
    multiplied = np.rint(RGB * (alpha / 255.0)[..., None]).astype(np.uint8)
    data = np.dstack((multiplied, alpha)).tobytes()
    tags = {256: ("H", [WIDTH]), 257: ("H", [HEIGHT]), 258: ("H", [8] * 4), 259: ("H", [1]), 262: ("H", [2])}
    tags |= {273: ("I", ["pixels"]), 277: ("H", [4]), 278: ("H", [HEIGHT]), 279: ("I", [len(data)]), 338: ("H", [1])}
    assert_close(decode(tiff(tags, [data])), over_white(RGB, alpha), 3)


def test_a_bitmap_whose_alpha_is_all_zero_is_opaque():
    empty = RGBA.copy()
    empty[..., 3] = 0
    assert_close(decode(saved(empty, "BMP")), RGB, 0)
    header = bytearray(saved(np.zeros((1, 1, 4), np.uint8), "BMP"))
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    v4 = bytes(header[:10]) + struct.pack("<I", 122) + struct.pack("<IiiHHI", 108, 2, 1, 1, 32, 3) + bytes(20) + masks
    v4 = v4.ljust(122, b"\0")
    assert decode(v4 + bytes([1, 2, 3, 0, 4, 5, 6, 0])).tolist() == [[[3, 2, 1], [6, 5, 4]]]
    assert decode(v4 + bytes([1, 2, 3, 255, 4, 5, 6, 0])).tolist() == [[[3, 2, 1], [255, 255, 255]]]


# More than 8 bits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bit_pngs_are_scaled_by_their_full_range(colour, channels):
    rng = np.random.default_rng(channels)
    samples = rng.integers(0, 65536, (40, 50, channels))
    samples[0, :6] = np.array([0, 65535, 128, 129, 65406, 65407])[:, None]
    levels = np.rint(samples / 257).astype(np.uint8)
    colours = levels[..., : channels - (colour >= 4)]
    wanted = np.broadcast_to(colours, (40, 50, 3))
    if colour >= 4:
        wanted = over_white(wanted, levels[..., -1])
    assert_close(decode(png(samples, 16, colour)), wanted, 0)


def test_beyond_the_exact_limit_16_bit_colours_are_off_by_one_level_at_most(monkeypatch):
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30, 3))
    monkeypatch.setattr(images, "MAX_EXACT_PIXELS", 599)
    assert_close(decode(png(samples, 16, 2)), samples >> 8, 0)
    monkeypatch.setattr(images, "MAX_EXACT_PIXELS", 600)
    assert_close(decode(png(samples, 16, 2)), np.rint(samples / 257), 0)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("packing", [1, 8])
def test_16_bit_tiffs_are_scaled_by_their_full_range(order, big, channels, packing):
    samples = np.random.default_rng(1).integers(0, 65536, (9, 11, channels)).astype(f"{order}u2")
    rows = [samples[:5].tobytes(), samples[5:].tobytes()]
    rows = [zlib.compress(row) for row in rows] if packing == 8 else rows
    tags = {256: ("H", [11]), 257: ("H", [9]), 258: ("H", [16] * channels), 259: ("H", [packing])}
    tags |= {262: ("H", [1 if channels == 1 else 2]), 273: ("Q" if big else "I", ["pixels"]), 277: ("H", [channels])}
    tags |= {278: ("H", [5]), 279: ("I", [len(row) for row in rows])}
    wanted = np.broadcast_to(np.rint(samples / 257), (9, 11, 3))
    assert_close(decode(tiff(tags, rows, order=order, big=big)), wanted, 0)


def test_where_0_is_white_16_bits_are_turned_round():
    samples = np.array([[0, 257, 65535]], "<u2")
    tags = {256: ("H", [3]), 257: ("H", [1]), 258: ("H", [16]), 259: ("H", [1]), 262: ("H", [0])}
    tags |= {273: ("I", ["pixels"]), 277: ("H", [1]), 278: ("H", [1]), 279: ("I", [6])}
    assert decode(tiff(tags, [samples.tobytes()]))[0, :, 0].tolist() == [255, 254, 0]


def test_12_bits_are_scaled_by_4095():
    tags = {256: ("H", [2]), 257: ("H", [1]), 258: ("H", [12]), 259: ("H", [1]), 262: ("H", [1])}
    tags |= {273: ("I", ["pixels"]), 277: ("H", [1]), 278: ("H", [1]), 279: ("I", [3])}
    assert decode(tiff(tags, [bytes([0xFF, 0xF8, 0x00])]))[0, :, 0].tolist() == [255, 128]


FLOATS = np.linspace(-3, 7, WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH)


def test_floats_are_stretched_unless_they_lie_within_0_and_1():
    stretched = np.rint((FLOATS.astype(float) + 3) * 25.5)
    assert_close(decode(saved(FLOATS, "TIFF")), grey3(stretched), 0)
    unit = (FLOATS * 0.05 + 0.2).clip(0, 1)
    assert_close(decode(saved(unit, "TIFF")), grey3(np.rint(unit.astype(float) * 255)), 0)
    broken = FLOATS.copy()
    broken[0, :3] = np.nan, np.inf, -np.inf
    got = decode(saved(broken, "TIFF"))
    assert got[0, :3, 0].tolist() == [0, 255, 0]
    assert got[-1, -1].tolist() == [255] * 3
    assert (decode(saved(np.full((2, 2), np.nan, np.float32), "TIFF")) == 0).all()
    assert (decode(saved(np.full((2, 2), 80, np.float32), "TIFF")) == 128).all()


@pytest.mark.parametrize("dtype", [np.int32, np.int16, np.uint32])
def test_signed_and_32_bit_integers_are_stretched(dtype):
    info = np.iinfo(dtype)
    samples = np.linspace(info.min / 2, info.max, 99).astype(dtype)[None]
    kind = 2 if info.min else 1
    tags = {256: ("H", [99]), 257: ("H", [1]), 258: ("H", [info.bits]), 259: ("H", [1]), 262: ("H", [1])}
    tags |= {273: ("I", ["pixels"]), 277: ("H", [1]), 278: ("H", [1]), 279: ("I", [samples.nbytes]), 339: ("H", [kind])}
    wanted = np.rint((samples - float(samples.min())) * (255 / (float(samples.max()) - float(samples.min()))))
    assert_close(decode(tiff(tags, [samples.tobytes()])), grey3(wanted), 0)


# Turned pictures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_pictures_are_turned_upright(kind, turn):
    tags = Image.Exif()
    tags[0x0112] = turn
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    if kind == "TIFF":
        directory = TiffImagePlugin.ImageFileDirectory_v2()
        directory[0x0112] = turn
        data = saved(RGB, kind, tiffinfo=directory)
    else:
        data = saved(RGB, kind, exif=tags, **options)
    stored = Image.fromarray(RGB)
    stored.getexif()[0x0112] = turn
    wanted = np.asarray(ImageOps.exif_transpose(stored))
    assert (wanted.shape[0] == WIDTH) == (turn >= 5)
    assert_close(decode(data), wanted, 6 if kind == "JPEG" else 0)


def test_turning_holds_across_bands(monkeypatch):
    monkeypatch.setattr("cnncore._imagecolors.BAND_PIXELS", 5 * WIDTH)
    for turn in range(1, 9):
        stored = Image.fromarray(RGB)
        stored.getexif()[0x0112] = turn
        data = saved(RGB, "PNG", exif=stored.getexif())
        assert_close(decode(data), np.asarray(ImageOps.exif_transpose(stored)), 0)


def test_exif_after_the_pixels_of_a_png_counts():
    exif = Image.Exif()
    exif[0x0112] = 3
    data = png(RGB, 8, 2, after=chunk(b"eXIf", exif.tobytes()[6:]))
    assert_close(decode(data), RGB[::-1, ::-1], 0)


# JPEG -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 2}, {"restart_marker_rows": 1}])
def test_jpegs_match_another_decoder(options):
    for picture in (RGB, GREY):
        data = saved(picture, "JPEG", quality=92, **options)
        other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert_close(decode(data), other, 1)


def ink(rgba: np.ndarray) -> np.ndarray:
    """Return the colours of four inks, 255 = full, on white paper."""
    return np.rint((255.0 - rgba[..., :3]) * (255.0 - rgba[..., 3:]) / 255).astype(np.uint8)


def test_four_inks_come_in_true_colours():
    inks = Image.frombytes("CMYK", (WIDTH, HEIGHT), RGBA.tobytes())
    assert_close(decode(saved(inks, "TIFF")), ink(RGBA), 1)
    assert_close(decode(saved(inks, "TIFF", compression="tiff_lzw")), ink(RGBA), 1)
    jpeg = saved(inks, "JPEG", quality=97)
    assert b"Adobe" in jpeg
    assert_close(decode(jpeg), ink(RGBA), 8)


def test_four_inks_stored_as_luma_and_chroma():
    # Adobe's YCCK: the inks taken as red, green and blue, in Y, Cb and Cr; K inverted. The last byte of Adobe's segment
    # tells it from plain CMYK, all of which is inverted (Pillow inverts what it saves).
    ycc = np.asarray(Image.fromarray(RGBA[..., :3]).convert("YCbCr"))
    inks = Image.frombytes("CMYK", (WIDTH, HEIGHT), (255 - np.dstack((ycc, RGBA[..., 3]))).tobytes())
    jpeg = bytearray(saved(inks, "JPEG", quality=97))
    at = jpeg.index(b"Adobe")
    assert jpeg[at + 11] == 0
    jpeg[at + 11] = 2
    wanted = ink(np.dstack((RGB, 255 - RGBA[..., 3])))
    assert_close(decode(bytes(jpeg)), wanted, 8)
    assert_close(decode(bytes(jpeg)), cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1], 2)


def test_the_first_picture_of_a_phones_mpo_is_read():
    data = saved(RGB, "MPO", save_all=True, append_images=[Image.new("RGB", (50, 60))], quality=95)
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert_close(decode(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), 0)
    broken = data.replace(b"MPF\0", b"MPF\0XXXX", 1)  # a malformed index makes Pillow warn
    start = data.index(b"MPF\0")
    broken = data[: start + 4] + b"\xff" * 40 + data[start + 44 :]
    assert decode(broken).shape == (HEIGHT, WIDTH, 3)


# Animations and pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_read(kind):
    frames = [Image.new("RGB", (20, 10), (0, 0, i)) for i in range(1, 200 if kind == "GIF" else 5)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(Image.fromarray(RGB[:10, :20]).quantize(200).convert("RGB"), kind, save_all=True, append_images=frames,
                 duration=20, **options)  # fmt: skip
    with Image.open(io.BytesIO(data)) as reference:
        assert reference.n_frames == len(frames) + 1
        wanted = np.asarray(reference.convert("RGB"))
    assert_close(decode(data), wanted, 0)


def test_what_the_first_frame_of_a_gif_leaves_free_is_white():
    small = bytearray(saved(PALETTED, "GIF"))
    struct.pack_into("<HH", small, 6, WIDTH + 3, HEIGHT + 5)
    frame = small.index(b",\0\0\0\0" + struct.pack("<HH", WIDTH, HEIGHT))
    struct.pack_into("<HH", small, frame + 1, 2, 4)
    wanted = np.full((HEIGHT + 5, WIDTH + 3, 3), 255, np.uint8)
    wanted[4 : 4 + HEIGHT, 2 : 2 + WIDTH] = COLOURS[INDEX]
    assert_close(decode(bytes(small)), wanted, 0)
    struct.pack_into("<HH", small, 6, 1, 1)  # the frame overhangs: the canvas grows
    assert_close(decode(bytes(small)), wanted[: 4 + HEIGHT, : 2 + WIDTH], 0)


def test_the_first_page_of_a_tiff_is_read():
    data = saved(RGB, "TIFF", save_all=True, append_images=[Image.new("L", (90, 90)), Image.new("1", (3, 3))])
    assert_close(decode(data), RGB, 0)


# TIFF's varieties -------------------------------------------------------------------------------------------------


def test_tiles_planes_and_a_missing_photometric_tag():
    tags = {256: ("H", [WIDTH]), 257: ("H", [HEIGHT]), 258: ("H", [8] * 3), 259: ("H", [8]), 262: ("H", [2])}
    tags |= {277: ("H", [3])}
    tiles, plain = [], []
    for top in range(0, HEIGHT, 16):
        for left in range(0, WIDTH, 16):
            tile = np.zeros((16, 16, 3), np.uint8)
            part = RGB[top : top + 16, left : left + 16]
            tile[: part.shape[0], : part.shape[1]] = part
            tiles.append(zlib.compress(tile.tobytes()))
            plain.append(tile.tobytes())
    sizes = [len(tile) for tile in tiles]
    tiled = tags | {322: ("H", [16]), 323: ("H", [16]), 324: ("I", ["pixels"]), 325: ("I", sizes)}
    assert_close(decode(tiff(tiled, tiles)), RGB, 0)
    assert_close(decode(tiff(tiled | {259: ("H", [1]), 325: ("I", [768] * len(plain))}, plain)), RGB, 0)
    planes = [zlib.compress(np.ascontiguousarray(RGB[..., i]).tobytes()) for i in range(3)]
    strips = {273: ("I", ["pixels"]), 278: ("H", [HEIGHT]), 279: ("I", [len(plane) for plane in planes])}
    assert_close(decode(tiff(tags | strips | {284: ("H", [2])}, planes)), RGB, 0)
    whole = zlib.compress(RGB.tobytes())
    strips = {273: ("I", ["pixels"]), 278: ("H", [HEIGHT]), 279: ("I", [len(whole)])}
    del tags[262]
    assert_close(decode(tiff(tags | strips, [whole])), RGB, 0)


def test_jpeg_in_tiff_and_lab():
    smooth = saved(RGB, "TIFF", compression="jpeg", quality=95)
    assert_close(decode(smooth), np.asarray(Image.open(io.BytesIO(smooth)).convert("RGB")), 0)
    assert np.abs(decode(smooth).astype(int) - RGB).mean() < 6
    spaces = [ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")]
    lab = ImageCms.applyTransform(Image.fromarray(RGB), ImageCms.buildTransform(*spaces, "RGB", "LAB"))
    error = np.abs(decode(saved(lab, "TIFF")).astype(int) - RGB)
    assert error.mean() < 2  # 8 bits of Lab are coarse where colours are saturated
    assert error.max() < 40


def test_small_odd_pictures_work():
    for shape in ((1, 1), (1, 20_000), (20_000, 1)):
        samples = (np.arange(shape[0] * shape[1]).reshape(shape) % 251).astype(np.uint8)
        for kind in ("PNG", "BMP", "TIFF", "GIF"):
            assert_close(decode(saved(samples, kind)), grey3(samples), 0)


# Arguments and threads -------------------------------------------------------------------------------------------


def test_decode_takes_any_bytes_and_refuses_the_rest():
    data = saved(RGB, "PNG")
    for form in (bytearray(data), memoryview(data)):
        assert_close(decode(form), RGB, 0)
    with pytest.raises(ValueError, match=r"`data` must be the bytes of a file, not str"):
        decode("picture.png")
    with pytest.raises(ValueError, match=r"`max_pixels` \(=0\)"):
        decode(data, max_pixels=0)
    with pytest.raises(ValueError, match=r"`longest` \(=0\)"):
        decode(data, longest=0)
    assert issubclass(ImageError, ValueError)


def test_threads_decode_at_the_same_time():
    files = [data for data, _ in LOSSLESS.values()] * 3
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(decode, files))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
