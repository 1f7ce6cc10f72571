"""Hand-made filters for a network's first layer: what a person would look for, at the scale of random weights."""

from __future__ import annotations

import math

import numpy as np

from cnncore._arrays import Array
from cnncore.architecture import ConvBlock
from cnncore.geometry import as_pair
from cnncore.kernels import PRESETS

HANDMADE = (
    "sobel_x",
    "sobel_y",
    "laplacian_8",
    "roberts_right",
    "roberts_left",
    "box",
    "emboss",
    "sharpen",
    "identity",
    "binomial",
)
"""Names in `cnncore.kernels.PRESETS`, in the order in which they are taken; then again with their signs turned."""


def check_room(block: ConvBlock) -> None:
    """Raise a ValueError with a sentence if the block's kernel has no room for the hand-made 3 x 3 filters."""
    kernel = as_pair(block.kernel, "kernel")
    if min(kernel) < 3:
        raise ValueError(
            f"Hand-made filters are 3 × 3: they do not fit a first layer whose kernel is {kernel[0]} × {kernel[1]}."
        )


def handmade_filters(filters: int, channels: int, kernel: tuple[int, int]) -> Array:
    """Return hand-made filters for a first layer.

    Parameters
    ----------
    filters, channels : int
    kernel : tuple of int
        Rows and columns, each at least 3: the presets stand in the middle, zeros around them.

    Returns
    -------
    ndarray of float64, shape (filters, channels, *kernel)
        The squares of every filter's weights sum to 2, as they do on average with He's random weights.

    Examples
    --------
    >>> handmade_filters(1, 1, (3, 3))[0, 0].round(3)
    array([[-0.408,  0.   ,  0.408],
           [-0.816,  0.   ,  0.816],
           [-0.408,  0.   ,  0.408]])
    """
    found = np.zeros((filters, channels, *kernel))
    for number in range(filters):
        turn, place = divmod(number, len(HANDMADE))
        weights = PRESETS[HANDMADE[place]].weights()
        weights = weights * (math.sqrt(2 / channels) / np.linalg.norm(weights)) * (-1) ** turn
        top, left = (kernel[0] - weights.shape[0]) // 2, (kernel[1] - weights.shape[1]) // 2
        found[number, :, top : top + weights.shape[0], left : left + weights.shape[1]] = weights
    return found
