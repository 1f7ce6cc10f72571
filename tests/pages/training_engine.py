"""An engine whose time is turned forward by hand, and trainers whose batches take as long as a test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnncore.architecture import Architecture, ConvBlock
from cnncore.training import StepMetrics, TrainConfig, Trainer
from pages.ui import engine as engines
from pages.ui import run as runs
from pages.ui.engine import Engine

SMALL = Architecture((ConvBlock(2, pool="max"),))


class Clock:
    """Seconds that pass when a test, or the work itself, says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def small(**changes: Any) -> TrainConfig:
    """Settings of a run that is over in a moment."""
    settings: dict[str, Any] = {"architecture": SMALL, "batch_size": 64, "epochs": 2, "shift": 0, "rotate": 0}
    return TrainConfig(**settings | changes)


def end_of(config: TrainConfig) -> dict[str, Any]:
    """Where a Trainer by itself ends, bit for bit."""
    trainer = Trainer(config)
    while True:
        try:
            trainer.step()
        except StopIteration:
            return trainer.network.state()


def states_of(config: TrainConfig) -> list[dict[str, Any]]:
    """The parameters of a run after each step, from the start."""
    trainer = Trainer(config)
    found = [trainer.network.state()]
    while not trainer.finished:
        trainer.step()
        found.append(trainer.network.state())
    return found


def same(these: Any, those: Any) -> bool:
    """Whether arrays are equal bit for bit."""
    return set(these) == set(those) and all(np.array_equal(these[name], those[name]) for name in those)


class Timed:
    """Trainers of the engine by whose seed a test says how many seconds a batch takes; they do not learn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: Clock, seconds: Callable[[int], float]) -> None:
        self.looks = 0.0
        outer = self

        class Slow(Trainer):
            def step(self) -> StepMetrics:
                if self.finished:
                    raise StopIteration(self.reason)
                clock.pass_(seconds(self.config.seed))
                self.step_number += 1
                if self.step_number >= self.total_steps:
                    self.stop("All epochs are done.")
                return StepMetrics(1.0, 0.5)

            def evaluate(self, split: str = "validation") -> Any:
                clock.pass_(outer.look)
                outer.looks += outer.look
                return super().evaluate(split)

        self.look = 0.0
        monkeypatch.setattr(engines, "Trainer", Slow)
        monkeypatch.setattr(runs, "Trainer", Slow)


def work(engine: Engine, clock: Clock, seconds: float) -> None:
    """Let an engine without a thread work for so long; where there is nothing to do, time passes."""
    end = clock.now + seconds
    while clock.now < end:
        before = clock.now
        engine.round()
        if clock.now == before:
            clock.pass_(0.001)
