"""What stands in a tab "Save and share": files to take along, and the link that reopens the view."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.ui import film as films
from pages.ui.explorer_data import Data
from pages.ui.state import PageState

SPELLED = {"∞": np.inf, "−∞": -np.inf, "NaN": np.nan}


def save_and_share(
    state: PageState,
    *,
    name: str,
    film: Data | None = None,
    picture: Callable[[bool], bytes] | None = None,
    numbers: NDArray[Any] | Mapping[str, NDArray[Any]] | None = None,
    own_picture: bool = False,
    settings: str = "settings",
) -> None:
    """Draw the buttons that save what the page shows, and the link to it. Files are made when they are asked for.

    Parameters
    ----------
    state : PageState
        Its link is shown.
    name : str
        Of the files, without their ending.
    film : dict, optional
        An explorer's data: as a picture, as a film of its sliding window, and, unless `numbers` are given, its output
        as exact numbers.
    picture : callable, optional
        Makes the page's own PNG; is told whether the dark theme is on. It takes the place of the film's picture.
    numbers : ndarray or mapping of ndarray, optional
        The page's exact numbers; several arrays go into one file, each under its name.
    own_picture : bool
        Whether the page shows a picture of the person's own, which no link can bring along.
    settings : str
        What the link brings along all the same, as the last word of a sentence.
    """
    dark = st.context.theme.type == "dark"  # asked now: a file is made outside the script, where nobody knows
    if film is not None and numbers is None:
        numbers = output_numbers(film)
    film, told = _drawable(film)
    with st.container(horizontal=True):
        if picture is not None:
            _button("Download the picture (PNG)", lambda: picture(dark), f"{name}.png", "image/png")
        elif film is not None:
            _button("Download the picture (PNG)", lambda: films.png(film, dark=dark), f"{name}.png", "image/png")
        if film is not None:
            _button("Download the film (GIF)", lambda: films.gif(film, dark=dark), f"{name}.gif", "image/gif")
        if isinstance(numbers, Mapping):
            _button("Download the numbers (.npz)", lambda: as_npz(numbers), f"{name}.npz", "application/octet-stream")
        elif numbers is not None:
            _button("Download the numbers (.npy)", lambda: as_npy(numbers), f"{name}.npy", "application/octet-stream")
    if told:
        st.caption(told)
    if isinstance(numbers, Mapping):
        st.caption(f"The numbers are exact: {', '.join(f'`{one}`' for one in numbers)}.")
    elif numbers is not None:
        size = " × ".join(f"{n:,}" for n in numbers.shape)
        st.caption(f"The numbers are exact: {size}, {numbers.dtype}, before any choice of how to show them.")
    link_to(state)
    if own_picture:
        st.caption(
            "Your own picture cannot travel in a link: it stays on this server for as long as this tab is open. "
            f"Whoever opens the link sees the same {settings} on a sample."
        )


def link_to(state: PageState, words: str = "A link that reopens precisely this view:", **instead: Any) -> None:
    """Draw the link that others can open, below `words`; `instead` takes the place of settings in it."""
    st.markdown(words)
    st.code(state.link(**instead), language=None, wrap_lines=True)


def _drawable(film: Data | None) -> tuple[Data | None, str]:
    """Return what can be drawn, and a sentence about it."""
    if film is None:
        return None, ""
    try:
        return film, films.caption(film)
    except ValueError as error:
        return None, f"There is neither picture nor film: {error}."


def _button(label: str, make: Callable[[], bytes], file: str, kind: str) -> None:
    st.download_button(label, make, file, kind, on_click="ignore")


def as_npy(numbers: NDArray[Any]) -> bytes:
    """Return an array as the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, numbers, allow_pickle=False)
    return buffer.getvalue()


def as_npz(numbers: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of a .npz file, float64."""
    buffer = io.BytesIO()
    plain: dict[str, Any] = {name: np.asarray(array, np.float64) for name, array in numbers.items()}
    np.savez_compressed(buffer, **plain)
    return buffer.getvalue()


def output_numbers(data: Data) -> NDArray[np.float64]:
    """Return the output of an explorer, shape (C, OH, OW).

    >>> output_numbers({"output": {"planes": [[[1.5, "−∞"]]]}})
    array([[[ 1.5, -inf]]])
    """
    planes = data["output"]["planes"]
    return np.array([[[SPELLED.get(number, number) for number in row] for row in plane] for plane in planes])
