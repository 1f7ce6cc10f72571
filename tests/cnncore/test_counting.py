"""What convolutions cost, held against loops that count every product, and against the core's own layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import ops
from cnncore.counting import Cost, convolution_cost, depthwise_cost, pointwise_cost, separable_cost

few = st.integers(1, 4)


def counted(channels: int, filters: int, kernel: tuple[int, int], out: tuple[int, int], groups: int = 1) -> Cost:
    """Count as a layer of plain loops would: one weight the first time it is used, one product each time."""
    weights, products = set(), 0
    for f in range(filters):
        group = f // (filters // groups)
        for _ in range(out[0] * out[1]):
            for c in range(group * (channels // groups), (group + 1) * (channels // groups)):
                for i in range(kernel[0]):
                    for j in range(kernel[1]):
                        weights.add((f, c, i, j))
                        products += 1
    return Cost(len(weights), filters, products)


@settings(max_examples=40, deadline=None)
@given(few, few, few, st.tuples(few, few), st.tuples(few, few))
def test_a_convolution_in_groups(
    groups: int, channels: int, filters: int, kernel: tuple[int, int], out: tuple[int, int]
) -> None:
    c, f = channels * groups, filters * groups
    assert convolution_cost(c, f, kernel, out, groups=groups) == counted(c, f, kernel, out, groups)


@settings(max_examples=40, deadline=None)
@given(few, few, few, st.tuples(few, few), st.tuples(few, few))
def test_its_cheaper_relatives(
    multiplier: int, channels: int, filters: int, kernel: tuple[int, int], out: tuple[int, int]
) -> None:
    between = channels * multiplier
    first = counted(channels, between, kernel, out, channels)
    second = counted(between, filters, (1, 1), out)
    assert depthwise_cost(channels, kernel, out, multiplier=multiplier) == first
    assert pointwise_cost(between, filters, out) == second
    both = separable_cost(channels, filters, kernel, out, multiplier=multiplier)
    assert both == Cost(first.weights + second.weights, filters, first.multiply_adds + second.multiply_adds)


@settings(max_examples=20, deadline=None)
@given(few, few, few)
def test_the_output_of_ones_counts_the_products(channels: int, filters: int, size: int) -> None:
    """With all numbers and weights 1, every output is the number of its products."""
    x, w = np.ones((1, channels, size + 2, size + 3)), np.ones((filters, channels, size, size))
    y = ops.conv2d(x, w)
    assert convolution_cost(channels, filters, size, y.shape[2:]).multiply_adds == y.sum()
    apart = ops.conv2d(x, np.ones((channels, 1, size, size)), groups=channels)
    assert depthwise_cost(channels, size, y.shape[2:]).multiply_adds == apart.sum()


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 9))
def test_the_share_of_a_separable_one(channels: int, filters: int, size: int) -> None:
    """Howard et al. 2017: 1/F + 1/K²."""
    separable, standard = (
        cost(channels, filters, size, (7, 5), bias=False) for cost in (separable_cost, convolution_cost)
    )
    assert separable.multiply_adds / standard.multiply_adds == pytest.approx(1 / filters + 1 / size**2)


def test_known_layers() -> None:
    assert convolution_cost(3, 64, 3, 224).parameters == 1792  # VGG-16, first layer (Simonyan and Zisserman 2014)
    assert convolution_cost(3, 96, 11, 55).multiply_adds == 105_415_200  # AlexNet's first, as its authors count
    assert separable_cost(512, 512, 3, 14).multiply_adds == 14 * 14 * 512 * (9 + 512)  # MobileNet, in the middle
    assert convolution_cost(3, 1, 3, 4).parameters == 28


@pytest.mark.parametrize(
    ("arguments", "more", "named"),
    [
        ((0, 1, 3, 4), {}, "channels"),
        ((3, 1.5, 3, 4), {}, "filters"),
        ((3, 1, 0, 4), {}, "kernel"),
        ((3, 1, 3, (4, 0)), {}, "out"),
        ((3, 4, 3, 4), {"groups": 2}, "groups"),
    ],
)
def test_refuses_by_name(arguments: tuple, more: dict, named: str) -> None:
    with pytest.raises(ValueError, match=f"`{named}"):
        convolution_cost(*arguments, **more)
