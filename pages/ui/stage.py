"""The equation that one can touch: input, kernel, output; and one number of the output taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnncore.explain import FilterTrace
from pages.ui import components, picks
from pages.ui.filter_view import FilterView
from pages.ui.kernel_controls import ChosenKernel, answered_edit, edit_weights
from pages.ui.panes import Region, Toned, legend, map_levels, most_zoom, pane_data, picture_levels, plain, plain_grid
from pages.ui.state import PageState, complain, set_widget, touch, widget
from pages.ui.words import number as say
from pages.ui.words import size as say_size

FRAME = 240  # pixels of height kept for each picture
STAR, ASTERISK = "★", "∗"

SETTINGS = picks.SETTINGS


def picked(values: dict[str, Any], view: FilterView) -> tuple[int, int]:
    """Return the output pixel that is taken apart: the one picked, brought inside, or the middle."""
    return picks.picked(values, view.result.shape)


# Drawing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Equation:
    """Input, kernel and output side by side, drawn in two steps: the output is what the person waits for."""

    state: PageState
    values: dict[str, Any]
    view: FilterView
    kernel: ChosenKernel

    @property
    def channel(self) -> int:
        """The channel that is taken apart."""
        return "RGB".index(self.values["channel"]) if self.values["colour"] == "each" else 0

    @property
    def seen(self) -> tuple[Region, int]:
        """The part of the input that is shown, and how often the view is halved for it."""
        middle = self.view.windows.middle(*picked(self.values, self.view))
        return picks.in_view(self.values, self.view.image.shape, middle)

    def draw_output(self) -> tuple[Any, Any]:
        """Draw the output; return the places that it leaves for the input and the kernel."""
        view, values = self.view, self.values
        left, middle, right = st.columns([3.5, 2.2, 3.5], vertical_alignment="center")
        shown = view.shown_as(values["show"])
        mapped = view.mapped(shown, self.channel)
        limits = view.input_range if shown == "range" else view.output_range
        seen, level = self.seen
        whole = Region(0, 0, *view.result.shape[:2])
        seen = whole if level == 0 else view.windows.output_region(seen, view.result.shape)
        toned = map_levels(mapped, seen, shown, limits)
        label = "Output" if mapped.ndim == view.result.ndim else f"Output, {values['channel']}"
        low, high = view.output_range
        caption = f"{label} · {say_size(*view.result.shape[:2])} · {say(low)} to {say(high)}"
        numbers = view.channel(view.result, self.channel)
        with right:
            self._viewer("output", label, caption, numbers, seen, toned, level, picked(values, view))
        return left, middle

    def draw_rest(self, left: Any, middle: Any) -> None:
        """Draw the input and the kernel."""
        view, (seen, level) = self.view, self.seen
        toned = picture_levels(view.image, seen)
        low, high = view.input_range
        caption = f"Input · {say_size(*view.image.shape[:2])} · {say(low)} to {say(high)}"
        if view.image.ndim == 3 and seen.readable:
            caption += f" · numbers: {'RGB'[self.channel]}"
        numbers = view.channel(view.image, self.channel)
        with left:
            self._viewer("input", "Input", caption, numbers, seen, toned, level)
        with middle:
            _kernel(self.state, view, self.kernel)

    def _viewer(
        self,
        role: str,
        label: str,
        caption: str,
        numbers: Any,
        seen: Region,
        toned: Toned,
        level: int,
        place: tuple[int, int] | None = None,
    ) -> None:
        view = self.view
        data = pane_data(
            group="convolution",
            role=role,
            label=label,
            caption=caption,
            shape=numbers.shape,
            seen=seen,
            toned=toned,
            numbers=plain_grid(seen.cut(numbers)) if seen.readable else None,
            frame=FRAME,
            zoom=(level, most_zoom(view.image.shape)),
            legend=None if toned.scale == "grey" else legend(toned),
            picked=place,
            windows=view.windows,
            border=view.operation.border,
        )
        key = f"{self.state.page}-{role}"
        picks.viewer(self.state, key, data, view.windows, view.result.shape, view.image.shape)


def _kernel(state: PageState, view: FilterView, kernel: ChosenKernel) -> None:
    key = f"{state.page}-kernel"
    planes = view.operation.planes
    names: tuple[str, ...]
    if kernel.combine:
        names = ("x", "y")
        shown = planes[:, 0]
    else:
        names = ("R", "G", "B") if planes.shape[1] == 3 else ("",)
        shown = planes[0]
    total = float(shown.sum())
    if abs(total) < 1e-9 * float(abs(shown).sum()):
        total = 0.0  # what is left is rounding
    summed = "" if kernel.combine else f" · sum {say(total)}"
    components.kernel(
        key=key,
        data={
            "planes": [{"name": name, "weights": plain_grid(grid)} for name, grid in zip(names, shown, strict=False)],
            "combine": kernel.combine,
            "sign": ASTERISK if view.operation.flip else STAR,
            "editable": kernel.editable,
            "caption": f"Kernel · {say_size(*view.operation.kernel_shape)}{summed}",
            "bound": float(abs(shown).max()),
            "answered": answered_edit(),
        },
        on_edit_change=lambda: edit_weights(state, getattr(widget(key), "edit", None)),
    )


def draw_number(state: PageState, values: dict[str, Any], view: FilterView) -> None:
    """Draw one number of the output taken apart, and the fields to type its row and column."""
    row, column = picked(values, view)
    rows, columns = view.result.shape[:2]
    with st.container(horizontal=True, vertical_alignment="center", key="taken-apart"):
        st.subheader("One output number", anchor=False, width="content")
        for name, place, limit in (("row", row, rows), ("column", column, columns)):
            field = f"{state.page}.{name}_typed"
            set_widget(field, place)
            st.markdown(name, width="content")
            st.number_input(
                name.capitalize(),
                0,
                limit - 1,
                key=field,
                width=130,
                label_visibility="collapsed",
                on_change=_typed,
                args=(state, name, field),
            )
    channel = "RGB".index(values["channel"]) if values["colour"] == "each" else 0
    trace = view.trace(row, column, channel)
    components.trace(key=f"{state.page}-trace", data=trace_data(trace, view, channel))


def _typed(state: PageState, name: str, field: str) -> None:
    try:
        state.change(**{name: widget(field)})
    except ValueError as error:
        complain(str(error))
    touch()


def trace_data(trace: FilterTrace, view: FilterView, channel: int) -> dict[str, Any]:
    """Return a trace as the component draws it; the result is the core's own output number."""
    result = view.value(trace.row, trace.column, channel)
    names = ("x", "y") if len(trace.branches) == 2 else ("",)
    branches = [
        {
            "name": name,
            "channels": [
                {
                    "name": part.name,
                    "patch": plain_grid(part.patch),
                    "outside": part.outside.astype(int).tolist(),
                    "weights": plain_grid(part.weights),
                    "products": plain_grid(part.products),
                    "sum": plain(part.sum),
                }
                for part in branch.channels
            ],
            "bias": branch.bias,
            "total": plain(branch.total),
        }
        for name, branch in zip(names, trace.branches, strict=True)
    ]
    parts = [part for branch in trace.branches for part in branch.channels]
    return {
        "row": trace.row,
        "col": trace.column,
        "branches": branches,
        "combine": view.operation.combine,
        "relu": view.operation.relu,
        "result": plain(result),
        "exact": repr(result).replace("-", "−"),
        "patch_low": 0,
        "patch_high": 255,
        "weight_bound": max(float(abs(part.weights).max()) for part in parts),
        "product_bound": max(float(abs(part.products).max()) for part in parts),
        "flipped": view.operation.flip,
    }
