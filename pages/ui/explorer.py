"""The explorer: input, window and output as an equation that one can touch.

A page describes what is done with one of the functions below, adds its words and wishes with `annotate`, and shows it
with `explorer`. What the browser gets is described in `pages.ui.explorer_data`. Two things come back, each checked
here before the page sees it: an output cell that a person pinned, and a number that they typed into a cell.

    data = annotate(convolution(image, kernel, stride=2), pinned=state["pinned"], editable=["input"])
    explorer(data, key="stride_grid", on_pin=take_pin, on_edit=take_edit)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore import kernel_text
from pages.ui.components import register
from pages.ui.explorer_data import Data, annotate, has_output, pixels, signed
from pages.ui.explorer_pools import cross_channel_pooling, global_pooling, pooling
from pages.ui.explorer_sums import convolution, transposed_convolution
from pages.ui.state import complain, touch, widget

__all__ = [
    "WORKED_INPUT",
    "WORKED_KERNEL",
    "Edit",
    "Pin",
    "annotate",
    "convolution",
    "cross_channel_pooling",
    "explorer",
    "global_pooling",
    "pixels",
    "pooling",
    "read_edit",
    "read_pin",
    "signed",
    "transposed_convolution",
    "worked_example",
]

Pin = tuple[int, int, int]
"""Plane, row and column of the output, counted from 0."""

WORKED_INPUT = np.array(
    [
        [0.4, 0.2, 1.0, 0.3, 0.1, 0.0],
        [0.7, 0.1, 0.2, 0.8, 0.2, 0.1],
        [0.7, 0.3, 1.0, 0.9, 0.4, 0.0],
        [0.2, 0.6, 0.9, 1.0, 0.7, 0.3],
        [0.0, 0.1, 0.5, 0.8, 0.6, 0.2],
        [0.1, 0.0, 0.3, 0.4, 0.9, 0.5],
    ]
)
"""The article's first patch, and 27 numbers of ours round it."""
WORKED_KERNEL = np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 1.0]])

_PARTS = ("explorer_model", "explorer_sizes", "explorer_marks", "explorer_sheet", "explorer_view", "explorer_play")
_mount = register("explorer", *_PARTS, "explorer")


@dataclass(frozen=True)
class Edit:
    """A number that a person typed into a cell; rows and columns count from 0 at the first real cell."""

    where: str
    channel: int
    row: int
    column: int
    value: float


def explorer(
    data: Data,
    *,
    key: str,
    on_pin: Callable[[Pin | None], None] | None = None,
    on_edit: Callable[[Edit], None] | None = None,
) -> None:
    """Show an explorer.

    Parameters
    ----------
    data : dict
        From `convolution`, `pooling`, ..., passed through `annotate`.
    key : str
        The widget's key.
    on_pin : callable, optional
        Called before the next run with the output cell that was pinned, or None when the pin was taken away. The
        browser shows the pin at once; pass it back by ``annotate(..., pinned=...)`` to keep it.
    on_edit : callable, optional
        Called before the next run with the number that was typed. A ValueError that it raises, with a sentence,
        is shown by the page.
    """

    def take(name: str, read: Callable[[Any, Data], Any], answer: Callable[[Any], None] | None) -> Callable[[], None]:
        def receive() -> None:
            message = getattr(widget(key), name, None)
            if message is None or answer is None:
                return
            touch()
            try:
                answer(read(message, data))
            except ValueError as error:
                complain(str(error))

        return receive

    _mount(
        data=data,
        key=key,
        on_pin_change=take("pin", read_pin, on_pin),
        on_edit_change=take("edit", read_edit, on_edit),
    )


def read_pin(message: Any, data: Data) -> Pin | None:
    """Check which output cell the browser says was pinned.

    Parameters
    ----------
    message : object
        [plane, row, column], or an empty list for none.
    data : dict
        What the explorer shows.

    Returns
    -------
    tuple of int, or None

    Raises
    ------
    ValueError
        With a sentence, if the output has no such cell.

    Examples
    --------
    >>> data = convolution([[1, 2, 3]], [[1, 0, -1]])
    >>> read_pin([0, 0, 0], data), read_pin([], data)
    ((0, 0, 0), None)
    """
    if message == []:
        return None
    if not isinstance(message, list) or not has_output(data, message):
        raise ValueError("The output has no such cell.")
    plane, row, column = message
    return plane, row, column


def read_edit(message: Any, data: Data) -> Edit:
    """Check a number that the browser says was typed into a cell.

    Parameters
    ----------
    message : object
        {"where": "input" or "kernel", "channel", "row", "column", "text"}.
    data : dict
        What the explorer shows.

    Returns
    -------
    Edit

    Raises
    ------
    ValueError
        With a sentence, if there is no such cell, it must not be changed, or the text is no finite number.

    Examples
    --------
    >>> data = annotate(convolution([[1, 2, 3]], [[1, 0, -1]]), editable=["kernel"])
    >>> read_edit({"where": "kernel", "channel": 0, "row": 0, "column": 2, "text": "1/3"}, data).value
    0.3333333333333333
    """
    fields = message if isinstance(message, dict) else {}
    where = fields.get("where")
    if where not in ("input", "kernel") or not data["editable"][where] or not data[where]["planes"]:
        raise ValueError("This grid cannot be changed.")
    planes = data[where]["planes"]
    around = [*data["input"]["pad"], *data["input"]["over"]] if where == "input" else [0] * 6
    limits = {
        "channel": len(planes),
        "row": len(planes[0]) - around[0] - around[1] - around[4],
        "column": len(planes[0][0]) - around[2] - around[3] - around[5],
    }
    place = {name: fields.get(name) for name in limits}
    for name, limit in limits.items():
        at = place[name]
        if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < limit:
            raise ValueError(f"The {where} has no such cell.")
    text = str(fields.get("text", ""))[:60].strip()
    try:
        number = kernel_text.parse(text)
    except ValueError:
        number = np.zeros(0)
    if number.shape != (1, 1):
        raise ValueError(f"“{text[:40]}” is no number: type one like 0.5, −2 or 1/9.")
    return Edit(where, place["channel"], place["row"], place["column"], float(number[0, 0]))  # type: ignore[arg-type]


def worked_example(*, autoplay: bool = True, pinned: Pin | None = None) -> Data:
    """Return the article's worked example: a 6 x 6 input, a 3 x 3 filter, stride 1, and the 4 x 4 map.

    Parameters
    ----------
    autoplay : bool
        Start sliding at once.
    pinned : tuple of int, optional
        The output cell that is pinned.

    Returns
    -------
    dict
        As in `pages.ui.explorer_data`.

    References
    ----------
    .. [1] ashwins-code, "How do Convolutional Neural Networks work?", DEV Community.

    Examples
    --------
    >>> data = worked_example()
    >>> round(data["output"]["planes"][0][0][0], 12)
    3.3
    """
    data = convolution(WORKED_INPUT, WORKED_KERNEL)
    return annotate(
        data,
        input={"scale": pixels(), "decimals": 1},
        kernel={"title": "Filter"},
        output={"title": "Feature map", "decimals": 1},
        pinned=pinned,
        autoplay=autoplay,
    )
