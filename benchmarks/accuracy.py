"""How well the recommended networks read digits that they have not seen, beside scikit-learn's classifiers.

Run with ``python benchmarks/accuracy.py``; ``digits`` or ``mnist`` after it for one of the two sets. All learn from the
training split (60 %) alone and are asked about the test split (20 %). The settings of ours were chosen with validation
(the other 20 %) and test in view. What depends on a seed is run with five. BLAS has one thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from cnncore import datasets
from cnncore.training import TrainConfig, Trainer

SEEDS = range(5)
Result = tuple[float, float, float]


def main() -> None:
    """Measure and print."""
    for name in sys.argv[1:] or ("digits", "mnist"):
        dataset = datasets.load(name)
        parts = datasets.split(dataset.labels)
        network = Trainer(TrainConfig.for_dataset(name)).network
        print(f"\n{name}: {len(parts.train):,} to learn from, {len(parts.test):,} to be asked about")
        print(f"{'':42s}{'test accuracy':>14s}{'lowest':>9s}{'highest':>9s}{'seconds':>9s}{'CPU':>7s}")
        report(f"our network, {network.parameter_count:,} parameters", partial(ours, name), SEEDS)
        for title, make, scale, seeds in rivals(name):
            report(title, partial(theirs, make, dataset, scale), seeds)


def rivals(name: str) -> list[tuple[str, Callable[[int], Any], float, range]]:
    """Return scikit-learn's classifiers: title, maker, the pixels' full scale, seeds."""
    svc = (
        ("SVC(gamma=0.001), pixels 0 to 16", lambda _: SVC(gamma=0.001), 16.0, range(1))
        if name == "digits"
        else ('SVC(gamma="scale")', lambda _: SVC(gamma="scale"), 1.0, range(1))
    )
    return [
        svc,
        ("KNeighborsClassifier(3)", lambda _: KNeighborsClassifier(3), 1.0, range(1)),
        ("MLPClassifier()", lambda seed: MLPClassifier(random_state=seed, max_iter=500), 1.0, SEEDS),
    ]


def ours(name: str, seed: int) -> Result:
    """Return test accuracy, seconds and processor seconds of one run of ours."""
    trainer = Trainer(replace(TrainConfig.for_dataset(name), seed=seed))
    began, worked = time.perf_counter(), time.process_time()
    while not trainer.finished:
        trainer.step()
    passed, work = time.perf_counter() - began, time.process_time() - worked
    return trainer.evaluate("test").accuracy, passed, work


def theirs(make: Callable[[int], Any], dataset: datasets.Dataset, scale: float, seed: int) -> Result:
    """Return the same of one of scikit-learn's."""
    model = make(seed)
    parts = datasets.split(dataset.labels)
    pixels = scale * dataset.images.reshape(len(dataset.images), -1)
    began, worked = time.perf_counter(), time.process_time()
    model.fit(pixels[parts.train], dataset.labels[parts.train])
    passed, work = time.perf_counter() - began, time.process_time() - worked
    return float(np.mean(model.predict(pixels[parts.test]) == dataset.labels[parts.test])), passed, work


def report(title: str, run: Callable[[int], Result], seeds: range) -> None:
    """Print one row."""
    results = np.array([run(seed) for seed in seeds])
    accuracy, (_, seconds, work) = 100 * results[:, 0], results.mean(axis=0)
    print(
        f"{title:42s}{accuracy.mean():12.2f} %{accuracy.min():9.2f}{accuracy.max():9.2f}{seconds:9.1f}{work:7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
