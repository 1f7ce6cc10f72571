"""What the film shows of the network itself: filters, feature maps, histograms. See `pages.ui.training_data`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import LayerPlan
from cnncore.ops import softmax

BINS = 41  # odd: zero lies in the middle of a bin
MOST_WEIGHTS = 16_384  # of a layer shown entire; a larger one shows one number for each plane
MOST_LEVELS = 32_768  # of all maps of a layer
MIDDLE = 128  # the level of zero on the signed scale, as in pixels.js

Part = dict[str, Any]
Arrays = Mapping[str, NDArray[Any]]


def levels(values: NDArray[Any], bound: float, *, signed: bool) -> bytes:
    """Return a byte for each number: signed 1..255 with zero at 128, or 0..255; `bound` is the end of the scale.

    >>> list(levels(np.array([-1.0, 0.0, 0.5]), 1.0, signed=True))
    [1, 128, 192]
    """
    top, zero = (127.0, float(MIDDLE)) if signed else (255.0, 0.0)
    with np.errstate(invalid="ignore"):
        scaled = np.rint(np.multiply(values, top / (bound or 1.0)) + zero)
        return np.nan_to_num(np.clip(scaled, 0.0, 255.0), nan=zero).astype(np.uint8).tobytes()


def largest(values: NDArray[Any]) -> float:
    """Return the largest finite magnitude.

    >>> largest(np.array([1.0, np.nan, -3.0]))
    3.0
    """
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def known(value: Any) -> float | None:
    """Return a number as JSON can carry it: None where it is not finite.

    >>> known(np.float32(0.5)), known(np.nan)
    (0.5, None)
    """
    return float(value) if np.isfinite(value) else None


def _named(layers: Sequence[LayerPlan]) -> list[dict[str, str]]:
    return [{"name": layer.name, "label": layer.label} for layer in layers]


def _chosen(layers: Sequence[LayerPlan], name: str, otherwise: int = 0) -> LayerPlan:
    return next((layer for layer in layers if layer.name == name), layers[otherwise])


def convolutions(plan: Sequence[LayerPlan]) -> list[LayerPlan]:
    """Return the layers that have filters."""
    return [layer for layer in plan if layer.kind == "conv"]


def mapped(plan: Sequence[LayerPlan]) -> list[LayerPlan]:
    """Return the layers whose output are maps, as `Network.activations` gives them: dropout does nothing there."""
    return [layer for layer in plan if len(layer.output_shape) == 3 and layer.kind != "dropout"]


def filters_part(plan: Sequence[LayerPlan], arrays: Arrays, start: Arrays, name: str, number: int) -> Part:
    """Return the filters of a layer over one channel, or the planes of one filter of a deeper layer."""
    layers = convolutions(plan)
    layer = _chosen(layers, name)
    weights, first = arrays[f"{layer.name}.weight"], start[f"{layer.name}.weight"]
    filters, channels = weights.shape[:2]
    number = min(max(number, 0), filters - 1)
    now, before = (weights[:, 0], first[:, 0]) if channels == 1 else (weights[number], first[number])
    changes = np.abs(now - before).mean(axis=(1, 2))
    part = {
        "layers": _named(layers),
        "layer": layer.name,
        "filter": number,
        "filters": filters,
        "planes": len(now),
        "channels": channels,
        "rows": now.shape[1],
        "cols": now.shape[2],
        "bound": max(largest(now), largest(before)),
        "changes": [known(change.round(5)) for change in changes],
    }
    return {
        "filters": part,
        "filters_now": now.astype("<f4").tobytes(),
        "filters_start": levels(before, part["bound"], signed=True),
    }


def maps_part(
    plan: Sequence[LayerPlan],
    activations: Arrays,
    name: str,
    images: NDArray[Any],
    labels: NDArray[Any],
    digit: int,
) -> Part:
    """Return a layer's maps of one digit, on one scale, and what the network reads in it."""
    layers = mapped(plan)
    first = next((place for place, layer in enumerate(layers) if layer.kind == "activation"), 0)
    layer = _chosen(layers, name, first)
    maps = activations[layer.name][0]
    signed = bool((maps < 0).any())
    bound = largest(maps)
    shares = softmax(activations["logits"][:1])[0]
    read = int(shares.argmax())
    highs = [float(f"{largest(each):.4g}") for each in maps]
    full = list(maps.shape[1:])
    maps = _fewer(maps)
    part = {
        "layers": _named(layers),
        "layer": layer.name,
        "count": maps.shape[0],
        "full": full,
        "rows": maps.shape[1],
        "cols": maps.shape[2],
        "scale": "signed" if signed else "amount",
        "bound": bound,
        "highs": highs,
        "digit": digit,
        "digits": len(labels),
        "label": int(labels[digit]),
        "read": read,
        "share": known(shares[read]),
        "picture": list(images.shape[2:]),
    }
    return {
        "maps": part,
        "maps_levels": levels(maps, bound, signed=signed),
        "digit_levels": levels(images[digit, 0], 1.0, signed=False),
    }


def _fewer(maps: NDArray[Any]) -> NDArray[Any]:
    """Return maps with means of 2 x 2 in place of their numbers where these are more than a screen shows of them."""
    if maps.size <= MOST_LEVELS:
        return maps
    odd = [(0, 0), (0, maps.shape[1] % 2), (0, maps.shape[2] % 2)]
    even = np.pad(maps, odd, "edge")
    return (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4


def histograms_part(plan: Sequence[LayerPlan], arrays: Arrays, gradients: Arrays | None) -> Part:
    """Return for each layer with weights how these, and their gradients, are spread."""
    listed, counts = [], []
    for layer in plan:
        name = f"{layer.name}.weight"
        if layer.kind not in ("conv", "dense"):
            continue
        gradient = None if gradients is None else gradients.get(name)
        bound, weights = _spread(arrays[name])
        gradient_bound, slopes = (0.0, np.zeros(BINS)) if gradient is None else _spread(gradient)
        listed.append(
            {
                "name": layer.name,
                "label": layer.label,
                "count": int(arrays[name].size),
                "bound": bound,
                "gradient": None if gradient is None else gradient_bound,
            }
        )
        counts += [weights, slopes]
    table = np.minimum(counts, 65_535).astype("<u2")
    return {"histograms": {"bins": BINS, "layers": listed}, "histogram_counts": table.tobytes()}


def _spread(values: NDArray[Any]) -> tuple[float, NDArray[Any]]:
    """Return the largest magnitude, and how many numbers lie nearest to each of `BINS` places from it to it."""
    bound = largest(values)
    if not bound > 0:
        counts = np.zeros(BINS, np.int64)
        counts[BINS // 2] = values.size
        return 0.0, counts
    with np.errstate(invalid="ignore"):
        places = np.rint(np.nan_to_num(values.ravel() * ((BINS - 1) / 2 / bound)) + (BINS - 1) / 2)
    return bound, np.bincount(np.clip(places, 0, BINS - 1).astype(np.intp), minlength=BINS)


def whole_part(plan: Sequence[LayerPlan], arrays: Arrays, name: str) -> Part:
    """Return every plane of every filter of a layer, or, of a large one, how strong each plane is."""
    layer = _chosen(convolutions(plan), name)
    weights = arrays[f"{layer.name}.weight"]
    strengths = weights.size > MOST_WEIGHTS
    shown = np.sqrt(np.square(weights).mean(axis=(2, 3), keepdims=True)) if strengths else weights
    bound = largest(shown)
    part = {
        "layer": layer.name,
        "label": layer.label,
        "filters": shown.shape[0],
        "channels": shown.shape[1],
        "rows": shown.shape[2],
        "cols": shown.shape[3],
        "bound": bound,
        "strengths": strengths,
    }
    return {"whole": part, "whole_levels": levels(shown, bound, signed=not strengths)}
