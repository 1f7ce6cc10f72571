"""The settings of the Train page, and the way from them to a TrainConfig and back. Imports no streamlit."""

from __future__ import annotations

import re
from typing import Any

from cnncore.network import Architecture, ConvBlock
from cnncore.training import TrainConfig

MOST_BLOCKS, MOST_FILTERS, MOST_KERNEL, MOST_STRIDE, MOST_DENSE = 4, 64, 7, 4, 256
DATASETS = {"digits": "scikit-learn, 8 × 8", "mnist": "MNIST, 28 × 28", "own": "Your own"}
ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "tanh": "tanh"}
POOLS = {"none": "None", "max": "Max", "average": "Average"}
HEADS = {"flatten": "Flatten: every number", "global_average": "Global average: one a map"}
OPTIMIZERS = {"adam": "Adam", "momentum": "SGD with momentum", "sgd": "SGD, plain"}
SCHEDULES = {"constant": "Constant", "cosine": "Cosine: down to 0", "step": "Steps: down by thirds of the run"}
INITS = {"he": "He", "glorot": "Glorot"}
FIRST_LAYERS = {"random": "Random, as usual", "presets": "Hand-made filters"}
BLOCK_NAMES = ("filters", "kernel", "stride", "padding", "activation", "pool", "pool_size", "norm", "dropout")


def block_name(name: str, block: int) -> str:
    """Return the name of one block's setting, `block` counted from 1.

    >>> block_name("filters", 2)
    'filters2'
    """
    return f"{name}{block}"


def config_of(values: dict[str, Any]) -> TrainConfig:
    """Return what the settings say, as the core takes it. ValueError with a sentence where it refuses them."""
    optimizer = values["optimizer"]
    return TrainConfig(
        dataset=values["dataset"],
        architecture=architecture_of(values),
        optimizer="adam" if optimizer == "adam" else "sgd",
        momentum=values["momentum"] if optimizer == "momentum" else 0.0,
        stop_accuracy=values["stop_accuracy"] / 100 if values["stop_accuracy"] else None,
        **{name: values[name] for name in PLAIN},
    )


PLAIN = (
    "learning_rate",
    "weight_decay",
    "schedule",
    "batch_size",
    "epochs",
    "seed",
    "init",
    "shift",
    "rotate",
    "patience",
    "first_layer",
    "freeze_first",
)
"""Settings that TrainConfig has under the same name."""


def architecture_of(values: dict[str, Any]) -> Architecture:
    """Return the network that the settings describe. ValueError with a sentence where the core refuses it."""

    def block(number: int) -> ConvBlock:
        take = {name: values[block_name(name, number)] for name in BLOCK_NAMES}
        return ConvBlock(
            take["filters"],
            take["kernel"],
            stride=take["stride"],
            padding=take["padding"],
            activation=take["activation"],
            pool=None if take["pool"] == "none" else take["pool"],
            pool_size=take["pool_size"],
            batch_norm=take["norm"],
            dropout=take["dropout"],
        )

    blocks = tuple(block(number) for number in range(1, values["blocks"] + 1))
    dense = tuple(values[f"dense{n}"] for n in range(1, values["dense"] + 1))
    return Architecture(blocks=blocks, head=values["head"], dense=dense)


def optimizer_of(config: TrainConfig) -> str:
    """Return which of `OPTIMIZERS` a config has."""
    return "adam" if config.optimizer == "adam" else "momentum" if config.momentum else "sgd"


def values_of(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that give `config`; those it does not speak of are left out."""
    net = config.architecture
    values: dict[str, Any] = {name: getattr(config, name) for name in PLAIN}
    values |= {
        "dataset": config.dataset,
        "optimizer": optimizer_of(config),
        "stop_accuracy": round(100 * (config.stop_accuracy or 0.0), 6),
        "blocks": len(net.blocks),
        "head": net.head,
        "dense": len(net.dense),
    }
    if config.momentum:
        values["momentum"] = config.momentum
    for number, block in enumerate(net.blocks, 1):
        found = {
            "filters": block.filters,
            "kernel": block.kernel,
            "stride": block.stride,
            "padding": block.padding,
            "activation": block.activation,
            "pool": block.pool or "none",
            "pool_size": block.pool_size,
            "norm": block.batch_norm,
            "dropout": block.dropout,
        }
        values |= {block_name(name, number): value for name, value in found.items()}
    values |= {f"dense{n}": width for n, width in enumerate(net.dense, 1)}
    return values


def plainly(sentence: str) -> str:
    """Return a sentence of the core in the words of the page: it names arguments as programmers write them.

    >>> plainly("This file is damaged: `learning_rate` (='x') must be a number between 1e-08 and 1e+06.")
    "This file is damaged: the learning rate must be a number between 1e-08 and 1e+06, not 'x'."
    >>> plainly("There must be 2 to 20 classes to tell apart; here are 1.")
    'There must be 2 to 20 classes to tell apart; here is 1.'
    """
    sentence = re.sub(
        r"`(\w+)` \(=(.*?)\) (must .*?)(\.?)$",
        lambda found: f"the {found[1].replace('_', ' ')} {found[3]}, not {found[2][:40]}{found[4]}",
        sentence,
    )
    sentence = re.sub(r"`(\w+)`", lambda found: f"the {found[1].replace('_', ' ')}", sentence)
    return sentence.replace("here are 1.", "here is 1.")


WORDS: dict[str, str] = {
    "learning_rate": "learning rate {:g}",
    "weight_decay": "weight decay {:g}",
    "batch_size": "batch {}",
    "epochs": "{} epochs",
    "seed": "seed {}",
    "shift": "shift up to {}",
    "rotate": "rotation up to {:g}°",
    "patience": "patience {}",
    "stop_accuracy": "stop at {:g} %",
}
"""How a setting that was changed is told."""
CHOSEN: dict[str, dict[Any, str]] = {
    "dataset": DATASETS,
    "optimizer": OPTIMIZERS,
    "schedule": {"constant": "constant rate", "cosine": "rate down to 0 (cosine)", "step": "rate down in steps"},
    "init": {"he": "He start", "glorot": "Glorot start"},
    "first_layer": {"random": "random first layer", "presets": "hand-made first layer"},
    "freeze_first": {True: "first layer frozen", False: "first layer free"},
}


def differences_in_words(config: TrainConfig, other: TrainConfig) -> str:
    """Return what `config` has that `other` has not, for people.

    >>> differences_in_words(TrainConfig(seed=3, freeze_first=True), TrainConfig())
    'seed 3, first layer frozen'
    >>> differences_in_words(TrainConfig(optimizer="sgd", momentum=0.8, stop_accuracy=0.9), TrainConfig())
    'SGD with momentum 0.8, stop at 90 %'
    """
    values, others = values_of(config), values_of(other)
    words = []
    for name in ("dataset", "optimizer", *PLAIN, "stop_accuracy"):
        value, before = values[name], others[name]
        moved = name == "optimizer" and value == "momentum" and values["momentum"] != others.get("momentum")
        if value == before and not moved:
            continue
        said = CHOSEN[name][value] if name in CHOSEN else WORDS[name].format(value)
        if name in ("stop_accuracy", "patience") and not value:
            said = "no early stop"
        words.append(f"{said} {values['momentum']:g}" if moved else said)
    if config.architecture != other.architecture:
        words.append("other layers")
    return ", ".join(dict.fromkeys(words))
