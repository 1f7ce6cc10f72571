"""Digits drawn by a script, as people write them: pen strokes in several styles, with a seeded hand.

Written from how digits are taught and written in different countries, before any network had seen them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Points = list[tuple[float, float]]

# One stroke is a list of points in a box 1 high (x right, y down). "~" joins them by a smooth curve, "-" by straight
# lines; several parts in one stroke are drawn without lifting the pen.
Stroke = list[tuple[str, Points]]


def ring(x: float, y: float, rx: float, ry: float, start: float = -90, sweep: float = -360, count: int = 16) -> Points:
    """Points on an ellipse from `start` degrees (0 is right, 90 down) over `sweep`."""
    angles = (math.radians(start + sweep * k / count) for k in range(count + 1))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


STYLES: dict[int, tuple[list[Stroke], ...]] = {
    0: (
        [[("~", ring(0.32, 0.5, 0.3, 0.5))]],
        [[("~", ring(0.3, 0.5, 0.24, 0.5, -60, -375))]],
        [[("~", ring(0.4, 0.5, 0.4, 0.48, -110, -350))]],
    ),
    1: (
        [[("-", [(0.1, 0), (0.1, 1)])]],
        [[("-", [(0.0, 0.22), (0.24, 0), (0.24, 1)])]],
        [[("-", [(0.08, 0.18), (0.3, 0), (0.3, 1)])], [("-", [(0.06, 1), (0.54, 1)])]],
    ),
    2: (
        [
            [
                (
                    "~",
                    [(0.02, 0.24), (0.12, 0.05), (0.34, 0), (0.54, 0.1), (0.56, 0.3), (0.4, 0.56), (0.2, 0.8), (0, 1)],
                ),
                ("-", [(0, 1), (0.62, 1)]),
            ]
        ],
        [
            [
                (
                    "~",
                    [
                        *[(0.04, 0.18), (0.2, 0.02), (0.42, 0.04), (0.5, 0.22), (0.42, 0.46), (0.26, 0.72)],
                        *[(0.1, 0.92), (0.02, 0.9), (0.06, 0.8), (0.2, 0.84), (0.38, 0.96), (0.5, 0.98), (0.64, 0.9)],
                    ],
                )
            ]
        ],
        [
            [
                ("~", [(0, 0.16), (0.18, 0.01), (0.4, 0.03), (0.5, 0.2), (0.4, 0.46), (0.06, 0.96)]),
                ("~", [(0.06, 0.96), (0.24, 0.9), (0.42, 0.97), (0.64, 0.93)]),
            ]
        ],
    ),
    3: (
        [
            [
                ("~", [(0.04, 0.12), (0.2, 0), (0.42, 0.02), (0.52, 0.18), (0.44, 0.38), (0.22, 0.46)]),
                ("~", [(0.22, 0.46), (0.48, 0.54), (0.58, 0.74), (0.46, 0.94), (0.24, 1), (0.02, 0.9)]),
            ]
        ],
        [
            [
                ("-", [(0.02, 0), (0.52, 0), (0.24, 0.38)]),
                ("~", [(0.24, 0.38), (0.48, 0.46), (0.58, 0.68), (0.46, 0.92), (0.22, 1), (0, 0.9)]),
            ]
        ],
        [
            [
                (
                    "~",
                    [
                        *[(0.08, 0.06), (0.3, 0), (0.46, 0.12), (0.4, 0.34), (0.22, 0.46), (0.16, 0.42), (0.26, 0.42)],
                        *[(0.48, 0.54), (0.54, 0.76), (0.4, 0.96), (0.18, 0.98), (0.0, 0.84)],
                    ],
                )
            ]
        ],
    ),
    4: (
        [[("-", [(0.14, 0), (0.0, 0.56), (0.6, 0.56)])], [("-", [(0.46, 0.2), (0.44, 1)])]],
        [[("-", [(0.44, 1), (0.44, 0), (0, 0.66), (0.62, 0.66)])]],
        [
            [
                ("~", [(0.06, 0.02), (0.02, 0.3), (0.08, 0.5), (0.28, 0.54), (0.5, 0.44)]),
                ("-", [(0.5, 0.44), (0.54, 0.02), (0.48, 1)]),
            ]
        ],
    ),
    5: (
        [
            [
                ("-", [(0.1, 0.04), (0.06, 0.44)]),
                ("~", [(0.06, 0.44), (0.28, 0.36), (0.5, 0.46), (0.56, 0.7), (0.42, 0.94), (0.2, 1), (0, 0.9)]),
            ],
            [("-", [(0.12, 0.02), (0.56, 0)])],
        ],
        [
            [
                ("-", [(0.56, 0), (0.12, 0.02), (0.06, 0.42)]),
                ("~", [(0.06, 0.42), (0.26, 0.38), (0.48, 0.48), (0.52, 0.72), (0.36, 0.96), (0.14, 1), (0, 0.92)]),
            ]
        ],
        [
            [
                (
                    "~",
                    [
                        *[(0.6, 0.02), (0.36, 0), (0.16, 0.1), (0.1, 0.3), (0.24, 0.44), (0.46, 0.54), (0.52, 0.76)],
                        *[(0.36, 0.96), (0.14, 1), (0, 0.88)],
                    ],
                )
            ]
        ],
    ),
    6: (
        [
            [
                (
                    "~",
                    [
                        *[(0.44, 0), (0.22, 0.14), (0.06, 0.42), (0.02, 0.72), (0.14, 0.96), (0.34, 1), (0.52, 0.86)],
                        *[(0.5, 0.64), (0.34, 0.52), (0.14, 0.6), (0.04, 0.74)],
                    ],
                )
            ]
        ],
        [[("-", [(0.4, 0), (0.12, 0.5)]), ("~", ring(0.29, 0.73, 0.27, 0.27, 218, -350))]],
        [
            [
                (
                    "~",
                    [
                        *[(0.12, 0), (0.06, 0.3), (0.02, 0.64), (0.08, 0.9), (0.28, 1), (0.48, 0.92), (0.52, 0.74)],
                        *[(0.38, 0.6), (0.18, 0.64), (0.06, 0.82)],
                    ],
                )
            ]
        ],
    ),
    7: (
        [[("-", [(0, 0), (0.6, 0), (0.2, 1)])]],
        [[("-", [(0, 0.02), (0.58, 0), (0.22, 1)])], [("-", [(0.14, 0.5), (0.6, 0.48)])]],
        [
            [
                ("-", [(0.02, 0.16), (0.02, 0.02)]),
                ("~", [(0.02, 0.02), (0.24, 0.05), (0.58, 0)]),
                ("~", [(0.58, 0), (0.36, 0.42), (0.26, 1)]),
            ]
        ],
    ),
    8: (
        [
            [
                (
                    "~",
                    [
                        *[(0.5, 0.12), (0.28, 0), (0.08, 0.12), (0.1, 0.32), (0.3, 0.48), (0.54, 0.66), (0.52, 0.9)],
                        *[(0.28, 1), (0.04, 0.9), (0.04, 0.66), (0.28, 0.48), (0.48, 0.32), (0.52, 0.12)],
                    ],
                )
            ]
        ],
        [[("~", ring(0.3, 0.24, 0.22, 0.24, 90))], [("~", ring(0.3, 0.74, 0.28, 0.26, -90))]],
        [
            [
                (
                    "~",
                    [
                        *[(0.3, 0.46), (0.1, 0.3), (0.12, 0.08), (0.32, 0), (0.5, 0.1), (0.46, 0.3), (0.24, 0.5)],
                        *[(0.04, 0.72), (0.1, 0.94), (0.3, 1), (0.5, 0.92), (0.52, 0.7), (0.3, 0.46)],
                    ],
                )
            ]
        ],
    ),
    9: (
        [[("~", ring(0.28, 0.27, 0.26, 0.27, -20)), ("-", [(0.53, 0.18), (0.5, 1)])]],
        [
            [
                ("~", ring(0.28, 0.28, 0.25, 0.28, -30)),
                ("~", [(0.5, 0.14), (0.52, 0.42), (0.44, 0.76), (0.2, 1)]),
            ]
        ],
        [
            [
                ("~", ring(0.3, 0.26, 0.25, 0.26, -10)),
                ("~", [(0.55, 0.22), (0.54, 0.6), (0.5, 0.86), (0.3, 1), (0.06, 0.92)]),
            ]
        ],
    ),
}


@dataclass(frozen=True)
class Hand:
    """How a digit is written, and on what.

    Lengths are shares of the digit's height, angles degrees; the digit's height is a share of the canvas's shorter
    side, its place a share of the room that is left.
    """

    style: int = 0
    canvas: tuple[int, int] = (252, 252)
    height: float = 0.7
    place: tuple[float, float] = (0.5, 0.5)
    pen: float = 0.09
    widened: float = 1.0
    slant: float = 0.0
    turn: float = 0.0
    unsteady: float = 0.0
    ink: int = 0
    paper: int = 255


def random_hand(rng: np.random.Generator, style: int) -> Hand:
    """Return a hand as it comes."""
    side = int(rng.choice([64, 120, 200, 252, 280, 400, 600]))
    dark = bool(rng.random() < 0.6)
    deep, pale = int(rng.integers(0, 70)), int(rng.integers(190, 256))
    return Hand(
        style=style,
        canvas=(side, round(side * rng.uniform(1, 1.6)))[:: int(rng.choice([-1, 1]))],
        height=rng.uniform(0.3, 0.9),
        place=(rng.uniform(0.02, 0.98), rng.uniform(0.02, 0.98)),
        pen=rng.uniform(0.04, 0.14),
        widened=rng.uniform(0.8, 1.25),
        slant=rng.uniform(-12, 22),
        turn=rng.uniform(-8, 8),
        unsteady=rng.uniform(0, 0.02),
        ink=deep if dark else pale,
        paper=pale if dark else deep,
    )


def drawn_digits(count: int = 100, seed: int = 2024) -> Iterator[tuple[np.ndarray[Any, Any], int, Hand]]:
    """Yield pictures (H, W) uint8, what each shows, and how it was written: every digit and style in turn."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        digit = number % 10
        hand = random_hand(rng, number // 10 % len(STYLES[digit]))
        yield draw(digit, hand, rng), digit, hand


def draw(digit: int, hand: Hand, rng: np.random.Generator | None = None) -> np.ndarray[Any, Any]:
    """Return a digit on its canvas, (H, W) uint8."""
    strokes = [path(stroke) for stroke in STYLES[digit][hand.style]]
    if hand.unsteady and rng is not None:
        strokes = [shaken(points, hand.unsteady, rng) for points in strokes]
    slant, turn = math.tan(math.radians(hand.slant)), math.radians(hand.turn)
    leaning = np.array([[hand.widened, -slant], [0, 1]])
    turning = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    strokes = [points @ (turning @ leaning).T for points in strokes]
    every = np.concatenate(strokes)
    low, span = every.min(axis=0), np.ptp(every, axis=0)
    rows, columns = hand.canvas
    # So that all of it fits, the pen included.
    scale = hand.height * min(rows / (span[1] + hand.pen), columns / (span[0] + hand.pen), min(rows, columns))
    free = np.array([columns, rows]) - scale * (span + hand.pen)
    corner = free * np.array(hand.place[::-1]) + scale * hand.pen / 2
    fine = 4 if max(rows, columns) <= 400 else 2
    sheet = Image.new("L", (columns * fine, rows * fine), hand.paper)
    pencil, width = ImageDraw.Draw(sheet), max(1.0, hand.pen * scale * fine)
    for points in strokes:
        spots = [(float(x), float(y)) for x, y in ((points - low) * scale + corner) * fine]
        pencil.line(spots, fill=hand.ink, width=round(width))
        for x, y in spots:
            pencil.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=hand.ink)
    return np.asarray(sheet.reduce(fine))


def path(stroke: Stroke) -> np.ndarray[Any, Any]:
    """Return many points along a stroke, (N, 2)."""
    parts = []
    for kind, points in stroke:
        corners = np.array(points)
        parts.append(curve(corners) if kind == "~" and len(corners) > 2 else straight(corners))
    return np.concatenate(parts)


def straight(corners: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    share = np.linspace(0, 1, 12)[:, None]
    return np.concatenate([a + share * (b - a) for a, b in pairwise(corners)])


def curve(corners: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a Catmull-Rom spline through the corners."""
    ends = np.concatenate([2 * corners[:1] - corners[1:2], corners, 2 * corners[-1:] - corners[-2:-1]])
    t = np.linspace(0, 1, 10)[:, None]
    parts = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(parts)


def shaken(points: np.ndarray[Any, Any], amount: float, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return the points as a hand that is not quite steady meets them: waves a few to the stroke."""
    along = np.linspace(0, 1, len(points))
    waves = np.zeros_like(points)
    for count in (1, 2, 3, 5):
        waves += rng.normal(0, 1, 2) * np.sin(2 * np.pi * (count * along[:, None] + rng.random(2)))
    return points + amount * waves


def off_canvas(hand: Hand, share: float) -> Hand:
    """Return the same hand, the digit so far to the right that `share` of its free room is beyond the edge."""
    return replace(hand, place=(hand.place[0], 1 + share))


def photographed(drawing: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return a drawing as a camera might see it: (H, W, 3) uint8 in warm, uneven light, blurred, with noise and specks.

    The light falls off to one side to between a third and two thirds, and a soft shadow lies over one half.
    """
    rows, columns = drawing.shape
    y, x = np.mgrid[0:rows, 0:columns] / max(rows, columns)
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    along = (along - along.min()) / np.ptp(along)
    light = 1 - rng.uniform(0.35, 0.65) * along
    light *= 1 - 0.25 / (1 + np.exp(-(along - rng.uniform(0.3, 0.7)) * 30))
    seen = 0.15 + 0.75 * drawing / 255
    for row, column in zip(rng.integers(0, rows, 8), rng.integers(0, columns, 8), strict=True):
        seen[row, column] = 1 - seen[row, column]
    soft = np.asarray(Image.fromarray((255 * seen * light).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1)))
    warm = soft[..., None] * np.array([1.0, 0.96, 0.85]) + rng.normal(0, 3, (rows, columns, 3))
    return np.clip(np.rint(warm), 0, 255).astype(np.uint8)
