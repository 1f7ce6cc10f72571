"""The equation that one can touch: input, kernel, output; and one number of the output taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnncore.explain import FilterTrace
from pages.ui import components
from pages.ui.filter_view import FilterView
from pages.ui.kernel_controls import ChosenKernel, answered_edit, edit_weights
from pages.ui.panes import Region, Toned, map_levels, most_zoom, picture_levels, plain, plain_grid, region
from pages.ui.state import PageState, Setting, complain, number, set_widget, touch, widget
from pages.ui.words import number as say
from pages.ui.words import size as say_size

NOWHERE = -1  # no pixel picked yet: the middle of the output is taken apart
LARGEST = 10_000_000
FRAME = 240  # pixels of height kept for each picture
STAR, ASTERISK = "★", "∗"

SETTINGS: tuple[Setting, ...] = (
    number("row", NOWHERE, NOWHERE, LARGEST, "row", whole=True, shown=0),
    number("column", NOWHERE, NOWHERE, LARGEST, "column", whole=True, shown=0),
    number("zoom", 0, 0, 30, "zoom", whole=True),
    number("view_row", NOWHERE, NOWHERE, LARGEST, "row in view", whole=True, shown=0),
    number("view_column", NOWHERE, NOWHERE, LARGEST, "column in view", whole=True, shown=0),
)


def picked(values: dict[str, Any], view: FilterView) -> tuple[int, int]:
    """Return the output pixel that is taken apart: the one picked, brought inside, or the middle."""
    rows, columns = view.result.shape[:2]
    row, column = values["row"], values["column"]
    return (
        rows // 2 if row == NOWHERE else min(row, rows - 1),
        columns // 2 if column == NOWHERE else min(column, columns - 1),
    )


# What the components send ------------------------------------------------------------------------------------------


def _whole(message: Any, name: str) -> int:
    """Read a whole number out of what the browser sent."""
    value = message.get(name) if isinstance(message, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > LARGEST:
        raise ValueError("The browser sent something that is no pixel.")
    return int(value)


def _on_pick(state: PageState, key: str, view: FilterView, role: str) -> None:
    message = getattr(widget(key), "pick", None)
    try:
        row, column = _whole(message, "row"), _whole(message, "col")
        if role == "input":  # a pixel of the input: the output whose window has it in the middle
            windows = view.windows
            row = round((row + windows.begin[0] - (windows.extent[0] - 1) / 2) / windows.stride[0])
            column = round((column + windows.begin[1] - (windows.extent[1] - 1) / 2) / windows.stride[1])
        rows, columns = view.result.shape[:2]
        state.change(row=min(max(row, 0), rows - 1), column=min(max(column, 0), columns - 1))
    except ValueError as error:
        complain(str(error))


def _on_view(state: PageState, key: str, view: FilterView, role: str) -> None:
    message = getattr(widget(key), "view", None)
    try:
        level = min(max(_whole(message, "level"), 0), most_zoom(view.image.shape))
        row, column = float(_whole(message, "row")), float(_whole(message, "col"))
        if role == "output":
            row, column = view.windows.middle(row, column)
        limits = view.image.shape
        state.change(
            zoom=level,
            view_row=min(max(round(row), 0), limits[0] - 1),
            view_column=min(max(round(column), 0), limits[1] - 1),
        )
    except ValueError as error:
        complain(str(error))


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
    def level(self) -> int:
        """How often the view is halved."""
        return min(self.values["zoom"], most_zoom(self.view.image.shape))

    @property
    def seen(self) -> Region:
        """The part of the input that is shown."""
        middle = self.view.windows.middle(*picked(self.values, self.view))
        wanted = (self.values["view_row"], self.values["view_column"])
        row, column = (m if place == NOWHERE else place for place, m in zip(wanted, middle, strict=True))
        return region(self.view.image.shape, self.level, (row, column))

    def draw_output(self) -> tuple[Any, Any]:
        """Draw the output; return the places that it leaves for the input and the kernel."""
        view, values = self.view, self.values
        left, middle, right = st.columns([3.5, 2.2, 3.5], vertical_alignment="center")
        shown = view.shown_as(values["show"])
        mapped = view.mapped(shown, self.channel)
        limits = view.input_range if shown == "range" else view.output_range
        whole = Region(0, 0, *view.result.shape[:2])
        seen = whole if self.level == 0 else view.windows.output_region(self.seen, view.result.shape)
        toned = map_levels(mapped, seen, shown, limits)
        label = "Output" if mapped.ndim == view.result.ndim else f"Output, {values['channel']}"
        low, high = view.output_range
        caption = f"{label} · {say_size(*view.result.shape[:2])} · {say(low)} to {say(high)}"
        numbers = view.channel(view.result, self.channel)
        pane = _pane("output", label, caption, numbers, seen, toned, self.level, view)
        with right:
            _viewer(self.state, view, "output", {**pane, "picked": list(picked(values, view))})
        return left, middle

    def draw_rest(self, left: Any, middle: Any) -> None:
        """Draw the input and the kernel."""
        view, seen = self.view, self.seen
        toned = picture_levels(view.image, seen)
        low, high = view.input_range
        caption = f"Input · {say_size(*view.image.shape[:2])} · {say(low)} to {say(high)}"
        if view.image.ndim == 3 and seen.readable:
            caption += f" · numbers: {'RGB'[self.channel]}"
        numbers = view.channel(view.image, self.channel)
        with left:
            pane = _pane("input", "Input", caption, numbers, seen, toned, self.level, view)
            _viewer(self.state, view, "input", pane)
        with middle:
            _kernel(self.state, view, self.kernel)


def _pane(
    role: str, label: str, caption: str, numbers: Any, seen: Region, toned: Toned, level: int, view: FilterView
) -> dict[str, Any]:
    rows, columns = numbers.shape
    return {
        "group": "convolution",
        "role": role,
        "label": label,
        "caption": caption,
        "rows": rows,
        "cols": columns,
        "top": seen.top,
        "left": seen.left,
        "height": seen.height,
        "width": seen.width,
        "step": toned.step,
        "channels": 3 if toned.levels.ndim == 3 else 1,
        "pixels": toned.levels.tobytes(),
        "scale": toned.scale,
        "values": plain_grid(seen.cut(numbers)) if seen.readable else None,
        "legend": None if toned.scale == "grey" else {"low": plain(toned.low), "high": plain(toned.high), "zero": True},
        "zoom": {"level": level, "most": most_zoom(view.image.shape)},
        "picked": None,
        "link": {**view.windows.as_data(), "border": view.operation.border},
        "frame": FRAME,
    }


def _viewer(state: PageState, view: FilterView, role: str, data: dict[str, Any]) -> None:
    key = f"{state.page}-{role}"
    components.viewer(
        key=key,
        data=components.pack(data),
        on_pick_change=lambda: _on_pick(state, key, view, role),
        on_view_change=lambda: _on_view(state, key, view, role),
    )


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
