"""What comes back from the film of training, checked: the browser can send anything.

============  =======================================================  ==============================================
trigger       what the browser sends                                   what is read
============  =======================================================  ==============================================
``command``   {"name": "play", "pause", "batch", "epoch", "restart"},  `Command`
              {"name": "continue", "step": int, "run": str},
              {"name": "pace", "value": number or null}
``seek``      {"step": int or null for live, "settled": bool}          (int or None, bool)
``open``      [row, column, page], or [] to close                      tuple of int, or None
``look``      some of {"layer", "filter", "maps", "digit", "tab"}      the new `pages.ui.training_data.Look`
============  =======================================================  ==============================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from pages.ui.training_data import TABS, Look

COMMANDS = ("play", "pause", "batch", "epoch", "restart", "continue", "pace")
LARGEST = 10**9


@dataclass(frozen=True)
class Command:
    """What the run is to do.

    `step` goes with "continue", and so does `run`, what the film calls the run that it showed when it was pressed;
    `pace`, batches in a second or None, goes with "pace".
    """

    name: str
    step: int = 0
    pace: float | None = None
    run: str = ""


def read_command(message: Any) -> Command:
    """Read a command.

    >>> read_command({"name": "continue", "step": 34, "run": "f3b"})
    Command(name='continue', step=34, pace=None, run='f3b')
    """
    fields = message if isinstance(message, dict) else {}
    name = fields.get("name")
    if name not in COMMANDS:
        raise ValueError(f"The player has no command “{str(name)[:40]}”.")
    if name == "continue":
        return Command(name, step=_whole(fields.get("step"), "step"), run=str(fields.get("run", ""))[:40])
    pace = fields.get("value") if name == "pace" else None
    if pace is None:
        return Command(name)
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not (math.isfinite(pace) and 0 < pace <= LARGEST):
        raise ValueError(f"The pace must be a number of batches a second above 0, not “{str(pace)[:40]}”.")
    return Command(name, pace=float(pace))


def read_seek(message: Any) -> tuple[int | None, bool]:
    """Read to which step a person went back, None is live; and whether they stay there, or drag on.

    >>> read_seek({"step": 34, "settled": False}), read_seek({"step": None, "settled": True})
    ((34, False), (None, True))
    """
    if not isinstance(message, dict) or "step" not in message:
        raise ValueError("This is no moment of the run.")
    step = message["step"]
    return None if step is None else _whole(step, "step"), message.get("settled") is True


def read_open(message: Any, classes: int) -> tuple[int, int, int] | None:
    """Read which cell of a confusion matrix of `classes` is to be opened, and at which page.

    >>> read_open([3, 8, 0], 10), read_open([], 10)
    ((3, 8, 0), None)
    """
    if message == []:
        return None
    if not isinstance(message, list) or len(message) != 3:
        raise ValueError("The confusion matrix has no such cell.")
    row, column, page = (_whole(number, "cell") for number in message)
    if not (row < classes and column < classes):
        raise ValueError("The confusion matrix has no such cell.")
    return row, column, page


def read_look(message: Any, look: Look) -> Look:
    """Read what a person looks at now; what is not named stays.

    >>> read_look({"layer": "conv2", "filter": 3}, Look(digit=7))
    Look(layer='conv2', filter=3, maps='', digit=7, tab='histograms', opened=None)
    """
    if not isinstance(message, dict):
        raise ValueError("There is nothing like that to look at.")
    changes: dict[str, Any] = {}
    for name in ("filter", "digit"):
        if name in message:
            changes[name] = _whole(message[name], name)
    for name in ("layer", "maps"):
        if name in message:
            changes[name] = str(message[name])[:40]
    if "tab" in message:
        if message["tab"] not in TABS:
            raise ValueError(f"There is no view “{str(message['tab'])[:40]}”.")
        changes["tab"] = message["tab"]
    return replace(look, **changes)


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise ValueError(f"The {what} must be a whole number from 0 up, not “{str(value)[:40]}”.")
    return value
