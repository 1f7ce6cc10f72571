"""What one does where a library has no stride or no dilation: compute more with it, and keep some of its numbers.

SciPy and OpenCV slide by one pixel, over every cell of the window. Whoever wants a stride of 2 from them keeps every
second number, ``y[::2, ::2]``; whoever wants a dilation of 2 puts zeros between the taps first. The windows then lie
where the library puts them, which is rarely where a network's "same" has them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnncore._convention_plan import Pair, Plan, RefusedError, Settings, make_plan
from cnncore._convention_profiles import IGNORED, Profile
from cnncore.conventions import Array, run
from cnncore.numerals import ordinal

__all__ = ["Workaround", "find_workaround"]


@dataclass(frozen=True)
class Workaround:
    """How to get a stride, a dilation or both out of a function that has none.

    Parameters
    ----------
    plan : Plan
        Where the windows lie whose numbers are kept. `cnncore.convention_calls.write_workaround` writes it.
    words : str
        What the function lacks, and how its numbers were computed: a sentence.
    """

    plan: Plan
    words: str

    def run(self, image: Array, kernel: Array) -> Array:
        """Compute all that the library gives, and keep what is asked for.

        Parameters
        ----------
        image : ndarray of float64, shape (H, W)
        kernel : ndarray of float64, shape (KH, KW)
            Pools look at its shape alone.

        Returns
        -------
        ndarray of float64, shape (OH, OW)
        """
        down, across = self.plan.stride
        return run(replace(self.plan, stride=(1, 1)), image, kernel)[::down, ::across]


def find_workaround(profile: Profile, shape: Pair, taps: Pair, settings: Settings) -> Workaround | None:
    """Return the way around a missing stride or dilation; None where the function has them, or none is asked for.

    Parameters
    ----------
    profile : Profile
    shape, taps : tuple of int
        Rows and columns of the input and of the window.
    settings : Settings

    Returns
    -------
    Workaround or None

    Raises
    ------
    RefusedError
        If the library does not even do what the way around needs, with a sentence.

    Examples
    --------
    >>> from cnncore.conventions import PROFILES
    >>> found = find_workaround(PROFILES["ndimage.correlate"], (6, 6), (3, 3), Settings(stride=2))
    >>> found.words, found.plan.pads
    ('correlate has no stride: computed at stride 1, then every 2nd kept.', ((1, 1), (1, 1)))
    """
    (down, across), dilation = settings.stride, settings.dilation
    if profile.strides or profile.dilates or (down, across, *dilation) == (1, 1, 1, 1):
        return None
    gaps = profile.operation != "average"  # a window with gaps can be handed over, but not to a function of means
    asked = replace(settings, stride=(1, 1), dilation=(1, 1) if gaps else dilation)
    rows, columns = ((k - 1) * d + 1 for k, d in zip(taps, dilation, strict=True))
    plain = make_plan(profile, shape, (rows, columns) if gaps else taps, asked)
    plan = replace(plain, taps=taps, stride=settings.stride, dilation=dilation)
    name = profile.function.rpartition(".")[2]
    if plan.outside == IGNORED and _sees_nothing(plan):
        raise RefusedError(f"{name} has no answer where a window with gaps meets no cell of the input.")
    lacks = [what for what, steps in (("stride", plan.stride), ("dilation", dilation)) if steps != (1, 1)]
    return Workaround(plan, f"{name} has no {' and no '.join(lacks)}: computed {_how(profile, plan)}.")


def _sees_nothing(plan: Plan) -> bool:
    """Whether some window has all its taps outside the input."""
    for n, k, d, (begin, end) in zip(plan.shape, plan.taps, plan.dilation, plan.pads, strict=True):
        at = np.arange(n + begin + end - (k - 1) * d)[:, None] - begin + np.arange(k) * d
        if not ((at >= 0) & (at < n)).any(axis=1).all():
            return True
    return False


def _how(profile: Profile, plan: Plan) -> str:
    between = "zeros between the taps" if profile.operation == "convolution" else "gaps in the window"
    with_gaps = f"with {between}" if max(plan.dilation) > 1 else ""
    down, across = plan.stride
    if max(down, across) == 1:
        return with_gaps
    kept = f"every {ordinal(down)}" if down == across else f"every {ordinal(down)} row and {ordinal(across)} column"
    return f"{with_gaps} at stride 1, then {kept} kept".strip()
