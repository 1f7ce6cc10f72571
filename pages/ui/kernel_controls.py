"""The kernel that a person chooses or makes: presets with their parameters, and weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import kernel_text
from cnncore.kernels import CHANNEL_WEIGHTS, PRESETS, rgb_filter
from pages.ui.state import PageState, Setting, choice, complain, number, recall, remember, set_widget, text, widget

OWN = "own"
OWN_GROUP = "Your own"
GROUPS: dict[str, list[str]] = {}
for _key, _preset in PRESETS.items():
    GROUPS.setdefault(_preset.group, []).append(_key)
GROUPS[OWN_GROUP] = [OWN]

SETTINGS: tuple[Setting, ...] = (
    choice("kernel", "sobel_x", [*PRESETS, OWN], "kernel"),
    text("own", "0 0 0;0 1 0;0 0 0"),
    choice("mix", next(iter(CHANNEL_WEIGHTS)), list(CHANNEL_WEIGHTS), "weighting of the channels"),
    *(
        number(
            f"{key}_{parameter.name}",
            parameter.default,
            parameter.least,
            parameter.most,
            parameter.label.lower(),
            whole=parameter.whole,
        )
        for key, preset in PRESETS.items()
        for parameter in preset.parameters
    ),
)
LABELS = {
    "own": "Weights",
    "mix": "Weight of R, G and B",
    **{f"{key}_{one.name}": one.label for key, preset in PRESETS.items() for one in preset.parameters},
}
OPTIONS = {"kernel": {key: preset.title for key, preset in PRESETS.items()} | {OWN: OWN_GROUP}}


@dataclass(frozen=True, eq=False)
class ChosenKernel:
    """The weights as `cnncore.operation.Operation` wants them, and what to say of them."""

    weights: NDArray[np.float64]
    combine: Any
    title: str
    shows: str
    source: str

    @property
    def editable(self) -> bool:
        """Whether its numbers can be changed in place: a gradient magnitude is two kernels, and stays as it is."""
        return self.combine is None


def chosen_kernel(values: dict[str, Any]) -> ChosenKernel:
    """Return the kernel that the settings name. Raises ValueError with a sentence."""
    mix = CHANNEL_WEIGHTS[values["mix"]]
    three = values["colour"] == "rgb"
    if values["kernel"] == OWN:
        try:
            weights = kernel_text.parse(values["own"])
        except ValueError as error:
            raise ValueError(f"Your kernel cannot be read: {error}. Write rows like 0 1 0; 1 −4 1; 0 1 0.") from None
        if weights.ndim == 3 and not three:
            raise ValueError(
                "Your kernel has three planes, one for each of R, G and B: choose “RGB filter”, or give one plane."
            )
        if weights.ndim == 2 and three:
            weights = rgb_filter(weights, mix)
        return ChosenKernel(weights, None, "Your own kernel", "Type in the grid, or paste the weights here.", "")
    preset = PRESETS[values["kernel"]]
    given = {parameter.name: values[f"{preset.key}_{parameter.name}"] for parameter in preset.parameters}
    weights = preset.weights(**given)
    if three:
        weights = rgb_filter(weights, mix)
    return ChosenKernel(weights, preset.combine, preset.title, preset.shows, preset.source)


def kernel_controls(state: PageState) -> None:
    """Draw the kernel's controls."""
    current = state["kernel"]
    group = next(name for name, keys in GROUPS.items() if current in keys)
    group_key = f"{state.page}.kernel_group"
    set_widget(group_key, group)
    st.selectbox("Kernel", list(GROUPS), key=group_key, on_change=_choose_group, args=(state, group_key))
    if current == OWN:
        st.text_area(
            "Weights",
            key=state.key("own"),
            height=96,
            help="Rows on lines of their own or parted by “;”, numbers by spaces or commas: 0 1 0; 1 -4 1; 0 1 0. "
            "A Python list works, too. Up to 15 × 15. Three planes for R, G and B are parted by “|”.",
        )
    else:
        titles = {key: PRESETS[key].title for key in GROUPS[group]}
        st.selectbox(
            "Which kernel",
            list(titles),
            format_func=lambda key: titles.get(key, key),
            key=state.key("kernel"),
            label_visibility="collapsed",
        )
        _parameters(state)
        preset = PRESETS[current]
        turned = " True convolution turns the kernel first: its directions are reversed." if state["flip"] else ""
        st.caption(f"{preset.shows}{turned} {preset.source}")
    if state["colour"] == "rgb":
        st.selectbox(
            "Weight of R, G and B",
            list(CHANNEL_WEIGHTS),
            format_func=lambda name: _mix_title(name),
            key=state.key("mix"),
            help="The kernel is repeated for each channel, times that channel's weight, and the three are summed.",
        )


def _mix_title(name: str) -> str:
    weights = ", ".join(f"{weight:.4g}" for weight in CHANNEL_WEIGHTS[name]).replace("-", "\u2212")
    return f"{name.replace('_', ' ').capitalize()} ({weights})"


def _choose_group(state: PageState, group_key: str) -> None:
    keys = GROUPS.get(widget(group_key), [OWN])
    if keys == [OWN]:
        make_own(state, lambda weights: weights)
    else:
        state.change(kernel=keys[0])


def _parameters(state: PageState) -> None:
    preset = PRESETS[state["kernel"]]
    if not preset.parameters:
        return
    columns = st.columns(min(len(preset.parameters), 2))
    for place, parameter in enumerate(preset.parameters):
        with columns[place % len(columns)]:
            unit = f" ({parameter.unit})" if parameter.unit else ""
            st.number_input(
                parameter.label + unit,
                min_value=parameter.least,
                max_value=parameter.most,
                step=parameter.step,
                key=state.key(f"{preset.key}_{parameter.name}"),
            )


# Changes to the weights in hand: each makes them the person's own ---------------------------------------------------

Change = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def make_own(state: PageState, change: Change) -> None:
    """Apply `change` to the weights in hand and keep the result as the person's own kernel. For callbacks."""
    try:
        kernel = chosen_kernel(state.values())
        if kernel.combine:
            raise ValueError("A gradient magnitude is two kernels: choose one of its directions to change its numbers.")
        changed = change(kernel.weights)
        state.change(own=kernel_text.format_kernel(changed), kernel=OWN)
    except ValueError as error:
        complain(str(error))


def edit_weights(state: PageState, message: Any) -> None:
    """Take what was typed into the kernel's grid. For callbacks; `message` comes from the browser.

    Streamlit keeps only the newest of two messages that wait, so each brings along those not yet answered.
    """
    edits = message.get("unanswered") if isinstance(message, dict) else None
    edits = [*edits[:50], message] if isinstance(edits, list) else [message]

    def change(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        changed = weights.copy()
        planes = changed.reshape(-1, *changed.shape[-2:])
        for edit in edits:
            _put(planes, edit)
        return changed

    make_own(state, change)
    remember(ANSWERED, message.get("id") if isinstance(message, dict) else None)


def _put(planes: NDArray[np.float64], edit: Any) -> None:
    """Put one typed number into its place, or say that it is none."""
    shown = str(edit.get("text", ""))[:20] if isinstance(edit, dict) else ""
    try:
        place = tuple(edit[name] for name in ("plane", "row", "col"))
        if not all(type(at) is int and 0 <= at < n for at, n in zip(place, planes.shape, strict=True)):
            raise ValueError
        planes[place] = kernel_text.parse(str(edit["text"])[:40]).item()
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"A weight must be one number, such as 2, −0.5 or 1/9, not “{shown}”.") from None


ANSWERED = "kernel.answered"


def answered_edit() -> int | None:
    """Return the number of the last edit that was judged, for the grid to know."""
    number = recall(ANSWERED)
    return number if type(number) is int else None


CHANGES: dict[str, Change] = {
    "Flip left-right": kernel_text.flip_horizontal,
    "Flip up-down": kernel_text.flip_vertical,
    "Rotate": kernel_text.rotate,
    "Transpose": kernel_text.transpose,
}


def change_controls(state: PageState, kernel: ChosenKernel) -> None:
    """Draw what changes the weights in hand: size, flips, normalising."""
    if not kernel.editable:
        st.caption("A gradient magnitude is two kernels: choose one of its directions to change its numbers.")
        return
    rows, columns = kernel.weights.shape[-2:]
    row_key, column_key = f"{state.page}.kernel_rows", f"{state.page}.kernel_columns"
    set_widget(row_key, rows)
    set_widget(column_key, columns)

    def resize() -> None:
        wanted = widget(row_key), widget(column_key)
        make_own(state, lambda weights: kernel_text.resized(weights, *(int(size) for size in wanted)))

    left, right = st.columns(2)
    left.number_input("Rows", 1, 15, key=row_key, on_change=resize)
    right.number_input("Columns", 1, 15, key=column_key, on_change=resize)
    for label, change in CHANGES.items():
        st.button(label, width="stretch", on_click=make_own, args=(state, change))
    possible = kernel_text.can_normalise(kernel.weights)
    st.button(
        "Divide by the sum",
        width="stretch",
        disabled=not possible,
        on_click=make_own,
        args=(state, kernel_text.normalise),
        help=None if possible else "These weights sum to 0: dividing by their sum means nothing.",
    )
