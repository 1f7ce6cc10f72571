"""The output cell that a person pinned: how the link writes it, and what is said when the output has no such cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pages.ui.state import PageState, Setting
from pages.ui.words import size as say_size

Pin = tuple[int, int, int]
"""Plane, row and column of the output, counted from 0."""


def pin_setting(plane: str = "") -> Setting:
    """Return the setting of a page's pinned cell.

    Parameters
    ----------
    plane : str, optional
        What the output's planes are called, if it can have several: then the cell can be written with its plane.

    Returns
    -------
    Setting
        Named ``pin``; empty where nothing is pinned.

    Examples
    --------
    >>> pin_setting().check("2.3"), pin_setting("map").check("0.2.3")
    ('2.3', '0.2.3')
    """
    form = re.compile(r"((\d\.)?\d{1,3}\.\d{1,3})?" if plane else r"(\d{1,3}\.\d{1,3})?", re.ASCII)
    example = f"row.column or {plane}.row.column" if plane else "row.column"

    def check(value: Any) -> str:
        if not form.fullmatch(str(value)):
            raise ValueError(f"A pinned cell is written as {example}, such as 2.3, not “{str(value)[:40]}”.")
        return str(value)

    return Setting("pin", "", check)


def read(written: str) -> Pin | None:
    """Return the cell that a checked setting names, or None.

    >>> read("2.3"), read("1.2.3"), read("")
    ((0, 2, 3), (1, 2, 3), None)
    """
    if not written:
        return None
    *plane, row, column = map(int, written.split("."))
    return (plane[0] if plane else 0), row, column


def write(pin: Pin | None) -> str:
    """Write a pin for the link; the first plane goes without saying.

    >>> write((0, 2, 1)), write((2, 0, 0)), write(None)
    ('2.1', '2.0.0', '')
    """
    if pin is None:
        return ""
    return ".".join(map(str, pin if pin[0] else pin[1:]))


def drop_lost(state: PageState, shapes: Sequence[Sequence[int]], complaints: list[str]) -> None:
    """Take the pin away, and say so once, if the output has no such cell (any more).

    Parameters
    ----------
    state : PageState
        Of a page that has the setting.
    shapes : sequence of (planes, rows, columns)
        Of the output, or of each output beside one another: one of them must have the cell.
    complaints : list of str
        Gets the sentence.
    """
    pin = read(state["pin"])
    if pin is None or any(all(at < n for at, n in zip(pin, shape, strict=True)) for shape in shapes):
        return
    largest = max(shapes, key=lambda shape: shape[1] * shape[2], default=(0, 0, 0))
    plane = f"map {pin[0]}, " if pin[0] else ""
    complaints.append(
        f"The output is {say_size(largest[1], largest[2])}, its rows and columns counted from 0: the pin at {plane}"
        f"row {pin[1]}, column {pin[2]} is not in it, and was taken away."
    )
    state.settle(pin="")
