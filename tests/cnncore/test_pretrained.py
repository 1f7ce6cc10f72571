"""The bundled networks: what they are, how well they read, and that their files are what the script makes."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest

from cnncore import datasets, pretrained
from cnncore.assets import asset_path
from cnncore.exporting import save_model
from cnncore.training import Trainer

ROOT = Path(__file__).parents[2]
NAMES = pretrained.NAMES


@pytest.fixture(scope="module")
def recipes() -> dict[str, object]:
    found: dict[str, object] = runpy.run_path(str(ROOT / "assets" / "pretrained" / "make.py"))["RECIPES"]
    return found


@pytest.mark.parametrize(("name", "side"), [("mnist", 28), ("digits", 8)])
def test_each_call_gives_a_network_of_its_own(name: str, side: int) -> None:
    network = pretrained.load(name)
    assert network.input_shape == (1, side, side)
    network.flat[:] = 0
    assert pretrained.load(name).flat.any()


@pytest.mark.parametrize("name", ["letters", "", None, 3])
def test_there_are_no_others(name: object) -> None:
    with pytest.raises(ValueError, match="`name`"):
        pretrained.load(name)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "least"), [("mnist", 0.975), ("digits", 0.97)])
def test_the_note_says_how_well_they_read_what_they_have_not_seen(name: str, least: float) -> None:
    saved, data = pretrained.saved(name), datasets.load(name)
    parts = datasets.split(data.labels)
    said = [float(share) / 100 for share in re.findall(r"([\d.]+)%", saved.note)]
    for indices, share in zip((parts.validation, parts.test), said, strict=True):
        right = np.mean(saved.network.forward(data.images[indices]).argmax(axis=1) == data.labels[indices])
        assert right == pytest.approx(share, abs=1.5 / len(indices))  # another machine may round one picture otherwise
    assert said[1] >= least


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_small_and_of_the_scripts_settings(name: str, recipes: dict[str, object]) -> None:
    path = asset_path(f"pretrained/{name}.npz")
    assert path.stat().st_size < 300_000
    saved = pretrained.saved(name)
    assert saved.config == recipes[name]
    assert save_model(saved.network, classes=saved.classes, config=saved.config, note=saved.note) == path.read_bytes()


def test_training_as_the_script_does_gives_the_same_numbers_twice(recipes: dict[str, object]) -> None:
    runs = [Trainer(recipes["digits"]) for _ in range(2)]  # type: ignore[arg-type]
    for run in runs:
        for _ in range(20):
            run.step()
    np.testing.assert_array_equal(runs[0].network.flat, runs[1].network.flat)


def test_an_installed_package_finds_them_too() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in NAMES:
        assert included[f"assets/pretrained/{name}.npz"] == f"cnncore/_assets/pretrained/{name}.npz"


def test_where_they_come_from_is_said() -> None:
    text = (ROOT / "assets" / "LICENSES.md").read_text("utf-8")
    for name in NAMES:
        assert f"pretrained/{name}.npz" in text
