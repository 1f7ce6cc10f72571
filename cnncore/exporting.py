"""A trained network to take away: as a file of its own, as a program for other libraries, and as ONNX.

The programs load their weights from the model file, called ``model.npz``, beside them; it is a plain .npz file that
`numpy.load` reads.

Examples
--------
>>> from cnncore.architecture import Architecture, ConvBlock
>>> network = Network(Architecture((ConvBlock(4, pool="max"),)), seed=1)
>>> saved = load_model(save_model(network, note="Trained on Monday."))
>>> saved.note, bool((saved.network.flat == network.flat).all())
('Trained on Monday.', True)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore._archives import ArchiveError
from cnncore._arrayfiles import read_arrays, write_arrays
from cnncore._arrays import Array
from cnncore._model_code_keras import keras_code
from cnncore._model_code_numpy import numpy_code
from cnncore._model_code_torch import pytorch_code
from cnncore._model_onnx import to_onnx
from cnncore.architecture import Architecture
from cnncore.network import Network
from cnncore.own_data import CLASS_NAME
from cnncore.train_config import TrainConfig

__all__ = [
    "ModelFileError",
    "SavedModel",
    "keras_code",
    "load_model",
    "numpy_code",
    "pytorch_code",
    "save_model",
    "to_onnx",
]

FORMAT, VERSION = "CNN Lab model", 1
HEADER = "header"
MOST_BYTES = 64_000_000
"""Of a model file, packed or unpacked."""
MOST_HEADER, MOST_NOTE = 50_000, 500
_FOREIGN = "This is not a model file of CNN Lab."
_DAMAGED = "This model file is damaged: "


class ModelFileError(ValueError):
    """A model file cannot be opened; the message is a sentence for the person who chose it."""


@dataclass(frozen=True, eq=False)
class SavedModel:
    """What a model file holds.

    Parameters
    ----------
    network : Network
    classes : tuple of str
        What each class score means.
    config : TrainConfig or None
        How it was trained.
    note : str
        What was written beside it.
    """

    network: Network
    classes: tuple[str, ...]
    config: TrainConfig | None = None
    note: str = ""


def save_model(
    network: Network, *, classes: Sequence[str] | None = None, config: TrainConfig | None = None, note: str = ""
) -> bytes:
    """Return a network as one file: a .npz of its weights and a header in JSON.

    Parameters
    ----------
    network : Network
    classes : sequence of str, optional
        What each class score means; numbers from 0 up unless given.
    config : TrainConfig, optional
        How it was trained.
    note : str
        At most 500 printable characters.

    Returns
    -------
    bytes
        The same for the same arguments.

    Raises
    ------
    ValueError
        If a weight is no finite number, the network is too large for a file, or an argument does not fit it.
    """
    classes = tuple(map(str, range(network.classes))) if classes is None else tuple(classes)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": network.architecture.to_dict(),
        "input_shape": list(network.input_shape),
        "classes": list(classes),
        "dtype": network.dtype.name,
        "init": network.init,
        "config": None if config is None else config.to_dict(),
        "note": note,
    }
    if config is not None and config.architecture != network.architecture:
        raise ValueError("`config` is of another architecture than `network`")
    if not _fits_names(classes, network.classes):
        raise ValueError(f"`classes` (={classes!r}) must be {network.classes} different names of 1 to 40 characters")
    if not isinstance(note, str) or len(note) > MOST_NOTE or not note.isprintable():
        raise ValueError(f"`note` must have at most {MOST_NOTE} printable characters")
    arrays = network.state()
    size = sum(values.nbytes for values in arrays.values())
    if size + MOST_HEADER > MOST_BYTES:
        raise ValueError(f"`network` takes {size / 1e6:,.0f} MB; a model file holds at most {MOST_BYTES / 1e6:,.0f} MB")
    bad = _unfit_weights(arrays)
    if bad:
        raise ValueError(f"`network` holds {bad}")
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    return write_arrays({HEADER: np.frombuffer(text.encode(), np.uint8), **arrays})


def load_model(data: bytes) -> SavedModel:
    """Read a model file; nothing in it is run, and nothing is unpacked before its size is known.

    Parameters
    ----------
    data : bytes
        What `save_model` returned.

    Returns
    -------
    SavedModel

    Raises
    ------
    ModelFileError
        If it is something else, damaged, of a later version, or contradicts itself.
    """
    if not isinstance(data, bytes):
        raise ValueError(f"`data` must be the bytes of a file, not {type(data).__name__}")
    if len(data) > MOST_BYTES:
        raise ModelFileError(f"This file has {len(data) / 1e6:,.0f} MB; a model has at most {MOST_BYTES / 1e6:,.0f}.")
    try:
        arrays = read_arrays(data, most_bytes=MOST_BYTES)
    except ArchiveError as error:
        raise ModelFileError(f"{_FOREIGN} {error}") from None
    header = _read_header(arrays.pop(HEADER, None))
    try:
        architecture = Architecture.from_dict(header["architecture"])
        plan = architecture.plan(header["input_shape"], len(header["classes"]))
        dtype = {"float32": np.float32, "float64": np.float64}[header["dtype"]]
        config = None if header["config"] is None else TrainConfig.from_dict(header["config"])
        classes, note, init = tuple(header["classes"]), header["note"], header["init"]
        fits = _fits_names(classes, len(classes)) and len(note) <= MOST_NOTE and note.isprintable()
        if not fits or init not in ("he", "glorot") or (config is not None and config.architecture != architecture):
            raise ValueError("its settings contradict each other")
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ModelFileError(f"{_DAMAGED}its settings are incomplete.") from None
    except ValueError as error:
        raise ModelFileError(f"{_DAMAGED}{str(error)[:300].rstrip('.')}.") from None
    # Before a network of that size is made: the file must hold as many numbers as it has.
    norms = sum(2 * layer.output_shape[0] for layer in plan if layer.kind == "batch_norm")
    if sum(values.size for values in arrays.values()) != sum(layer.parameters for layer in plan) + norms:
        raise ModelFileError(f"{_DAMAGED}it does not hold as many weights as its network has.")
    network = Network(architecture, input_shape=plan[0].input_shape, classes=len(classes), init=init, dtype=dtype)
    if any(values.dtype != dtype for values in arrays.values()):
        raise ModelFileError(f"{_DAMAGED}its weights are not {np.dtype(dtype).name} numbers.")
    bad = _unfit_weights(arrays)
    if bad:
        raise ModelFileError(f"{_DAMAGED}it holds {bad}.")
    try:
        network.load(arrays)
    except ValueError:
        raise ModelFileError(f"{_DAMAGED}its weights are those of another network.") from None
    return SavedModel(network, classes, config, note)


def _read_header(values: Array | None) -> dict[str, Any]:
    if values is None or values.dtype != np.uint8 or values.ndim != 1 or values.size > MOST_HEADER:
        raise ModelFileError(_FOREIGN)
    try:
        header = json.loads(values.tobytes().decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ModelFileError(f"{_DAMAGED}its settings cannot be read.") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError(_FOREIGN)
    version = header.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ModelFileError(f"{_DAMAGED}it does not say its version.")
    if version > VERSION:
        raise ModelFileError(
            f"This model file is of version {min(version, 10**9)}; this program reads up to {VERSION}. Open it with a "
            f"later one."
        )
    return header


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _fits_names(names: tuple[Any, ...], count: int) -> bool:
    return len(set(names)) == len(names) == count and all(
        isinstance(name, str) and CLASS_NAME.fullmatch(name) for name in names
    )


def _unfit_weights(arrays: dict[str, Array]) -> str:
    """Return what is wrong with the weights' values, or nothing."""
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            return f"a weight that is no finite number (in {name[:40]!r})"
        if name.endswith("running_var") and (values < 0).any():
            return f"a variance below 0 (in {name[:40]!r})"
    return ""
