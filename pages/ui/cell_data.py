"""One number of a network taken apart, packed for its view (`pages.ui.cell_view`, assets/components/cell.js).

A number that an activation, a batch normalisation or a flatten passed on is followed back to the layer that made it of
several others (the ``main`` one: a convolution, a pool, an average or a dense layer), so that the whole sum is seen:
window x weights = products, channel by channel, bias, normalisation, activation.

The message, as `pages.ui.packing` packs it: ``layer``, ``index``, ``title``, ``value`` of the number asked for;
``made_by`` (the main layer) and ``kind`` ("conv", "dense", "max", "average"); ``before`` (the layer that its inputs
belong to) with ``scale`` and ``bound``, as in the view of the network; ``window`` [rows, columns] and the ``rows``
and ``columns`` of its cells in the layer before, or [numbers] and nothing; ``channels``, ``sums`` (of each channel's
products); ``bias``, ``total``; ``weight_bound``, ``product_bound``; ``winner`` (place in the window of a max pool);
``maps`` (the shape of the maps that the numbers of a list stood in, or None); ``steps``: [{layer, text}], from the sum
to the value. As bytes ``inputs`` and ``weights`` (float64, channel after channel) and ``inside`` (0 for padding).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import LEAKY_SLOPE
from cnncore.layers import BATCH_NORM_EPSILON
from cnncore.network import Network
from cnncore.tracing import CellTrace, trace_cell
from pages.ui.network_data import largest, scales
from pages.ui.network_words import cell_name
from pages.ui.packing import pack
from pages.ui.words import MINUS, number

DIGITS = 4
PASSED_ON = ("activation", "batch_norm", "flatten")


def data(
    network: Network,
    x: Any,
    trace: CellTrace,
    activations: Mapping[str, NDArray[Any]],
    classes: Sequence[str] = (),
    *,
    off: Mapping[str, Collection[int]] | None = None,
) -> bytes:
    """Pack what the view shows.

    Parameters
    ----------
    network : Network
    x : array_like, shape (1, C, H, W)
    trace : CellTrace
        Of the number that is asked for.
    activations : mapping of str to ndarray
        What `Network.activations` gives for `x`, or, with filters switched off, `cnncore.whatif.activations_without`.
    classes : sequence of str
        Names of the classes.
    off : mapping of str to collection of int, optional
        Channels that are switched off, by layer.

    Returns
    -------
    bytes
    """
    chain = unfold(network, x, trace, activations)
    main = chain[0]
    parts = main.parts
    inputs = np.stack([part.inputs for part in parts])
    weights = np.stack([part.weights for part in parts])
    kind = main.kind
    if kind in ("pool", "global_average"):
        kind = "max" if "winner" in main.detail else "average"
    source = np.asarray(x if main.before == "input" else activations[main.before])
    maps = next(
        (plan.input_shape for plan in network.plan if plan.name == main.before and plan.kind == "flatten"), None
    )
    winner = None
    if kind == "max":
        row, column = main.detail["winner"]
        winner = [int(row - parts[0].rows[0]), int(column - parts[0].columns[0])]
    return pack(
        {
            "layer": trace.layer,
            "index": [int(n) for n in trace.index],
            "title": cell_name(trace.layer, trace.index, tuple(classes)),
            "value": plain(trace.value),
            "made_by": main.layer,
            "kind": kind,
            "before": main.before,
            "scale": "grey" if main.before == "input" else scales(network)[main.before],
            "bound": 1.0 if main.before == "input" else largest(source),
            "window": list(inputs.shape[1:]),
            "rows": [int(n) for n in parts[0].rows],
            "columns": [int(n) for n in parts[0].columns],
            "channels": [part.channel for part in parts],
            "sums": [plain(part.sum) for part in parts],
            "bias": plain(main.bias),
            "total": plain(main.total),
            "weight_bound": largest(weights),
            "product_bound": largest(inputs * weights),
            "winner": winner,
            "maps": maps,
            "steps": [step for each in chain for step in steps(each, off or {})],
            "inputs": inputs.astype("<f8").tobytes(),
            "weights": weights.astype("<f8").tobytes(),
            "inside": np.stack([part.inside for part in parts]).astype(np.uint8).tobytes(),
        }
    )


def unfold(network: Network, x: Any, trace: CellTrace, activations: Mapping[str, NDArray[Any]]) -> list[CellTrace]:
    """Return the traces from the layer that made a number to the one where it was asked for."""
    chain = [trace]
    while chain[0].kind in PASSED_ON:
        first, part = chain[0], chain[0].parts[0]
        at = (part.channel, int(part.rows[0]), int(part.columns[0])) if part.rows.size else first.index
        chain.insert(0, trace_cell(network, x, first.before, at, activations=activations))
    return chain


def steps(trace: CellTrace, off: Mapping[str, Collection[int]]) -> list[dict[str, str]]:
    """Return, in words with numbers, how one layer makes its number of the sum of its products."""
    lines = {
        "conv": _sum_steps,
        "dense": _sum_steps,
        "pool": _pool_steps,
        "global_average": _pool_steps,
        "activation": _activation_steps,
        "batch_norm": _norm_steps,
        "flatten": _flatten_steps,
    }[trace.kind](trace)
    if len(trace.index) == 3 and trace.index[0] in off.get(trace.layer, ()):
        lines.append(f"map {trace.index[0]} is switched off: 0")
    return [{"layer": trace.layer, "text": line} for line in lines]


def plain(value: float) -> float | str:
    """Return a number that JSON can carry; what it cannot, as a person reads it.

    >>> plain(0.5), plain(float("-inf"))
    (0.5, '−∞')
    """
    return float(value) if math.isfinite(value) else number(value)


def _say(value: float) -> str:
    return number(value, DIGITS)


def _brackets(value: float) -> str:
    """Return a number that may stand behind a sign of multiplication."""
    return f"({_say(value)})" if value < 0 else _say(value)


def _plus(value: float) -> str:
    """Return a number with the sign that joins it to a sum.

    >>> _plus(0.25), _plus(-0.25)
    ('+ 0.25', '− 0.25')
    """
    return f"{MINUS} {_say(-value)}" if value < 0 else f"+ {_say(value)}"


def _sum_steps(trace: CellTrace) -> list[str]:
    sums = [part.sum for part in trace.parts]
    total = _say(sum(sums))
    first = f"sum of the products {total}" if len(sums) == 1 else f"sum over the {len(sums)} maps {total}"
    return [first, f"{total} {_plus(trace.bias)} (bias) = {_say(trace.total)}"]


def _pool_steps(trace: CellTrace) -> list[str]:
    count = trace.parts[0].inputs.size
    if "winner" in trace.detail:
        row, column = trace.detail["winner"]
        return [f"largest of {count} numbers: {_say(trace.total)}, at row {row}, column {column}"]
    total = float(trace.parts[0].inputs.sum())
    return [f"mean of {count:,} numbers: {_say(total)} / {count:,} = {_say(trace.total)}"]


def _activation_steps(trace: CellTrace) -> list[str]:
    before, function = trace.detail["before"], trace.detail["function"]
    if function == "relu":
        return [f"max(0, {_say(before)}) = {_say(trace.total)}"]
    if function == "tanh":
        return [f"tanh({_say(before)}) = {_say(trace.total)}"]
    if before > 0:
        return [f"{_say(before)} is positive and stays as it is"]
    return [f"{LEAKY_SLOPE:g} × {_brackets(before)} = {_say(trace.total)}"]


def _norm_steps(trace: CellTrace) -> list[str]:
    mean, variance, scale, shift = (trace.detail[name] for name in ("mean", "variance", "scale", "shift"))
    x = trace.parts[0].inputs.item()
    less = f"{MINUS} {_say(mean)}" if mean >= 0 else f"+ {_say(-mean)}"
    root = f"√({_say(variance)} + {BATCH_NORM_EPSILON:.5f})"
    return [f"{_say(scale)} × ({_say(x)} {less}) / {root} {_plus(shift)} = {_say(trace.total)}"]


def _flatten_steps(trace: CellTrace) -> list[str]:
    part = trace.parts[0]
    return [
        f"number {trace.index[0]:,} of the list is map {part.channel}, row {part.rows[0]}, column {part.columns[0]}"
    ]
