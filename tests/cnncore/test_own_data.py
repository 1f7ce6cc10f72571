"""A person's own pictures: what is read, and that every other file gives one sentence, in bounded memory."""

from __future__ import annotations

import contextlib
import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnncore import own_data
from cnncore._archives import ArchiveError, pack, read_directory, unpack
from cnncore._arrayfiles import read_arrays, write_arrays
from cnncore.datasets import Dataset, split
from cnncore.own_data import DataError, from_npz, from_zip
from cnncore.training import TrainConfig, Trainer

RNG = np.random.default_rng(0)
DARK = RNG.integers(0, 120, (20, 6, 6), np.uint8)
DARK[0, 3, 3] = 255
LABELS = np.repeat([0, 1], 10)


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def pictures(*names: str, count: int = 5, side: int = 6) -> dict[str, bytes]:
    rng = np.random.default_rng(len(names))
    return {
        f"{name}/{place}.png": png(rng.integers(0, 99, (side, side), np.uint8))
        for name in names
        for place in range(count)
    }


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return file.getvalue()


# What is read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "divisor"),
    [
        (DARK, 255),
        (DARK[:, None], 255),
        (DARK[..., None], 255),
        (DARK.astype(">u2") * 257, 65535),
        (DARK.astype(np.int64), 255),
        (DARK.astype(np.float16) / 255, 1),
        (DARK / 255, 1),
        (np.asfortranarray(DARK), 255),
        ((DARK // 16).astype(np.float32), 15),
        (DARK > 100, 1),
        (DARK * 1e300, 255e300),
    ],
)
def test_arrays_of_all_common_kinds(images: np.ndarray, divisor: float) -> None:
    data = from_npz(npz(images=images, labels=LABELS))
    assert data.images.shape == (20, 1, 6, 6)
    assert data.images.dtype == np.float32
    np.testing.assert_allclose(data.images.reshape(20, 6, 6), images.reshape(20, 6, 6) / divisor, rtol=1e-6)
    assert (data.name, data.classes) == ("own", ("0", "1"))
    np.testing.assert_array_equal(data.labels, LABELS)


@pytest.mark.parametrize(
    ("labels", "classes", "wanted"),
    [
        (np.repeat(["dog", "cat"], 10), None, ("cat", "dog")),
        (np.repeat([30, -4], 10), None, ("-4", "30")),
        (np.repeat([1, 0], 10).astype(">i2"), ["zero", "one"], ("zero", "one")),
        (np.repeat(["9", "10"], 10), None, ("10", "9")),
    ],
)
def test_labels_are_numbers_or_texts(labels: np.ndarray, classes: list[str] | None, wanted: tuple[str, ...]) -> None:
    named = {} if classes is None else {"classes": np.array(classes)}
    data = from_npz(npz(images=DARK, labels=labels, other=np.array([None]), **named))  # `other` stays closed
    assert data.classes == wanted
    given = labels if classes is None else np.array(classes)[labels]
    assert [data.classes[label] for label in data.labels] == [str(value) for value in given]


def test_a_light_background_is_inverted() -> None:
    data = from_npz(npz(images=255 - DARK, labels=LABELS))
    np.testing.assert_allclose(data.images[:, 0], DARK / 255, atol=1e-6)
    assert "inverted" in data.note


@pytest.mark.parametrize("root", ["", "my digits/", "a/b/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_folders_of_pictures(root: str, method: int) -> None:
    files = {f"{root}{name}": body for name, body in pictures("2", "10", "1").items()}
    extra = {f"__MACOSX/{root}2/._0.png": b"?", f"{root}.DS_Store": b"?", f"{root}2/Thumbs.db": b"?", f"{root}2/": b""}
    data = from_zip(zipped({**extra, **files}, method))
    assert data.classes == ("1", "2", "10")
    assert len(data.labels) == 15
    for image, label, (name, body) in zip(data.images, data.labels, files.items(), strict=True):
        np.testing.assert_array_equal(np.round(image[0] * 255), np.asarray(Image.open(io.BytesIO(body))))
        assert data.classes[label] == name.split("/")[-2]


def test_windows_folders_and_all_kinds_of_png() -> None:
    grey = np.full((5, 5), 51, np.uint8)
    grey[2, 2] = 255
    kinds = {
        "grey": Image.fromarray(grey),
        "rgb": Image.fromarray(grey).convert("RGB"),
        "rgba": Image.fromarray(grey).convert("RGBA"),
        "palette": Image.fromarray(grey).convert("P"),
        "deep": Image.fromarray(grey.astype(np.uint16) * 257),
    }
    files = {}
    for name, picture in kinds.items():
        file = io.BytesIO()
        picture.save(file, "PNG")
        files |= {f"first\\{name}.png": file.getvalue(), f"second\\{name}.png": file.getvalue()}
    data = from_zip(zipped(files))
    assert data.classes == ("first", "second")
    np.testing.assert_array_equal(data.images, np.broadcast_to(grey / np.float32(255), (10, 1, 5, 5)))


def test_own_pictures_train() -> None:
    data = from_zip(zipped(pictures("left", "right", count=8)))
    parts = split(data.labels)
    assert min(len(parts.train), len(parts.validation), len(parts.test)) > 0
    trainer = Trainer(TrainConfig(dataset="own", epochs=1, batch_size=4), data)
    trainer.step()
    assert trainer.network.classes == 2


# What is refused -----------------------------------------------------------------------------------------------------


def raw_npy(header: str, body: bytes = b"", version: int = 1) -> bytes:
    text = header.encode()
    form = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(form, len(text)) + text + body


def described(dtype: str, shape: str) -> str:
    return f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n"


def with_images(body: bytes) -> bytes:
    labels = io.BytesIO()
    np.save(labels, LABELS)
    return zipped({"images.npy": body, "labels.npy": labels.getvalue()})


def nan() -> np.ndarray:
    images = DARK / 255
    images[3, 2, 2] = np.nan
    return images


BAD_NPZ = {
    "empty": (b"", "This file is empty"),
    "no archive": (b"hello" * 99, "not a ZIP archive"),
    "a single array": (raw_npy(described("<f4", "(1,)"), bytes(4)), "not a ZIP archive"),
    "cut off": (npz(images=DARK, labels=LABELS)[:-30], "damaged or cut off"),
    "no labels": (npz(images=DARK), "no array called “labels”"),
    "no images": (npz(x=DARK, labels=LABELS), "no array called “images”"),
    "other files": (zipped({"images.txt": b"1"}), r"not a file of NumPy arrays"),
    "objects": (npz(images=DARK, labels=np.array(["a", None] * 10, object)), "Python objects, which are never opened"),
    "dates": (npz(images=DARK, labels=np.zeros(20, "M8[s]")), "something else than plain numbers"),
    "complex": (npz(images=DARK + 1j, labels=LABELS), "something else than plain numbers"),
    "records": (npz(images=np.zeros((20, 6, 6), "u1,u1"), labels=LABELS), "something else than plain numbers"),
    "text pictures": (npz(images=DARK.astype(str), labels=LABELS), "“images” must hold numbers"),
    "huge shape": (with_images(raw_npy(described("<f8", "(9000000000, 64, 64)"), bytes(64))), "damaged or cut off"),
    "huge product": (with_images(raw_npy(described("|u1", f"({'9999999999, ' * 8})"))), "damaged or cut off"),
    "negative shape": (with_images(raw_npy(described("|u1", "(-1, 64)"))), "plain numbers"),
    "many axes": (with_images(raw_npy(described("|u1", f"({'1, ' * 30})"), bytes(1))), "damaged or cut off"),
    "long header": (with_images(raw_npy(described("|u1", "(1,)") + " " * 70_000, bytes(1), 2)), "damaged or cut off"),
    "program in header": (with_images(raw_npy("{'descr': __import__('os').abort(), }")), "plain numbers"),
    "nested header": (with_images(raw_npy("[" * 9000)), "plain numbers"),
    "future version": (with_images(raw_npy(described("|u1", "(1,)"), bytes(1), 9)), "a format that is not read here"),
    "header beyond end": (with_images(b"\x93NUMPY\x01\0\xff\xff" + bytes(9)), "damaged or cut off"),
    "NaN": (npz(images=nan(), labels=LABELS), "NaN or infinity"),
    "infinity": (npz(images=np.where(DARK > 100, np.inf, 0), labels=LABELS), "NaN or infinity"),
    "negative": (npz(images=DARK / 255 - 0.5, labels=LABELS), "values below 0"),
    "blank": (npz(images=np.zeros((20, 6, 6)), labels=LABELS), "nothing to learn"),
    "none": (npz(images=DARK[:0], labels=LABELS[:0]), "no pictures"),
    "flat": (npz(images=DARK.reshape(20, 36), labels=LABELS), r"shape \(20, 36\)"),
    "colour": (npz(images=np.zeros((20, 6, 6, 3)), labels=LABELS), "in grey"),
    "oblong": (npz(images=DARK[:, :5], labels=LABELS), "5 × 6 pixels; they must be square"),
    "tiny": (npz(images=DARK[:, :3, :3], labels=LABELS), "3 × 3 pixels; they must be square, 4 to 64"),
    "large": (npz(images=np.zeros((20, 65, 65), np.uint8), labels=LABELS), "4 to 64 pixels a side"),
    "too many": (npz(images=np.zeros((20_001, 4, 4), bool), labels=np.zeros(20_001, int)), "at most 20,000"),
    "too many pixels": (
        npz(images=np.zeros((4000, 64, 64), bool), labels=np.zeros(4000)),
        "at most 3,906 of this size",
    ),
    "fewer labels": (npz(images=DARK, labels=LABELS[1:]), "one label is needed for each"),
    "one-hot labels": (npz(images=DARK, labels=np.eye(2)[LABELS]), r"“labels” has the shape \(20, 2\)"),
    "float labels": (npz(images=DARK, labels=LABELS / 1), "whole numbers, or texts"),
    "one class": (npz(images=DARK, labels=LABELS * 0), "2 to 20 classes to tell apart; here are 1"),
    "a class each": (npz(images=np.repeat(DARK, 2, 0), labels=np.arange(40)), "classes to tell apart; here are 40"),
    "few of a class": (npz(images=DARK, labels=np.arange(20) > 16), "whole numbers"),
    "four of a class": (npz(images=DARK, labels=(np.arange(20) > 15) * 1), "“1” has 4 pictures; at least 5"),
    "markup": (npz(images=DARK, labels=np.repeat(["<b>x</b>", "y"], 10)), "cannot be called '<b>x</b>'"),
    "long name": (npz(images=DARK, labels=np.repeat(["x" * 41, "y"], 10)), "1 to 40 letters"),
    "empty name": (npz(images=DARK, labels=np.repeat(["", "y"], 10)), "cannot be called ''"),
    "names missing": (npz(images=DARK, labels=LABELS, classes=np.array(["a"])), "every whole number from 0 to 0"),
    "names twice": (npz(images=DARK, labels=LABELS, classes=np.array(["a", "a"])), "no name may stand twice"),
    "no characters": (
        zipped(
            {
                "images.npy": raw_npy(described("|u1", "(20, 6, 6)"), DARK.tobytes()),
                "labels.npy": raw_npy(described("<U1", "(20,)"), b"\xff" * 80),
            }
        ),
        "'labels' in this file is damaged",
    ),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_arrays_that_are_refused(case: str) -> None:
    data, words = BAD_NPZ[case]
    with pytest.raises(DataError, match=words) as caught:
        from_npz(data)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 400


def with_first(body: bytes, name: str = "a/0.png") -> bytes:
    return zipped({**pictures("a", "b"), name: body})


BAD_ZIP = {
    "empty": (b"", "This file is empty"),
    "a picture": (png(DARK[0]), "not a ZIP archive. Choose a ZIP of PNG pictures"),
    "nothing inside": (zipped({}), "2 to 20 classes"),
    "no folders": (zipped({"1.png": png(DARK[0])}), "“1.png” does not lie in a folder"),
    "way out": (with_first(png(DARK[0]), "../a/0.png"), "does not lie in a folder"),
    "way within": (with_first(png(DARK[0]), "a/../b/0.png"), "does not lie in a folder"),
    "root": (with_first(png(DARK[0]), "/a/0.png"), "does not lie in a folder"),
    "a drive": (with_first(png(DARK[0]), "C:\\x\\0.png"), "must lie side by side"),
    "mixed depth": (with_first(png(DARK[0]), "b/c/0.png"), "must lie side by side"),
    "two sets": (zipped(pictures("train/a", "test/b")), "must lie side by side"),
    "one class": (zipped(pictures("a")), "2 to 20 classes to tell apart; here are 1"),
    "many classes": (zipped(pictures(*map(str, range(21)))), "here are 21"),
    "few of a class": (zipped({**pictures("a"), **pictures("b", count=1)}), "“b” has 1 picture; at least 5"),
    "markup": (zipped(pictures("a", "<script>")), "cannot be called '<script>'"),
    "digits without end": (zipped(pictures("a", "9" * 5000)), "cannot be called '999"),
    "control": (zipped(pictures("a", "b\x1b[31m")), "cannot be called"),
    "a JPEG": (with_first(b"\xff\xd8\xff\xe0" + bytes(50)), "“a/0.png” is not a PNG picture"),
    "a text": (with_first(b"hello", "a/notes.txt"), "“a/notes.txt” is not a PNG picture"),
    "an archive": (with_first(zipped(pictures("a"))), "“a/0.png” is not a PNG picture"),
    "half a picture": (with_first(png(DARK[0])[:60]), "“a/0.png” cannot be read. This PNG file is damaged"),
    "another size": (with_first(png(DARK[0, :5, :5])), "“a/0.png” is 5 × 5, “a/1.png” is 6 × 6 pixels"),
    "oblong": (zipped({name: png(DARK[0, :5]) for name in pictures("a", "b")}), "5 × 6 pixels; they must be square"),
    "large": (with_first(png(np.zeros((65, 64), np.uint8))), "“a/0.png” cannot be read. This picture has 64 × 65"),
    "heavy": (with_first(RNG.bytes(300_000)), "“a/0.png” is too large: at most 200 kB"),
}


@pytest.mark.parametrize("case", BAD_ZIP)
def test_pictures_that_are_refused(case: str) -> None:
    data, words = BAD_ZIP[case]
    with pytest.raises(DataError, match=words) as caught:
        from_zip(data)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_only_bytes_are_read_and_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for read in (from_npz, from_zip):
        with pytest.raises(ValueError, match="`data` must be the bytes of a file, not str"):
            read("file.zip")
    monkeypatch.setattr(own_data, "MOST_FILE_BYTES", 100)
    with pytest.raises(DataError, match="at most 0 MB are read"):
        from_npz(npz(images=DARK, labels=LABELS))
    monkeypatch.setattr(own_data, "MOST_PICTURES", 4)
    monkeypatch.setattr(own_data, "MOST_FILE_BYTES", 64_000_000)
    with pytest.raises(DataError, match="at most 4 are read"):
        from_zip(zipped(pictures("a", "b", count=4)))


# Bombs ---------------------------------------------------------------------------------------------------------------


def peak(read, data: bytes) -> int:
    """Return the most bytes that refusing `data` takes."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"\.$"):
            read(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def lying(data: bytes, size: int) -> bytes:
    """Return the archive with another unpacked size in its directory."""
    at = data.rfind(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


BOMB = zipped({"images.npy": bytes(200_000_000)})


@pytest.mark.parametrize("size", [0, 100, 100_000, 200_000_000, 0xFFFFFFFF])
def test_a_bomb_is_never_unpacked(size: int) -> None:
    for read in (from_npz, from_zip):
        assert peak(read, lying(BOMB, size)) < 2_000_000


def test_overlapping_entries_are_bounded_by_what_they_declare() -> None:
    one = zipped({"a/0.png": bytes(150_000)})
    at, end = one.rfind(b"PK\x01\x02"), one.rfind(b"PK\x05\x06")
    entry = one[at:end]
    count = 2000
    fields = (b"PK\x05\x06", 0, 0, count, count, count * len(entry), at, 0)
    archive = one[:at] + entry * count + struct.pack("<4s4H2IH", *fields)
    with pytest.raises(ArchiveError, match="larger than 128 MB when unpacked"):
        read_directory(archive, most_entries=5000, most_bytes=128_000_000)
    assert peak(from_zip, archive) < 2_000_000


def test_an_endless_directory_is_not_walked() -> None:
    data = zipped({str(place): b"" for place in range(300)})
    with pytest.raises(ArchiveError, match="300 files and folders; at most 100"):
        read_directory(data, most_entries=100, most_bytes=100)


@pytest.mark.parametrize(
    ("offset", "form", "value", "words"),
    [
        (8, "<H", 1, "password"),
        (10, "<H", 99, "packed in a way"),
        (16, "<I", 1, "damaged"),  # the checksum
        (20, "<I", 10**6, "damaged"),
        (28, "<H", 60_000, "damaged"),
        (42, "<I", 10**7, "damaged"),
        (42, "<I", 5, "damaged"),
    ],
)
def test_directories_that_lie(offset: int, form: str, value: int, words: str) -> None:
    data = pack({"a": b"1234" * 99})
    at = data.rfind(b"PK\x01\x02")
    broken = bytearray(data)
    struct.pack_into(form, broken, at + offset, value)

    def read() -> bytes:
        return unpack(bytes(broken), read_directory(bytes(broken), most_entries=9, most_bytes=10**7)[0])

    with pytest.raises(ArchiveError, match=words):
        read()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_random_damage_gives_a_dataset_or_one_sentence(data: st.DataObject) -> None:
    read, good = data.draw(st.sampled_from([(from_npz, npz(images=DARK, labels=LABELS)), (from_zip, ZIP)]))
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(broken) - 1))
        broken[place] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(len(good) // 2, len(good)))
    with contextlib.suppress(DataError):
        assert isinstance(read(bytes(broken[:length])), Dataset)


ZIP = zipped(pictures("a", "b"))

# The archives themselves ---------------------------------------------------------------------------------------------


@given(st.dictionaries(st.text("abcé", min_size=1, max_size=9), st.binary(max_size=99), max_size=5))
@settings(max_examples=30, deadline=None)
def test_archives_are_those_of_the_standard_library(files: dict[str, bytes]) -> None:
    for archive in (pack(files), zipped(files), zipped(files, zipfile.ZIP_STORED)):
        entries = read_directory(archive, most_entries=5, most_bytes=500)
        assert {entry.name: unpack(archive, entry) for entry in entries} == files
        with zipfile.ZipFile(io.BytesIO(archive)) as theirs:
            assert {name: theirs.read(name) for name in theirs.namelist()} == files


def test_arrays_are_numpys() -> None:
    arrays = {"a": RNG.random((2, 3)), "b": np.arange(3) > 1, "c": np.array("text"), "d": np.asfortranarray(DARK)}
    for data in (write_arrays(arrays), npz(**arrays)):
        with np.load(io.BytesIO(data), allow_pickle=False) as theirs:
            for name, values in read_arrays(data, most_bytes=10**6).items():
                np.testing.assert_array_equal(values, theirs[name])
                np.testing.assert_array_equal(values, arrays[name])
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        write_arrays({"a": np.array([None])})


def test_a_png_of_nothing_but_a_header_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 6, 6, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    with pytest.raises(DataError, match="cannot be read"):
        from_zip(with_first(b"\x89PNG\r\n\x1a\n" + chunk))
