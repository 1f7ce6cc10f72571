"""What stands under the gallery, in tabs: the conventions and the names of the border rules as tables, the link."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from cnncore.conventions import BORDER_NAMES, BORDERS, IGNORED, PROFILES, Profile
from pages.ui.conventions_view import Comparison
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice

CONVENTIONS, BORDER_TAB, SHARE = "Conventions", "Border names", "Save and share"
NO_BREAK = "\N{NO-BREAK SPACE}"
TABS = (CONVENTIONS, BORDER_TAB, SHARE)
SETTINGS: tuple[Setting, ...] = (choice("tab", TABS[0], TABS, "tab"),)

PATTERNS = {
    "constant": "0 0 0 | a b c d | 0 0 0",
    "reflect": "d c b | a b c d | c b a",
    "symmetric": "c b a | a b c d | d c b",
    "edge": "a a a | a b c d | d d d",
    "wrap": "b c d | a b c d | a b c",
}
MIDDLE = {
    "after": "tap (k − 1) // 2: odd pixel after",
    "before": "tap k // 2: odd pixel before",
    "both": "none: both sides alike",
}
DIVISOR = {"": "–", "always": "all cells of the window", "never": "the real cells", "choice": "as you choose"}


def draw(state: PageState, comparison: Comparison) -> None:
    """Draw the tabs and what is in the open one."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, comparison)


def _table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> None:
    columns = zip(heads, zip(*lines, strict=True), strict=True)
    st.table({head: list(cells) for head, cells in columns}, border="horizontal", hide_index=True)


def _yes(known: bool) -> str:
    return "yes" if known else "no"


def convention_row(profile: Profile, *, means: bool) -> list[str]:
    """Return one function's line of the table of conventions.

    >>> convention_row(PROFILES["ndimage.convolve"], means=False)[1:4]
    ['yes', 'tap (k − 1) // 2: odd pixel after', 'symmetric']
    """
    strided = "yes" if profile.strided_same else "not with “same”"
    border = "minus infinity" if profile.operation == "max" else "nothing"
    row = [f"`{profile.function}`" + (", by hand" if profile.key.endswith("by_hand") else "")]
    row += [] if profile.operation != "convolution" else [_yes(profile.flips)]
    row += [MIDDLE[profile.odd_pixel], border if profile.default_border == IGNORED else profile.default_border]
    row += [
        strided if profile.strides else "no",
        _yes(profile.dilates) if profile.strided_dilation else "not with stride",
    ]
    if profile.operation != "convolution":
        row += ["if you ask" if profile.ceil_mode else "dropped"] if profile.strides else ["–"]
    return row + ([DIVISOR[profile.counts_padding]] if means else [])


def _conventions(state: PageState, comparison: Comparison) -> None:
    operation = comparison.settings.operation
    profiles = [profile for profile in PROFILES.values() if profile.operation == operation]
    first = ["Function"] + (["Turns the kernel"] if operation == "convolution" else [])
    heads = [*first, "Middle of an even window, in “same”", "Outside, unless told", "Stride", "Dilation"]
    heads += [] if operation == "convolution" else ["Rest of the stride"]
    heads += ["A mean divides by"] if operation == "average" else []
    _table(heads, (convention_row(profile, means=operation == "average") for profile in profiles))
    st.caption(
        "Dilation 1 means no gaps, in PyTorch and Keras alike. Keras's “same” gives ⌈n / stride⌉ numbers and pads as "
        "the input's size needs. Profiles of PyTorch 2.13, Keras 3.15 on TensorFlow 2.21, SciPy 1.17 and OpenCV 5.0; "
        "none of them runs here: tests hold the numbers against the libraries' own."
    )


def _borders(state: PageState, comparison: Comparison) -> None:
    columns = [column for column in BORDER_NAMES if column not in ("numpy.pad", "torch.nn.functional.pad")]
    heads = ["`numpy.pad`", "a b c d goes on as", *(f"`{column}`" for column in columns)]
    lines = []
    for name in BORDERS:
        words = [BORDER_NAMES[column].get(name, "") for column in columns]
        written = [f"`{word.removeprefix('cv2.')}`" if word else "–" for word in words]
        lines.append([f"`{name}`", f"`{PATTERNS[name].replace(' ', NO_BREAK)}`", *written])
    _table(heads, lines)
    st.caption(
        "The names collide: SciPy ndimage's `reflect` is NumPy's `symmetric`, its `mirror` NumPy's `reflect`. This "
        "lab uses NumPy's. SciPy ndimage's filters take `wrap` for `grid-wrap`, its interpolations do not. OpenCV's "
        "`BORDER_WRAP` works in `copyMakeBorder` alone. PyTorch's `functional.pad` says `constant` for `zeros`. The "
        "layers of Keras pad with zeros only."
    )


def _share(state: PageState, comparison: Comparison) -> None:
    base = comparison.base
    st.caption(f"The numbers are those of {base.profile.name}, with which the others are compared.")
    save_and_share(state, name="conventions", numbers=base.values)


DRAW = {CONVENTIONS: _conventions, BORDER_TAB: _borders, SHARE: _share}
