"""The Train page: its commands, what its address says, and what becomes of a run when things go wrong.

What the film draws is tested elsewhere; here buttons stand in its place, which send what it sends.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cnncore.training import TrainConfig, Trainer
from pages.ui import runner, train_session, train_stage, training_film
from pages.ui.engine import Engine
from pages.ui.run_view import RunView
from tests.pages.conftest import ROOT, sentences
from tests.pages.training_engine import end_of, same

PAGE = "pages/7_Train.py"
Open = Callable[..., AppTest]
DEADLINE = 60.0
QUICK = {"blocks": "1", "filters1": "2", "batch_size": "64", "epochs": "2", "shift": "0", "rotate": "0"}
SENT: dict[str, dict[str, Any]] = {
    **{name: {"name": name} for name in ("play", "pause", "batch", "epoch", "restart", "nonsense")},
    "full speed": {"name": "pace", "value": None},
    "slowly": {"name": "pace", "value": 2},
    "continue": {"name": "continue", "step": 5},
}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine for the test alone, and buttons in the place of the film."""

    def show(message: bytes, *, key: str, on_command: Any, **others: Any) -> None:
        def press(sent: Any) -> None:
            from pages.ui.state import complain, touch

            touch()
            try:
                on_command(sent)
            except ValueError as error:
                complain(str(error))

        for name, sent in SENT.items():
            st.button(name, key=f"press-{name}", on_click=press, args=(sent,))

    monkeypatch.setattr(runner, "THREAD", "training-for-a-page-in-a-test")
    monkeypatch.setattr(training_film, "show", show)
    runner.engine.clear()
    made = runner.engine()
    yield made
    made.close()
    runner.engine.clear()


def quick(**changes: Any) -> TrainConfig:
    """What the page makes of `QUICK`."""
    from cnncore.architecture import Architecture, ConvBlock

    settings: dict[str, Any] = {"batch_size": 64, "epochs": 2, "shift": 0, "rotate": 0}
    return TrainConfig(architecture=Architecture((ConvBlock(2, pool="max"),)), **settings | changes)


def press(app: AppTest, name: str) -> None:
    app.button(key=f"press-{name}").click().run()
    assert not app.exception, app.exception


def token(app: AppTest) -> str:
    found = app.query_params.get("run", "")
    return found[0] if isinstance(found, list) else found


def view(engine: Engine, app: AppTest) -> RunView:
    found = engine.view(token(app))
    assert found is not None
    return found


def rest(engine: Engine, app: AppTest) -> RunView:
    """Wait until the run that the page shows rests, and let the page see it."""
    deadline = time.monotonic() + DEADLINE
    while view(engine, app).alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    app.run()
    assert not app.exception, app.exception
    return view(engine, app)


def runs(engine: Engine) -> list[RunView]:
    return [run.view for run in engine._runs.values()]


def test_train_and_it_learns_what_a_trainer_learns(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    assert sentences(app) == ""
    assert token(app) == ""
    assert runs(engine) == []
    press(app, "full speed")
    press(app, "play")
    press(app, "play")  # twice
    assert len(runs(engine)) == 1
    run = rest(engine, app)
    assert (run.status, run.number) == ("finished", 1)
    assert same(run.arrays, end_of(quick()))


def test_single_steps_pause_and_start_again(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "full speed")
    press(app, "batch")
    assert (rest(engine, app).step, view(engine, app).status) == (1, "paused")
    press(app, "epoch")
    assert rest(engine, app).step == 17
    press(app, "slowly")
    press(app, "play")
    press(app, "pause")
    halted = rest(engine, app)
    assert halted.status == "paused"
    assert halted.pace == 2
    press(app, "restart")
    assert (rest(engine, app).step, view(engine, app).status) == (0, "ready")
    press(app, "nonsense")
    assert "no command “nonsense”" in sentences(app)


def test_how_often_there_is_more_to_see() -> None:
    running = RunView("t", 1, status="running")
    assert train_stage.interval(None) is None
    assert train_stage.interval(replace(running, status="paused")) is None
    assert train_stage.interval(replace(running, pace=5.0)) == train_stage.POLL
    assert train_stage.interval(running) == train_stage.FULL_SPEED_POLL
    assert train_stage.POLL < train_stage.FULL_SPEED_POLL <= 0.5  # seconds: several times in one, at any speed


def test_the_run_is_in_the_page_s_own_address_and_in_no_other(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK, tab="save")
    press(app, "batch")
    rest(engine, app)
    name = token(app)
    assert len(name) == 24
    links = [code.value for code in app.code]
    assert any("epochs=2" in link for link in links)
    assert not any(name in link for link in links)

    app.switch_page(str(ROOT / "pages/2_Stride.py")).run()
    assert name not in str(app.query_params)
    assert not any(name in str(link.proto) for link in app.get("page_link"))
    app.switch_page(str(ROOT / PAGE)).run()
    assert token(app) == name
    assert view(engine, app).step == 1

    again = open_page(PAGE, **QUICK, run=name)  # a reload: another session
    assert sentences(again) == ""
    press(again, "batch")
    assert rest(engine, again).step == 2
    assert len(runs(engine)) == 1


@pytest.mark.parametrize("name", ["x" * 24, "..", "a" * 41, "<b>"])
def test_a_run_that_nobody_has(open_page: Open, engine: Engine, name: str) -> None:
    app = open_page(PAGE, **QUICK, run=name)
    assert "run" in sentences(app)
    assert token(app) == ""
    press(app, "batch")
    assert rest(engine, app).step == 1


def test_a_run_that_vanished_meanwhile(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "batch")
    rest(engine, app)
    lost = token(app)
    engine.remove(lost)
    press(app, "pause")
    assert "no longer there" in sentences(app)
    assert token(app) == ""
    press(app, "batch")
    assert rest(engine, app).step == 1
    assert token(app) != lost


def test_going_on_from_an_earlier_moment_is_a_run_of_its_own(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "full speed")
    press(app, "play")
    first, parent = rest(engine, app), token(app)
    press(app, "continue")
    fork = rest(engine, app)
    assert token(app) != parent
    assert (fork.number, fork.origin) == (2, "run 1, step 5")
    assert same(fork.arrays, first.arrays)
    assert len(runs(engine)) == 2

    keys = {button.key for button in app.button}
    assert f"train-run-{parent[:8]}-show" in keys
    app.button(key=f"train-run-{parent[:8]}-show").click().run()
    assert token(app) == parent
    app.button(key=f"train-run-{parent[:8]}-remove").click().run()
    assert not app.exception
    assert engine.view(parent) is None
    assert token(app) == fork.token


def test_a_double_click_begins_one_run(open_page: Open, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "full speed")
    press(app, "play")
    rest(engine, app)
    parent = token(app)
    monkeypatch.setitem(SENT, "continue", {"name": "continue", "step": 5, "run": parent[:8]})
    app.run()
    press(app, "continue")
    press(app, "continue")  # the film of the first run sent both
    assert [run.origin for run in runs(engine)] == ["", "run 1, step 5"]
    monkeypatch.setitem(SENT, "continue", {"name": "continue", "step": 5, "run": token(app)[:8]})
    app.number_input(key="train.seed").set_value(7).run()

    # Streamlit ends a callback where it touches the session, when another press waits.
    whole, calls = train_session.show, []

    def cut_short(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            st.rerun()
        whole(*arguments)

    for name in ("train-new", "press-continue"):
        calls.clear()
        before = len(runs(engine))
        monkeypatch.setattr(train_session, "show", cut_short)
        app.button(key=name).click().run()
        assert not app.exception
        assert len(runs(engine)) == before + 1
        assert token(app) == runs(engine)[-1].token
        rest(engine, app)
        monkeypatch.setitem(SENT, "continue", {"name": "continue", "step": 9, "run": token(app)[:8]})
        app.run()


def test_a_changed_setting_leaves_the_run_alone(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "full speed")
    press(app, "batch")
    rest(engine, app)
    first = token(app)
    app.number_input(key="train.seed").set_value(7).run()
    app.number_input(key="train.batch_size").set_value(32).run()
    assert not app.exception
    press(app, "epoch")
    run = rest(engine, app)
    assert (run.step, run.config["seed"], run.config["batch_size"]) == (17, 0, 64)
    app.button(key="train-new").click().run()
    other = rest(engine, app)
    assert token(app) != first
    assert (other.config["seed"], other.config["batch_size"]) == (7, 32)
    assert same(other.arrays, end_of(quick(seed=7, batch_size=32)))
    assert engine.view(first) is not None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"blocks": "3", "kernel1": "7", "padding1": "valid", "kernel2": "5", "padding2": "valid"}, "last network"),
        ({"epochs": "1000", "batch_size": "1"}, "1,078,000 batches; at most 200,000"),
        ({"epochs": "0"}, "epochs must lie between 1 and 1,000"),
        ({"learning_rate": "nan"}, "learning rate must be a number"),
    ],
)
def test_settings_that_cannot_be_trained(
    open_page: Open, engine: Engine, settings: dict[str, str], sentence: str
) -> None:
    app = open_page(PAGE, **QUICK | settings)
    assert sentence in sentences(app)
    press(app, "batch")
    assert rest(engine, app).step == 1


def test_a_learning_rate_of_a_million(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK, learning_rate="1000000", optimizer="sgd")
    press(app, "full speed")
    press(app, "play")
    run = rest(engine, app)
    assert run.status == "stopped"
    assert "smaller learning rate" in run.reason
    assert sentences(app) == ""
    assert "**Run 1** · stopped, step 0" in [block.value for block in app.markdown]


def test_no_more_than_eight_runs_are_kept(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "full speed")
    press(app, "play")
    rest(engine, app)
    for _ in range(7):
        press(app, "continue")
        rest(engine, app)
    assert len(runs(engine)) == 8
    press(app, "continue")
    assert "Run 1 was forgotten to make room" in sentences(app)
    assert [run.number for run in runs(engine)] == list(range(2, 10))


def test_a_run_of_the_page_that_is_cut_short_takes_no_sentence_with_it(
    open_page: Open, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that ends while the page is drawn has it drawn again at once, before anything was said."""
    changes = iter([train_stage.POLL])
    monkeypatch.setattr(train_stage, "interval", lambda view: next(changes, None))
    app = open_page(PAGE, run="x" * 24)
    assert next(changes, None) is None  # it was cut short
    assert "no longer there" in sentences(app)
    app.run()
    assert sentences(app) == ""


def test_clear_cache_does_not_lose_a_run(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "batch")
    rest(engine, app)
    st.cache_resource.clear()
    press(app, "batch")
    assert sentences(app) == ""
    assert rest(engine, app).step == 2
    assert runner.engine() is engine


def test_most_visitors_never_load_what_trains(open_page: Open) -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=60).run()\n"
        "assert not app.exception\n"
        "loaded = {'pages.ui.engine', 'cnncore.training', 'threadpoolctl', 'sklearn'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, timeout=120)


def test_the_step_that_is_named_is_the_step_that_is_tested(open_page: Open, engine: Engine) -> None:
    app = open_page(PAGE, **QUICK | {"epochs": "100"}, tab="test")
    press(app, "play")
    while view(engine, app).step < 150:  # from here on, one step in six is kept
        time.sleep(0.01)
    app.run()
    app.button(key="train-test").click().run()
    press(app, "pause")
    found = re.search(r"At step (\d+): \*\*([\d.]+) %", " ".join(block.value for block in app.markdown))
    assert found is not None
    trainer = Trainer(quick(epochs=100))
    while trainer.step_number < int(found[1]):
        trainer.step()
    assert found[2] == f"{100 * trainer.evaluate('test').accuracy:.2f}"
