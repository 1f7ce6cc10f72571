"""The view of one number of a network taken apart, down to the numbers of the layer before, each of which leads on.

packed = cell_data.data(network, x, trace, activations, classes)
cell_view.show(packed, key="inspect-cell", on_go=take)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pages.ui.components import register
from pages.ui.network_view import Pick, read_pick
from pages.ui.state import complain, touch, widget

__all__ = ["show"]

_mount = register(
    "cell", "pixels", "heatgrid", "network_layout", "network_layer", "network_meeting", "cell_list", "cell"
)


def show(packed: bytes, *, key: str, on_go: Callable[[Pick], None] | None = None) -> None:
    """Show one number taken apart.

    Parameters
    ----------
    packed : bytes
        From `pages.ui.cell_data.data`.
    key : str
        The component's key.
    on_go : callable, optional
        Called before the next run with the cell of the layer before, or the pixel, that the person goes on to. A
        ValueError that it raises, with a sentence, is shown by the page.
    """
    head = json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])

    def take() -> None:
        message = getattr(widget(key), "go", None)
        if message is None or on_go is None:
            return
        touch()
        try:
            on_go(read_go(message, head))
        except ValueError as error:
            complain(str(error))

    _mount(data=packed, key=key, on_go_change=take)


def read_go(message: Any, head: dict[str, Any]) -> Pick:
    """Check which cell the browser says the person goes on to.

    Parameters
    ----------
    message : object
        {"channel", "row", "column"} or {"unit"}: cells of the layer ``before``.
    head : dict
        What the view shows; see `pages.ui.cell_data`.

    Returns
    -------
    Pick

    Raises
    ------
    ValueError
        With a sentence, if the number was not made of such a cell.

    Examples
    --------
    >>> head = {"before": "pool1", "window": [2, 2], "channels": [0, 1], "rows": [-1, 0], "columns": [3, 4]}
    >>> read_go({"channel": 1, "row": 0, "column": 4}, head)
    Pick(layer='pool1', index=(1, 0, 4))
    """
    fields = message if isinstance(message, dict) else {}
    if len(head["window"]) == 1:
        known, index = {head["before"]: tuple(head["window"])}, [fields.get("unit")]
    else:
        most = (max(head["channels"]) + 1, max(head["rows"]) + 1, max(head["columns"]) + 1)
        known, index = {head["before"]: most}, [fields.get(name) for name in ("channel", "row", "column")]
        if index[0] not in head["channels"] or index[1] not in head["rows"] or index[2] not in head["columns"]:
            raise ValueError("The number was not made of such a cell.")
    pick = read_pick({"layer": head["before"], "index": index}, known)
    if pick is None:
        raise ValueError("The number was not made of such a cell.")
    return pick
