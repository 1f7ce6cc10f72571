"""The settings of a run: what is refused, and the way to JSON and back."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from cnncore.architecture import Architecture, ConvBlock
from cnncore.training import TrainConfig, Trainer


def test_settings_survive_json() -> None:
    block = ConvBlock(6, (3, 4), stride=(1, 2), padding=((1, 0), (2, 3)), pool="average", batch_norm=True, dropout=0.25)
    config = TrainConfig(
        dataset="mnist",
        architecture=Architecture((block, ConvBlock(3, padding="full", activation="tanh")), "global_average", (7, 9)),
        optimizer="sgd",
        learning_rate=0.125,
        batch_size=17,
        epochs=3,
        seed=2**32 - 1,
        momentum=0.5,
        weight_decay=0.01,
        schedule="step",
        init="glorot",
        shift=2,
        rotate=12.5,
        patience=4,
        stop_accuracy=0.9,
        freeze_first=True,
    )
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert TrainConfig.from_dict({}) == TrainConfig()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "cifar"),
        ("architecture", "deep"),
        ("architecture", {"blocks": []}),
        ("optimizer", "adamw"),
        ("learning_rate", 0),
        ("learning_rate", -1.0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "fast"),
        ("batch_size", 0),
        ("batch_size", 2.5),
        ("batch_size", 10**6),
        ("epochs", 0),
        ("epochs", True),
        ("seed", -1),
        ("momentum", 1.0),
        ("weight_decay", -0.1),
        ("schedule", "linear"),
        ("init", None),
        ("shift", 9),
        ("rotate", 90.0),
        ("patience", -1),
        ("stop_accuracy", 1.5),
        ("first_layer", "gabor"),
        ("freeze_first", 1),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"`{name}`"):
        TrainConfig(**{name: value})
    if name != "architecture":
        with pytest.raises(ValueError, match=f"`{name}`"):
            TrainConfig.from_dict({**TrainConfig().to_dict(), name: value})


@pytest.mark.parametrize(
    "data", [None, [], "digits", {"colour": "red"}, {"architecture": 3}, {"architecture": {"blocks": [{"x": 1}]}}]
)
def test_what_is_no_settings_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"settings|architecture"):
        TrainConfig.from_dict(data)


def test_what_is_left_out_suits_the_dataset() -> None:
    assert TrainConfig(dataset="mnist") == TrainConfig.for_dataset("mnist")
    assert TrainConfig(dataset="mnist").epochs != TrainConfig().epochs
    config = TrainConfig(dataset="mnist", epochs=3)
    assert (config.epochs, config.architecture) == (3, TrainConfig.for_dataset("mnist").architecture)
    with pytest.raises(ValueError, match="`dataset`"):
        TrainConfig.for_dataset("cifar")


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        TrainConfig().epochs = 3  # type: ignore[misc]


def test_hand_made_filters_need_room() -> None:
    with pytest.raises(ValueError, match=r"3 × 3.*2 × 5"):
        TrainConfig(architecture=Architecture((ConvBlock(4, (2, 5)),)), first_layer="presets")


@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_recommended_settings_fit_their_digits(dataset: str) -> None:
    config = TrainConfig.for_dataset(dataset)
    assert config.dataset == dataset
    network = Trainer(config).network
    assert network.parameter_count <= {"digits": 20_000, "mnist": 30_000}[dataset]


def test_a_network_that_does_not_fit_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Trainer(TrainConfig(architecture=Architecture((ConvBlock(4, pool="max", pool_size=4),) * 3)))
