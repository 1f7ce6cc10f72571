"""The sole owner of st.session_state and of what stands in the URL.

A page declares its settings as data. Their values live in three places that this module keeps in step: in the
widgets (session state under ``page.name``), in a copy that outlives the widgets when the person goes to another page,
and in the URL, where only what differs from the default is written. Whatever comes from outside, be it the URL or a
widget's value (the browser can send anything), passes the same check.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import streamlit as st

from pages.ui.words import MINUS
from pages.ui.words import number as say

URL_LIMIT = 25_000  # characters of one parameter that are read at all: a kernel of three planes, all digits


@dataclass(frozen=True)
class Setting:
    """One thing that a person can choose.

    `check` takes what a widget or a component says, or the text from the URL, and returns the clean value; it raises
    ValueError with a sentence. `shared` settings (the picture) are the same on every page. `private` ones stand in the
    address bar, so that a reload finds them, but in no link that is made for others.
    """

    name: str
    default: Any
    check: Callable[[Any], Any]
    write: Callable[[Any], str] = str
    shared: bool = False
    private: bool = False


def choice(name: str, default: Any, options: Sequence[Any], what: str, *, shared: bool = False) -> Setting:
    """One of `options`; in the URL by its text."""
    by_text = {str(option): option for option in options}

    def check(value: Any) -> Any:
        if str(value) not in by_text:
            raise ValueError(f"There is no {what} “{str(value)[:40]}”.")
        return by_text[str(value)]

    return Setting(name, default, check, shared=shared)


def number(
    name: str,
    default: float,
    least: float,
    most: float,
    what: str,
    *,
    whole: bool = False,
    shared: bool = False,
    shown: float = -math.inf,
) -> Setting:
    """A number from `least` to `most`; what lies below `shown` means "not chosen", and no sentence offers it."""

    def check(value: Any) -> float:
        try:
            result = float(value)
            if not math.isfinite(result) or (whole and result != int(result)):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"The {what} must be {kind}, not “{str(value)[:40]}”.") from None
        if not least <= result <= most:
            low, high = say(max(least, shown)), say(most)
            whole_number = result == int(result) and abs(result) < 1e15  # as it was given, and not “1e8”
            given = f"{result:,.0f}".replace("-", MINUS) if whole_number else say(result)
            raise ValueError(f"The {what} must lie between {low} and {high}, not {given}.")
        return int(result) if whole else result

    return Setting(name, default, check, lambda value: f"{value:.12g}", shared=shared)


def flag(name: str, default: bool, what: str) -> Setting:
    """On or off; in the URL 1 or 0."""

    def check(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if value not in ("0", "1"):
            raise ValueError(f"{what} can be switched on (1) or off (0), not “{str(value)[:40]}”.")
        return bool(value == "1")

    return Setting(name, default, check, lambda value: "1" if value else "0")


def text(name: str, default: str) -> Setting:
    """Free text, judged by whoever uses it."""
    return Setting(name, default, lambda value: str(value)[:URL_LIMIT])


def _always(values: Mapping[str, Any]) -> dict[str, Any]:
    """Whatever the values, each setting has its own default."""
    return {}


class PageState:
    """The settings of one page for one session.

    The page calls `enter` first, then `begin` before the widgets and `finish` after them. With `usual`, what a setting
    is by default can depend on the others: it takes all values and returns the defaults that differ because of them.
    """

    def __init__(
        self,
        page: str,
        settings: Sequence[Setting],
        *,
        usual: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _always,
    ) -> None:
        self.page = page
        self._usual = usual
        self.settings: Mapping[str, Setting] = {setting.name: setting for setting in settings}
        self._keys = {name: name if setting.shared else f"{page}.{name}" for name, setting in self.settings.items()}
        # What was last accepted, by session-state key: it outlives the widgets, which Streamlit forgets elsewhere.
        self._copy: dict[str, Any] = st.session_state.setdefault("accepted_settings", {})
        # The settings that have a widget on the screen: those of the last whole run, and those of this one so far.
        self._shown: set[str] = st.session_state.setdefault(f"shown.{page}", set())
        self._drawn: set[str] = st.session_state.setdefault(f"drawn.{page}", set())

    # Where a value lives -------------------------------------------------------------------------------------------

    def key(self, name: str) -> str:
        """The session-state key of a setting, for its widget."""
        self._drawn.add(name)
        return self._keys[name]

    def __getitem__(self, name: str) -> Any:
        return self._copy.get(self._keys[name], self.settings[name].default)

    def values(self) -> dict[str, Any]:
        """All accepted values by name."""
        return {name: self[name] for name in self.settings}

    def defaults(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what each setting is by default, where the others are as in `values`."""
        return {name: setting.default for name, setting in self.settings.items()} | dict(self._usual(values))

    # One run ------------------------------------------------------------------------------------------------------

    def begin(self) -> list[str]:
        """Take over what the person or the URL says; return a sentence for each thing that was refused."""
        st.session_state.setdefault("visited", {})[st.session_state.get("current_page")] = self
        touched = bool(st.session_state.pop("touched", False))
        arrived = bool(st.session_state.pop("arrived", False))
        if arrived:
            self.heard()  # what another page had to say is not for this one
        # What is said once is kept until a run is whole: one that is cut short may have shown nothing.
        complaints: list[str] = st.session_state.setdefault("complaints", [])
        present = dict(st.session_state.items())
        on_screen = self._shown | self._drawn  # what Streamlit still knows of another widget, nobody chose
        for name, setting in self.settings.items():
            value = present.get(self._keys[name], self)
            if name in on_screen and value is not self and not arrived and value != self[name]:
                touched = True
                self._accept(setting, value, complaints)
        address = {name: str(value) for name, value in st.query_params.to_dict().items()}
        # The URL speaks when the page is opened by it, and when Back or Forward changed it. It does not while the
        # person is at the controls: their next change can be on its way before the last address reached the browser.
        moved = not arrived and not touched and address != self._written
        if moved or (arrived and address):
            self._adopt(address, complaints)
        if moved or arrived:
            # Known from now on, not from `finish`: that is not reached where Forward follows Back at once.
            st.session_state[f"written.{self.page}"] = address
        # What has no widget on the screen is written in every run, for Streamlit hands a new widget only what was
        # written in that same run. On arrival it is all of them: another page's widget may have left the value.
        # What has one is left alone, or an older value would overtake what the person types meanwhile.
        if arrived:
            self._shown.clear()
        else:
            self._shown.update(self._drawn)  # a run that was cut short drew but a part: the parts count together
        self._drawn.clear()
        for name, key in self._keys.items():
            if name not in self._shown or present.get(key, self) != self[name]:
                st.session_state[key] = self[name]
        return list(complaints)  # what the page adds, it says in every run

    def heard(self) -> list[str]:
        """Return the sentences that callbacks left, where only a fragment runs again and `begin` is not called."""
        return cast(list[str], st.session_state.pop("complaints", []))

    def _accept(self, setting: Setting, value: Any, complaints: list[str]) -> None:
        try:
            self._copy[self._keys[setting.name]] = setting.check(value)
        except ValueError as error:
            complaints.append(str(error))

    def _adopt(self, address: Mapping[str, str], complaints: list[str]) -> None:
        for name, setting in self.settings.items():
            if not setting.private:  # a link of ours leaves those out; what the session knows of them still holds
                self._copy[self._keys[name]] = setting.default
            if len(address.get(name, "")) > URL_LIMIT:
                complaints.append(f"The link's “{name}” is too long to be read.")
            elif name in address:
                self._accept(setting, address[name], complaints)
        for name, default in self._usual(self.values()).items():
            if name not in address:
                self._copy[self._keys[name]] = default
        unknown = [name for name in address if name not in self.settings]
        if unknown:
            complaints.append(f"The link speaks of “{unknown[0][:40]}”, which this page does not know.")

    @property
    def _written(self) -> dict[str, str]:
        return cast(dict[str, str], st.session_state.get(f"written.{self.page}", {}))

    def finish(self) -> None:
        """Write the URL if it changed; the run was whole, and what was complained about is on the screen."""
        self.heard()
        self._shown.clear()
        self._shown.update(self._drawn)
        parameters = self.parameters()
        if parameters != st.query_params.to_dict():
            st.query_params.from_dict(parameters)
        st.session_state[f"written.{self.page}"] = parameters

    def parameters(self, *, private: bool = True, **instead: Any) -> dict[str, str]:
        """What stands in the URL: everything that is not as by default; `instead` takes the place of settings."""
        values = {**self.values(), **instead}
        defaults = self.defaults(values)
        return {
            name: setting.write(values[name])
            for name, setting in self.settings.items()
            if values[name] != defaults[name] and (private or not setting.private)
        }

    def link(self, **instead: Any) -> str:
        """The whole address that reopens this view, for others: without what is private."""
        address = (st.context.url or "").split("?")[0]
        parameters = self.parameters(private=False, **instead)
        return f"{address}?{urlencode(parameters)}" if parameters else address

    # Changes from callbacks: before the script runs, so before the widgets are made ------------------------------

    def change(self, **values: Any) -> None:
        """Set settings from a callback. Raises ValueError with a sentence if a value is refused."""
        self.settle(**values)
        touch()

    def settle(self, **values: Any) -> None:
        """Set settings that no widget shows, while the page runs: the page decides here, not the person."""
        for name, value in values.items():
            clean = self.settings[name].check(value)
            self._copy[self._keys[name]] = clean
            st.session_state[self._keys[name]] = clean

    def reset(self) -> None:
        """Everything back to its default, but for what is shared with other pages."""
        own = [setting for setting in self.settings.values() if not setting.shared]
        self.change(**{setting.name: setting.default for setting in own})

    # The last view that worked ------------------------------------------------------------------------------------

    @property
    def last_good(self) -> dict[str, Any] | None:
        """The settings of the last view that could be drawn, or None."""
        return cast("dict[str, Any] | None", st.session_state.get(f"good.{self.page}"))

    def mark_good(self, values: Mapping[str, Any]) -> None:
        """Remember `values` as the settings of a view that could be drawn."""
        st.session_state[f"good.{self.page}"] = dict(values)


def enter(page: str) -> None:
    """Say which page runs, before anything else: coming from another page is not the same as going back in this one."""
    if st.session_state.get("current_page") != page:
        st.session_state["current_page"] = page
        st.session_state["arrived"] = True


def addresses() -> dict[str, dict[str, str]]:
    """Return, for each page that was visited, the parameters that reopen it as the person left it."""
    visited: dict[str, PageState] = st.session_state.get("visited", {})
    return {script: state.parameters(private=False) for script, state in visited.items()}


def complain(sentence: str) -> None:
    """Keep a sentence that is said once until a run has shown it: of a callback, or of what is put right for good."""
    st.session_state.setdefault("complaints", []).append(sentence)


def touch() -> None:
    """Say, from a callback, that the person did something in this run: the URL must not overrule it."""
    st.session_state["touched"] = True


def remember(name: str, value: Any) -> None:
    """Keep a value for this session under `name`, across pages."""
    st.session_state[f"kept.{name}"] = value


def recall(name: str) -> Any:
    """Return what `remember` kept, or None."""
    return st.session_state.get(f"kept.{name}")


def memo(name: str, key: Any, compute: Callable[[], Any]) -> Any:
    """Return ``compute()``, or the value it gave for the same `key` last time: one value a name and session.

    Freed with the session, so a hundred people cost a hundred last results and no more.
    """
    slot = f"memo.{name}"
    known = st.session_state.get(slot)
    if known is None or known[0] != key:
        known = (key, compute())
        st.session_state[slot] = known
    return known[1]


def session_id() -> str:
    """Return a name for this session that nobody else can guess."""
    return cast(str, st.session_state.setdefault("session_id", secrets.token_urlsafe(12)))


def session_lock() -> threading.Lock:
    """One lock a session: runs wait here for their turn, and one that was superseded meanwhile ends at `give_way`."""
    return cast(threading.Lock, st.session_state.setdefault("compute_lock", threading.Lock()))


def set_widget(key: str, value: Any) -> None:
    """Put a value into a widget that is no setting, before it is made."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def widget(key: str) -> Any:
    """Return the value of a widget that is no setting, or None; for callbacks."""
    return st.session_state.get(key)


def give_way() -> None:
    """End this run here if another one waits for its turn: Streamlit looks for that whenever the state is read."""
    st.session_state.get("give_way")
