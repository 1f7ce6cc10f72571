"""One weight's gradient, taken apart, tried, and stepped: against the whole network, loops, and the run itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from cnncore.optim import SGD, Adam
from cnncore.training import TrainConfig, Trainer
from cnncore.weight_story import check_by_trying, gradient_of, tell_next_step, update_of
from tests.cnncore.architectures import architectures, draw_weights

RICH = Architecture(
    (
        ConvBlock(3, (3, 2), stride=(1, 2), batch_norm=True, pool="max", dropout=0.3),
        ConvBlock(4, 2, padding=((0, 2), (1, 0)), activation="tanh", pool="average"),
    ),
    dense=(7,),
)


def drawn_network(drawn: Any, seed: int) -> tuple[Network, np.ndarray, np.ndarray]:
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=3, dtype=np.float64)
    rng = np.random.default_rng(seed)
    draw_weights(network, rng)
    return network, rng.standard_normal((4, *shape)), rng.integers(0, 3, 4)


def any_index(values: np.ndarray, rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(rng.integers(n)) for n in values.shape)


# The gradient --------------------------------------------------------------------------------------------------------


@given(architectures(), st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_the_parts_sum_to_the_gradient(drawn: Any, training: bool, seed: int) -> None:
    network, x, labels = drawn_network(drawn, seed)
    kept = network.state()
    loss, wanted = network.copy().loss_and_gradients(x, labels, training=training, rng=np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    for name, values in network.parameters().items():
        index = any_index(values, rng)
        found = gradient_of(network, x, labels, name, index, training=training, rng=np.random.default_rng(seed))
        assert found.inputs.shape == found.upstream.shape
        assert found.per_image.shape == (4,)
        assert (found.loss, found.value) == (pytest.approx(loss, rel=1e-12), values[index])
        assert found.total == pytest.approx(wanted[name][index], rel=1e-9, abs=1e-12 * (1 + abs(wanted[name]).max()))
    for name, values in network.state().items():
        np.testing.assert_array_equal(values, kept[name])


@given(architectures(), st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_each_pictures_part_is_its_own_gradient(drawn: Any, seed: int) -> None:
    """As at inference pictures do not mix: alone, each has N times the gradient that it adds to the mean of N."""
    network, x, labels = drawn_network(drawn, seed)
    rng = np.random.default_rng(seed)
    for name, values in network.parameters().items():
        index = any_index(values, rng)
        found = gradient_of(network, x, labels, name, index, training=False).per_image
        alone = [
            network.loss_and_gradients(x[n : n + 1], labels[n : n + 1])[1][name][index] / len(x) for n in range(len(x))
        ]
        np.testing.assert_allclose(found, alone, rtol=1e-9, atol=1e-12)


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(["valid", "same", 2, ((0, 1), (2, 0))]),
    st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_what_a_convolutions_weight_meets(kernel: Any, stride: Any, padding: Any, seed: int) -> None:
    network = Network(
        Architecture((ConvBlock(2, kernel, stride=stride, padding=padding),)), input_shape=(2, 6, 7), classes=3
    )
    rng = np.random.default_rng(seed)
    x, index = rng.random((3, 2, 6, 7)), any_index(network.parameters()["conv1.weight"], rng)
    found = gradient_of(network, x, [0, 1, 2], "conv1.weight", index)
    (top, _), (left, _) = network.plan[0].detail["padding"]
    _, c, i, j = index
    for n, y, column in np.ndindex(found.inputs.shape):
        row, place = y * stride[0] + i - top, column * stride[1] + j - left
        wanted = x[n, c, row, place] if 0 <= row < 6 and 0 <= place < 7 else 0
        assert found.inputs[n, y, column] == wanted
    rows, columns = found.inputs.shape[1:]
    np.testing.assert_array_equal(found.planes[:, top : top + 6, left : left + 7], x[:, c])
    cut = found.planes[:, found.offset[0] :: stride[0], found.offset[1] :: stride[1]][:, :rows, :columns]
    np.testing.assert_array_equal(cut, found.inputs)


# The check by trying -------------------------------------------------------------------------------------------------


@given(architectures(), st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_trying_agrees(drawn: Any, training: bool, seed: int) -> None:
    network, x, labels = drawn_network(drawn, seed)

    def dropping() -> np.random.Generator:
        return np.random.default_rng(seed)

    rng = np.random.default_rng(seed)
    for name, values in network.parameters().items():
        index = any_index(values, rng)
        wanted = gradient_of(network, x, labels, name, index, training=training, rng=dropping()).total
        check = check_by_trying(network, x, labels, name, index, training=training, dropping=dropping)
        if check.kink or abs(check.slope_above - check.slope_below) > 1e-2:
            continue  # another corner lies within the step, or right here
        assert check.slope == pytest.approx(wanted, rel=1e-4, abs=1e-6)
        assert check.loss_here == pytest.approx(
            network.copy().loss_and_gradients(x, labels, training=training, rng=dropping())[0], rel=1e-12
        )


def test_a_corner_is_told_from_a_bend() -> None:
    """Where a picture is black and the bias 0, the ReLU's input is exactly 0: moving the bias has two slopes."""
    network = Network(Architecture((ConvBlock(2),)), classes=3, seed=1)
    x = np.zeros((2, 1, 8, 8))
    check = check_by_trying(network, x, [0, 1], "conv1.bias", (0,))
    assert check.kink
    assert check.slope_below == 0
    assert abs(check.slope_above) > 1e-3
    gradient = gradient_of(network, x, [0, 1], "conv1.bias", (0,)).total
    low, high = sorted([check.slope_below, check.slope_above])
    assert low - 1e-9 <= gradient <= high + 1e-9
    for name, index in (("logits.bias", (1,)), ("logits.weight", (0, 5)), ("conv1.weight", (0, 0, 1, 1))):
        assert not check_by_trying(network, x, [0, 1], name, index).kink


# The step ------------------------------------------------------------------------------------------------------------

SETTINGS = {
    "adam": {"optimizer": "adam", "weight_decay": 0.01},
    "momentum": {"optimizer": "sgd", "momentum": 0.8, "weight_decay": 0.02, "learning_rate": 0.05},
    "sgd": {"optimizer": "sgd", "momentum": 0.0, "schedule": "constant"},
    "dropout and batch norm": {"architecture": RICH, "schedule": "step"},
}


@pytest.mark.parametrize("case", SETTINGS)
@pytest.mark.parametrize("steps", [0, 3])
def test_the_run_then_does_what_was_told(case: str, steps: int) -> None:
    trainer = Trainer(TrainConfig(epochs=1, batch_size=20, **SETTINGS[case]))
    for _ in range(steps):
        trainer.step()
    rng = np.random.default_rng(steps)
    asked = {name: any_index(values, rng) for name, values in trainer.network.parameters().items()}
    before = trainer.state_dict()
    told = {name: tell_next_step(trainer, name, index) for name, index in asked.items()}
    assert_same(trainer.state_dict(), before)
    loss = trainer.step().loss
    for name, index in asked.items():
        story, update = told[name], told[name].update
        assert update.after == trainer.network.parameters()[name][index]
        assert update.gradient == trainer.gradients[name][index]
        assert update.before == story.gradient.value == before["arrays"][name][index]
        assert update.number == steps + 1
        assert story.gradient.loss == pytest.approx(loss, rel=1e-5)
        assert story.gradient.total == pytest.approx(update.gradient, rel=1e-3, abs=1e-6)
        assert story.images.shape == (20, 1, 8, 8)
        if not story.check.kink and abs(story.check.slope_above - story.check.slope_below) < 1e-4:
            assert story.check.slope == pytest.approx(story.gradient.total, rel=1e-3, abs=1e-6)


def assert_same(found: Any, wanted: Any) -> None:
    assert type(found) is type(wanted)
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for name, value in wanted.items():
            assert_same(found[name], value)
    elif isinstance(wanted, np.ndarray):
        np.testing.assert_array_equal(found, wanted)
    else:
        assert found == wanted


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(3, weight_decay=0.1),
        SGD(3, momentum=0.7, weight_decay=0.1),
        Adam(3, weight_decay=0.1),
        Adam(3, betas=(0.5, 0.6), epsilon=0.1),
    ],
)
def test_the_numbers_on_the_way_give_the_step(optimizer: SGD | Adam) -> None:
    """The formulas, in Python, from what is told: each number from those before it, and the next step from the last."""
    rng = np.random.default_rng(0)
    weights, last = rng.standard_normal(3), None
    for number in range(1, 5):
        gradient = rng.standard_normal(3)
        told = update_of(optimizer, 1, weights[1], gradient[1], 0.2)
        optimizer.step(weights, gradient, learning_rate=0.2)
        assert told.number == number
        assert told.after == weights[1]
        assert told.change == told.after - told.before
        assert told.decayed == pytest.approx(told.gradient + told.weight_decay * told.before, rel=1e-14)
        if told.kind == "adam":
            b1, b2 = told.betas
            mean = b1 * told.mean_before + (1 - b1) * told.decayed
            square = b2 * told.square_before + (1 - b2) * told.decayed**2
            assert (told.mean, told.square) == (pytest.approx(mean, rel=1e-12), pytest.approx(square, rel=1e-12))
            assert told.mean_corrected == pytest.approx(mean / (1 - b1**number), rel=1e-12)
            assert told.square_corrected == pytest.approx(square / (1 - b2**number), rel=1e-12)
            step = 0.2 * told.mean_corrected / (math.sqrt(told.square_corrected) + told.epsilon)
            assert last is None or (told.mean_before, told.square_before) == (last.mean, last.square)
        elif told.kind == "momentum":
            assert told.velocity == pytest.approx(0.7 * told.velocity_before + told.decayed, rel=1e-12)
            assert last is None or told.velocity_before == last.velocity
            step = 0.2 * told.velocity
        else:
            step = 0.2 * told.decayed
        assert told.change == pytest.approx(-step, rel=1e-9)
        last = told


def test_a_frozen_weight_takes_no_step() -> None:
    trainer = Trainer(TrainConfig(freeze_first=True, first_layer="presets"))
    assert tell_next_step(trainer, "conv1.weight", (0, 0, 1, 1)).update is None
    assert tell_next_step(trainer, "conv1.bias", (15,)).update is None
    after = tell_next_step(trainer, "conv2.weight", (0, 0, 0, 0)).update.after
    trainer.step()
    assert trainer.network.parameters()["conv2.weight"][0, 0, 0, 0] == after


def test_what_is_refused() -> None:
    trainer = Trainer(TrainConfig(epochs=1, batch_size=1024, stop_accuracy=0.0))
    for name, index, words in (
        ("conv9.weight", (0,), "no parameter 'conv9.weight'; there are conv1.weight"),
        ("conv1.weight", (0, 0), r"`index` \(=\(0, 0\)\) must have 4 numbers"),
        ("conv1.weight", (0, 0, 0, 3), "lies outside 'conv1.weight', whose shape is"),
        ("conv1.weight", (0, 0, 0, -1), "`index`"),
        ("conv1.weight", (0, 0, 0, 1.5), "`index`"),
    ):
        with pytest.raises(ValueError, match=words):
            tell_next_step(trainer, name, index)
    with pytest.raises(ValueError, match=r"`step` \(=0\) must be a number above 0"):
        tell_next_step(trainer, "conv1.bias", (0,), step=0)
    with pytest.raises(ValueError, match="this network takes"):
        gradient_of(trainer.network, np.zeros((1, 1, 9, 9)), [0], "conv1.bias", (0,))
    with pytest.raises(ValueError, match="outside the optimizer's vector"):
        update_of(Adam(2), 2, 1.0, 1.0, 0.1)
    while not trainer.finished:
        trainer.step()
    with pytest.raises(ValueError, match="takes no further step: "):
        tell_next_step(trainer, "conv1.bias", (0,))
    wild = Trainer(TrainConfig(optimizer="sgd", learning_rate=1e6, shift=0, rotate=0))
    wild.step()
    with pytest.raises(ValueError, match="takes no further step: Stopped"):
        tell_next_step(wild, "conv1.bias", (0,))
