"""The pixel that is picked in a pair of pictures, and the part of them that is in view: settings, and what comes back.

Windows belong to the pixels of one of the two pictures, and lie on the other: of a filter these are output and input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pages.ui import components
from pages.ui.panes import Region, Windows, most_zoom, region
from pages.ui.state import PageState, Setting, complain, number, touch, widget

NOWHERE = -1
"""No pixel picked yet: the middle."""
LARGEST = 10_000_000


def place_settings(row: str = "row", column: str = "column", what: str = "") -> tuple[Setting, ...]:
    """Return the settings of a picked place, `what` with an "of" before it."""
    return tuple(
        number(name, NOWHERE, NOWHERE, LARGEST, f"{word}{what}", whole=True, shown=0)
        for name, word in ((row, "row"), (column, "column"))
    )


VIEW_SETTINGS: tuple[Setting, ...] = (
    number("zoom", 0, 0, 30, "zoom", whole=True),
    *place_settings("view_row", "view_column", " in view"),
)
SETTINGS: tuple[Setting, ...] = (*place_settings(), *VIEW_SETTINGS)


def picked(
    values: Mapping[str, Any], shape: Sequence[int], row: str = "row", column: str = "column"
) -> tuple[int, int]:
    """Return the place in `shape` that is picked, brought inside, or the middle.

    >>> picked({"row": NOWHERE, "column": 99}, (5, 8))
    (2, 7)
    """
    places = zip((values[row], values[column]), shape, strict=False)
    down, right = (n // 2 if at == NOWHERE else min(at, n - 1) for at, n in places)
    return down, right


def in_view(values: Mapping[str, Any], shape: Sequence[int], middle: Sequence[float]) -> tuple[Region, int]:
    """Return the part that is shown of a picture of `shape`, round `middle` until it was moved, and its zoom level."""
    level = min(values["zoom"], most_zoom(shape))
    wanted = values["view_row"], values["view_column"]
    row, column = (m if at == NOWHERE else at for at, m in zip(wanted, middle, strict=True))
    return region(shape, level, (row, column)), level


def whole(message: Any, name: str) -> int:
    """Read a whole number out of what the browser sent. ValueError with a sentence if it is none.

    >>> whole({"row": 3.0}, "row")
    3
    """
    value = message.get(name) if isinstance(message, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > LARGEST:
        raise ValueError("The browser sent something that is no pixel.")
    return int(value)


def inside(place: float, n: int) -> int:
    """Return a place along an axis of `n` pixels, rounded and brought inside.

    >>> inside(-3, 5), inside(2.6, 5), inside(9, 5)
    (0, 3, 4)
    """
    return min(max(round(place), 0), n - 1)


def hear(key: str, name: str, answer: Callable[[Any], None]) -> Callable[[], None]:
    """Return a callback that gives what the component under `key` sent as `name` to `answer`.

    A ValueError that `answer` raises, with a sentence, is shown by the page.
    """

    def receive() -> None:
        touch()
        try:
            answer(getattr(widget(key), name, None))
        except ValueError as error:
            complain(str(error))

    return receive


def viewer(
    state: PageState, key: str, data: Mapping[str, Any], windows: Windows, small: Sequence[int], wide: Sequence[int]
) -> None:
    """Show one of two pictures, and take what is picked in it and how it is moved.

    Parameters
    ----------
    state : PageState
        Of a page with `SETTINGS`.
    key : str
        The widget's key.
    data : mapping
        What the viewer shows, from `pages.ui.panes.pane_data`. Its role says which picture it is: to the viewer,
        "output" is the one whose pixels have windows, and "input" the one on which they lie.
    windows : Windows
        The link between the two.
    small, wide : sequence of int
        Their shapes: whose pixels have windows, and on which they lie.
    """
    has_windows = data["role"] == "output"

    def pick(message: Any) -> None:
        place: tuple[float, float] = whole(message, "row"), whole(message, "col")
        if not has_windows:  # the pixel whose window has that one in the middle
            place = windows.under(*place)
        state.change(row=inside(place[0], small[0]), column=inside(place[1], small[1]))

    def move(message: Any) -> None:
        level = min(max(whole(message, "level"), 0), most_zoom(wide))
        place: tuple[float, float] = whole(message, "row"), whole(message, "col")
        if has_windows:
            place = windows.middle(*place)
        state.change(zoom=level, view_row=inside(place[0], wide[0]), view_column=inside(place[1], wide[1]))

    components.viewer(
        key=key,
        data=components.pack(data),
        on_pick_change=hear(key, "pick", pick),
        on_view_change=hear(key, "view", move),
    )
