"""A session and its runs: which one is shown, where in time, and which stand beside it in the chart."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore.datasets import Dataset, load, split
from cnncore.exporting import SavedModel
from cnncore.network import Network
from cnncore.training import TrainConfig, Trainer
from pages.ui import runner
from pages.ui.run_view import RunView
from pages.ui.state import PageState, Setting, complain, memo, recall, remember
from pages.ui.train_settings import differences_in_words
from pages.ui.training_curves import Curve
from pages.ui.training_data import Look, Moment, Pictures

FILM_SECONDS = 15.0
"""How long a run lasts at the pace that is set at the start: long enough to see the filters form."""
FULL_SPEED = "full"
TWICE = 2.0
"""Seconds within which the same wish is the second press of a double click."""
DRAFT = "draft"
"""What names the network that has not begun to train."""


def _token(value: Any) -> str:
    if not re.fullmatch(r"[\w-]{0,40}", str(value)):
        raise ValueError("The link's “run” is not the name of a run.")
    return str(value)


SETTINGS = (Setting("run", "", _token, private=True),)


def current(state: PageState, complaints: list[str]) -> RunView | None:
    """Return the run that the page shows, or None; find it again by the token in the URL after a reload."""
    engine, owner = runner.arrive()
    for sentence in engine.sentences(owner):
        _tell(complaints, sentence)
    begun = _begun()
    if not begun["shown"]:
        _show_begun(state, begun)
    token = state["run"]
    if not token:
        return None
    if not engine.adopt(owner, token):
        state.change(run="")
        _tell(
            complaints,
            "The run that this page showed is no longer there: its tab was closed for too long, or it was removed. "
            "Its settings are still here; the same seed gives the same numbers.",
        )
        return None
    return engine.view(token)


def _tell(complaints: list[str], sentence: str) -> None:
    """Add what is said once to what this run of the page shows, and keep it in case that run is cut short."""
    complain(sentence)
    complaints.append(sentence)


def start(state: PageState, config: TrainConfig, dataset: Dataset, *, minutes: float, play: bool = True) -> str:
    """Begin a run, show it, and return its token. ValueError with a sentence."""
    if config.dataset == "own" and dataset.name == "digits":
        raise ValueError("There are no digits of your own yet: upload a file at the left, or choose another set.")
    engine, owner = runner.arrive()
    pace = chosen_pace(config, dataset)
    return _once(
        state,
        ("start", repr(config), id(dataset), minutes),
        lambda: engine.start(owner, config, dataset, minutes=minutes, pace=pace, play=play),
    )


def _once(state: PageState, wish: tuple[Any, ...], make: Callable[[], str], *, beside: str = "") -> str:
    """Begin a run by `make` and show it; the second press of a double click shows the same run.

    Streamlit ends a callback where it touches the session while another press waits. So what was begun is noted at
    once, in a dict that is already at hand, and shown by the next run of the page where this one did not come to it.
    """
    begun = _begun()
    again = begun.get("wish") == wish and time.monotonic() - begun["at"] < TWICE
    if not again or runner.engine().view(begun["token"]) is None:
        token = make()
        begun.update(wish=wish, token=token, beside=beside, at=time.monotonic(), shown=False)
    _show_begun(state, begun)
    return str(begun["token"])


def _begun() -> dict[str, Any]:
    if recall("train.begun") is None:
        remember("train.begun", {"shown": True})
    begun: dict[str, Any] = recall("train.begun")
    return begun


def _show_begun(state: PageState, begun: dict[str, Any]) -> None:
    if begun["beside"]:
        set_overlay(begun["beside"], True)
    show(state, begun["token"])
    begun["shown"] = True


def learns_from(view: RunView, dataset: Dataset | None) -> bool:
    """Say whether a run learns from these pictures: the same file may have been read twice."""
    own = runner.engine().dataset(view.token)
    if own is None or dataset is None or own is dataset:
        return own is dataset

    def compare() -> bool:
        return own.classes == dataset.classes and all(
            np.array_equal(these, those)
            for these, those in ((own.labels, dataset.labels), (own.images, dataset.images))
        )

    return bool(memo("train.same_digits", (own, dataset), compare))


def open_model(state: PageState, model: SavedModel, own: Dataset | None) -> None:
    """Make a run of a model file that begins with its weights, and show it. ValueError with a sentence."""
    network = model.network
    config = model.config
    if config is None:
        name = "mnist" if network.input_shape == (1, 28, 28) else "digits"
        config = TrainConfig(dataset=name, architecture=network.architecture)
    dataset = own if config.dataset == "own" else load(config.dataset)
    if dataset is None or dataset.shape != network.input_shape or dataset.classes != model.classes:
        raise ValueError(
            "This network learned from other pictures than are here: upload those first, as your own digits."
        )
    engine, owner = runner.arrive()
    pace = chosen_pace(config, dataset)
    token = engine.start(owner, config, dataset, pace=pace, play=False, weights=network.state())
    engine.command(token, "pause")  # so that it looks at validation, which nobody has done yet
    show(state, token)


def fork(state: PageState, token: str, step: int, config: TrainConfig | None = None) -> None:
    """Go on from a checkpoint as a run of its own, and show it. ValueError with a sentence."""
    engine, owner = runner.arrive()
    wish = ("fork", token, step, repr(config))
    _once(state, wish, lambda: engine.fork(owner, token, step, config=config), beside=token)


def show(state: PageState, token: str) -> None:
    """Show a run, live."""
    state.change(run=token)
    go_to(None)


def my_runs() -> list[RunView]:
    """Return this session's runs, oldest first."""
    engine, owner = runner.arrive()
    return engine.runs_of(owner)


def remove(state: PageState, token: str) -> None:
    """End a run and forget it; if it is shown, show the newest of the others."""
    engine, owner = runner.arrive()
    engine.remove(token)
    if state["run"] == token:
        others = engine.runs_of(owner)
        show(state, others[-1].token if others else "")


def told(refused: list[str], others: list[str]) -> list[str]:
    """Return what the page says above the film: of many refused settings the first, and all else that went wrong.

    >>> told(["The seed must be a number.", "No such pool.", "No such head."], ["The run is gone."])
    ['The seed must be a number. 2 other settings could not be used either, and stay as they were. The run is gone.']
    """
    if not others:
        return refused
    if len(refused) > 2:
        refused = [refused[0], f"{len(refused) - 1} other settings could not be used either, and stay as they were."]
    return [" ".join(dict.fromkeys([*refused, *others]))]


# The pace ------------------------------------------------------------------------------------------------------------


def chosen_pace(config: TrainConfig, dataset: Dataset) -> float | None:
    """Return how many batches a second the film shows: as the person set it, or so that it lasts some 15 seconds."""
    pace = recall("train.pace")
    if pace == FULL_SPEED:
        return None
    if pace is not None:
        return float(pace)
    steps = -(-len(split(dataset.labels).train) // config.batch_size) * config.epochs
    return max(1.0, round(steps / FILM_SECONDS))


def set_pace(pace: float | None) -> None:
    """Remember the pace that the person chose, for the runs that follow, too."""
    remember("train.pace", FULL_SPEED if pace is None else pace)


# Where in time -------------------------------------------------------------------------------------------------------


def asked_step() -> int | None:
    """Return to which step the person went back; None is live."""
    step: int | None = recall("train.step")
    return step


def go_to(step: int | None, settled: bool = True) -> None:
    """Go to a step of the run that is shown, None is live; `settled` where the person stays, and does not drag on."""
    remember("train.step", step)
    remember("train.settled", settled)


def settled() -> bool:
    """Say whether the person stays at the moment where they are."""
    return recall("train.settled") is not False


def look() -> Look:
    """Return what the person looks at."""
    return recall("train.look") or Look()


def look_at(wanted: Look) -> None:
    """Look at something else from now on."""
    remember("train.look", wanted)


# What stands beside it in the chart ----------------------------------------------------------------------------------


def overlays() -> tuple[str, ...]:
    """Return the tokens of the runs that are drawn beside the one that is shown."""
    return recall("train.beside") or ()


def set_overlay(token: str, on: bool) -> None:
    """Draw a run beside the shown one, or no longer."""
    others = tuple(known for known in overlays() if known != token)
    remember("train.beside", (*others, token) if on else others)


def curves(shown: RunView | None) -> list[Curve]:
    """Return the curves of the shown run and of those beside it, brought up to date."""
    known: dict[str, Curve] = recall("train.curves") or {}
    views = [] if shown is None else [shown]
    views += [view for view in my_runs() if view.token in overlays() and (shown is None or view.token != shown.token)]
    if not views:
        return [Curve("Not trained yet", steps_per_epoch=1)]
    drawn = {}
    for view in views:
        curve = known.get(view.token) or Curve(name_of(view), steps_per_epoch=view.steps_per_epoch)
        curve.note = differences(view, shown)  # each time: another run may be shown meanwhile
        curve.follow(view.train, view.validation)
        drawn[view.token] = curve
    remember("train.curves", drawn)
    return list(drawn.values())


def name_of(view: RunView) -> str:
    """Return what a run is called."""
    return f"Run {view.number}"


def status_of(view: RunView) -> str:
    """Return a run's status in words, the same wherever it is said."""
    return {"running": "training", "failed": "ended by an error"}.get(view.status, view.status)


def differences(view: RunView, shown: RunView | None) -> str:
    """Return in which settings a run differs from the shown one, in a few words."""
    if shown is None or view.token == shown.token:
        return ""
    return differences_in_words(*(TrainConfig.from_dict(dict(run.config)) for run in (view, shown)))


# A moment ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Scene:
    """What is shown: a moment of a run, with the network as it is then, and the pictures of validation."""

    moment: Moment
    network: Network
    dataset: Dataset
    pictures: Pictures


def draft(config: TrainConfig, dataset: Dataset) -> Scene:
    """Return the network before its first step, as these settings make it."""

    def make() -> tuple[Network, Any]:
        trainer = Trainer(config, dataset)
        return trainer.network, trainer.evaluate("validation").probabilities

    network, probabilities = memo("train.draft", (repr(config), id(dataset)), make)
    arrays = network.parameters()
    return _scene(DRAFT, 0, network, dataset, arrays, arrays, probabilities, None)


def scene(view: RunView) -> Scene:
    """Return the moment of a run that the person looks at: the newest, or the one they went back to."""
    engine = runner.engine()
    dataset = engine.dataset(view.token)
    if dataset is None:
        raise ValueError("This run is no longer there.")
    network: Network = memo("train.network", (view.token, id(dataset)), lambda: network_of(view, dataset))
    step, probabilities, gradients = view.step, view.probabilities, view.gradients
    evaluated: int | None = view.evaluated
    arrays, asked = view.arrays, asked_step()
    checkpoint = None if asked is None else engine.checkpoint(view.token, asked)
    if checkpoint is not None:
        step, arrays = checkpoint.step, checkpoint.state["arrays"]
        gradients = checkpoint.extra.get("gradients", {})
        network.load(arrays)
        evaluated = None
        probabilities = memo("train.past", (view.token, step, id(checkpoint)), lambda: _validation(network, dataset))
    else:
        network.load(arrays)
    return _scene(view.token, step, network, dataset, arrays, view.start, probabilities, gradients or None, evaluated)


def weights(view: RunView) -> tuple[int, Mapping[str, Any]]:
    """Return the step that the person looks at, and the parameters as of exactly that step."""
    asked = asked_step()
    checkpoint = None if asked is None else runner.engine().checkpoint(view.token, asked)
    return (view.step, view.arrays) if checkpoint is None else (checkpoint.step, checkpoint.state["arrays"])


def network_of(view: RunView, dataset: Dataset) -> Network:
    """Return a network with the shape of a run's, to be filled with any of its moments."""
    config = TrainConfig.from_dict(dict(view.config))
    return Network(config.architecture, input_shape=dataset.shape, classes=len(dataset.classes))


def pictures_of(dataset: Dataset) -> Pictures:
    """Return the validation pictures of a set."""

    def make() -> Pictures:
        chosen = split(dataset.labels).validation
        return Pictures(dataset.images[chosen], dataset.labels[chosen], dataset.classes)

    found: Pictures = memo("train.pictures", id(dataset), make)
    return found


def _validation(network: Network, dataset: Dataset) -> Any:
    return network.predict_proba(pictures_of(dataset).images)


def _scene(
    token: str,
    step: int,
    network: Network,
    dataset: Dataset,
    arrays: Any,
    start: Any,
    probabilities: Any,
    gradients: Any,
    evaluated: int | None = None,
) -> Scene:
    pictures = pictures_of(dataset)
    digit = min(max(look().digit, 0), len(pictures.labels) - 1)
    activations = network.activations(np.ascontiguousarray(pictures.images[digit : digit + 1]))
    moment = Moment(step, network.plan, arrays, start, activations, probabilities, gradients, evaluated)
    return Scene(moment, network, dataset, pictures)
