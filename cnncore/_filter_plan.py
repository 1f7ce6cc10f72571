"""Which way to filter: one table of the ways, each with an estimate of what it costs.

Every way gives the same numbers to within rounding. The unit of cost is one tap at one result by shift and add, about
0.08 ns of one processor core. The factors are measured, and decide well even where a machine is a third off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cnncore import _filter_bands, _filter_dots, _filter_fft, _filter_taps
from cnncore._filter_low_rank import MOST, Factors, low_rank
from cnncore._filter_tiles import Job

BLOCK = 256
"""Pixels that a kernel may span. A larger one is laid over the picture in blocks, whose results add up."""

TAME = 1e-15, 1e15
"""Range of the picture's largest number, and of the kernel's sum, in which no way can overflow or underflow."""

SMALL = 200_000
"""Taps up to which the plain way takes no longer than choosing another one."""


class Plan(NamedTuple):
    """One way to do one job.

    Attributes
    ----------
    cost : float
        Estimate, in taps.
    run : callable
        Does it.
    any_numbers : bool
        Whether NaN and infinities, and numbers near the ends of the floating-point range, come out right.
    """

    cost: float
    run: Callable[[], None]
    any_numbers: bool = False


def _plain(job: Job, factors: Factors) -> Plan | None:
    """Shift and add, all taps."""
    return Plan(_moving(job) + job.weights.size * _adding(job), lambda: _filter_taps.run(job), any_numbers=True)


def _sparse(job: Job, factors: Factors) -> Plan | None:
    """Shift and add, without the taps that are zero; every further grid of them costs another addition."""
    if job.weights.all():
        return None
    grids = _filter_taps.nonzero_taps(job.weights)
    taps = sum(grid.weights.size + 1.5 for grid in grids) - 1.5
    return Plan(_moving(job) + taps * _adding(job), lambda: _filter_taps.run(job, grids))


def _dense(job: Job, factors: Factors) -> Plan | None:
    """Dot products of all taps; taps `n` rows apart make `n` jobs of it, and threads wait at the end of each."""
    (kh, kw), (sv, _) = job.weights.shape, job.stride
    if not _filter_dots.fits(kh * kw) or (sv > 1 and job.dilation[0] > 1):
        return None
    cost = job.out.size * (1.5 + kw * (sv + 0.7 * kh)) + 1_200_000 * (job.dilation[0] - 1)
    sure = _filter_dots.zeros_count(job.out.dtype) or bool(job.weights.all())
    return Plan(cost, lambda: _filter_dots.run(job), any_numbers=sure)


def _passes(job: Job, factors: Factors) -> Plan | None:
    """Down the columns, then along the rows, by dot products."""
    (kh, kw), rank = job.weights.shape, len(factors)
    if not factors or not _filter_dots.fits(kw * rank) or job.padded.image[0].size > 4 * _filter_dots.ROW:
        return None
    first = job.out.shape[0] * job.padded.image[0].size * (2 + 0.9 * kh)
    cost = rank * (first + job.out.size * (2 + 2.0 * kw))
    # The sum of several products may be zero, or finite, where they are not; and so may a sum times `value`.
    same_zeros = rank == 1 and np.array_equal(np.outer(*factors[0]) != 0, job.weights != 0)
    sure = (
        same_zeros
        and math.isfinite(job.padded.value)
        and (_filter_dots.zeros_count(job.out.dtype) or bool(job.weights.all()))
    )
    return Plan(cost, lambda: _filter_dots.run_passes(job, factors), any_numbers=sure)


def _bands(job: Job, factors: Factors) -> Plan | None:
    """Down the columns, then along the rows, by band matrices."""
    if not factors:
        return None
    high, long = (_filter_bands.BLOCK * s + e for s, e in zip(job.stride, job.extent, strict=True))
    height, width, channels = job.out.shape
    first = height * job.span(1, width)[1] * channels * (2 + high / 4)
    cost = 100_000 + _moving(job) + len(factors) * (first + job.out.size * (4 + long / 4))
    return Plan(cost, lambda: _by_channel(job, lambda one: _filter_bands.run(one, factors)))


def _fft(job: Job, factors: Factors) -> Plan | None:
    """Spectra: as much work for any kernel, but more to start with."""
    height, width, channels = job.out.shape
    (high, down), (long, along) = (
        _filter_fft.tile_side(*axis) for axis in zip((height, width), job.extent, job.stride, strict=True)
    )
    tiles = -(-height // down) * -(-width // along) * channels
    return Plan(500_000 + 48.0 * (tiles + 1) * high * long, lambda: _filter_fft.run(job))


WAYS: dict[str, Callable[[Job, Factors], Plan | None]] = {
    "plain": _plain,
    "sparse": _sparse,
    "dense": _dense,
    "passes": _passes,
    "bands": _bands,
    "fft": _fft,
}
"""Each gives its plan for a job with a window of at most `BLOCK` pixels, or None if the job's form does not suit it."""


def _moving(job: Job) -> float:
    """Cost of reading the picture and writing the result."""
    return 3.0 * math.prod(job.span(*job.out.shape[:2])) * job.out.shape[2] + 2.5 * job.out.size


def _adding(job: Job) -> float:
    """Cost of one tap: numbers side by side go through the vector unit, every other one does not."""
    return job.out.size * (1.0 if job.stride[1] == 1 else 3.5)


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
    if kh <= tall and kw <= wide:
        yield job
        return
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
        One of `WAYS`, to have it done just so. ValueError where the job's form does not suit it.

    Notes
    -----
    A NaN or infinity counts wherever a window meets it, also under a zero, and must not spread any further; and no
    sum may overflow on the way to a result that does not.
    """
    for block in blocks(job):
        plan = _only(block, way) if way else _best(block)
        plan.run()


def _only(job: Job, way: str) -> Plan:
    plan = WAYS[way](job, _factors(job) if way in ("passes", "bands") else [])
    if plan is None:
        raise ValueError(f"`way` (={way!r}) does not suit this job")
    return plan


def _best(job: Job) -> Plan:
    small = job.out.size * job.weights.size < SMALL
    if small or not _tame(float(np.abs(job.weights, dtype=np.float64).sum())):
        return _only(job, "plain")
    factors = _factors(job)
    plans = [plan for plan in (make(job, factors) for make in WAYS.values()) if plan]
    best = min(plans, key=_cost)
    # The picture is looked through only where the answer matters.
    if not best.any_numbers and not _tame(job.padded.peak):
        best = min((plan for plan in plans if plan.any_numbers), key=_cost)
    return best


def _factors(job: Job) -> Factors:
    """The kernel taken apart; not so far that it would cost more than the kernel as a whole."""
    kh, kw = job.weights.shape
    return low_rank(job.weights, min(MOST, max(kh * kw // (kh + kw + 4), kh * kw > 12)))


def _cost(plan: Plan) -> float:
    return plan.cost


def _tame(size: float) -> bool:
    return size == 0 or TAME[0] < size < TAME[1]
