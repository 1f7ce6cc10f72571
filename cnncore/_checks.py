"""Checks of arguments that several frozen settings share: each raises a ValueError that names the argument."""

from __future__ import annotations

from typing import Any

from cnncore.geometry import as_int


def whole_number(value: Any, name: str, least: int, most: int) -> int:
    """Return `value` as an int between `least` and `most`, or raise a ValueError that names the argument."""
    number = as_int(value, name, least=-(2**63))
    if not least <= number <= most:
        raise ValueError(f"`{name}` (={value!r}) must lie between {least} and {most}")
    return number


def one_of(value: Any, name: str, known: tuple[Any, ...]) -> None:
    """Raise a ValueError that names the argument if `value` is none of `known`."""
    if not isinstance(value, str | None) or value not in known:
        raise ValueError(f"`{name}` (={value!r}) must be one of {', '.join(map(repr, known))}")


def share(value: Any, name: str, most: float, least: float = 0.0) -> None:
    """Raise a ValueError that names the argument if `value` is no number between `least` and `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"`{name}` (={value!r}) must be a number between {least:g} and {most:g}")
