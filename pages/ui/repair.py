"""What is shown when the settings cannot be drawn and nothing could before, as after a link with a mistake in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeVar

from pages.ui.state import PageState, Setting

MOST_TOGETHER = 2
Made = TypeVar("Made")
Options = Mapping[str, Mapping[Any, str]]
"""For each setting that is chosen from a list, what its control calls each value."""


def make_or_last(
    state: PageState,
    values: dict[str, Any],
    complaints: list[str],
    make: Callable[[dict[str, Any]], Made],
    *,
    first: Sequence[str],
    labels: Mapping[str, str],
    options: Options,
    instead: Mapping[str, Any] | None = None,
    last: str = "",
) -> tuple[Made, dict[str, Any]]:
    """Return what `make` makes of the settings, and them.

    If that cannot be drawn, say why, and take the last settings that could. Where there are none, only what stands in
    the way is put back to its default, so that what else the person chose or typed stays.

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
    labels : mapping of str to str
        What their controls are called on the screen, where that is not the setting's own name.
    options : mapping of str to mapping
        What their controls call the values.
    instead : mapping of str to value, optional
        What a setting is put back to, where its default may not be drawn either.
    last : str
        A sentence to add where the last view is shown.

    Returns
    -------
    made, values
    """
    try:
        made = make(values)
    except ValueError as error:
        why = str(error)
    else:
        state.mark_good(values)
        return made, values
    if state.last_good:
        try:
            made = make(state.last_good)
        except ValueError:  # what is no setting changed: the person's own picture is another, and too small
            pass
        else:
            complaints.append(f"{why} {last}".rstrip())
            return made, state.last_good
    defaults = state.defaults(values) | dict(instead or {})
    changed = [name for name in values if values[name] != defaults[name]]
    order = [name for name in first if name in changed] + [name for name in changed if name not in first]
    left: dict[str, str] = {}  # what still stands in the way where one setting is put back
    for count in range(1, MOST_TOGETHER + 1):
        for some in combinations(order, count):
            attempt = {**values, **{name: defaults[name] for name in some}}
            try:
                made = make(attempt)
            except ValueError as error:
                if count == 1:
                    left[some[0]] = str(error)
                continue
            complaints.append(" ".join(dict.fromkeys([why, *(left[name] for name in some if name in left)])))
            words = [_say(state.settings[name], defaults[name], labels, options) for name in some]
            complaints.append(f"Until you change it, you see it with {' and '.join(words)}.")
            return made, attempt
    complaints.append(why)
    return make(defaults), defaults


def _say(setting: Setting, value: Any, labels: Mapping[str, str], options: Options) -> str:
    """Return a setting and its value in the words that its control has."""
    label = labels.get(setting.name, setting.name.replace("_", " ").capitalize())
    word = options.get(setting.name, {}).get(value)
    if word is None:
        word = ("on" if value else "off") if isinstance(value, bool) else ", ".join(setting.write(value).splitlines())
    return f"{label} “{word}”" if word else f"{label} left empty"
