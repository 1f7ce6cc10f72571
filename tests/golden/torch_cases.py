"""Random calls of the operations, and what PyTorch says of them: values and gradients.

``python -m tests.golden.torch_cases`` (with PyTorch installed) records the first cases in ``torch_cases.npz``, so that
they are compared where PyTorch is not installed, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RECORDED = Path(__file__).with_name("torch_cases.npz")
OPERATIONS = ("conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d")
HOW_MANY = 60


@dataclass(frozen=True)
class Case:
    """One call: the operation, its arrays by name, and its keyword arguments."""

    operation: str
    arrays: dict[str, np.ndarray]
    arguments: dict[str, Any]


def draw(seed: int) -> Case:
    """Return a random call; some of them ask for windows that do not fit."""
    rng = np.random.default_rng(seed)

    def pair(least: int, most: int) -> tuple[int, int]:
        return int(rng.integers(least, most + 1)), int(rng.integers(least, most + 1))

    operation = OPERATIONS[seed % len(OPERATIONS)]
    groups = int(rng.integers(1, 4))
    images, channels = int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    filters = groups * int(rng.integers(1, 4))
    shape, kernel, stride, dilation = pair(1, 9), pair(1, 4), pair(1, 3), pair(1, 3)
    x = rng.standard_normal((images, channels, *shape)).astype(np.float32)
    arrays = {"x": x}
    arguments: dict[str, Any] = {"stride": stride}
    if operation.startswith("conv"):
        arguments |= {"padding": pair(0, 4), "dilation": dilation, "groups": groups}
        if operation == "conv_transpose2d":
            arguments["output_padding"] = tuple(
                int(rng.integers(0, max(s, d))) for s, d in zip(stride, dilation, strict=True)
            )
            arrays["w"] = rng.standard_normal((channels, filters // groups, *kernel)).astype(np.float32)
        else:
            arrays["w"] = rng.standard_normal((filters, channels // groups, *kernel)).astype(np.float32)
        arrays["b"] = rng.standard_normal(filters).astype(np.float32)
        return Case(operation, arrays, arguments)
    arguments |= {"size": kernel, "ceil_mode": bool(rng.integers(0, 2))}
    arguments["padding"] = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)  # PyTorch allows no more
    if operation == "avg_pool2d":
        arguments["count_include_pad"] = bool(rng.integers(0, 2))
        return Case(operation, arrays, arguments)
    arguments["dilation"] = dilation
    if seed % 3 == 0:
        x[...] = np.round(x)  # ties
    if seed % 5 == 0:
        x[rng.random(x.shape) < 0.1] = np.nan
    if seed % 7 == 0:
        x[rng.random(x.shape) < 0.3] = -np.inf
    return Case(operation, arrays, arguments)


def ask_torch(seed: int, case: Case) -> dict[str, np.ndarray] | None:
    """Return PyTorch's output "y", a random gradient "dy" of it, and the gradients "dx", "dw", "db" that follow.

    None where it refuses, or nothing is left of the output.
    """
    import torch

    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in case.arrays.items()}
    arguments = dict(case.arguments)
    if "size" in arguments:
        arguments["kernel_size"] = arguments.pop("size")
    try:
        y = getattr(torch.nn.functional, case.operation)(*tensors.values(), **arguments)
    except RuntimeError:
        return None
    if not y.numel():
        return None
    answer = {"y": y.detach().numpy()}
    # We have no gradient of the one; in the other PyTorch would write outside the map.
    if case.operation != "conv_transpose2d" and not some_window_is_empty(case, answer["y"].shape):
        answer["dy"] = np.random.default_rng([seed, 1]).standard_normal(y.shape).astype(np.float32)
        y.backward(torch.from_numpy(answer["dy"]))
        answer |= {f"d{name}": tensor.grad.numpy() for name, tensor in tensors.items()}
    return answer


def some_window_is_empty(case: Case, shape: tuple[int, ...]) -> bool:
    """Whether all taps of some window of a maximum fall on padding."""
    if case.operation != "max_pool2d":
        return False
    for axis in (0, 1):
        k, s, p, d = (case.arguments[name][axis] for name in ("size", "stride", "padding", "dilation"))
        for start in range(-p, shape[axis + 2] * s - p, s):
            if not any(0 <= start + tap * d < case.arrays["x"].shape[axis + 2] for tap in range(k)):
                return True
    return False


def recorded() -> list[tuple[Case, dict[str, np.ndarray] | None]]:
    """Return the recorded calls, and PyTorch's answers."""
    with np.load(RECORDED, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    cases = []
    for entry in json.loads(str(arrays["cases"])):
        number = entry["seed"]

        def named(kind: str, number: int = number) -> dict[str, np.ndarray]:
            start = f"{number}/{kind}/"
            return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}

        case = Case(entry["operation"], named("in"), entry["arguments"])
        cases.append((case, named("out") or None))
    return cases


def record() -> None:
    """Ask PyTorch about the first cases, and write them down."""
    arrays: dict[str, np.ndarray] = {}
    entries = []
    for seed in range(HOW_MANY):
        case = draw(seed)
        entries.append({"seed": seed, "operation": case.operation, "arguments": case.arguments})
        arrays |= {f"{seed}/in/{name}": array for name, array in case.arrays.items()}
        arrays |= {f"{seed}/out/{name}": array for name, array in (ask_torch(seed, case) or {}).items()}
    np.savez_compressed(RECORDED, cases=np.array(json.dumps(entries)), **arrays)


if __name__ == "__main__":
    record()
