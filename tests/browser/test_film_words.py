"""A film says what the screen says: its words, held against the explorer's own JavaScript in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.ui.film_canvas import ink_on, scale_colour, theme
from pages.ui.film_model import Model, exact_number, fit_number, format_number
from tests.pages.test_film import CASES

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).parents[2] / "assets" / "components"


@pytest.fixture(scope="module")
def page(context_for: Callable[..., Any]) -> Iterator[Any]:
    """A blank page that knows the explorer's functions."""
    script = "\n".join(
        (FOLDER / f"{name}.js").read_text("utf-8")
        for name in ("common", "explorer_model", "explorer_sizes", "explorer_marks", "explorer_sheet", "explorer_view")
    )
    wanted = "formatNumber, exactNumber, fitNumber, explorerModel"
    wanted += ", signedColour, greyColour, amountColour, inkOn"
    blank = context_for().new_page()
    blank.add_script_tag(content=f"{script}\nObject.assign(window, {{ {wanted} }});")
    yield blank
    blank.close()


def short(text: str) -> str:
    """Without the zeros that end the digits before an exponent: 1.00e−9 is 1e−9."""
    return re.sub(r"(\d)(?:\.0+|(\.\d*?[1-9])0+)(?=e)", r"\1\2", text)


def numbers() -> list[float]:
    rng = np.random.default_rng(0)
    made = [
        *rng.normal(size=60),
        *(rng.normal(size=60) * 10.0 ** rng.integers(-6, 9, 60)),
        *np.round(rng.random(40), 2),
    ]
    halves = [k / 16 for k in range(-40, 41)] + [
        0.3125,
        2.5e-4,
        1234.5,
        99999.5,
        1e7,
        12345678.0,
        1e-4,
        1e-5,
        0.0,
        -0.0,
    ]
    return [float(value) for value in [*made, *halves, *range(-12, 13), 1000, 123456]]


def test_numbers_are_written_alike(page: Any) -> None:
    values = numbers()
    for digits in (1, 2, 3, 6):
        seen = page.evaluate("([values, digits]) => values.map((v) => formatNumber(v, digits))", [values, digits])
        assert [format_number(value, digits) for value in values] == [short(text) for text in seen]
    for decimals in (None, 0, 1, 2):
        seen = page.evaluate("([values, d]) => values.map((v) => exactNumber(v, d))", [values, decimals])
        assert [exact_number(value, decimals) for value in values] == [short(text) for text in seen]
    for room in (3, 4, 5, 6):
        for decimals in (None, 1):
            seen = page.evaluate(
                "([values, room, d]) => values.map((v) => fitNumber(v, room, d))", [values, room, decimals]
            )
            assert [fit_number(value, room, decimals) for value in values] == [short(text) for text in seen]


def test_colours_are_alike(page: Any) -> None:
    values = [value for value in numbers() if abs(value) < 20]
    for dark in (False, True):
        colours = theme(dark=dark)
        names = {name: list(getattr(colours, name)) for name in ("background", "primary", "negative", "positive")}
        for kind, call, scale in (
            ("signed", "signedColour(theme, v, 7.5)", {"kind": "signed", "bound": 7.5}),
            ("pixels", "greyColour(v, -1, 2.5)", {"kind": "pixels", "low": -1.0, "high": 2.5}),
            ("pixels", "greyColour(v, 1, 1)", {"kind": "pixels", "low": 1.0, "high": 1.0}),
            ("amount", "amountColour(theme, v, 3)", {"kind": "amount", "bound": 3.0}),
        ):
            seen = page.evaluate(f"([values, theme]) => values.map((v) => {call})", [values, names])
            mine = [scale_colour(colours, scale, value) for value in values]
            assert [list(colour) for colour in mine] == seen, kind
            inks = page.evaluate("(colours) => colours.map((c) => inkOn(c))", seen)
            assert [{(0, 0, 0): "#000", (255, 255, 255): "#fff"}[ink_on(colour)] for colour in mine] == inks


@pytest.mark.parametrize("name", list(CASES))
def test_each_sum_is_written_alike(page: Any, name: str) -> None:
    data = json.loads(json.dumps(CASES[name]()))
    model = Model(data)
    seen = page.evaluate(
        """(data) => {
          const model = explorerModel(data);
          return Array.from({ length: model.steps }, (_, i) => model.atStep(i + 1)).map((place) => ({
            place, words: model.outputPlace(...place),
            lines: model.written(...place).map(({ label, open, terms, equals, result }) => ({
              label, open, equals, result,
              terms: terms.map(({ text, tail }) => text + tail), won: terms.map(({ term }) => Boolean(term?.winner)),
            })),
          }));
        }""",
        data,
    )
    assert len(seen) == model.steps
    for step, screen in enumerate(seen, start=1):
        place = model.at_step(step)
        assert list(place) == screen["place"]
        assert model.step_of(place) == step
        assert model.place(*place) == screen["words"]
        mine = [
            {
                "label": line.label,
                "open": line.open,
                "equals": line.equals,
                "result": line.result,
                "terms": [word.text + word.tail for word in line.words],
                "won": [word.term is not None and word.term.winner for word in line.words],
            }
            for line in model.written(*place)
        ]
        for line in screen["lines"]:
            line["terms"], line["result"] = [short(text) for text in line["terms"]], short(line["result"])
        assert mine == screen["lines"]


@pytest.mark.parametrize("name", list(CASES))
def test_cells_are_of_the_same_sorts(page: Any, name: str) -> None:
    data = json.loads(json.dumps(CASES[name]()))
    model = Model(data)
    seen = page.evaluate(
        """(data) => {
          const model = explorerModel(data), found = [];
          for (let r = 0; r < model.inRows; r += 1) for (let c = 0; c < model.inColumns; c += 1) {
            found.push([model.kind(r, c), model.neverRead(r, c), model.dropped(r, c),
                ...["cut-top", "cut-left"].map((name) => model.cuts(r, c).includes(name))]);
          }
          return found;
        }""",
        data,
    )
    mine = []
    for row, column in np.ndindex(model.in_rows, model.in_columns):
        sorts = [model.kind(row, column), model.never_read(row, column), model.dropped(row, column)]
        mine.append([*sorts, *model.cuts(row, column)])
    assert mine == seen
