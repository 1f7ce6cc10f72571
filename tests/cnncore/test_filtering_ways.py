"""Every way that `filter2d` may take, on pictures of many tiles, within the same bound."""

import numpy as np
import pytest

from cnncore import _filter_plan, _filter_tiles
from cnncore._filter_low_rank import low_rank
from cnncore._filter_taps import nonzero_taps
from cnncore.filtering import filter2d
from tests.cnncore.filtering_reference import WAYS, by, check, exact, tolerance


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


@pytest.mark.parametrize("way", [None, "plain", "fft"])
def test_kernel_in_blocks(rng, way):
    """A kernel that spans more than a tile is laid in parts, which must meet without a seam."""
    image = rng.standard_normal((40, 30)).astype(np.float32)
    check(image, rng.standard_normal((300, 20)), way)
    check(image, rng.standard_normal((3, 270)), way, padding="full", border="wrap", stride=(1, 2))
    check(image, rng.standard_normal((4, 3)), way, dilation=(150, 300), border="symmetric")
    check(image, np.outer(rng.standard_normal(300), rng.standard_normal(4)), way, stride=(3, 1))


@pytest.mark.parametrize("shape", [(20_000, 1), (1, 20_000), (7, 9_001), (9_001, 7)])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (31, 5), (2, 40)])
def test_long_and_thin(rng, shape, size):
    image, kernel = rng.standard_normal(shape).astype(np.float32), rng.standard_normal(size)
    for way in (None, "fft"):
        check(image, kernel, way, stride=(1, 2) if shape[0] == 7 else 1)
    check(image, np.outer(kernel[:, 0], kernel[0]), "bands")


PICTURES = {
    "noise": lambda rng, shape: rng.standard_normal(shape),
    "far from zero": lambda rng, shape: 1e4 + rng.standard_normal(shape),
    "flat": lambda rng, shape: np.full(shape, 0.1),
    "one bright pixel": lambda rng, shape: np.where(np.arange(shape[0] * shape[1]).reshape(shape) == 70_000, 1e6, 0.1),
}
KERNELS = {
    "noise": lambda rng, size: rng.standard_normal((size, size)),
    "flat": lambda rng, size: np.full((size, size), 0.1),
    "smooth": lambda rng, size: np.outer(np.hanning(size + 2)[1:-1], rng.random(size) + 0.1),
    "two products": lambda rng, size: rng.random((size, 2)) @ rng.random((2, size)),
    "one large weight": lambda rng, size: (
        rng.random((size, size)) * 1e-3 + (np.arange(size * size).reshape(size, size) == 4)
    ),
    "half zeros": lambda rng, size: rng.standard_normal((size, size)) * (rng.random((size, size)) < 0.5),
}


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("size", [3, 7, 15, 31, 63])
def test_error_bound(rng, picture, size):
    """Every way stays within 1e-5 sum|k| max|image|, on pictures of many tiles."""
    image = PICTURES[picture](rng, (440, 670)).astype(np.float32)
    padded = np.pad(image, size // 2, mode="reflect")
    for make in KERNELS.values():
        kernel = make(rng, size).astype(np.float32)
        expected, allowed = exact(padded, kernel), tolerance(image, kernel)
        for way in WAYS:
            if size > 31 and way in ("plain", "dense", "sparse") and picture != "flat":
                continue  # slow, and a flat picture is what rounds worst
            result = by(way, image, kernel)
            assert np.abs(result - expected).max() <= allowed, way


@pytest.mark.parametrize("size", [5, 15])
@pytest.mark.parametrize("beside", [1e-3, 1e-4, 3e-5, 1e-6, 1e-7])
def test_kernel_that_is_nearly_one_product(rng, beside, size):
    """What is left over beside the product counts, above all in a picture that looks just like it."""
    noise = rng.standard_normal((size, size))
    image = np.tile(np.sign(noise), (120 // size, 120 // size)).astype(np.float32)
    kernel = (1 + beside * noise).astype(np.float32)
    expected = exact(np.pad(image, size // 2, mode="reflect"), kernel)
    assert np.abs(filter2d(image, kernel) - expected).max() <= tolerance(image, kernel)


@pytest.mark.parametrize(
    "kernel",
    [
        np.eye(9),
        np.eye(9)[::-1],
        np.kron(np.eye(4), [[0, 0, 0], [1, 0, 2]]),
        np.eye(9)[[0, 3, 1, 4, 2, 5, 8]],
        np.outer([1, 0, 0, 2, 0, 0, 3], [0, 4, 0, 5, 0, 6, 0]),
        np.eye(200, 30),
        np.tri(12),
    ],
)
def test_nonzero_taps(rng, kernel):
    """The grids hold every tap once, and few besides; slanted, spread, and of more taps than are summed at once."""
    covered = np.zeros(kernel.shape)
    for weights, row, column, row_step, column_step, slant in nonzero_taps(kernel):
        for i, j in np.ndindex(weights.shape):
            covered[row + i * row_step, column + j * column_step + i * slant] += weights[i, j]
    np.testing.assert_array_equal(covered, kernel)
    check(rng.standard_normal((230, 50, 2)), kernel, "sparse", dilation=(1, 2))


def test_low_rank():
    rng = np.random.default_rng(5)
    columns, rows = rng.standard_normal((3, 9)), rng.standard_normal((3, 7))
    for rank in (1, 2, 3):
        kernel = columns[:rank].T @ rows[:rank]
        factors = low_rank(kernel)
        assert len(factors) == rank
        np.testing.assert_allclose(sum(np.outer(*pair) for pair in factors), kernel, atol=1e-14)
        np.testing.assert_allclose([np.abs(column).sum() for column, _ in factors], 1)
        assert low_rank(kernel, rank - 1) == []
    assert low_rank(np.zeros((3, 3))) == []
    # Two products, but large ones that cancel each other nearly everywhere.
    cross = np.zeros((31, 31))
    cross[0] = cross[:, 0] = 1
    assert low_rank(cross) == []


@pytest.mark.parametrize(
    ("way", "kernel"),
    [
        ("dense", KERNELS["noise"](np.random.default_rng(0), 3)),
        ("dense", KERNELS["noise"](np.random.default_rng(0), 7)),
        ("fft", KERNELS["noise"](np.random.default_rng(0), 15)),
        ("fft", KERNELS["noise"](np.random.default_rng(0), 63)),
        ("passes", KERNELS["smooth"](np.random.default_rng(0), 5)),
        ("bands", KERNELS["smooth"](np.random.default_rng(0), 31)),
        ("bands", KERNELS["two products"](np.random.default_rng(0), 15)),
        ("sparse", np.eye(15)),
    ],
)
def test_the_cheapest_way(way, kernel):
    """Which way is taken is no promise, but each must have its kernels; only one is for numbers of every kind."""
    image = np.zeros((1024, 1024, 1), np.float32)
    weights = kernel.astype(np.float32)
    n = len(kernel) // 2
    padded = _filter_tiles.Padded(image, ((n, n), (n, n)), "reflect", 0.0)
    job = _filter_tiles.Job(padded, weights, np.empty_like(image), (1, 1), (1, 1))
    plans = {name: make(job, low_rank(weights)) for name, make in _filter_plan.WAYS.items()}
    costs = {name: plan.cost for name, plan in plans.items() if plan}
    assert min(costs, key=costs.get) == way
    assert plans["plain"].any_numbers
    assert not plans["fft"].any_numbers


@pytest.mark.parametrize("way", [None, *WAYS])
@pytest.mark.parametrize("stride", [(2, 2), (1, 3), (5, 1)])
def test_stride_and_dilation_over_many_tiles(rng, way, stride):
    image = rng.standard_normal((500, 700, 2)).astype(np.float32)
    kernel = np.outer(rng.standard_normal(5), rng.standard_normal(7))
    kernel[2] = 0
    dilation = (2, 3)
    spread = np.zeros((9, 19))
    spread[::2, ::3] = kernel
    padded = np.pad(image, ((40, 41), (30, 0), (0, 0)), mode="wrap")
    expected = np.stack([exact(padded[..., c], spread)[:: stride[0], :: stride[1]] for c in (0, 1)], axis=-1)
    result = by(way, image, kernel, stride=stride, dilation=dilation, padding=((40, 41), (30, 0)), border="wrap")
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= tolerance(image, kernel)
