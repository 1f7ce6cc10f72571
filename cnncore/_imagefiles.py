"""What a picture file says before its pixels are decoded, and the file without what draws no pixels.

The reader of the pixels, Pillow, warns about odd metadata through Python's process-wide warning filters, unpacks
every text chunk, and follows animations. So the container is walked here first: size, orientation, colour profile and
transparency are noted, and Pillow gets a file of the parts that draw. What is huge, repeated or broken in the rest can
then cost nothing, and no global setting of Pillow or of `warnings` has to be touched.

References
----------
.. [1] W3C, "Portable Network Graphics (PNG) Specification", third edition.
.. [2] ITU-T T.81 (JPEG); CIPA DC-008 (Exif); ICC.1:2022, annex B (profiles in JPEG).
.. [3] CompuServe, "Graphics Interchange Format, version 89a".
.. [4] Google, "WebP Container Specification"; Microsoft, "Bitmap Storage".
"""

from __future__ import annotations

import re
import struct
import zlib

from cnncore._imageheader import (
    MAX_PARTS,
    MAX_PROFILE,
    MAX_RLE_PIXELS,
    MAX_SCANNED,
    MAX_SCANS,
    Header,
    Judge,
    damaged,
    not_a_picture,
    unsupported,
)
from cnncore._imagetiff import read_tiff


def read_header(data: bytes, judge: Judge) -> Header:
    """Read what `data` says of itself; decode no pixel.

    Parameters
    ----------
    data : bytes
        A whole picture file.
    judge : callable
        Is given the width and the height as soon as they are known; raises ImageError to refuse them.

    Returns
    -------
    Header

    Raises
    ------
    ImageError
        If it is of no known format, damaged, or of a variety that cannot be read.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        kind, read = "PNG", _png
    elif data.startswith(b"\xff\xd8\xff"):
        kind, read = "JPEG", _jpeg
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        kind, read = "WEBP", _webp
    elif data.startswith((b"GIF87a", b"GIF89a")):
        kind, read = "GIF", _gif
    elif data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        kind, read = "TIFF", read_tiff
    elif data.startswith(b"BM"):
        kind, read = "BMP", _bmp
    else:
        raise not_a_picture(data)
    try:
        return read(data, judge)
    except (struct.error, IndexError, KeyError, OverflowError) as error:  # fields beyond the end, values out of range
        raise damaged(kind) from error


def orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, that an Exif block asks for; 1 if it says nothing that makes sense.

    Parameters
    ----------
    exif : bytes
        With or without the leading ``Exif\\0\\0``.

    Returns
    -------
    int

    Examples
    --------
    >>> orientation(b"MM\\0*\\0\\0\\0\\x08\\0\\x01\\x01\\x12\\0\\x03\\0\\0\\0\\x01\\0\\x06\\0\\0")
    6
    >>> orientation(b"no Exif at all")
    1
    """
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", exif, entry)
            if tag == 0x0112:
                (value,) = struct.unpack_from(f"{order}{'I' if kind == 4 else 'H'}", exif, entry + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _png(data: bytes, judge: Judge) -> Header:
    found: dict[bytes, bytes] = {}
    view = memoryview(data)
    pixels: list[memoryview] = []
    at, parts = 8, 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        start, at, parts = at + 8, at + 12 + length, parts + 1
        if name == b"IEND" or parts > MAX_PARTS:
            break
        if name == b"IDAT":
            pixels.append(view[start : start + length])
        elif name in (b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"eXIf") and name not in found:
            body = data[start : start + length]
            if name in (b"IHDR", b"PLTE") and data[start + length : at] != _chunk(name, body)[-4:]:
                raise damaged("PNG")
            found[name] = body
    width, height, depth, colour = struct.unpack_from(">IIBB", found[b"IHDR"])
    judge(width, height)
    if parts > MAX_PARTS or not pixels:
        raise damaged("PNG")
    head = found[b"IHDR"][:13]
    # Pillow keeps only the high byte of a 16-bit grey with alpha. Its four bytes a pixel are filtered just as those of
    # an 8-bit RGBA are: read as such, both bytes of both samples arrive.
    split = (depth, colour) == (16, 4)
    if split:
        head = head[:8] + b"\x08\x06" + head[10:]
    clear, clear_entries = None, b""
    if b"tRNS" in found:
        body = found[b"tRNS"]
        if colour == 0:
            clear = struct.unpack_from(">H", body)
            if depth < 8:  # Pillow stretches 1, 2 and 4 bits to 0..255, but not this value
                clear = (clear[0] * 255 // (2**depth - 1),)
        elif colour == 2:
            clear = struct.unpack_from(">HHH", body)
        elif colour == 3:
            clear_entries = body[:256]
    palette = [_chunk(b"PLTE", found[b"PLTE"])] if b"PLTE" in found and colour == 3 else []
    if colour == 3 and not palette:
        raise damaged("PNG")
    # One chunk of pixels, however many there were; Pillow looks at the checksum of none.
    size = struct.pack(">I", sum(len(part) for part in pixels))
    clean = b"".join(
        (data[:8], _chunk(b"IHDR", head), *palette, size, b"IDAT", *pixels, bytes(4), _chunk(b"IEND", b""))
    )
    return Header(
        "PNG",
        width,
        height,
        clean,
        orientation=orientation(found.get(b"eXIf", b"")),
        profile=_unpack_profile(found.get(b"iCCP", b"")),
        white=2**depth - 1,
        clear=clear,
        clear_entries=clear_entries,
        split=split,
    )


def _unpack_profile(chunk: bytes) -> bytes | None:
    _, _, rest = chunk.partition(b"\0")
    if not rest:
        return None
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(rest[1:], MAX_PROFILE)
    except zlib.error:
        return None
    return profile if inflate.eof else None


# A marker: neither a stuffed zero, nor a restart, nor a fill byte.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_NOT_FRAMES = (0xC4, 0xC8, 0xCC)


def _jpeg(data: bytes, judge: Judge) -> Header:
    parts = [b"\xff\xd8"]
    size: tuple[int, int] | None = None
    turn = 0
    profile: list[bytes] = []
    at, pixels, scans = 2, 0, 0
    end = len(data)
    for _ in range(MAX_PARTS):
        found = _MARKER.search(data, at)
        if found is None:
            break
        marker, at = found[1][0], found.end()
        if marker == 0xD9:
            # What follows belongs to other pictures: a phone's second view, a gain map.
            end = at
            break
        if marker in (0x01, 0xD8):
            continue
        if pixels and at + 2 > len(data):
            break
        start, at = at + 2, at + struct.unpack_from(">H", data, at)[0]
        if at < start or (at > len(data) and not pixels):
            raise damaged("JPEG")
        if marker == 0xDA:
            scans += 1
            pixels = pixels or start - 4
        elif 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            if size:
                raise damaged("JPEG")
            height, width = struct.unpack_from(">HH", data, start + 1)
            judge(width, height)
            size = width, height
            if data[start] != 8:
                raise unsupported("JPEG", f"{data[start]} bits a colour")
        elif pixels:
            continue
        elif marker == 0xE1 and data.startswith(b"Exif\0\0", start):
            turn = turn or orientation(data[start:at])
            continue
        elif marker == 0xE2 and data.startswith(b"ICC_PROFILE\0", start):
            profile.append(data[start + 12 : at])
            continue
        elif marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE):
            continue
        if not pixels:
            parts.append(data[start - 4 : at])
    else:
        raise damaged("JPEG")
    if not size or not pixels:
        raise damaged("JPEG")
    if scans > MAX_SCANS or scans * size[0] * size[1] > MAX_SCANNED:
        raise unsupported("JPEG", f"{scans} scans")
    return Header(
        "JPEG",
        *size,
        b"".join(parts) + data[pixels:end],
        orientation=turn or 1,
        profile=_join_profile(profile),
    )


def _join_profile(pieces: list[bytes]) -> bytes | None:
    """Join the pieces of an ICC profile: each begins with its number and the count of all."""
    pieces = sorted(piece for piece in pieces if len(piece) > 2)
    numbers = [piece[0] for piece in pieces]
    if not pieces or numbers != list(range(1, len(pieces) + 1)) or pieces[0][1] != len(pieces):
        return None
    return b"".join(piece[2:] for piece in pieces)


def _gif(data: bytes, judge: Judge) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    head_end = at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    clear: int | None = None
    blocks = 0
    while data[at] != 0x2C:
        if data[at] == 0x3B:
            raise damaged("GIF")
        if data[at] != 0x21:
            at += 1  # stray zeros between blocks are common, and skipped by every reader
        else:
            if data[at + 1] == 0xF9 and data[at + 2] >= 4:
                clear = data[at + 6] if data[at + 3] & 1 else None
            at += 2
            while data[at]:
                at += 1 + data[at]
                blocks += 1
            at += 1
        blocks += 1
        if blocks > MAX_PARTS:
            raise damaged("GIF")
    left, top, across, down = struct.unpack_from("<HHHH", data, at + 1)
    # A frame may overhang the canvas; the canvas then grows, as Pillow has it.
    width, height = max(width, left + across), max(height, top + down)
    judge(width, height)
    return Header(
        "GIF",
        width,
        height,
        data[:head_end] + data[at:],
        clear=None if clear is None else (clear,),
        frame=(left, top, left + across, top + down),
    )


def _webp(data: bytes, judge: Judge) -> Header:
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise damaged("WEBP")
    judge(width, height)
    return Header("WEBP", width, height, data)


def _bmp(data: bytes, judge: Judge) -> Header:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
        compression = 0
    else:
        width, height, _, _, compression = struct.unpack_from("<IiHHI", data, 18)
        height = abs(height)  # negative: the rows run from top to bottom
    judge(width, height)
    if compression in (1, 2) and max(width * height, (len(data) >> 1) - (height << 2)) > MAX_RLE_PIXELS:
        raise unsupported("BMP", "run-length packing and more than 4 million pixels")
    return Header("BMP", width, height, data)
