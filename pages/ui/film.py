"""An explorer's data as a picture (PNG), and as a film of its window sliding over all outputs (GIF).

    data = convolution(image, kernel, stride=2)
    film.png(data, dark=False), film.gif(data, dark=False)

Both have the explorer's grids, words and colours, arranged as a picture that lies and up to twice as fine as a screen.
They need neither a browser nor streamlit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from cnncore.numerals import ordinal
from pages.ui.explorer_data import Data, has_output
from pages.ui.film_arrange import arrange
from pages.ui.film_gif import Writer
from pages.ui.film_layout import Box
from pages.ui.film_model import Model
from pages.ui.film_stage import MARGIN, Stage

MOST_FRAMES = 400
MOST_PIXELS = 8_000_000
"""Of one frame."""
MOST_WORK = 600_000_000
"""Pixels of all frames together: some seconds of compressing. A longer film is drawn less fine, then skips steps."""
SCALES = (2.0, 1.5, 1.25, 1.0)
EVERY = 600
"""Milliseconds of a frame. Where a film would be longer than `LONGEST` they are fewer, but not below `LEAST`."""
LONGEST, LEAST = 30_000, 100
SLOW = 150
"""From so many frames on, a film takes some seconds to be drawn, and on a busy server more."""
LAST = 4  # the last frame stays so many times longer, and at least
LEAST_LAST = 2000  # milliseconds


class Plan(NamedTuple):
    """What a film shows: which steps, and how many pixels of it are one of the screen's."""

    steps: list[int]
    scale: float


def png(data: Data, *, dark: bool, step: int | None = None) -> bytes:
    """Draw an explorer.

    Parameters
    ----------
    data : dict
        As `pages.ui.explorer_data` describes it.
    dark : bool
        In the colours of the dark theme.
    step : int, optional
        How far the window has slid, counted from 1: later outputs are still empty. By default the whole output, with
        the sum of the pinned one, or else of the first.

    Returns
    -------
    bytes
        Of a PNG file of at most 255 colours.

    Raises
    ------
    ValueError
        If there is no such step, or the grids are too large to be drawn.
    """
    model, box = _prepared(data)
    if step is not None and not 1 <= step <= model.steps:
        raise ValueError(f"`step` (={step}) must be between 1 and {model.steps}")
    pinned = data["pinned"] if data["pinned"] and has_output(data, data["pinned"]) else None
    plane, row, column = model.at_step(step) if step is not None else tuple(pinned or (0, 0, 0))
    shown = model.step_of((plane, row, column))
    stage = Stage(model, box, dark=dark, scale=_scale(box, 1), steps=[shown])
    stage.reveal(model.steps if step is None else step)
    if step is None and pinned:
        stage.mark_pin(plane, row, column)
    return stage.frame(shown, counted=step is not None, pinned=step is None and pinned is not None).png()


def gif(data: Data, *, dark: bool, milliseconds: int | None = None) -> bytes:
    """Draw the window sliding over all outputs, one frame a step; the outputs fill in. It repeats for ever.

    Parameters
    ----------
    data : dict
        As `pages.ui.explorer_data` describes it.
    dark : bool
        In the colours of the dark theme.
    milliseconds : int, optional
        How long a frame stays; the last one stays longer. By default 600, and less in a film of more than 50 frames.

    Returns
    -------
    bytes
        Of a GIF file. With very many outputs not every step has a frame: see `caption`.

    Raises
    ------
    ValueError
        If `milliseconds` is less than 20, which browsers do not keep, or the grids are too large to be drawn.
    """
    if milliseconds is not None and milliseconds < 20:
        raise ValueError(f"`milliseconds` (={milliseconds}) must be at least 20: browsers show no shorter frames")
    model, box = _prepared(data)
    plan = _plan(model, box)
    stage = Stage(model, box, dark=dark, scale=plan.scale, steps=plan.steps)
    film = Writer(stage.palette)
    for step, stays in zip(plan.steps, durations(len(plan.steps), milliseconds), strict=True):
        stage.reveal(step)
        film.add(stage.frame(step), stays)
    return film.data()


def durations(frames: int, milliseconds: int | None = None) -> list[int]:
    """Return how long each frame stays: a long film goes faster, and the finished map is there to be seen.

    >>> durations(3), sum(durations(256)) / 1000
    ([600, 600, 2400], 30.05)
    """
    each = milliseconds or max(min(EVERY, LONGEST // frames // 10 * 10), LEAST)  # a GIF counts hundredths of a second
    return [each] * (frames - 1) + [max(LAST * each, LEAST_LAST)]


def caption(data: Data) -> str:
    """Return sentences that say how many steps the film has, whether it skips some, how long it lasts, and is made."""
    model, box = _prepared(data)
    steps = _plan(model, box).steps
    if len(steps) == 1:
        return "The film has one frame: there is one output."
    every = steps[1] - steps[0]
    lasts = f"in {sum(durations(len(steps))) / 1000:.0f} seconds"
    wait = " It takes a while to be drawn; then its download begins." if len(steps) >= SLOW else ""
    if every == 1:
        return f"The film shows the window at each of its {len(steps):,} places, {lasts}.{wait}"
    return f"The film shows every {ordinal(every)} of the window's {model.steps:,} places, and the last, {lasts}.{wait}"


def _prepared(data: Data) -> tuple[Model, Box]:
    model = Model(data)
    return model, arrange(model)[1]


def _plan(model: Model, box: Box) -> Plan:
    """Choose the steps and the scale so that the work stays bounded: first less fine, then fewer frames."""
    frames = min(model.steps, MOST_FRAMES)
    scale = _scale(box, frames)
    frames = max(min(frames, int(MOST_WORK / _pixels(box, scale))), 2)
    every = math.ceil(model.steps / frames)
    steps = list(range(1, model.steps + 1, every))
    return Plan(steps if steps[-1] == model.steps else [*steps, model.steps], scale)


def _pixels(box: Box, scale: float) -> float:
    """How many a frame has, more or less: the sum below the grids is as high as it must be."""
    return (box.width + 2 * MARGIN) * (box.height + 2 * MARGIN + 120) * scale**2


def _scale(box: Box, frames: int) -> float:
    for scale in SCALES:
        if _pixels(box, scale) <= MOST_PIXELS and (_pixels(box, scale) * frames <= MOST_WORK or scale == SCALES[-1]):
            return scale
    raise ValueError(f"the grids are too large to be drawn: {box.width:,.0f} × {box.height:,.0f} pixels")
