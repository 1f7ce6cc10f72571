"""What a convolution costs: its parameters and its multiply-adds, and that of its cheaper relatives.

One multiply-add is one weight times one number, added to a running sum. Zeros of the padding count as numbers, as
every dense implementation multiplies them; adding the bias is no multiply-add.

References
----------
.. [1] A. Howard et al., "MobileNets", arXiv:1704.04861, section 3.1.
.. [2] F. Chollet, "Xception", arXiv:1610.02357.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnncore.geometry import as_int, as_pair


@dataclass(frozen=True)
class Cost:
    """What a layer holds and does.

    Parameters
    ----------
    weights : int
        Numbers in its filters.
    biases : int
        Numbers added to its maps.
    multiply_adds : int
        For one picture.
    """

    weights: int
    biases: int
    multiply_adds: int

    @property
    def parameters(self) -> int:
        """What is learned: weights and biases."""
        return self.weights + self.biases

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of one layer after the other."""
        return Cost(self.weights + other.weights, self.biases + other.biases, self.multiply_adds + other.multiply_adds)


def convolution_cost(channels: int, filters: int, kernel: Any, out: Any, *, groups: int = 1, bias: bool = True) -> Cost:
    """Return what a standard convolution costs: every filter sums over all channels (of its group).

    Parameters
    ----------
    channels : int
        Maps that go in.
    filters : int
        Maps that come out.
    kernel : int or (vertical, horizontal)
        Size of the window, in pixels.
    out : int or (vertical, horizontal)
        Size of the maps that come out, in pixels.
    groups : int
        Channels and filters are cut into so many groups, each filter sees its own group only.
    bias : bool
        Whether each filter adds one number of its own.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        If a number is not whole or below 1, or `groups` does not divide `channels` and `filters`.

    Examples
    --------
    >>> convolution_cost(3, 64, 3, (224, 224))
    Cost(weights=1728, biases=64, multiply_adds=86704128)
    >>> convolution_cost(3, 64, 3, (224, 224)).parameters
    1792
    """
    channels, filters = as_int(channels, "channels", least=1), as_int(filters, "filters", least=1)
    groups = as_int(groups, "groups", least=1)
    if channels % groups or filters % groups:
        raise ValueError(f"`groups` (={groups}) must divide `channels` (={channels}) and `filters` (={filters})")
    height, width = as_pair(kernel, "kernel")
    rows, columns = as_pair(out, "out")
    weights = filters * (channels // groups) * height * width
    return Cost(weights, filters if bias else 0, weights * rows * columns)


def depthwise_cost(channels: int, kernel: Any, out: Any, *, multiplier: int = 1, bias: bool = True) -> Cost:
    """Return what a depthwise convolution costs: every channel is filtered apart.

    Parameters
    ----------
    channels, kernel, out, bias
        As in `convolution_cost`.
    multiplier : int
        Maps made of each channel, Keras' ``depth_multiplier``.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        If a number is not whole or below 1.

    Examples
    --------
    >>> depthwise_cost(3, 3, (224, 224))
    Cost(weights=27, biases=3, multiply_adds=1354752)
    """
    channels, multiplier = as_int(channels, "channels", least=1), as_int(multiplier, "multiplier", least=1)
    return convolution_cost(channels, channels * multiplier, kernel, out, groups=channels, bias=bias)


def pointwise_cost(channels: int, filters: int, out: Any, *, bias: bool = True) -> Cost:
    """Return what a 1 x 1 convolution costs: it mixes the channels at each pixel and sees no neighbours.

    Parameters
    ----------
    channels, filters, out, bias
        As in `convolution_cost`.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        If a number is not whole or below 1.

    Examples
    --------
    >>> pointwise_cost(3, 64, (224, 224))
    Cost(weights=192, biases=64, multiply_adds=9633792)
    """
    return convolution_cost(channels, filters, 1, out, bias=bias)


def separable_cost(
    channels: int, filters: int, kernel: Any, out: Any, *, multiplier: int = 1, bias: bool = True
) -> Cost:
    """Return what a depthwise separable convolution costs: a depthwise one, then a 1 x 1 one over its maps.

    Parameters
    ----------
    channels, filters, kernel, out
        As in `convolution_cost`.
    multiplier : int
        Maps that the first step makes of each channel.
    bias : bool
        Whether each map that comes out adds one number of its own. The maps in between add none, as in Keras'
        ``SeparableConv2D``; two PyTorch layers with their default biases have ``channels * multiplier`` more.

    Returns
    -------
    Cost
        Without biases, and for a `multiplier` of 1, the share ``1 / filters + 1 / (KH * KW)`` of a standard one's.

    Raises
    ------
    ValueError
        If a number is not whole or below 1.

    Examples
    --------
    >>> cost = separable_cost(3, 64, 3, (224, 224))
    >>> cost.parameters, cost.multiply_adds
    (283, 10988544)
    """
    first = depthwise_cost(channels, kernel, out, multiplier=multiplier, bias=False)
    return first + pointwise_cost(channels * multiplier, filters, out, bias=bias)
