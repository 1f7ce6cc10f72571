"""Which network the Inspect page looks into: a run of the person's own at any checkpoint, a file, or a bundled one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnncore import pretrained
from cnncore.datasets import Dataset, load
from cnncore.exporting import load_model
from cnncore.network import Network
from cnncore.training import TrainConfig
from pages.ui import runner
from pages.ui.run_view import RunView
from pages.ui.state import PageState, Setting, choice, memo, number, recall, remember, touch, widget
from pages.ui.train_session import SETTINGS as RUN_SETTINGS
from pages.ui.uploads import new_file
from pages.ui.words import literal

BUNDLED = {"mnist": "Bundled, MNIST 28 × 28", "digits": "Bundled, digits 8 × 8"}
NAMES = {"mnist": "The bundled MNIST network", "digits": "The bundled 8 × 8 network"}
KINDS = {"auto": "Latest run, else bundled", **BUNDLED, "run": "A run of yours", "file": "A model file"}
NEWEST = -1

SETTINGS: tuple[Setting, ...] = (
    choice("network", "auto", list(KINDS), "network"),
    number("step", NEWEST, NEWEST, 10**9, "step", whole=True, shown=0),
    *RUN_SETTINGS,
)


@dataclass(frozen=True, eq=False)
class Chosen:
    """A network, and the digits that go with it.

    Parameters
    ----------
    title : str
        Its name, where a sentence begins.
    key : tuple
        Names these very weights, so that results can be remembered by it.
    network : Network
    dataset : Dataset
        Its test pictures are on offer; its training pictures are the neighbours.
    classes : tuple of str
    """

    title: str
    key: tuple[Any, ...]
    network: Network
    dataset: Dataset
    classes: tuple[str, ...]

    @property
    def judged(self) -> bool:
        """Whether the digits on offer are of the classes that the network knows: else nobody can say what is right."""
        return self.classes == self.dataset.classes

    @property
    def like(self) -> str:
        """As which training set's pictures a drawing is prepared."""
        return "digits" if self.network.input_shape[1:] == (8, 8) else "mnist"


def chosen(state: PageState, complaints: list[str]) -> Chosen:
    """Return the network that the settings name; say in `complaints` why it is another one."""
    kind = state["network"]
    if kind == "auto":
        runs = trained_runs()
        return of_run(runs[-1], NEWEST) if runs else bundled("mnist")
    if kind in BUNDLED:
        return bundled(kind)
    if kind == "run":
        view = _run(state)
        if view is not None:
            return of_run(view, state["step"])
        complaints.append(
            "There is no run of yours on this server: train one on the Train page. You see the bundled one."
        )
        return bundled("mnist")
    failed = _receive()
    kept = recall("inspect.model")
    if failed:
        complaints.append(f"{failed} You still see {'the bundled one' if kept is None else kept.title}.")
    return bundled("mnist") if kept is None else kept


def bundled(name: str) -> Chosen:
    """Return a network that came with the product."""

    def make() -> Chosen:
        dataset = load(name)
        return Chosen(NAMES[name], ("bundled", name), pretrained.load(name), dataset, dataset.classes)

    made: Chosen = memo(f"inspect.bundled.{name}", name, make)
    return made


def of_run(view: RunView, step: int) -> Chosen:
    """Return the network of a run, at a checkpoint or as it is now."""
    engine = runner.engine()
    dataset = engine.dataset(view.token)
    checkpoint = None if step == NEWEST else engine.checkpoint(view.token, step)
    if dataset is None:
        raise ValueError("This run is no longer there.")
    at, arrays = (view.step, view.arrays) if checkpoint is None else (checkpoint.step, checkpoint.state["arrays"])

    def make() -> Network:
        config = TrainConfig.from_dict(dict(view.config))
        network = Network(config.architecture, input_shape=dataset.shape, classes=len(dataset.classes))
        network.load(arrays)
        return network

    key = ("run", view.token, at)
    network = memo("inspect.run", key, make)
    return Chosen(f"Run {view.number}, step {at:,}", key, network, dataset, dataset.classes)


def trained_runs() -> list[RunView]:
    """Return this session's runs that have learned from a batch at least, oldest first."""
    engine, owner = runner.arrive()
    return [view for view in engine.runs_of(owner) if view.step]


def _run(state: PageState) -> RunView | None:
    engine, owner = runner.arrive()
    token = state["run"] or next((view.token for view in reversed(trained_runs())), "")
    return engine.view(token) if token and engine.adopt(owner, token) else None


def _receive() -> str:
    """Take a new file; return a sentence for as long as the one that is chosen could not be opened."""
    key = "inspect.file"
    file = new_file(key)
    if file is not None:
        name, data = file
        try:
            model = load_model(data)
        except ValueError as error:
            remember(f"{key}.failed", f"“{name}” could not be opened. {error}")
        else:
            dataset = load("digits" if model.network.input_shape[1:] == (8, 8) else "mnist")
            digest = hashlib.sha256(data).hexdigest()
            remember("inspect.model", Chosen(f"“{name}”", ("file", digest), model.network, dataset, model.classes))
            remember(f"{key}.failed", "")
    elif widget(key) is None:
        remember(f"{key}.failed", "")
    return str(recall(f"{key}.failed") or "")


def controls(state: PageState, chosen: Chosen) -> None:
    """Draw the controls that choose the network."""
    st.selectbox("Network", list(KINDS), format_func=KINDS.__getitem__, key=state.key("network"))
    if state["network"] == "auto":
        st.caption(literal(_which(chosen)))
    if state["network"] == "run":
        _run_controls(state)
    elif state["network"] == "file":
        st.file_uploader("A model file from the Train page (.npz)", type=["npz"], key="inspect.file", on_change=touch)
        kept = recall("inspect.model")
        st.caption("Until then you see the bundled one." if kept is None else f"In use: {literal(kept.title)}")


def _which(chosen: Chosen) -> str:
    """Return a sentence about which network "the latest run, else the bundled one" is."""
    size = " × ".join(map(str, chosen.network.input_shape[1:]))
    if chosen.key[0] == "run":
        return f"{chosen.title}, {size} pixels: since you trained it, it answers in place of the bundled network."
    return f"{chosen.title}, {size} pixels, until you train one of your own on the Train page."


def _run_controls(state: PageState) -> None:
    runs = trained_runs()
    if not runs:
        return
    names = {view.token: f"Run {view.number}, {view.status}" for view in runs}
    if state["run"] not in names:
        state.settle(run=runs[-1].token)
    st.selectbox("Run", list(names), format_func=lambda token: names.get(token, token), key=state.key("run"))
    view = next(view for view in runs if view.token == state["run"])
    steps = steps_of(view)
    if state["step"] not in steps:
        state.settle(step=NEWEST)
    st.select_slider("Checkpoint", steps, format_func=say_step, key=state.key("step"))


def steps_of(view: RunView) -> list[int]:
    """Return the moments of a run that are on offer, in order of time."""
    return [*view.checkpoints, NEWEST]


def say_step(step: int) -> str:
    """Write a moment of a run."""
    return "newest" if step == NEWEST else f"{step:,}"
