"""A hundred training steps by PyTorch: where every parameter of a small network is after them, in float64.

``python -m tests.golden.training_cases`` (with PyTorch installed) records the cases in ``training_cases.npz``, so that
they are compared where PyTorch is not installed, too. Starting weights and batches are drawn here, by NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cnncore.architecture import Architecture, ConvBlock

RECORDED = Path(__file__).with_name("training_cases.npz")
MNIST = Path(__file__).parents[2] / "assets" / "mnist_10k.npz"
STEPS, BATCH, PICTURES = 100, 16, 400
PLAIN = Architecture((ConvBlock(4, pool="max"), ConvBlock(6, pool="max")))
#: Everything that the plain network has not: strides, uneven windows, a dense layer in between.
RICH = Architecture(
    (
        ConvBlock(4, (3, 2), padding=((1, 1), (0, 1)), activation="tanh", pool="average", batch_norm=True),
        ConvBlock(5, 3, stride=(2, 1), padding=1, activation="leaky_relu", pool="max", batch_norm=True),
    ),
    dense=(12,),
)
GLOBAL = Architecture((ConvBlock(6, 3, padding="valid", activation="tanh"), ConvBlock(8, 2)), head="global_average")


@dataclass(frozen=True)
class Case:
    """One run: which digits, which network, which optimizer with which settings."""

    dataset: str
    architecture: Architecture
    optimizer: str
    learning_rate: float
    options: dict[str, float] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of a picture."""
        return (1, 8, 8) if self.dataset == "digits" else (1, 28, 28)


CASES = {
    f"{dataset} {name}": Case(dataset, *settings)
    for dataset in ("digits", "mnist")
    for name, settings in {
        "sgd": (PLAIN, "sgd", 0.05),
        "momentum": (PLAIN, "sgd", 0.02, {"momentum": 0.9}),
        "adam": (PLAIN, "adam", 0.003),
        "rich momentum": (RICH, "sgd", 0.02, {"momentum": 0.8, "weight_decay": 0.01}),
        "rich adam": (RICH, "adam", 0.003, {"weight_decay": 0.01}),
        "global adam": (GLOBAL, "adam", 0.005),
    }.items()
}


@cache
def pictures(dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first pictures of a set, 0 to 1 in float64, and their classes."""
    if dataset == "digits":
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        return images[:PICTURES].reshape(-1, 1, 8, 8) / 16, labels[:PICTURES]
    with np.load(MNIST, allow_pickle=False) as stored:
        images, labels = stored["images"][::20], stored["labels"][::20]
    return images[:PICTURES].reshape(-1, 1, 28, 28) / 255, labels[:PICTURES].astype(int)


def batches() -> np.ndarray:
    """Return which pictures each step sees, (steps, batch)."""
    return np.random.default_rng(20).integers(0, PICTURES, (STEPS, BATCH))


def starting_weights(case: Case) -> dict[str, np.ndarray]:
    """Return random weights by the names that `cnncore.network.Network` gives them."""
    rng = np.random.default_rng(21)
    found: dict[str, np.ndarray] = {}

    def layer(name: str, *shape: int) -> None:
        found[f"{name}.weight"] = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        found[f"{name}.bias"] = 0.1 * rng.standard_normal(shape[0])

    for plan in case.architecture.plan(case.shape):
        if plan.kind == "conv":
            layer(plan.name, plan.output_shape[0], plan.input_shape[0], *plan.detail["kernel"])
        elif plan.kind == "dense":
            layer(plan.name, plan.output_shape[0], plan.input_shape[0])
        elif plan.kind == "batch_norm":
            maps = plan.output_shape[0]
            found[f"{plan.name}.weight"] = rng.uniform(0.5, 1.5, maps)
            found[f"{plan.name}.bias"] = 0.1 * rng.standard_normal(maps)
            found |= {f"{plan.name}.running_mean": np.zeros(maps), f"{plan.name}.running_var": np.ones(maps)}
    return found


def torch_network(case: Case) -> Any:
    """Return the network as PyTorch's modules, under our names, with the starting weights."""
    import torch
    from torch import nn

    parts: dict[str, nn.Module] = {}
    for plan in case.architecture.plan(case.shape):
        detail = plan.detail
        if plan.kind == "conv":
            (top, bottom), (left, right) = detail["padding"]
            parts[f"{plan.name}_pad"] = nn.ZeroPad2d((left, right, top, bottom))
            channels, filters = plan.input_shape[0], plan.output_shape[0]
            parts[plan.name] = nn.Conv2d(channels, filters, detail["kernel"], detail["stride"])
        elif plan.kind == "batch_norm":
            parts[plan.name] = nn.BatchNorm2d(plan.output_shape[0])
        elif plan.kind == "activation":
            parts[plan.name] = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "tanh": nn.Tanh}[detail["function"]]()
        elif plan.kind == "pool":
            parts[plan.name] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[detail["pool"]](detail["size"])
        elif plan.kind == "global_average":
            parts["pool"], parts[plan.name] = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        elif plan.kind == "flatten":
            parts[plan.name] = nn.Flatten()
        else:
            parts[plan.name] = nn.Linear(plan.input_shape[0], plan.output_shape[0])
    model = nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    model = model.double()
    model.load_state_dict({name: torch.tensor(v) for name, v in starting_weights(case).items()}, strict=False)
    return model


def ask_torch(case: Case) -> dict[str, np.ndarray]:
    """Return every parameter and running statistic after PyTorch's steps, and the loss of each step as "losses"."""
    import torch

    images, labels = (torch.tensor(values) for values in pictures(case.dataset))
    model = torch_network(case).train()
    optimizer = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[case.optimizer](
        model.parameters(), lr=case.learning_rate, **case.options
    )
    losses = []
    for batch in batches():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    state = {name: value.numpy() for name, value in model.state_dict().items() if "num_batches" not in name}
    return {**state, "losses": np.array(losses)}


def recorded(name: str) -> dict[str, np.ndarray]:
    """Return what PyTorch gave for a case when it was recorded."""
    with np.load(RECORDED, allow_pickle=False) as stored:
        start = f"{name}/"
        return {key.removeprefix(start): stored[key] for key in stored.files if key.startswith(start)}


def record() -> None:
    """Ask PyTorch about every case, and write the answers down."""
    answers = {f"{name}/{key}": value for name, case in CASES.items() for key, value in ask_torch(case).items()}
    np.savez_compressed(RECORDED, **answers)


if __name__ == "__main__":
    record()
