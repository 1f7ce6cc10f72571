"""What stands under the gallery, in tabs: the conventions and the names of the border rules as tables, the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import streamlit as st

from cnncore.conventions import BORDER_NAMES, BORDERS, IGNORED, PROFILES, Profile
from pages.ui.conventions_picture import draw_gallery, film_of
from pages.ui.conventions_view import Comparison
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice

CONVENTIONS, BORDER_TAB, SHARE = "Conventions", "Border names", "Save and share"
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

# Where there is no room for all columns, each line becomes a card of its own, with the heads before their words.
STYLE = """<style>
.names-room { container-type: inline-size; }
.names { width: 100%; border-collapse: collapse; font-size: 0.875rem; line-height: 1.45; }
.stMain .names :is(th, td) {
  text-align: left; vertical-align: top; font-weight: 400; padding: 0.4rem 0.9rem 0.4rem 0;
  border: 0; border-bottom: 1px solid light-dark(#dedad0, #2c363c);
}
.names thead th, .names td::before { color: light-dark(#5f656b, #9aa1a5); }
.names code { font-size: 0.8125rem; white-space: nowrap; }
@container (max-width: 880px) {
  .names { display: block; }
  .names tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(330px, 100%), 1fr)); gap: 0 2rem; }
  .names thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .names tr { display: block; padding: 0.6rem 0; border-bottom: 1px solid light-dark(#dedad0, #2c363c); }
  .stMain .names :is(th, td) {
    display: grid; grid-template-columns: minmax(0, 8.4rem) minmax(0, 1fr); gap: 0.7rem; padding: 0.1rem 0; border: 0;
  }
  .stMain .names th { display: block; padding-bottom: 0.25rem; font-weight: 600; }
  .names td::before { content: attr(data-head); }
  .names code { white-space: normal; overflow-wrap: anywhere; justify-self: start; }
}
</style>"""


def draw(state: PageState, comparison: Comparison) -> None:
    """Draw the tabs and what is in the open one."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, comparison)


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML that a narrow screen shows as cards; what stands between backticks is code.

    >>> table(["Name", "Means"], [["`a`", "b"]]).partition("<tbody>")[2]
    '<tr><th scope="row"><code>a</code></th><td data-head="Means">b</td></tr></tbody></table></div>'
    """
    top = "".join(f'<th scope="col">{_marked(head)}</th>' for head in heads)
    rows = []
    for first, *rest in lines:
        cells = "".join(
            f'<td data-head="{escape(head.replace("`", ""))}">{_marked(cell)}</td>'
            for head, cell in zip(heads[1:], rest, strict=True)
        )
        rows.append(f'<tr><th scope="row">{_marked(first)}</th>{cells}</tr>')
    body = f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="names-room"><table class="names">{body}</table></div>'


def _marked(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


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
    st.html(STYLE + table(heads, [convention_row(profile, means=operation == "average") for profile in profiles]))
    st.caption(
        "Dilation 1 means no gaps, in PyTorch and Keras alike. Some teaching material counts the gaps instead: the "
        "notes of CS231n call this dilation 0, and their 1 is everybody's 2."
    )
    st.caption(
        "Keras's “same” gives ⌈n / stride⌉ numbers and pads as the input's size needs. Profiles of PyTorch 2.13, "
        "Keras 3.15 on TensorFlow 2.21, SciPy 1.17 and OpenCV 5.0; none of them runs here: tests hold the numbers "
        "against the libraries' own."
    )


def border_rows() -> tuple[list[str], list[list[str]]]:
    """Return the heads and the lines of the table of border names."""
    columns = [column for column in BORDER_NAMES if column not in ("numpy.pad", "torch.nn.functional.pad")]
    heads = ["`numpy.pad`", "a b c d goes on as", *(f"`{column}`" for column in columns)]
    lines = []
    for name in BORDERS:
        words = [BORDER_NAMES[column].get(name, "") for column in columns]
        written = [f"`{word.removeprefix('cv2.')}`" if word else "–" for word in words]
        lines.append([f"`{name}`", f"`{PATTERNS[name]}`", *written])
    return heads, lines


def _borders(state: PageState, comparison: Comparison) -> None:
    st.html(STYLE + table(*border_rows()))
    st.caption(
        "The names collide: SciPy ndimage's `reflect` is NumPy's `symmetric`, its `mirror` NumPy's `reflect`. This "
        "lab uses NumPy's. SciPy ndimage's filters take `wrap` for `grid-wrap`, its interpolations do not. OpenCV's "
        "`BORDER_WRAP` works in `copyMakeBorder` alone. PyTorch's `functional.pad` says `constant` for `zeros`. The "
        "layers of Keras pad with zeros only."
    )


def _share(state: PageState, comparison: Comparison) -> None:
    base = comparison.base.profile.name
    given = {"input": comparison.image}
    if comparison.settings.operation == "convolution":
        given["kernel"] = comparison.kernel
    outputs = {one.profile.key: np.asarray(one.values) for one in comparison.outputs if one.values is not None}
    film = film_of(comparison)
    moving = f"; the film is that of {base}" if film else ""
    st.caption(
        f"The picture has all of them side by side, and how they differ{moving}. "
        "The numbers are those of every function that gives some, each under its name."
    )
    save_and_share(
        state,
        name="conventions",
        film=film,
        picture=lambda dark: draw_gallery(comparison, dark=dark),
        numbers={**given, **outputs},
    )


DRAW = {CONVENTIONS: _conventions, BORDER_TAB: _borders, SHARE: _share}
