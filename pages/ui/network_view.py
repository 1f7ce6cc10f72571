"""The view of a whole network for one picture: every layer's maps, and any number of them to be picked.

    packed = network_data.data(network, x, activations, probabilities, classes, trace=trace, path=path)
    network_view.show(packed, key="inspect-network", on_pick=take)

Hovering and reading send nothing; only a pick comes back, checked here before the page sees it. What is traced travels
apart from the maps, to a component of its own: a pick does not send a megabyte of maps again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pages.ui import network_data
from pages.ui.components import register
from pages.ui.packing import pack
from pages.ui.state import complain, touch, widget

__all__ = ["Pick", "read_pick", "show"]

_mount = register("network", "pixels", "heatgrid", "network_layout", "network_layer", "network_meeting", "network")
_feed = register("network_feed", "network_meeting", "network_feed")


@dataclass(frozen=True)
class Pick:
    """A cell that a person picked: (channel, row, column) of a layer's maps, or (unit,) of its list.

    `layer` is a key of `Network.activations`, or ``"input"``: a pixel, where the way ends. Who picks a probability
    picks the class's logit.
    """

    layer: str
    index: tuple[int, ...]


def show(packed: bytes, *, key: str, on_pick: Callable[[Pick | None], None] | None = None) -> None:
    """Show a network.

    Parameters
    ----------
    packed : bytes
        From `pages.ui.network_data.data`.
    key : str
        The component's key.
    on_pick : callable, optional
        Called before the next run with the cell that was picked, also by the breadcrumbs; with None when the person
        cleared the trace (Escape). The ring is drawn at once; pass the trace back in the data to keep it. A ValueError
        that it raises, with a sentence, is shown by the page.
    """
    head, values = network_data.unpack(packed)
    known = {layer["name"]: tuple(layer["shape"]) for layer in head["layers"]}

    def take() -> None:
        message = getattr(widget(key), "pick", None)
        if message is None or on_pick is None:
            return
        touch()
        try:
            on_pick(read_pick(message, known))
        except ValueError as error:
            complain(str(error))

    marks = {"key": key, "at": head.pop("at"), "path": head.pop("path")}
    _mount(data=pack({**head, "key": key, "values": values}), key=key, on_pick_change=take)
    _feed(data=marks, key=f"{key}-feed")


def read_pick(message: Any, known: Mapping[str, tuple[int, ...]]) -> Pick | None:
    """Check which cell the browser says was picked.

    Parameters
    ----------
    message : object
        {"layer", "index"}; {"layer": None} clears.
    known : mapping
        The shape of each layer.

    Returns
    -------
    Pick, or None

    Raises
    ------
    ValueError
        With a sentence, if there is no such cell.

    Examples
    --------
    >>> read_pick({"layer": "conv1", "index": [0, 2, 1]}, {"conv1": (4, 8, 8)})
    Pick(layer='conv1', index=(0, 2, 1))
    """
    fields = message if isinstance(message, Mapping) else {}
    if "layer" in fields and fields["layer"] is None:
        return None
    layer, index = fields.get("layer"), fields.get("index")
    shape = known.get(layer, ()) if isinstance(layer, str) else ()
    whole = isinstance(index, list | tuple) and all(isinstance(n, int) and not isinstance(n, bool) for n in index)
    if not shape or not whole or len(index) != len(shape):  # type: ignore[arg-type]
        raise ValueError("The network has no such cell.")
    if not all(0 <= n < most for n, most in zip(index, shape, strict=True)):  # type: ignore[arg-type]
        raise ValueError("The network has no such cell.")
    return Pick("logits" if layer == "probabilities" else str(layer), tuple(index))  # type: ignore[arg-type]
