"""The settings of a training run, frozen and checked: the same settings give the same numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from cnncore._checks import one_of, share, whole_number
from cnncore.architecture import Architecture, ConvBlock
from cnncore.optim import SCHEDULES

DATASETS = ("digits", "mnist", "own")
OPTIMIZERS = ("adam", "sgd")
INITS = ("he", "glorot")
FIRST_LAYERS = ("random", "presets")
MOST_EPOCHS, MOST_BATCH, MOST_RATE = 1000, 1024, 1e6


def _pooled(*filters: int) -> Architecture:
    return Architecture(tuple(ConvBlock(number, pool="max") for number in filters))


_CHOSEN: Any = None  # stands for what suits the dataset
_SMALL = {
    "architecture": _pooled(24, 48),
    "learning_rate": 0.005,
    "batch_size": 32,
    "epochs": 70,
    "shift": 1,
    "rotate": 12.0,
}
_RECOMMENDED: dict[str, dict[str, Any]] = {
    "digits": _SMALL,
    "own": _SMALL,
    "mnist": {
        **_SMALL,
        "architecture": _pooled(16, 32, 48),
        "learning_rate": 0.004,
        "batch_size": 64,
        "epochs": 14,
        "rotate": 10.0,
    },
}


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides how a run goes.

    What is left out of `architecture`, `learning_rate`, `batch_size`, `epochs`, `shift` and `rotate` is chosen to suit
    the dataset: benchmarks/README.md says how well that learns.

    Parameters
    ----------
    dataset : {"digits", "mnist", "own"}
        "own" needs the pictures to be given to the Trainer.
    architecture : Architecture
    optimizer : {"adam", "sgd"}
    learning_rate : float
        Above 0, at most 1e6.
    batch_size : int
        Pictures for one step, 1 to 1024. The last batch of an epoch holds what is left.
    epochs : int
        Times that every training picture is seen, 1 to 1000.
    seed : int
        Of starting weights, order, augmentation and dropout; not of the split, which is always the same.
    momentum : float
        Of SGD; 0 is plain SGD.
    weight_decay : float
        0 to 1; see `cnncore.optim`.
    schedule : {"constant", "cosine", "step"}
        Of the learning rate; see `cnncore.optim.learning_rate_at`.
    init : {"he", "glorot"}
        See `cnncore.network.Network`.
    shift : int
        Augmentation: every training picture is moved by up to so many pixels each way, 0 to 4.
    rotate : float
        Augmentation: and turned by up to so many degrees, 0 to 45.
    patience : int
        Stop when the loss on validation has not fallen for so many epochs; 0 is never.
    stop_accuracy : float or None
        Stop when so large a share of validation is right, 0 to 1.
    first_layer : {"random", "presets"}
        Start the first convolution from random weights or from hand-made filters; see
        `cnncore.handmade.handmade_filters`.
    freeze_first : bool
        Never change the first convolution.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> TrainConfig(learning_rate=0.0)
    Traceback (most recent call last):
    ...
    ValueError: `learning_rate` (=0.0) must be a number between 1e-08 and 1e+06
    """

    dataset: str = "digits"
    architecture: Architecture = _CHOSEN
    optimizer: str = "adam"
    learning_rate: float = _CHOSEN
    batch_size: int = _CHOSEN
    epochs: int = _CHOSEN
    seed: int = 0
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "cosine"
    init: str = "he"
    shift: int = _CHOSEN
    rotate: float = _CHOSEN
    patience: int = 0
    stop_accuracy: float | None = None
    first_layer: str = "random"
    freeze_first: bool = False

    def __post_init__(self) -> None:
        one_of(self.dataset, "dataset", DATASETS)
        for name, value in _RECOMMENDED[self.dataset].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        if not isinstance(self.architecture, Architecture):
            raise ValueError(f"`architecture` (={self.architecture!r}) must be an Architecture")
        one_of(self.optimizer, "optimizer", OPTIMIZERS)
        share(self.learning_rate, "learning_rate", MOST_RATE, 1e-8)
        whole_number(self.batch_size, "batch_size", 1, MOST_BATCH)
        whole_number(self.epochs, "epochs", 1, MOST_EPOCHS)
        whole_number(self.seed, "seed", 0, 2**32 - 1)
        share(self.momentum, "momentum", 0.9999)
        share(self.weight_decay, "weight_decay", 1.0)
        one_of(self.schedule, "schedule", SCHEDULES)
        one_of(self.init, "init", INITS)
        whole_number(self.shift, "shift", 0, 4)
        share(self.rotate, "rotate", 45.0)
        whole_number(self.patience, "patience", 0, MOST_EPOCHS)
        if self.stop_accuracy is not None:
            share(self.stop_accuracy, "stop_accuracy", 1.0)
        one_of(self.first_layer, "first_layer", FIRST_LAYERS)
        if not isinstance(self.freeze_first, bool):
            raise ValueError(f"`freeze_first` (={self.freeze_first!r}) must be True or False")
        if self.first_layer == "presets":
            from cnncore.handmade import check_room

            check_room(self.architecture.blocks[0])

    @classmethod
    def for_dataset(cls, dataset: str) -> TrainConfig:
        """Return settings that learn a set of digits well."""
        return cls(dataset=dataset)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as dicts, lists, numbers and strings, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Any) -> TrainConfig:
        """Return the settings that `to_dict` wrote; anything else is refused.

        Raises
        ------
        ValueError
            If `data` is not what `to_dict` writes.

        Examples
        --------
        >>> TrainConfig.from_dict(TrainConfig(seed=3).to_dict()) == TrainConfig(seed=3)
        True
        """
        known = {part.name for part in fields(cls)}
        if not isinstance(data, dict) or set(data) - known:
            raise ValueError("these are not the settings of a training run")
        values = dict(data)
        if "architecture" in values:
            values["architecture"] = Architecture.from_dict(values["architecture"])
        return cls(**values)
