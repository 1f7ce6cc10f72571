"""Who is there: sessions come, go away, and may be back within a grace period. Imports no streamlit.

Examples
--------
>>> time = iter([0.0, 10.0, 70.0])
>>> attendance = Attendance(grace=40.0, clock=lambda: next(time))
>>> attendance.renew("ada")
>>> attendance.leave("ada")
>>> attendance.lost(), attendance.lost()
(set(), {'ada'})
"""

from __future__ import annotations

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Attendance:
    """Sessions that are known, and those of them that went away.

    Each method is a few operations on a dict, so scripts, the server's event loop and the engine's thread may call them
    as they come.

    Parameters
    ----------
    grace : float
        Seconds after which one that went away is lost.
    clock : callable
        Seconds.
    """

    def __init__(self, grace: float, clock: Callable[[], float]) -> None:
        self._grace, self._clock = grace, clock
        self._known: dict[str, Callable[[], bool] | None] = {}
        self._left: dict[str, float] = {}

    def renew(self, session: str, present: Callable[[], bool] | None = None) -> None:
        """Hear from a session: it is there.

        Parameters
        ----------
        session : str
        present : callable, optional
            Says whether it still is. It is asked before a session that was heard to leave counts as lost: a short loss
            of the network looks like leaving, and a page at rest says nothing when it is back.
        """
        if present is not None:
            self._known[session] = present
        else:
            self._known.setdefault(session, None)
        self._left.pop(session, None)

    def leave(self, session: str) -> None:
        """Hear that a session has gone away."""
        if session in self._known:
            self._left[session] = self._clock()

    def lost(self) -> set[str]:
        """Return the sessions whose grace period is over, and forget them."""
        now, lost = self._clock(), set()
        for session, since in self._left.copy().items():
            if now - since <= self._grace:
                continue
            there = self._is_there(session)
            if self._left.get(session) != since:  # heard of meanwhile
                continue
            self._left.pop(session, None)
            if not there:
                self._known.pop(session, None)
                lost.add(session)
        return lost

    def _is_there(self, session: str) -> bool:
        present = self._known.get(session)
        try:
            return present is not None and present()
        except Exception:
            _log.exception("it could not be found out whether a session is still there")
            return False
