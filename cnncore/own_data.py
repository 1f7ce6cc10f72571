"""A person's own pictures: from a .npz file, or a ZIP of PNG pictures in one folder per class. Checked and bounded.

Whatever is in the file, the caller gets a `Dataset`, or one `DataError` with a sentence for the person who chose it.
Nothing is unpickled, written to a disk, or unpacked before its size is known.

Examples
--------
>>> from cnncore._arrayfiles import write_arrays
>>> images = np.random.default_rng(0).integers(0, 256, (20, 6, 6), np.uint8)
>>> pets = from_npz(write_arrays({"images": images, "labels": np.array(["cat", "dog"] * 10)}))
>>> pets.classes, pets.images.shape
(('cat', 'dog'), (20, 1, 6, 6))
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from cnncore._archives import ArchiveError, Entry, read_directory, unpack
from cnncore._arrayfiles import read_arrays
from cnncore._arrays import Array
from cnncore.datasets import Dataset
from cnncore.images import ImageError, decode, to_gray

__all__ = ["DataError", "from_npz", "from_zip"]

LEAST_SIDE, MOST_SIDE = 4, 64
MOST_CLASSES = 20
MOST_PICTURES = 20_000
MOST_PIXELS = 16_000_000
"""Of all pictures together: 64 MB as training holds them."""
LEAST_OF_A_CLASS = 5
"""One for validation and one for the test, and three to learn from."""
MOST_FILE_BYTES = 64_000_000
MOST_PICTURE_BYTES = 200_000
"""Of one PNG file: 64 x 64 pixels of 16 bits a colour have 33,000, the rest leaves room for what describes them."""

CLASS_NAME = re.compile(r"[\w \-.+()',]{1,40}")
"""What a class may be called: it is shown on the page and in files."""
_IGNORED = re.compile(r"(^|/)(__MACOSX/|\.(?!\.?/)|Thumbs\.db$|desktop\.ini$)")
"""What systems add of their own; a name that starts with a dot is hidden."""


class DataError(ValueError):
    """Pictures cannot be used for training; the message is a sentence for the person who chose the file."""


def from_npz(data: bytes) -> Dataset:
    """Read pictures and labels from a NumPy .npz file.

    Parameters
    ----------
    data : bytes
        The whole file. It holds ``images``, of shape (N, side, side), (N, side, side, 1) or (N, 1, side, side), and
        ``labels``, N whole numbers or texts. With whole numbers from 0 up, ``classes`` may give their names.

    Returns
    -------
    Dataset
        Called "own". Where the greatest value of all pictures is above 1, all are divided by it. Where most pictures
        have a light edge, all are inverted, for 0 is the background.

    Raises
    ------
    DataError
        If it is no such file, or the pictures or labels are not fit for training.
    """
    _check_file(data)
    try:
        arrays = read_arrays(data, most_bytes=9 * MOST_PIXELS, names=("images", "labels", "classes"))
    except ArchiveError as error:
        raise DataError(f"{error} Choose a .npz file with the arrays “images” and “labels”.") from None
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        raise DataError(f"This file holds no array called “{missing[0]}”. It needs “images” and “labels”.")
    images, labels = _square(arrays["images"]), arrays["labels"]
    if labels.shape != (len(images),):
        raise DataError(
            f"“labels” has the shape {labels.shape}, but there are {len(images):,} pictures: one label is needed for "
            f"each."
        )
    numbers, classes = _named(labels, arrays.get("classes"))
    return _dataset(_scaled(images), numbers, classes)


def from_zip(data: bytes) -> Dataset:
    """Read a ZIP archive of PNG pictures, one folder for each class.

    Parameters
    ----------
    data : bytes
        The whole archive. The class of a picture is the name of the folder that it lies in; the folders of all classes
        lie side by side, in the archive or in one folder of it.

    Returns
    -------
    Dataset
        Called "own", classes in the order of their names (2 before 10). Colours become grey. Where most pictures have
        a light edge, all are inverted, for 0 is the background.

    Raises
    ------
    DataError
        If it is no such archive, or the pictures are not fit for training.
    """
    _check_file(data)
    try:
        entries = read_directory(data, most_entries=2 * MOST_PICTURES, most_bytes=2 * MOST_FILE_BYTES)
    except ArchiveError as error:
        raise DataError(f"{error} Choose a ZIP of PNG pictures, one folder for each class.") from None
    entries = [entry for entry in entries if not entry.name.endswith("/") and not _IGNORED.search(entry.name)]
    if len(entries) > MOST_PICTURES:
        raise DataError(f"There are {len(entries):,} pictures; at most {MOST_PICTURES:,} are read.")
    folders = _class_folders([entry.name for entry in entries])
    _check_classes(tuple(dict.fromkeys(folders)))
    classes = tuple(sorted(set(folders), key=_natural))
    _check_counts([folders.count(name) for name in classes], classes)
    first = _picture(data, entries[0])
    _check_size(len(entries), *first.shape)
    images = np.empty((len(entries), *first.shape), np.float32)
    for place, entry in enumerate(entries):
        picture = _picture(data, entry)
        if picture.shape != first.shape:
            raise DataError(
                f"All pictures must have one size: {_said(entries[0].name)} is {_sides(first)}, "
                f"{_said(entry.name)} is {_sides(picture)} pixels."
            )
        images[place] = picture
    places = {name: place for place, name in enumerate(classes)}
    return _dataset(images, np.array([places[name] for name in folders], np.int64), classes)


# What both have in common -------------------------------------------------------------------------------------------


def _check_file(data: Any) -> None:
    if not isinstance(data, bytes):
        raise ValueError(f"`data` must be the bytes of a file, not {type(data).__name__}")
    if len(data) > MOST_FILE_BYTES:
        raise DataError(f"This file has {len(data) / 1e6:,.0f} MB; at most {MOST_FILE_BYTES / 1e6:,.0f} MB are read.")


def _check_size(count: int, rows: int, columns: int) -> None:
    if count > MOST_PICTURES:
        raise DataError(f"There are {count:,} pictures; at most {MOST_PICTURES:,} are read.")
    if rows != columns or not LEAST_SIDE <= rows <= MOST_SIDE:
        raise DataError(
            f"The pictures are {rows} × {columns} pixels; they must be square, {LEAST_SIDE} to {MOST_SIDE} pixels a "
            f"side."
        )
    if count * rows * columns > MOST_PIXELS:
        raise DataError(
            f"{count:,} pictures of {rows} × {columns} pixels are too many: at most {MOST_PIXELS // rows**2:,} of "
            f"this size are read."
        )


def _check_classes(names: tuple[str, ...]) -> None:
    if not 2 <= len(names) <= MOST_CLASSES:
        raise DataError(f"There must be 2 to {MOST_CLASSES} classes to tell apart; here are {len(names):,}.")
    for name in names:
        if not CLASS_NAME.fullmatch(name):
            raise DataError(
                f"A class cannot be called {name[:60]!r}: its name must have 1 to 40 letters, digits, spaces or any of "
                f"- _ . , + ' ( )."
            )


def _check_counts(counts: list[int], classes: tuple[str, ...]) -> None:
    for name, count in zip(classes, counts, strict=True):
        if count < LEAST_OF_A_CLASS:
            raise DataError(
                f"Class “{name}” has {count} {'picture' if count == 1 else 'pictures'}; at least {LEAST_OF_A_CLASS} "
                f"are needed, for three parts: to learn from, to validate, to test."
            )


def _dataset(images: Array, labels: Array, classes: tuple[str, ...]) -> Dataset:
    """Return the set of pictures (N, side, side) between 0 and 1, inverted where their background is light."""
    if not (images != images[0, 0, 0]).any():
        raise DataError("All pixels of all pictures are the same: there is nothing to learn.")
    edges = np.concatenate([images[:, [0, -1]], images[:, :, [0, -1]].transpose(0, 2, 1)], axis=1)
    note = "Your own pictures."
    if np.median(np.median(edges, axis=(1, 2))) > 0.5:
        images = 1 - images
        note = "Your own pictures, inverted: their background was light."
    return Dataset("own", np.ascontiguousarray(images)[:, None], labels, classes, note)


# Arrays -------------------------------------------------------------------------------------------------------------


def _square(images: Array) -> Array:
    if images.dtype.kind not in "biuf":
        raise DataError("“images” must hold numbers.")
    shape = images.shape
    if images.ndim == 4 and 1 in (shape[1], shape[3]):
        images = images[:, 0] if shape[1] == 1 else images[..., 0]
    if images.ndim != 3:
        raise DataError(
            f"“images” has the shape {shape}; it must be (pictures, side, side), in grey: one number for each pixel."
        )
    if not len(images):
        raise DataError("There are no pictures in this file.")
    _check_size(*images.shape)
    return images


def _scaled(images: Array) -> Array:
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise DataError("“images” holds values that are no finite numbers (NaN or infinity).")
    most = float(images.max())
    if float(images.min()) < 0:
        raise DataError("“images” holds values below 0; pixels must lie between 0 and 1, or between 0 and 255.")
    if most > 1:
        return np.divide(images, most, dtype=np.float64 if most > 1e30 else np.float32, casting="unsafe").astype(
            np.float32, copy=False
        )
    return images.astype(np.float32)


def _named(labels: Array, names: Array | None) -> tuple[Array, tuple[str, ...]]:
    """Return labels from 0 up, and what each means."""
    if labels.dtype.kind not in "iuU":
        raise DataError("“labels” must hold whole numbers, or texts.")
    values, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    found = tuple(str(value) for value in values[: MOST_CLASSES + 1].tolist())
    given = None if names is None else tuple(str(name) for name in names.ravel()[: MOST_CLASSES + 1].tolist())
    if len(values) > MOST_CLASSES:
        raise DataError(f"There must be 2 to {MOST_CLASSES} classes to tell apart; here are {len(values):,}.")
    if given is not None:
        if labels.dtype.kind == "U" or found != tuple(map(str, range(len(given)))) or len(set(given)) < len(given):
            raise DataError(
                f"“classes” gives {len(given)} names: “labels” must then hold every whole number from 0 to "
                f"{len(given) - 1}, and no name may stand twice."
            )
        found = given
    _check_classes(found)
    _check_counts(counts.tolist(), found)
    return numbers.astype(np.int64).reshape(-1), found


# Pictures in folders ------------------------------------------------------------------------------------------------


def _class_folders(names: list[str]) -> list[str]:
    """Return the class of each picture: the last folder of its name."""
    found, parents = [], set()
    for name in names:
        *folders, _ = name.replace("\\", "/").split("/")
        if not folders or {"", ".", ".."} & set(folders):
            raise DataError(f"{_said(name)} does not lie in a folder. Put the pictures of each class in one.")
        found.append(folders[-1])
        parents.add("/".join(folders[:-1]))
    if len(parents) > 1:
        raise DataError("The folders of the classes must lie side by side, with pictures only in them.")
    return found


def _picture(data: bytes, entry: Entry) -> Array:
    """Return one picture in grey, 0 to 1."""
    if entry.size > MOST_PICTURE_BYTES:
        raise DataError(f"{_said(entry.name)} is too large: at most {MOST_PICTURE_BYTES // 1000} kB are read.")
    try:
        content = unpack(data, entry)
        if not content.startswith(b"\x89PNG\r\n\x1a\n"):
            raise DataError(f"{_said(entry.name)} is not a PNG picture; only those are read.")
        colours = decode(content, max_pixels=MOST_SIDE**2)
    except (ArchiveError, ImageError) as error:
        raise DataError(f"{_said(entry.name)} cannot be read. {error}") from None
    if (colours == colours[..., :1]).all():  # grey already: white stays exactly 1
        return colours[..., 0] / np.float32(255)
    return to_gray(colours) / np.float32(255)


def _said(name: str) -> str:
    """Return a file's name as a sentence can carry it."""
    end = name if len(name) <= 60 else f"…{name[-59:]}"
    return f"“{end}”" if end.isprintable() else ascii(end)


def _sides(picture: Array) -> str:
    return f"{picture.shape[0]} × {picture.shape[1]}"


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return a key that puts 2 before 10."""
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name
