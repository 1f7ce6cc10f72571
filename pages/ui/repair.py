"""What is shown when the settings cannot be drawn and nothing could before, as after a link with a mistake in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeVar

from pages.ui.state import PageState

MOST_TOGETHER = 2
Made = TypeVar("Made")


def make_or_last(
    state: PageState,
    values: dict[str, Any],
    complaints: list[str],
    make: Callable[[dict[str, Any]], Made],
    *,
    first: Sequence[str],
    names: Mapping[str, str],
) -> tuple[Made, dict[str, Any]]:
    """Return what `make` makes of the settings, and them.

    If that cannot be drawn, say why, and take the last settings that could. Where there are none, only what stands in
    the way is put back to its default, so that the person's grid stays.

    Parameters
    ----------
    state : PageState
    values : dict
        The accepted settings.
    complaints : list of str
        Gets a sentence for what is wrong, and one for what is shown instead.
    make : callable
        Takes settings; ValueError with a sentence if they cannot be drawn.
    first : sequence of str
        Settings that are put back before others, in this order.
    names : mapping of str to str
        What a sentence calls them; others go by their own name.

    Returns
    -------
    made, values
    """
    try:
        made = make(values)
    except ValueError as error:
        complaints.append(str(error))
    else:
        state.mark_good(values)
        return made, values
    if state.last_good:
        return make(state.last_good), state.last_good
    defaults = state.defaults(values)
    changed = [name for name in values if values[name] != defaults[name]]
    order = [name for name in first if name in changed] + [name for name in changed if name not in first]
    for count in range(1, MOST_TOGETHER + 1):
        for some in combinations(order, count):
            attempt = {**values, **{name: defaults[name] for name in some}}
            try:
                made = make(attempt)
            except ValueError:
                continue
            words = [_say(state, name, names) for name in some]
            complaints.append(f"Until you change it, you see it with {' and '.join(words)}.")
            return made, attempt
    return make(defaults), defaults


def _say(state: PageState, name: str, names: Mapping[str, str]) -> str:
    setting = state.settings[name]
    return f"{names.get(name, name.replace('_', ' '))} “{setting.write(setting.default)}”"
