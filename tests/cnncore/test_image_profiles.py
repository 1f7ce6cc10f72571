"""ICC profiles: matrices, grey curves, inks in a table; each written by hand, each converted to sRGB."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from cnncore.images import decode

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


def matrix_profile(order: tuple[int, int, int]) -> bytes:
    """Return sRGB's profile with its three primaries exchanged: a file's channel i then means channel order[i]."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    changed = bytearray(plain)
    places = {}
    for i in range(struct.unpack_from(">I", plain, 128)[0]):
        name, at, size = struct.unpack_from(">4sII", plain, 132 + 12 * i)
        places[name] = (132 + 12 * i + 4, at, size)
    for target, source in enumerate(order):
        struct.pack_into(">II", changed, places[names[target]][0], *places[names[source]][1:])
    return bytes(changed)


def small_profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Write a version 2 ICC profile by hand."""
    common = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"t\0" + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
    }
    table, body = b"", b""
    for name, data in (common | tags).items():
        table += struct.pack(">4sII", name, 132 + 12 * (len(common) + len(tags)) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    count = struct.pack(">I", len(common) + len(tags))
    head = struct.pack(
        ">I4sI4s4s4s", 0, b"lcms", 0x02100000, b"prtr" if space == b"CMYK" else b"mntr", space, connection
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    profile = bytearray(head[:128].ljust(128, b"\0") + count + table + body)
    struct.pack_into(">I", profile, 0, len(profile))
    return bytes(profile)


LINEAR_GREY = small_profile(b"GRAY", b"XYZ ", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 256)})
_STRAIGHT = bytes(range(256))
# Of the four inks, only black counts: L* runs from 255 (no black) to 0, a* and b* stay neutral.
_CLUT = b"".join(bytes([0 if ink & 1 else 255, 128, 128]) for ink in range(16))
BLACK_ONLY = small_profile(
    b"CMYK",
    b"Lab ",
    {
        b"A2B0": b"mft1\0\0\0\0\x04\x03\x02\0"
        + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
        + _STRAIGHT * 4
        + _CLUT
        + _STRAIGHT * 3
    },
)

RGB = scene()
GREY = scene(1)[..., 0]
ALPHA = scene(4)[..., 3]
RGBA = scene(4)
PALETTED = Image.fromarray(RGB).quantize(64)
INDEX = np.asarray(PALETTED)
COLOURS = np.array(PALETTED.getpalette("RGB"), np.uint8).reshape(-1, 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_profiles_are_converted_to_srgb(kind):
    profile = matrix_profile((1, 2, 0))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    data = saved(RGB, kind, icc_profile=profile, **options)
    assert_close(decode(data), RGB[..., [2, 0, 1]], 8 if kind == "JPEG" else 2)


def test_profiles_reach_palettes_and_lie_below_transparency():
    profile = matrix_profile((1, 2, 0))
    assert_close(decode(saved(PALETTED, "PNG", icc_profile=profile)), COLOURS[INDEX][..., [2, 0, 1]], 2)
    wanted = over_white(RGB[..., [2, 0, 1]], ALPHA)
    assert_close(decode(saved(RGBA, "PNG", icc_profile=profile)), wanted, 2)


def test_grey_and_four_ink_profiles():
    # Linear light: 128/255 of the light is level 188 of sRGB.
    linear = decode(saved(np.array([[0, 55, 128, 255]], np.uint8), "PNG", icc_profile=LINEAR_GREY))
    assert_close(linear, grey3(np.array([[0, 128, 188, 255]])), 1)
    deep = decode(png(np.array([[0, 128 * 257, 65535]]), 16, 0, chunk(b"iCCP", b"x\0\0" + zlib.compress(LINEAR_GREY))))
    assert_close(deep, grey3(np.array([[0, 188, 255]])), 1)
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[..., 0] = 200
    inks[:, 4:, 3] = 255
    for kind, options in (("TIFF", {}), ("JPEG", {"quality": 95})):
        picture = Image.frombytes("CMYK", (8, 8), inks.tobytes())
        got = decode(saved(picture, kind, icc_profile=BLACK_ONLY, **options))
        assert_close(got, grey3(np.repeat([[255] * 4 + [0] * 4], 8, 0)), 3)


def test_a_profile_for_other_pixels_or_a_broken_one_is_ignored():
    swap = matrix_profile((1, 2, 0))
    for profile in (LINEAR_GREY, BLACK_ONLY, b"not a profile", swap[:200], b""):
        assert_close(decode(saved(RGB, "PNG", icc_profile=profile)), RGB, 0)
    assert_close(decode(saved(RGB, "PNG", icc_profile=swap + b"xxxx")), RGB[..., [2, 0, 1]], 2)
    assert_close(decode(saved(RGB, "PNG", icc_profile=swap + b"mpet")), RGB, 0)  # may hold a chain of any length
    grey = decode(saved(GREY, "PNG", icc_profile=matrix_profile((0, 1, 2))))
    assert_close(grey, grey3(GREY), 0)
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert_close(decode(saved(RGB, "PNG", icc_profile=plain)), RGB, 0)
