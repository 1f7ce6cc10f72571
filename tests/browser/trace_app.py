"""A page with nothing but the kernel and the trace: `?case=` chooses what they show, for the browser tests."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import components

SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def log_kernel(size: int) -> np.ndarray:
    """A Laplacian of Gaussian, as an example of a kernel too large for numbers."""
    axis = np.arange(size) - size // 2
    square = (axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * (size / 6) ** 2)
    kernel = (square - 1) * np.exp(-square)
    return kernel - kernel.mean()


def kernel_of(case: str) -> list[np.ndarray]:
    """Weights of a case, one array a plane."""
    sobel = np.array(SOBEL, float)
    axis = np.exp(-((np.arange(5) - 2.0) ** 2) / 2)
    gauss = np.outer(axis, axis) / axis.sum() ** 2
    return {
        "gauss5": [gauss],
        "box7": [np.full((7, 7), 1 / 49)],
        "log9": [log_kernel(9)],
        "log15": [log_kernel(15)],
        "wide": [np.full((1, 15), 1 / 15)],
        "tall": [np.full((15, 1), 1 / 15)],
        "rgb": [sobel, sobel.T, -sobel / 3],
        "rgb5": [gauss, -gauss, gauss.T * 2],
        "magnitude": [sobel, sobel.T],
        "nan": [np.array([[1e9, 0.5, -1e-7], [np.nan, np.inf, 123456.789], [1, 2, 3]])],
        "one": [np.array([[2.5]])],
    }.get(case, [sobel])


def plain(value: float) -> float | str:
    """A number that JSON can carry."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else float(value)


def rows(array: np.ndarray) -> list[list[float | str]]:
    """An array as nested lists of plain numbers."""
    return [[plain(value) for value in row] for row in array]


def bound_of(arrays: list[np.ndarray]) -> float:
    """The largest finite magnitude."""
    return max(float(np.abs(array[np.isfinite(array)]).max()) for array in arrays)


def trace_of(case: str, kernels: list[np.ndarray]) -> dict[str, Any]:
    """The data of the trace of a case, computed the slow and plain way."""
    height, width = kernels[0].shape
    rng = np.random.default_rng(0)
    bias, relu, magnitude = (-3.5 if case in ("bias", "relu") else 0.0), case == "relu", case == "magnitude"
    parts = []
    for weights in kernels:
        base = np.linspace(15, 240, width)[None, :] + rng.integers(-12, 12, (height, width))
        patch = np.clip(np.round(base), 0, 255)
        if case == "sobel":
            patch = np.array([[220, 214, 216], [215, 208, 209], [212, 208, 207]], float)
        if case == "relu":
            patch = patch[:, ::-1]
        outside = np.zeros(patch.shape, int)
        if case in ("border", "log15"):
            outside[: (height + 1) // 3] = 1
            outside[:, : (width + 1) // 3] = 1
        parts.append((weights, patch, outside, patch * weights))
    sums = [float(products.sum()) for *_, products in parts]
    channels = [
        {
            "name": "RGB"[index] if case.startswith("rgb") else "",
            "patch": rows(patch),
            "outside": outside.tolist(),
            "weights": rows(weights),
            "products": rows(products),
            "sum": plain(sums[index]),
        }
        for index, (weights, patch, outside, products) in enumerate(parts)
    ]
    if magnitude:
        branches = [
            {"name": name, "channels": [channel], "bias": 0, "total": channel["sum"]}
            for name, channel in zip("xy", channels, strict=True)
        ]
        result = float(np.hypot(sums[0], sums[1]))
    else:
        result = float(sum(sums) + bias)
        branches = [{"name": "", "channels": channels, "bias": plain(bias), "total": plain(result)}]
    result = max(result, 0.0) if relu else result
    return {
        "row": 205,
        "col": 312,
        "branches": branches,
        "combine": "magnitude" if magnitude else None,
        "relu": relu,
        "result": plain(result),
        "exact": repr(result).replace("-", "−"),
        "patch_low": 0,
        "patch_high": 255,
        "weight_bound": bound_of(kernels),
        "product_bound": bound_of([products for *_, products in parts]),
        "flipped": case == "flipped",
    }


def main() -> None:
    """Draw the two components in columns like the Convolution page's."""
    st.set_page_config(layout="wide", initial_sidebar_state="auto")
    st.html("<style>.stMainBlockContainer { padding-left: 35px; padding-right: 35px; }</style>")
    state = st.session_state
    case = st.query_params.get("case", "sobel")
    st.sidebar.selectbox("Kernel", ["Sobel, left to right", "Gaussian"])
    state.runs = state.get("runs", 0) + 1
    if case == "slow" and state.runs > 1:
        time.sleep(0.4)
    kernels = state.setdefault("kernels", kernel_of(case))
    state.setdefault("answered", None)
    state.setdefault("error", "")

    def edited() -> None:
        last = state.kernel.edit
        state.answered, state.error, state.sent = last["id"], "", state.get("sent", 0) + 1
        planes = [plane.copy() for plane in state.kernels]
        for edit in [*last["unanswered"], last]:
            try:
                planes[edit["plane"]][edit["row"], edit["col"]] = float(edit["text"])
            except ValueError:
                state.error = f'"{edit["text"]}" is not a number.'
        state.kernels = planes

    left, middle, right = st.columns([3.5, 2.2, 3.5], vertical_alignment="center")
    for column in (left, right):
        column.image(np.tile(np.linspace(0, 255, 640, dtype=np.uint8), (427, 1)), caption="Input · 427 × 640")
    names = {2: "xy", 3: "RGB"}.get(len(kernels), " ")
    height, width = kernels[0].shape
    shown = np.nansum(np.where(np.isfinite(kernels[0]), kernels[0], 0))
    data = {
        "planes": [{"name": n.strip(), "weights": rows(k)} for n, k in zip(names, kernels, strict=True)],
        "sign": "∗" if case == "flipped" else "★",
        "editable": True,
        "caption": f"Kernel · {height} × {width} · sum {shown:.3g}",
        "bound": bound_of(kernels),
        "error": state.error,
    }
    if case != "unanswered":
        data["answered"] = state.answered
    with middle:
        components.kernel(key="kernel", data=data, on_edit_change=edited)
    st.subheader("One output number, row 205, column 312")
    components.trace(key="trace", data=trace_of(case, kernels))
    st.markdown(f"runs {state.runs}")
    st.markdown(f"edits {state.get('sent', 0)}")
    st.button("after")


if __name__ == "__main__":
    main()
