"""The film of an explorer: its frames show the core's numbers in the colours of the screen, whatever is shown."""

from __future__ import annotations

import io
import itertools
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pages.ui import film, film_glyphs
from pages.ui.explorer import (
    annotate,
    convolution,
    cross_channel_pooling,
    global_pooling,
    pixels,
    pooling,
    transposed_convolution,
    worked_example,
)
from pages.ui.film_arrange import arrange
from pages.ui.film_canvas import thinned
from pages.ui.film_model import Model
from pages.ui.film_stage import Stage, fitted

Data = dict[str, Any]
ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(5)


def noise(*shape: int) -> np.ndarray:
    return np.round(np.random.default_rng(0).random(shape), 2)


def weights(*shape: int) -> np.ndarray:
    return np.round(np.random.default_rng(1).normal(size=shape), 1)


def sentence() -> Data:
    """One-hot words of several scripts: a grid with labels, an output of one row."""
    tokens = ["no", "straße", "你好", "🙂", "a\nb", "שלום", "x" * 40]
    hot = np.eye(len(tokens))
    data = convolution(hot, hot[:, 2:4])
    return annotate(
        data,
        input={"row_labels": tokens, "column_labels": tokens, "scale": {"kind": "amount", "bound": 1.0}},
        kernel={"row_labels": tokens},
        output={"column_labels": tokens[:-1]},
    )


CASES: dict[str, Callable[[], Data]] = {
    "worked example": worked_example,
    "padded, dilated, flipped": lambda: annotate(
        convolution(noise(6, 6), weights(3, 3), padding=((1, 2), (2, 1)), border="reflect", dilation=2, flip=True),
        input={"scale": pixels()},
    ),
    "a stride that drops rows": lambda: convolution(
        noise(8, 8), weights(3, 3), stride=3, padding=((0, 0), (1, 0)), bias=-0.25
    ),
    "three channels": lambda: annotate(
        convolution(noise(3, 3, 4), weights(3, 3, 3), bias=0.5, padding=1),
        input={"names": ["Red", "Green", "Blue"], "scale": pixels(), "decimals": 2},
    ),
    "depthwise": lambda: convolution(noise(2, 5, 5), weights(2, 3, 3), depthwise=True),
    "transposed": lambda: transposed_convolution(noise(2, 3), weights(3, 2), stride=2),
    "transposed, two channels": lambda: transposed_convolution(noise(2, 2, 2), weights(2, 2, 2), stride=2, bias=1.0),
    "max": lambda: pooling(np.arange(49.0).reshape(7, 7), 3, stride=2, padding=1, ceil_mode=True),
    "average beyond the padding": lambda: pooling(
        np.arange(49.0).reshape(7, 7), 2, kind="average", stride=3, ceil_mode=True
    ),
    "average, padding counted": lambda: pooling(
        noise(5, 5), 3, kind="average", stride=2, padding=1, count_include_pad=True
    ),
    "max of each channel": lambda: pooling(noise(3, 4, 4), 2),
    "global": lambda: global_pooling(noise(2, 5, 7), kind="average"),
    "across channels": lambda: annotate(cross_channel_pooling(noise(3, 4, 4)), input={"names": ["R", "G", "B"]}),
    "words": sentence,
    "one cell": lambda: convolution([[2.0]], [[3.0]]),
    "not finite": lambda: convolution([[np.nan, 1.0, 2.0], [np.inf, 1e-9, -12345.678], [1.0, 2.0, 3.0]], [[1.0, -0.5]]),
    "nothing but zeros": lambda: convolution(np.zeros((3, 3)), np.zeros((2, 2))),
}


def frames(data: bytes) -> list[np.ndarray]:
    """Every frame of a GIF as the viewer sees it."""
    image = Image.open(io.BytesIO(data))
    found = []
    for at in range(image.n_frames):
        image.seek(at)
        found.append(np.array(image.convert("RGB")))
    return found


def picture(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def themes() -> dict[bool, dict[str, tuple[int, ...]]]:
    """The colours that the app's configuration gives each theme."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]

    def rgb(text: str) -> tuple[int, ...]:
        if text.startswith("#"):
            return tuple(bytes.fromhex(text[1:]))
        return tuple(map(int, re.findall(r"\d+", text)))

    return {
        dark: {
            name: rgb(value)
            for name, value in config[key].items()
            if isinstance(value, str) and value.startswith(("#", "rgb"))
        }
        for dark, key in ((False, "light"), (True, "dark"))
    }


def expected_colour(value: float, scale: Data, dark: bool) -> np.ndarray:
    """The colour of a number by LOOK: zero is the page, the full bound the end colour, gamma 3/4 between."""
    colours = themes()[dark]
    zero = np.array(colours["backgroundColor"])
    if scale["kind"] == "pixels":
        share = np.clip((value - scale["low"]) / (scale["high"] - scale["low"]), 0, 1)
        return np.floor(np.full(3, 255 * share) + 0.5)
    if scale["kind"] == "amount":
        end, share = np.array(colours["primaryColor"]), min(max(value / scale["bound"], 0), 1)
    else:
        end = np.array(colours["blueColor" if value < 0 else "redColor"])
        share = min(abs(value) / scale["bound"], 1) ** 0.75 if scale["bound"] else 0.0
    return np.floor(zero + (end - zero) * share + 0.5)


def stage_of(data: Data, *, dark: bool = False, scale: float = 2.0) -> Stage:
    model = Model(data)
    return Stage(model, arrange(model)[1], dark=dark, scale=scale, steps=[1])


def corner_pixel(image: np.ndarray, stage: Stage, where: str, plane: int, row: int, column: int) -> np.ndarray:
    """A pixel of a cell that no letter, border or frame reaches: beside its top left corner."""
    top, left = stage.corner(where, plane, row, column)
    side = stage.side(stage.sheets[where, plane][2])
    inset = 8 if side >= 80 else 3
    return image[top + inset, left + inset]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", list(CASES))
def test_every_kind_of_explorer_becomes_a_film(name: str, dark: bool) -> None:
    data = CASES[name]()
    steps = np.asarray(data["output"]["planes"], dtype=object).size
    film_bytes = film.gif(data, dark=dark, milliseconds=500)
    image = Image.open(io.BytesIO(film_bytes))
    assert image.n_frames == steps
    assert image.info["loop"] == 0
    assert len(film_bytes) < 45_000 * steps + 120_000
    lasting = []
    for at in range(image.n_frames):
        image.seek(at)
        image.load()
        lasting.append(image.info["duration"])
    assert lasting[:-1] == [500] * (steps - 1)
    assert lasting[-1] == 2000
    still = Image.open(io.BytesIO(film.png(data, dark=dark)))
    assert still.mode == "P"
    still.load()
    background = themes()[dark]["backgroundColor"]
    assert still.convert("RGB").getpixel((2, 2)) == background
    assert image.convert("RGB").getpixel((2, 2)) == background


LARGE: dict[str, tuple[Callable[[], Data], tuple[int, int, int]]] = {
    "three planes": (
        lambda: annotate(
            convolution(255 * noise(3, 16, 16), weights(3, 3, 3), bias=0.0), input={"names": ["Red", "Green", "Blue"]}
        ),
        (24, 24, 24),
    ),
    "each plane its own": (lambda: convolution(noise(3, 16, 16), weights(3, 3, 3), depthwise=True), (24, 24, 24)),
    "one plane": (lambda: convolution(noise(16, 16), weights(7, 7), padding=3), (24, 24, 24)),
    "pooled": (lambda: pooling(noise(3, 16, 16), 2), (24, 24, 24)),
    "across planes": (lambda: cross_channel_pooling(noise(3, 16, 16)), (24, 0, 24)),
    "many planes": (lambda: convolution(noise(8, 6, 6), weights(8, 3, 3)), (24, 24, 24)),
    "100 x 100 outputs": (
        lambda: transposed_convolution(noise(16, 16), weights(7, 7), stride=5, dilation=4),
        (24, 24, 8),
    ),
    "much padding": (lambda: convolution(noise(16, 16), weights(7, 7), dilation=4, padding=24), (10, 24, 12)),
}


@pytest.mark.parametrize("name", list(LARGE))
def test_large_grids_and_their_result_are_seen_together(name: str) -> None:
    """The picture lies, about as a screen does, with numbers in the cells that have room; nothing covers another."""
    make, least = LARGE[name]
    stage = stage_of(make(), scale=1.0)
    height, width = stage.base.pixels.shape
    assert 1.25 <= width / height <= 1.9, (width, height)
    assert width <= (1848 if stage.model.steps <= 100 else 1600)
    assert height <= 1200
    cells = {sheet.where: sheet.cell for _, _, sheet in stage.sheets.values()}
    assert all(cells.get(where, 0) >= size for where, size in zip(("input", "kernel", "output"), least, strict=True))
    places = [(x, y, x + sheet.width, y + sheet.height) for x, y, sheet in stage.sheets.values()]
    for (left, top, right, bottom), other in itertools.combinations(places, 2):
        assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    assert all(
        min(left, top) >= 0 and right <= width and bottom <= stage.readout_top for left, top, right, bottom in places
    )
    for where in ("input", "kernel"):  # planes beside one another stand in line, however their captions break
        tops = {y for (kind, _), (_, y, _) in stage.sheets.items() if kind == where}
        assert len(tops) <= (2 if name in ("many planes", "across planes") else 1)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", list(CASES))
def test_a_cell_has_the_colour_of_its_number(name: str, dark: bool) -> None:
    data = CASES[name]()
    stage = stage_of(data, dark=dark)
    image = picture(film.png(data, dark=dark))
    lit = {  # the frame round the window reaches into the cells beside it
        (term.plane, term.row + down, term.column + right)
        for terms in stage.model.terms(0, 0, 0)
        for term in terms
        for down, right in np.ndindex(2, 2)
    }
    checked = 0
    for where in ("input", "kernel", "output"):
        for plane, grid in enumerate(data[where]["planes"] or ()):
            for row, column in np.ndindex(len(grid), len(grid[0])):
                value = grid[row][column]
                if where == "output" and (plane, row, column) == (0, 0, 0):
                    continue
                if where == "input" and (
                    (plane, row, column) in lit
                    or stage.model.kind(row, column) != "real"
                    or stage.model.never_read(row, column)
                ):
                    continue
                number = value if isinstance(value, float | int) else 0.0
                expected = expected_colour(number, data[where]["scale"], dark)
                if not isinstance(value, float | int):
                    expected = np.array(themes()[dark]["backgroundColor"])
                seen = corner_pixel(image, stage, where, plane, row, column)
                np.testing.assert_array_equal(seen, expected, err_msg=f"{where} {plane} {row} {column}")
                checked += 1
    assert checked or name in ("one cell", "global")


@pytest.mark.parametrize("name", ["worked example", "three channels", "max", "words", "transposed"])
def test_each_frame_is_the_picture_of_its_step(name: str) -> None:
    data = CASES[name]()
    shown = frames(film.gif(data, dark=False))
    stage = stage_of(data)
    bottom = round(stage.readout_top * 2)
    for step in sorted({1, 2, 3, len(shown) // 2, len(shown)}):
        still = picture(film.png(data, dark=False, step=step))
        # Which soft edges of letters share a colour can differ where a film needs more than 255.
        apart = np.abs(still[:bottom].astype(int) - shown[step - 1][:bottom]).max()
        assert apart <= (0 if name == "worked example" else 24), step
    first, last = film.png(data, dark=False, step=1), film.png(data, dark=False, step=len(shown))
    assert first != last


def test_the_outputs_fill_in_one_by_one() -> None:
    data = worked_example()
    background = themes()[False]["backgroundColor"]
    stage = stage_of(data)
    for at, frame in enumerate(frames(film.gif(data, dark=False))):
        for row, column in np.ndindex(4, 4):
            step = row * 4 + column
            top, left = stage.corner("output", 0, row, column)
            middle = frame[top + 16 : top + 72, left + 16 : left + 72]
            if step > at:
                assert (middle == background).all(), (at, row, column)
            else:
                value = data["output"]["planes"][0][row][column]
                assert (middle[1, 1] == expected_colour(value, data["output"]["scale"], False)).all()


def test_the_window_is_outlined_where_it_stands() -> None:
    data = worked_example()
    primary = themes()[False]["primaryColor"]
    stage = stage_of(data)
    for at, frame in enumerate(frames(film.gif(data, dark=False))):
        row, column = divmod(at, 4)
        (top, left), (bottom, right) = (
            stage.corner("input", 0, row, column),
            stage.corner("input", 0, row + 3, column + 3),
        )
        outline = np.concatenate(
            [frame[top, left:right], frame[bottom, left:right], frame[top:bottom, left], frame[top:bottom, right]]
        )
        assert (outline == primary).all(), at
        far = stage.corner("input", 0, 5 if row < 2 else 0, 5 if column < 2 else 0)
        assert not (frame[far[0] : far[0] + 80, far[1] : far[1] + 80] == primary).all(axis=-1).any(), at


def test_the_sum_changes_from_frame_to_frame_and_says_the_step() -> None:
    data = worked_example()
    shown = frames(film.gif(data, dark=False))
    stage = stage_of(data)
    below = [frame[round(stage.readout_top * 2) :] for frame in shown]
    assert all((one != other).any() for one, other in itertools.pairwise(below))
    lines = stage.model.written(0, 0, 0)
    assert [word.text for word in lines[0].words][:3] == ["0.4 × 1", "0.2 × 0", "1.0 × 1"]
    assert (lines[0].result, stage.model.place(0, 0, 0)) == ("3.3", "row 0, column 0")


def test_a_still_shows_what_is_pinned_else_the_first_output() -> None:
    plain = worked_example()
    pinned = worked_example(pinned=(0, 2, 3))
    primary = themes()[False]["primaryColor"]
    stage = stage_of(plain)
    for data, (row, column) in ((plain, (0, 0)), (pinned, (2, 3))):
        image = picture(film.png(data, dark=False))
        for at in np.ndindex(4, 4):
            top, left = stage.corner("output", 0, *at)
            framed = (image[top + 2, left + 8 : left + 40] == primary).all()
            assert framed == (at == (row, column)), at
    earlier = picture(film.png(pinned, dark=False, step=1))
    top, left = stage.corner("output", 0, 2, 3)
    assert (earlier[top + 8, left + 8] == themes()[False]["backgroundColor"]).all()


def test_padding_is_hatched_and_what_is_never_read_crossed_out() -> None:
    data = CASES["a stride that drops rows"]()
    stage = stage_of(data)
    image = picture(film.png(data, dark=False))
    background = themes()[False]["backgroundColor"]
    top, left = stage.corner("input", 0, 5, 0)
    side = stage.side(stage.sheets["input", 0][2])
    cell = image[top + 4 : top + side - 4, left + 4 : left + side - 4].reshape(-1, 3)
    share = (cell == background).all(axis=1).mean()
    assert 0.4 < share < 0.9  # stripes, not a fill
    top, left = stage.corner("input", 0, 7, 3)
    value = data["input"]["planes"][0][7][3]
    plain = expected_colour(value, data["input"]["scale"], False)
    assert (image[top + 20, left + 20] != plain).any()  # on the diagonal
    assert (image[top + 20, left + 6] == plain).all()


def test_a_long_film_skips_steps_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = worked_example()
    assert film.caption(data) == "The film shows the window at each of its 16 places, in 11 seconds."
    monkeypatch.setattr(film, "MOST_FRAMES", 6)
    assert film.caption(data) == "The film shows every 3rd of the window's 16 places, and the last, in 5 seconds."
    shown = frames(film.gif(data, dark=False))
    assert len(shown) == 6  # 1, 4, 7, 10, 13, 16
    stage = stage_of(data)
    top, left = stage.corner("output", 0, 3, 3)
    last = expected_colour(data["output"]["planes"][0][3][3], data["output"]["scale"], False)
    assert (shown[-1][top + 16, left + 16] == last).all()
    monkeypatch.setattr(film, "MOST_FRAMES", 8)
    assert film.caption(data) == "The film shows every 2nd of the window's 16 places, and the last, in 7 seconds."
    assert film.caption(CASES["one cell"]()) == "The film has one frame: there is one output."


def test_the_work_is_bounded_whatever_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    large = transposed_convolution(noise(30, 30), weights(4, 4), stride=3)  # 91 x 91 outputs
    model = Model(large)
    box = arrange(model)[1]
    plan = film._plan(model, box)
    assert len(plan.steps) <= film.MOST_FRAMES + 1
    assert (plan.steps[0], plan.steps[-1]) == (1, 91 * 91)
    assert len(plan.steps) * film._pixels(box, plan.scale) <= 1.01 * film.MOST_WORK
    image = Image.open(io.BytesIO(film.png(large, dark=False)))
    assert image.width * image.height <= film.MOST_PIXELS
    monkeypatch.setattr(film, "MOST_PIXELS", 10_000)
    with pytest.raises(ValueError, match="too large to be drawn"):
        film.png(worked_example(), dark=False)


def test_a_smaller_scale_draws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = CASES["three channels"]()
    for scale in (1.0, 1.5):
        monkeypatch.setattr(film, "SCALES", (scale,))
        image = picture(film.png(data, dark=False))
        stage = stage_of(data, scale=scale)
        value = data["output"]["planes"][0][2][2]
        seen = corner_pixel(image, stage, "output", 0, 2, 2)
        np.testing.assert_array_equal(seen, expected_colour(value, data["output"]["scale"], False))


def test_many_colours_are_thinned_and_stay_alike() -> None:
    colours = [tuple(map(int, row)) for row in RNG.integers(0, 256, (3000, 3))]
    stand_in = thinned(colours, 160)
    assert len(set(stand_in.values())) <= 160
    few = colours[:150]
    assert thinned(few) == {colour: colour for colour in few}
    greys = [(level, level, level) for level in range(256)]
    apart = [abs(grey[0] - other[0]) for grey, other in thinned(greys).items()]
    assert max(apart) <= 1


@pytest.mark.parametrize("step", [0, 17, -1])
def test_a_step_that_is_none_is_refused(step: int) -> None:
    with pytest.raises(ValueError, match=re.escape(f"`step` (={step}) must be between 1 and 16")):
        film.png(worked_example(), dark=False, step=step)


def test_frames_shorter_than_browsers_show_are_refused() -> None:
    with pytest.raises(ValueError, match=r"`milliseconds` \(=10\)"):
        film.gif(worked_example(), dark=False, milliseconds=10)


@pytest.mark.parametrize("frames", [1, 2, 16, 50, 51, 256, 400])
def test_a_long_film_is_over_in_good_time_and_its_end_stays(frames: int) -> None:
    lasting = film.durations(frames)
    assert len(lasting) == frames
    assert set(lasting[:-1]) <= {600} if frames <= 50 else 100 <= lasting[0] < 600
    assert sum(lasting) <= 50_000
    assert lasting[-1] >= 2000
    assert all(each % 10 == 0 for each in lasting)


def test_the_film_of_a_large_grid_keeps_its_pace() -> None:
    data = convolution(noise(10, 10), weights(1, 1))
    image = Image.open(io.BytesIO(film.gif(data, dark=False)))
    lasting = []
    for at in range(image.n_frames):
        image.seek(at)
        image.load()
        lasting.append(image.info["duration"])
    assert lasting == film.durations(100) == [300] * 99 + [2000]


@pytest.mark.parametrize("value", [-1115.0, -9999.0, 1115.0, -12345.0, -999_999.0, -0.0625, 255.0, -1.5e9])
def test_a_number_is_made_smaller_before_it_is_left_out(value: float) -> None:
    for cell, decimals in itertools.product(range(24, 45), (None, 0)):
        width, font = cell - 3, min(max(cell * 0.3, 8.5), 13)
        text, size = fitted(value, width, font, decimals)
        assert text != "…"
        assert font * 0.55 <= size <= font
        for scale in film.SCALES:  # it fits, but for what rounding the font's size to a pixel adds
            assert film_glyphs.width(text, round(size * scale)) <= cell * scale, (text, size, scale)
