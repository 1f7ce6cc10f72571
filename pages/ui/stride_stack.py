"""The receptive field of a stack of layers: a table to change, and the fields drawn on the person's picture."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnncore.display import display_step, shrink, tone
from cnncore.receptive_field import Layer, LayerField, fields
from cnncore.stack_text import STACKS, format_stack, parse_stack, write_padding, write_pair
from pages.ui import picks
from pages.ui.components import pack, register
from pages.ui.picks import NOWHERE
from pages.ui.picture_controls import Picture
from pages.ui.state import PageState, Setting, complain, set_widget, text, touch, widget

MOST_FIELD = 1_000_000  # pixels along an axis: beyond that a field is no picture any more
ACROSS = 640  # samples of the picture along its longer side
DEFAULT = "lenet"
SETTINGS: tuple[Setting, ...] = (
    text("stack", STACKS[DEFAULT].text),
    *picks.place_settings("unit_row", "unit_column", " of the unit"),
)
TITLES = {stack.title: stack for stack in STACKS.values()}

_mount = register("stack", "pixels", "stack_model", "stack_table", "stack_field", "stack")


def read(written: str, picture: Picture) -> tuple[LayerField, ...]:
    """Return what the text says, laid on the picture. Raises ValueError with a sentence."""
    try:
        layers = parse_stack(written)
        if not layers:
            raise ValueError("a stack needs at least one layer, such as c3p1")
        found = fields(picture.rgb.shape, layers)
    except ValueError as error:
        sentence = str(error)
        raise ValueError(f"{sentence[0].upper()}{sentence[1:]}.") from None
    largest = max(*found[-1].size, *(abs(at) for at in found[-1].start))
    if largest > MOST_FIELD:
        raise ValueError(
            f"The field of the last layer would span {largest:,} pixels; at most {MOST_FIELD:,} are drawn."
        )
    return found


def unit(values: dict[str, Any], found: tuple[LayerField, ...]) -> tuple[int, int]:
    """Return the unit of the last layer whose field is drawn: the one picked, brought inside, or the middle."""
    return picks.picked(values, found[-1].shape, "unit_row", "unit_column")


def data(found: tuple[LayerField, ...], at: tuple[int, int], picture: Picture) -> dict[str, Any]:
    """Return what the component shows."""
    rows, columns = picture.rgb.shape[:2]
    step = display_step((rows, columns), ACROSS)
    levels, _, _ = tone(shrink(picture.rgb, step), "clipped")
    return {
        "title": picture.title,
        "rows": rows,
        "cols": columns,
        "step": step,
        "channels": 3,
        "pixels": levels.tobytes(),
        "unit": list(at),
        "layers": [_layer(each) for each in found],
    }


def _layer(each: LayerField) -> dict[str, Any]:
    layer = each.layer
    return {
        "kind": "c" if layer.kind == "conv" else "p",
        "words": {
            **{name: write_pair(getattr(layer, name)) for name in ("kernel", "stride", "dilation")},
            "padding": write_padding(layer.pads),
        },
        "kernel": list(layer.kernel),
        "stride": list(layer.stride),
        "dilation": list(layer.dilation),
        "pads": [list(sides) for sides in layer.pads],
        **{name: list(getattr(each, name)) for name in ("shape", "size", "jump", "start")},
    }


def draw(state: PageState, found: tuple[LayerField, ...], picture: Picture) -> None:
    """Draw the choice of a stack, its table and its fields."""
    _choices(state)
    layers = tuple(each.layer for each in found)
    _explain(found)
    at = unit(state.values(), found)
    key = f"{state.page}-stack"

    def take_stack() -> None:
        message = getattr(widget(key), "stack", None)
        written = message.get("text") if isinstance(message, dict) else None
        touch()
        try:
            changed = read(str(written)[:2000], picture)
            state.change(stack=format_stack([each.layer for each in changed]), **_kept_unit(layers, changed))
        except ValueError as error:
            complain(str(error))

    def take_unit() -> None:
        message = getattr(widget(key), "unit", None)
        place = [message.get(name) if isinstance(message, dict) else None for name in ("row", "column")]
        touch()
        if any(type(one) is not int or not 0 <= one < n for one, n in zip(place, found[-1].shape, strict=True)):
            complain("The last layer has no such unit.")
        else:
            state.change(unit_row=place[0], unit_column=place[1])

    _mount(data=pack(data(found, at, picture)), key=key, on_stack_change=take_stack, on_unit_change=take_unit)


def _kept_unit(before: tuple[Layer, ...], changed: tuple[LayerField, ...]) -> dict[str, int]:
    """A unit of another grid of units is another place: then the middle is shown again."""
    after = tuple(each.layer for each in changed)
    same = [layer.stride for layer in before] == [layer.stride for layer in after]
    return {} if same else {"unit_row": NOWHERE, "unit_column": NOWHERE}


def _choices(state: PageState) -> None:
    key = f"{state.page}.named_stack"
    current = state["stack"].strip()
    set_widget(key, next((title for title, stack in TITLES.items() if stack.text == current), None))

    def choose() -> None:
        if widget(key) in TITLES:
            state.change(stack=TITLES[widget(key)].text, unit_row=NOWHERE, unit_column=NOWHERE)

    left, right = st.columns([1, 2])
    left.selectbox("Stack", list(TITLES), index=None, key=key, placeholder="Your own layers", on_change=choose)
    right.text_input(
        "As text",
        key=state.key("stack"),
        help="c3s1p1 is a convolution with a 3 × 3 window, stride 1 and padding 1; p2s2 a pool; d is the dilation. "
        "3x1 gives rows and columns their own numbers, p0-1 pads 0 before and 1 behind.",
    )
    if widget(key) in TITLES:
        st.caption(TITLES[widget(key)].source)


def _explain(found: tuple[LayerField, ...]) -> None:
    """Say the last step of the arithmetic with its numbers."""
    last = found[-1]
    before = found[-2] if len(found) > 1 else None
    size, jump = (before.size[0], before.jump[0]) if before else (1, 1)
    k, s, d = last.layer.kernel[0], last.layer.stride[0], last.layer.dilation[0]
    alike = last.size[0] == last.size[1] and last.jump[0] == last.jump[1]
    st.markdown(
        rf"Each layer adds $\small (k-1)\cdot d$ times the jump so far to the field, and multiplies the jump by its "
        rf"stride. Layer {len(found)}{'' if alike else ', rows'}: $\small {size} + ({k} - 1)\cdot {d}\cdot {jump} = "
        rf"{last.size[0]}$ and $\small {jump}\cdot {s} = {last.jump[0]}$."
    )
