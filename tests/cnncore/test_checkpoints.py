"""What is kept of a run: never too much, the start and the best always, denser where more happens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.architecture import Architecture, ConvBlock
from cnncore.checkpoints import CheckpointStore
from cnncore.training import TrainConfig, Trainer


@given(
    st.integers(3, 12),
    st.integers(300, 3000),
    st.lists(st.tuples(st.integers(1, 50), st.none() | st.floats(0, 5), st.integers(1, 60)), max_size=60),
)
@settings(max_examples=100, deadline=None)
def test_it_stays_within_its_bounds_and_keeps_what_matters(limit: int, max_bytes: int, moments) -> None:
    store = CheckpointStore(limit, max_bytes)
    store.add(0, {"weights": np.zeros(10)})
    step, added = 0, {0: None}
    for ahead, loss, size in moments:
        step += ahead
        store.add(step, {"weights": np.zeros(size)}, loss=loss)
        added[step] = loss
        kept = store.steps()
        assert kept == sorted(set(kept))
        assert set(kept) <= set(added)
        assert (kept[0], kept[-1]) == (0, step)
        assert len(kept) <= limit
        assert store.size <= max_bytes or len(kept) <= 3
        losses = [value for value in added.values() if value is not None]
        if losses:
            assert store.best.loss == min(losses)
            assert store.best.step in kept
    for asked in range(step + 5):
        assert store.at(asked).step == max(kept for kept in store.steps() if kept <= asked)


def test_a_long_run_is_dense_at_its_start() -> None:
    store = CheckpointStore()
    for step in range(20_001):
        if store.wants(step, 34):
            store.add(step, {"weights": np.zeros(1)})
    steps = store.steps()
    assert 150 <= len(steps) <= 200
    gaps = np.diff(steps)
    assert gaps[:5].max() <= 20
    assert gaps[: len(gaps) // 4].mean() < gaps[-len(gaps) // 4 :].mean() / 3
    assert gaps.max() < 20_000 / 40


def test_a_short_run_is_kept_nearly_whole() -> None:
    store = CheckpointStore()
    for step in range(60):
        if store.wants(step, 34):
            store.add(step, {})
    assert store.steps()[:10] == list(range(10))


def test_a_step_is_replaced_and_order_is_held() -> None:
    store = CheckpointStore()
    store.add(0, {"a": 1})
    store.add(3, {"a": 2}, loss=1.0)
    store.add(3, {"a": 3})
    assert store.at(3).state == {"a": 3}
    assert store.best.step == 3
    with pytest.raises(ValueError, match="`step`"):
        store.add(2, {})
    with pytest.raises(ValueError, match="`limit`"):
        CheckpointStore(2)


def test_a_run_goes_on_from_a_checkpoint() -> None:
    config = TrainConfig(architecture=Architecture((ConvBlock(3, pool="max"),)), epochs=1, batch_size=100)
    trainer, store = Trainer(config), CheckpointStore()
    while not trainer.finished:
        store.add(trainer.step_number, trainer.state_dict(history=False))
        trainer.step()
    fork = Trainer(config)
    fork.load_state_dict(store.at(4).state)
    while not fork.finished:
        fork.step()
    assert all(np.array_equal(values, trainer.network.state()[name]) for name, values in fork.network.state().items())
    assert fork.history.train == trainer.history.train[4:]
