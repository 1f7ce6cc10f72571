"""What the film of training shows, packed for the browser: `data` makes the message, the classes here say of what.

Imports no Streamlit; arithmetic about learning is the core's. The message is packed by `pages.ui.packing.pack`. Its
plain part, beside "bytes" (all numbers lowest byte first; images row by row):

``run``       names the run; when it changes, the film forgets where a person stood.
``player``    status, reason, step, total (steps), per_epoch, rate (images/s or null), left (seconds or null),
              ticks (steps of checkpoints), best (a step or null), pace (batches/s, null for full speed), asked (the
              last `seek`, null for live), shown (the step that the rest of the message is of).
``curves``    for each run, the shown one first: label, note, points, validations; bytes "curve0", "curve1", ...:
              see `pages.ui.training_curves`.
``filters``   layers ({name, label}), layer, filter (whose planes are shown), filters, planes, channels, rows, cols,
              bound (of the colours), changes (mean absolute change of each plane); bytes "filters_now", float32
              (planes, rows, cols), and "filters_start", levels as in pixels.js. A layer over one channel shows all of
              its filters, a deeper one the planes of one filter.
``maps``      layers, layer, count, full ([rows, cols] of a map), rows, cols (of what is sent: many large maps come as
              means of 2 x 2), scale ("amount" or "signed"), bound, highs (largest magnitude of each map), digit (its
              place in validation), digits, label, read (what the network reads), share (its probability), classes,
              picture ([rows, cols] of the digit); bytes "maps_levels", "digit_levels".
``confusion`` null before the first look at validation; step (of that look), classes, counts (rows: what it is;
              columns: what is read), accuracy, wrong (how many), picture, mistakes (the worst: {row, col, share});
              bytes "mistake_levels".
``opened``    null, or an open cell: row, col, page, pages, count, and for each digit of this page its share and its
              place in validation: shares, places; bytes "opened_levels".
``tab``       what stands at the bottom, with one of:
``histograms``  bins, layers ({name, label, bound, gradient (bound, or null where none is known)}); bytes
              "histogram_counts", uint16 (layers, 2, bins): weights, then gradients, from -bound to bound.
``whole``     a layer entire: layer, label, filters, channels, rows, cols, bound, strengths (whether each plane is one
              number, the root of its mean square); bytes "whole_levels": (filters, channels, rows,
              cols).
``per_class`` precision, recall, support.

Nothing is kept here. Triggers that come back are read by `pages.ui.training_messages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from cnncore.architecture import LayerPlan
from pages.ui.packing import pack
from pages.ui.training_curves import Curve
from pages.ui.training_digits import confusion_part, opened_part, per_class_part
from pages.ui.training_views import filters_part, histograms_part, maps_part, whole_part

TABS = ("histograms", "whole", "per_class")
STATUSES = ("ready", "training", "waiting", "paused", "finished", "stopped")


@dataclass(frozen=True)
class Player:
    """Where a run stands.

    Parameters
    ----------
    run : str
        Names the run; any text.
    status : {"ready", "training", "waiting", "paused", "finished", "stopped"}
    step, total_steps, steps_per_epoch : int
        Batches learned from, of the whole run, of an epoch.
    reason : str
        Why it ended, or what it waits for: a sentence, or empty.
    rate : float or None
        Images in a second.
    left : float or None
        Seconds to the end.
    checkpoints : sequence of int
        Steps that one can go back to, ascending.
    best : int or None
        The checkpoint with the lowest loss on validation.
    pace : float or None
        Batches in a second that are wished; None is full speed.
    asked : int or None
        The step of the last `seek`; None for live.
    """

    run: str
    status: str
    step: int
    total_steps: int
    steps_per_epoch: int
    reason: str = ""
    rate: float | None = None
    left: float | None = None
    checkpoints: Sequence[int] = ()
    best: int | None = None
    pace: float | None = None
    asked: int | None = None


@dataclass(frozen=True, eq=False)
class Moment:
    """A moment of a run, live or past: all that is drawn of the network.

    Parameters
    ----------
    step : int
    plan : sequence of LayerPlan
    arrays, start : mapping
        Parameters by name, now and at step 0.
    activations : mapping
        Layer name to array, the batch in front, of the one digit that is looked at.
    probabilities : ndarray of float, shape (N, classes), or None
        On the pictures of validation; None before the first look at them.
    gradients : mapping or None
        Gradients by parameter's name, where they are known.
    evaluated : int or None
        The step that the probabilities are of, where it may be another one.
    """

    step: int
    plan: Sequence[LayerPlan]
    arrays: Mapping[str, NDArray[Any]]
    start: Mapping[str, NDArray[Any]]
    activations: Mapping[str, NDArray[Any]]
    probabilities: NDArray[Any] | None = None
    gradients: Mapping[str, NDArray[Any]] | None = None
    evaluated: int | None = None


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of validation: (N, 1, H, W) in 0..1, their labels (N,), and the names of the classes."""

    images: NDArray[Any]
    labels: NDArray[Any]
    classes: Sequence[str]


@dataclass(frozen=True)
class Look:
    """What a person looks at.

    Parameters
    ----------
    layer : str
        A convolution: its filters are shown. What the network does not have falls back to its first.
    filter : int
        Of a deeper layer: whose planes are shown.
    maps : str
        The layer whose maps are shown; empty for the first activation.
    digit : int
        The picture of validation that goes through the network.
    tab : {"histograms", "whole", "per_class"}
    opened : tuple of int, or None
        A cell of the confusion matrix, and the page of its digits: (row, column, page).
    """

    layer: str = "conv1"
    filter: int = 0
    maps: str = ""
    digit: int = 0
    tab: str = "histograms"
    opened: tuple[int, int, int] | None = None


def data(player: Player, moment: Moment, curves: Sequence[Curve], pictures: Pictures, look: Look) -> bytes:
    """Pack all that the film draws.

    Parameters
    ----------
    player : Player
    moment : Moment
    curves : sequence of Curve
        The shown run's first.
    pictures : Pictures
    look : Look
        A place that does not exist (a filter of a larger network) is brought into range.

    Returns
    -------
    bytes
        As described at the top of this module.

    Raises
    ------
    ValueError
        If a status or tab is unknown.
    """
    for name, value, known in (("status", player.status, STATUSES), ("tab", look.tab, TABS)):
        if value not in known:
            raise ValueError(f"`{name}` (={value!r}) must be one of {', '.join(known)}")
    digit = min(max(look.digit, 0), len(pictures.labels) - 1)
    message: dict[str, Any] = {"run": player.run, "player": _player_part(player, moment.step)}
    message |= _curves_part(curves)
    message |= filters_part(moment.plan, moment.arrays, moment.start, look.layer, look.filter)
    message |= maps_part(moment.plan, moment.activations, look.maps, pictures.images, pictures.labels, digit)
    message["maps"]["classes"] = list(pictures.classes)
    message |= confusion_part(moment.probabilities, pictures.images, pictures.labels, pictures.classes)
    if message["confusion"] is not None:
        message["confusion"]["step"] = moment.step if moment.evaluated is None else moment.evaluated
    message |= opened_part(moment.probabilities, pictures.images, pictures.labels, look.opened)
    message["tab"] = look.tab
    if look.tab == "histograms":
        message |= histograms_part(moment.plan, moment.arrays, moment.gradients)
    elif look.tab == "whole":
        message |= whole_part(moment.plan, moment.arrays, look.layer)
    else:
        message |= per_class_part(moment.probabilities, pictures.labels, len(pictures.classes))
    return pack(message)


def _player_part(player: Player, shown: int) -> dict[str, Any]:
    return {
        "status": player.status,
        "reason": player.reason,
        "step": player.step,
        "total": player.total_steps,
        "per_epoch": player.steps_per_epoch,
        "rate": player.rate,
        "left": player.left,
        "ticks": list(player.checkpoints),
        "best": player.best,
        "pace": player.pace,
        "asked": player.asked,
        "shown": shown,
    }


def _curves_part(curves: Sequence[Curve]) -> dict[str, Any]:
    listed = [
        {"label": curve.label, "note": curve.note, "points": curve.points, "validations": curve.validations}
        for curve in curves
    ]
    parts = {f"curve{place}": curve.packed(whole=place == 0) for place, curve in enumerate(curves)}
    return {"curves": listed, **parts}
