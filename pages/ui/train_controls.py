"""The controls of the Train page, in the order in which a person decides, and the diagram of the network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from cnncore.datasets import Dataset, load
from cnncore.own_data import from_npz, from_zip
from cnncore.training import TrainConfig
from pages.ui import runner
from pages.ui.navigation import folded
from pages.ui.run_limits import check
from pages.ui.state import PageState, Setting, choice, complain, flag, memo, number, recall, remember, touch, widget
from pages.ui.train_settings import (
    ACTIVATIONS,
    DATASETS,
    FIRST_LAYERS,
    HEADS,
    INITS,
    MOST_BLOCKS,
    MOST_DENSE,
    MOST_FILTERS,
    MOST_KERNEL,
    MOST_STRIDE,
    OPTIMIZERS,
    POOLS,
    SCHEDULES,
    block_name,
    config_of,
    plainly,
    values_of,
)
from pages.ui.uploads import new_file
from pages.ui.words import literal, size

START = values_of(TrainConfig())
PADDINGS = {"same": "Same", "valid": "Valid: none"}
OWN_DATA = "train.own_data"


def _block_settings(block: int) -> tuple[Setting, ...]:
    def start(name: str, otherwise: Any) -> Any:
        return START.get(block_name(name, block), otherwise)

    def named(name: str) -> str:
        return block_name(name, block)

    what = f"of block {block}"
    return (
        number(named("filters"), start("filters", 16), 1, MOST_FILTERS, f"number of filters {what}", whole=True),
        number(named("kernel"), start("kernel", 3), 1, MOST_KERNEL, f"kernel {what}", whole=True),
        number(named("stride"), start("stride", 1), 1, MOST_STRIDE, f"stride {what}", whole=True),
        choice(named("padding"), start("padding", "same"), list(PADDINGS), "padding"),
        choice(named("activation"), start("activation", "relu"), list(ACTIVATIONS), "activation"),
        choice(named("pool"), start("pool", "none"), list(POOLS), "kind of pooling"),
        number(named("pool_size"), start("pool_size", 2), 2, 4, f"pooling window {what}", whole=True),
        flag(named("norm"), start("norm", False), "Batch normalisation"),
        number(named("dropout"), start("dropout", 0.0), 0.0, 0.9, f"dropout {what}"),
    )


SETTINGS: tuple[Setting, ...] = (
    choice("dataset", START["dataset"], list(DATASETS), "set of digits"),
    number("blocks", START["blocks"], 1, MOST_BLOCKS, "number of blocks", whole=True),
    *(setting for block in range(1, MOST_BLOCKS + 1) for setting in _block_settings(block)),
    choice("head", START["head"], list(HEADS), "head"),
    number("dense", START["dense"], 0, 2, "number of hidden dense layers", whole=True),
    number("dense1", START.get("dense1", 64), 1, MOST_DENSE, "width of the first dense layer", whole=True),
    number("dense2", START.get("dense2", 32), 1, MOST_DENSE, "width of the second dense layer", whole=True),
    choice("optimizer", START["optimizer"], list(OPTIMIZERS), "optimizer"),
    number("learning_rate", START["learning_rate"], 1e-6, 1e6, "learning rate"),
    number("momentum", START.get("momentum", 0.9), 0.0, 0.999, "momentum"),
    choice("schedule", START["schedule"], list(SCHEDULES), "schedule"),
    number("weight_decay", START["weight_decay"], 0.0, 1.0, "weight decay"),
    number("batch_size", START["batch_size"], 1, 1024, "batch", whole=True),
    number("epochs", START["epochs"], 1, 1000, "number of epochs", whole=True),
    number("stop_accuracy", START["stop_accuracy"], 0.0, 100.0, "accuracy to stop at"),
    number("stop_minutes", 0.0, 0.0, 120.0, "minutes"),
    number("patience", START["patience"], 0, 100, "patience", whole=True),
    number("seed", START["seed"], 0, 2**31 - 1, "seed", whole=True),
    choice("init", START["init"], list(INITS), "initialisation"),
    number("shift", START["shift"], 0, 4, "shift", whole=True),
    number("rotate", int(START["rotate"]), 0, 45, "rotation"),
    choice("first_layer", START["first_layer"], list(FIRST_LAYERS), "first layer"),
    flag("freeze_first", START["freeze_first"], "Freezing the first layer"),
)


# The digits -----------------------------------------------------------------------------------------------------------


def chosen_dataset(values: dict[str, Any], run: str = "") -> Dataset:
    """Return the digits that the settings name.

    Without a file of the person's own, those that the run with the token `run` learns from are taken: after a reload
    only the server has them. Where there is no such run, the small set stands in.
    """
    name = values["dataset"]
    if name != "own":
        return load(name)
    found = own_dataset()
    if found is None and run:
        view, found = runner.engine().view(run), runner.engine().dataset(run)
        if view is None or found is None or view.config["dataset"] != "own":
            return load("digits")
        use_own(f"the digits of run {view.number}", found)
    return load("digits") if found is None else found


def place_or_last(state: PageState, complaints: list[str]) -> tuple[dict[str, Any], TrainConfig, Dataset]:
    """Return the settings, what they say, and the digits; those of the last time where they do not fit together."""
    values = state.values()
    try:
        config, dataset = _placed(values, state["run"])
        state.mark_good(values)
    except ValueError as error:
        complaints.append(f"{error} You still see the last network that could be built.")
        values = state.last_good or {setting.name: setting.default for setting in state.settings.values()}
        config, dataset = _placed(values, state["run"])
    return values, config, dataset


def _placed(values: dict[str, Any], run: str) -> tuple[TrainConfig, Dataset]:
    config, dataset = config_of(values), chosen_dataset(values, run)
    check(config, dataset)
    return config, dataset


def reset(state: PageState) -> None:
    """Take the settings as at the start; the runs stay. For callbacks."""
    state.change(**{setting.name: setting.default for setting in SETTINGS})


def receive_own(complaints: list[str]) -> None:
    """Read what came through the uploader, once; say in `complaints` why it could not be read."""
    file = new_file("train.file")
    if file is None:
        return
    name, data = file
    try:
        dataset = from_npz(data) if name.lower().endswith(".npz") else from_zip(data)
    except ValueError as error:
        complaints.append(f"“{name}” could not be used. {plainly(str(error))}")
    else:
        use_own(f"“{name[:60]}”", dataset)


def use_own(name: str, dataset: Dataset) -> None:
    """Take pictures as the person's own digits; `name` says in words where they come from."""
    remember(OWN_DATA, (name, dataset))


def own_dataset() -> Dataset | None:
    """Return the person's own digits, or None where there are none yet."""
    kept = recall(OWN_DATA)
    return None if kept is None else kept[1]


# The controls ---------------------------------------------------------------------------------------------------------


def controls(state: PageState, values: dict[str, Any], dataset: Dataset) -> None:
    """Draw the sidebar."""
    st.selectbox(
        "Digits",
        list(DATASETS),
        format_func=DATASETS.__getitem__,
        key=state.key("dataset"),
        on_change=_recommend,
        args=(state,),
    )
    if state["dataset"] == "own":
        _own_controls()
    diagram(values, dataset)
    with folded("Change the layers", state) as unfolded:
        if unfolded:
            _layer_controls(state)
    st.selectbox("Optimizer", list(OPTIMIZERS), format_func=OPTIMIZERS.__getitem__, key=state.key("optimizer"))
    left, right = st.columns(2)
    left.number_input("Learning rate", 1e-6, 1e6, step=1e-3, format="%.6g", key=state.key("learning_rate"))
    right.number_input("Batch", 1, 1024, key=state.key("batch_size"), help="Digits for one step of the optimizer.")
    left, right = st.columns(2)
    left.number_input("Epochs", 1, 1000, key=state.key("epochs"), help="Times that every training digit is seen.")
    right.number_input(
        "Seed", 0, 2**31 - 1, key=state.key("seed"), help="The same seed and settings give the same numbers."
    )
    st.selectbox(
        "First layer",
        list(FIRST_LAYERS),
        format_func=FIRST_LAYERS.__getitem__,
        key=state.key("first_layer"),
        help="Hand-made: edges, blurs and other presets of the Convolution page, at the scale of random weights.",
    )
    st.toggle("Freeze the first layer", key=state.key("freeze_first"), help="Its weights never change.")
    with folded("Rates, stopping, variety", state) as unfolded:
        if unfolded:
            _fine_controls(state)


def _own_controls() -> None:
    st.file_uploader(
        "A .npz with images and labels, or a .zip with one folder of PNGs for each class",
        type=["npz", "zip"],
        key="train.file",
        on_change=touch,
    )
    kept = recall(OWN_DATA)
    if kept is None:
        st.caption("Until then the small digits stand in.")
    else:
        data = kept[1]
        st.caption(
            f"In use: {literal(kept[0])}, {len(data.labels):,} pictures of {size(*data.images.shape[2:])} pixels, "
            f"{len(data.classes)} classes."
        )


def _layer_controls(state: PageState) -> None:
    st.number_input("Convolution blocks", 1, MOST_BLOCKS, key=state.key("blocks"))
    blocks = int(state["blocks"])
    tabs = st.tabs([f"Block {block}" for block in range(1, blocks + 1)]) if blocks > 1 else [st.container()]
    for block, tab in enumerate(tabs, 1):
        with tab:
            _block_controls(state, block)
    st.selectbox("Then", list(HEADS), format_func=HEADS.__getitem__, key=state.key("head"))
    st.number_input("Hidden dense layers", 0, 2, key=state.key("dense"))
    for n, column in zip(range(1, int(state["dense"]) + 1), st.columns(2), strict=False):
        column.number_input(f"Width {n}", 1, MOST_DENSE, key=state.key(f"dense{n}"))
    st.selectbox("Starting weights", list(INITS), format_func=INITS.__getitem__, key=state.key("init"))


def _block_controls(state: PageState, block: int) -> None:
    def key(name: str) -> str:
        return state.key(block_name(name, block))

    left, right = st.columns(2)
    left.number_input("Filters", 1, MOST_FILTERS, key=key("filters"))
    right.number_input("Kernel", 1, MOST_KERNEL, key=key("kernel"))
    left.number_input("Stride", 1, MOST_STRIDE, key=key("stride"))
    right.selectbox("Padding", list(PADDINGS), format_func=PADDINGS.__getitem__, key=key("padding"))
    left.selectbox("Activation", list(ACTIVATIONS), format_func=ACTIVATIONS.__getitem__, key=key("activation"))
    right.selectbox("Pooling", list(POOLS), format_func=POOLS.__getitem__, key=key("pool"))
    if state[block_name("pool", block)] != "none":
        left.number_input("Its window", 2, 4, key=key("pool_size"))
    right.number_input("Dropout", 0.0, 0.9, step=0.05, key=key("dropout"))
    st.toggle("Batch normalisation", key=key("norm"))


def _fine_controls(state: PageState) -> None:
    if state["optimizer"] == "momentum":
        st.number_input("Momentum", 0.0, 0.999, step=0.05, format="%.3g", key=state.key("momentum"))
    st.selectbox(
        "Learning rate over time", list(SCHEDULES), format_func=SCHEDULES.__getitem__, key=state.key("schedule")
    )
    st.number_input("Weight decay", 0.0, 1.0, step=1e-4, format="%.6g", key=state.key("weight_decay"))
    left, right = st.columns(2)
    left.number_input(
        "Stop at accuracy, %", 0.0, 100.0, step=0.5, key=state.key("stop_accuracy"), help="On validation. 0: never."
    )
    right.number_input(
        "Stop after minutes", 0.0, 120.0, step=1.0, key=state.key("stop_minutes"), help="Of training. 0: never."
    )
    st.number_input(
        "Patience, epochs",
        0,
        100,
        key=state.key("patience"),
        help="Stop when the loss on validation has not fallen for so many epochs. 0: never.",
    )
    left, right = st.columns(2)
    left.number_input("Shift, pixels", 0, 4, key=state.key("shift"), help="Each training digit is moved at random.")
    right.number_input("Rotate, degrees", 0, 45, key=state.key("rotate"), help="And turned, by up to so much.")


def recommended(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other settings that suit the chosen digits; nothing is known of a person's own."""
    name = values["dataset"]
    found = {} if name == "own" else values_of(TrainConfig.for_dataset(name))
    return {setting: value for setting, value in found.items() if setting != "dataset"}


def _recommend(state: PageState) -> None:
    """Take the settings that suit the chosen digits. For callbacks."""
    try:
        state.change(**recommended({"dataset": state.settings["dataset"].check(widget(state.key("dataset")))}))
    except ValueError as error:  # the browser can send anything
        complain(str(error))
    touch()


# The diagram ----------------------------------------------------------------------------------------------------------


def diagram(values: dict[str, Any], dataset: Dataset) -> None:
    """Draw the layers in the order in which data flows, with the shape that leaves each and its parameters."""
    shape, classes = dataset.shape, len(dataset.classes)
    key = (repr(config_of(values).architecture), shape, classes)
    with st.container(key="net"):
        st.html(memo("train.diagram", key, lambda: diagram_html(values, shape, classes)))


def diagram_html(values: dict[str, Any], shape: tuple[int, ...], classes: int) -> str:
    """Return the diagram as HTML. ValueError with a sentence where the layers do not fit."""
    plan = config_of(values).architecture.plan(shape, classes)
    total = sum(layer.parameters for layer in plan)
    rows = [_row("Input", shape, 0)]
    rows += [_row(layer.label, layer.output_shape, layer.parameters) for layer in plan if layer.kind != "activation"]
    return (
        f'<div class="net"><p>Network <span>· {total:,} parameters</span></p><ol>{"".join(rows)}</ol>'
        "<p><small>What leaves each layer · its parameters</small></p></div>"
    )


def _row(label: str, shape: tuple[int, ...], parameters: int) -> str:
    sizes = " × ".join(map(str, shape))
    count = f" · {parameters:,}" if parameters else ""
    return f"<li><b>{escape(label)}</b><span>{sizes}{count}</span></li>"
