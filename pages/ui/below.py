"""What stands behind the equation, in tabs: only the open one is computed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnncore import filter_code
from cnncore.display import png, signed_palette, summary
from cnncore.geometry import as_pair
from cnncore.spectrum import frequency_response
from pages.ui import components, figures
from pages.ui.filter_view import FilterView
from pages.ui.panes import Region, map_levels, picture_levels
from pages.ui.picture_controls import Picture
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice, memo
from pages.ui.words import number as say

TABS = ("Histogram", "Frequency response", "Before and after", "Formula", "Code", "Save and share")
LIBRARIES = {
    "NumPy and SciPy": filter_code.numpy_code,
    "OpenCV": filter_code.opencv_code,
    "PyTorch": filter_code.pytorch_code,
    "Keras": filter_code.keras_code,
}
SETTINGS: tuple[Setting, ...] = (
    choice("tab", TABS[0], TABS, "tab"),
    choice("library", next(iter(LIBRARIES)), list(LIBRARIES), "library"),
)


def draw_tabs(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    """Draw the tabs and what is in the open one."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, values, view, picture)


def _colours() -> figures.Colours:
    return figures.DARK if st.context.theme.type == "dark" else figures.LIGHT


def _chart(figure: Any) -> None:
    st.plotly_chart(figure, theme=None, config={"displayModeBar": False})


def _histogram(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    colours = _colours()
    series = [("input", view.image), ("output", view.result)]
    figure = memo("convolution.histogram", (view, colours), lambda: figures.histogram(series, colours))
    _chart(figure)
    mean, deviation, negative = memo("convolution.summary", view, lambda: summary(view.result))
    st.caption(
        f"Output: mean {say(mean)}, standard deviation {say(deviation)}, {say(100 * negative)} % of it negative."
    )


def _frequency(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    operation = view.operation
    response = frequency_response(operation.applied[:, 0], dilation=operation.dilation)
    _chart(figures.frequency_response(response, _colours()))
    middle = response[response.shape[0] // 2, response.shape[1] // 2]
    st.caption(
        f"How strongly each pattern of stripes passes: even areas (the middle) times {say(float(middle))}, "
        f"at most times {say(float(response.max()))}. The finest stripes, one pixel light and one dark, lie at ±0.5."
        + (" Of the two directions together." if operation.combine else "")
        + (" For the red channel's plane." if operation.mode == "rgb" else "")
    )


def _wipe(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    channel = "RGB".index(values["channel"]) if values["colour"] == "each" else 0
    shown = view.shown_as(values["show"])
    mapped = view.mapped(shown, channel)
    limits = view.input_range if shown == "range" else view.output_range
    before = picture_levels(view.image, Region(0, 0, *view.image.shape[:2]))
    after = map_levels(mapped, Region(0, 0, *mapped.shape[:2]), shown, limits)
    data: dict[str, Any] = {"labels": ["Input", "Output"], "at": 0.5}
    for name, toned in (("before", before), ("after", after)):
        rows, columns = toned.levels.shape[:2]
        data |= {
            f"{name}_pixels": toned.levels.tobytes(),
            f"{name}_rows": rows,
            f"{name}_cols": columns,
            f"{name}_channels": 3 if toned.levels.ndim == 3 else 1,
            f"{name}_scale": toned.scale,
        }
    components.wipe(key=f"{state.page}-wipe", data=components.pack(data))


def _formula(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    operation, windows = view.operation, view.windows
    dilations = as_pair(operation.dilation, "dilation")
    shape, output = view.image.shape[:2], view.result.shape[:2]
    st.markdown("The output has as many numbers as there are places for the window:")
    lines = [r"\text{size} = \left\lfloor \frac{n + p_\text{begin} + p_\text{end} - d\,(k-1) - 1}{s} \right\rfloor + 1"]
    for axis, name in enumerate(("rows", "columns")):
        n, k, d, s = shape[axis], windows.taps[axis], dilations[axis], windows.stride[axis]
        begin, end = windows.begin[axis], windows.end[axis]
        lines.append(
            rf"\text{{{name}}} = \left\lfloor \frac{{{n} + {begin} + {end} - {d}\,({k}-1) - 1}}{{{s}}} \right\rfloor"
            rf" + 1 = {output[axis]}"
        )
    st.latex(r"\begin{aligned}" + r" \\[4pt] ".join(line.replace("=", "&=", 1) for line in lines) + r"\end{aligned}")
    if values["padding"] == "same":
        st.caption(
            "“Same” pads so that the output has ⌈n / s⌉ numbers along each side (TensorFlow's rule); an odd pixel of "
            "padding goes to the end: "
            + "; ".join(
                f"{windows.begin[axis]} before and {windows.end[axis]} after the {name}"
                for axis, name in enumerate(("rows", "columns"))
            )
            + "."
        )
    left = [
        (n + windows.begin[axis] + windows.end[axis] - windows.extent[axis]) % windows.stride[axis]
        for axis, n in enumerate(shape)
    ]
    if any(left):
        st.caption(
            f"The stride does not divide: {left[0]} rows at the bottom and {left[1]} columns at the right "
            "are left over and dropped."
        )
    st.markdown("Each number is a sum of products, plus the bias:")
    r = "k_r - 1 - u" if operation.flip else "u"
    c = "k_c - 1 - v" if operation.flip else "v"
    channels = r"\sum_{c}" if operation.mode == "rgb" else ""
    index = ", c" if operation.mode == "rgb" else ""
    total = (
        rf"{channels}\sum_{{u,v}} w[{r}, {c}{index}] \; x[{windows.stride[0]}\,i + {dilations[0]}\,u - "
        rf"{windows.begin[0]},\; {windows.stride[1]}\,j + {dilations[1]}\,v - {windows.begin[1]}{index}]"
    )
    if operation.combine:
        st.latex(r"g[i, j] = " + total.replace("w[", "w_g[") + r", \quad g \in \{x, y\}")
        total = r"\sqrt{x[i, j]^2 + y[i, j]^2}"
    elif operation.bias:
        total += f" {operation.bias:+g}"
    if operation.relu:
        total = rf"\max\left(0,\; {total}\right)"
    st.latex(r"y[i, j] = ".replace("y", "z" if operation.combine else "y") + total)


def _code(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    st.segmented_control(
        "Library", list(LIBRARIES), key=state.key("library"), required=True, label_visibility="collapsed"
    )
    st.code(LIBRARIES[state["library"]](view.operation, shape=view.image.shape[:2]), language="python")
    st.caption("The same numbers, up to rounding; tests of this project run this code beside its own.")


def _save(state: PageState, values: dict[str, Any], view: FilterView, picture: Picture) -> None:
    channel = "RGB".index(values["channel"]) if values["colour"] == "each" else 0
    shown = view.shown_as(values["show"])

    def as_png(dark: bool) -> bytes:
        mapped = view.mapped(shown, channel)
        limits = view.input_range if shown == "range" else view.output_range
        levels = map_levels(mapped, Region(0, 0, *mapped.shape[:2]), shown, limits, across=max(mapped.shape)).levels
        colours = figures.DARK if dark else figures.LIGHT
        return png(levels, palette=signed_palette(*colours.signed) if shown == "signed" else None)

    save_and_share(
        state,
        name="feature-map",
        picture=as_png,
        numbers=view.result,
        own_picture=not picture.travels,
        settings="filter",
    )


DRAW = {
    "Histogram": _histogram,
    "Frequency response": _frequency,
    "Before and after": _wipe,
    "Formula": _formula,
    "Code": _code,
    "Save and share": _save,
}
