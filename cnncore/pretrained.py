"""The bundled networks: small ones that read digits, trained by assets/pretrained/make.py.

Examples
--------
>>> network = load("digits")
>>> network.input_shape, network.classes
((1, 8, 8), 10)
"""

from __future__ import annotations

from functools import cache

from cnncore.assets import asset_path
from cnncore.exporting import SavedModel, load_model
from cnncore.network import Network

__all__ = ["NAMES", "load", "saved"]

NAMES = ("mnist", "digits")


def load(name: str) -> Network:
    """Return a bundled network.

    Parameters
    ----------
    name : {"mnist", "digits"}
        For MNIST's pictures of 28 x 28, or scikit-learn's of 8 x 8; prepare other pictures by
        `cnncore.handwriting.prepare` with the same name as `like`.

    Returns
    -------
    Network
        One of its own at every call, so that it may be changed.

    Raises
    ------
    ValueError
        If there is no such network.

    Notes
    -----
    They have learned from the training part of `cnncore.datasets.split` alone; how well they read the other parts
    stands in ``saved(name).note``.
    """
    return saved(name).network.copy()


def saved(name: str) -> SavedModel:
    """Return a bundled network with its settings and a note on how well it reads; the same object at every call.

    Parameters
    ----------
    name : {"mnist", "digits"}

    Returns
    -------
    SavedModel
        To be read only.

    Raises
    ------
    ValueError
        If there is no such network.

    Examples
    --------
    >>> saved("mnist").config.dataset
    'mnist'
    """
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(f"`name` (={name!r}) must be one of {', '.join(map(repr, NAMES))}")
    return _saved(name)


@cache
def _saved(name: str) -> SavedModel:
    return load_model(asset_path(f"pretrained/{name}.npz").read_bytes())
