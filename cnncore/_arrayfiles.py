"""NumPy's .npz files from strangers, read without `numpy.load`: plain numbers and text, never objects.

An .npz file is a ZIP archive of .npy files; a .npy file is a line that names dtype, order and shape, then the bytes.
That line is matched against the one form that NumPy writes for plain arrays, and nothing in it is evaluated.

References
----------
.. [1] NumPy enhancement proposal 1, "A simple file format for NumPy arrays".
"""

from __future__ import annotations

import io
import math
import re
import struct
import sys
from collections.abc import Collection, Mapping

import numpy as np

from cnncore._archives import ArchiveError, pack, read_directory, unpack
from cnncore._arrays import Array

MOST_ARRAYS = 100
_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    rb"\{'descr': ?'([^']{1,20})', ?'fortran_order': ?(True|False), ?'shape': ?\(([0-9, ]{0,100})\),? ?\}\s*"
)
_DTYPES = re.compile(r"[<>|=](b1|[iu][1248]|f[248]|U[1-9][0-9]{0,2})")
_LONGEST_HEADER = 1 << 16


def read_arrays(data: bytes, *, most_bytes: int, names: Collection[str] | None = None) -> dict[str, Array]:
    """Return the arrays of an .npz file.

    Parameters
    ----------
    data : bytes
        The whole file.
    most_bytes : int
        Of all arrays together, unpacked.
    names : collection of str, optional
        Only these are unpacked; the others stay closed.

    Returns
    -------
    dict of str to ndarray
        Booleans, integers, floats and text, in this machine's byte order; read-only.

    Raises
    ------
    ArchiveError
        If it is no such file, damaged, too large, or holds anything but plain numbers and text.

    Examples
    --------
    >>> read_arrays(write_arrays({"a": np.arange(3)}), most_bytes=1000)
    {'a': array([0, 1, 2])}
    """
    found: dict[str, Array] = {}
    for entry in read_directory(data, most_entries=MOST_ARRAYS, most_bytes=most_bytes):
        name = entry.name.removesuffix(".npy")
        if name == entry.name or name in found:
            raise ArchiveError("This is not a file of NumPy arrays (.npz).")
        if names is None or name in names:
            found[name] = _read_array(unpack(data, entry), name[:40])
    return found


def write_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return an .npz file that `numpy.load` and `read_arrays` read; the same arrays give the same bytes.

    Raises
    ------
    ValueError
        If an array holds objects.
    """
    files = {}
    for name, values in arrays.items():
        body = io.BytesIO()
        np.lib.format.write_array(body, np.asarray(values), allow_pickle=False)
        files[f"{name}.npy"] = body.getvalue()
    return pack(files)


def _read_array(body: bytes, name: str) -> Array:
    damaged = ArchiveError(f"The array {name!r} in this file is damaged or cut off.")
    if not body.startswith(_MAGIC) or len(body) < 12:
        raise damaged
    version = body[6]
    if version not in (1, 2, 3):
        raise ArchiveError(f"The array {name!r} is in a format that is not read here.")
    start, form = (10, "<H") if version == 1 else (12, "<I")
    (length,) = struct.unpack_from(form, body, 8)
    if length > _LONGEST_HEADER or start + length > len(body):
        raise damaged
    header = _HEADER.fullmatch(body[start : start + length])
    text = header[1].decode("latin-1") if header else ""
    if text.endswith("O"):
        raise ArchiveError(
            f"The array {name!r} holds Python objects, which are never opened: they could run a program. Save plain "
            f"numbers or text."
        )
    if header is None or not _DTYPES.fullmatch(text):
        raise ArchiveError(f"The array {name!r} holds something else than plain numbers or text.")
    dtype = np.dtype(text)
    parts = [part.strip() for part in header[3].decode("ascii").split(",")]
    if any(" " in part for part in parts) or len(parts) > 9:
        raise damaged
    shape = tuple(int(part) for part in parts if part)
    if math.prod(shape) * dtype.itemsize != len(body) - start - length:
        raise damaged
    values = np.frombuffer(body, dtype, offset=start + length)
    if dtype.kind == "U" and (values.view(f"{dtype.byteorder}u4") > sys.maxunicode).any():
        raise damaged  # no characters: Python ends in a SystemError when it meets them
    values = values.reshape(shape, order="F" if header[2] == b"True" else "C")
    return values if dtype.isnative else values.astype(dtype.newbyteorder("="))
