"""What a page sees of a run: plain numbers, words and copies of arrays, of one moment. Imports no streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = tuple[int, float, float]


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as of one moment.

    Parameters
    ----------
    token : str
        Unguessable: who knows it may watch the run and command it, from as many tabs as they like.
    number : int
        Which run of its session, from 1.
    config : dict
        `cnncore.training.TrainConfig.to_dict`.
    status : str
        "ready", "running", "paused", "finished", "stopped" or "failed".
    pending : bool
        Whether a command was posted that has not been taken up yet.
    reason : str
        Why it ended, a sentence.
    origin : str
        Which run and step it went on from, if it did.
    step, total_steps, steps_per_epoch : int
    rate : float
        Pictures a second, of late.
    work_rate : float
        Pictures in a second of work, of late: without what it waits for its pace, or for others.
    worked : float
        Seconds of work so far.
    others : int
        How many other runs it takes turns with.
    seconds_left : float or None
        At the rate of late; None where it is not known.
    pace : float or None
        Batches a second that were wished for.
    arrays, gradients : mapping of str to ndarray
        Parameters (and buffers), and the gradient of the newest batch.
    start : mapping of str to ndarray
        Parameters at the start of the run.
    train, validation : tuple of (step, loss, accuracy)
    probabilities : ndarray or None
        On the validation pictures, shape (N, classes), as of step `evaluated`.
    checkpoints : tuple of int
        Steps that the time machine can go to.
    best : int
        The one with the lowest loss on validation.
    answered : int
        How many commands had been taken up.
    """

    token: str
    number: int
    config: Mapping[str, Any] = field(default_factory=dict)
    status: str = "ready"
    pending: bool = False
    reason: str = ""
    origin: str = ""
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 1
    rate: float = 0.0
    work_rate: float = 0.0
    worked: float = 0.0
    others: int = 0
    seconds_left: float | None = None
    pace: float | None = None
    learning_rate: float = 0.0
    arrays: Mapping[str, Any] = field(default_factory=dict)
    gradients: Mapping[str, Any] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)
    train: tuple[Row, ...] = ()
    validation: tuple[Row, ...] = ()
    probabilities: Any = None
    evaluated: int = -1
    checkpoints: tuple[int, ...] = ()
    best: int = 0
    answered: int = 0

    @property
    def epoch(self) -> float:
        """Times that every training picture has been seen."""
        return self.step / self.steps_per_epoch

    @property
    def alive(self) -> bool:
        """Whether more will come without another command."""
        return self.status == "running" or self.pending

    @property
    def held_up(self) -> bool:
        """Whether it gets on clearly more slowly than it could and should, because others have their turns."""
        wanted = self.work_rate
        if self.pace is not None:
            wanted = min(wanted, self.pace * self.config.get("batch_size", 1))
        return self.status == "running" and self.others > 0 and 0 < self.rate < 0.7 * wanted
