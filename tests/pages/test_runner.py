"""The engine that trains beside the pages: commands, turns, pace, views, forks, and who may stay."""

from __future__ import annotations

import contextlib
import doctest
import gc
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnncore.architecture import Architecture, ConvBlock
from cnncore.datasets import Dataset, load
from cnncore.network import Network
from cnncore.training import Evaluation, StepMetrics, TrainConfig, Trainer
from pages.ui import attendance, run, run_limits
from pages.ui import engine as engines
from pages.ui.engine import Engine, serving
from pages.ui.run_view import RunView
from tests.pages.training_engine import SMALL, Clock, Timed, end_of, same, small, states_of, work

DEADLINE = 60.0  # seconds in which a living thread gets something done, however busy the machine is


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Engine:
    """An engine without a thread: the test gives the turns."""
    return Engine(clock=clock, effort=clock, threaded=False)


@pytest.fixture
def live() -> Iterator[Engine]:
    """An engine with its thread."""
    made = Engine("training-in-a-test")
    yield made
    made.close()


def until(done: Callable[[], Any]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE
    while not done():
        assert time.monotonic() < deadline, "the thread does not get on"
        time.sleep(0.005)


def settle(engine: Engine, token: str, rounds: int = 10_000) -> RunView:
    """Give turns until a run rests."""
    for _ in range(rounds):
        view = engine.view(token)
        assert view is not None
        if not view.alive:
            return view
        engine.round()
    raise AssertionError("it does not come to rest")


def seen(engine: Engine, token: str) -> RunView:
    view = engine.view(token)
    assert view is not None
    return view


@pytest.mark.parametrize("module", [attendance, run, run_limits], ids=lambda module: module.__name__)
def test_examples(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


# Numbers --------------------------------------------------------------------------------------------------------------


def test_neither_pace_nor_pauses_nor_single_steps_change_the_numbers(engine: Engine, clock: Clock) -> None:
    config = small(shift=1, rotate=5.0, architecture=Architecture((ConvBlock(2, dropout=0.2, batch_norm=True),)))
    expected = end_of(config)

    free = engine.start("ada", config)
    paced = engine.start("ada", config, pace=50.0)
    stepped = engine.start("ada", config, play=False)
    halted = engine.start("ada", config)
    epochs = engine.start("ada", config, play=False)
    for _ in range(4000):
        engine.round()
        clock.pass_(0.004)
        view = seen(engine, stepped)
        if not view.alive and view.status != "finished":
            engine.command(stepped, "batch")
        if seen(engine, epochs).status in ("ready", "paused") and not seen(engine, epochs).pending:
            engine.command(epochs, "epoch")
        engine.command(halted, "pause" if seen(engine, halted).alive else "play")
        if all(view.status == "finished" for view in engine.runs_of("ada")):
            break
    for token in (free, paced, stepped, halted, epochs):
        view = seen(engine, token)
        assert (view.status, view.step) == ("finished", view.total_steps)
        assert same(view.arrays, expected)
        assert view.train == seen(engine, free).train


def test_a_view_is_one_moment_and_stays_as_it_was(live: Engine) -> None:
    """Views caught while the thread works hold the very parameters of their step, also long after."""
    config = small(epochs=6)
    states = states_of(config)
    token = live.start("ada", config, pace=400.0)
    caught: dict[int, RunView] = {}

    def finished() -> bool:
        view = seen(live, token)
        caught[view.step] = view
        return view.status == "finished"

    until(finished)
    assert len(caught) > 1
    for step, view in caught.items():
        assert same(view.arrays, states[step])
        assert len(view.train) == step
        assert same(view.start, states[0])
        if view.evaluated >= 0:
            network = Network(SMALL)
            network.load(states[view.evaluated])
            labels = load("digits").labels
            pictures = load("digits").images[Trainer(config).split.validation]
            assert len(labels) > len(pictures)
            np.testing.assert_allclose(view.probabilities, network.predict_proba(pictures), atol=1e-5)


def test_going_back_and_going_on_from_there(engine: Engine) -> None:
    config = small(epochs=3)
    states = states_of(config)
    token = engine.start("ada", config)
    view = settle(engine, token)
    for step in view.checkpoints:
        checkpoint = engine.checkpoint(token, step)
        assert checkpoint is not None
        assert same(checkpoint.state["arrays"], states[step])
    assert view.checkpoints[0] == 0
    assert view.checkpoints[-1] == view.total_steps
    best = engine.best(token)
    assert best is not None
    assert best.loss == min(row[1] for row in view.validation)

    middle = view.checkpoints[len(view.checkpoints) // 2]
    fork = settle(engine, engine.fork("ada", token, middle))
    assert fork.origin == f"run 1, step {middle}"
    assert fork.train == view.train
    assert fork.validation == view.validation
    assert same(fork.arrays, states[-1])
    other = settle(engine, engine.fork("ada", token, middle, config=replace(config, learning_rate=0.1)))
    assert not same(other.arrays, states[-1])
    assert other.train[:middle] == view.train[:middle]
    with pytest.raises(ValueError, match="network and the digits that it began with"):
        engine.fork("ada", token, middle, config=replace(config, architecture=Architecture((ConvBlock(3),))))
    with pytest.raises(ValueError, match="cannot go on from there"):
        engine.fork("ada", token, middle, config=replace(config, optimizer="sgd"))
    with pytest.raises(ValueError, match="no longer there"):
        engine.fork("ada", "nobody", 0)
    with pytest.raises(ValueError, match=f"With epochs set to 1, a run ends at step 17, before step {view.step}"):
        engine.fork("ada", token, view.step, config=replace(config, epochs=1))


def test_start_again_is_back_at_the_run_s_own_start(engine: Engine) -> None:
    config = small()
    states = states_of(config)
    parent = engine.start("ada", config)
    last = settle(engine, parent)
    fork = engine.fork("ada", parent, 5)
    loaded = engine.start("ada", config, play=False, weights=states[9])
    for token, at, start, origin in ((fork, 5, states[5], "run 1, step 5"), (loaded, 0, states[9], "a model file")):
        for command in ("play", "again"):
            engine.command(token, command)
            settle(engine, token)
        view = seen(engine, token)
        assert (view.step, view.origin, view.checkpoints) == (at, origin, (at,))
        assert same(view.arrays, start)
        assert view.train == last.train[:at]
    engine.command(fork, "play")
    assert same(settle(engine, fork).arrays, last.arrays)


def test_a_fork_of_a_running_run_has_its_history_to_the_last_step(engine: Engine, clock: Clock) -> None:
    token = engine.start("ada", small(epochs=4))
    for _ in range(4):
        engine.round()
    step = max(engine._runs[token].store.steps())
    assert step > seen(engine, token).step or step == 0 or len(seen(engine, token).train) >= step
    fork = engine.fork("ada", token, step)
    assert len(seen(engine, fork).train) == step


def test_a_run_that_runs_away_stops_and_keeps_what_was_good(engine: Engine) -> None:
    token = engine.start("ada", small(learning_rate=1e6, optimizer="sgd", momentum=0.0))
    view = settle(engine, token)
    assert view.status == "stopped"
    assert "learning rate" in view.reason
    assert view.step < view.total_steps
    last = engine.checkpoint(token, view.total_steps)
    assert last is not None
    assert same(last.state["arrays"], view.arrays)
    assert all(np.abs(values).max() < 100 for values in view.arrays.values())
    # It stands at the step that these weights are of, here as in the time machine.
    assert same(view.arrays, states_of(small())[0])
    assert (view.step, view.checkpoints, view.evaluated) == (0, (0,), 0)
    assert view.train[-1][0] == 1


def test_a_run_that_runs_away_later_stands_at_the_last_good_step(engine: Engine) -> None:
    config = small(learning_rate=5000.0, optimizer="sgd", momentum=0.9, seed=2)
    trainer, states = Trainer(config), []
    with contextlib.suppress(StopIteration):
        while not trainer.finished:
            states.append(trainer.network.state())
            trainer.step()
    assert "Stopped after step" in trainer.reason
    view = settle(engine, engine.start("ada", config))
    assert view.reason == trainer.reason
    assert same(view.arrays, trainer.network.state())
    assert same(view.arrays, states[view.step])
    assert view.checkpoints[-1] == view.step


# Commands -------------------------------------------------------------------------------------------------------------


def test_commands(engine: Engine) -> None:
    config = small()
    token = engine.start("ada", config, play=False)
    view = seen(engine, token)
    assert (view.status, view.step, view.alive, view.number) == ("ready", 0, False, 1)
    assert view.config == config.to_dict()
    per_epoch = view.steps_per_epoch

    def do(name: str) -> tuple[str, int]:
        engine.command(token, name)
        assert seen(engine, token).pending
        assert seen(engine, token).alive
        view = settle(engine, token)
        return view.status, view.step

    assert do("batch") == ("paused", 1)
    assert do("batch") == ("paused", 2)
    assert do("epoch") == ("paused", per_epoch)
    assert do("epoch") == ("finished", 2 * per_epoch)
    assert do("play") == ("finished", 2 * per_epoch)
    assert do("pause") == ("finished", 2 * per_epoch)
    assert do("again") == ("ready", 0)
    assert seen(engine, token).train == ()
    assert do("pause") == ("ready", 0)
    assert do("batch") == ("paused", 1)
    assert do("stop") == ("stopped", 1)
    assert seen(engine, token).reason == "Stopped by you."
    assert do("batch") == ("stopped", 1)
    assert do("again") == ("ready", 0)
    assert do("play") == ("finished", 2 * per_epoch)
    assert same(seen(engine, token).arrays, end_of(config))
    with pytest.raises(ValueError, match="no command “dance”"):
        engine.command(token, "dance")


def test_where_it_rests_one_can_go_back_to(engine: Engine) -> None:
    token = engine.start("ada", small(epochs=20), play=False)
    for step in range(1, 40):
        engine.command(token, "batch")
        assert settle(engine, token).checkpoints == tuple(range(step + 1))
    engine.command(token, "play")
    for _ in range(3):
        engine.round()
    engine.command(token, "pause")
    assert (view := settle(engine, token)).checkpoints[-1] == view.step > 40


def test_pressing_twice_is_pressing_once(engine: Engine) -> None:
    config = small()
    token = engine.start("ada", config)
    engine.command(token, "play")
    engine.command(token, "play")
    assert same(settle(engine, token).arrays, end_of(config))
    assert len(engine.runs_of("ada")) == 1


def test_a_run_that_is_gone(engine: Engine) -> None:
    token = engine.start("ada", small())
    engine.remove(token)
    engine.remove(token)
    assert engine.view(token) is None
    assert engine.checkpoint(token, 0) is None
    assert engine.best(token) is None
    assert engine.dataset(token) is None
    assert not engine.adopt("bob", token)
    assert engine.runs_of("ada") == []
    for call in (lambda: engine.command(token, "play"), lambda: engine.set_pace(token, 3.0)):
        with pytest.raises(ValueError, match="no longer there"):
            call()
    assert engine.round()


@pytest.mark.parametrize("pace", [0.0, -1.0, math.nan, math.inf, True, "3"])
def test_a_pace_that_nobody_can_keep(engine: Engine, pace: Any) -> None:
    token = engine.start("ada", small(), play=False)
    with pytest.raises(ValueError, match="pace"):
        engine.set_pace(token, pace)
    with pytest.raises(ValueError, match="pace"):
        engine.start("ada", small(), pace=pace)


# Turns ----------------------------------------------------------------------------------------------------------------


def test_everybody_gets_the_same_share_of_time(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.001, 0.003, 0.015, 0.3, 1.0]
    Timed(monkeypatch, clock, seconds.__getitem__)
    tokens = [engine.start("ada", small(seed=seed, epochs=1000, batch_size=8)) for seed in range(len(seconds))]
    work(engine, clock, 100.0)
    had = [seen(engine, token).step * cost for token, cost in zip(tokens, seconds, strict=True)]
    assert all(20 - 1.2 < each < 20 + 1.2 for each in had), had
    assert {seen(engine, token).others for token in tokens} == {4}
    assert all(seen(engine, token).held_up for token in tokens[:4])


def test_a_newcomer_neither_starves_the_others_nor_is_starved(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    Timed(monkeypatch, clock, lambda seed: 0.004)
    config = small(epochs=1000, batch_size=8)
    old = engine.start("ada", config)
    idle = engine.start("ada", config, play=False)
    work(engine, clock, 20.0)
    new = engine.start("bob", config)
    engine.command(idle, "play")
    before = {token: seen(engine, token).step for token in (old, idle, new)}
    work(engine, clock, 3.0)
    gained = [seen(engine, token).step - before[token] for token in (old, idle, new)]
    assert min(gained) > 0.8 * max(gained), gained


def test_the_pace_is_kept_beside_runs_without_one(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nineteen at 34 batches a second, as the film has it, and one at full speed whose batches are long."""
    Timed(monkeypatch, clock, lambda seed: 0.001 if seed else 0.02)
    config = small(epochs=1000, batch_size=8)
    greedy = engine.start("cem", replace(config, seed=0))
    paced = [engine.start(f"user {n}", replace(config, seed=1), pace=34.0) for n in range(19)]
    work(engine, clock, 5.0)
    steps = [seen(engine, token).step for token in paced]
    assert min(steps) > 0.9 * 5 * 34
    assert max(steps) <= 5 * 34 + 2
    assert seen(engine, greedy).step * 0.02 > 1.2
    view = seen(engine, paced[0])
    assert not view.held_up  # nineteen others, but it has the pace that was wished for
    assert view.rate == pytest.approx(34 * 8, rel=0.2)
    assert view.work_rate == pytest.approx(1000 * 8, rel=0.01)
    assert view.seconds_left == pytest.approx((view.total_steps - view.step) / 34, rel=0.2)
    engine.set_pace(paced[0], None)
    assert not seen(engine, paced[0]).pending
    before = seen(engine, paced[0]).step
    work(engine, clock, 3.0)
    assert seen(engine, paced[0]).step - before > 3 * 60


def test_speed_and_time_left_of_a_run_alone(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    Timed(monkeypatch, clock, lambda seed: 0.002)
    token = engine.start("ada", small(epochs=1000, batch_size=8))
    work(engine, clock, 1.0)
    view = seen(engine, token)
    assert view.rate == pytest.approx(500 * 8, rel=0.05)
    assert view.work_rate == pytest.approx(500 * 8)
    assert view.seconds_left == pytest.approx((view.total_steps - view.step) / 500, rel=0.05)
    assert view.worked == pytest.approx(1.0, rel=0.1)
    assert view.others == 0
    assert not view.held_up
    engine.command(token, "pause")
    engine.round()
    assert seen(engine, token).seconds_left is None


def test_long_batches_have_a_speed_too(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    Timed(monkeypatch, clock, lambda seed: 5.0)
    token = engine.start("ada", small(batch_size=8))
    work(engine, clock, 30.0)
    assert seen(engine, token).rate == pytest.approx(8 / 5)


def test_looks_for_the_screen_take_little_of_the_time_however_many_look(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = Timed(monkeypatch, clock, lambda seed: 0.001)
    tokens = [engine.start(f"user {n}", small(epochs=1000, batch_size=8)) for n in range(20)]
    work(engine, clock, 1.0)
    timed.look, timed.looks, began = 0.01, 0.0, clock.now
    while clock.now < began + 8:
        for token in tokens:
            engine.view(token)
        work(engine, clock, 0.2)
    assert 0.01 * 8 < timed.looks < 0.08 * 8
    timed.looks = 0.0
    clock.pass_(10.0)
    work(engine, clock, 5.0)
    assert timed.looks == 0.0  # nobody looks


def test_where_the_curve_looks_often_there_are_no_looks_for_the_screen(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    class Counted(Trainer):
        def step(self) -> StepMetrics:
            clock.pass_(0.001)
            return super().step()

        def evaluate(self, split: str = "validation") -> Evaluation:
            looks.append(self.step_number)
            clock.pass_(0.004)
            return super().evaluate(split)

    monkeypatch.setattr(engines, "Trainer", Counted)
    token = engine.start("ada", small(epochs=1000))  # an epoch takes 0.02 s, and ends with a look for the curve
    for _ in range(10):
        work(engine, clock, 0.2)
        view = seen(engine, token)
        assert 0 <= view.step - view.evaluated < 2 * view.steps_per_epoch
    assert len(set(looks) - {step for step, *_ in view.validation}) <= 2


def test_minutes_are_of_work(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    Timed(monkeypatch, clock, lambda seed: 1 / 64)
    token = engine.start("ada", small(epochs=1000, batch_size=8), minutes=0.05, pace=10.0)
    work(engine, clock, 15.0)
    assert seen(engine, token).alive
    work(engine, clock, 6.0)
    view = seen(engine, token)
    assert (view.status, view.reason, view.step) == ("finished", "The 0.05 minutes are over.", 192)


def test_twenty_at_once_all_get_on(live: Engine) -> None:
    tokens = [live.start(f"user {n}", small(seed=n, epochs=4)) for n in range(20)]
    until(lambda: all(seen(live, token).step > 5 for token in tokens))
    engine_thread = next(thread for thread in threading.enumerate() if thread.name == "training-in-a-test")
    until(lambda: all(seen(live, token).status == "finished" for token in tokens))
    assert same(seen(live, tokens[7]).arrays, end_of(small(seed=7, epochs=4)))
    assert engine_thread.is_alive()


# What goes wrong ------------------------------------------------------------------------------------------------------


def test_an_error_ends_its_run_alone(
    live: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Trainer):
        def step(self) -> Any:
            if self.config.seed == 13 and self.step_number == 5:
                raise MemoryError
            return super().step()

    monkeypatch.setattr(engines, "Trainer", Broken)
    good, bad = live.start("ada", small()), live.start("ada", small(seed=13))
    until(lambda: not seen(live, bad).alive and not seen(live, good).alive)
    assert seen(live, good).status == "finished"
    view = seen(live, bad)
    assert (view.status, view.reason) == ("failed", "This run was ended by an error on the server.")
    assert "MemoryError" in caplog.text
    assert live.checkpoint(bad, 5) is not None
    monkeypatch.undo()
    live.command(bad, "again")  # what it is begun again with has no fault
    live.command(bad, "play")
    until(lambda: seen(live, bad).status == "finished")


def test_settings_of_a_reloaded_source_are_taken_as_they_read(engine: Engine) -> None:
    """A page whose source was reloaded has other classes of the same names than the thread."""

    class TrainConfig:  # not the one that the engine knows
        def to_dict(self) -> dict[str, Any]:
            return small(seed=5).to_dict()

    token = engine.start("ada", TrainConfig())  # type: ignore[arg-type]
    assert same(settle(engine, token).arrays, end_of(small(seed=5)))
    fork = engine.fork("ada", token, 3, config=TrainConfig())  # type: ignore[arg-type]
    assert same(settle(engine, fork).arrays, end_of(small(seed=5)))


def test_the_thread_holds_its_engine_where_nothing_else_does(live: Engine) -> None:
    assert serving("training-in-a-test") is None
    token = live.start("ada", small())
    assert serving("training-in-a-test") is live
    assert seen(live, token).number == 1
    live.close()
    assert serving("training-in-a-test") is None
    until(lambda: all(thread.name != "training-in-a-test" for thread in threading.enumerate()))


# Who is there, and what is freed --------------------------------------------------------------------------------------


def test_who_comes_back_within_the_grace_period_finds_all_runs(engine: Engine, clock: Clock) -> None:
    tokens = [engine.start("tab", small(seed=seed)) for seed in range(3)]
    strange = engine.start("somebody else", small())
    engine.leave("tab")
    clock.pass_(engines.GRACE - 1)
    engine.clean()
    assert engine.adopt("the tab, reloaded", tokens[1])
    clock.pass_(30)
    engine.clean()
    assert [view.token for view in engine.runs_of("the tab, reloaded")] == tokens
    assert engine.runs_of("tab") == []
    assert [view.token for view in engine.runs_of("somebody else")] == [strange]
    more = engine.start("the tab, reloaded", small())
    assert seen(engine, more).number == 4  # no two of a shelf have the same name

    engine.renew("the tab, reloaded")
    clock.pass_(1000)
    engine.clean()
    assert len(engine.runs_of("the tab, reloaded")) == 4


def test_two_tabs_share_a_run_and_either_may_close(engine: Engine, clock: Clock) -> None:
    token = engine.start("one", small(epochs=50), play=False)
    assert engine.adopt("two", token)
    engine.leave("one")
    clock.pass_(100)
    engine.clean()
    engine.command(token, "batch")
    assert settle(engine, token).step == 1
    assert not engine.adopt("three", "guessed")
    engine.leave("two")
    clock.pass_(100)
    engine.clean()
    assert engine.view(token) is None


def test_who_is_heard_of_again_or_was_never_away_keeps_its_runs(engine: Engine, clock: Clock) -> None:
    there = {"network drop": True, "closed": False}
    tokens = {}
    for owner in there:
        engine.renew(owner, lambda owner=owner: there[owner])
        tokens[owner] = engine.start(owner, small())
        engine.leave(owner)
    again = engine.start("again", small())
    engine.leave("again")
    clock.pass_(30)
    engine.renew("again")
    clock.pass_(30)
    engine.clean()
    assert engine.view(tokens["network drop"]) is not None
    assert engine.view(tokens["closed"]) is None
    assert engine.view(again) is not None
    there["network drop"] = False
    engine.leave("network drop")
    clock.pass_(60)
    engine.clean()
    assert engine.view(tokens["network drop"]) is None


def own_digits() -> Dataset:
    digits = load("digits")
    return Dataset("own", digits.images.copy(), digits.labels.copy(), digits.classes)


def test_what_nobody_wants_any_more_is_freed(clock: Clock) -> None:
    """Also while the thread lives on, and without a collection of circles."""
    engine = Engine("training-to-be-freed", clock=clock)
    gc.collect()
    gc.disable()
    try:
        config = small(dataset="own", epochs=1000)
        left, removed, ended = (engine.start(owner, config, own_digits()) for owner in ("left", "removed", "ended"))
        kept = [engine._runs[token] for token in (left, removed, ended)]
        gone = [weakref.ref(each.trainer) for each in kept] + [weakref.ref(each.dataset) for each in kept[:2]]
        gone += [weakref.ref(each) for each in kept[:2]]
        del kept
        until(lambda: seen(engine, left).pending is False)
        engine.remove(removed)
        engine.command(ended, "stop")
        engine.leave("left")
        clock.pass_(60)
        engine.renew("ended")
        until(lambda: engine.view(left) is None)
        until(lambda: all(each() is None for each in gone))
        assert engine.runs_of("ended")[0].status == "stopped"
    finally:
        gc.enable()
        engine.close()


# Room -----------------------------------------------------------------------------------------------------------------


def test_the_oldest_ended_run_makes_room_and_one_is_told(engine: Engine) -> None:
    tokens = [engine.start("ada", small(epochs=1), play=False) for _ in range(engines.MOST_OWN)]
    with pytest.raises(ValueError, match="8 of your runs are training or paused already"):
        engine.start("ada", small())
    engine.start("bob", small())
    for token in tokens[2:4]:
        engine.command(token, "stop")
        settle(engine, token)
    engine.command(tokens[2], "again")
    newest = engine.start("ada", small())  # the third is about to begin again: the fourth goes
    assert [view.token for view in engine.runs_of("ada")] == [*tokens[:3], *tokens[4:], newest]
    assert engine.sentences("ada") == ["Run 4 was forgotten to make room: 8 runs are kept."]
    assert engine.sentences("ada") == []


def test_the_server_holds_only_so_many(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "MOST_RUNS", 3)
    for owner in ("a", "b", "c"):
        token = engine.start(owner, small())
    with pytest.raises(ValueError, match="try again in a few minutes"):
        engine.start("d", small())
    settle(engine, token)
    engine.start("c", small())
    assert len(engine.runs_of("c")) == 1


def test_networks_in_training_share_a_budget_of_memory(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    size = run_limits.needed(small(), load("digits"))
    monkeypatch.setattr(engines, "WORK_BUDGET", 2 * size)
    first, _ = engine.start("a", small()), engine.start("b", small())
    with pytest.raises(ValueError, match="2 networks are being trained on this server"):
        engine.start("c", small())
    settle(engine, first)
    with pytest.raises(ValueError, match="no memory left"):
        engine.start("c", small(batch_size=1024))
    engine.start("c", small())


def test_checkpoints_share_a_budget_of_memory(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "CHECKPOINT_BUDGET", 600_000)
    tokens = [engine.start("a", small(seed=seed, epochs=20)) for seed in range(3)]
    for token in tokens:
        settle(engine, token)
    engine.clean()
    kept = [engine._runs[token].store for token in tokens]
    assert sum(store.size for store in kept) <= 600_000
    for token, store in zip(tokens, kept, strict=True):
        assert store.start.step == 0
        assert store.steps()[-1] == seen(engine, token).step
        assert store.best.loss == min(row[1] for row in seen(engine, token).validation)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (small(epochs=1000, batch_size=1), "1,078,000 batches; at most 200,000"),
        (
            TrainConfig(dataset="mnist", architecture=Architecture((ConvBlock(64),) * 4), batch_size=1024),
            "million multiplications",
        ),
        (
            TrainConfig(dataset="mnist", architecture=Architecture((ConvBlock(64),), dense=(256, 256)), batch_size=1),
            "MB to be trained and looked at",
        ),
    ],
)
def test_what_would_take_everything_is_refused(engine: Engine, config: TrainConfig, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        engine.start("ada", replace(config, epochs=min(config.epochs, 1000)))
    assert engine.runs_of("ada") == []


def test_pictures_of_one_s_own_must_come_along(engine: Engine) -> None:
    with pytest.raises(ValueError, match="dataset"):
        engine.start("ada", small(dataset="own"))
    token = engine.start("ada", small(dataset="own"), own_digits())
    assert same(settle(engine, token).arrays, end_of(small()))
