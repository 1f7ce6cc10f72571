"""What one run may ask of a server that others share: memory, and time that nobody else can have. No streamlit."""

from __future__ import annotations

import math

from cnncore.architecture import LayerPlan
from cnncore.datasets import Dataset, split
from cnncore.training import TrainConfig

MOST_STEPS = 200_000
"""Batches of a run: what was measured after each of them stays, some 150 bytes a batch."""
MOST_WORK = 4_000_000_000
"""Multiplications of one batch forwards; a turn can be no shorter than a batch, which takes some seconds then."""
MOST_BYTES = 400_000_000
"""Of one run."""
COPIES = 21
"""Numbers for each parameter: trained on, optimizer, gradient, three checkpoints at least, two views."""
PASSES = 2.6
"""Numbers for each output of a layer and picture of a batch, forwards and backwards; measured, 1.2 to 2.6."""


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
    size = memory(plan, batch)
    if size > MOST_BYTES:
        raise ValueError(
            f"This network would need some {size / 1e6:,.0f} MB to be trained; at most {MOST_BYTES / 1e6:,.0f} MB are "
            "given to one run here. Smaller batches, pooling, or narrower dense layers help."
        )


def needed(config: TrainConfig, dataset: Dataset) -> int:
    """Return how many bytes a run needs, roughly."""
    plan = config.architecture.plan(dataset.shape, len(dataset.classes))
    return memory(plan, min(config.batch_size, len(dataset.labels)))


def memory(plan: tuple[LayerPlan, ...], batch: int) -> int:
    """Return how many bytes a network with these layers needs while it is trained, roughly."""
    parameters = sum(layer.parameters for layer in plan)
    outputs = math.prod(plan[0].input_shape) + sum(math.prod(layer.output_shape) for layer in plan)
    return round(4 * (COPIES * parameters + PASSES * batch * outputs))
