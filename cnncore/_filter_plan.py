"""Which way to filter: one table of the ways, each with an estimate of what it costs.

Every way gives the same numbers to within rounding. The unit of cost is one tap at one result by shift and add. The
factors are measured processor times, and decide well even where a machine is a third off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cnncore import _filter_bands, _filter_dots, _filter_fft, _filter_taps
from cnncore._filter_low_rank import MOST, low_rank
from cnncore._filter_tiles import Job

BLOCK = 256
"""Pixels that a kernel may span. A larger one is laid over the picture in blocks, whose results add up."""

TAME = 1e-15, 1e15
"""Range of the picture's largest number, and of the kernel's sum, in which no way can overflow or underflow."""

SPECTRA = 48.0
"""Cost of one pixel of a tile by way of its spectrum, in taps."""


class Plan(NamedTuple):
    """One way to do one job.

    Attributes
    ----------
    cost : float
        Estimate, in taps.
    run : callable
        Does it.
    any_numbers : bool
        Whether NaN and infinities, numbers that overflow and the like come out right.
    """

    cost: float
    run: Callable[[], None]
    any_numbers: bool = False


def plans(job: Job) -> dict[str, Plan]:
    """List the ways to do a job.

    Parameters
    ----------
    job : Job
        What to filter; its window spans at most `BLOCK` pixels either way.

    Returns
    -------
    dict of str to Plan
        ``"plain"`` adds all taps, ``"sparse"`` those that are not zero, by shift and add; ``"dense"`` adds all taps by
        dot products; ``"passes"`` and ``"bands"`` go first down the columns, then along the rows, by dot products
        for short factors and by band matrices for long ones; ``"fft"`` multiplies spectra. What a job's form does
        not allow is left out.
    """
    height, width, channels = job.out.shape
    rows, columns = job.span(height, width)
    (kh, kw), (_, sh) = job.weights.shape, job.stride
    results = float(job.out.size)
    moving = 1.5 * rows * columns * channels + results  # the picture read, the result written
    along = 1.0 if sh == 1 else 3.5  # numbers side by side go through the vector unit, every other one does not
    grids = _filter_taps.nonzero_taps(job.weights)
    factors = low_rank(job.weights, max(1, min(MOST, kh * kw // (kh + kw))))
    everything = _filter_taps.all_taps(job.weights)
    full = bool(job.weights.all())
    found = {
        "plain": Plan(moving + results * along * kh * kw, lambda: _filter_taps.run(job, everything), any_numbers=True),
        "sparse": Plan(
            moving + results * along * (sum(grid.weights.size + 1.5 for grid in grids) - 1.5),
            lambda: _filter_taps.run(job, grids),
        ),
    }
    if job.stride[0] == 1 or job.dilation[0] == 1:
        used = np.count_nonzero(job.weights.any(axis=0))
        # BLAS may or may not skip a weight of zero, under which there may be a NaN.
        found["dense"] = Plan(
            results * used * (0.75 * job.stride[0] + 0.6 * kh), lambda: _filter_dots.run(job), any_numbers=full
        )
    if factors:
        rank, halfway = len(factors), float(height * job.padded.image.shape[1] * channels)
        found["passes"] = Plan(
            rank * (halfway * (kh * 0.6 + 1) + results * kw * 1.4),
            lambda: _filter_dots.run_passes(job, factors),
            any_numbers=full and rank == 1,
        )
        high, long = (_filter_bands.BLOCK * s + e for s, e in zip(job.stride, job.extent, strict=True))
        products = height * columns * channels * (3 + high / 4) + results * (6 + long / 4)
        found["bands"] = Plan(
            100_000 + moving + rank * products, lambda: _by_channel(job, lambda one: _filter_bands.run(one, factors))
        )
    sides = [_filter_fft.tile_side(*axis) for axis in zip((height, width), job.extent, job.stride, strict=True)]
    area = math.prod(-(-n // inside) * size for n, (size, inside) in zip((height, width), sides, strict=True))
    found["fft"] = Plan(
        500_000 + SPECTRA * (area * channels + math.prod(size for size, _ in sides)),
        lambda: _by_channel(job, _filter_fft.run),
    )
    return found


def _by_channel(job: Job, run: Callable[[Job], None]) -> None:
    for channel in range(job.out.shape[2]):
        one = slice(channel, channel + 1)
        run(replace(job, padded=job.padded.only(one), out=job.out[:, :, one]))


def blocks(job: Job) -> Iterator[Job]:
    """Cut a job whose kernel spans too much into jobs that add up to it.

    Parameters
    ----------
    job : Job
        With a kernel of any size.

    Yields
    ------
    Job
        With a kernel that spans at most `BLOCK` pixels either way.
    """
    (kh, kw), (dv, dh) = job.weights.shape, job.dilation
    tall, wide = (BLOCK - 1) // dv + 1, (BLOCK - 1) // dh + 1
    for row in range(0, kh, tall):
        for column in range(0, kw, wide):
            yield replace(
                job,
                weights=job.weights[row : row + tall, column : column + wide],
                origin=(job.origin[0] + row * dv, job.origin[1] + column * dh),
                add=job.add or bool(row or column),
            )


def run(job: Job, way: str | None = None) -> None:
    """Filter the cheapest way that is safe for these numbers.

    Parameters
    ----------
    job : Job
        What to filter.
    way : str, optional
        One of the names that `plans` gives, to have it done just so (KeyError where the kernel does not allow it).

    Notes
    -----
    A NaN or infinity counts wherever a window meets it, also under a zero, and must not spread any further: with
    such a number in the picture or the kernel, and with numbers near the ends of the floating-point range, all taps
    are added plainly.
    """
    for block in blocks(job):
        if way is None and not _tame(float(np.abs(block.weights, dtype=np.float64).sum())):
            _filter_taps.run(block, _filter_taps.all_taps(block.weights))
            continue
        found = plans(block)
        best = found[way] if way else min(found.values(), key=_cost)
        # The picture is looked through only where the answer matters.
        if not way and not best.any_numbers and not _tame(job.padded.peak):
            best = min((plan for plan in found.values() if plan.any_numbers), key=_cost)
        best.run()


def _cost(plan: Plan) -> float:
    return plan.cost


def _tame(size: float) -> bool:
    return size == 0 or TAME[0] < size < TAME[1]
