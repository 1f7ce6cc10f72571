"""A bank of filters over the person's picture: many maps as one gallery, one of them enlarged with its weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import filter_bank, ops
from cnncore.display import png, signed_palette, tone
from cnncore.images import resize
from cnncore.kernels import PRESETS
from pages.ui import channels_compare, components, figures
from pages.ui.panes import Region, map_levels, plain
from pages.ui.picture_controls import Picture
from pages.ui.state import PageState, Setting, choice, complain, memo, number, session_lock, touch, widget
from pages.ui.trained_filters import TrainedFilters, trained_filters
from pages.ui.words import number as say
from pages.ui.words import size as say_size

Bank = NDArray[np.float64]
Maps = NDArray[np.float32]

COUNTS = (8, 16, 32, 64, 128, 256, 512)
RANDOM, ORIENTED, NAMED, TRAINED = "random", "oriented", "named", "trained"
SOURCES = {
    RANDOM: "Random, as before training",
    ORIENTED: "Edges and bars",
    NAMED: "Named kernels",
    TRAINED: "First layer of your network",
}
"""Where a bank can come from; a source is its entry here and its branch in `the_bank`."""
HOW_MADE = {
    ORIENTED: "Each is a wave at one of many angles, which count anticlockwise, of light or of a colour contrast. ",
    NAMED: "Each is a kernel in one of eight directions, turned anticlockwise, by one weighting of R, G and B; no two "
    "are the same. ",
}
"""What is said of the filters that have names."""
SCALES = {"shared": "One for all", "own": "Each its own"}
MIX_NAMES = {key: key.replace("_", " ") for key in filter_bank.MIXES}
PHASE_NAMES = {90.0: "Edge", 0.0: "Bar"}
PIXELS = 700_000
"""Of all maps together: so 512 take as long as 32."""
SMALLEST, LARGEST = 36, 160
KEYS = ("bank", "maps", "bank_seed", "bank_size")
FRAME, ENLARGED = 430, 250

SETTINGS: tuple[Setting, ...] = (
    choice("bank", RANDOM, list(SOURCES), "bank of filters"),
    choice("maps", 64, COUNTS, "number of filters"),
    number("bank_seed", 1, 0, 9999, "seed of the bank", whole=True),
    number("bank_size", 3, 3, 7, "size of the bank's filters", whole=True),
    choice("scale", "shared", list(SCALES), "scale"),
    number("map", 0, 0, COUNTS[-1] - 1, "number of the map", whole=True),
)


@dataclass(frozen=True, eq=False)
class Gallery:
    """The bank, and its maps of the reduced picture.

    Parameters
    ----------
    bank : ndarray, shape (F, 3, K, K)
    names : list of str
        Of the filters; empty if they have none: random ones, and those of a network.
    maps : ndarray, shape (F, H, W)
    """

    bank: Bank
    names: list[str]
    maps: Maps

    @property
    def bounds(self) -> NDArray[np.float32]:
        """The largest magnitude of each map."""
        result: NDArray[np.float32] = np.abs(self.maps).max(axis=(1, 2))
        return result


def the_bank(values: dict[str, Any], trained: TrainedFilters | None = None) -> tuple[Bank, list[str]]:
    """Return the filters, shape (F, 3, K, K), and their names if they have any."""
    if trained is not None and values["bank"] == TRAINED:
        return trained.weights[: values["maps"]], []
    if values["bank"] == ORIENTED:
        waves = filter_bank.oriented_waves(values["maps"], values["bank_size"])
        return filter_bank.oriented_bank(values["maps"], values["bank_size"]), [wave_name(wave) for wave in waves]
    if values["bank"] == NAMED:
        bank, made_of = filter_bank.named_bank(values["maps"])
        return bank, [origin_name(origin) for origin in made_of]
    rng = np.random.default_rng(values["bank_seed"])
    return filter_bank.random_bank(values["maps"], 3, values["bank_size"], rng=rng), []


def wave_name(wave: filter_bank.Wave) -> str:
    """Say what an edge or a bar is.

    >>> wave_name(filter_bank.Wave(angle=22.5, phase=90.0, mix="luma", wavelength=3.0))
    'Edge across 22.5°, luma, wave of 3 pixels'
    """
    kind = f"{PHASE_NAMES[wave.phase]} across {say(wave.angle, 4)}°"
    return f"{kind}, {MIX_NAMES[wave.mix]}, wave of {say(wave.wavelength)} pixels"


def origin_name(origin: filter_bank.Origin) -> str:
    """Say what a named filter is.

    >>> origin_name(filter_bank.Origin("sobel_x", "red_minus_green", 45))
    'Sobel, left to right, turned 45°, red minus green'
    """
    turn = f", turned {origin.turn}°" if origin.turn else ""
    return f"{PRESETS[origin.kernel].title}{turn}, {MIX_NAMES[origin.mix]}"


def longest_side(maps: int) -> int:
    """Return to how many pixels a picture is reduced for so many maps.

    >>> longest_side(8), longest_side(64), longest_side(512)
    (160, 104, 36)
    """
    return min(max(math.isqrt(PIXELS // maps), SMALLEST), LARGEST)


def filtered(rgb: NDArray[np.uint8], bank: Bank) -> Maps:
    """Return the maps of a picture, shape (F, H, W), the pixels at its edge repeated outwards."""
    before = (bank.shape[2] - 1) // 2
    after = bank.shape[2] - 1 - before
    around = ((0, 0), (before, after), (before, after))
    pixels = np.pad(rgb.transpose(2, 0, 1).astype(np.float32), around, mode="edge")
    result: Maps = np.ascontiguousarray(ops.conv2d(pixels[None], bank)[0])
    return result


def compute(values: dict[str, Any], picture: Picture, trained: TrainedFilters | None = None) -> Gallery:
    """Return the bank that the settings describe, and its maps."""
    key = (picture.digest, trained and trained.key, *(values[name] for name in KEYS))

    def make() -> Gallery:
        bank, names = the_bank(values, trained)
        return Gallery(bank, names, filtered(resize(picture.rgb, longest_side(len(bank))), bank))

    gallery: Gallery = memo("channels.bank", key, make)
    return gallery


def levels(gallery: Gallery, scale: str) -> NDArray[np.uint8]:
    """Return every map's signed levels, shape (F, H, W): zero is 128 on each scale."""
    if scale == "shared":
        return tone(gallery.maps, "signed")[0]
    return np.array([tone(each, "signed")[0] for each in gallery.maps])


def tiled(maps: NDArray[np.uint8], across: int, *, gap: int = 0) -> NDArray[np.uint8]:
    """Lay maps side by side, `across` in a row; what is left over is zero's level.

    >>> tiled(np.array([[[1]], [[2]], [[3]]], np.uint8), 2, gap=1).tolist()
    [[1, 128, 2], [128, 128, 128], [3, 128, 128]]
    """
    count, rows, columns = maps.shape
    down = -(-count // across)
    sheet = np.full((down * (rows + gap) - gap, across * (columns + gap) - gap), 128, np.uint8)
    for at, each in enumerate(maps):
        top, left = at // across * (rows + gap), at % across * (columns + gap)
        sheet[top : top + rows, left : left + columns] = each
    return sheet


# Drawing --------------------------------------------------------------------------------------------------------------


def controls(state: PageState) -> None:
    """Draw the bank's controls."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Filters",
            sources(state),
            format_func=SOURCES.__getitem__,
            key=state.key("bank"),
            width=240,
            on_change=_fewer,
            args=(state,),
        )
        st.selectbox("How many", COUNTS, key=state.key("maps"), width=110, on_change=_fewer, args=(state,))
        if state["bank"] not in (NAMED, TRAINED):
            st.number_input("Size", 3, 7, key=state.key("bank_size"), width=130, help="Rows and columns of each.")
        if state["bank"] == RANDOM:
            st.number_input("Seed", 0, 9999, key=state.key("bank_seed"), width=130)
        st.segmented_control(
            "Scale of colours",
            list(SCALES),
            format_func=SCALES.__getitem__,
            key=state.key("scale"),
            required=True,
            help="One for all shows which maps are strong and which weak; each its own hides that, and shows what "
            "there is in the weak ones. Zero is the page's colour on both.",
        )


def sources(state: PageState) -> list[str]:
    """Return where a bank can come from: a network of the person's own only where there is one, or a link says so."""
    return [name for name in SOURCES if name != TRAINED or state["bank"] == TRAINED or trained_filters() is not None]


def _fewer(state: PageState) -> None:
    """Choose the first map again if a smaller bank has not the one that was chosen."""
    values = {**state.values(), **{name: widget(state.key(name)) for name in ("bank", "maps")}}
    try:
        values = {name: state.settings[name].check(value) for name, value in values.items()}
    except ValueError:
        return  # the run that follows says so
    if state["map"] >= len(the_bank(values, trained_filters())[0]):
        state.change(map=0)


def draw(state: PageState, values: dict[str, Any], picture: Picture, complaints: list[str]) -> None:
    """Draw the gallery, and the chosen map enlarged."""
    controls(state)
    trained = trained_filters() if values["bank"] == TRAINED else None
    with session_lock():
        st.container()  # a run that has been superseded ends here, before it computes
        gallery = compute(values, picture, trained)
    count = len(gallery.bank)
    chosen = min(values["map"], count - 1)
    if chosen != values["map"]:
        complaints.append(f"There is no map {values['map']}: these {count} are counted from 0 to {count - 1}.")
    if values["bank"] == TRAINED:
        st.caption(
            "You have not trained a network yet: do so on the Train page. Until then, random filters stand here."
            if trained is None
            else f"{trained.title}: it learned on grey digits, so each filter is laid on the grey of your picture."
        )
    left, right = st.columns([3, 2])
    with left:
        _gallery(state, values, gallery, chosen)
        st.caption(reduced(values, gallery, picture))
    with right:
        _enlarged(state, values, gallery, picture, chosen)


def reduced(values: dict[str, Any], gallery: Gallery, picture: Picture) -> str:
    """Say what the gallery shows, and what was reduced for it."""
    count, rows, columns = gallery.maps.shape
    size = f"{say_size(*picture.rgb.shape[:2])} to {say_size(rows, columns)} pixels"
    words = f"{count} filters of {' × '.join(map(str, gallery.bank.shape[1:]))} weights make {count} maps. "
    if (rows, columns) != picture.rgb.shape[:2]:
        words += f"For the gallery your picture was reduced from {size}; the enlarged map is of all of it. "
    if count < values["maps"]:
        words += f"Your network's first layer has no more than {count}. "
    if values["bank"] in HOW_MADE:
        words += HOW_MADE[values["bank"]]
    return words + "Pixels at the edge are repeated outwards."


def _gallery(state: PageState, values: dict[str, Any], gallery: Gallery, chosen: int) -> None:
    key = f"{state.page}-mosaic"
    count, rows, columns = gallery.maps.shape
    across = math.isqrt(count - 1) + 1
    bound = float(gallery.bounds.max())

    def on_pick() -> None:
        message = getattr(widget(key), "pick", None)
        touch()
        at = message.get("map") if isinstance(message, dict) else None
        try:
            if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < count:
                raise ValueError("The gallery has no such map.")
            state.change(map=at)
        except ValueError as error:
            complain(str(error))

    components.mosaic(
        key=key,
        data=components.pack(
            {
                "label": f"{count} maps",
                "count": count,
                "across": across,
                "rows": rows,
                "cols": columns,
                "pixels": memo(
                    "channels.levels",
                    (gallery, values["scale"]),
                    lambda: tiled(levels(gallery, values["scale"]), across).tobytes(),
                ),
                "scale": "signed",
                "picked": chosen,
                "names": gallery.names,
                "lows": [plain(low) for low in gallery.maps.min(axis=(1, 2))],
                "highs": [plain(high) for high in gallery.maps.max(axis=(1, 2))],
                "legend": {"low": -bound, "high": bound} if values["scale"] == "shared" else None,
                "frame": FRAME,
            }
        ),
        on_pick_change=on_pick,
    )


def _enlarged(state: PageState, values: dict[str, Any], gallery: Gallery, picture: Picture, chosen: int) -> None:
    weights = gallery.bank[chosen]
    with session_lock():
        st.container()
        whole: Maps = memo(
            "channels.enlarged", (gallery, chosen), lambda: filtered(picture.rgb, gallery.bank[chosen : chosen + 1])[0]
        )
    own = float(np.abs(whole).max())
    bound = float(gallery.bounds.max()) if values["scale"] == "shared" else own
    toned = map_levels(whole, Region(0, 0, *whole.shape), "signed", (-bound, bound))
    st.number_input("Map", 0, COUNTS[-1] - 1, key=state.key("map"), help="Counted from 0. Or click in the gallery.")
    rows, columns = whole.shape
    low, high = float(whole.min()), float(whole.max())
    name = f"Map {chosen}" + (f": {gallery.names[chosen]}" if gallery.names else "")
    components.viewer(
        key=f"{state.page}-enlarged",
        data=components.pack(
            {
                "group": "channels-enlarged",
                "role": "output",
                "label": name,
                "caption": f"{name} · {say_size(rows, columns)} · {say(low)} to {say(high)}",
                "rows": rows,
                "cols": columns,
                "top": 0,
                "left": 0,
                "height": rows,
                "width": columns,
                "step": toned.step,
                "channels": 1,
                "pixels": toned.levels.tobytes(),
                "scale": toned.scale,
                "values": None,
                "legend": {"low": plain(toned.low), "high": plain(toned.high), "zero": True},
                "zoom": {"level": 0, "most": 0},
                "picked": None,
                "link": None,
                "frame": ENLARGED,
            }
        ),
    )
    if own > bound:
        st.caption(
            f"In the whole picture it goes beyond the gallery's scale: what exceeds ±{say(bound)} is in full colour."
        )
    st.caption(
        f"Its filter: {' × '.join(map(str, weights.shape))} weights, sum {say(round(float(weights.sum()), 9), 4)}"
    )
    st.html(channels_compare.planes(weights, f"Filter {chosen}"))
    dark = st.context.theme.type == "dark"
    st.download_button(
        "Download the gallery (PNG)",
        lambda: gallery_png(gallery, values["scale"], dark=dark),
        "gallery.png",
        "image/png",
        on_click="ignore",
    )


def gallery_png(gallery: Gallery, scale: str, *, dark: bool) -> bytes:
    """Return the gallery as a PNG file, in the colours of a theme."""
    count, rows, columns = gallery.maps.shape
    across = max(round(math.sqrt(count * 1.6 * rows / columns)), 1)  # about 16 : 10
    colours = figures.DARK if dark else figures.LIGHT
    return png(tiled(levels(gallery, scale), across, gap=2), palette=signed_palette(*colours.signed))
