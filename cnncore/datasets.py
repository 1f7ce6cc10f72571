"""The pictures that networks learn from, and how they are parted into training, validation and test.

Examples
--------
>>> digits = load("digits")
>>> digits.images.shape, digits.classes[3]
((1797, 1, 8, 8), '3')
>>> parts = split(digits.labels)
>>> len(parts.train), len(parts.validation), len(parts.test)
(1078, 359, 360)
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np

from cnncore._arrays import Array
from cnncore.assets import asset_path

SPLIT_SEED = 20_201
"""Of the split, apart from every training seed: all runs see the same validation and test pictures."""
SHARES = (0.6, 0.2, 0.2)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with labels.

    Parameters
    ----------
    name : str
    images : ndarray of float32, shape (N, 1, H, W)
        0 is the background, 1 the stroke; read-only.
    labels : ndarray of int64, shape (N,)
        0 up to the number of classes; read-only.
    classes : tuple of str
        What each label means.
    note : str
        Where the pictures come from.
    """

    name: str
    images: Array
    labels: Array
    classes: tuple[str, ...]
    note: str = ""

    def __post_init__(self) -> None:
        for values in (self.images, self.labels):
            values.flags.writeable = False

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, rows, columns) of a picture."""
        return tuple(int(n) for n in self.images.shape[1:])


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the pictures of each part, ascending."""

    train: Array
    validation: Array
    test: Array


def load(name: str) -> Dataset:
    """Return a bundled set of handwritten digits.

    Parameters
    ----------
    name : {"digits", "mnist"}
        scikit-learn's 1,797 digits of 8 x 8 pixels [1]_, or 10,000 of MNIST's of 28 x 28 [2]_.

    Returns
    -------
    Dataset
        The same object at every call.

    Raises
    ------
    ValueError
        If there is no such set.

    References
    ----------
    .. [1] E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.
    .. [2] Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
    """
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist()
    raise ValueError(f"`name` (={name!r}) must be 'digits' or 'mnist'")


@cache
def _digits() -> Dataset:
    # scikit-learn ships the table as package data. Importing its loader takes 1.8 s and 137 MB; reading it, 28 ms.
    spec = util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("scikit-learn, which ships the digits, is not installed")
    path = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    images = (table[:, :64] / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    note = "Alpaydin and Kaynak, Optical recognition of handwritten digits (UCI); shipped with scikit-learn"
    return Dataset("digits", images, table[:, 64].copy(), _names(10), note)


@cache
def _mnist() -> Dataset:
    with np.load(asset_path("mnist_10k.npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    scaled = images.astype(np.float32)[:, None] / np.float32(255)
    note = "LeCun, Cortes and Burges, The MNIST database of handwritten digits (CC BY-SA 3.0); 10,000 of it"
    return Dataset("mnist", scaled, labels, _names(10), note)


def split(labels: Any) -> Split:
    """Part pictures into 60 % training, 20 % validation and 20 % test, each class in these shares.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        At least three of each class that occurs, so that every part has one.

    Returns
    -------
    Split
        Always the same for the same labels.

    Raises
    ------
    ValueError
        If a class has fewer than three pictures.

    Examples
    --------
    >>> parts = split([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    >>> [len(part) for part in (parts.train, parts.validation, parts.test)]
    [6, 2, 2]
    """
    labels = np.asarray(labels)
    rng = np.random.default_rng(SPLIT_SEED)
    parts: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        if len(own) < 3:
            raise ValueError(f"`labels` has {len(own)} of class {label}; at least 3 are needed, one for each part")
        middle = max(1, round(SHARES[1] * len(own)))
        last = max(1, len(own) - middle - max(1, round(SHARES[0] * len(own))))
        first = len(own) - middle - last
        for part, chosen in zip(parts, np.split(own, [first, first + middle]), strict=True):
            part.append(chosen)
    train, validation, test = (np.sort(np.concatenate(part)) for part in parts)
    return Split(train, validation, test)


def _names(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(count))
