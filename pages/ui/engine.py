"""One thread that trains everybody's networks, in turns, beside Streamlit's scripts. Imports no streamlit.

Scripts never touch a Trainer. They post commands, which the thread takes up between two batches, and read a
`pages.ui.run_view.RunView`: copies, published about ten times a second by swapping one reference. So nobody waits for
anybody, and what a page draws is one moment, not a mixture of two.

Turns go to the run that has had least of the thread's time: each gets an equal share, however long its batches take.

A run belongs to the sessions that know its token. When all of them have gone away, a grace period begins, within which
a reload, or a telephone that wakes up, finds the run again; then its work ends and its memory is freed.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cnncore.checkpoints import Checkpoint
from cnncore.datasets import Dataset, load
from cnncore.training import TrainConfig, Trainer
from pages.ui.attendance import Attendance
from pages.ui.run import COMMANDS, ENDED, Clock, Run, checked_pace, go_on, same_kind
from pages.ui.run_limits import check, needed, our_own
from pages.ui.run_view import RunView

GRACE = 40.0  # seconds after the last owner has gone
HOUSEKEEPING = 1.0
MOST_OWN = 8
"""Runs of one session."""
MOST_RUNS = 160
"""Runs of all together."""
WORK_BUDGET = 1_200_000_000
"""Bytes, roughly, of all networks that are trained or paused."""
CHECKPOINT_BUDGET = 300_000_000
"""Bytes of all checkpoints together; beyond it, every run's share shrinks."""
CREDIT = 0.1  # seconds of the thread's time that a run may have had less of, and make up for
GONE = "This run is no longer there: its page was closed for too long, or it was removed."

_log = logging.getLogger(__name__)


class Engine:
    """Runs, and the thread that takes them on in turns.

    Parameters
    ----------
    name : str
        Of the thread; `serving` finds the engine by it.
    clock : callable
        Seconds, for tests that turn time forward.
    effort : callable
        Seconds that the calling thread has worked: what the shares are shares of. Of the CPU, not of the clock, so that
        nobody is charged for what the machine does beside.
    threaded : bool
        Whether there is a thread; else whoever made the engine calls `round`.
    """

    def __init__(
        self, name: str = "training", *, clock: Clock = time.monotonic, effort: Clock = time.thread_time,
        threaded: bool = True,
    ) -> None:  # fmt: skip
        self._name, self._clock, self._effort, self._threaded = name, clock, effort, threaded
        self._runs: dict[str, Run] = {}
        self._attendance = Attendance(GRACE, clock)
        self._numbers: dict[str, int] = {}
        self._sentences: dict[str, list[str]] = {}
        self._lock = threading.Condition()
        self._thread: _Worker | None = None
        self.closed = False
        self._least = 0.0  # how much of the thread's time the run that was last to be chosen had had
        self._cleaned = clock()

    # What scripts call ------------------------------------------------------------------------------------------------

    def start(
        self, owner: str, config: TrainConfig, dataset: Dataset | None = None, *, minutes: float = 0.0,
        pace: float | None = None, play: bool = True, weights: Mapping[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """Begin a run and return its token.

        Parameters
        ----------
        owner : str
            The session.
        config, dataset
            As `cnncore.training.Trainer` takes them.
        minutes : float
            Of work, after which it ends; 0 is never.
        pace : float, optional
            Batches a second; as fast as it goes where it is None.
        play : bool
            Whether it begins at once, or waits for a command.
        weights : mapping, optional
            What it begins with instead of the seed's weights, as `cnncore.network.Network.state` gives them.

        Raises
        ------
        ValueError
            With a sentence, if the settings do not fit the pictures, or there is no room for another run.
        """
        config = our_own(config)
        if dataset is None and config.dataset != "own":
            dataset = load(config.dataset)
        if dataset is not None:
            check(config, dataset)
            self._make_room(owner, needed(config, dataset))
        trainer, origin = Trainer(config, dataset), ""
        if weights is not None:
            trainer.network.load(weights)
            origin = "a model file"
        return self._add(owner, trainer, minutes=minutes, pace=checked_pace(pace), play=play, origin=origin)

    def fork(self, owner: str, token: str, step: int, *, config: TrainConfig | None = None) -> str:
        """Begin a run that goes on from a checkpoint of another one, and return its token.

        With `config`, it goes on with these settings; the network and the digits must be the same.

        Raises
        ------
        ValueError
            With a sentence, if that run is gone, or the settings do not fit its checkpoint.
        """
        parent = self._find(token)
        checkpoint, trainer = parent.store.at(step), parent.trainer
        measured = parent.view if trainer is None else trainer.history  # in a view they are a moment behind
        train, validation = list(measured.train), list(measured.validation)
        config = parent.config if config is None else our_own(config)
        if not same_kind(config, parent.config):
            raise ValueError("A run can only go on with the network and the digits that it began with.")
        check(config, parent.dataset)
        self._make_room(owner, needed(config, parent.dataset))
        trainer = Trainer(config, parent.dataset)
        go_on(trainer, checkpoint, train, validation)
        origin = f"run {parent.number}, step {checkpoint.step:,}"
        return self._add(owner, trainer, minutes=parent.minutes, pace=parent.pace, play=True, origin=origin)

    def command(self, token: str, name: str) -> None:
        """Ask a run to "play", "pause", do one "batch" or "epoch", begin "again", or "stop" for good.

        What an ended run cannot do is not done, nor complained about.

        Raises
        ------
        ValueError
            If there is no such run or command.
        """
        if name not in COMMANDS:
            raise ValueError(f"There is no command “{name[:20]}”.")
        self._post(token, name)

    def set_pace(self, token: str, pace: float | None) -> None:
        """Let a run do so many batches a second, or as many as it can."""
        self._post(token, "pace", checked_pace(pace))

    def view(self, token: str) -> RunView | None:
        """Return the newest view of a run, or None if it is gone. Somebody is looking: it will be renewed."""
        run = self._runs.get(token)
        if run is None:
            return None
        run.looked_at = self._clock()
        return run.seen()

    def checkpoint(self, token: str, step: int) -> Checkpoint | None:
        """Return the checkpoint of a run at this step, or the last one before it; None if the run is gone."""
        run = self._runs.get(token)
        return None if run is None else run.store.at(step)

    def best(self, token: str) -> Checkpoint | None:
        """Return the checkpoint with the lowest loss on validation, or None if the run is gone."""
        run = self._runs.get(token)
        return None if run is None else run.store.best

    def dataset(self, token: str) -> Dataset | None:
        """Return the pictures that a run learns from, or None if it is gone."""
        run = self._runs.get(token)
        return None if run is None else run.dataset

    def runs_of(self, owner: str) -> list[RunView]:
        """Return the views of a session's runs, oldest first."""
        with self._lock:
            return [run.seen() for run in self._runs.values() if owner in run.owners]

    def remove(self, token: str) -> None:
        """End a run and forget it."""
        with self._lock:
            self._runs.pop(token, None)

    def sentences(self, owner: str) -> list[str]:
        """Return what a session has to be told, once."""
        return self._sentences.pop(owner, [])

    # Who is there -----------------------------------------------------------------------------------------------------

    def adopt(self, owner: str, token: str) -> bool:
        """Make a session an owner of a run, by its token; say whether there is such a run.

        The runs that belong with it come along: a reload makes a new session of the same person, and they find all.
        """
        with self._lock:
            found = self._runs.get(token)
            if found is None:
                return False
            if owner not in found.owners:
                family = [run for run in self._runs.values() if run.owners & found.owners]
                for run in family:
                    run.owners.add(owner)
                self._attendance.renew(owner)
                self._numbers[owner] = max(self._numbers.get(owner, 0), *(run.number for run in family))
            return True

    def renew(self, owner: str, present: Callable[[], bool] | None = None) -> None:
        """Hear from a session: it is there. See `pages.ui.attendance.Attendance.renew`."""
        self._attendance.renew(owner, present)

    def leave(self, owner: str) -> None:
        """Hear that a session has gone away; unless it is heard of again, its runs end after the grace period."""
        self._attendance.leave(owner)

    def close(self) -> None:
        """End the thread and forget all runs."""
        with self._lock:
            self.closed = True
            self._runs.clear()
            self._lock.notify_all()

    # Within -----------------------------------------------------------------------------------------------------------

    def _find(self, token: str) -> Run:
        run = self._runs.get(token)
        if run is None:
            raise ValueError(GONE)
        return run

    def _post(self, token: str, name: str, value: float | None = None) -> None:
        with self._lock:
            self._find(token).post(name, value)
            self._wake()

    def _add(
        self, owner: str, trainer: Trainer, *, minutes: float, pace: float | None, play: bool, origin: str = ""
    ) -> str:
        token = secrets.token_urlsafe(18)
        with self._lock:
            number = self._numbers[owner] = self._numbers.get(owner, 0) + 1
            self._attendance.renew(owner)
        size = needed(trainer.config, trainer.dataset)
        run = Run(
            token, number, owner, trainer, self._clock, minutes=minutes, pace=pace, origin=origin, size=size
        )  # its first view is made here, while nobody is kept waiting
        if play:
            run.post("play")
        with self._lock:
            self._runs[token] = run
            self._wake()
        return token

    def _make_room(self, owner: str, size: int) -> None:
        """Forget the oldest run of this session that has ended, if it has too many; refuse where there is no room."""
        with self._lock:
            own = [run for run in self._runs.values() if owner in run.owners]
            ended = [run for run in own if run.status in ENDED and not run.commands]
            if len(own) >= MOST_OWN and not ended:
                raise ValueError(f"{MOST_OWN} of your runs are training or paused already: stop or remove one first.")
            if len(self._runs) >= MOST_RUNS and not ended:
                raise ValueError(f"{MOST_RUNS} runs are kept on this server already: try again in a few minutes.")
            trained = [run.size for run in self._runs.values() if run.trainer is not None]
            if sum(trained) + size > WORK_BUDGET:
                raise ValueError(
                    f"{len(trained)} networks are being trained on this server, and there is no memory left for "
                    "another one: try again in a few minutes, or with a smaller network."
                )
            if len(own) >= MOST_OWN or len(self._runs) >= MOST_RUNS:
                del self._runs[ended[0].token]
                self._sentences.setdefault(owner, []).append(
                    f"Run {ended[0].number} was forgotten to make room: {MOST_OWN} runs are kept."
                )

    # The thread -------------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self._threaded and not self.closed and (self._thread is None or not self._thread.is_alive()):
            self._thread = _Worker(self, self._name)
            self._thread.start()
        self._lock.notify_all()

    def round(self) -> bool:
        """Obey what was posted, then give the next run its turn, or wait where there is nothing to do.

        A method of its own, so that the thread holds on to nothing of a run that was removed meanwhile. Returns
        whether to go on.
        """
        for run in self._called():  # all of them, before any batch: an answer waits for one turn at most
            self._guarded(run, self._obey)
        with self._lock:
            chosen, pause = self._choose()
            if chosen is None and self._threaded and not self.closed:
                self._lock.wait(pause)
        if chosen is not None:
            self._guarded(chosen, Run.turn)
        if self._clock() - self._cleaned >= HOUSEKEEPING:
            self._cleaned = self._clock()
            self.clean()
        return not self.closed

    def _called(self) -> list[Run]:
        with self._lock:
            return [run for run in self._runs.values() if run.commands]

    def _choose(self) -> tuple[Run | None, float]:
        """Return the run whose turn it is, or None and for how many seconds there is nothing to do."""
        now = self._clock()
        working = [run for run in self._runs.values() if run.working]
        for run in working:
            run.others = len(working) - 1
        ready = [run for run in working if run.ready(now)]
        if not ready:
            called = any(run.commands for run in self._runs.values())
            waits = [0.0 if called else HOUSEKEEPING, *(run.due - now for run in working)]
            return None, max(0.0, min(waits))
        run = min(ready, key=lambda run: run.used)
        self._least = max(self._least, run.used)
        run.used = max(run.used, self._least - CREDIT)
        return run, 0.0

    def _obey(self, run: Run) -> None:
        worked = run.working
        run.obey()
        if run.working and not worked:
            run.used = max(run.used, self._least)  # what it did not use while it rested is not made up for

    def _guarded(self, run: Run, work: Callable[[Run], None]) -> None:
        """Work for a run; what goes wrong in it ends this run alone."""
        began = self._effort()
        try:
            work(run)
        except Exception:  # its traceback is for the log, not for the person
            _log.exception("a run ended by an error")
            run.fail("This run was ended by an error on the server.")
        run.used += self._effort() - began

    # Housekeeping -----------------------------------------------------------------------------------------------------

    def clean(self) -> None:
        """Forget the runs whose owners have all been gone for longer than the grace period; bound the checkpoints."""
        lost = self._attendance.lost()
        with self._lock:
            for owner in lost:
                self._numbers.pop(owner, None)
                self._sentences.pop(owner, None)
            for run in list(self._runs.values()):
                run.owners -= lost
                if not run.owners:
                    del self._runs[run.token]
            runs = list(self._runs.values())
        if sum(run.store.size for run in runs) > CHECKPOINT_BUDGET:
            for run in runs:
                run.store.shrink(CHECKPOINT_BUDGET // len(runs))


class _Worker(threading.Thread):
    """The thread of an engine. It is what keeps the engine, where nothing else does."""

    def __init__(self, engine: Engine, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.engine = engine

    def run(self) -> None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)  # small products are fastest on one thread, and the other core serves the pages
        going = True
        while going:
            try:
                going = self.engine.round()
            except Exception:
                _log.exception("a round of training failed")
                time.sleep(HOUSEKEEPING)


def serving(name: str) -> Engine | None:
    """Return the engine whose thread has this name, if there is one at work in this process."""
    for thread in threading.enumerate():
        engine: Engine | None = getattr(thread, "engine", None)
        if thread.name == name and engine is not None and not engine.closed:
            return engine
    return None
