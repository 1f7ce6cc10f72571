"""The same input and kernel by every library's convention, and what the gallery shows of it. Imports no streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.convention_calls import write_call, write_workaround
from cnncore.convention_rules import Explanation, explain_plans
from cnncore.convention_workarounds import find_workaround
from cnncore.conventions import (
    PROFILES,
    Plan,
    Profile,
    RefusedError,
    Settings,
    difference,
    make_plan,
    run,
    surroundings,
)
from pages.ui.panes import plain, plain_grid

Array = NDArray[np.float64]
OWN_BORDER = "own"
"""The border setting that leaves the rule to each library."""
MOST_KERNEL = 7
BRIGHT = 9.0  # the largest number of the made grids: the same grey means the same number on every page


NO_RULES = Explanation((), ())


@dataclass(frozen=True, eq=False)
class Output:
    """What one function gives, or why it refuses; both, where one gets there around it."""

    profile: Profile
    refusal: str = ""
    around: str = ""
    """How one gets numbers from a function that refuses: a sentence."""
    call: str = ""
    plan: Plan | None = None
    values: Array | None = None
    gap: Array | None = None
    why: Explanation = NO_RULES

    @property
    def equal(self) -> bool:
        """Whether it gives the same numbers as the reference."""
        return self.values is not None and not self.why.rules


@dataclass(frozen=True, eq=False)
class Comparison:
    """All functions of one operation on one input, each beside the reference."""

    image: Array
    kernel: Array
    settings: Settings
    outputs: tuple[Output, ...]
    reference: int
    """Which of `outputs` the others are compared with: the one asked for, or the first that computes."""
    refused: str = ""
    """The name of the one that was asked for, if it refuses."""

    @property
    def base(self) -> Output:
        """The output that the others are compared with."""
        return self.outputs[self.reference]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Rows and columns of each output; a function that refuses has none."""
        return [output.values.shape for output in self.outputs if output.values is not None]


def shown_profiles(operation: str, padding: str) -> list[Profile]:
    """Return the functions that a page shows.

    >>> [profile.name for profile in shown_profiles("max", "same")]
    ['PyTorch', 'Keras', 'SciPy ndimage', 'OpenCV']
    >>> len(shown_profiles("convolution", "same")), len(shown_profiles("convolution", "valid"))
    (8, 7)
    """
    found = [profile for profile in PROFILES.values() if profile.operation == operation]
    # Padding by hand stands in for "same"; for the other paddings it would say the same as PyTorch, once more.
    return [profile for profile in found if profile.key != "torch.conv2d_by_hand" or padding == "same"]


def core_settings(values: Mapping[str, Any]) -> Settings:
    """Return the page's settings as the core takes them."""
    return Settings(
        operation=values["what"],
        padding=values["padding"],
        border=None if values["border"] == OWN_BORDER else values["border"],
        stride=values["stride"],
        dilation=values["dilation"],
        ceil_mode=values["ceil_mode"],
        count_include_pad=values["count_include_pad"],
        origin=(values["origin_down"], values["origin_right"]),
    )


def compare(image: Array, kernel: Array, settings: Settings, reference: str) -> Comparison:
    """Compute every function's output, and explain how it differs from the reference's.

    Parameters
    ----------
    image : ndarray of float64, shape (H, W)
    kernel : ndarray of float64, shape (KH, KW)
        Pools look at its shape alone.
    settings : Settings
    reference : str
        The key of the profile to compare with. If it is not shown or refuses, the first that computes.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        With a sentence, if the kernel is too large, or every library refuses.
    """
    rows, columns = kernel.shape
    if max(rows, columns) > MOST_KERNEL:
        raise ValueError(f"The kernel has {rows} × {columns} weights; at most {MOST_KERNEL} × {MOST_KERNEL} fit here.")
    outputs = [_output(one, image, kernel, settings) for one in shown_profiles(settings.operation, settings.padding)]
    known = [at for at, output in enumerate(outputs) if output.values is not None]
    if not known:
        raise ValueError(f"All of them refuse this. {outputs[0].profile.name}: {outputs[0].refusal}")
    computed = [at for at in known if not outputs[at].refusal] or known
    base = next((at for at in computed if outputs[at].profile.key == reference), computed[0])
    beside = [_beside(output, outputs[base], image, kernel, settings) for output in outputs]
    asked = next((output for output in outputs if output.profile.key == reference and output.refusal), None)
    refused = asked.profile.name if asked else ""
    return Comparison(image, kernel, settings, tuple(beside), base, refused)


def _output(profile: Profile, image: Array, kernel: Array, settings: Settings) -> Output:
    try:
        plan = make_plan(profile, image.shape, kernel.shape, settings)  # type: ignore[arg-type]
    except RefusedError as error:
        return _around(profile, str(error), image, kernel, settings)
    call = write_call(profile, plan, settings)
    return Output(profile, call=call, plan=plan, values=run(plan, image, kernel))


def _around(profile: Profile, refusal: str, image: Array, kernel: Array, settings: Settings) -> Output:
    """What one gets from a function that refuses, if there is a way around; else why not, too."""
    try:
        found = find_workaround(profile, image.shape, kernel.shape, settings)  # type: ignore[arg-type]
    except RefusedError as error:
        return Output(profile, " ".join(dict.fromkeys([refusal, str(error)])))
    if found is None:
        return Output(profile, refusal)
    call = write_workaround(profile, found.plan, settings)
    return Output(profile, refusal, found.words, call, found.plan, found.run(image, kernel))


def _beside(output: Output, base: Output, image: Array, kernel: Array, settings: Settings) -> Output:
    if output.plan is None or base.plan is None or output.values is None or base.values is None:
        return output
    why = explain_plans(output.plan, base.plan, output.profile, base.profile, image, kernel, settings)
    return replace(output, gap=difference(output.values, base.values), why=why)


def first_difference(comparison: Comparison) -> tuple[int, int]:
    """Return the first cell at which an output differs from the reference; the first of all if none does."""
    for output in comparison.outputs:
        if output.gap is not None and output.gap.any():  # NaN, a cell that the reference has not, is a difference
            row, column = np.argwhere(output.gap)[0]
            return int(row), int(column)
    return 0, 0


def gallery_data(comparison: Comparison, pinned: tuple[int, int] | None) -> dict[str, Any]:
    """Return what the gallery component shows.

    Parameters
    ----------
    comparison : Comparison
    pinned : tuple of int, optional
        Row and column of the pinned cell; left out if no output has it.

    Returns
    -------
    dict
        As assets/components/gallery.js describes it.
    """
    outputs = [output for output in comparison.outputs if output.values is not None]
    if pinned and not any(_holds(output, pinned) for output in outputs):
        pinned = None
    image = comparison.image
    low = float(min(image.min(), 0.0))
    values = np.concatenate([output.values.ravel() for output in outputs if output.values is not None])
    gaps = np.concatenate([output.gap.ravel() for output in outputs if output.gap is not None])
    pads = np.array([output.plan.pads for output in outputs if output.plan]).reshape(-1, 4)
    return {
        "operation": comparison.settings.operation,
        "input": plain_grid(image),
        "frame": [int(most) for most in pads.max(axis=0)],
        "low": low,
        "high": float(max(image.max(), BRIGHT)),
        "kernel": plain_grid(comparison.kernel) if comparison.settings.operation == "convolution" else None,
        "taps": list(comparison.kernel.shape),
        "stride": list(comparison.settings.stride),
        "dilation": list(comparison.settings.dilation),
        "items": [_item(output, image) for output in comparison.outputs],
        "reference": comparison.reference,
        "refused": comparison.refused,
        "bound": _largest(values),
        "gap_bound": _largest(gaps),
        "kernel_bound": _largest(comparison.kernel),
        "place": list(pinned or first_difference(comparison)),
        "pinned": pinned is not None,
    }


def _holds(output: Output, place: tuple[int, int]) -> bool:
    rows, columns = (0, 0) if output.values is None else output.values.shape
    return place[0] < rows and place[1] < columns


def _largest(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0))


def _item(output: Output, image: Array) -> dict[str, Any]:
    """One function: what it shows of itself, and where its windows lie."""
    data: dict[str, Any] = {
        "name": output.profile.name,
        "function": output.profile.function,
        "refusal": output.refusal,
        "way": output.around,
    }
    if output.plan is None or output.values is None or output.gap is None:
        return data
    (top, bottom), (left, right) = output.plan.pads
    return data | {
        "call": output.call,
        "values": plain_grid(output.values),
        "gap": plain_grid(output.gap),
        "equal": output.equal,
        "labels": [rule.short for rule in output.why.rules],
        "sentences": [rule.sentence for rule in output.why.rules],
        "idle": [rule.short for rule in output.why.idle],
        "around": [[plain(number) for number in row] for row in surroundings(output.plan, image).tolist()],
        "pads": [top, bottom, left, right],
        "flip": output.plan.flip,
    }
