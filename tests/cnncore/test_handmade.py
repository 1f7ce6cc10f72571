"""Hand-made first filters, and the optimizers' schedules and states."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from cnncore.handmade import HANDMADE, handmade_filters
from cnncore.kernels import PRESETS
from cnncore.optim import SGD, Adam, learning_rate_at


@pytest.mark.parametrize(("channels", "kernel"), [(1, (3, 3)), (3, (5, 4)), (2, (7, 7))])
def test_filters_are_the_presets_at_the_scale_of_random_ones(channels: int, kernel: tuple[int, int]) -> None:
    found = handmade_filters(25, channels, kernel)
    assert found.shape == (25, channels, *kernel)
    np.testing.assert_allclose((found**2).sum(axis=(1, 2, 3)), 2)
    assert (found == found[:, :1]).all()
    for number, filters in enumerate(found):
        preset = PRESETS[HANDMADE[number % len(HANDMADE)]].weights()
        product = sum(
            abs((filters[0, top : top + preset.shape[0], left : left + preset.shape[1]] * preset).sum())
            for top in [(kernel[0] - preset.shape[0]) // 2]
            for left in [(kernel[1] - preset.shape[1]) // 2]
        )
        assert product == pytest.approx(np.linalg.norm(filters[0]) * np.linalg.norm(preset))  # the same direction
    signs = [np.sign((found[number] * found[number + len(HANDMADE)]).sum()) for number in range(len(HANDMADE))]
    assert signs == [-1.0] * len(HANDMADE)
    assert len({filters.tobytes() for filters in found[: 2 * len(HANDMADE)]}) == 2 * len(HANDMADE)


def test_schedules() -> None:
    steps = range(100)
    assert {learning_rate_at("constant", 0.3, step, 100) for step in steps} == {0.3}
    cosine = [learning_rate_at("cosine", 0.3, step, 100) for step in steps]
    assert cosine[0] == 0.3
    assert cosine[50] == pytest.approx(0.15)
    assert all(earlier > later > 0 for earlier, later in pairwise(cosine))
    steady = [round(learning_rate_at("step", 0.3, step, 100), 6) for step in steps]
    assert [steady.count(rate) for rate in (0.3, 0.03, 0.003)] == [50, 25, 25]
    with pytest.raises(ValueError, match="`schedule`"):
        learning_rate_at("linear", 0.3, 0, 100)


@pytest.mark.parametrize("make", [lambda: SGD(3), lambda: SGD(3, momentum=0.9), lambda: Adam(3, weight_decay=0.1)])
def test_an_optimizer_goes_on_from_its_state(make) -> None:
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((6, 3))
    whole, parameters = make(), np.ones(3)
    for number, gradient in enumerate(gradients):
        if number == 3:
            state, moment = whole.state(), parameters.copy()
        whole.step(parameters, gradient, learning_rate=0.1)
    again = make()
    again.load_state(state)
    for gradient in gradients[3:]:
        again.step(moment, gradient, learning_rate=0.1)
    np.testing.assert_array_equal(moment, parameters)
    for foreign in ({"steps": 1}, {"steps": 1, "mean": np.zeros(2), "square": np.zeros(2), "velocity": np.zeros(5)}):
        with pytest.raises(ValueError, match="`state`"):
            make().load_state(foreign)
