"""What the film of training is told, held against plain reckoning; and what comes back from it, checked."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from pages.ui.training_curves import MOST_POINTS, NEWEST, Curve
from pages.ui.training_data import Look, Moment, Pictures, Player, data
from pages.ui.training_digits import PAGE
from pages.ui.training_messages import Command, read_command, read_look, read_open, read_seek
from pages.ui.training_views import BINS, histograms_part, maps_part, whole_part

ARCHITECTURE = Architecture((ConvBlock(4, (1, 3), pool="max"), ConvBlock(6, 3, activation="tanh")), dense=(5,))


def unpacked(packed: bytes) -> dict[str, Any]:
    size = int.from_bytes(packed[:4], "little")
    message = json.loads(packed[4 : 4 + size])
    at = 4 + size
    for name, length in message["bytes"].items():
        message[name] = packed[at : at + length]
        at += length
    assert at == len(packed)
    return dict(message)


def moment(seed: int = 0, step: int = 7) -> tuple[Moment, Pictures]:
    rng = np.random.default_rng(seed)
    net, first = (Network(ARCHITECTURE, seed=each) for each in (1, 2))
    pictures = Pictures(rng.random((40, 1, 8, 8), np.float32), rng.integers(0, 10, 40), list("0123456789"))
    gradients = {name: rng.normal(size=array.shape) for name, array in net.parameters().items()}
    activations = net.activations(pictures.images[3:4])
    probabilities = net.predict_proba(pictures.images)
    return Moment(step, net.plan, net.state(), first.state(), activations, probabilities, gradients), pictures


def message(**look: Any) -> tuple[dict[str, Any], Moment, Pictures]:
    shown, pictures = moment()
    player = Player("run", "training", 9, 100, 10, rate=1200.0, left=7.5, checkpoints=(0, 1, 5), asked=7)
    curve = Curve("This run", steps_per_epoch=10)
    curve.follow([(1, 2.0, 0.1), (2, 1.0, 0.5)], [(2, 1.5, 0.25)])
    return unpacked(data(player, shown, [curve, curve], pictures, Look(**look))), shown, pictures


def test_the_first_layers_filters_come_with_their_start_and_their_change() -> None:
    said, shown, _ = message(digit=3)
    now, start = (np.asarray(arrays["conv1.weight"]) for arrays in (shown.arrays, shown.start))
    part = said["filters"]
    assert (part["planes"], part["channels"], part["rows"], part["cols"]) == (4, 1, 1, 3)
    np.testing.assert_array_equal(np.frombuffer(said["filters_now"], "<f4").reshape(4, 1, 3), now[:, 0])
    bound = max(np.abs(now).max(), np.abs(start).max())
    assert part["bound"] == pytest.approx(bound)
    back = (np.frombuffer(said["filters_start"], np.uint8).astype(float) - 128) / 127 * bound
    np.testing.assert_allclose(back.reshape(4, 1, 3), start[:, 0], atol=bound / 250)
    np.testing.assert_allclose(part["changes"], [np.mean(np.abs(now[i] - start[i])) for i in range(4)], atol=1e-5)


def test_a_deeper_layer_shows_the_planes_of_one_filter_and_places_out_of_range_are_brought_in() -> None:
    said, shown, _ = message(layer="conv2", filter=99, digit=3)
    part = said["filters"]
    assert (part["layer"], part["filter"], part["filters"], part["planes"]) == ("conv2", 5, 6, 4)
    planes = np.frombuffer(said["filters_now"], "<f4").reshape(4, 3, 3)
    np.testing.assert_array_equal(planes, shown.arrays["conv2.weight"][5])
    assert message(layer="conv9")[0]["filters"]["layer"] == "conv1"
    assert [layer["name"] for layer in part["layers"]] == ["conv1", "conv2"]


@pytest.mark.parametrize(
    ("layer", "scale"), [("", "amount"), ("relu1", "amount"), ("tanh2", "signed"), ("pool1", "amount")]
)
def test_maps_are_the_layers_activations_on_one_scale(layer: str, scale: str) -> None:
    said, shown, pictures = message(maps=layer, digit=3)
    part = said["maps"]
    maps = np.asarray(shown.activations[layer or "relu1"])[0]
    assert (part["scale"], part["count"], part["rows"], part["cols"]) == (scale, *maps.shape)
    levels = np.frombuffer(said["maps_levels"], np.uint8).reshape(maps.shape).astype(float)
    zero, top = (128, 127) if scale == "signed" else (0, 255)
    np.testing.assert_allclose((levels - zero) / top * part["bound"], maps, atol=0.51 * part["bound"] / top)
    np.testing.assert_allclose(part["highs"], np.abs(maps).max(axis=(1, 2)), rtol=1e-3)
    assert (part["read"], part["label"]) == (int(shown.probabilities[3].argmax()), int(pictures.labels[3]))
    assert part["share"] == pytest.approx(float(shown.probabilities[3].max()), rel=1e-5)
    np.testing.assert_array_equal(
        np.frombuffer(said["digit_levels"], np.uint8).reshape(8, 8), np.rint(pictures.images[3, 0] * 255)
    )


def test_many_large_maps_come_as_means_of_two_by_two() -> None:
    shown, pictures = moment()
    maps = np.random.default_rng(3).random((1, 48, 27, 28))
    plan = [layer for layer in shown.plan if layer.name == "relu1"]
    part = maps_part(plan, {"relu1": maps, "logits": np.zeros((1, 10))}, "", pictures.images, pictures.labels, 0)
    assert (part["maps"]["full"], part["maps"]["rows"], part["maps"]["cols"]) == ([27, 28], 14, 14)
    levels = np.frombuffer(part["maps_levels"], np.uint8).reshape(48, 14, 14)
    bound = part["maps"]["bound"]
    assert levels[5, 2, 3] / 255 * bound == pytest.approx(maps[0, 5, 4:6, 6:8].mean(), abs=1 / 255)
    assert levels[5, 13, 0] / 255 * bound == pytest.approx(maps[0, 5, 26, :2].mean(), abs=1 / 255)  # the odd row


def test_the_matrix_and_its_cells_count_every_digit_once() -> None:
    said, shown, pictures = message(opened=(3, 3, 0), tab="per_class")
    read, labels = np.asarray(shown.probabilities).argmax(axis=1), pictures.labels
    counts = [[sum((labels == row) & (read == col)) for col in range(10)] for row in range(10)]
    assert said["confusion"]["counts"] == counts
    assert said["confusion"]["wrong"] == sum(labels != read)
    worst = sorted((shown.probabilities[i, labels[i]], i) for i in range(40) if read[i] != labels[i])[:4]
    expected = [shown.probabilities[i, read[i]] for _, i in worst]
    assert [each["share"] for each in said["confusion"]["mistakes"]] == pytest.approx(expected)
    pixels = np.frombuffer(said["mistake_levels"], np.uint8).reshape(-1, 8, 8)
    np.testing.assert_array_equal(pixels, np.rint(255 * pictures.images[[i for _, i in worst], 0]))
    for klass in range(10):
        column, row = sum(counts[i][klass] for i in range(10)), sum(counts[klass])
        for name, whole in (("precision", column), ("recall", row)):
            expected = counts[klass][klass] / whole if whole else None
            assert said["per_class"][name][klass] == (None if expected is None else pytest.approx(expected))


def test_an_open_cell_is_turned_page_by_page() -> None:
    shown, pictures = moment()
    probabilities = np.full((40, 10), 0.05)
    probabilities[:, 4] = np.linspace(0.3, 0.55, 40)
    pictures = Pictures(pictures.images, np.full(40, 2), pictures.classes)
    shown = Moment(shown.step, shown.plan, shown.arrays, shown.start, shown.activations, probabilities)
    places, player = [], Player("run", "paused", 1, 10, 10)
    for page in (0, 1, 2, 3, 99):
        opened = unpacked(data(player, shown, [], pictures, Look(opened=(2, 4, page))))["opened"]
        assert (opened["count"], opened["pages"], opened["page"]) == (40, 4, min(page, 3))
        assert len(opened["places"]) <= PAGE
        places += opened["places"] if page < 4 else []
    assert places == list(range(39, -1, -1))  # the surest first
    empty = unpacked(data(player, shown, [], pictures, Look(opened=(0, 0, 0))))
    assert (empty["opened"]["count"], empty["opened_levels"]) == (0, b"")


def test_before_the_first_look_at_validation_there_is_no_matrix() -> None:
    shown, pictures = moment()
    bare = Moment(0, shown.plan, shown.arrays, shown.start, shown.activations)
    for tab in ("per_class", "histograms"):
        said = unpacked(data(Player("run", "ready", 0, 10, 10), bare, [], pictures, Look(tab=tab, opened=(1, 1, 0))))
        assert (said["confusion"], said["opened"]) == (None, None)
    assert [layer["gradient"] for layer in said["histograms"]["layers"]] == [None] * 4


def test_histograms_count_every_weight_at_the_nearest_of_their_places() -> None:
    shown, _ = moment()
    part = histograms_part(shown.plan, shown.arrays, shown.gradients)
    layers = part["histograms"]["layers"]
    table = np.frombuffer(part["histogram_counts"], "<u2").reshape(len(layers), 2, BINS)
    assert [layer["name"] for layer in layers] == ["conv1", "conv2", "dense1", "logits"]
    for layer, counts in zip(layers, table, strict=True):
        for values, bound, bars in (
            (shown.arrays, layer["bound"], counts[0]),
            (shown.gradients, layer["gradient"], counts[1]),
        ):
            numbers = np.asarray(values[f"{layer['name']}.weight"], float).ravel()
            assert bound == pytest.approx(np.abs(numbers).max())
            middles = np.linspace(-bound, bound, BINS)
            nearest = [int(np.abs(middles - number).argmin()) for number in numbers]
            assert np.abs(np.bincount(nearest, minlength=BINS) - bars).sum() <= 2  # a number half way may go either way
            assert bars.sum() == numbers.size
    still = histograms_part(shown.plan, {name: 0 * array for name, array in shown.arrays.items()}, None)
    middle = np.frombuffer(still["histogram_counts"], "<u2").reshape(-1, BINS)[0]
    assert (middle.argmax(), still["histograms"]["layers"][0]["bound"]) == (BINS // 2, 0)


def test_a_layer_entire_is_shown_by_strengths_where_it_is_large() -> None:
    shown, _ = moment()
    part = whole_part(shown.plan, shown.arrays, "conv2")
    assert (part["whole"]["filters"], part["whole"]["channels"], part["whole"]["strengths"]) == (6, 4, False)
    assert len(part["whole_levels"]) == 6 * 4 * 3 * 3
    large = {"conv2.weight": np.random.default_rng(0).normal(size=(64, 64, 3, 3))}
    part = whole_part(shown.plan, large, "conv2")
    assert (part["whole"]["strengths"], len(part["whole_levels"])) == (True, 64 * 64)
    level = np.frombuffer(part["whole_levels"], np.uint8).reshape(64, 64)[7, 9]
    strength = math.sqrt(np.mean(large["conv2.weight"][7, 9] ** 2))
    assert level / 255 * part["whole"]["bound"] == pytest.approx(strength, abs=part["whole"]["bound"] / 255)


def test_what_is_not_finite_reaches_the_browser_as_numbers_it_can_read() -> None:
    shown, pictures = moment()
    broken = {name: np.where(array > 0, np.nan, array) for name, array in shown.arrays.items()}
    logits = {**shown.activations, "logits": np.full((1, 10), np.nan), "relu1": np.full((1, 4, 8, 8), np.nan)}
    odd = Moment(1, shown.plan, broken, shown.start, logits, 0 * shown.probabilities + np.nan, broken)
    for tab in ("histograms", "whole", "per_class"):
        said = unpacked(data(Player("run", "stopped", 1, 10, 10), odd, [], pictures, Look(tab=tab, opened=(1, 1, 0))))
        assert (said["confusion"], said["opened"], said["maps"]["share"]) == (None, None, None)
        assert (said["maps"]["bound"], set(said["maps_levels"])) == (0.0, {0})
    with pytest.raises(ValueError, match="`status` \\(='asleep'\\)"):
        data(Player("run", "asleep", 1, 10, 10), shown, [], pictures, Look())


# Curves --------------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_a_curve_of_any_length_keeps_its_extremes_however_it_arrives(portions: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [(step, float(rng.random()), float(rng.random())) for step in range(1, sum(portions) + 1)]
    curve, at_once = (Curve("a", steps_per_epoch=7) for _ in range(2))
    for end in np.cumsum(portions):
        curve.follow(rows[:end], [])
    at_once.follow(rows, [])
    assert curve.packed(whole=True) == at_once.packed(whole=True)
    assert curve.points <= MOST_POINTS
    epochs, loss, low, high, accuracy, least, most = np.frombuffer(curve.packed(whole=True), np.float32).reshape(7, -1)
    assert epochs[-1] == pytest.approx(rows[-1][0] / 7)
    assert (np.diff(epochs) > 0).all()
    assert (low.min(), high.max()) == pytest.approx((min(r[1] for r in rows), max(r[1] for r in rows)))
    assert (least.min(), most.max()) == pytest.approx((min(r[2] for r in rows), max(r[2] for r in rows)))
    weights = [(1 - NEWEST) ** age for age in range(len(rows))][::-1]
    assert loss[-1] == pytest.approx(np.average([r[1] for r in rows], weights=weights), rel=1e-4)
    assert accuracy[-1] == pytest.approx(np.average([r[2] for r in rows], weights=weights), rel=1e-4)


def test_a_curve_that_begins_anew_forgets_and_skips_what_is_not_finite() -> None:
    curve = Curve("a", steps_per_epoch=1)
    curve.follow([(1, 2.0, 0.1), (2, 1.0, 0.2)], [(1, 3.0, 0.1)])
    curve.follow([(1, 5.0, 0.3), (2, math.inf, 0.0), (3, 5.0, 0.3)], [(1, math.nan, 0.0), (2, 4.0, 0.5)])
    assert (curve.points, curve.validations) == (2, 1)
    assert np.frombuffer(curve.packed(whole=False), np.float32).tolist() == pytest.approx(
        [1, 3, 5, 5, 0.3, 0.3, 2, 4, 0.5]
    )
    curve.follow([], [])
    assert (curve.points, curve.packed(whole=True)) == (0, b"")
    many = Curve("b", steps_per_epoch=1)
    many.follow([(1, 1.0, 1.0)], [(step, 1.0, 1.0) for step in range(1, 1001)])
    assert many.validations <= 257
    with pytest.raises(ValueError, match="`steps_per_epoch` \\(=0\\)"):
        Curve("c", steps_per_epoch=0)


# What comes back ------------------------------------------------------------------------------------------------------


def test_messages_are_read_and_anything_else_is_refused_with_a_sentence() -> None:
    assert read_command({"name": "pace", "value": 20}) == Command("pace", pace=20.0)
    assert read_command({"name": "pace", "value": None}) == Command("pace")
    for message in (None, [], {"name": "format"}, {"name": "continue"}, {"name": "continue", "step": -1}):
        with pytest.raises(ValueError, match=r"\.$"):
            read_command(message)
    for value in (0, -3, math.inf, math.nan, "9", True):
        with pytest.raises(ValueError, match="pace"):
            read_command({"name": "pace", "value": value})
    for message in (None, {}, {"step": 1.5}, {"step": True}, {"step": 10**12}):
        with pytest.raises(ValueError, match=r"\.$"):
            read_seek(message)
    for message in ([1, 2], [1, 10, 0], [-1, 0, 0], ["1", 0, 0], {"row": 1}, None):
        with pytest.raises(ValueError, match=r"\.$"):
            read_open(message, 10)
    for message in (None, {"tab": "other"}, {"digit": "x"}, {"filter": -1}):
        with pytest.raises(ValueError, match=r"\.$"):
            read_look(message, Look())
    assert read_look({"maps": "pool1", "tab": "whole"}, Look(opened=(1, 1, 0))) == Look(
        maps="pool1", tab="whole", opened=(1, 1, 0)
    )
