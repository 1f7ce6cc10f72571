"""Whatever the bytes, `decode` gives a picture or one `ImageError`, in bounded memory, and touches nothing global."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from cnncore import _imagefiles, images
from cnncore.images import FORMATS, ImageError, decode

RGB = np.random.default_rng(0).integers(0, 256, (19, 31, 3), dtype=np.uint8)
GREY = RGB[..., 0]


def saved(picture: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *extra: bytes, depth: int = 8, colour: int = 2, body: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


SMALL_PNG = png(1, 1, body=zlib.compress(b"\0abc"))
PNG_PIXEL = [[[97, 98, 99]]]


def tiff(changes: dict[int, tuple[str, list[int]]] | None = None, *, following: int = 0, big: bool = False) -> bytes:
    """Write a 3 x 2 grey TIFF; `changes` replace or add tags, or remove those given as None."""
    tags = {256: ("H", [3]), 257: ("H", [2]), 258: ("H", [8]), 259: ("H", [1]), 262: ("H", [1]), 273: ("I", [16])}
    tags |= {277: ("H", [1]), 278: ("H", [2]), 279: ("I", [6])}
    tags |= changes or {}
    word, room, count = ("Q", 8, "Q") if big else ("I", 4, "H")
    out = bytearray(b"II" + (struct.pack("<HHHQ", 43, 8, 0, 24) if big else struct.pack("<HI", 42, 24)))
    out = out.ljust(16, b"\0") + bytes(range(6)) + b"\0\0"
    present = sorted((tag, *entry) for tag, entry in tags.items() if entry is not None)
    tail = 24 + struct.calcsize(f"<{count}") + len(present) * (4 + 2 * room) + room
    far = b""
    out += struct.pack(f"<{count}", len(present))
    for tag, letter, values in present:
        body = struct.pack(f"<{len(values)}{letter}", *values)
        if len(body) > room:
            body, far = struct.pack(f"<{word}", tail + len(far)), far + body
        kind = {"B": 1, "H": 3, "I": 4, "Q": 16}[letter]
        out += struct.pack(f"<HH{word}", tag, kind, len(values)) + body.ljust(room, b"\0")
    return bytes(out + struct.pack(f"<{word}", following) + far)


def gif_with(before: bytes, data: bytes | None = None) -> bytes:
    data = data or saved(Image.fromarray(RGB).quantize(16), "GIF")
    at = 13 + (3 << (data[10] & 7) + 1)
    return data[:at] + before + data[at:]


def jpeg_with(before: bytes, data: bytes | None = None) -> bytes:
    data = data or saved(RGB, "JPEG")
    return data[:2] + before + data[2:]


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


# Only six formats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"\0" * 5000, "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"8BPS" + bytes(100), "Photoshop"),
        (b"P6 1 1 255\nabc", "PNM"),
        (b"\0\0\1\0\1\0" + bytes(50), "icon"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(20), "AVIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"PK\x03\x04" + bytes(50), "ZIP"),
        (b"\x0a\x05\x01\x08" + bytes(200), "not a picture"),
        (saved(RGB, "PPM"), "PNM"),
        (saved(RGB, "PCX"), "not a picture"),
        (saved(RGB, "TGA"), "not a picture"),
        (saved(RGB, "ICO"), "icon"),
        (saved(GREY, "EPS"), "PostScript"),
        (saved(RGB, "SGI"), "not a picture"),
        (saved(RGB, "DIB"), "not a picture"),
    ],
)
def test_other_files_are_refused_by_name(data, word, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("Pillow must not see this file"))
    with pytest.raises(ImageError, match=word) as caught:
        decode(data)
    assert "PNG, JPEG, WebP, GIF, BMP or TIFF" in str(caught.value)


def test_pillow_is_told_the_one_format(monkeypatch):
    asked = []
    real = Image.open

    def spy(file, mode="r", formats=None):
        asked.append(tuple(formats))
        return real(file, mode, formats)

    monkeypatch.setattr(Image, "open", spy)
    for kind in FORMATS:
        decode(saved(RGB, kind))
    assert asked == [(kind,) for kind in FORMATS]


# Sizes ------------------------------------------------------------------------------------------------------------


def gif_head(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"," + bytes(4) + struct.pack("<HHB", 1, 1, 0)


def bmp_head(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 58, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(4)


def jpeg_head(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + segment(0xC0, frame) + segment(0xDA, b"\1\1\0\0\x3f\0") + b"\xff\xd9"


def webp_head(kind: bytes, width: int, height: int) -> bytes:
    if kind == b"VP8X":
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        body = b"\x2f" + struct.pack("<I", width - 1 | height - 1 << 14)
    else:
        body = bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height)
    return b"RIFF" + struct.pack("<I", len(body) + 12) + b"WEBP" + kind + struct.pack("<I", len(body)) + body


HUGE = {
    "png": png(50_000, 50_000),
    "png-largest": png(2**31 - 1, 2**31 - 1),
    "jpeg": jpeg_head(50_000, 50_000),
    "gif": gif_head(50_000, 50_000),
    "gif-overhang": gif_head(1, 1)[:-9] + struct.pack("<HHHHB", 50_000, 0, 1, 50_000, 0),
    "bmp": bmp_head(50_000, 50_000),
    "bmp-upside-down": bmp_head(50_000, -50_000),
    "webp-lossy": webp_head(b"VP8 ", 16_000, 16_000),
    "webp-lossless": webp_head(b"VP8L", 16_000, 16_000),
    "webp-extended": webp_head(b"VP8X", 50_000, 50_000),
    "tiff": tiff({256: ("I", [50_000]), 257: ("I", [50_000])}),
    "tiff-big": tiff({256: ("Q", [50_000]), 257: ("Q", [50_000])}, big=True),
    # Between Pillow's own warning (89 million pixels) and its error (179 million).
    "png-warned": png(10_000, 10_000),
    "gif-warned": gif_head(10_000, 10_000),
}


@pytest.mark.parametrize("name", HUGE)
def test_size_is_judged_before_pillow_sees_the_file(name, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("Pillow must not see this file"))
    with pytest.raises(ImageError, match=r"This picture has [\d,]+ × [\d,]+ pixels.* at most 50,000,000 can"):
        decode(HUGE[name])


def test_the_limit_counts_pixels_exactly(monkeypatch):
    data = saved(RGB, "PNG")
    assert decode(data, max_pixels=19 * 31).shape == RGB.shape
    with pytest.raises(ImageError, match="31 × 19 pixels, 589 in all; at most 588"):
        decode(data, max_pixels=19 * 31 - 1)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # Pillow would warn: its own limit holds, too
    with pytest.raises(ImageError, match="at most 500"):
        decode(data)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert decode(data).shape == RGB.shape


@pytest.mark.parametrize(
    "data",
    [
        png(0, 0),
        png(0, 7),
        png(7, 0),
        jpeg_head(0, 9),
        jpeg_head(9, 0),
        bmp_head(0, 5),
        bmp_head(5, 0),
        gif_head(0, 0).replace(b"\1\0\1\0\0", b"\0\0\0\0\0"),
        tiff({256: ("H", [0])}),
        tiff({257: None}),
    ],
)
def test_empty_pictures_are_named(data):
    with pytest.raises(ImageError, match=r"This picture is \d+ × \d+ pixels: there is nothing in it"):
        decode(data)


def test_files_beyond_any_use_are_refused(monkeypatch):
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(ImageError, match="at most 0 MB"):
        decode(saved(RGB, "PNG"))


# Metadata that costs nothing --------------------------------------------------------------------------------------

BOMB = zlib.compress(bytes(50_000_000), 9)


@pytest.mark.parametrize(
    "extra",
    [
        [chunk(b"zTXt", b"k\0\0" + BOMB)] * 100,
        [chunk(b"iTXt", b"k\0\1\0\0\0" + BOMB)] * 100,
        [chunk(b"tEXt", b"k\0" + bytes(3_000_000))] * 3,
        [chunk(b"iCCP", b"k\0\0" + BOMB)],
        [chunk(b"iCCP", b"no separator")],
        [chunk(b"eXIf", b"MM\0*" + b"\xff" * 60_000)],
        [chunk(b"acTL", struct.pack(">II", 0, 0))],
        [chunk(b"acTL", struct.pack(">II", 1 << 30, 0)), chunk(b"fcTL", bytes(26))],
        [chunk(b"gAMA", b""), chunk(b"cHRM", b"\1"), chunk(b"pHYs", b""), chunk(b"sRGB", b"")],
        [b"\0\0\0\0\xff\xff\xff\xff\0\0\0\0"],
        [chunk(b"tEXt", b"k\0v")[:-4] + b"oops"],
    ],
)
def test_odd_chunks_of_a_png_cost_nothing(extra):
    assert decode(png(1, 1, *extra, body=zlib.compress(b"\0abc"))).tolist() == PNG_PIXEL


def test_odd_segments_of_a_jpeg_cost_nothing():
    plain = saved(RGB, "JPEG")
    wanted = decode(plain)
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\1\3\0\1\0\0\0\x09\0\0\0" * 5000
    for extra in (
        segment(0xFE, bytes(65_000)) * 100,
        segment(0xE1, exif),
        segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
        segment(0xE2, b"ICC_PROFILE\0\1\2x") + segment(0xE2, b"ICC_PROFILE\0\1\2x"),
        segment(0xE2, b"ICC_PROFILE\0"),
        segment(0xE2, b"MPF\0" + b"\xff" * 50),
        segment(0xED, b"Photoshop 3.0\x008BIM\3\xed\0\0\0\0\0\1x"),
        b"\xff" * 3_000_000,
        segment(0xFE, b"") + b"junk" * 500_000,
    ):
        assert np.array_equal(decode(jpeg_with(extra, plain)), wanted)


def test_odd_blocks_of_a_gif_cost_nothing():
    wanted = decode(gif_with(b""))
    assert np.array_equal(decode(gif_with((b"!\xfe" + (b"\xff" + bytes(255)) * 9 + b"\0") * 900)), wanted)
    with pytest.raises(ImageError, match="GIF file is damaged"):
        decode(gif_with(b"!\xfe\0" * 200_000))


def test_odd_tags_of_a_tiff_cost_nothing():
    wanted = np.repeat(np.arange(6, dtype=np.uint8).reshape(2, 3, 1), 3, 2)
    for big in (False, True):
        for changes in (
            {270: ("B", [65] * 3_000_000)},
            {305: ("I", [0xFFFFFFFF]), 34665: ("I", [24]), 330: ("I", [24]), 33432: ("H", [])},
            {274: ("H", [99])},
            {34675: ("B", [0] * 5_000_000)},
            {279: None},
        ):
            assert np.array_equal(decode(tiff(changes, big=big)), wanted)
        assert np.array_equal(decode(tiff(following=24, big=big)), wanted)  # the next page is this page
        assert np.array_equal(decode(tiff(following=5_000_000, big=big)), wanted)
    broken = bytearray(tiff({270: ("B", [65] * 50)}))
    at = broken.index(struct.pack("<HHI", 270, 1, 50))
    struct.pack_into("<I", broken, at + 8, 0xFFFFFFF0)  # a text beyond the end: Pillow would warn
    assert np.array_equal(decode(bytes(broken)), wanted)


# What would cost too much -----------------------------------------------------------------------------------------


def test_a_flood_of_chunks_or_segments_is_refused():
    with pytest.raises(ImageError, match="PNG file is damaged"):
        decode(png(1, 1, chunk(b"abCd", b"") * 150_000, body=zlib.compress(b"\0abc")))
    with pytest.raises(ImageError, match="JPEG file is damaged"):
        decode(jpeg_with(segment(0xFE, b"") * 150_000))
    many = b"".join(chunk(b"IDAT", zlib.compress(b"\0abc")[i : i + 1]) for i in range(12))
    assert decode(SMALL_PNG[:33] + many + chunk(b"IEND", b"")).tolist() == PNG_PIXEL


def test_a_flood_of_scans_is_refused(monkeypatch):
    data = saved(RGB, "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data[:-2] + last * 20 + b"\xff\xd9").shape == RGB.shape
    with pytest.raises(ImageError, match="scans, which cannot be read here"):
        decode(data[:-2] + last * 99 + b"\xff\xd9")
    for kind, options in (("JPEG", {"progressive": True}), ("TIFF", {"compression": "jpeg"})):
        for module in (_imagefiles, sys.modules["cnncore._imagetiff"]):
            monkeypatch.setattr(module, "MAX_SCANNED", 500)
        with pytest.raises(ImageError, match="scans"):
            decode(saved(RGB, kind, **options))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({322: ("H", [20_000]), 323: ("H", [20_000]), 324: ("I", [16]), 325: ("I", [6])}, "tiles of 20,000 × 20,000"),
        ({322: ("H", [0]), 323: ("H", [16]), 324: ("I", [16])}, "damaged"),
        ({322: ("H", [16])}, "damaged"),
        ({278: ("H", [0])}, "damaged"),
        ({278: ("H", [1])}, "damaged"),  # two strips needed, one given
        ({273: None}, "damaged"),
        ({273: ("I", [16] * 200_000)}, "damaged"),
        ({256: ("B", [])}, "damaged"),
        ({259: ("H", [8])}, "damaged"),
        ({259: ("H", [8]), 279: None}, "damaged"),
        ({259: ("H", [5]), 279: ("I", [1 << 30])}, "damaged"),
        ({259: ("H", [34925])}, "compression"),  # LZMA
        ({259: ("H", [6])}, "compression"),  # the obsolete JPEG
        ({259: ("H", [4]), 257: ("H", [40_000]), 278: ("H", [40_000])}, "fax"),
        ({258: ("H", [64])}, "kind of pixel"),
        ({258: ("H", [16] * 3), 277: ("H", [3]), 262: ("H", [2]), 284: ("H", [2]), 273: ("I", [16] * 3)}, "planes"),
        ({258: ("H", [8] * 3), 277: ("H", [3]), 262: ("H", [6])}, "coarsely"),
    ],
)
def test_directories_that_make_no_sense_are_refused(changes, word):
    with pytest.raises(ImageError, match=word):
        decode(tiff(changes))


def test_long_run_length_bitmaps_are_refused():
    def packed(width: int, height: int, body: bytes) -> bytes:
        head = struct.pack("<IIIIiiHHIIiiII", 0, 0, 1078, 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0)
        return b"BM" + head + b"".join(bytes([i, i, i, 0]) for i in range(256)) + body

    assert (decode(packed(20, 10, b"\x14\x07\0\0" * 10 + b"\0\1")) == 7).all()
    for data in (packed(3000, 2000, b"\0\1"), packed(20, 10, b"\0\0" * 5_000_000)):
        with pytest.raises(ImageError, match="run-length"):
            decode(data)


MEASURE = """
import pathlib, re, resource, struct, sys, zlib
import numpy as np
from cnncore.images import decode
side = 7071
pack = zlib.compressobj(1)
rows = (b"\\4" + bytes(range(256)) * (side // 32)).ljust(1 + 8 * side, b"\\7") * 7
body = b"".join(pack.compress(rows) for _ in range(side // 7 + 1)) + pack.flush()
def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0))
turn = chunk(b"eXIf", b"MM\\0*\\0\\0\\0\\x08\\0\\x01\\x01\\x12\\0\\x03\\0\\0\\0\\x01\\0\\x06\\0\\0")
picture = decode(b"\\x89PNG\\r\\n\\x1a\\n" + head + turn + chunk(b"IDAT", body) + chunk(b"IEND", b""))
assert picture.shape == (side, side, 3)
status = pathlib.Path("/proc/self/status")
if status.exists():  # Linux: ru_maxrss would count what the process that started this one had in memory
    print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) >> 10)
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak // (1 << 20 if sys.platform == "darwin" else 1 << 10))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no peak of a process's memory that Python can read")
def test_fifty_million_pixels_with_alpha_and_turning_stay_below_a_gigabyte():
    root = Path(images.__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, cwd=root)
    assert 150 < int(run.stdout) < 1000


# Damage -----------------------------------------------------------------------------------------------------------

EXIF = Image.Exif()
EXIF[0x0112] = 6
SOUND = {
    "png": saved(RGB, "PNG", exif=EXIF),
    "png-16": png(2, 2, depth=16, body=zlib.compress((b"\4" + bytes(range(12))) * 2)),
    "png-16-grey-alpha": png(2, 2, depth=16, colour=4, body=zlib.compress((b"\2" + bytes(range(8))) * 2)),
    "png-palette": saved(Image.fromarray(RGB).quantize(9), "PNG", transparency=bytes(9)),
    "png-animated": saved(RGB, "PNG", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "jpeg": saved(RGB, "JPEG", exif=EXIF),
    "jpeg-progressive": saved(RGB, "JPEG", progressive=True),
    "jpeg-inks": saved(Image.new("CMYK", (20, 20), (9, 99, 199, 9)), "JPEG"),
    "jpeg-mpo": saved(RGB, "MPO", save_all=True, append_images=[Image.fromarray(RGB)]),
    "webp": saved(RGB, "WEBP", exif=EXIF),
    "webp-lossless": saved(RGB, "WEBP", lossless=True),
    "webp-animated": saved(RGB, "WEBP", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "gif": saved(Image.fromarray(RGB).quantize(9), "GIF", transparency=3),
    "gif-animated": saved(RGB, "GIF", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "bmp": saved(RGB, "BMP"),
    "bmp-palette": saved(Image.fromarray(RGB).quantize(9), "BMP"),
    "tiff": saved(RGB, "TIFF"),
    "tiff-lzw": saved(RGB, "TIFF", compression="tiff_lzw"),
    "tiff-deflate": saved(GREY.astype(np.float32), "TIFF", compression="tiff_adobe_deflate"),
    "tiff-jpeg": saved(RGB, "TIFF", compression="jpeg"),
    "tiff-fax": saved(Image.fromarray(GREY > 99), "TIFF", compression="group4"),
    "tiff-big": tiff(big=True),
}


def opened(data: bytes) -> bool:
    """Return whether the bytes are a picture; anything but a picture or an ImageError fails the test."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            picture = decode(data, max_pixels=1_000_000)
        except ImageError as error:
            picture, sentence = None, str(error)
    assert not warned
    if picture is None:
        assert sentence[0].isupper()
        assert sentence[-1] == "."
        return False
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.size
    return True


@pytest.mark.parametrize("name", SOUND)
def test_cut_off_files(name):
    data = SOUND[name]
    assert opened(data)
    cuts = sorted(set(np.linspace(0, len(data) - 1, 60).astype(int)) | set(range(0, min(64, len(data)), 3)))
    whole = [cut for cut in cuts if opened(data[:cut])]
    # What may be missing is an end mark, further frames, or what a TIFF keeps behind its pixels.
    assert all(cut > len(data) / 3 for cut in whole)
    assert len(whole) < len(cuts) * 0.7


@pytest.mark.parametrize("name", SOUND)
def test_flipped_bytes(name):
    rng = random.Random(name)
    for _ in range(150):
        data = bytearray(SOUND[name])
        for _ in range(rng.choice((1, 1, 2, 8))):
            reach = rng.choice((40, 200, len(data)))
            data[rng.choice((1, -1)) * rng.randrange(1, min(reach, len(data)))] = rng.choice(
                (0, 127, 128, 255, rng.randrange(256))
            )
        opened(bytes(data))


def test_a_failure_inside_pillow_is_one_sentence(monkeypatch):
    for failure in (KeyError("x"), SyntaxError("x"), struct.error("x"), ZeroDivisionError(), OSError("x"), EOFError()):

        def fail(_, failure=failure):
            raise failure

        monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
        with pytest.raises(ImageError, match="BMP file is damaged or cut off") as caught:
            decode(saved(RGB, "BMP"))
        assert caught.value.__cause__ is failure

    def exhausted(_):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", exhausted)
    with pytest.raises(ImageError, match="not enough memory"):
        decode(saved(RGB, "BMP"))


def test_nothing_global_changes():
    before = (list(warnings.filters), Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    for data in (*SOUND.values(), *HUGE.values()):
        opened(data)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == before
