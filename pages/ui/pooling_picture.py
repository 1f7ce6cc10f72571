"""The pool on the person's picture, and on a feature map of it: picture, kernel, ReLU, pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import ops
from cnncore.geometry import resolve_padding_2d
from cnncore.operation import Operation
from pages.ui.kernel_controls import ChosenKernel, chosen_kernel
from pages.ui.picture_controls import Picture
from pages.ui.pooling_grid import draw_formula
from pages.ui.pooling_panes import PIXELWISE, Pane, behind, draw_alone, draw_panes, largest
from pages.ui.pooling_view import Pool, is_windowed, place_pool, reduces, shape_sentence
from pages.ui.state import PageState, memo
from pages.ui.words import number as say

Image = NDArray[np.float32]
POOL = (
    *("kind", "per_axis", "window", "window_across", "stride", "stride_across", "dilation", "dilation_across"),
    *("padding", "pixels", "pixels_across", "ceil_mode", "count_include_pad"),
)
"""The settings on which a pool depends."""
RGB = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class PooledPicture:
    """Maps (C, H, W), the pool, and what came out: (C, OH, OW), (1, H, W), or (C,) of a global pool."""

    kind: str
    maps: Image
    pool: Pool | None
    result: Image


def pool_maps(values: dict[str, Any], maps: Image, what: str = "picture") -> PooledPicture:
    """Pool maps of shape (C, H, W) as the settings say. Raises ValueError with a sentence."""
    kind = values["kind"]
    if is_windowed(kind):
        pool = place_pool(values, maps.shape[1:], what)
        return PooledPicture(kind, maps, pool, pool.apply(maps))
    mean = reduces(kind) == "average"
    if kind.startswith("global"):
        every = ops.global_avg_pool2d if mean else ops.global_max_pool2d
        return PooledPicture(kind, maps, None, every(maps[None])[0])
    across = ops.cross_channel_avg_pool if mean else ops.cross_channel_max_pool
    return PooledPicture(kind, maps, None, across(maps[None])[0])


def pooled_picture(values: dict[str, Any], picture: Picture) -> PooledPicture:
    """Pool the picture: in grey under a window, its three channels by the other pools."""

    def compute() -> PooledPicture:
        image = picture.array("gray" if is_windowed(values["kind"]) else "rgb")
        maps = image[None] if image.ndim == 2 else np.ascontiguousarray(image.transpose(2, 0, 1))
        return pool_maps(values, maps)

    found: PooledPicture = memo("pooling.picture", (picture.digest, *(values[name] for name in POOL)), compute)
    return found


def draw_picture(state: PageState, found: PooledPicture, picture: Picture) -> None:
    """Draw the picture and what the pool made of it."""
    windows = found.pool.windows if found.pool else PIXELWISE
    image = found.maps[0] if found.pool else picture.array("rgb")
    before = Pane("Input", image, windows=windows)
    if found.kind.startswith("global"):
        left, right = st.columns(2)
        with left:
            draw_alone(state, [before])
        with right:
            _numbers(found, list(RGB))
        return
    draw_panes(state, [before, Pane("Output", found.result[0])])
    if found.pool:
        draw_formula(found.pool, brief=True)
    else:
        st.markdown(shape_sentence(found.kind, *found.maps.shape))


def _numbers(found: PooledPicture, names: list[str]) -> None:
    """Write the numbers of a global pool."""
    word = "Largest number" if reduces(found.kind) == "max" else "Mean"
    lines = ["| Map | " + word + " |", "|---|---:|"]
    lines += [f"| {name} | {say(float(value), 5)} |" for name, value in zip(names, found.result, strict=True)]
    st.markdown("\n".join(lines))
    st.markdown(shape_sentence(found.kind, *found.maps.shape))


# Picture, kernel, ReLU, pool ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Chain:
    """A picture, its feature maps behind the ReLU, (C, H, W), and what the pool made of them."""

    kernel: ChosenKernel
    operation: Operation
    image: Image
    negative: float
    """Share of the filter's outputs that the ReLU set to 0."""
    pooled: PooledPicture


def chain(values: dict[str, Any], picture: Picture) -> Chain:
    """Filter the picture with the chosen kernel, rectify, and pool. Raises ValueError with a sentence."""
    kernel = chosen_kernel(values)
    if kernel.combine is None and kernel.weights.ndim == 3:
        raise ValueError("Your kernel has three planes; the feature map is made with one. Give one plane.")
    weights = kernel.weights
    key = (
        picture.digest,
        weights.shape,
        weights.tobytes(),
        kernel.combine,
        kernel.title,
        *(values[name] for name in POOL),
    )

    def compute() -> Chain:
        mode: Any = "gray" if is_windowed(values["kind"]) else "each"
        operation = Operation(weights, mode=mode, combine=kernel.combine)
        image = picture.array("gray" if mode == "gray" else "rgb")
        filtered = operation.apply(image)
        negative = float(np.mean(filtered < 0))
        maps = filtered[None] if filtered.ndim == 2 else np.ascontiguousarray(filtered.transpose(2, 0, 1))
        return Chain(kernel, operation, image, negative, pool_maps(values, ops.relu(maps[None])[0], "feature map"))

    found: Chain = memo("pooling.chain", key, compute)
    return found


def draw_chain(state: PageState, found: Chain) -> None:
    """Draw picture, feature map and pooled map; of several channels the maps below."""
    pooled, maps = found.pooled, found.pooled.maps
    windows = pooled.pool.windows if pooled.pool else PIXELWISE
    shape = found.operation.kernel_shape
    pads = resolve_padding_2d((maps.shape[1], maps.shape[2]), shape, padding="same")
    bound = largest(maps)
    source = Pane("Picture", found.image, windows=behind(windows, shape, pads), border="reflect")
    if pooled.pool:
        middle = Pane("Feature map", maps[0], bound, windows)
        draw_panes(state, [source, middle, Pane("Pooled", pooled.result[0], bound)], frame=210)
        _say_chain(found)
        draw_formula(pooled.pool, brief=True)
        return
    between = [Pane(f"Map of {name}", plane, bound, windows) for name, plane in zip(RGB, maps, strict=True)]
    if pooled.kind.startswith("global"):
        draw_alone(state, [source, *between], frame=150)
        _say_chain(found)
        _numbers(pooled, list(RGB))
    else:
        draw_panes(state, [source, *between, Pane("Pooled", pooled.result[0], bound)], frame=150)
        _say_chain(found)
        st.markdown(shape_sentence(pooled.kind, *maps.shape))


def _say_chain(found: Chain) -> None:
    rows, columns = found.operation.kernel_shape
    each = "" if found.pooled.pool else " in each of R, G and B apart"
    rectified = (
        f"{say(100 * found.negative)} % of its outputs are negative: the ReLU makes them 0"
        if found.negative
        else "none of its outputs is negative: the ReLU changes nothing"
    )
    which = "All maps" if found.pooled.pool is None else "Feature map and pooled map"
    st.markdown(
        f"Picture → {found.kernel.title} ({rows} × {columns}{each}) → ReLU → pool. {rectified[0].upper()}"
        f"{rectified[1:]}. {which} share one scale, 0 to {say(largest(found.pooled.maps))}."
    )
