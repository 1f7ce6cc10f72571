"""How much memory a training run will take, known from its plan before anything is allocated.

Examples
--------
>>> from cnncore.architecture import Architecture
>>> round(training_bytes(Architecture().plan((1, 8, 8)), batch_size=32, pictures=1078) / 1e6, 1)
1.0
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnncore import _fused_columns
from cnncore._windows import Windows
from cnncore.architecture import LayerPlan

AT_LEAST_AT_ONCE, AT_MOST_AT_ONCE = 32, 128
"""Pictures that an evaluation looks at together: as many as a batch, within these bounds."""
PARAMETER_COPIES = 6
"""Parameters, gradients, Adam's two memories and its scratch, and the last good ones."""


def at_once(batch_size: int) -> int:
    """Return how many pictures an evaluation looks at together.

    >>> at_once(8), at_once(64), at_once(1000)
    (32, 64, 128)
    """
    return min(max(batch_size, AT_LEAST_AT_ONCE), AT_MOST_AT_ONCE)


def training_bytes(plan: Sequence[LayerPlan], *, batch_size: int, pictures: int, itemsize: int = 4) -> int:
    """Return the bytes of arrays that a Trainer will hold, without its dataset and history.

    Parameters
    ----------
    plan : sequence of LayerPlan
        From `Architecture.plan`.
    batch_size, pictures : int
        Pictures for one step; pictures in the training split.
    itemsize : int
        Bytes of a number.
    """
    sizes = {min(batch_size, pictures), pictures % batch_size or batch_size, at_once(batch_size)}
    parameters = sum(layer.parameters for layer in plan)
    return sum(pass_bytes(plan, images, itemsize) for images in sizes) + PARAMETER_COPIES * parameters * itemsize


def pass_bytes(plan: Sequence[LayerPlan], images: int, itemsize: int = 4) -> int:
    """Return the bytes of arrays that a training pass for batches of `images` pictures holds."""
    numbers, flags = images * math.prod(plan[0].input_shape), 0
    blocks = max(layer.detail.get("block", 0) for layer in plan)
    for number in range(1, blocks + 1):
        more = _block([layer for layer in plan if layer.detail.get("block") == number], images, itemsize)
        numbers, flags = numbers + more[0], flags + more[1]
    for layer in plan:
        if layer.kind in ("flatten", "global_average", "dense"):
            numbers += 2 * images * layer.output_shape[0]
        elif layer.kind == "activation" and "block" not in layer.detail:
            numbers, flags = numbers + 2 * images * layer.output_shape[0], flags + images * layer.output_shape[0]
    return numbers * itemsize + flags


def _block(layers: list[LayerPlan], images: int, itemsize: int) -> tuple[int, int]:
    """Return how many numbers, and how many flags of one byte, a block's part of the pass holds."""
    kinds = {layer.kind: layer for layer in layers}
    conv = kinds["conv"]
    (channels, height, width), (filters, rows, columns) = conv.input_shape, conv.output_shape
    (kh, kw), stride, padding = conv.detail["kernel"], conv.detail["stride"], conv.detail["padding"]
    pool = kinds["pool"].detail if "pool" in kinds else {}
    size: int = pool.get("size", 1)
    largest = pool.get("pool") == "max"
    apart = largest and "batch_norm" not in kinds
    used = rows // size * size if apart else rows
    row = filters * columns * images
    held = min(used, max(1, _fused_columns.BLOCK_BYTES // (row * itemsize * size)) * size) if apart else rows
    windows = Windows((height, width), (kh, kw), stride, padding, (1, 1), (rows, columns))
    mirrored = windows.mirrored()
    numbers = ((rows - 1) * stride[0] + kh) * channels * kw * columns * images  # columns
    if conv.name != "conv1" and mirrored is not None:
        numbers += (height + kh - 1) * filters * kw * width * images
    elif conv.name != "conv1":
        held = used
        numbers += used * kh * channels * kw * columns * images
    numbers += held * row * (1 if largest else 2)  # what comes out, and its gradient
    numbers += (used + 3) * filters * channels * kh * kw  # the filters' gradients, row by row
    flags, acted = 0, rows * row
    if pool:
        acted_maps = filters * (rows // size) * (columns // size) * images
        between = filters * (columns // size) * images
        numbers += 2 * acted_maps + (held if largest else rows) // size * size * between
        if largest:
            flags += (size - 1) * (used // size * size * between + acted_maps)
            acted = acted_maps
    if kinds["activation"].detail["function"] == "relu":
        flags += acted
    else:
        numbers, flags = numbers + acted, flags + acted
    numbers += 2 * row  # a row of zeros and one of the bias
    if "batch_norm" in kinds:
        numbers += rows * row
    if "dropout" in kinds:
        dropped = images * math.prod(kinds["dropout"].output_shape)
        numbers, flags = numbers + 2 * dropped, flags + 5 * dropped
    return numbers, flags
