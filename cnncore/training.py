"""Training: from settings and pictures to a network that reads digits, one batch at a time.

All randomness comes from the seed and the number of the epoch or step, so that the same settings give the same numbers,
and a Trainer that goes on from a `state_dict` gives the numbers that it would have given without the stop.

Validation pictures are never trained on; the test split is only looked at by ``evaluate("test")``.

Examples
--------
>>> trainer = Trainer(TrainConfig(epochs=1, shift=0, rotate=0))
>>> metrics = trainer.step()
>>> trainer.step_number, trainer.total_steps
(1, 34)
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnncore import datasets, ops
from cnncore._arrays import QUIET, Array
from cnncore._fused_pass import FusedPass
from cnncore.augmentation import augment
from cnncore.blas import OneThread
from cnncore.handmade import handmade_filters
from cnncore.network import Network, views
from cnncore.optim import SGD, Adam, learning_rate_at
from cnncore.train_config import TrainConfig
from cnncore.training_memory import at_once

__all__ = ["Evaluation", "History", "Snapshot", "StepMetrics", "TrainConfig", "Trainer"]

LARGEST_LOSS = 1e4
"""A cross-entropy beyond this (guessing gives the logarithm of the classes, 2.3 for ten) counts as run away."""
EARLY = (0.125, 0.25, 0.5)
"""Within the first epoch, validation is looked at after these shares of it, too."""
_ORDER, _VARIETY = 1, 2  # what the randomness of an epoch or a step is for


@dataclass(frozen=True)
class StepMetrics:
    """What one batch gave, before the step that it caused: mean cross-entropy, and the share that was right."""

    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How the network does on one split.

    Parameters
    ----------
    loss, accuracy : float
        Mean cross-entropy; share that is right.
    probabilities : ndarray of float, shape (N, classes)
    labels, indices : ndarray of int, shape (N,)
        What is right, and which pictures of the dataset these are.
    """

    loss: float
    accuracy: float
    probabilities: Array
    labels: Array
    indices: Array


@dataclass
class History:
    """What was measured on the way: lists of (step, loss, accuracy), steps counted from 1; step 0 is the start."""

    train: list[tuple[int, float, float]] = field(default_factory=list)
    validation: list[tuple[int, float, float]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A moment of a run, as copies: what goes on in the Trainer does not change it."""

    step: int
    epoch: float
    arrays: dict[str, Array]
    gradients: dict[str, Array]
    train: tuple[tuple[int, float, float], ...]
    validation: tuple[tuple[int, float, float], ...]
    learning_rate: float
    finished: bool
    reason: str


class Trainer:
    """One run: a network, its pictures, its optimizer, and how far they have come.

    Parameters
    ----------
    config : TrainConfig
    dataset : cnncore.datasets.Dataset, optional
        The pictures; must be given where ``config.dataset`` is "own".
    dtype : dtype
        float32, or float64 for comparisons.

    Attributes
    ----------
    network : Network
    step_number, total_steps, steps_per_epoch : int
        Batches learned from; batches of the whole run and of an epoch.
    history : History
    finished : bool
    reason : str
        Why it ended, a sentence; empty while it runs.
    ran_away : bool
        Whether it ended because the loss grew beyond all bounds; the weights are those before that.
    last_look : (int, ndarray) or None
        The step at which validation was last looked at on the way, and the probabilities then, (N, classes).

    Raises
    ------
    ValueError
        If the network does not fit the pictures, or the pictures are missing.

    Notes
    -----
    BLAS is held to one thread within a step: small matrix products are fastest so, and the same on every run.
    """

    def __init__(
        self, config: TrainConfig, dataset: datasets.Dataset | None = None, *, dtype: Any = np.float32
    ) -> None:
        if dataset is None:
            if config.dataset == "own":
                raise ValueError("`dataset` must be given where `config.dataset` is 'own'")
            dataset = datasets.load(config.dataset)
        self.config, self.dataset = config, dataset
        self.split = datasets.split(dataset.labels)
        shape = tuple(int(n) for n in dataset.images.shape[1:])
        self.network = Network(
            config.architecture,
            input_shape=shape,
            classes=len(dataset.classes),
            seed=config.seed,
            init=config.init,
            dtype=dtype,
        )
        first = self.network.parameters()["conv1.weight"]
        if config.first_layer == "presets":
            first[...] = handmade_filters(first.shape[0], first.shape[1], (first.shape[2], first.shape[3]))
        # The first convolution's parameters come first in the flat vector: a frozen one is left out of the steps.
        self._frozen = first.size + first.shape[0] if config.freeze_first else 0
        size = self.network.flat.size - self._frozen
        self._optimizer: SGD | Adam = (
            Adam(size, weight_decay=config.weight_decay, dtype=dtype)
            if config.optimizer == "adam"
            else SGD(size, momentum=config.momentum, weight_decay=config.weight_decay, dtype=dtype)
        )
        self._gradient = np.zeros_like(self.network.flat)
        self.gradients = views(self._gradient, {name: p.shape for name, p in self.network.parameters().items()})
        self._passes: dict[int, FusedPass] = {}
        self.steps_per_epoch = math.ceil(len(self.split.train) / config.batch_size)
        self.total_steps = self.steps_per_epoch * config.epochs
        early = {max(1, round(part * self.steps_per_epoch)) for part in EARLY} if self.steps_per_epoch > 4 else set()
        self._early = early
        self.last_look: tuple[int, Array] | None = None
        self.step_number = 0
        self.history = History()
        self.finished, self.reason, self.ran_away = False, "", False
        self._best_loss, self._stale = math.inf, 0
        self._order_of: tuple[int, Array] = (-1, self.split.train)
        self._start_remembering()

    @property
    def epoch(self) -> float:
        """Times that every training picture has been seen."""
        return self.step_number / self.steps_per_epoch

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return learning_rate_at(self.config.schedule, self.config.learning_rate, self.step_number, self.total_steps)

    @property
    def optimizer(self) -> SGD | Adam:
        """The optimizer, with what it remembers."""
        return self._optimizer

    # One step ---------------------------------------------------------------------------------------------------------

    def step(self) -> StepMetrics:
        """Learn from one batch.

        Returns
        -------
        StepMetrics

        Raises
        ------
        StopIteration
            After the last step, or where the run ended early; `reason` says why.
        """
        if self.finished:
            raise StopIteration(self.reason)
        x, labels = self.next_batch()
        run = self._pass(len(labels))
        with OneThread(), np.errstate(**QUIET):
            loss, correct = run.forward(x, labels, self.dropout_rng())
            if not abs(loss) < LARGEST_LOSS:  # NaN is not smaller, either
                self._run_away(loss)
                raise StopIteration(self.reason)
            self._remember_good()
            run.backward()
            self._optimizer.step(
                self.network.flat[self._frozen :], self._gradient[self._frozen :], learning_rate=self.learning_rate
            )
        self.step_number += 1
        metrics = StepMetrics(loss, correct / len(labels))
        self.history.train.append((self.step_number, metrics.loss, metrics.accuracy))
        if self.step_number % self.steps_per_epoch == 0 or self.step_number in self._early:
            self._validate()
        return metrics

    def next_batch(self) -> tuple[Array, Array]:
        """Return the pictures and labels that the next step will learn from, augmented; the same at every call."""
        epoch, place = divmod(self.step_number, self.steps_per_epoch)
        if self._order_of[0] != epoch:
            rng = np.random.default_rng((self.config.seed, _ORDER, epoch))
            self._order_of = (epoch, rng.permutation(self.split.train))
        size = self.config.batch_size
        chosen = self._order_of[1][place * size : (place + 1) * size]
        x = self.dataset.images[chosen].astype(self.network.dtype, copy=False)
        if self.config.shift or self.config.rotate:
            rng = np.random.default_rng((self.config.seed, _VARIETY, 0, self.step_number))
            x = augment(x, rng, shift=self.config.shift, rotate=self.config.rotate)
        return x, self.dataset.labels[chosen]

    def _pass(self, size: int) -> FusedPass:
        """Return the pass for batches of this size: the last batch of an epoch is smaller than the others."""
        if size not in self._passes:
            self._passes[size] = FusedPass(self.network, size, self.gradients)
        return self._passes[size]

    def dropout_rng(self) -> np.random.Generator | None:
        """Return where the next step's dropout has its randomness from; None where nothing is dropped."""
        if not any(block.dropout for block in self.config.architecture.blocks):
            return None
        return np.random.default_rng((self.config.seed, _VARIETY, 1, self.step_number))

    def _start_remembering(self) -> None:
        self._last_good = self.network.flat.copy()
        self._last_buffers = [values.copy() for values in self.network.buffers().values()]

    def _remember_good(self) -> None:
        """Keep the weights whose loss was fit to be seen: a run that runs away goes back to them."""
        np.copyto(self._last_good, self.network.flat)
        for kept, values in zip(self._last_buffers, self.network.buffers().values(), strict=True):
            np.copyto(kept, values)

    def _run_away(self, loss: float) -> None:
        np.copyto(self.network.flat, self._last_good)
        for kept, values in zip(self._last_buffers, self.network.buffers().values(), strict=True):
            np.copyto(values, kept)
        self.ran_away = True
        said = "is not a finite number" if not math.isfinite(loss) else f"has grown to {loss:.3g}"
        self._end(
            f"Stopped after step {self.step_number}: the loss {said}. A smaller learning rate than "
            f"{self.config.learning_rate:,.8g} may help. The weights are those before it ran away."
        )

    def stop(self, reason: str) -> None:
        """End the run here, for a reason, a sentence; nothing happens where it has ended already."""
        if not self.finished:
            self._end(reason)

    def _end(self, reason: str) -> None:
        self.finished, self.reason = True, reason

    # Looking at validation --------------------------------------------------------------------------------------------

    def _validate(self) -> None:
        result = self.evaluate("validation")
        if not abs(result.loss) < LARGEST_LOSS:
            self._run_away(result.loss)
            return
        self.history.validation.append((self.step_number, result.loss, result.accuracy))
        self.last_look = (self.step_number, result.probabilities)
        if self.step_number % self.steps_per_epoch == 0:
            better = result.loss < self._best_loss
            self._best_loss = min(self._best_loss, result.loss)
            self._stale = 0 if better else self._stale + 1
        config, percent = self.config, 100 * result.accuracy
        if self.step_number >= self.total_steps:
            self._end(f"All {config.epochs} epochs are done.")
        elif config.stop_accuracy is not None and result.accuracy >= config.stop_accuracy:
            self._end(f"Validation reached {percent:.1f} %, at least the {100 * config.stop_accuracy:g} % to stop at.")
        elif config.patience and self._stale >= config.patience:
            self._end(f"The loss on validation has not fallen for {self._stale} epochs.")

    def evaluate(self, split: str = "validation") -> Evaluation:
        """Return how the network does on one split, as at inference.

        Parameters
        ----------
        split : {"train", "validation", "test"}

        Returns
        -------
        Evaluation
        """
        if split not in ("train", "validation", "test"):
            raise ValueError(f"`split` (={split!r}) must be 'train', 'validation' or 'test'")
        indices = getattr(self.split, split)
        labels = self.dataset.labels[indices]
        with OneThread(), np.errstate(**QUIET):
            logits = self._scores(indices)
            loss, _ = ops.softmax_cross_entropy(logits, labels)
        accuracy = float(np.mean(logits.argmax(axis=1) == labels))
        return Evaluation(float(loss), accuracy, ops.softmax(logits), labels, indices)

    def _scores(self, indices: Array) -> Array:
        """Return the class scores of pictures of the dataset, in the memory of a training pass."""
        size = at_once(self.config.batch_size)
        run, scores = self._pass(size), np.empty((len(indices), self.network.classes), self.network.dtype)
        for start in range(0, len(indices), size):
            part = indices[start : start + size]
            scores[start : start + size] = run.scores(self.dataset.images[part])
        return scores

    # Moments ----------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return this moment as copies."""
        return Snapshot(
            self.step_number,
            self.epoch,
            self.network.state(),
            {name: values.copy() for name, values in self.gradients.items()},
            tuple(self.history.train),
            tuple(self.history.validation),
            self.learning_rate,
            self.finished,
            self.reason,
        )

    def state_dict(self, *, history: bool = True) -> dict[str, Any]:
        """Return all that decides how the run goes on: plain numbers, strings and copies of arrays.

        Parameters
        ----------
        history : bool
            Whether what was measured on the way is to be in it.
        """
        state: dict[str, Any] = {
            "step": self.step_number,
            "arrays": self.network.state(),
            "optimizer": self._optimizer.state(),
            "best_loss": self._best_loss,
            "stale": self._stale,
            "finished": self.finished,
            "reason": self.reason,
            "ran_away": self.ran_away,
        }
        if history:
            state["train"], state["validation"] = list(self.history.train), list(self.history.validation)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave, bit for bit, in a Trainer of the same settings.

        Without a history in it, what this Trainer has measured is kept up to that step.

        Raises
        ------
        ValueError
            If `state` is not a Trainer's, or not of such a network.
        """
        try:
            step = int(state["step"])
            arrays, optimizer = state["arrays"], state["optimizer"]
            best, stale, finished, reason = state["best_loss"], state["stale"], state["finished"], state["reason"]
        except (KeyError, TypeError, ValueError):
            raise ValueError("`state` is not the state of a training run") from None
        if not 0 <= step <= self.total_steps:
            raise ValueError(f"`state` is of step {step}, but this run has {self.total_steps} steps")
        self.network.load(arrays)
        self._optimizer.load_state(optimizer)
        self.step_number = step
        self._best_loss, self._stale = float(best), int(stale)
        self.finished, self.reason = bool(finished), str(reason)
        self.ran_away = bool(state.get("ran_away", False))
        self._start_remembering()
        known = copy.copy(self.history)
        self.history = History(
            list(state.get("train", [row for row in known.train if row[0] <= step])),
            list(state.get("validation", [row for row in known.validation if row[0] <= step])),
        )
