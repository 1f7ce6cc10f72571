"""The gallery on the page: what a person pins or types comes back from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pages.ui import components, pins
from pages.ui.conventions_view import Comparison, gallery_data
from pages.ui.explorer import Edit, read_edit
from pages.ui.grid_controls import edit_grids
from pages.ui.state import PageState, complain, touch, widget


def read_pin(message: Any, comparison: Comparison) -> str:
    """Return which cell the browser says was pinned, as row.column, or nothing. ValueError if no output has it.

    Parameters
    ----------
    message : object
        ``{"row": ..., "column": ...}``, or an empty dict.
    comparison : Comparison
        What the gallery shows.
    """
    if message == {}:
        return ""
    fields = message if isinstance(message, dict) else {}
    place: list[Any] = [fields.get(name) for name in ("row", "column")]
    whole = all(isinstance(at, int) and not isinstance(at, bool) for at in place)
    if not whole or not any(0 <= place[0] < rows and 0 <= place[1] < columns for rows, columns in comparison.shapes):
        raise ValueError("No output has such a cell.")
    return f"{place[0]}.{place[1]}"


def read_change(message: Any, comparison: Comparison) -> Edit:
    """Return the number that the browser says was typed. ValueError if there is no such cell, or it is no number.

    Parameters
    ----------
    message : object
        ``{"where": "input" or "kernel", "row": ..., "column": ..., "text": ...}``.
    comparison : Comparison
        What the gallery shows.
    """
    kernel = comparison.kernel.tolist() if comparison.settings.operation == "convolution" else None
    grids = {
        "input": {"planes": [comparison.image.tolist()], "pad": [0] * 4, "over": [0] * 2},
        "kernel": {"planes": [kernel] if kernel else []},
        "editable": {"input": True, "kernel": True},
    }
    return read_edit({**message, "channel": 0} if isinstance(message, dict) else message, grids)


def draw(state: PageState, values: dict[str, Any], comparison: Comparison) -> None:
    """Show the gallery: a cell that is clicked is pinned, a number that is typed makes its grid the person's own."""
    key = f"{state.page}-gallery"

    def taking(name: str, answer: Callable[[Any], None]) -> Callable[[], None]:
        def take() -> None:
            message = getattr(widget(key), name, None)
            if message is None:
                return
            touch()
            try:
                answer(message)
            except ValueError as error:
                complain(str(error))

        return take

    change = edit_grids(state, comparison.image, comparison.kernel)
    pin = pins.read(values["pin"])
    components.gallery(
        key=key,
        data=gallery_data(comparison, pin[1:] if pin else None),
        on_pin_change=taking("pin", lambda message: state.change(pin=read_pin(message, comparison))),
        on_edit_change=taking("edit", lambda message: change(read_change(message, comparison))),
    )
