"""The first directory of a TIFF file, checked and rewritten.

A TIFF is a web of offsets. Here the tags that draw the first page are checked against the file and against each other,
and gathered in a new directory at its end: the decoder then meets no other page, no loop, no text, no second copy of a
tag, and no tile or strip table that would cost more than the picture itself.

References
----------
.. [1] Adobe, "TIFF, Revision 6.0"; Adobe, "TIFF Technical Note 2" (JPEG); AWare Systems, "The BigTIFF File Format".
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from cnncore._imageheader import MAX_PARTS, MAX_PROFILE, MAX_SCANNED, Header, Judge, damaged, unsupported

_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTER = {1: "B", 3: "H", 4: "I"}

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIPS, _SAMPLES, _STRIP_ROWS, _STRIP_BYTES, _PLANAR = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_SAMPLE_FORMAT, _SUBSAMPLING, _ORIENTATION, _PROFILE = 339, 530, 274, 34675

# Besides those above: fill order, fax options, predictor, palette, ink set, extra samples, JPEG tables, and the three
# that define YCbCr.
_DRAWING = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _STRIPS, _SAMPLES, _STRIP_ROWS, _STRIP_BYTES, _PLANAR}
    | {_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _SUBSAMPLING}
    | {_SAMPLE_FORMAT, 266, 292, 293, 317, 320, 332, 338, 347, 529, 531, 532}
)
_SEVERAL = frozenset(
    {_BITS, _STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES, _SUBSAMPLING, _SAMPLE_FORMAT, _PROFILE}
    | {320, 338, 347, 529, 532}
)

# None, fax (three), LZW, JPEG, deflate (two numbers), PackBits, Zstandard. Left out are the obsolete JPEG, whose
# streams are not delimited, and LZMA, whose dictionary may ask for 4 GB.
_PACKINGS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50000)

MAX_FAX_ROWS = 30_000  # libtiff writes a line to the log for each row it cannot read

MAX_TILED = 100_000_000
"""Pixels that all tiles may hold together, with what overhangs the picture."""


class _Entry(NamedTuple):
    kind: int  # TIFF's number of the type
    number: int  # of values
    body: bytes  # the values


def read_tiff(data: bytes, judge: Judge) -> Header:
    """Read the first directory of a TIFF, classic or BigTIFF, in either byte order.

    Parameters
    ----------
    data : bytes
        The whole file.
    judge : callable
        Is given the width and the height as soon as they are known; raises ImageError to refuse them.

    Returns
    -------
    Header
        Its `clean` is a classic TIFF: `data`, and behind it a directory of the drawing tags alone.

    Raises
    ------
    ImageError
        If the directory contradicts itself or the file, or is of a variety that cannot be read.
    """
    order = "<" if data[:2] == b"II" else ">"
    entries = _entries(data, order, big=data[2:4] in (b"+\0", b"\0+"))

    def first(tag: int, default: int) -> int:
        return _numbers(order, entries[tag])[0] if tag in entries else default

    width, height = first(_WIDTH, 0), first(_HEIGHT, 0)
    judge(width, height)
    packing = first(_COMPRESSION, 1)
    if packing not in _PACKINGS:
        raise unsupported("TIFF", f"a compression (number {packing})")
    bits, samples = first(_BITS, 1), first(_SAMPLES, 1)
    signed = first(_SAMPLE_FORMAT, 1) == 2
    if _PHOTOMETRIC not in entries:
        # Required, yet sometimes missing. Pillow would then take 0 for white.
        entries[_PHOTOMETRIC] = _Entry(3, 1, struct.pack(f"{order}H", 2 if samples > 2 else 1))
    photometric = first(_PHOTOMETRIC, 1)
    if packing == 1 and photometric == 6:
        coarse = _numbers(order, entries[_SUBSAMPLING]) if _SUBSAMPLING in entries else (2, 2)
        if coarse != (1, 1):
            raise unsupported("TIFF", "uncompressed pixels whose colour is sampled more coarsely")
    planes = samples if first(_PLANAR, 1) == 2 else 1
    if packing == 1 and planes > 1 and bits > 8:
        raise unsupported("TIFF", f"uncompressed planes of {bits} bits")  # Pillow would read them as 8 bits
    places, sizes, pixels = _layout(order, entries, width, height, planes)
    if packing != 1 and (len(sizes) < len(places) or (np.add(places, sizes) > len(data)).any()):
        raise damaged("TIFF")
    if packing in (2, 3, 4) and height > MAX_FAX_ROWS:
        raise unsupported("TIFF", f"fax packing and {height:,} rows")
    if packing == 7:
        _check_scans(data, places, sizes, pixels)
    turn = first(_ORIENTATION, 1)
    return Header(
        "TIFF",
        width,
        height,
        _rewrite(data, order, entries),
        orientation=turn if 1 <= turn <= 8 else 1,
        profile=entries[_PROFILE].body if _PROFILE in entries else None,
        white=2 ** min(bits - signed, 32) - 1,
        inverted=photometric == 0,
    )


def _entries(data: bytes, order: str, *, big: bool) -> dict[int, _Entry]:
    """Return the drawing tags of the first directory, and those of its colour profile and orientation."""
    # Classic: a 2-byte count, entries of 12 bytes, values of up to 4 bytes inside. BigTIFF: 8, 20 and 8.
    (start,) = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, 8 if big else 4)
    (count,) = struct.unpack_from(f"{order}Q" if big else f"{order}H", data, start)
    step, room, head = (20, 8, 8) if big else (12, 4, 2)
    if count > 65535 or start < 8:
        raise damaged("TIFF")
    entries: dict[int, _Entry] = {}
    for at in range(start + head, start + head + step * count, step):
        tag, kind, number = struct.unpack_from(f"{order}HHQ" if big else f"{order}HHI", data, at)
        if tag in entries or (tag not in _DRAWING and tag not in (_PROFILE, _ORIENTATION)):
            continue
        size = number * _UNIT.get(kind, 0)
        value = at + step - room
        if size > room:
            (value,) = struct.unpack_from(f"{order}Q" if big else f"{order}I", data, value)
        sound = 0 < size <= len(data) - value
        if tag in _DRAWING and (not sound or number > MAX_PARTS):
            raise damaged("TIFF")
        if not sound or size > MAX_PROFILE or (tag == _ORIENTATION and kind not in _LETTER):
            continue
        body = data[value : value + size]
        if kind == 16:  # BigTIFF's 64-bit numbers; beyond 32 bits they would point outside any file opened here
            numbers = struct.unpack(f"{order}{number}Q", body)
            kind, body = 4, struct.pack(f"{order}{number}I", *numbers)
        if tag not in _SEVERAL:  # Pillow warns of more than one value
            number, body = 1, body[: _UNIT[kind]]
        entries[tag] = _Entry(kind, number, body)
    return entries


def _numbers(order: str, entry: _Entry) -> tuple[int, ...]:
    """Return the whole numbers of an entry."""
    return struct.unpack(f"{order}{entry.number}{_LETTER[entry.kind]}", entry.body)


def _layout(
    order: str, entries: dict[int, _Entry], width: int, height: int, planes: int
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Return where the tiles or strips begin, their bytes, and the pixels of each.

    Refuse tables that do not cover the picture, or cover it many times over.
    """

    def number(tag: int, default: int) -> int:
        return _numbers(order, entries[tag])[0] if tag in entries else default

    if _TILES in entries:
        for tag in (_STRIPS, _STRIP_ROWS, _STRIP_BYTES):
            entries.pop(tag, None)
        across, down = number(_TILE_WIDTH, 0), number(_TILE_HEIGHT, 0)
        table = _TILES, _TILE_BYTES
    else:
        if _TILE_WIDTH in entries or _TILE_HEIGHT in entries:
            raise damaged("TIFF")
        across, down = width, min(number(_STRIP_ROWS, height), height)
        table = _STRIPS, _STRIP_BYTES
    if not across or not down:
        raise damaged("TIFF")
    parts = -(-width // across) * -(-height // down)
    if parts * across * down > max(MAX_TILED, 2 * width * height):
        raise unsupported("TIFF", f"tiles of {across:,} × {down:,} pixels")
    places = _numbers(order, entries[table[0]])
    sizes = _numbers(order, entries[table[1]]) if table[1] in entries else ()
    if len(places) < parts * planes:
        raise damaged("TIFF")
    return places[: parts * planes], sizes[: parts * planes], across * down


def _check_scans(data: bytes, places: tuple[int, ...], sizes: tuple[int, ...], pixels: int) -> None:
    """Refuse JPEG tiles or strips that ask for too many passes over their pixels; many may share the same bytes."""
    octets = np.frombuffer(data, np.uint8)
    scans = np.flatnonzero((octets[:-1] == 0xFF) & (octets[1:] == 0xDA))
    begins = np.array(places, np.int64)
    passes = np.searchsorted(scans, begins + np.array(sizes, np.int64)) - np.searchsorted(scans, begins)
    if int(passes.sum()) * pixels > MAX_SCANNED:
        raise unsupported("TIFF", f"{passes.sum()} scans")


def _rewrite(data: bytes, order: str, entries: dict[int, _Entry]) -> bytes:
    """Return `data` as a classic TIFF whose only directory, at the end, holds the drawing tags in ascending order."""
    # A classic header is 8 bytes; BigTIFF's has 16, of which the last 8 are no longer used.
    drawing = [(tag, entries[tag]) for tag in sorted(entries) if tag in _DRAWING]
    parts = [data[:2], struct.pack(f"{order}H", 42), b"", data[8:], bytes(-len(data) % 8)]
    end = len(data) + len(parts[-1])
    directory = struct.pack(f"{order}H", len(drawing))
    for tag, (kind, number, body) in drawing:
        inside = body.ljust(4, b"\0")
        if len(body) > 4:
            inside = struct.pack(f"{order}I", end)
            parts += [body, bytes(-len(body) % 8)]
            end += len(body) + len(parts[-1])
        directory += struct.pack(f"{order}HHI4s", tag, kind, number, inside)
    parts[2] = struct.pack(f"{order}I", end)
    return b"".join((*parts, directory, bytes(4)))
