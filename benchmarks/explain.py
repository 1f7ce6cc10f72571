"""How long explanations of the bundled MNIST network take: saliency, Grad-CAM, occlusion at every pixel.

python benchmarks/explain.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from cnncore import explain, pretrained
from cnncore.datasets import load

ROUNDS = 15


def milliseconds(task: Callable[[], object]) -> tuple[float, float]:
    """The fastest and the median of several rounds."""
    task()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        task()
        times.append(1e3 * (time.perf_counter() - began))
    return min(times), median(times)


def main() -> None:
    network, x = pretrained.load("mnist"), np.ascontiguousarray(load("mnist").images[4000:4001])
    tasks: dict[str, Callable[[], object]] = {
        "saliency": lambda: explain.saliency(network, x, 3),
        "gradient times input": lambda: explain.gradient_times_input(network, x, 3),
        "Grad-CAM": lambda: explain.grad_cam(network, x, 3, layer="relu2"),
        "occlusion, window 7, stride 1: 484 covers": lambda: explain.occlusion(network, x, 3, window=7),
        "occlusion, window 1, stride 1: 784 covers": lambda: explain.occlusion(network, x, 3, window=1),
    }
    with threadpool_limits(1):
        for name, task in tasks.items():
            fastest, middle = milliseconds(task)
            print(f"{name:45} {fastest:8.1f} ms fastest, {middle:8.1f} ms median")


if __name__ == "__main__":
    main()
