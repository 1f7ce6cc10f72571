"""Read a kernel from text that a person typed or pasted. A small parser of its own: nothing is ever evaluated."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Rows = list[list[float]]

MAX_SIDE = 15
"""Most rows or columns of a kernel."""
MAX_VALUE = 1_000_000
"""Largest weight, whatever its sign."""
MAX_TEXT = 25_000
"""Most characters that are read: three planes of 15 x 15 numbers with all their digits, and room for spaces."""

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_CELL = re.compile(rf"({_NUMBER})(?:/({_NUMBER}))?")
_SCALE = re.compile(rf"({_NUMBER})(?:\s*/\s*({_NUMBER}))?")
_CALL = re.compile(r"(?:[A-Za-z_]\w*\.)?(?:array|asarray|matrix|tensor|constant)\s*\(")
_DTYPE = re.compile(r",?\s*(?:dtype\s*=\s*[\w.'\"]+)?\s*,?")
_TOKEN = re.compile(r"[\[\](),;]|[^\s\[\](),;]+")
_CLOSING = {"[": "]", "(": ")"}
# Minus signs and the en dash of typeset text, times signs, and marks that have no width.
_LOOKALIKES = str.maketrans(
    {"−": "-", "–": "-", "﹣": "-", "－": "-", "×": "*", "·": "*", "\u200b": None, "\ufeff": None}
)


def parse(text: str, *, most: int = MAX_SIDE) -> Weights:
    """Read a kernel from text.

    Parameters
    ----------
    text : str
        One of these forms, of 1 to `most` rows and columns:

        - rows on lines of their own or parted by ``;``, cells by spaces, tabs or commas: ``0 1 0; 1 -4 1; 0 1 0``.
          In a row with a comma, commas part all its cells. The decimal mark is a point;
        - several lines with one number between semicolons, as some spreadsheets write CSV: there ``;`` parts cells;
        - nested lists or tuples, as Python and NumPy write or print them: ``[[0, 1, 0], [1, -4, 1]]``,
          ``array([[0., 1.]], dtype=float32)``, or MATLAB's ``[0 1 0; 1 -4 1]``.

        A number may be a fraction (``1/9``, no spaces in it), or have an exponent (``1e-3``). A factor may stand
        before (``1/9 * 1 1 1; 1 1 1; 1 1 1``; also with ``×``), and a factor or divisor behind the last bracket
        (``[[1, 2, 1]] / 4``). Three planes, for red, green and blue, are parted by blank lines or ``|``, or are a
        list of three matrices.
    most : int
        Most rows or columns; another than 15 where the grid is no kernel but a small picture. No text of more than
        25,000 characters is read.

    Returns
    -------
    ndarray of float64, shape (KH, KW) or (3, KH, KW)

    Raises
    ------
    ValueError
        With one sentence that says what is wrong, and where.

    Examples
    --------
    >>> parse("0 1 0; 1 -4 1; 0 1 0")
    array([[ 0.,  1.,  0.],
           [ 1., -4.,  1.],
           [ 0.,  1.,  0.]])
    >>> parse("[[1, 2, 1]] / 4")
    array([[0.25, 0.5 , 0.25]])
    >>> parse("1|2|3").shape
    (3, 1, 1)
    >>> parse("0 1 0; 1 -4")
    Traceback (most recent call last):
    ...
    ValueError: row 2 has 2 numbers, row 1 has 3
    """
    if not isinstance(text, str):
        raise ValueError(f"`text` must be a string, not {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the text has {len(text):,} characters; a kernel needs no more than {MAX_TEXT:,}")
    body, times, over = _split_scale(text.translate(_LOOKALIKES).strip())
    if not body:
        raise ValueError("there is no number in the text; write rows like 0 1 0; 1 -4 1; 0 1 0")
    with np.errstate(over="ignore"):
        weights = np.array(_checked_planes(_planes(body), most)) * times / over
    if not np.abs(weights).max() <= MAX_VALUE:
        raise ValueError(f"with its factor the kernel has weights beyond ±{MAX_VALUE:,}")
    return weights[0] if len(weights) == 1 else weights


def _split_scale(text: str) -> tuple[str, float, float]:
    """Part a factor before the kernel, or a factor or divisor behind its last bracket, from the rest."""
    times, over = 1.0, 1.0
    head, star, rest = text.partition("*")
    head = head.strip()
    if head.startswith("(") and head.endswith(")"):
        head = head[1:-1].strip()
    match = _SCALE.fullmatch(head) if star else None
    if match:
        text = rest.strip()
        times = _number(match[1], "the factor")
        over = _number(match[2], "the factor") if match[2] else 1.0
    end = max(text.rfind("]"), text.rfind(")")) + 1
    tail = text[end:].strip()
    if end and tail[:1] in ("*", "/") and (match := _SCALE.fullmatch(tail[1:].strip())):
        first = _number(match[1], "the factor")
        second = _number(match[2], "the factor") if match[2] else 1.0
        text = text[:end]
        times, over = (times * first, over * second) if tail[0] == "*" else (times, over * first * second)
    if over == 0:
        raise ValueError("the factor divides by zero")
    return text, times, over


def _number(token: str, where: str) -> float:
    """Return the value of a number or fraction."""
    shown = token if len(token) <= 24 else token[:24] + "…"
    match = _CELL.fullmatch(token)
    if not match:
        if token.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            raise ValueError(f"“{shown}” in {where} is not a finite number")
        raise ValueError(f"“{shown}” in {where} is not a number")
    over = float(match[2]) if match[2] else 1.0
    if over == 0:
        raise ValueError(f"“{shown}” in {where} divides by zero")
    value = float(match[1]) / over
    if not abs(value) <= MAX_VALUE:
        raise ValueError(f"“{shown}” in {where} is beyond ±{MAX_VALUE:,}")
    return value


def _planes(text: str) -> list[Rows]:
    """Return the numbers, plane by plane and row by row, whatever the form of the text."""
    if "|" in text:
        parts = text.split("|")
    elif "[" in text or "(" in text:
        return _bracketed(text)
    else:
        blocks = groupby(text.splitlines(), key=lambda line: not line.strip())
        parts = ["\n".join(lines) for blank, lines in blocks if not blank]
    planes: list[Rows] = []
    for index, part in enumerate(parts, 1):
        matrices = _bracketed(part) if "[" in part or "(" in part else [_plain(part, _of_plane(index, len(parts)))]
        planes += matrices
    return planes


def _of_plane(index: int, count: int) -> str:
    return f" of plane {index}" if count > 1 else ""


def _plain(text: str, of_plane: str = "") -> Rows:
    """Read rows without nested brackets."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pieces = [[piece.strip() for piece in line.rstrip("; \t").split(";")] for line in lines]
    inner = len(lines) > 1 and any(len(parts) > 1 for parts in pieces)
    if inner and re.search(r"[0-9],[0-9]", text):
        raise ValueError("with “;” and “,” on several lines the text is ambiguous; write decimals with a point (0.5)")
    if inner and all(len(piece.split()) == 1 and "," not in piece for parts in pieces for piece in parts):
        return [[_number(piece, f"row {row}{of_plane}") for piece in parts] for row, parts in enumerate(pieces, 1)]
    rows = []
    for row, piece in enumerate((piece for parts in pieces for piece in parts), 1):
        where = f"row {row}{of_plane}"
        cells = piece.removesuffix(",").split(",") if "," in piece else piece.split()
        if any(not cell.strip() for cell in cells):
            raise ValueError(f"{where} has an empty cell")
        rows.append([_number(cell.strip(), where) for cell in cells])
    return rows


def _bracketed(text: str) -> list[Rows]:
    """Read nested lists or tuples, with or without the name of a function round them, or MATLAB's brackets."""
    text = text.strip()
    if call := _CALL.match(text):
        end = max(text.rfind("]"), text.rfind(")", 0, -1)) + 1
        if not text.endswith(")") or not _DTYPE.fullmatch(text[max(end, call.end()) : -1].strip()):
            raise ValueError("the call round the kernel is not closed, or has more in it than a list and a dtype")
        text = text[call.end() : end].strip()
    inside = text[1:-1]
    if text[:1] in _CLOSING and text[-1] == _CLOSING[text[0]] and not re.search(r"[\[\]()]", inside):
        return [_plain(inside)]
    lists = _nested_lists(text)
    if all(isinstance(row, list) and _holds_numbers(row) for row in lists):
        return [lists]
    if all(isinstance(plane, list) and plane and all(map(_holds_numbers, plane)) for plane in lists):
        return lists
    raise ValueError("the brackets do not nest evenly: a kernel is a list of rows, or a list of three such lists")


def _holds_numbers(row: Any) -> bool:
    return isinstance(row, list) and all(isinstance(cell, float) for cell in row)


def _nested_lists(text: str) -> list[Any]:
    """Turn brackets into lists, at most three deep, with numbers inside."""
    top: list[Any] = []
    stack: list[tuple[list[Any], str]] = [(top, "")]
    row, previous = 0, "["
    for token in _TOKEN.findall(text):
        items, closing = stack[-1]
        if len(stack) == 1 and (items or token not in _CLOSING):
            raise ValueError(f"“{token[:24]}” stands outside the brackets")
        if token in _CLOSING:
            if len(stack) > 3:
                raise ValueError("the brackets nest more than three deep")
            inner: list[Any] = []
            items.append(inner)
            stack.append((inner, _CLOSING[token]))
        elif token in ("]", ")"):
            if token != closing:
                raise ValueError(f"“{token}” closes a bracket that “{'[' if closing == ']' else '('}” opened")
            stack.pop()
        elif token == ";":
            raise ValueError("“;” cannot stand inside nested brackets; part rows by brackets alone")
        elif token == ",":
            if previous in ("[", "(", ","):
                raise ValueError(f"row {row + (previous != ',')} has an empty cell")
        else:
            row += not items
            items.append(_number(token, f"row {row}"))
        previous = token
    if len(stack) > 1:
        raise ValueError(f"a “{stack[-1][1]}” is missing at the end")
    return top[0]


def _checked_planes(planes: list[Rows], most: int) -> list[Rows]:
    """Return the planes if they are one or three, of one shape, even and not too large."""
    if len(planes) not in (1, 3):
        raise ValueError(f"the text has {len(planes)} planes; a kernel has one, or three for red, green and blue")
    for index, plane in enumerate(planes, 1):
        of_plane = _of_plane(index, len(planes))
        for row, cells in enumerate(plane, 1):
            if not cells:
                raise ValueError(f"row {row}{of_plane} is empty")
            if len(cells) != len(plane[0]):
                numbers = "1 number" if len(cells) == 1 else f"{len(cells)} numbers"
                raise ValueError(f"row {row}{of_plane} has {numbers}, row 1 has {len(plane[0])}")
        if not plane:
            raise ValueError(f"there is no number in {f'plane {index}' if of_plane else 'the brackets'}")
        if len(plane) > most or len(plane[0]) > most:
            raise ValueError(f"the text has {len(plane)} × {len(plane[0])} numbers; at most {most} × {most} are taken")
        if (len(plane), len(plane[0])) != (len(planes[0]), len(planes[0][0])):
            raise ValueError(
                f"plane {index} has {len(plane)} × {len(plane[0])} numbers, "
                f"plane 1 has {len(planes[0])} × {len(planes[0][0])}"
            )
    return planes
