"""The one engine of the server, and how a session tells it that it is still there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.state import session_id

if TYPE_CHECKING:
    from pages.ui.engine import Engine

THREAD = "cnn-lab-training"


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """Return the engine. It survives a reload of the source and "Clear cache": its own thread holds it."""
    from pages.ui.engine import Engine, serving

    return serving(THREAD) or Engine(THREAD)


class Presence:
    """A session that is there. Streamlit releases it when the tab is closed, or the network drops for a while."""

    def __init__(self, owner: str, of: Engine) -> None:
        self.owner, self.engine = owner, of
        context = get_script_run_ctx()
        session = "" if context is None else context.session_id
        of.renew(owner, lambda: runtime.exists() and runtime.get_instance().is_active_session(session))

    def leave(self) -> None:
        """Begin the grace period; called on the event loop, so this must be short."""
        self.engine.leave(self.owner)


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda presence: presence.leave())
def _presence(owner: str) -> Presence:
    return Presence(owner, engine())


def keep_alive() -> None:
    """Renew this session's runs, on whatever page it is. Costs next to nothing where nobody has trained yet."""
    if "pages.ui.engine" in sys.modules:  # not imported for this: most visitors never train
        arrive()


def arrive() -> tuple[Engine, str]:
    """Return the engine and this session's name there, present from now on."""
    owner = session_id()
    found: Engine = _presence(owner).engine
    found.renew(owner)
    return found, owner
