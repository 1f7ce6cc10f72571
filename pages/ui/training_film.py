"""The film of training on a page: two components that are one to the eye.

The film draws everything and sends back what a person does. Its script is long, and Streamlit sends a component's
script along with each new message; so the film itself is sent once, and each message travels with the feed, a
component of a few lines that hands it over inside the browser.

    message = data(player, moment, curves, pictures, look)
    show(message, key="train", on_command=..., on_seek=..., on_open=..., on_look=...)

Call it in one place of one fragment. What comes back is read with `pages.ui.training_messages`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.components import FOLDER, register
from pages.ui.packing import pack
from pages.ui.state import complain, recall, remember, touch, widget

TRIGGERS = ("command", "seek", "open", "look")
MOST_MESSAGES = 20

_film = register(
    "training",
    "pixels",
    "heatgrid",
    "training_parts",
    "training_planes",
    "training_track",
    "training_player",
    "training_curves",
    "training_network",
    "training_confusion",
    "training_below",
    "training",
)
# Without what the other components share: these few lines travel with every message.
_feed = st.components.v2.component("cnn_lab_training_feed", js=(FOLDER / "training_feed.js").read_text("utf-8"))


def show(
    message: bytes,
    *,
    key: str,
    on_command: Callable[[Any], None],
    on_seek: Callable[[Any], None],
    on_open: Callable[[Any], None],
    on_look: Callable[[Any], None],
) -> None:
    """Show the film, and hand it `message`.

    Parameters
    ----------
    message : bytes
        From `pages.ui.training_data.data`.
    key : str
        The widget's key.
    on_command, on_seek, on_open, on_look : callable
        Called before the next run with what the browser sent. A ValueError that one raises, with a sentence, is shown
        by the page.
    """

    heard: dict[str, int] = recall(f"{key}.heard") or {}

    def take(name: str, answer: Callable[[Any], None]) -> Callable[[], None]:
        def receive() -> None:
            for number, value in unheard(getattr(widget(key), name, None), heard.get(name, 0)):
                heard[name] = number
                remember(f"{key}.heard", heard)
                touch()
                try:
                    answer(value)
                except ValueError as error:
                    complain(str(error))

        return receive

    answers = zip(TRIGGERS, (on_command, on_seek, on_open, on_look), strict=True)
    with st.container(gap=None):
        _film(
            data=pack({"film": key}), key=key, **{f"on_{name}_change": take(name, answer) for name, answer in answers}
        )
        _feed(data=pack({"heard": heard, "message": message}), key=f"{key}-feed")


def unheard(sent: Any, last: int) -> list[tuple[int, Any]]:
    """Return what of the browser's messages was not heard yet, with their numbers, in order.

    The browser sends every message again with the next one until it is told that it was heard: under load one could be
    overtaken before a run has seen it, or seen twice.

    >>> unheard([{"number": 7, "value": "a"}, {"number": 8, "value": "b"}], 7)
    [(8, 'b')]
    """
    items = [item for item in sent if isinstance(item, dict)] if isinstance(sent, list) else []
    numbered = [(item.get("number"), item.get("value")) for item in items[-MOST_MESSAGES:]]
    return sorted(
        ((number, value) for number, value in numbered if type(number) is int and last < number < 2**53),
        key=lambda pair: pair[0],
    )
