"""What one does where SciPy and OpenCV have no stride and no dilation: held against their own output, sliced."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage, signal

from cnncore.convention_calls import write_workaround
from cnncore.convention_rules import explain_plans
from cnncore.convention_workarounds import find_workaround
from cnncore.conventions import PROFILES, RefusedError, Settings, compute, make_plan, run
from tests.cnncore.test_conventions import LIVE, SOBEL, call_library, numbers

IMAGE = numbers(21, 6, 7)


def around(key: str, asked: Settings, image: np.ndarray = IMAGE, kernel: np.ndarray = SOBEL) -> np.ndarray:
    found = find_workaround(PROFILES[key], image.shape, kernel.shape, asked)  # type: ignore[arg-type]
    assert found is not None
    return found.run(image, kernel)


@pytest.mark.parametrize("key", LIVE)
def test_a_workaround_gives_what_the_library_really_gives(key: str) -> None:
    profile = PROFILES[key]
    answers = 0
    for seed in range(150):
        rng = np.random.default_rng([seed, LIVE.index(key)])
        image = numbers(seed, int(rng.integers(1, 9)), int(rng.integers(1, 9)))
        kernel = numbers(seed + 1, int(rng.integers(1, 6)), int(rng.integers(1, 6)))
        steps = rng.integers(1, 4, 4).tolist()
        asked = Settings(
            operation=profile.operation,
            padding=str(rng.choice(profile.paddings)),
            border=None if rng.random() < 0.3 else str(rng.choice(list(profile.borders))),
            stride=tuple(steps[:2]),
            dilation=tuple(steps[2:]) if rng.random() < 0.5 else 1,
            origin=(0, 0) if rng.random() < 0.7 else (int(rng.integers(-1, 2)), 0),
        )
        try:
            found = find_workaround(profile, image.shape, kernel.shape, asked)  # type: ignore[arg-type]
        except RefusedError:
            refused = profile.operation == "average" and asked.dilation != (1, 1)
            assert refused or key == "cv2.dilate" or asked.origin != (0, 0) or asked.padding == "valid"
            continue
        if found is None:
            assert asked.stride == asked.dilation == (1, 1)
            continue
        answers += 1
        line = write_workaround(profile, found.plan, asked)
        told = f"{line}, {image.shape}, {kernel.shape}"
        theirs = call_library(line, image, kernel)
        ours = found.run(image, kernel)
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8, err_msg=told)
        # The plan says where the windows of the kept numbers lie: computing only those gives the same.
        np.testing.assert_allclose(run(found.plan, image, kernel), ours, rtol=1e-8, atol=1e-8, err_msg=told)
    assert answers > 50


def test_every_second_number_of_the_libraries_own_output() -> None:
    asked = Settings(stride=2)
    for key, theirs in (
        ("ndimage.correlate", ndimage.correlate(IMAGE, SOBEL)),
        ("ndimage.convolve", ndimage.convolve(IMAGE, SOBEL)),
        ("signal.correlate2d", signal.correlate2d(IMAGE, SOBEL, mode="same")),
        ("signal.convolve2d", signal.convolve2d(IMAGE, SOBEL, mode="same")),
        ("cv2.filter2d", cv2.filter2D(IMAGE, -1, SOBEL)),
    ):
        np.testing.assert_allclose(around(key, asked), theirs[::2, ::2], atol=1e-9, err_msg=key)
    gaps = np.zeros((5, 5))
    gaps[::2, ::2] = SOBEL
    both = around("ndimage.correlate", Settings(stride=2, dilation=2))
    np.testing.assert_allclose(both, ndimage.correlate(IMAGE, gaps)[::2, ::2], atol=1e-9)


def test_its_windows_lie_elsewhere_than_those_of_same() -> None:
    image, asked = numbers(22, 6, 6), Settings(border="constant", stride=2)
    scipy, keras = PROFILES["signal.correlate2d"], PROFILES["keras.conv2d"]
    found = find_workaround(scipy, (6, 6), (3, 3), asked)
    assert found is not None
    theirs = make_plan(keras, (6, 6), (3, 3), asked)
    assert (found.plan.pads, theirs.pads) == (((1, 1), (1, 1)), ((0, 1), (0, 1)))
    assert not np.array_equal(found.run(image, SOBEL), compute(keras, image, SOBEL, asked))
    (rule,) = explain_plans(found.plan, theirs, scipy, keras, image, SOBEL, asked).rules
    assert rule.sentence == (
        "Pads 1 on every side, Keras 0 before and 1 after: its windows start at row −1, column −1."
    )
    by_hand = PROFILES["torch.conv2d_by_hand"]  # which the two have in common
    np.testing.assert_allclose(found.run(image, SOBEL), compute(by_hand, image, SOBEL, asked))


def test_the_words_say_how() -> None:
    def words(key: str, **asked: object) -> str:
        operation = PROFILES[key].operation
        found = find_workaround(PROFILES[key], (9, 9), (3, 3), Settings(operation, **asked))  # type: ignore[arg-type]
        return found.words if found else ""

    kept = "computed at stride 1, then every 2nd"
    assert words("cv2.filter2d", stride=2) == f"filter2D has no stride: {kept} kept."
    assert words("cv2.blur", stride=(2, 3)) == f"blur has no stride: {kept} row and 3rd column kept."
    assert words("ndimage.convolve", dilation=2) == "convolve has no dilation: computed with zeros between the taps."
    assert words("cv2.dilate", dilation=2, stride=3) == (
        "dilate has no stride and no dilation: computed with gaps in the window at stride 1, then every 3rd kept."
    )
    assert words("cv2.filter2d") == words("torch.conv2d", stride=2) == words("keras.conv2d", stride=2, dilation=2) == ""


def test_what_cannot_be_worked_around_is_refused() -> None:
    for key, asked, sentence in (
        ("cv2.blur", Settings("average", dilation=2, stride=2), "blur has no dilation."),
        ("cv2.filter2d", Settings(border="wrap", stride=2), "filter2D does not know BORDER_WRAP"),
        ("ndimage.convolve", Settings(padding="full", stride=2), 'convolve has no "full"'),
        ("cv2.dilate", Settings("max", dilation=4), "dilate has no answer where a window with gaps meets no cell"),
    ):
        with pytest.raises(RefusedError, match=sentence):
            find_workaround(PROFILES[key], (3, 3), (4, 4), asked)


@pytest.mark.parametrize("key", ["ndimage.uniform_filter", "cv2.blur"])
def test_windows_that_drop_nothing_are_other_windows_and_no_more(key: str) -> None:
    """Both have 3 × 3 numbers: windows at rows −1, 2 and 5, none over an edge, beside those of ceil_mode."""
    pytorch, other = PROFILES["torch.avg_pool2d"], PROFILES[key]
    asked = Settings("average", padding="same", stride=3, ceil_mode=True)
    image, window = numbers(5, 7, 7), np.ones((2, 2))
    found = find_workaround(other, (7, 7), (2, 2), asked)
    assert found is not None
    theirs = make_plan(pytorch, (7, 7), (2, 2), asked)
    assert found.plan.out == theirs.out == (3, 3)
    why = explain_plans(found.plan, theirs, other, pytorch, image, window, asked)
    assert [rule.sentence for rule in why.rules] == [
        "Pads 1 before and 0 after, PyTorch nothing (ceil_mode: its last windows hang over the edge): its windows "
        "start at row −1, column −1."
    ]
    assert [rule.trait for rule in why.idle] == ["outside"]


def test_windows_that_hang_over_the_edge_can_be_all_there_are() -> None:
    pytorch, scipy = PROFILES["torch.avg_pool2d"], PROFILES["ndimage.uniform_filter"]
    asked = Settings("average", padding="same", border="constant", stride=3, ceil_mode=True)
    image, window = numbers(6, 5, 1), np.ones((4, 2))
    found = find_workaround(scipy, (5, 1), (4, 2), asked)
    assert found is not None
    ours = make_plan(pytorch, (5, 1), (4, 2), asked)
    kept = (
        "ceil_mode keeps the last windows, which hang over the edge: 2 × 1 numbers, not none; SciPy ndimage drops them."
    )
    dropped = "Drops the windows that hang over the edge; PyTorch keeps them (ceil_mode): 2 × 1 numbers, not none."
    for plans, profiles, sentence in (
        ((ours, found.plan), (pytorch, scipy), kept),
        ((found.plan, ours), (scipy, pytorch), dropped),
    ):
        why = explain_plans(*plans, *profiles, image, window, asked)
        assert sentence in [rule.sentence for rule in (*why.rules, *why.idle)]
