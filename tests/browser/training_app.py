"""A small app for the browser tests: the film of a run that was made before, played again. `?case=` says which."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from cnncore.architecture import Architecture, ConvBlock
from cnncore.checkpoints import CheckpointStore
from cnncore.training import TrainConfig, Trainer
from pages.ui.navigation import ASSETS
from pages.ui.training_curves import Curve
from pages.ui.training_data import Look, Moment, Pictures, Player, data
from pages.ui.training_film import show
from pages.ui.training_messages import read_command, read_look, read_open, read_seek

PAIR = Architecture((ConvBlock(16, pool="max"), ConvBlock(32, pool="max")))
BIG = Architecture((ConvBlock(64, 7, pool="max", activation="tanh"), ConvBlock(64, 3, pool="max")))
CASES: dict[str, TrainConfig] = {
    "digits": TrainConfig(architecture=PAIR, batch_size=32, epochs=12),
    "eight": TrainConfig(architecture=Architecture((ConvBlock(8, pool="max"), ConvBlock(16, pool="max"))), epochs=2),
    "large": TrainConfig(dataset="mnist", architecture=BIG, epochs=1, batch_size=64),
    "tiny": TrainConfig(architecture=Architecture((ConvBlock(4, 1), ConvBlock(32, 5, pool="max"))), epochs=2),
}
MOST_STEPS = {"large": 5}


@st.cache_resource(max_entries=4)
def record(case: str, seed: int) -> tuple[Trainer, CheckpointStore]:
    """Train a run of `case` to its end, and keep its moments."""
    config = CASES[case]
    trainer = Trainer(TrainConfig(**{**vars(config), "seed": seed}))
    store = CheckpointStore()

    def keep() -> None:
        evaluation = trainer.evaluate()
        gradients = {name: values.copy() for name, values in trainer.gradients.items()}
        extra = {"probabilities": evaluation.probabilities, "gradients": gradients}
        store.add(trainer.step_number, trainer.state_dict(history=False), loss=evaluation.loss, extra=extra)

    keep()
    while not trainer.finished and trainer.step_number < MOST_STEPS.get(case, 10**9):
        trainer.step()
        if store.wants(trainer.step_number, trainer.steps_per_epoch):
            keep()
    keep()
    return trainer, store


st.set_page_config(layout="wide", initial_sidebar_state="auto")
state = st.session_state
case = st.query_params.get("case", "digits")
trainer, store = record(case, 3)
state.setdefault("at", 0.0)
state.setdefault("running", st.query_params.get("still") is None)
state.setdefault("clock", time.monotonic())
state.setdefault("pace", float(st.query_params.get("pace", 40.0)))
state.setdefault("look", Look())
state.setdefault("asked", None)
state.setdefault("log", [])
if "step" in st.query_params and not state.log:
    state.at = float(st.query_params["step"])
if "curves" not in state:
    runs = [trainer, *(record(case, seed)[0] for seed in ((5, 8) if st.query_params.get("beside") else ()))]
    names = ["This run", "Seed 5", "Seed 8"]
    state.curves = [Curve(name, steps_per_epoch=t.steps_per_epoch) for name, t in zip(names, runs, strict=False)]
    for curve, other in zip(state.curves[1:], runs[1:], strict=True):
        curve.follow(other.history.train, other.history.validation)


def take_command(message: Any) -> None:
    command = read_command(message)
    state.log.append(command.name)
    if command.name in ("play", "pause"):
        state.running = command.name == "play"
    elif command.name == "restart":
        state.at, state.asked = 0.0, None
    elif command.name == "pace":
        state.pace = command.pace
    elif command.name == "continue":
        state.at, state.asked = float(command.step), None
    else:
        state.at += 1 if command.name == "batch" else trainer.steps_per_epoch


def take_seek(message: Any) -> None:
    asked, settled = read_seek(message)
    if asked != state.asked:
        state.log.append(f"seek {asked}")
    state.asked, state.settled = asked, settled


def take_open(message: Any) -> None:
    opened = read_open(message, len(trainer.dataset.classes))
    state.log.append(f"open {opened}")
    state.look = Look(**{**vars(state.look), "opened": opened})


def take_look(message: Any) -> None:
    state.look = read_look(message, state.look)
    state.log.append(f"look {sorted(message)}")


@st.fragment(run_every=float(st.query_params.get("every", 0.25)))
def film() -> None:
    now = time.monotonic()
    if state.running:
        state.at = min(state.at + (now - state.clock) * (state.pace or 400), trainer.step_number)
    state.clock = now
    step = int(state.at)
    over = step >= trainer.step_number
    train = [row for row in trainer.history.train if row[0] <= step]
    state.curves[0].follow(train, [row for row in trainer.history.validation if row[0] <= step])
    seen = store.at(step if state.asked is None else state.asked)
    network = trainer.network.copy()
    network.load(seen.state["arrays"])
    chosen = trainer.split.validation
    pictures = Pictures(trainer.dataset.images[chosen], trainer.dataset.labels[chosen], trainer.dataset.classes)
    digit = min(state.look.digit, len(chosen) - 1)
    moment = Moment(
        step if state.asked is None else seen.step,
        network.plan,
        network.state(),
        store.start.state["arrays"],
        network.activations(pictures.images[digit : digit + 1]),
        seen.extra["probabilities"],
        seen.extra["gradients"],
    )
    status = "finished" if over else "training" if state.running else "ready" if step == 0 else "paused"
    reason = trainer.reason if over else ""
    if st.query_params.get("stopped"):
        status, reason = "stopped", "Stopped at step 12: the loss is not a finite number. A smaller learning rate than 1e+06 may help. The weights are those before it ran away."  # fmt: skip  # noqa: E501
    rate = state.pace * trainer.config.batch_size if state.running and not over and state.pace else None
    player = Player(
        run=f"{case}",
        status=status,
        step=step,
        total_steps=trainer.total_steps,
        steps_per_epoch=trainer.steps_per_epoch,
        reason=reason,
        rate=rate,
        left=(trainer.total_steps - step) / state.pace if rate else None,
        checkpoints=[each for each in store.steps() if each <= step],
        best=store.best.step if store.best.step <= step else None,
        pace=state.pace,
        asked=state.asked,
    )
    began = time.perf_counter()
    message = data(player, moment, state.curves, pictures, state.look)
    state.cost = 1e3 * (time.perf_counter() - began)
    show(message, key="film", on_command=take_command, on_seek=take_seek, on_open=take_open, on_look=take_look)
    st.text(f"log {' | '.join(state.log[-6:])}; bytes {len(message)}; pack {state.cost:.2f} ms; sent {len(state.log)}")


with st.sidebar:
    st.write("Settings stand here.")
st.html(ASSETS / "app.css")
with st.container(horizontal=True, gap="medium", key="pages-7"):
    st.page_link("https://example.org", label="Train")
with st.container(gap="small", key="heading"):
    st.title("Train", anchor=False)
    st.caption("The filters start as noise. Watch what the digits make of them, then drag time back.")
film()
