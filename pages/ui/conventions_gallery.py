"""The gallery on the page: what a person pins comes back from it."""

from __future__ import annotations

from typing import Any

from pages.ui import components
from pages.ui.conventions_view import Comparison, gallery_data
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
    place = [message.get(name) for name in ("row", "column")] if isinstance(message, dict) else [None]
    shapes = [output.values.shape for output in comparison.outputs if output.values is not None]
    whole = len(place) == 2 and all(isinstance(at, int) and not isinstance(at, bool) for at in place)
    if not whole or not any(0 <= place[0] < rows and 0 <= place[1] < columns for rows, columns in shapes):
        raise ValueError("No output has such a cell.")
    return f"{place[0]}.{place[1]}"


def draw(state: PageState, values: dict[str, Any], comparison: Comparison) -> None:
    """Show the gallery; a cell that is clicked, or entered, is pinned in the page's settings."""
    key = f"{state.page}-gallery"

    def take() -> None:
        message = getattr(widget(key), "pin", None)
        if message is None:
            return
        touch()
        try:
            state.change(pin=read_pin(message, comparison))
        except ValueError as error:
            complain(str(error))

    row, _, column = values["pin"].partition(".")
    pinned = (int(row), int(column)) if row else None
    components.gallery(key=key, data=gallery_data(comparison, pinned), on_pin_change=take)
