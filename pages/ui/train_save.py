"""Take the network along: a model file, code, ONNX, the curves, the filters; and the link to the settings."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np
import streamlit as st

from cnncore import exporting
from cnncore.datasets import Dataset
from cnncore.display import png, signed_palette, tone
from cnncore.network import Network
from cnncore.training import TrainConfig
from pages.ui import figures
from pages.ui import train_session as session
from pages.ui.run_view import RunView
from pages.ui.sharing import link_to
from pages.ui.state import PageState
from pages.ui.train_controls import own_dataset
from pages.ui.train_settings import plainly, values_of
from pages.ui.uploads import new_file
from pages.ui.words import literal

CODE = {
    "PyTorch": (exporting.pytorch_code, "network_pytorch.py"),
    "Keras": (exporting.keras_code, "network_keras.py"),
    "NumPy": (exporting.numpy_code, "network_numpy.py"),
}


def draw(state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None) -> None:
    """Draw the buttons, each making its file when it is pressed, and the link."""
    scene = session.draft(config, dataset) if view is None else session.scene(view)
    network = scene.network.copy()
    settings = config if view is None else TrainConfig.from_dict(dict(view.config))
    step = scene.moment.step
    what = "the untrained network" if view is None else f"{session.name_of(view)} as it is at step {step:,}"
    st.caption(
        f"You save {what}. The code files read their weights from the model file beside them, “model.npz”; "
        "this page and Inspect open it."
    )
    dark = st.context.theme.type == "dark"
    with st.container(horizontal=True):
        note = f"{settings.dataset}, step {step}, seed {settings.seed}"
        save = partial(exporting.save_model, network, classes=scene.dataset.classes, config=settings, note=note)
        _button("Model file (.npz)", save, "model.npz")
        for name, (write, file) in CODE.items():
            _button(f"{name} code", partial(_as_bytes, write, network), file)
        if find_spec("onnx") is not None:
            _button("ONNX", lambda: exporting.to_onnx(network), "network.onnx")
        if view is not None:
            _button("Curves (CSV)", lambda: curves_csv(view), "curves.csv")
        _button("First filters (PNG)", lambda: filters_png(network, dark=dark), "filters.png")
    if find_spec("onnx") is None:
        st.caption("ONNX needs the optional `onnx` package on the server: `pip install cnn-lab[onnx]`.")
    shown = st.segmented_control("Its code", list(CODE), key="train-code", default=None)
    if shown:
        st.code(CODE[shown][0](network), language="python")
    _load(state)
    words = "A link that opens this page with these settings and this seed, and so gives the same numbers:"
    link_to(state, words, **({} if view is None else values_of(settings)))
    if view is not None and view.origin:
        st.caption(f"It begins at the start: where this run came from ({literal(view.origin)}) is not in it.")
    if settings.dataset == "own":
        st.caption("Your own pictures cannot travel in a link; whoever opens it sees the small digits instead.")


def _load(state: PageState) -> None:
    """Draw the uploader that makes a run of a model file, and do so."""
    st.file_uploader("Load a model file (.npz) as a run that begins with its weights", type=["npz"], key="train.model")
    file = new_file("train.model")
    if file is None:
        return
    name, data = file
    try:
        session.open_model(state, exporting.load_model(data), own_dataset())
    except ValueError as error:
        st.error(literal(f"“{name}” could not be opened. {plainly(str(error))}"))
    else:
        st.rerun()


def _as_bytes(write: Callable[[Network], str], network: Network) -> bytes:
    return write(network).encode()


def _button(label: str, make: Callable[[], bytes], file: str) -> None:
    st.download_button(label, make, file, on_click="ignore", key=f"train-save-{file}")


def curves_csv(view: RunView) -> bytes:
    """Return what was measured as a table: step, epoch, split, loss, accuracy.

    >>> from pages.ui.run_view import RunView
    >>> print(curves_csv(RunView("t", 1, train=((1, 2.5, 0.1),), steps_per_epoch=2)).decode(), end="")
    step,epoch,split,loss,accuracy
    1,0.5,train,2.5,0.1
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["step", "epoch", "split", "loss", "accuracy"])
    for name, rows in (("train", view.train), ("validation", view.validation)):
        table.writerows([step, step / view.steps_per_epoch, name, loss, accuracy] for step, loss, accuracy in rows)
    return text.getvalue().encode()


def filters_png(network: Network, *, dark: bool, cell: int = 24, across: int = 8) -> bytes:
    """Return the first layer's filters as a picture on one signed scale, `cell` pixels a weight, `across` in a row."""
    weights = network.parameters()["conv1.weight"].mean(axis=1)
    filters, rows, columns = weights.shape
    across = min(across, filters)
    down = -(-filters // across)
    sheet = np.zeros((down * (rows * cell + 8), across * (columns * cell + 8)))
    for number, grid in enumerate(weights):
        top, left = number // across * (rows * cell + 8), number % across * (columns * cell + 8)
        sheet[top : top + rows * cell, left : left + columns * cell] = np.kron(grid, np.ones((cell, cell)))
    colours = figures.DARK if dark else figures.LIGHT
    return png(tone(sheet, "signed")[0], palette=signed_palette(*colours.signed))
