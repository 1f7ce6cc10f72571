"""The bundled pictures: all there, of the promised values, and found from a checkout and from a wheel."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from cnncore import assets, samples
from cnncore.assets import asset_path
from cnncore.samples import SAMPLES, load_sample

ROOT = Path(samples.__file__).parents[1]


@pytest.mark.parametrize("key", SAMPLES)
def test_every_sample_is_a_picture(key):
    sample = SAMPLES[key]
    picture = load_sample(key)
    assert sample.key == key
    assert sample.group in ("Photographs", "Test patterns", "Handwritten digits")
    assert sample.title
    assert sample.source.endswith(".")
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.max() > picture.min()
    picture[:] = 0  # a copy: the next one is whole again
    assert load_sample(key).any()


def test_the_mapping_is_ordered_and_fixed():
    assert list(SAMPLES)[:3] == ["china", "flower", "steps"]
    assert {"steps", "checkerboard", "zone-plate", "impulse"} <= set(SAMPLES)
    assert [key for key in SAMPLES if key.startswith("digit-")] == [f"digit-{i}" for i in range(10)]
    with pytest.raises(TypeError):
        SAMPLES["x"] = SAMPLES["china"]


@pytest.mark.parametrize("key", ["", "China", "../china", None, 3, ["china"]])
def test_unknown_samples_name_the_choices(key):
    with pytest.raises(ValueError, match=r"`key` .*must be one of 'china', 'flower', 'steps'"):
        load_sample(key)


def test_photographs_are_those_of_scikit_learn():
    from sklearn.datasets import load_sample_image

    for key in ("china", "flower"):
        theirs = load_sample_image(f"{key}.jpg")
        np.testing.assert_array_equal(load_sample(key), theirs)


def test_scikit_learn_is_not_imported_for_them():
    code = "import sys; from cnncore.samples import load_sample; load_sample('china'); print('sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("found", [None, importlib.util.find_spec("json")])
def test_missing_photographs_say_what_to_install(monkeypatch, found):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    with pytest.raises(FileNotFoundError, match="pip install scikit-learn"):
        load_sample("china")


def test_digits_are_what_their_keys_say():
    with np.load(asset_path("mnist_10k.npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    assert images.shape == (10_000, 28, 28)
    assert np.bincount(labels).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    for number in range(10):
        picture = load_sample(f"digit-{number}")
        same = (images == picture[..., 0]).all((1, 2))
        assert labels[same].tolist() == [number]
        assert (picture == picture[..., :1]).all()
        assert picture[0, 0, 0] == 0


def test_step_edges():
    grey = load_sample("steps")[..., 0].astype(int)
    assert grey.shape == (256, 256)
    assert set(np.unique(grey)) == {64, 192}
    across, down = np.diff(grey[:128, :128], axis=1), np.diff(grey[:128, 128:], axis=0)
    assert (across[:, 63] == 128).all()
    assert not np.delete(across, 63, 1).any()
    assert (down[63] == 128).all()
    assert not np.delete(down, 63, 0).any()
    diagonal, disc = grey[128:, :128], grey[128:, 128:]
    np.testing.assert_array_equal(diagonal, diagonal.T)
    assert diagonal[0, 126] == 64
    assert diagonal[0, 127] == 192
    for turned in (disc.T, disc[::-1], disc[:, ::-1]):
        np.testing.assert_array_equal(disc, turned)


def test_checkerboard_ramp_bars_and_impulse():
    board = load_sample("checkerboard")[..., 0]
    assert board.shape == (256, 256)
    assert board[0, 0] == 0
    assert board[0, 16] == board[16, 0] == 255
    np.testing.assert_array_equal(board[:-16], 255 - board[16:])
    assert (load_sample("ramp")[..., 0] == np.arange(256)).all()
    rows = load_sample("bars")[..., 0]
    for k in range(5):
        changes = np.flatnonzero(np.diff(rows[48 * k + 7].astype(int)))
        assert (np.diff(changes) == 2**k).all()
        assert (rows[48 * k : 48 * k + 48] == rows[48 * k]).all()
    point = load_sample("impulse")[..., 0]
    assert point.shape == (33, 33)
    assert point[16, 16] == 255
    assert np.count_nonzero(point) == 1


def test_the_zone_plate_reaches_nyquist_at_the_border_only():
    plate = load_sample("zone-plate")[..., 0].astype(float)
    assert plate.shape == (512, 512)
    np.testing.assert_array_equal(plate, plate.T)
    np.testing.assert_array_equal(plate[1:], plate[:0:-1])
    assert plate[256, 256] == 255

    def frequency(start: int) -> float:
        """Return the strongest frequency, in cycles a pixel, of 32 pixels along the middle row."""
        part = plate[256, start : start + 32] - 127.5
        strength = np.abs(np.fft.rfft(part * np.hanning(32), 1024))
        return strength.argmax() / 1024

    found = [frequency(start) for start in range(272, 480, 16)]
    wanted = [(start + 15.5 - 256) / 512 for start in range(272, 480, 16)]
    assert np.abs(np.array(found) - wanted).max() < 0.01
    assert frequency(480) > 0.45
    # At the very border neighbours differ most: nearly black beside nearly white.
    assert np.abs(np.diff(plate[256, :6])).min() > 250
    assert np.abs(np.diff(plate[:6, 256])).min() > 250


# Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../pyproject.toml", "a/../../b", "..", "C:\\x", "a\\b"])
def test_paths_out_of_the_folder_are_refused(name):
    with pytest.raises(ValueError, match="`name`"):
        asset_path(name)


def test_missing_files_are_named():
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz is missing from"):
        asset_path("nothing.npz")


def test_a_wheel_holds_the_file_where_it_is_looked_for(monkeypatch, tmp_path):
    with (ROOT / "pyproject.toml").open("rb") as file:
        wheel = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]
    target = Path(wheel["force-include"]["assets/mnist_10k.npz"])
    assert ROOT / target.parent == assets._FOLDERS[0]
    (tmp_path / "mnist_10k.npz").write_bytes(b"x")
    monkeypatch.setattr(assets, "_FOLDERS", (tmp_path, *assets._FOLDERS))
    assert asset_path("mnist_10k.npz") == tmp_path / "mnist_10k.npz"


def test_each_asset_has_its_licence():
    text = (ROOT / "assets" / "LICENSES.md").read_text("utf-8")
    for word in ("mnist_10k.npz", "LeCun", "Attribution-ShareAlike 3.0", "china.jpg", "flower.jpg", "Flickr"):
        assert word in text
