"""The film on the Train page: what it shows, how often it asks for more, and what a person's commands do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from cnncore.datasets import Dataset, split
from cnncore.training import TrainConfig
from pages.ui import runner, train_session, training_film
from pages.ui.run_view import RunView
from pages.ui.state import PageState, complain
from pages.ui.training_data import Player, data
from pages.ui.training_messages import read_command, read_look, read_open, read_seek

POLL = 0.22  # seconds between two frames of a run that keeps a pace
FULL_SPEED_POLL = 0.4
"""Seconds between two frames at full speed: each is taken from the training, and what moves is a blur anyhow."""
NAMED = 8  # characters of a token by which the film knows its run


def draw(
    state: PageState, config: TrainConfig, dataset: Dataset, minutes: float, complaints: list[str], *, follow: bool
) -> None:
    """Draw the film, and keep it moving while its run goes on.

    What goes wrong is added to `complaints`, which the page shows: there is one place for sentences. With `follow`,
    the rest of the page speaks of the moment that is shown, and is drawn anew when the person has settled on another.
    """
    engine, _ = runner.arrive()
    token = state["run"]
    every = interval(engine.view(token))
    drawn = train_session.asked_step()
    whole = True  # the first time as a part of the page, later by itself

    def frame() -> None:
        nonlocal whole
        heard = [] if whole else state.heard()
        view = engine.view(state["run"])
        wrong = _frame(state, view, config, dataset, minutes)
        heard += [wrong] if wrong and wrong not in complaints else []
        if whole:
            complaints.extend(heard)
        for sentence in [] if whole else heard:
            complain(sentence)
        moved = follow and train_session.settled() and train_session.asked_step() != drawn
        again = (heard and not whole) or moved
        whole = False
        if again or interval(view) != every or state["run"] != token:
            st.rerun()  # once, at the change: timer, address and tabs are made when the whole page runs

    st.fragment(frame, run_every=every)()


def interval(view: RunView | None) -> float | None:
    """Return in how many seconds there is more to see; None where nothing comes by itself.

    More comes where the run trains, or has a command that it has not taken up yet.
    """
    if view is None or not view.alive:
        return None
    return POLL if view.pace else FULL_SPEED_POLL


def _frame(state: PageState, view: RunView | None, config: TrainConfig, dataset: Dataset, minutes: float) -> str:
    """Draw a frame; return what went wrong, a sentence, or nothing."""
    look = train_session.look()
    try:
        scene = train_session.draft(config, dataset) if view is None else train_session.scene(view)
    except ValueError as error:
        return str(error)
    player = _draft_player(config, dataset) if view is None else player_of(view)
    message = data(player, scene.moment, train_session.curves(view), scene.pictures, look)

    def opened(sent: Any) -> None:
        cell = read_open(sent, len(scene.pictures.classes))
        train_session.look_at(replace(train_session.look(), opened=cell))

    training_film.show(
        message,
        key="train-film",
        on_command=lambda sent: _obey(state, config, dataset, minutes, sent),
        on_seek=_seek,
        on_open=opened,
        on_look=lambda sent: train_session.look_at(read_look(sent, train_session.look())),
    )
    if view is not None and view.held_up:
        st.caption(
            f"This server trains {view.others + 1} networks at the moment, in turns: yours gets on more slowly than it "
            "could, to the same numbers."
        )
    return ""


def _seek(sent: Any) -> None:
    step, settled = read_seek(sent)
    if not settled:
        train_session.go_to(step, settled=False)
    elif step == train_session.asked_step():  # else a command has led on meanwhile
        train_session.go_to(step)


def player_of(view: RunView) -> Player:
    """Return where a run stands, as the film's player shows it."""
    return Player(
        run=view.token[:NAMED],
        status="stopped" if view.status == "failed" else train_session.status_of(view),
        step=view.step,
        total_steps=view.total_steps,
        steps_per_epoch=view.steps_per_epoch,
        reason=view.reason,
        rate=view.rate or None,
        left=view.seconds_left,
        checkpoints=view.checkpoints,
        best=view.best,
        pace=view.pace,
        asked=train_session.asked_step(),
    )


def _draft_player(config: TrainConfig, dataset: Dataset) -> Player:
    steps = -(-len(split(dataset.labels).train) // config.batch_size)
    return Player(
        run=train_session.DRAFT,
        status="ready",
        step=0,
        total_steps=steps * config.epochs,
        steps_per_epoch=steps,
        checkpoints=(0,),
        best=0,
        pace=train_session.chosen_pace(config, dataset),
    )


def _obey(state: PageState, config: TrainConfig, dataset: Dataset, minutes: float, sent: Any) -> None:
    """Do what a person asked of the player. For callbacks; ValueError with a sentence."""
    command = read_command(sent)
    engine, _ = runner.arrive()
    token = state["run"]
    if command.name == "pace":
        train_session.set_pace(command.pace)
        if token and engine.view(token) is not None:
            engine.set_pace(token, command.pace)
        return
    if not token or engine.view(token) is None:
        if command.name in ("play", "batch", "epoch"):
            token = train_session.start(state, config, dataset, minutes=minutes, play=command.name == "play")
            if command.name != "play":
                engine.command(token, command.name)
        return
    if command.name == "continue":
        if command.run not in ("", token[:NAMED]):
            return  # the second press of a double click: another run is shown by now
        train_session.fork(state, token, command.step, _compatible(engine.view(token), config))
        return
    train_session.go_to(None)
    engine.command(token, "again" if command.name == "restart" else command.name)


def _compatible(view: RunView | None, config: TrainConfig) -> TrainConfig | None:
    """Return the settings at the left, if a run like this one can go on with them; None for its own."""
    if view is None:
        return None
    own = TrainConfig.from_dict(dict(view.config))
    same = (own.architecture, own.dataset, own.optimizer, own.batch_size, own.freeze_first, own.momentum > 0)
    wanted = (
        config.architecture, config.dataset, config.optimizer, config.batch_size, config.freeze_first,
        config.momentum > 0,
    )  # fmt: skip
    return config if same == wanted else None
