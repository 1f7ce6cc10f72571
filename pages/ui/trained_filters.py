"""The first filters of the network that the person trained last, for pages that show filters."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.images import GRAY_WEIGHTS
from pages.ui import runner


@dataclass(frozen=True, eq=False)
class TrainedFilters:
    """First filters of a run, laid over R, G and B.

    Parameters
    ----------
    title : str
    key : tuple
        Names these very weights.
    weights : ndarray, shape (F, 3, KH, KW)
        The network sees grey digits: each plane is the filter times its channel's share of grey.
    """

    title: str
    key: tuple[Any, ...]
    weights: NDArray[np.float64]


def trained_filters() -> TrainedFilters | None:
    """Return the first filters of this session's newest run, as they are now; None before it has learned anything."""
    if "pages.ui.engine" not in sys.modules:  # nobody has trained on this server: do not load what that takes
        return None
    engine, owner = runner.arrive()
    views = [view for view in engine.runs_of(owner) if view.step]
    if not views:
        return None
    view = views[-1]
    grey = np.asarray(view.arrays["conv1.weight"], np.float64).mean(axis=1)
    weights = grey[:, None] * np.asarray(GRAY_WEIGHTS)[None, :, None, None]
    return TrainedFilters(f"Run {view.number}, step {view.step:,}", (view.token, view.step), weights)
