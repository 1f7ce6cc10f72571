"""One run: its trainer, its checkpoints, and what is done in one of its turns. Imports no streamlit.

All but the posting of commands happens in the engine's thread, see `pages.ui.engine`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from cnncore.checkpoints import Checkpoint, CheckpointStore
from cnncore.training import TrainConfig, Trainer
from pages.ui.run_view import Row, RunView

TURN = 0.02  # seconds of one run before the next one has its turn
PUBLISH = 0.1  # seconds between two views of one run
WATCHED = 3.0  # seconds after somebody looked, in which the predictions are kept up to date
EVALUATION_SHARE = 0.05
"""Of the thread's time, at most, that the looks at validation for the screen may take, of all runs together."""
RATE_SPAN, MARK = 2.0, 0.05  # seconds over which the speed is measured, and between two notes of it
CATCH_UP = 0.25  # seconds of its pace that a run may catch up with
COMMANDS = ("play", "pause", "batch", "epoch", "again", "stop")
ENDED = ("finished", "stopped", "failed")

Clock = Callable[[], float]


class Run:
    """One run as the engine's thread knows it; scripts see its `view` only.

    Parameters
    ----------
    token : str
        Unguessable.
    number : int
        Which run of its session.
    owner : str
        The session.
    trainer : Trainer
    clock : callable
        Seconds.
    minutes : float
        Of work, after which it ends; 0 is never.
    pace : float or None
        Batches a second.
    origin : str
        Which run and step it goes on from.
    size : int
        Bytes, roughly, while it is trained.
    """

    def __init__(
        self,
        token: str,
        number: int,
        owner: str,
        trainer: Trainer,
        clock: Clock,
        *,
        minutes: float = 0.0,
        pace: float | None = None,
        origin: str = "",
        size: int = 0,
    ) -> None:
        self.token, self.number, self.owners = token, number, {owner}
        self.config, self.dataset = trainer.config, trainer.dataset
        self.trainer: Trainer | None = trainer
        self.minutes, self.pace, self.origin, self.size = minutes, pace, origin, size
        self.status, self.reason = "ready", ""
        self.commands: deque[tuple[str, Any]] = deque()
        self.asked = 0  # commands that were posted, and of these, obeyed
        self.answered = 0
        self.used = 0.0  # seconds of the thread's time, looks for the screen included: who has had least is next
        self.worked = 0.0  # seconds in which batches were learned from
        self.due = clock()  # when the next batch may begin, at this pace
        self.others = 0
        self.looked_at = clock()
        self._clock = clock
        self._settings = trainer.config.to_dict()
        self._sound = trainer.step_number  # the newest step whose weights gave a loss fit to be seen
        self._budget = 0.0  # batches still to be done before it pauses
        self._marks: deque[tuple[float, int, float]] = deque(maxlen=64)  # when, step, seconds of work
        self._published = -math.inf
        self._evaluation: tuple[int, Any] | None = None  # of which step, and the probabilities
        self._evaluated, self._evaluation_cost = -math.inf, 0.0
        self.store = _store(trainer)
        self.view = RunView(token=token, number=number)
        self.publish(evaluate=False)

    # Commands -------------------------------------------------------------------------------------------------------

    def post(self, name: str, value: Any = None) -> None:
        """Leave a command for the thread. The view is `pending` until it is taken up."""
        self.commands.append((name, value))
        self.asked += name != "pace"

    def seen(self) -> RunView:
        """Return the view, marked where a command is still on its way."""
        view = self.view
        return view if view.answered >= self.asked else replace(view, pending=True)

    def obey(self) -> None:
        """Take up all commands that were posted, and show what came of them."""
        while self.commands:
            name, value = self.commands.popleft()
            self.answered += name != "pace"
            self._obey(name, value)
        self._settle()
        self.publish()

    def _obey(self, name: str, value: Any) -> None:
        if name == "pace":
            self.pace, self.due = value, self._clock()
            self._marks.clear()
        elif name == "again":
            self._begin_again()
        elif self.trainer is None:
            return
        elif name == "stop":
            self.trainer.stop("Stopped by you.")
            self.status, self.reason = "stopped", self.trainer.reason
        elif name == "pause":
            self.status = "paused" if self.trainer.step_number else "ready"
        elif self.trainer.finished:
            self._end(self.trainer)
        else:
            steps = self.trainer.steps_per_epoch
            left = {"play": math.inf, "batch": 1, "epoch": steps - self.trainer.step_number % steps}
            self._budget, self.status, self.due = left[name], "running", self._clock()
            self._marks.clear()

    def _begin_again(self) -> None:
        """Go back to this run's own start: of one that went on from another, or from a file, it is not the seed's."""
        measured = self.view if self.trainer is None else self.trainer.history
        trainer = Trainer(self.config, self.dataset)
        go_on(trainer, self.store.start, measured.train, measured.validation)
        store = _store(trainer)  # whole before anybody sees it
        self.trainer, self.store = trainer, store
        self.status, self.reason, self.worked = "paused" if trainer.step_number else "ready", "", 0.0
        self._sound = trainer.step_number
        self._evaluation, self._evaluated = None, -math.inf
        self._marks.clear()
        if trainer.finished:
            self._end(trainer)

    # Work -----------------------------------------------------------------------------------------------------------

    @property
    def working(self) -> bool:
        """Whether there are batches to be learned from, now or when they are due."""
        return self.status == "running" and self.trainer is not None

    def ready(self, now: float) -> bool:
        """Whether a batch may begin."""
        return self.working and not (self.pace and now < self.due)

    def turn(self) -> None:
        """Learn from batches for one turn, as many as the pace allows; publish a view when it is time."""
        began = now = self._clock()
        while self.trainer is not None and self.ready(now) and now - began <= TURN and not self.commands:
            now = self._batch(self.trainer, now)
        if self.trainer is not None and (not self._marks or now - self._marks[-1][0] >= MARK):
            self._marks.append((now, self.trainer.step_number, self.worked))
        self._settle()
        if self.status != "running" or now - self._published >= PUBLISH:
            self.publish()

    def _batch(self, trainer: Trainer, now: float) -> float:
        """Learn from one batch, and return what time it is then."""
        before = trainer.step_number
        try:
            trainer.step()
            self._sound = before  # the loss of the weights that this step began with was fit to be seen
        except StopIteration:
            pass
        after = self._clock()
        if trainer.ran_away:
            self._go_back(trainer)
            return after
        self.worked += after - now
        self._budget -= 1
        if self.pace:
            self.due = max(self.due + 1 / self.pace, after - CATCH_UP)
        if self.minutes and self.worked >= 60 * self.minutes:
            trainer.stop(f"The {self.minutes:g} minutes are over.")
        newest = trainer.history.validation[-1:] or [(-1, 0.0, 0.0)]
        measured = newest[0][0] == trainer.step_number
        if measured or trainer.finished or self.store.wants(trainer.step_number, trainer.steps_per_epoch):
            self._keep(trainer, newest[0][1] if measured else None)
        if trainer.finished:
            self._end(trainer)
        elif self._budget <= 0:
            self.status = "paused"
        return after

    def _go_back(self, trainer: Trainer) -> None:
        """End a run that ran away. Its weights are those of an earlier step, and so it stands there again."""
        store = CheckpointStore(max_bytes=self.store.max_bytes)
        for step in self.store.steps():
            kept = self.store.at(step)
            if step <= self._sound:
                store.add(step, kept.state, loss=kept.loss, extra=kept.extra)
        trainer.step_number, self.store = self._sound, store
        if store.steps()[-1] != self._sound:
            self._keep(trainer, None)
        self._end(trainer)

    def _keep(self, trainer: Trainer, loss: float | None) -> None:
        seen = {"gradients": {name: values.copy() for name, values in trainer.gradients.items()}}
        self.store.add(trainer.step_number, trainer.state_dict(history=False), loss=loss, extra=seen)

    def _end(self, trainer: Trainer) -> None:
        self.status, self.reason = "stopped" if trainer.ran_away else "finished", trainer.reason

    def _settle(self) -> None:
        """Where it rests, keep the moment at which it does: one can go back to it, and on from it."""
        trainer = self.trainer
        if trainer is not None and not self.working and self.store.steps()[-1] != trainer.step_number:
            self._keep(trainer, None)

    def fail(self, reason: str) -> None:
        """End by an error, with a sentence. The last view stays, and so do the checkpoints."""
        self.status, self.reason, self.trainer = "failed", reason, None
        self.commands.clear()
        self.answered = self.asked
        self.view = replace(self.view, status=self.status, reason=reason, answered=self.answered)

    # What is seen ---------------------------------------------------------------------------------------------------

    def publish(self, *, evaluate: bool = True) -> None:
        """Make a new view, by swapping one reference; between two batches. An ended run lets its trainer go."""
        trainer, now = self.trainer, self._clock()
        if trainer is None:
            self.view = replace(self.view, answered=self.answered, pace=self.pace)
            return
        if evaluate:
            self._evaluate(trainer, now)
        moment = trainer.snapshot()
        rate, work_rate, left = self._speed(trainer)
        self.view = RunView(
            token=self.token,
            number=self.number,
            config=self._settings,
            status=self.status,
            reason=self.reason,
            origin=self.origin,
            step=moment.step,
            total_steps=trainer.total_steps,
            steps_per_epoch=trainer.steps_per_epoch,
            rate=rate,
            work_rate=work_rate,
            worked=self.worked,
            others=self.others,
            seconds_left=left,
            pace=self.pace,
            learning_rate=moment.learning_rate,
            arrays=moment.arrays,
            gradients=moment.gradients,
            start=self.store.start.state["arrays"],
            train=moment.train,
            validation=moment.validation,
            probabilities=None if self._evaluation is None else self._evaluation[1],
            evaluated=-1 if self._evaluation is None else self._evaluation[0],
            checkpoints=tuple(self.store.steps()),
            best=self.store.best.step,
            answered=self.answered,
        )
        self._published = now
        if self.status in ENDED:
            self.trainer = None  # most of its memory; the view and the checkpoints stay

    def _evaluate(self, trainer: Trainer, now: float) -> None:
        """Ask the network about the validation pictures, if somebody looks and it was not asked just now."""
        known = trainer.last_look
        if known is not None and (self._evaluation is None or known[0] > self._evaluation[0]):
            self._evaluation = (known[0], known[1].astype(np.float32))  # what the curve shows costs nothing more,
            self._evaluated = now  # and is as good as a look for the screen: the next one waits as long
        if self._evaluation is not None and self._evaluation[0] == trainer.step_number:
            return
        soon = self._evaluated + self._evaluation_cost * (1 + self.others) / EVALUATION_SHARE
        if self.working and (now - self.looked_at > WATCHED or now < soon):
            return
        self._evaluation = (trainer.step_number, trainer.evaluate("validation").probabilities.astype(np.float32))
        self._evaluated = self._clock()
        self._evaluation_cost = self._evaluated - now

    def _speed(self, trainer: Trainer) -> tuple[float, float, float | None]:
        """Return pictures a second of late, in a second of work, and the seconds that are left at this speed."""
        if not self.working or len(self._marks) < 2:
            return 0.0, 0.0, None
        last, step, worked = self._marks[-1]
        first, before, had = next(mark for mark in self._marks if last - mark[0] <= RATE_SPAN)
        if first == last:  # its batches take longer than that
            first, before, had = self._marks[-2]
        if step == before:
            return 0.0, 0.0, None
        batches, size = (step - before) / (last - first), self.config.batch_size
        work_rate = size * (step - before) / (worked - had) if worked > had else 0.0
        return size * batches, work_rate, (trainer.total_steps - trainer.step_number) / batches


def _store(trainer: Trainer) -> CheckpointStore:
    store = CheckpointStore()
    store.add(trainer.step_number, trainer.state_dict(history=False))
    return store


def go_on(trainer: Trainer, checkpoint: Checkpoint, train: Iterable[Row], validation: Iterable[Row]) -> None:
    """Let a Trainer go on from a checkpoint, with what had been measured up to it.

    Raises
    ------
    ValueError
        With a sentence, if its settings do not fit the checkpoint.
    """
    step = checkpoint.step
    if step > trainer.total_steps:
        raise ValueError(
            f"With epochs set to {trainer.config.epochs}, a run ends at step {trainer.total_steps:,}, before step "
            f"{step:,}: go on from an earlier moment, or with more epochs."
        )
    state = {
        **checkpoint.state,
        "train": [row for row in train if row[0] <= step],
        "validation": [row for row in validation if row[0] <= step],
    }
    if step < trainer.total_steps:
        state |= {"finished": False, "reason": "", "ran_away": False}
    try:
        trainer.load_state_dict(state)
    except ValueError:
        raise ValueError(
            "The run cannot go on from there with these settings: they are for another network or optimizer."
        ) from None


def checked_pace(pace: float | None) -> float | None:
    """Return a pace that a run can keep.

    Raises
    ------
    ValueError
        If it is neither None nor a number above 0.

    Examples
    --------
    >>> checked_pace(34)
    34.0
    """
    if pace is None:
        return None
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not (math.isfinite(pace) and pace > 0):
        raise ValueError(f"`pace` (={pace!r}) must be a number of batches a second above 0, or None")
    return float(pace)


def same_kind(config: TrainConfig, other: TrainConfig) -> bool:
    """Say whether a run with one of these settings can go on with the other: the network and the digits are the same.

    >>> same_kind(TrainConfig(), TrainConfig(learning_rate=0.1))
    True
    """
    return config.architecture == other.architecture and config.dataset == other.dataset
