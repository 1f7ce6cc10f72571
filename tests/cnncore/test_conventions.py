"""Every profile beside the library it stands for: SciPy and OpenCV called here, PyTorch and Keras as recorded."""

from __future__ import annotations

import inspect
import itertools
import subprocess
import sys
import warnings
from typing import Any

import cv2
import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, signal

from cnncore.convention_calls import write_call
from cnncore.convention_rules import TRAITS, exchange, explain_difference
from cnncore.conventions import (
    BORDER_NAMES,
    BORDERS,
    OPERATIONS,
    PROFILES,
    Profile,
    RefusedError,
    Settings,
    compute,
    difference,
    make_plan,
    run,
    surroundings,
)
from cnncore.filtering import filter2d
from tests.golden.record_conventions import HOW_MANY, KEYS, Case, ask, call_of, draw, recorded, recorded_borders

SOBEL = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
RAMP = np.arange(49.0).reshape(7, 7)
LIVE = [key for key, profile in PROFILES.items() if profile.package not in ("torch", "keras")]


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.round(np.random.default_rng(seed).normal(0, 3, shape), 2)


def answer(case: Case) -> np.ndarray | None:
    try:
        return compute(case.profile, case.image, case.kernel, case.settings)
    except RefusedError:
        return None


def compare(case: Case, theirs: np.ndarray | None) -> None:
    ours = answer(case)
    call = f"{case.key}, {case.settings}, input {case.image.shape}, window {case.kernel.shape}"
    assert (ours is None) == (theirs is None), f"{call}: we {'refuse' if ours is None else 'do not refuse'}"
    if theirs is not None:
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=call)


# PyTorch and Keras --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["torch", "keras"])
def test_what_pytorch_and_keras_said(package: str) -> None:
    cases = recorded(package)
    assert len(cases) == HOW_MANY[package]
    for case, theirs, call in cases:
        compare(case, theirs)
        assert call_of(case) == call  # the line that was run


@pytest.mark.parametrize("key", KEYS["torch"] + KEYS["keras"])
def test_enough_was_recorded_answers_and_refusals(key: str) -> None:
    answers = [theirs for case, theirs, _ in recorded(PROFILES[key].package) if case.key == key]
    assert sum(theirs is not None for theirs in answers) >= 30
    assert sum(theirs is None for theirs in answers) >= 10


def test_what_pytorch_says() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; its recorded answers are compared instead")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
        for seed in range(HOW_MANY["torch"], HOW_MANY["torch"] + 600):
            case = draw("torch", seed)
            compare(case, ask(case))


# SciPy and OpenCV ---------------------------------------------------------------------------------------------------


def call_library(line: str, image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Run the line that a page shows; parted by "; " come statements first."""
    assert scipy.ndimage
    assert scipy.signal
    names = {"scipy": scipy, "cv2": cv2, "np": np, "x": image, "k": kernel}
    *before, last = line.split("; ")
    for statement in before:
        exec(statement, names)
    return eval(last, names)


@pytest.mark.parametrize("key", LIVE)
def test_what_scipy_and_opencv_say(key: str) -> None:
    profile = PROFILES[key]
    answers = 0
    for seed in range(400):
        rng = np.random.default_rng([seed, LIVE.index(key)])
        image = numbers(seed, int(rng.integers(1, 9)), int(rng.integers(1, 9)))
        kernel = numbers(seed + 1, int(rng.integers(1, 8)), int(rng.integers(1, 8)))
        origin = (0, 0) if rng.random() < 0.6 else (int(rng.integers(-2, 3)), int(rng.integers(-2, 3)))
        asked = Settings(
            operation=profile.operation,
            padding=str(rng.choice(profile.paddings)),
            border=None if rng.random() < 0.3 else str(rng.choice(list(profile.borders))),
            origin=origin,
        )
        try:
            plan = make_plan(profile, image.shape, kernel.shape, asked)
        except RefusedError:
            assert origin != (0, 0) or asked.padding == "valid"
            continue
        answers += 1
        line = write_call(profile, plan, asked)
        theirs = call_library(line, image, kernel)
        np.testing.assert_allclose(
            compute(profile, image, kernel, asked), theirs, rtol=1e-8, atol=1e-8, err_msg=f"{line}, {image.shape}"
        )
    assert answers > 200


@pytest.mark.parametrize("key", LIVE)
def test_default_borders_are_those_of_the_libraries(key: str) -> None:
    profile = PROFILES[key]
    image, kernel = numbers(1, 6, 5), numbers(2, 3, 4)
    line = write_call(
        profile, make_plan(profile, (6, 5), (3, 4), Settings(profile.operation)), Settings(profile.operation)
    )
    for argument in (", mode=", ", boundary=", ", borderType="):
        if profile.package != "scipy.signal" or argument == ", boundary=":
            line = line.split(argument)[0] + (")" if argument in line else "")
    theirs = call_library(line, image, kernel)
    np.testing.assert_allclose(compute(profile, image, kernel, Settings(profile.operation)), theirs, atol=1e-9)


@pytest.mark.parametrize("key", LIVE)
def test_scipy_and_opencv_have_neither_stride_nor_dilation(key: str) -> None:
    profile = PROFILES[key]
    if profile.package != "cv2":
        function = getattr(ndimage if profile.package == "scipy.ndimage" else signal, profile.function.split(".")[-1])
        parameters = set(inspect.signature(function).parameters)
        assert not {name for name in parameters if "strid" in name or "dilat" in name or name == "step"}
    for asked in (Settings(profile.operation, stride=2), Settings(profile.operation, dilation=2)):
        with pytest.raises(RefusedError, match=r"has no (stride|dilation)"):
            compute(profile, RAMP, SOBEL, asked)


def test_the_libraries_refuse_what_we_say_they_refuse() -> None:
    with pytest.raises(cv2.error):
        cv2.filter2D(RAMP, -1, SOBEL, borderType=cv2.BORDER_WRAP)
    with pytest.raises(RefusedError, match="BORDER_WRAP"):
        compute(PROFILES["cv2.filter2d"], RAMP, SOBEL, Settings(border="wrap"))
    with pytest.raises(ValueError, match="boundary"):
        signal.correlate2d(RAMP, SOBEL, boundary="reflect")
    with pytest.raises(RefusedError, match=r'does not know NumPy\'s "reflect", only fill, symm, wrap'):
        compute(PROFILES["signal.correlate2d"], RAMP, SOBEL, Settings(border="reflect"))
    wide, tall = numbers(1, 3, 8), numbers(2, 8, 3)
    with pytest.raises(ValueError, match="valid"):
        signal.correlate2d(wide, tall, mode="valid")
    with pytest.raises(RefusedError, match=r"\(3 × 8\) nor the kernel \(8 × 3\) covers the other"):
        compute(PROFILES["signal.correlate2d"], wide, tall, Settings(padding="valid"))
    with pytest.raises(ValueError, match="origin"):
        ndimage.correlate(RAMP, SOBEL, origin=2)
    with pytest.raises(RefusedError, match="middle inside the window, at 0 to 2: it would be at 3"):
        compute(PROFILES["ndimage.correlate"], RAMP, SOBEL, Settings(origin=(2, 0)))


# Border names -------------------------------------------------------------------------------------------------------


def through(function: Any, word: str, how_far: int) -> list[float]:
    """1 2 3 4 and what stands beyond, seen through a kernel that reads the cell so far to the left."""
    kernel = np.zeros((1, 2 * how_far + 1))
    kernel[0, 0] = 1
    line = np.array([[1.0, 2.0, 3.0, 4.0]])
    return function(line, kernel, word)[0, :how_far].tolist()


@pytest.mark.parametrize("name", BORDERS)
def test_border_names_mean_the_same_everywhere(name: str) -> None:
    padded = np.pad([1.0, 2.0, 3.0, 4.0], 3, mode=name)  # type: ignore[call-overload]
    seen = {
        "scipy.ndimage": lambda word: through(lambda x, k, m: ndimage.correlate(x, k, mode=m), word, 3),
        "scipy.signal": lambda word: through(lambda x, k, b: signal.correlate2d(x, k, "same", b), word, 3),
        "cv2": lambda word: cv2.copyMakeBorder(
            np.array([[1.0, 2.0, 3.0, 4.0]]), 0, 0, 3, 3, getattr(cv2, word.removeprefix("cv2."))
        )[0].tolist(),
        "torch.nn.functional.pad": lambda word: recorded_borders("torch")[word],
        "tf.pad": lambda word: recorded_borders("keras")[word],
    }
    for column, see in seen.items():
        if name in BORDER_NAMES[column]:
            values = see(BORDER_NAMES[column][name])
            assert values == padded.tolist()[: len(values)], (column, name)


def test_what_is_missing_from_the_table_of_border_names_the_library_does_not_know() -> None:
    assert set(recorded_borders("torch")) == set(BORDER_NAMES["torch.nn.functional.pad"].values())
    assert set(recorded_borders("keras")) == set(BORDER_NAMES["tf.pad"].values())
    assert set(BORDER_NAMES["scipy.signal"].values()) == {"fill", "symm", "wrap"}
    assert set(BORDER_NAMES["scipy.ndimage"]) == set(BORDER_NAMES["cv2"]) == set(BORDERS)


def test_border_names_collide() -> None:
    assert BORDER_NAMES["scipy.ndimage"]["symmetric"] == "reflect"
    assert BORDER_NAMES["scipy.ndimage"]["reflect"] == "mirror"
    assert BORDER_NAMES["scipy.ndimage"]["edge"] == "nearest"
    assert BORDER_NAMES["scipy.ndimage"]["wrap"] == "grid-wrap"
    line, kernel = RAMP[1:2], np.array([[1.0, 0.0, 0.0]])
    for mode in ("wrap", "grid-wrap"):
        assert ndimage.correlate(line, kernel, mode=mode)[0, 0] == 13


# The facts that are taught wrong elsewhere --------------------------------------------------------------------------


def test_scipy_s_two_correlations_lie_one_pixel_apart_for_an_even_kernel() -> None:
    impulse, kernel = np.zeros((7, 7)), numbers(3, 4, 2)
    impulse[3, 3] = 1
    ours = [
        compute(PROFILES[key], impulse, kernel, Settings(border="constant"))
        for key in ("ndimage.correlate", "signal.correlate2d")
    ]
    assert not np.array_equal(*ours)
    np.testing.assert_array_equal(ours[0][1:, 1:], ours[1][:-1, :-1])
    np.testing.assert_array_equal(ours[0], ndimage.correlate(impulse, kernel, mode="constant"))
    np.testing.assert_array_equal(ours[1], signal.correlate2d(impulse, kernel, mode="same"))
    odd = [
        compute(PROFILES[key], impulse, SOBEL, Settings(border="constant"))
        for key in ("ndimage.correlate", "signal.correlate2d")
    ]
    np.testing.assert_array_equal(*odd)


def test_convolve_flips_and_the_sign_of_sobel_with_it() -> None:
    image = numbers(4, 6, 6)
    turned = [key for key, profile in PROFILES.items() if profile.flips]
    assert turned == ["ndimage.convolve", "signal.convolve2d"]
    plain = compute(PROFILES["torch.conv2d"], image, SOBEL, Settings(border="constant"))
    for key in turned:
        np.testing.assert_allclose(compute(PROFILES[key], image, SOBEL, Settings(border="constant")), -plain)


def test_same_puts_the_odd_pixel_at_the_end_and_depends_on_the_size_and_stride() -> None:
    keras = PROFILES["keras.conv2d"]
    assert make_plan(keras, (6, 7), (3, 3), Settings(stride=2)).pads == ((0, 1), (1, 1))
    assert make_plan(keras, (6, 7), (4, 2), Settings()).pads == ((1, 2), (0, 1))
    assert make_plan(keras, (6, 7), (3, 3), Settings(stride=2)).out == (3, 4)
    by_hand = PROFILES["torch.conv2d_by_hand"]
    assert make_plan(by_hand, (6, 7), (3, 3), Settings(stride=2)).pads == ((1, 1), (1, 1))
    image = numbers(5, 6, 7)
    gap = difference(
        compute(by_hand, image, SOBEL, Settings(stride=2)), compute(keras, image, SOBEL, Settings(stride=2))
    )
    assert gap.all()
    with pytest.raises(RefusedError, match='Conv2d refuses padding="same" with a stride above 1'):
        compute(PROFILES["torch.conv2d"], image, SOBEL, Settings(stride=2))


def test_pytorch_counts_padded_zeros_and_tensorflow_leaves_them_out() -> None:
    ones = np.ones((5, 5))
    torch, keras = (
        compute(PROFILES[key], ones, np.ones((3, 3)), Settings("average"))
        for key in ("torch.avg_pool2d", "keras.average_pooling2d")
    )
    assert torch[0, 0] == pytest.approx(4 / 9)
    np.testing.assert_array_equal(keras, ones)
    without = compute(PROFILES["torch.avg_pool2d"], ones, np.ones((3, 3)), Settings("average", count_include_pad=False))
    np.testing.assert_array_equal(without, keras)
    (rule,) = explain_difference(
        PROFILES["keras.average_pooling2d"], PROFILES["torch.avg_pool2d"], ones, np.ones((3, 3)), Settings("average")
    ).rules
    assert rule.sentence == (
        "Leaves padding out of the mean: the window with 4 real cells of 9 is divided by 4; PyTorch divides by 9."
    )


def test_the_last_mean_of_ceil_mode_is_48_not_12() -> None:
    asked = Settings("average", padding="valid", stride=3, ceil_mode=True)
    for counts in (True, False):
        case = Settings(**{**vars(asked), "count_include_pad": counts})
        values = compute(PROFILES["torch.avg_pool2d"], RAMP, np.ones((2, 2)), case)
        assert values.shape == (3, 3)
        assert values[2, 2] == 48
    values = compute(PROFILES["keras.average_pooling2d"], RAMP, np.ones((2, 2)), asked)
    assert values.shape == (2, 2)


def test_a_maximum_is_padded_with_minus_infinity_but_for_scipy_s_constant() -> None:
    low = numbers(6, 4, 4) - 100
    for key in ("torch.max_pool2d", "keras.max_pooling2d", "cv2.dilate"):
        assert compute(PROFILES[key], low, np.ones((3, 3)), Settings("max")).max() < 0
    zeros = compute(PROFILES["ndimage.maximum_filter"], low, np.ones((3, 3)), Settings("max", border="constant"))
    assert zeros[0, 0] == 0
    assert zeros[1, 1] < 0


def test_same_in_keras_equals_ceil_mode_in_pytorch_for_a_pool_of_two() -> None:
    image = numbers(7, 7, 5)
    for operation, keys in (
        ("max", ("torch.max_pool2d", "keras.max_pooling2d")),
        ("average", ("torch.avg_pool2d", "keras.average_pooling2d")),
    ):
        theirs, ours = (
            compute(PROFILES[key], image, np.ones((2, 2)), Settings(operation, stride=2, ceil_mode=True))  # type: ignore[arg-type]
            for key in keys
        )
        np.testing.assert_allclose(ours, theirs)


# The rules ----------------------------------------------------------------------------------------------------------


@st.composite
def two_readings(draw: st.DrawFn) -> tuple[Profile, Profile, np.ndarray, np.ndarray, Settings]:
    """Two profiles of one operation, an input, a window and settings that both accept."""
    operation = draw(st.sampled_from(OPERATIONS))
    keys = [key for key, profile in PROFILES.items() if profile.operation == operation]
    ours, theirs = (PROFILES[key] for key in draw(st.permutations(keys))[:2])
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    taps = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    asked = Settings(
        operation=operation,
        padding=draw(st.sampled_from(["same", "same", "valid", "full"])),
        border=draw(st.sampled_from([None, None, None, *BORDERS])),
        stride=draw(st.sampled_from([1, 1, 1, 2, (2, 3)])),
        dilation=draw(st.sampled_from([1, 1, 1, 2])),
        ceil_mode=draw(st.booleans()),
        count_include_pad=draw(st.booleans()),
        origin=draw(st.sampled_from([(0, 0), (0, 0), (-1, 0), (1, -1)])),
    )
    seed = draw(st.integers(0, 99))
    kernel = draw(st.sampled_from([numbers(seed, *taps), np.ones(taps)]))
    return ours, theirs, numbers(seed, *shape), kernel, asked


@given(two_readings())
@settings(max_examples=400, deadline=None)
def test_every_difference_has_a_rule_and_every_rule_matters(case: Any) -> None:
    profile, reference, image, kernel, asked = case
    try:
        plans = [make_plan(one, image.shape, kernel.shape, asked) for one in (profile, reference)]
    except RefusedError:
        with pytest.raises(RefusedError):
            explain_difference(profile, reference, image, kernel, asked)
        return
    values, wanted = (run(plan, image, kernel) for plan in plans)
    found = explain_difference(profile, reference, image, kernel, asked)
    equal = values.shape == wanted.shape and np.allclose(values, wanted, rtol=0, atol=1e-8)
    assert bool(found.rules) != equal
    traits = [rule.trait for rule in found.rules]
    exchanged = run(exchange(*plans, traits), image, kernel)
    assert exchanged.shape == wanted.shape
    np.testing.assert_allclose(exchanged, wanted, atol=1e-8)
    for fewer in itertools.chain.from_iterable(itertools.combinations(traits, n) for n in range(len(traits))):
        try:
            other = run(exchange(*plans, fewer), image, kernel)
        except ValueError:
            continue
        assert other.shape != wanted.shape or not np.allclose(other, wanted, rtol=0, atol=1e-9)
    for rule in (*found.rules, *found.idle):
        assert rule.trait in TRAITS
        assert rule.sentence.endswith(".")
        assert rule.short
        assert "-" not in rule.sentence.replace("cross-correlation", "").replace("grid-wrap", "")  # a real minus sign
        assert reference.name in rule.sentence


@given(two_readings())
@settings(max_examples=200, deadline=None)
def test_refusals_are_sentences_about_the_function(case: Any) -> None:
    profile, _, image, kernel, asked = case
    try:
        compute(profile, image, kernel, asked)
    except RefusedError as error:
        refusal = str(error)
    else:
        return
    assert refusal.endswith(".")
    assert not refusal.startswith("`")
    assert profile.function.rpartition(".")[2] in refusal or refusal.startswith(("Origin", "Anchor", "This padding"))


def told(key: str, reference: str, image: np.ndarray, kernel: np.ndarray, **asked: Any) -> dict[str, str]:
    found = explain_difference(PROFILES[key], PROFILES[reference], image, kernel, Settings(**asked))
    return {rule.short: rule.sentence for rule in found.rules}


def test_the_sentences_say_the_numbers_of_the_case() -> None:
    image = numbers(8, 6, 6)
    assert told("ndimage.convolve", "torch.conv2d", image, SOBEL) == {
        "turned kernel": "Turns the kernel by 180° first (true convolution); PyTorch lays it on as it is.",
        "other border": "Outside the input it reads the mirror image with the edge cell (NumPy's “symmetric”, here "
        "called “reflect”); PyTorch reads zeros.",
    }
    assert told("cv2.filter2d", "keras.conv2d", image, numbers(9, 4, 3), border="constant") == {
        "even window": "An even window has no middle cell: this one pads 2 above, 1 below, 1 left, 1 right, Keras "
        "1 above, 2 below, 1 left, 1 right: its numbers stand 1 row further down."
    }
    assert told("torch.conv2d_by_hand", "keras.conv2d", image, SOBEL, stride=2) == {
        "other windows": "Pads 1 on every side, Keras 0 before and 1 after: its windows start at row −1, column −1."
    }
    assert told("keras.conv2d", "torch.conv2d_by_hand", image, SOBEL, stride=2) == {
        "other windows": "Pads what size and stride need, 0 before and 1 after, PyTorch by hand 1 on every side: its "
        "windows start at row 0, column 0."
    }
    origin = told("ndimage.correlate", "torch.conv2d", image, SOBEL, border="constant", origin=(1, 0))
    assert origin == {
        "moved window": "Origin moves one of the windows: this one pads 2 above, 0 below, 1 left, 1 right, PyTorch 1 "
        "on every side: its numbers stand 1 row further down."
    }
    pooled = told("torch.max_pool2d", "keras.max_pooling2d", RAMP, np.ones((2, 2)), operation="max", padding="valid",
                  stride=3, ceil_mode=True)  # fmt: skip
    assert pooled == {
        "rest kept": "ceil_mode keeps the last windows, which hang over the edge: 3 × 3 numbers, not 2 × 2; Keras "
        "drops them."
    }


def test_who_has_no_rest_drops_none() -> None:
    """Keras's “same” pads what the last window needs: it keeps as many as ceil_mode does, and drops nothing."""
    pytorch, keras = PROFILES["torch.avg_pool2d"], PROFILES["keras.average_pooling2d"]
    asked, window = Settings("average", padding="same", stride=3, ceil_mode=True), np.ones((2, 2))
    hangs = "PyTorch nothing (ceil_mode: its last windows hang over the edge)"
    found = explain_difference(keras, pytorch, RAMP, window, asked)
    assert found.rules == ()
    sentence = f"Pads what size and stride need, 0 before and 1 after, {hangs}: the last windows see other cells."
    assert {rule.short: rule.sentence for rule in found.idle if rule.trait != "outside"} == {"other windows": sentence}
    found = explain_difference(pytorch, keras, RAMP, window, asked)
    assert [rule.trait for rule in (*found.rules, *found.idle)] == ["windows", "outside"]


def test_scipy_swaps_input_and_kernel_where_the_kernel_is_larger() -> None:
    small, large = numbers(10, 2, 3), numbers(11, 4, 5)
    for key, function in (("signal.correlate2d", signal.correlate2d), ("signal.convolve2d", signal.convolve2d)):
        ours = compute(PROFILES[key], small, large, Settings(padding="valid"))
        np.testing.assert_allclose(ours, function(small, large, mode="valid"))


# The rest -----------------------------------------------------------------------------------------------------------


@given(two_readings())
@settings(max_examples=100, deadline=None)
def test_the_surroundings_are_what_the_windows_read(case: Any) -> None:
    profile, _, image, kernel, asked = case
    try:
        plan = make_plan(profile, image.shape, kernel.shape, asked)
    except RefusedError:
        return
    around = surroundings(plan, image)
    (top, _), (left, _) = plan.pads
    np.testing.assert_array_equal(around[top : top + image.shape[0], left : left + image.shape[1]], image)
    assert around.shape == tuple(n + sum(pads) for n, pads in zip(image.shape, plan.pads, strict=True))
    if plan.operation == "convolution":
        windows = {"stride": plan.stride, "dilation": plan.dilation, "padding": "valid"}
        expected = filter2d(around, kernel, flip=plan.flip, **windows)  # type: ignore[arg-type]
        np.testing.assert_allclose(expected, run(plan, image, kernel), atol=1e-9)


def test_a_dilation_that_is_counted_from_0_is_one_less() -> None:
    x, w = RAMP[2], np.array([3.0, -1.0, 2.0])

    def cs231n(dilation: int) -> float:
        """Its notes: "w[0]*x[0] + w[1]*x[1] + w[2]*x[2]" is dilation 0, with x[0], x[2], x[4] it is dilation 1."""
        return float(sum(w[tap] * x[tap * (dilation + 1)] for tap in range(3)))

    for theirs in (0, 1, 2):
        asked = Settings(padding="valid", dilation=(1, theirs + 1))
        for key in ("torch.conv2d", "keras.conv2d"):
            assert compute(PROFILES[key], x[None], w[None], asked)[0, 0] == cs231n(theirs)
    with pytest.raises(ValueError, match="`dilation`"):
        Settings(dilation=0)


def test_differences_name_what_the_reference_has_not() -> None:
    gap = difference([[1.0, np.inf], [3.0, 4.0]], [[0.5, np.inf]])
    np.testing.assert_array_equal(gap, [[0.5, 0.0], [np.nan, np.nan]])
    assert not difference([[0.1 + 0.2]], [[0.3]]).any()
    assert difference([[-np.inf]], [[1.0]])[0, 0] == -np.inf


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"operation": "median"}, "operation"),
        ({"padding": "most"}, "padding"),
        ({"padding": None}, "padding"),
        ({"border": "mirror"}, "border"),
        ({"border": 3}, "border"),
        ({"stride": 0}, "stride"),
        ({"dilation": (1, -1)}, "dilation"),
        ({"origin": 0.5}, "origin"),
    ],
)
def test_settings_refuse_what_is_none(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"`{words}` "):
        Settings(**asked)


def test_bad_arguments_are_named() -> None:
    profile = PROFILES["torch.conv2d"]
    with pytest.raises(ValueError, match="`image` must have the shape"):
        compute(profile, [1.0, 2.0], SOBEL, Settings())
    with pytest.raises(ValueError, match="`kernel` must have the shape"):
        compute(profile, RAMP, np.zeros((0, 3)), Settings())
    with pytest.raises(ValueError, match=r"`profile` \(='torch.conv2d'\) computes 'convolution', not 'max'"):
        compute(profile, RAMP, SOBEL, Settings("max"))
    plan = make_plan(profile, (7, 7), (3, 3), Settings())
    with pytest.raises(ValueError, match="the plan's shapes"):
        run(plan, SOBEL, SOBEL)
    with pytest.raises(ValueError, match="the plan's shape"):
        surroundings(plan, SOBEL)


def test_no_library_is_imported() -> None:
    modules = ("rules", "calls", "workarounds")
    code = f"import sys, {', '.join(f'cnncore.convention_{name}' for name in modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "tensorflow", "keras", "cv2", "scipy.ndimage", "scipy.signal"} & set(loaded)
