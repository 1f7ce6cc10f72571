"""The operations of a convolutional network, stateless, each forward beside its backward.

The one door to them: behind it stand `cnncore.convolution`, `pooling`, `global_pooling`, `pointwise` and `head`.

Arrays are NCHW: (images, channels, rows, columns). Filters are (F, C // groups, KH, KW), PyTorch's order, and are
not flipped. A result has the dtype of `x` (float32 or float64; integers and bool become float32, others are refused);
it is always a new array, and no input is changed. For a batch, four-dimensional results are NCHW-shaped views of memory
in which the image's number runs fastest (compare PyTorch's ``channels_last``): pass them on as they are, and no
operation needs to rearrange them.

A "pair" is an int or (vertical, horizontal). `padding` is an int, a pair, ((top, bottom), (left, right)), or one of
"valid", "same", "same_lower", "full". Every bad argument raises a ValueError that names it and what was received.

Examples
--------
>>> import numpy as np
>>> x = np.ones((2, 1, 6, 6))
>>> maps = relu(conv2d(x, np.ones((4, 1, 3, 3)), padding="same"))
>>> max_pool2d(maps, 2).shape
(2, 4, 3, 3)
"""

from __future__ import annotations

from cnncore.convolution import conv2d, conv2d_backward, conv_transpose2d
from cnncore.global_pooling import (
    cross_channel_avg_pool,
    cross_channel_max_pool,
    global_avg_pool2d,
    global_max_pool2d,
)
from cnncore.head import dense, dense_backward, softmax, softmax_cross_entropy
from cnncore.pointwise import relu, relu_backward
from cnncore.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "cross_channel_avg_pool",
    "cross_channel_max_pool",
    "dense",
    "dense_backward",
    "global_avg_pool2d",
    "global_max_pool2d",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
    "softmax",
    "softmax_cross_entropy",
]
