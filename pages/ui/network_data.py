"""A whole network for one picture, packed for the view of it (`pages.ui.network_view`, assets/components/network.js).

The message, as `pages.ui.packing` packs it:

- ``values``: float32, lowest byte first, every layer's numbers one after another;
- ``layers``: in the order in which data flows, first the picture (``"input"``), last ``"probabilities"``. Each has
  ``name``, ``label``, ``kind``, ``shape`` (channels, rows, columns) or (numbers,), ``hidden`` (it is left out, and has
  no numbers), ``start`` (where its numbers begin in ``values``), ``scale`` ("grey", "amount", "signed"), ``bound`` (the
  end of the scale, one for the layer), ``purpose`` (in everyday words), ``size`` (a formula), ``parameters`` (a formula
  or ""), ``off`` (channels that are switched off), ``before`` (the layer it is computed from, or None), ``reads``
  (which of its cells, see `_reads`), and ``fields``: for each row, and for each column, the first and last row or
  column of the picture that can move it (one of each for a list);
- ``classes``: their names; ``at``: {layer, index} of the cell that is traced, or None; ``path``: the way of picks to
  it, a list of {layer, index, text, short}.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import LayerPlan
from cnncore.network import Network
from cnncore.tracing import CellTrace, layer_before, receptive_field
from pages.ui.network_words import cell_code, cell_name, parameter_formula, purpose, size_formula
from pages.ui.packing import pack

Index = tuple[int, ...]
Layer = dict[str, Any]


def data(
    network: Network,
    x: Any,
    activations: Mapping[str, NDArray[Any]],
    probabilities: Any,
    classes: Sequence[str],
    *,
    trace: CellTrace | None = None,
    off: Mapping[str, Collection[int]] | None = None,
    skip_kinds: Collection[str] = (),
    path: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Pack what the view shows.

    Parameters
    ----------
    network : Network
    x : array_like, shape (1, C, H, W)
        The picture, 0 to 1.
    activations : mapping of str to ndarray
        What `Network.activations` gives for `x`.
    probabilities : array_like, shape (1, classes) or (classes,)
    classes : sequence of str
        Their names.
    trace : CellTrace, optional
        The cell that is traced: it and what it came from are outlined.
    off : mapping of str to collection of int, optional
        Channels that are switched off, by layer: their maps are crossed out.
    skip_kinds : collection of str
        Kinds of layers that are left out, such as "activation"; see `cnncore.architecture.LayerPlan`.
    path : sequence of mapping
        The way of picks: {"layer", "index", "text", "short"}, see `path_entry`. The last one is where one stands; if
        there is no `trace` it is what is outlined.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If `x` is not one picture, or there is not one name for each class.
    """
    picture = np.asarray(x, np.float32)
    if picture.shape != (1, *network.input_shape):
        raise ValueError(f"`x` has shape {picture.shape}; one picture of shape {(1, *network.input_shape)} is needed")
    shares = np.asarray(probabilities, np.float32).reshape(-1)
    if not len(classes) == shares.size == network.classes:
        raise ValueError(
            f"`classes` has {len(classes)} names and `probabilities` {shares.size} numbers; "
            f"this network has {network.classes} classes"
        )
    packed = _Values()
    shape = list(network.input_shape)
    whole = [[[n, n] for n in range(size)] for size in shape[1:]]
    layers = [
        _layer("input", "Your picture", "input", shape, packed.add(picture), "grey", 1.0)
        | {"size": f"{' × '.join(map(str, shape))} = {picture.size:,} pixels, 0 to 1", "fields": whole}
    ]
    scale_of = scales(network)
    for plan in network.plan:
        if plan.kind == "dropout":
            continue
        values, scale = np.asarray(activations[plan.name][0], np.float32), scale_of[plan.name]
        hidden = plan.kind in skip_kinds
        start = 0 if hidden else packed.add(values)
        layer = _layer(plan.name, plan.label, plan.kind, list(plan.output_shape), start, scale, largest(values))
        layer |= {
            "hidden": hidden,
            "purpose": purpose(plan),
            "size": size_formula(plan),
            "parameters": parameter_formula(plan),
            "off": sorted((off or {}).get(plan.name, ())),
            "before": layer_before(network, plan.name),
            "reads": _reads(plan),
            "fields": _fields(network, plan),
        }
        layers.append(layer)
    layers.append(
        _layer("probabilities", "Softmax", "softmax", [shares.size], packed.add(shares), "amount", 1.0)
        | {"purpose": "The scores as shares of 100 %: the network's answer", "size": "eˣ / the sum of all eˣ"}
        | {"before": "logits", "reads": {"kind": "all"}}
        | {"fields": _fields(network, network.plan[-1])}
    )
    stops = [
        {"layer": str(stop["layer"]), "index": [int(n) for n in stop["index"]]}
        | {"text": str(stop["text"]), "short": str(stop["short"])}
        for stop in path
    ]
    at: dict[str, Any] | None = None
    if trace is not None:
        at = {"layer": trace.layer, "index": [int(n) for n in trace.index]}
    elif stops:
        at = {"layer": stops[-1]["layer"], "index": stops[-1]["index"]}
    return pack(
        {"layers": layers, "classes": list(map(str, classes)), "at": at, "path": stops, "values": packed.bytes()}
    )


def path_entry(layer: str, index: Sequence[int], classes: Sequence[str] = ()) -> dict[str, Any]:
    """Return one stop of a path, with its words, and with fewer.

    >>> path_entry("pool2", (3, 1, 2))
    {'layer': 'pool2', 'index': [3, 1, 2], 'text': 'pool2, map 3, row 1, column 2', 'short': 'pool2 · 3 · 1,2'}
    """
    place, names = tuple(int(n) for n in index), tuple(classes)
    words = {"text": cell_name(layer, place, names), "short": cell_code(layer, place, names)}
    return {"layer": layer, "index": list(place), **words}


def scales(network: Network) -> dict[str, str]:
    """Return for each layer "amount" where nothing can be negative (after a ReLU, until weights come in), or "signed".

    >>> from cnncore.architecture import Architecture
    >>> scales(Network(Architecture()))["conv2"], scales(Network(Architecture()))["flatten"]
    ('signed', 'amount')
    """
    found, scale = {}, "signed"
    for plan in network.plan:
        if plan.kind == "activation":
            scale = "amount" if plan.detail["function"] == "relu" else "signed"
        elif plan.kind in ("conv", "dense", "batch_norm"):
            scale = "signed"
        found[plan.name] = scale
    return found


def largest(values: NDArray[Any]) -> float:
    """Return the largest finite magnitude."""
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max(initial=0.0))


def unpack(packed: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what `data` packed: everything but the numbers, and the numbers."""
    start = 4 + int.from_bytes(packed[:4], "little")
    head: dict[str, Any] = json.loads(packed[4:start])
    del head["bytes"]
    return head, packed[start:]


class _Values:
    """Numbers one after another."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def add(self, values: NDArray[Any]) -> int:
        """Append `values`; return where they begin."""
        start = self._count
        self._parts.append(np.ascontiguousarray(values, "<f4").tobytes())
        self._count += values.size
        return start

    def bytes(self) -> bytes:
        return b"".join(self._parts)


def _layer(name: str, label: str, kind: str, shape: list[int], start: int, scale: str, bound: float) -> Layer:
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "shape": shape,
        "start": start,
        "scale": scale,
        "bound": bound,
        "purpose": "",
        "parameters": "",
        "hidden": False,
        "off": [],
        "before": None,
        "reads": None,
    }


def _reads(plan: LayerPlan) -> dict[str, Any]:
    """Return which cells of the layer before a cell is computed from.

    "window": rows ``stride * row - begin`` to ``+ size - 1``, columns alike, of the same channel or of ``all`` of them;
    "same": the cell of the same place in a list; "cell": the one with this number, counted through the maps; "map": a
    whole map; "all": everything.
    """
    if plan.kind == "conv":
        begin = [pads[0] for pads in plan.detail["padding"]]
        return _window(list(plan.detail["stride"]), begin, list(plan.detail["kernel"]), True)
    if plan.kind == "pool":
        size = [plan.detail["size"]] * 2
        return _window(size, [0, 0], size, False)
    if plan.kind in ("activation", "batch_norm"):
        return {"kind": "same"} if len(plan.output_shape) == 1 else _window([1, 1], [0, 0], [1, 1], False)
    return {"kind": {"flatten": "cell", "global_average": "map"}.get(plan.kind, "all")}


def _window(stride: list[int], begin: list[int], size: list[int], every: bool) -> dict[str, Any]:
    return {"kind": "window", "stride": stride, "begin": begin, "size": size, "all": every}


def _fields(network: Network, plan: LayerPlan) -> list[list[list[int]]]:
    """Return the receptive field of each row, and of each column; the two do not depend on each other."""
    if plan.kind == "flatten":  # of the maps that it lines up
        names = [each.name for each in network.plan]
        return _fields(network, network.plan[names.index(plan.name) - 1])
    if len(plan.output_shape) == 1:
        return [[list(span)] for span in receptive_field(network, plan.name, (0,))]
    _, rows, columns = plan.output_shape
    return [
        [list(receptive_field(network, plan.name, (0, row, columns // 2))[0]) for row in range(rows)],
        [list(receptive_field(network, plan.name, (0, rows // 2, column))[1]) for column in range(columns)],
    ]
