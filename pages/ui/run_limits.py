"""What one run may ask of a server that others share: memory, and time that nobody else can have. No streamlit."""

from __future__ import annotations

import math

from cnncore.datasets import Dataset, split
from cnncore.network import AT_ONCE
from cnncore.training import TrainConfig
from cnncore.training_memory import training_bytes

MOST_STEPS = 200_000
"""Batches of a run: what was measured after each of them stays, some 150 bytes a batch."""
MOST_WORK = 4_000_000_000
"""Multiplications of one batch forwards; a turn can be no shorter than a batch, which takes some seconds then."""
MOST_BYTES = 500_000_000
"""Of one run, and of a page's look at it."""
KEPT_COPIES = 12
"""Numbers for each parameter beside the Trainer's: three checkpoints, with the optimizer's memory, and two views."""


def check(config: TrainConfig, dataset: Dataset) -> None:
    """Refuse a run that asks for too much.

    Raises
    ------
    ValueError
        With a sentence that says what is too large, and what helps.

    Examples
    --------
    >>> from cnncore.datasets import load
    >>> check(TrainConfig(), load("digits"))
    >>> check(TrainConfig(batch_size=1, epochs=1000), load("digits"))
    Traceback (most recent call last):
    ...
    ValueError: This run would take 1,078,000 batches; at most 200,000 are done here. Larger batches help.
    """
    plan = config.architecture.plan(dataset.shape, len(dataset.classes))
    pictures = len(split(dataset.labels).train)
    batch = min(config.batch_size, pictures)
    steps = math.ceil(pictures / config.batch_size) * config.epochs
    if steps > MOST_STEPS:
        raise ValueError(
            f"This run would take {steps:,} batches; at most {MOST_STEPS:,} are done here. Larger batches help."
        )
    work = batch * sum(layer.multiply_adds for layer in plan)
    if work > MOST_WORK:
        raise ValueError(
            f"One batch of {batch:,} would take {work / 1e6:,.0f} million multiplications; at most "
            f"{MOST_WORK / 1e6:,.0f} million are done here. Smaller batches, fewer filters, or pooling help."
        )
    size = needed(config, dataset) + 4 * AT_ONCE * sum(math.prod(layer.output_shape) for layer in plan)
    if size > MOST_BYTES:
        raise ValueError(
            f"This network would need some {size / 1e6:,.0f} MB to be trained and looked at; at most "
            f"{MOST_BYTES / 1e6:,.0f} MB are given to one run here. Smaller batches, fewer filters, pooling, or "
            "narrower dense layers help."
        )


def needed(config: TrainConfig, dataset: Dataset) -> int:
    """Return how many bytes a run needs while it is trained, roughly, without its pictures."""
    plan = config.architecture.plan(dataset.shape, len(dataset.classes))
    pictures = len(split(dataset.labels).train)
    kept = 4 * KEPT_COPIES * sum(layer.parameters for layer in plan)
    return kept + training_bytes(plan, batch_size=config.batch_size, pictures=pictures)


def our_own(config: TrainConfig) -> TrainConfig:
    """Return the settings as this process's own classes have them: a page whose source was reloaded has others.

    Examples
    --------
    >>> our_own(TrainConfig(seed=3)).seed
    3
    """
    return TrainConfig.from_dict(config.to_dict())
