"""Why two libraries differ: the fewest conventions that, exchanged, turn one result into the other.

Two profiles read for the same input (`cnncore.conventions.make_plan`) can differ in four traits: whether the kernel is
flipped, where the windows lie, what stands outside the input, and what becomes of the rest that the stride leaves.
Which of them a difference comes from is not guessed: the traits of one plan are exchanged for the other's, one, then
two, then more at a time, until the numbers are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from cnncore.conventions import IGNORED, Array, Plan, Profile, Settings, difference, make_plan, run

TRAITS = ("flip", "windows", "outside", "rest")
_FIELDS = {"flip": "flip", "windows": "pads", "outside": "outside", "rest": "ceil"}


@dataclass(frozen=True)
class Rule:
    """One convention in which two libraries differ.

    Parameters
    ----------
    trait : {"flip", "windows", "outside", "rest"}
    short : str
        A few words for a label.
    sentence : str
        The rule with the numbers of this case.
    """

    trait: str
    short: str
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """Why one result differs from another.

    Parameters
    ----------
    rules : tuple of Rule
        The fewest that matter: with all of them exchanged the results are equal, with fewer they are not. Empty where
        the results are equal.
    idle : tuple of Rule
        What differs, too, and changes nothing here.
    """

    rules: tuple[Rule, ...]
    idle: tuple[Rule, ...]


def explain_difference(
    profile: Profile, reference: Profile, image: ArrayLike, kernel: ArrayLike, settings: Settings
) -> Explanation:
    """Say why `profile` gives other numbers than `reference`.

    Parameters
    ----------
    profile, reference : Profile
        Two of `cnncore.conventions.PROFILES`, of one operation.
    image : array_like, shape (H, W)
    kernel : array_like, shape (KH, KW)
    settings : Settings

    Returns
    -------
    Explanation

    Raises
    ------
    RefusedError
        If one of the libraries does not do this.
    ValueError
        As in `cnncore.conventions.compute`.

    Examples
    --------
    >>> from cnncore.conventions import PROFILES
    >>> image, sobel = np.eye(4), [[-1, 0, 1]]
    >>> ours, theirs = PROFILES["signal.convolve2d"], PROFILES["torch.conv2d"]
    >>> [rule.short for rule in explain_difference(ours, theirs, image, sobel, Settings()).rules]
    ['turned kernel']
    >>> found = explain_difference(ours, theirs, image, [[1, 2, 1]], Settings())  # the same turned by half
    >>> [rule.short for rule in found.rules], [rule.short for rule in found.idle]
    ([], ['turned kernel'])
    """
    pixels, weights = np.asarray(image, dtype=np.float64), np.asarray(kernel, dtype=np.float64)
    shape, taps = pixels.shape, weights.shape
    ours = make_plan(profile, shape, taps, settings)  # type: ignore[arg-type]
    theirs = make_plan(reference, shape, taps, settings)  # type: ignore[arg-type]
    return explain_plans(ours, theirs, profile, reference, pixels, weights, settings)


def explain_plans(
    ours: Plan, theirs: Plan, profile: Profile, reference: Profile, pixels: Array, weights: Array, settings: Settings
) -> Explanation:
    """Say why one plan gives other numbers than another: `explain_difference` for plans that are there already.

    Parameters
    ----------
    ours, theirs : Plan
        Of `profile` and `reference`, for one input: from `make_plan`, or of a `Workaround`.
    profile, reference : Profile
    pixels, weights : ndarray of float64
        The image and the kernel.
    settings : Settings

    Returns
    -------
    Explanation
    """
    differing = [trait for trait in TRAITS if _differs(trait, ours, theirs)]
    wanted = run(theirs, pixels, weights)
    needed = _fewest(ours, theirs, differing, lambda plan: _gives(plan, pixels, weights, wanted))
    told = {trait: _RULES[trait](ours, theirs, profile, reference, settings) for trait in differing}
    return Explanation(
        tuple(told[trait] for trait in differing if trait in needed),
        tuple(told[trait] for trait in differing if trait not in needed),
    )


def exchange(plan: Plan, other: Plan, traits: tuple[str, ...] | list[str]) -> Plan:
    """Return `plan` with some of its traits exchanged for those of `other`.

    Parameters
    ----------
    plan, other : Plan
        Read for the same input.
    traits : sequence of {"flip", "windows", "outside", "rest"}

    Returns
    -------
    Plan
        The windows take `ceil_mode` along where the rest is no trait of its own: which windows there are is then one
        question, not two.

    Examples
    --------
    >>> from cnncore.conventions import PROFILES
    >>> names = "ndimage.convolve", "ndimage.correlate"
    >>> ours, theirs = (make_plan(PROFILES[name], (4, 4), (2, 2), Settings()) for name in names)
    >>> exchange(ours, theirs, ["flip", "windows"]) == theirs
    True
    """
    fields = {_FIELDS[trait] for trait in traits}
    if "windows" in traits and not _differs("rest", plan, other):
        fields.add("ceil")
    return replace(plan, **{field: getattr(other, field) for field in fields})


def _differs(trait: str, ours: Plan, theirs: Plan) -> bool:
    """Whether two plans differ in a trait in a way that can show: a border rule cannot where nothing is padded."""
    if trait == "outside" and not (ours.padded or theirs.padded):
        return False
    if trait == "rest" and (_same_rest(ours) or _same_rest(theirs)):
        return False  # one has no rest, as its windows lie: it keeps none, or drops none
    field = _FIELDS[trait]
    return bool(getattr(ours, field) != getattr(theirs, field))


def _same_rest(plan: Plan) -> bool:
    """Whether it is all one to a plan if the rest is kept; no if, without it, nothing is left."""
    try:
        return replace(plan, ceil=True).out == replace(plan, ceil=False).out
    except ValueError:
        return False


def _gives(plan: Plan, image: Array, kernel: Array, wanted: Array) -> bool:
    """Whether a plan gives these numbers; not if nothing fits any more."""
    try:
        values = run(plan, image, kernel)
    except ValueError:
        return False
    return values.shape == wanted.shape and not difference(values, wanted).any()


def _fewest(ours: Plan, theirs: Plan, traits: list[str], gives: Callable[[Plan], bool]) -> tuple[str, ...]:
    """Return the fewest traits to exchange so that the numbers agree."""
    for count in range(len(traits) + 1):
        for some in combinations(traits, count):
            if gives(exchange(ours, theirs, some)):
                return some
    raise ValueError("`profile` and `reference` must not differ when all their traits are exchanged")


# The sentences ------------------------------------------------------------------------------------------------------

_HELD = {
    "constant": "zeros",
    "reflect": "the mirror image without the edge cell (NumPy's “reflect”)",
    "symmetric": "the mirror image with the edge cell (NumPy's “symmetric”)",
    "edge": "the edge cell again (NumPy's “edge”)",
    "wrap": "the opposite side (NumPy's “wrap”)",
}


def _held(plan: Plan, profile: Profile | None = None) -> str:
    """What stands outside the input, in words; with the profile's own word for it, where that is another."""
    if plan.outside == IGNORED:
        return "minus infinity, which never wins" if plan.operation == "max" else "nothing, and divides by fewer cells"
    written = profile.borders.get(plan.outside, plan.outside) if profile else plan.outside
    own = f", here called “{written.removeprefix('cv2.')}”" if plan.outside not in ("constant", written) else ""
    return _HELD[plan.outside].replace("”)", f"”{own})")


def _flip(ours: Plan, theirs: Plan, profile: Profile, reference: Profile, settings: Settings) -> Rule:
    if ours.flip:
        does, does_not = "Turns the kernel by 180° first (true convolution)", "lays it on as it is"
        return Rule("flip", "turned kernel", f"{does}; {reference.name} {does_not}.")
    does, does_not = "Lays the kernel on as it is (cross-correlation)", "turns it by 180° first"
    return Rule("flip", "kernel as it is", f"{does}; {reference.name} {does_not}.")


def _outside(ours: Plan, theirs: Plan, profile: Profile, reference: Profile, settings: Settings) -> Rule:
    if ours.operation == "average" and {ours.outside, theirs.outside} == {"constant", IGNORED}:
        return _divisor(ours, theirs, reference)
    here, there = _held(ours, profile), _held(theirs)
    return Rule("outside", "other border", f"Outside the input it reads {here}; {reference.name} reads {there}.")


def _divisor(ours: Plan, theirs: Plan, reference: Profile) -> Rule:
    """Zeros that count in a mean, beside padding that is left out: told by the window in which they count most."""
    counting = ours if ours.outside == "constant" else theirs
    real, counted = _cells(counting, padding=False), _cells(counting, padding=True)
    most = np.unravel_index(np.argmax(counted - real), real.shape)
    some, every = int(real[most]), int(counted[most])
    if some == every:
        words = "Counts padded zeros" if counting is ours else "Leaves padding out of the mean"
        return Rule("outside", "other mean", f"{words}; {reference.name} does not. Here no window has any.")
    if counting is ours:
        words = f"Counts padded zeros: the window with {some} real cells of {every} is still divided by {every}"
        return Rule("outside", "padding counted", f"{words}; {reference.name} divides by {some}.")
    words = f"Leaves padding out of the mean: the window with {some} real cells of {every} is divided by {some}"
    return Rule("outside", "padding left out", f"{words}; {reference.name} divides by {every}.")


def _cells(plan: Plan, *, padding: bool) -> Array:
    """Count the cells of each window that lie in the input, or in the input and its padding; (OH, OW)."""
    counts = []
    for n, k, s, d, (begin, end), out in zip(
        plan.shape, plan.taps, plan.stride, plan.dilation, plan.pads, plan.out, strict=True
    ):
        at = np.arange(out)[:, None] * s - begin + np.arange(k) * d
        counts.append(((at < n + end) if padding else (at >= 0) & (at < n)).sum(axis=1))
    return np.multiply.outer(*counts).astype(np.float64)


def _windows(ours: Plan, theirs: Plan, profile: Profile, reference: Profile, settings: Settings) -> Rule:
    short, why = "other windows", "Pads"
    moved = [one.shift for one in (profile, reference) if one.shift and settings.origin != (0, 0)]
    if len(moved) == 1:
        short, why = "moved window", f"{moved[0].capitalize()} moves one of the windows: this one pads"
    elif ours.stride == (1, 1) and any(e % 2 == 0 for e in ours.extent) and ours.out == theirs.out:
        short, why = "even window", "An even window has no middle cell: this one pads"
    elif profile.strided_same and profile.odd_pixel == "after" and settings.padding == "same" and ours.stride != (1, 1):
        why = "Pads what size and stride need,"
    shift = [
        (a - b) / s if a != b else 0 for (a, _), (b, _), s in zip(ours.pads, theirs.pads, ours.stride, strict=True)
    ]
    if ours.out != theirs.out:
        effect = f"its output has {_size(ours)} numbers, not {_size(theirs)}"
    elif any(step != int(step) for step in shift):
        effect = f"its windows start at row {_signed(-ours.pads[0][0])}, column {_signed(-ours.pads[1][0])}"
    elif any(shift):
        down, right = (int(step) for step in shift)
        ways = (_steps(down, "row", "down", "up"), _steps(right, "column", "right", "left"))
        effect = f"its numbers stand {' and '.join(way for way in ways if way)}"
    else:
        effect = "the last windows see other cells"
    here, there = _pads(ours), _pads(theirs)
    if not _differs("rest", ours, theirs):  # else the rest has a sentence of its own
        here, there = here + _hanging(ours, theirs), there + _hanging(theirs, ours)
    return Rule("windows", short, f"{why} {here}, {reference.name} {there}: {effect}.")


def _hanging(plan: Plan, other: Plan) -> str:
    """What is added to the padding of the one plan whose last windows hang over the edge."""
    hangs = plan.ceil and not other.ceil and not _same_rest(plan)
    return " (ceil_mode: its last windows hang over the edge)" if hangs else ""


def _pads(plan: Plan) -> str:
    """The padding in words."""
    (top, bottom), (left, right) = plan.pads
    if top == bottom == left == right:
        return f"{top} on every side" if top else "nothing"
    if (top, bottom) == (left, right):
        return f"{top} before and {bottom} after"
    return f"{top} above, {bottom} below, {left} left, {right} right"


def _steps(count: int, unit: str, forth: str, back: str) -> str:
    """So many rows down, or columns left; nothing for none."""
    many = abs(count)
    return f"{many} {unit}{'s' if many > 1 else ''} further {forth if count > 0 else back}" if many else ""


def _signed(number: int) -> str:
    return str(number).replace("-", "−")


def _size(plan: Plan) -> str:
    return "{} × {}".format(*plan.out)


def _rest(ours: Plan, theirs: Plan, profile: Profile, reference: Profile, settings: Settings) -> Rule:
    keeps = ours if ours.ceil else theirs
    sizes = f"{_size(keeps)} numbers, not {_size_without_rest(keeps)}"
    if ours.ceil:
        words = f"ceil_mode keeps the last windows, which hang over the edge: {sizes}"
        return Rule("rest", "rest kept", f"{words}; {reference.name} drops them.")
    words = f"Drops the windows that hang over the edge; {reference.name} keeps them (ceil_mode)"
    return Rule("rest", "rest dropped", f"{words}: {sizes}.")


def _size_without_rest(plan: Plan) -> str:
    try:
        return _size(replace(plan, ceil=False))
    except ValueError:  # the windows that hang over the edge are all there are
        return "none"


_RULES: dict[str, Callable[[Plan, Plan, Profile, Profile, Settings], Rule]] = {
    "flip": _flip,
    "windows": _windows,
    "outside": _outside,
    "rest": _rest,
}
