"""How long `filter2d` takes beside SciPy, PyTorch and OpenCV, each called as its users call it.

Run with ``python -m pytest benchmarks/test_filter2d.py``; what is not installed is left out. All get the same float32
picture and kernel, may use every processor core, and are checked to give the same numbers first.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

from cnncore.filtering import filter2d

SIZES = (3, 5, 7, 9, 11, 15, 21, 31, 45, 63)
SECONDS = 1.0
"""Time to spend on the rounds of one measurement, unless `ROUNDS` take longer."""
ROUNDS = 4, 400
"""Fewest and most rounds."""


class Case(NamedTuple):
    """One line of the table."""

    name: str
    shape: tuple[int, ...]
    kernel: np.ndarray
    stride: int = 1
    dilation: int = 1


def spread(kernel: np.ndarray, dilation: int) -> np.ndarray:
    """The kernel with its gaps filled by zeros, for those who know no dilation."""
    extent = [dilation * (n - 1) + 1 for n in kernel.shape]
    wide = np.zeros(extent, kernel.dtype)
    wide[::dilation, ::dilation] = kernel
    return wide


def make_cases() -> list[Case]:
    rng = np.random.default_rng(20)
    square, mega = (1024, 1024), (3000, 4000)

    def full(size: int) -> np.ndarray:
        kernel = rng.standard_normal((size, size)).astype(np.float32)
        assert kernel.all()
        assert np.linalg.matrix_rank(kernel) == size
        return kernel

    def gaussian(size: int) -> np.ndarray:
        line = np.exp(-0.5 * ((np.arange(size) - size // 2) / (size / 5)) ** 2)
        return np.outer(line, line).astype(np.float32)

    sobel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float32)
    laplacian = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)
    return [
        *(Case(f"full rank {size} x {size}", square, full(size)) for size in SIZES),
        *(Case(f"separable {size} x {size}", square, gaussian(size)) for size in SIZES),
        Case("sparse: Sobel 3 x 3", square, sobel),
        Case("sparse: Laplacian 3 x 3", square, laplacian),
        Case("sparse: diagonal 9 x 9", square, np.eye(9, dtype=np.float32)),
        Case("sparse: 3 x 3 spread to 15 x 15", square, spread(full(3), 7)),
        Case("3 x 3, dilation 7", square, full(3), dilation=7),
        Case("7 x 7, stride 2", square, full(7), stride=2),
        Case("3 x 3, RGB", (*square, 3), full(3)),
        Case("15 x 15, RGB", (*square, 3), full(15)),
        Case("3 x 3, 12 megapixels", mega, full(3)),
        Case("15 x 15, 12 megapixels", mega, full(15)),
        Case("3 x 3, 64 x 64 pixels", (64, 64), full(3)),
    ]


def ours(case: Case, image: np.ndarray) -> Callable[[], Any]:
    return lambda: filter2d(image, case.kernel, stride=case.stride, dilation=case.dilation, border="constant")


def ndimage(case: Case, image: np.ndarray) -> Callable[[], Any]:
    # convolve flips; flipped beforehand, it correlates as the others do
    kernel = spread(case.kernel, case.dilation)[::-1, ::-1].copy()
    if image.ndim == 3:
        kernel = kernel[:, :, None]
    s = case.stride
    return lambda: scipy.ndimage.convolve(image, kernel, mode="constant")[::s, ::s]


def oaconvolve(case: Case, image: np.ndarray) -> Callable[[], Any]:
    kernel = spread(case.kernel, case.dilation)[::-1, ::-1].copy()
    if image.ndim == 3:
        kernel = kernel[:, :, None]
    s = case.stride
    return lambda: scipy.signal.oaconvolve(image, kernel, mode="same", axes=(0, 1))[::s, ::s]


def torch_conv2d(case: Case, image: np.ndarray) -> Callable[[], Any]:
    import torch

    planes = torch.from_numpy(image.reshape(*image.shape[:2], -1).transpose(2, 0, 1).copy())[:, None]
    weights = torch.from_numpy(case.kernel)[None, None]
    padding = case.dilation * (len(case.kernel) // 2)

    def run() -> Any:
        with torch.inference_mode():
            return torch.nn.functional.conv2d(
                planes, weights, padding=padding, stride=case.stride, dilation=case.dilation
            )

    return run


def opencv(case: Case, image: np.ndarray) -> Callable[[], Any]:
    import cv2

    kernel, s = spread(case.kernel, case.dilation), case.stride
    return lambda: cv2.filter2D(image, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)[::s, ::s]


IMPLEMENTATIONS = {
    "filter2d": ours,
    "ndimage.convolve": ndimage,
    "oaconvolve": oaconvolve,
    "torch conv2d": torch_conv2d,
    "cv2.filter2D": opencv,
}
NEEDS = {"torch conv2d": "torch", "cv2.filter2D": "cv2"}
CASES = make_cases()


def as_numbers(result: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Whatever an implementation returns, as rows x columns (x channels)."""
    numbers = np.asarray(result)
    if numbers.ndim == 4:  # PyTorch's planes
        numbers = numbers[:, 0].transpose(1, 2, 0)
    return numbers.reshape(shape)


@pytest.mark.parametrize("who", IMPLEMENTATIONS)
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_filter2d(benchmark: Any, case: Case, who: str) -> None:
    if who in NEEDS and importlib.util.find_spec(NEEDS[who]) is None:
        pytest.skip(f"{NEEDS[who]} is in the extra bench")
    image = np.random.default_rng(7).standard_normal(case.shape).astype(np.float32)
    run = IMPLEMENTATIONS[who](case, image)
    expected = ours(case, image)()
    start = time.perf_counter()
    result = run()
    once = time.perf_counter() - start
    # A stride starts elsewhere under "same" padding than where every other result of all is kept.
    if case.stride == 1:
        allowed = 2e-5 * float(np.abs(case.kernel).sum() * np.abs(image).max())
        np.testing.assert_allclose(as_numbers(result, expected.shape), expected, rtol=0, atol=allowed)
    benchmark.group = case.name
    benchmark.extra_info["implementation"] = who
    rounds = int(min(max(SECONDS / once, ROUNDS[0]), ROUNDS[1]))
    benchmark.pedantic(run, rounds=rounds, warmup_rounds=2)
