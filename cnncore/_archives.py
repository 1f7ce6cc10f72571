"""ZIP archives from strangers, read from memory: nothing is unpacked before its size is known and allowed.

The standard library's reader trusts the archive's own directory, however many entries it lists, and stops where the
data stops. Here the directory is judged first, and an entry gives exactly as many bytes as it declares, or an error.
Nothing is ever written to a disk, so names are only names.

References
----------
.. [1] PKWARE, ".ZIP File Format Specification", APPNOTE.TXT 6.3.10.
.. [2] D. Fifield, "A better zip bomb", WOOT 2019: entries that overlap, which declared sizes bound just as well.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

_END, _DIRECTORY, _LOCAL = struct.Struct("<4s4H2IH"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
_WITH_PASSWORD, _UTF_8 = 0x0041, 0x0800
_LONGEST_COMMENT = 0xFFFF
_EARLIEST = (1980, 1, 1, 0, 0, 0)


class ArchiveError(ValueError):
    """An archive cannot be read; the message is a sentence for the person who chose the file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive, as the archive's directory has it; sizes in bytes."""

    name: str
    method: int
    packed: int
    size: int
    checksum: int
    at: int


def read_directory(data: bytes, *, most_entries: int, most_bytes: int) -> list[Entry]:
    """Return what an archive holds, without unpacking anything.

    Parameters
    ----------
    data : bytes
        The whole archive.
    most_entries : int
        More are refused, folders included.
    most_bytes : int
        Of all entries together, unpacked.

    Returns
    -------
    list of Entry

    Raises
    ------
    ArchiveError
        If it is no ZIP archive, damaged, too large, or of a variety that is not read here.

    Examples
    --------
    >>> [entry.name for entry in read_directory(pack({"a": b"12"}), most_entries=1, most_bytes=2)]
    ['a']
    """
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise ArchiveError("This file is empty." if not data else "This file is not a ZIP archive.")
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - _LONGEST_COMMENT))
    if end < 0 or end + _END.size > len(data):
        raise _damaged()
    _, disk, first_disk, here, count, size, at, _ = _END.unpack_from(data, end)
    if disk or first_disk or here != count:
        raise ArchiveError("This archive is one of several parts, which cannot be read here.")
    if count > most_entries:
        raise ArchiveError(f"This archive holds {count:,} files and folders; at most {most_entries:,} are read.")
    if at + size > end:
        raise _damaged()
    entries, total = [], 0
    for _ in range(count):
        entry, at = _read_entry(data, at, end)
        total += entry.size
        if total > most_bytes:
            raise ArchiveError(
                f"What this archive holds is larger than {most_bytes / 1e6:,.0f} MB when unpacked, the most that is "
                f"read here."
            )
        entries.append(entry)
    return entries


def _read_entry(data: bytes, at: int, end: int) -> tuple[Entry, int]:
    if at + _DIRECTORY.size > end:
        raise _damaged()
    sign, _, _, flags, method, _, _, checksum, packed, size, name, extra, comment, _, _, _, local = (
        _DIRECTORY.unpack_from(data, at)
    )
    if sign != b"PK\x01\x02":
        raise _damaged()
    at += _DIRECTORY.size
    after = at + name + extra + comment
    if after > end:
        raise _damaged()
    try:
        text = data[at : at + name].decode("utf-8" if flags & _UTF_8 else "cp437")
    except UnicodeDecodeError:
        raise _damaged() from None
    if flags & _WITH_PASSWORD:
        raise ArchiveError("This archive is protected by a password. Save it without one.")
    if method not in (_STORED, _DEFLATED):
        raise ArchiveError("This archive is packed in a way that cannot be read here. Save it as an ordinary ZIP.")
    return Entry(text, method, packed, size, checksum, local), after


def unpack(data: bytes, entry: Entry) -> bytes:
    """Return what one file of the archive holds: `entry.size` bytes.

    Raises
    ------
    ArchiveError
        If it holds anything else than its directory says.

    Examples
    --------
    >>> archive = pack({"a": b"12"})
    >>> unpack(archive, read_directory(archive, most_entries=1, most_bytes=2)[0])
    b'12'
    """
    if entry.at + _LOCAL.size > len(data):
        raise _damaged()
    sign, *_, name, extra = _LOCAL.unpack_from(data, entry.at)
    start = entry.at + _LOCAL.size + name + extra
    packed = memoryview(data)[start : start + entry.packed]
    if sign != b"PK\x03\x04" or len(packed) != entry.packed:
        raise _damaged()
    if entry.method == _STORED:
        found = bytes(packed) if entry.packed == entry.size else b""
    else:
        # One byte more than declared shows that there is more; no more than that is ever unpacked.
        reader = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            found = reader.decompress(packed, entry.size + 1)
        except zlib.error:
            raise _damaged() from None
        if not reader.eof:
            raise _damaged()
    if len(found) != entry.size or zlib.crc32(found) != entry.checksum:
        raise _damaged()
    return found


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of files by name; the same files give the same bytes.

    Examples
    --------
    >>> pack({"a": b"12"}) == pack({"a": b"12"})
    True
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for name, body in files.items():
            writer.writestr(zipfile.ZipInfo(name, _EARLIEST), body, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _damaged() -> ArchiveError:
    return ArchiveError("This file is damaged or cut off.")
