"""Random calls of PyTorch's and Keras's layers, and what they say: what `cnncore.conventions` is held against.

``python -m tests.golden.record_conventions torch`` and ``... keras`` (each where that library is installed) write
``conventions_torch.npz`` and ``conventions_keras.npz``. The layers are made from the settings here, by hand; beside
that each line that `cnncore.convention_calls` writes is run as it stands, and must give the very same. The border rules
of ``torch.nn.functional.pad`` and ``tf.pad`` are recorded, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnncore.convention_calls import write_call
from cnncore.conventions import PROFILES, Profile, RefusedError, Settings, make_plan
from cnncore.geometry import window_extent

HERE = Path(__file__).parent
KEYS = {
    package: [key for key, profile in PROFILES.items() if profile.package == package] for package in ("torch", "keras")
}
HOW_MANY = {"torch": 320, "keras": 240}
SHAPES = [(6, 6), (7, 7), (5, 8), (8, 5), (3, 3), (4, 3), (9, 6), (1, 4)]
WINDOWS = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (3, 2), (2, 3), (1, 4), (5, 3), (7, 7)]


@dataclass(frozen=True)
class Case:
    """One call: which function, on what, and how."""

    key: str
    image: np.ndarray
    kernel: np.ndarray
    settings: Settings

    @property
    def profile(self) -> Profile:
        return PROFILES[self.key]


def draw(package: str, seed: int) -> Case:
    """Return a random call; some of them no library answers."""
    rng = np.random.default_rng([seed, len(package)])
    key = KEYS[package][seed % len(KEYS[package])]
    profile = PROFILES[key]

    def some(options: list[Any], weights: list[float] | None = None) -> Any:
        return options[int(rng.choice(len(options), p=weights))]

    convolution = profile.operation == "convolution"
    paddings = ["same"] if profile.odd_pixel == "both" and convolution else ["same", "valid", "full"]
    settings = Settings(
        operation=profile.operation,
        padding=some(paddings, [1.0] if len(paddings) == 1 else [0.6, 0.25, 0.15]),
        border=some([None, "reflect", "edge", "wrap", "symmetric"]) if package == "torch" and convolution else None,
        stride=some([1, 2, 3, (1, 2), (2, 3)], [0.4, 0.25, 0.15, 0.1, 0.1]),
        dilation=some([1, 2, (1, 3)], [0.7, 0.2, 0.1]) if profile.dilates else 1,
        ceil_mode=bool(rng.integers(0, 2)),
        count_include_pad=bool(rng.integers(0, 2)),
    )
    image = np.round(rng.normal(0, 3, some(SHAPES)), 2)
    return Case(key, image, np.round(rng.normal(0, 3, some(WINDOWS)), 2), settings)


def ask(case: Case) -> np.ndarray | None:
    """Return the library's answer, with a layer made here; None where it refuses, or gives nothing."""
    layer = {"torch": _torch_layer, "keras": _keras_layer}[case.profile.package]
    try:
        answer = _apply(layer(case), case)
    except Exception as error:
        if type(error).__name__ not in ("ValueError", "RuntimeError", "AbortedError", "InvalidArgumentError"):
            raise
        return None
    return answer if answer.size else None


def _torch_layer(case: Case) -> Any:
    from torch import nn

    settings, taps = case.settings, case.kernel.shape
    extents = [window_extent(k, d) for k, d in zip(taps, settings.dilation, strict=True)]
    padding: Any = {"valid": 0, "full": tuple(e - 1 for e in extents), "same": tuple((e - 1) // 2 for e in extents)}
    padding = "same" if case.key == "torch.conv2d" and settings.padding == "same" else padding[settings.padding]
    if settings.operation == "convolution":
        border = None if settings.padding == "valid" else settings.border
        mode = {None: "zeros", "edge": "replicate", "wrap": "circular"}.get(border, border)
        return nn.Conv2d(1, 1, taps, settings.stride, padding, settings.dilation, bias=False, padding_mode=mode)
    if settings.operation == "max":
        return nn.MaxPool2d(taps, settings.stride, padding, settings.dilation, ceil_mode=settings.ceil_mode)
    return nn.AvgPool2d(taps, settings.stride, padding, settings.ceil_mode, settings.count_include_pad)


def _keras_layer(case: Case) -> Any:
    from keras import layers

    settings, taps = case.settings, case.kernel.shape
    if settings.operation == "convolution":
        return layers.Conv2D(
            1, taps, settings.stride, settings.padding, dilation_rate=settings.dilation, use_bias=False
        )
    make = layers.MaxPooling2D if settings.operation == "max" else layers.AveragePooling2D
    return make(taps, settings.stride, settings.padding)


def _apply(layer: Any, case: Case) -> np.ndarray:
    """Give a layer the kernel and the input."""
    if case.profile.package == "torch":
        import torch

        layer = layer.double()
        for weight in layer.parameters():
            weight.data = torch.tensor(case.kernel)[None, None]
        return layer(torch.tensor(case.image)[None, None])[0, 0].detach().numpy()
    x = case.image[None, :, :, None]
    layer.build(x.shape)
    if layer.weights:
        layer.set_weights([case.kernel[:, :, None, None]])
    return np.asarray(layer(x))[0, :, :, 0]


def run_call(call: str, case: Case) -> np.ndarray:
    """Run a line that `write_call` wrote, for PyTorch or Keras."""
    package = case.profile.package
    return _apply(eval(call.removesuffix("(x)"), {package: __import__(package)}), case)


def call_of(case: Case) -> str:
    """Write the call; nothing where it is refused."""
    taps = (case.kernel.shape[0], case.kernel.shape[1])
    shape = (case.image.shape[0], case.image.shape[1])
    try:
        return write_call(case.profile, make_plan(case.profile, shape, taps, case.settings), case.settings)
    except RefusedError:
        return ""


def recorded(package: str) -> list[tuple[Case, np.ndarray | None, str]]:
    """Return the recorded calls, what the library said, and the line that was run."""
    with np.load(HERE / f"conventions_{package}.npz", allow_pickle=False) as stored:
        entries, numbers = json.loads(str(stored["cases"])), stored["numbers"]
    found = []
    at = 0
    for entry in entries:
        arrays: list[np.ndarray | None] = []
        for shape in entry["shapes"]:
            size = int(np.prod(shape)) if shape else 0
            arrays.append(numbers[at : at + size].reshape(shape) if shape else None)
            at += size
        image, kernel, answer = arrays
        found.append((Case(entry["key"], image, kernel, Settings(**entry["settings"])), answer, entry["call"]))
    return found


def ask_borders(package: str) -> dict[str, list[float]]:
    """Return 1 2 3 4 with three more cells on both sides, by each name of a border rule that the library knows."""
    if package == "torch":
        import torch

        line = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
        names = ("constant", "reflect", "replicate", "circular", "symmetric", "edge", "wrap")
        return _known(names, lambda name: torch.nn.functional.pad(line, (3, 3), mode=name)[0, 0].tolist())
    import tensorflow as tf

    names = ("CONSTANT", "REFLECT", "SYMMETRIC", "EDGE", "REPLICATE", "WRAP", "CIRCULAR")
    return _known(names, lambda name: tf.pad([1.0, 2.0, 3.0, 4.0], [[3, 3]], mode=name).numpy().tolist())


def _known(names: tuple[str, ...], pad: Callable[[str], list[float]]) -> dict[str, list[float]]:
    found = {}
    for name in names:
        with suppress(ValueError, NotImplementedError):
            found[name] = pad(name)
    return found


def recorded_borders(package: str) -> dict[str, list[float]]:
    """Return what `ask_borders` was told."""
    with np.load(HERE / f"conventions_{package}.npz", allow_pickle=False) as stored:
        return json.loads(str(stored["borders"]))


def record(package: str) -> None:
    """Ask the library, and write it down."""
    if package == "keras":
        import keras

        keras.config.set_floatx("float64")
    numbers: list[np.ndarray] = []
    entries = []
    for seed in range(HOW_MANY[package]):
        case = draw(package, seed)
        answer, call = ask(case), call_of(case)
        if call and (answer is None or not np.array_equal(run_call(call, case), answer)):
            raise RuntimeError(f"{call} does not give what the layer of case {seed} gives")
        arrays = [case.image, case.kernel, answer]
        numbers += [array.ravel() for array in arrays if array is not None]
        shapes = [None if array is None else array.shape for array in arrays]
        entries.append({"key": case.key, "settings": vars(case.settings), "call": call, "shapes": shapes})
    path = HERE / f"conventions_{package}.npz"
    borders = json.dumps(ask_borders(package))
    np.savez_compressed(path, cases=json.dumps(entries), borders=borders, numbers=np.concatenate(numbers))


if __name__ == "__main__":
    record(sys.argv[1])
