"""The Trainer: the numbers of its steps, resuming to the bit, what ends a run, and what it leaves alone."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnncore import datasets
from cnncore.architecture import Architecture, ConvBlock
from cnncore.handmade import handmade_filters
from cnncore.optim import learning_rate_at
from cnncore.training import TrainConfig, Trainer

SMALL = Architecture((ConvBlock(3, pool="max"), ConvBlock(4, pool="max")))
PLAIN = TrainConfig(architecture=SMALL, epochs=2, batch_size=64, learning_rate=0.01, shift=0, rotate=0.0)
#: Everything at once that has a state or randomness of its own.
RICH = TrainConfig(
    architecture=Architecture((ConvBlock(4, batch_norm=True, pool="max", dropout=0.2), ConvBlock(5, pool="average"))),
    epochs=3,
    batch_size=200,
    learning_rate=0.01,
    weight_decay=1e-3,
    schedule="cosine",
    shift=1,
    rotate=10.0,
    patience=2,
)


def finish(trainer: Trainer) -> list[tuple[float, float]]:
    """Run to the end; return the metrics of every step."""
    found = []
    while True:
        try:
            metrics = trainer.step()
        except StopIteration:
            return found
        found.append((metrics.loss, metrics.accuracy))


def assert_same_state(first: Any, second: Any, where: str = "state") -> None:
    """Compare states to the last bit."""
    assert type(first) is type(second), where
    if isinstance(first, dict):
        assert list(first) == list(second), where
        for name in first:
            assert_same_state(first[name], second[name], f"{where}.{name}")
    elif isinstance(first, np.ndarray):
        np.testing.assert_array_equal(first, second, err_msg=where)
    else:
        assert first == second, where


# The numbers of a step -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
def test_a_step_is_adams_on_the_gradient_of_the_batch(schedule: str) -> None:
    """Written out a second time, with the network's own gradients and the optimizer's formula."""
    config = replace(PLAIN, schedule=schedule, weight_decay=0.01)
    trainer = Trainer(config, dtype=np.float64)
    twin = trainer.network.copy()
    memories = {name: (np.zeros_like(p), np.zeros_like(p)) for name, p in twin.parameters().items()}
    for step in range(1, 31):
        x, labels = trainer.next_batch()
        loss, gradients = twin.loss_and_gradients(x, labels, training=True)
        right = (twin.forward(x).argmax(axis=1) == labels).mean()
        rate = learning_rate_at(schedule, config.learning_rate, step - 1, trainer.total_steps)
        for name, values in twin.parameters().items():
            mean, square = memories[name]
            gradient = gradients[name] + 0.01 * values
            mean[...] = 0.9 * mean + 0.1 * gradient
            square[...] = 0.999 * square + 0.001 * gradient**2
            values -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        metrics = trainer.step()
        assert metrics.loss == pytest.approx(loss, rel=1e-9)
        assert metrics.accuracy == pytest.approx(right)
    for name, values in twin.parameters().items():
        np.testing.assert_allclose(trainer.network.parameters()[name], values, rtol=1e-7, atol=1e-10, err_msg=name)


def test_every_training_picture_is_seen_once_an_epoch_in_another_order() -> None:
    trainer = Trainer(replace(PLAIN, batch_size=100))
    seen: list[list[float]] = []
    for _ in range(2):
        epoch = []
        for _ in range(trainer.steps_per_epoch):
            x, labels = trainer.next_batch()
            assert len(x) == len(labels) <= 100
            epoch += list(x.reshape(len(x), -1).astype(np.float64) @ np.arange(64.0))
            trainer.step()
        seen.append(epoch)
    wanted = trainer.dataset.images[trainer.split.train].reshape(-1, 64).astype(np.float64) @ np.arange(64.0)
    assert seen[0] != seen[1]
    for epoch in seen:
        np.testing.assert_allclose(sorted(epoch), sorted(wanted), rtol=1e-12)


def test_only_training_pictures_decide_what_is_learned() -> None:
    """With every other picture replaced by noise, a run gives the same numbers, to the bit."""
    digits = datasets.load("digits")
    images = digits.images.copy()
    kept = datasets.split(digits.labels).train
    others = np.setdiff1d(np.arange(len(images)), kept)
    images[others] = np.random.default_rng(0).random(images[others].shape, dtype=np.float32)
    changed = datasets.Dataset("noise", images, digits.labels.copy(), digits.classes)
    config = replace(PLAIN, epochs=1)
    first, second = Trainer(config), Trainer(replace(config, dataset="own"), changed)
    assert finish(first) == finish(second)
    assert_same_state(first.network.state(), second.network.state())
    assert first.evaluate("test").loss != second.evaluate("test").loss


def test_the_same_settings_give_the_same_numbers_and_another_seed_others() -> None:
    first, second, other = Trainer(RICH), Trainer(RICH), Trainer(replace(RICH, seed=1))
    assert finish(first) == finish(second) != finish(other)
    assert_same_state(first.state_dict(), second.state_dict())


# Going on from a state -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_resumed_run_is_the_same_run_to_the_bit(optimizer: str) -> None:
    """From several moments: the start, within an epoch, its last batch, its end."""
    config = replace(RICH, optimizer=optimizer)
    whole = Trainer(config)
    moments = {0, 1, whole.steps_per_epoch - 1, whole.steps_per_epoch, whole.steps_per_epoch + 2}
    states = {}
    while True:
        if whole.step_number in moments:
            states[whole.step_number] = whole.state_dict()
        try:
            whole.step()
        except StopIteration:
            break
    assert set(states) == moments
    for state in states.values():
        resumed = Trainer(config)
        resumed.step()  # what it did before does not matter
        resumed.load_state_dict(state)
        finish(resumed)
        assert_same_state(resumed.state_dict(), whole.state_dict())
        assert_same_state(resumed.snapshot().arrays, whole.snapshot().arrays)
        assert (resumed.reason, resumed.finished) == (whole.reason, True)


def test_a_state_is_plain_data_that_survives_a_file(tmp_path) -> None:
    trainer = Trainer(RICH)
    for _ in range(7):
        trainer.step()
    arrays: dict[str, np.ndarray] = {}

    def flatten(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            arrays[str(len(arrays))] = value
            return {"array": str(len(arrays) - 1)}
        if isinstance(value, dict):
            return {name: flatten(part) for name, part in value.items()}
        assert isinstance(value, list | tuple | int | float | str), type(value)
        return value

    text = json.dumps(flatten(trainer.state_dict()))
    np.savez(tmp_path / "state.npz", **arrays)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as stored:

        def restore(value: Any) -> Any:
            if isinstance(value, dict):
                return stored[value["array"]] if set(value) == {"array"} else {n: restore(v) for n, v in value.items()}
            return value

        resumed = Trainer(RICH)
        resumed.load_state_dict(restore(json.loads(text)))
    assert finish(resumed) == finish(trainer)


def test_a_state_is_a_copy() -> None:
    trainer = Trainer(PLAIN)
    state, snapshot = trainer.state_dict(), trainer.snapshot()
    kept = {name: values.copy() for name, values in state["arrays"].items()}
    for _ in range(3):
        trainer.step()
    assert_same_state(state["arrays"], kept)
    assert_same_state(snapshot.arrays, kept)
    assert snapshot.step == 0
    assert snapshot.train == ()
    assert not state["optimizer"]["mean"].any()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda state: state.pop("step"), "not the state"),
        (lambda state: state.update(step=10_000), "10000"),
        (lambda state: state["arrays"].pop("conv1.bias"), "conv1.bias"),
        (lambda state: state.update(optimizer={"steps": 0, "velocity": np.zeros(3)}), "optimizer"),
    ],
)
def test_a_foreign_state_is_refused(spoil, words: str) -> None:
    trainer = Trainer(PLAIN)
    state = trainer.state_dict()
    spoil(state)
    with pytest.raises(ValueError, match=words):
        Trainer(PLAIN).load_state_dict(state)


# What ends a run -----------------------------------------------------------------------------------------------------


def test_a_run_ends_after_its_epochs() -> None:
    trainer = Trainer(PLAIN)
    steps = finish(trainer)
    assert len(steps) == trainer.total_steps == 2 * math.ceil(1078 / 64) == trainer.step_number
    assert trainer.finished
    assert "2 epochs" in trainer.reason
    assert trainer.epoch == 2
    assert [row[0] for row in trainer.history.train] == list(range(1, trainer.total_steps + 1))
    measured = [row[0] for row in trainer.history.validation]
    assert measured[-2:] == [trainer.steps_per_epoch, trainer.total_steps]
    assert len([step for step in measured if step < trainer.steps_per_epoch]) == 3
    with pytest.raises(StopIteration):
        trainer.step()


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_run_that_runs_away_stops_and_says_why(optimizer: str, batch_norm: bool) -> None:
    architecture = Architecture((ConvBlock(3, batch_norm=batch_norm, pool="max"), ConvBlock(4)))
    trainer = Trainer(replace(PLAIN, architecture=architecture, optimizer=optimizer, learning_rate=1e6))
    before = trainer.network.state()
    finish(trainer)
    assert trainer.finished
    assert trainer.step_number < trainer.total_steps
    assert "loss" in trainer.reason
    assert "smaller learning rate" in trainer.reason
    assert trainer.ran_away
    resumed = Trainer(trainer.config)
    resumed.load_state_dict(trainer.state_dict())
    assert (resumed.ran_away, resumed.reason) == (True, trainer.reason)
    for name, values in trainer.network.state().items():
        assert np.isfinite(values).all(), name
    for _, loss, _ in trainer.history.train + trainer.history.validation:
        assert math.isfinite(loss)
    assert math.isfinite(trainer.evaluate().loss)
    assert trainer.step_number <= 2  # one step is enough at this rate: the weights are those of the start, or almost
    assert set(before) == set(trainer.network.state())


def test_a_run_that_runs_away_with_its_last_step_of_an_epoch_is_caught() -> None:
    """Then it is the look at validation that meets the loss first."""
    trainer = Trainer(replace(PLAIN, batch_size=1024, epochs=1, learning_rate=1e6))
    trainer.load_state_dict({**trainer.state_dict(), "step": trainer.total_steps - 1})
    finish(trainer)
    assert trainer.ran_away
    assert "loss" in trainer.reason
    assert all(np.isfinite(values).all() for values in trainer.network.state().values())
    assert math.isfinite(trainer.evaluate().loss)


def test_patience_ends_a_run_that_no_longer_improves() -> None:
    """At a rate too small to matter, validation stands still."""
    trainer = Trainer(replace(PLAIN, optimizer="sgd", momentum=0.0, learning_rate=1e-8, patience=3, epochs=50))
    trainer.network.parameters()["logits.weight"][...] = 0
    finish(trainer)
    losses = [loss for step, loss, _ in trainer.history.validation if step % trainer.steps_per_epoch == 0]
    assert trainer.step_number < trainer.total_steps
    assert "3 epochs" in trainer.reason
    assert min(losses[-3:]) >= min(losses[:-3])


def test_a_run_stops_at_the_accuracy_asked_for() -> None:
    trainer = Trainer(replace(PLAIN, stop_accuracy=0.5, epochs=20))
    finish(trainer)
    *before, (_, _, last) = trainer.history.validation
    assert last >= 0.5
    assert all(accuracy < 0.5 for _, _, accuracy in before)
    assert "50 %" in trainer.reason


def test_a_person_can_stop_it() -> None:
    trainer = Trainer(PLAIN)
    trainer.stop("Stopped by hand.")
    trainer.stop("Too late.")
    with pytest.raises(StopIteration, match="by hand"):
        trainer.step()
    assert trainer.reason == "Stopped by hand."


# The first layer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_frozen_first_layer_stays_and_the_rest_learns(optimizer: str) -> None:
    config = replace(PLAIN, optimizer=optimizer, first_layer="presets", freeze_first=True, weight_decay=0.1, epochs=1)
    trainer = Trainer(config)
    before = trainer.network.state()
    np.testing.assert_allclose(before["conv1.weight"], handmade_filters(3, 1, (3, 3)), rtol=1e-6)
    finish(trainer)
    for name, values in trainer.network.state().items():
        assert np.array_equal(values, before[name]) == name.startswith("conv1."), name


def test_hand_made_and_random_runs_differ_in_the_first_filters_only() -> None:
    random, made = (Trainer(replace(PLAIN, first_layer=kind)).network.state() for kind in ("random", "presets"))
    assert [name for name in random if not np.array_equal(random[name], made[name])] == ["conv1.weight"]
    assert np.array_equal(
        Trainer(PLAIN).next_batch()[0], Trainer(replace(PLAIN, first_layer="presets")).next_batch()[0]
    )


# Looking on ----------------------------------------------------------------------------------------------------------


def test_an_evaluation_is_what_the_network_says() -> None:
    trainer = Trainer(replace(RICH, epochs=1))
    finish(trainer)
    before = trainer.network.state()
    for name in ("train", "validation", "test"):
        found = trainer.evaluate(name)
        indices = getattr(trainer.split, name)
        np.testing.assert_array_equal(found.indices, indices)
        np.testing.assert_array_equal(found.labels, trainer.dataset.labels[indices])
        wanted = trainer.network.predict_proba(trainer.dataset.images[indices])
        np.testing.assert_allclose(found.probabilities, wanted, rtol=1e-4, atol=1e-6)
        right = wanted[np.arange(len(indices)), found.labels]
        assert found.loss == pytest.approx(-np.log(right).mean(), rel=1e-4)
        assert found.accuracy == pytest.approx((wanted.argmax(axis=1) == found.labels).mean(), abs=1e-9)
    assert_same_state(trainer.network.state(), before)
    with pytest.raises(ValueError, match="`split`"):
        trainer.evaluate("all")


def test_pictures_of_ones_own() -> None:
    """Three classes, pictures that are not square, a batch larger than the set."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 30)
    images = 0.2 * rng.random((90, 1, 6, 9), dtype=np.float32)
    for label in range(3):
        images[labels == label, :, 2 * label : 2 * label + 2] += 0.7
    own = datasets.Dataset("own", images, labels, ("top", "middle", "bottom"))
    with pytest.raises(ValueError, match="`dataset`"):
        Trainer(TrainConfig(dataset="own"))
    trainer = Trainer(replace(PLAIN, dataset="own", batch_size=1024, epochs=40, learning_rate=0.03), own)
    finish(trainer)
    assert trainer.evaluate("test").accuracy == 1
    assert trainer.evaluate("test").probabilities.shape == (18, 3)


def test_it_learns_to_read() -> None:
    trainer = Trainer(replace(PLAIN, architecture=Architecture(), epochs=6, batch_size=32))
    finish(trainer)
    assert trainer.evaluate("validation").accuracy > 0.93
