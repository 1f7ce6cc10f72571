"""Training throughput beside PyTorch's, on the CPU, and beside what this machine's matrix product could do.

Run with ``python -m pytest benchmarks/test_training.py -s``. Both train the same network from the same weights on the
same batches, in float32, with Adam and one thread, and are first checked to arrive at the same loss. They take turns of
a few steps within one run; PyTorch is given both of its memory formats, and the better one counts. A step is everything
from picking the pictures out of the set to the new weights. Processor time is measured, so that whatever else the
machine does counts less; on an idle one it is the time that passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from cnncore._fused_pass import FusedPass
from cnncore.architecture import Architecture, ConvBlock
from cnncore.blas import OneThread
from cnncore.network import Network, views
from cnncore.optim import Adam

SECONDS, TURN = 6.0, 0.02
PICTURES, RATE = 2048, 1e-3
#: Side of the pictures, filters of the two blocks, batch, and how many times as fast as PyTorch it is meant to be.
CASES = [(8, (8, 16), 32, 2.0), (8, (32, 64), 64, 1.0), (28, (8, 16), 32, 1.0), (28, (32, 64), 64, 1.0)]

Step = Callable[[], float]


def test_throughput() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    print(
        f"\n\n{'net':28s}{'images/s':>10s}{'PyTorch':>10s}{'ch. last':>10s}{'ratio':>8s}{'meant':>7s}{'of sgemm':>10s}"
    )
    with OneThread():
        for case in CASES:
            print(measure(*case), flush=True)


def measure(side: int, filters: tuple[int, int], batch: int, meant: float) -> str:
    """Return one row of the table."""
    network = Network(Architecture(tuple(ConvBlock(n, pool="max") for n in filters)), input_shape=(1, side, side))
    rng = np.random.default_rng(0)
    images = rng.random((PICTURES, 1, side, side), dtype=np.float32)
    labels = rng.integers(0, 10, PICTURES)
    order = rng.permutation(PICTURES)
    start = network.state()
    ways = {
        "ours": our_step(network, images, labels, order, batch),
        "contiguous": torch_step(filters, side, start, images, labels, order, batch, last=False),
        "channels last": torch_step(filters, side, start, images, labels, order, batch, last=True),
    }
    losses = {name: [step() for _ in range(10)] for name, step in ways.items()}
    for name, found in losses.items():
        np.testing.assert_allclose(found, losses["ours"], rtol=1e-3, err_msg=name)
    factor = np.ones((1024, 1024), np.float32)
    product = np.empty_like(factor)
    turns = {**ways, "sgemm": lambda: np.matmul(factor, factor, out=product)}
    times: dict[str, list[float]] = {name: [] for name in turns}
    began = time.process_time()
    while time.process_time() - began < SECONDS:
        for name, step in turns.items():
            times[name].append(one_turn(step))
    median = {name: float(np.median(found)) for name, found in times.items()}
    theirs = np.minimum(times["contiguous"], times["channels last"])
    ratio = min(median["contiguous"], median["channels last"]) / median["ours"]
    quiet = float(np.min(theirs) / np.min(times["ours"]))
    peak = 2 * 1024**3 / median["sgemm"]
    share = operations(network, batch) / median["ours"] / peak
    speeds = "".join(f"{batch / median[name]:10,.0f}" for name in ways)
    name = f"{side} x {side}, {filters[0]}/{filters[1]}, batch {batch}"
    beside = f"   (fastest turn: {quiet:.2f}; sgemm {peak / 1e9:.0f} GFLOP/s)"
    return f"{name:28s}{speeds}{ratio:8.2f}{meant:7.1f}{share:10.0%}{beside}"


def one_turn(step: Callable[[], object]) -> float:
    """Return the mean time of a step over a short turn."""
    steps, began = 0, time.process_time()
    while True:
        step()
        steps += 1
        passed = time.process_time() - began
        if passed > TURN:
            return passed / steps


def operations(network: Network, batch: int) -> float:
    """Return the multiplications and additions of a step in matrix products; the pictures need no gradient."""
    return sum(2.0 * batch * plan.multiply_adds * (2 if plan.name == "conv1" else 3) for plan in network.plan)


def our_step(network: Network, images: np.ndarray, labels: np.ndarray, order: np.ndarray, batch: int) -> Step:
    """Return a function that takes the Trainer's step once."""
    gradient = np.zeros_like(network.flat)
    named = views(gradient, {name: values.shape for name, values in network.parameters().items()})
    run, optimizer, number = FusedPass(network, batch, named), Adam(network.flat.size, dtype=np.float32), [0]

    def step() -> float:
        chosen = order[number[0] : number[0] + batch]
        number[0] = (number[0] + batch) % PICTURES
        loss, _ = run.forward(images[chosen], labels[chosen])
        run.backward()
        optimizer.step(network.flat, gradient, learning_rate=RATE)
        return loss

    return step


def torch_step(
    filters: tuple[int, int],
    side: int,
    start: dict[str, np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    order: np.ndarray,
    batch: int,
    *,
    last: bool,
) -> Step:
    """Return a function that takes PyTorch's step once, in one of its memory formats."""
    import torch
    from torch import nn

    first, second = filters
    model = nn.Sequential(
        nn.Conv2d(1, first, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * (side // 4) ** 2, 10),
    )
    model.load_state_dict(dict(zip(model.state_dict(), (torch.tensor(value) for value in start.values()), strict=True)))
    x, y, places = torch.tensor(images), torch.tensor(labels), torch.tensor(order)
    if last:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    number = [0]

    def step() -> float:
        chosen = places[number[0] : number[0] + batch]
        number[0] = (number[0] + batch) % PICTURES
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[chosen]), y[chosen])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
