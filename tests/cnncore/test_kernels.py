"""Every preset against what is known of it: sums, symmetries, other libraries, and what it does to a picture."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import scipy.ndimage as ndi
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore._kernel_formulas import gaussian_density
from cnncore.kernels import CHANNEL_WEIGHTS, GROUPS, MAX_SIDE, PRESETS, Kernel, Parameter, preset, rgb_filter

EDGE_NAMES = ("sobel", "prewitt", "scharr")
KERNELS = pytest.mark.parametrize("kernel", PRESETS.values(), ids=PRESETS.keys())


def weights(key: str, **parameters: Any) -> np.ndarray:
    return preset(key).weights(**parameters)


# Texts and data


def test_there_are_enough_in_every_group_and_groups_stay_together() -> None:
    assert len(PRESETS) >= 24
    order = [kernel.group for kernel in PRESETS.values()]
    assert tuple(dict.fromkeys(order)) == GROUPS
    assert order == sorted(order, key=GROUPS.index)


@KERNELS
def test_texts_are_whole_lines(kernel: Kernel) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", kernel.key)
    assert PRESETS[kernel.key] is kernel
    for text in (kernel.title, kernel.shows, kernel.source):
        assert text == text.strip()
        assert 0 < len(text) <= 110
        assert "  " not in text
        assert "{" not in text
        assert text[0].isupper() or text[0] == "“"
    assert kernel.shows.endswith(".")
    assert not kernel.title.endswith(".")
    assert re.search(r"\b[Yy]ou\b", kernel.shows)


def test_titles_are_unique() -> None:
    titles = [kernel.title for kernel in PRESETS.values()]
    assert len(set(titles)) == len(titles)


@KERNELS
def test_parameters_are_in_range_and_of_one_kind(kernel: Kernel) -> None:
    names = [parameter.name for parameter in kernel.parameters]
    assert len(set(names)) == len(names)
    for p in kernel.parameters:
        assert p.least <= p.default <= p.most
        assert p.step > 0
        kinds = {type(number) for number in (p.default, p.least, p.most, p.step)}
        assert kinds == ({int} if p.whole else {float})
        assert p.unit in ("", "pixels", "degrees")


def corners(kernel: Kernel) -> list[dict[str, Any]]:
    """The defaults, and each parameter at both ends."""
    return [{}, *({p.name: end} for p in kernel.parameters for end in (p.least, p.most))]


@KERNELS
def test_weights_are_finite_and_fit_everywhere_in_the_range(kernel: Kernel) -> None:
    for parameters in corners(kernel):
        array = kernel.weights(**parameters)
        assert array.dtype == np.float64
        assert array.ndim == (3 if kernel.combine else 2)
        assert array.shape[:-2] == ((2,) if kernel.combine else ())
        assert max(array.shape[-2:]) <= MAX_SIDE
        assert np.isfinite(array).all()
        assert np.abs(array).max() > 0
        assert not np.signbit(array[array == 0]).any(), "a -0.0 would be shown as such"


@KERNELS
def test_weights_are_fresh_and_the_same_each_time(kernel: Kernel) -> None:
    first = kernel.weights()
    kept = first.copy()
    first[...] = 99
    assert np.array_equal(kernel.weights(), kept)


# Errors


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(ValueError, match="sobel_z"):
        preset("sobel_z")
    for bad in (None, 3, ["sobel_x"], "x" * 100_000):
        with pytest.raises(ValueError, match="`key`") as caught:
            preset(bad)  # type: ignore[arg-type]
        assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("key", "parameters", "words"),
    [
        ("gaussian", {"sigma": 9}, r"`sigma` \(=9\) must be from 0.3 to 3.5 pixels"),
        ("gaussian", {"sigma": math.nan}, "`sigma`"),
        ("gaussian", {"sigma": "1"}, "`sigma`"),
        ("gaussian", {"sigma": True}, "`sigma`"),
        ("gaussian", {"sigma": 1 + 2j}, "`sigma`"),
        ("gaussian", {"sigma": None}, "`sigma`"),
        ("gaussian", {"size": 16}, "`size`"),
        ("box", {"size": 0}, r"`size` \(=0\) must be from 1 to 15 pixels"),
        ("box", {"size": 3.0}, "`size`"),
        ("box", {"size": 10**30}, "`size`"),
        ("random", {"seed": -1}, r"`seed` \(=-1\) must be from 0 to 9999$"),
        ("sobel_x", {"sigma": 1}, "nothing to set"),
        ("motion", {"lenght": 3}, "`lenght` is no parameter of the kernel 'motion', which has length, angle"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(key: str, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        weights(key, **parameters)


def test_numpy_numbers_are_numbers() -> None:
    settings_ = preset("gaussian").settings(sigma=np.float32(1.5), size=np.int64(5))
    assert settings_ == {"sigma": 1.5, "size": 5}
    assert [type(value) for value in settings_.values()] == [float, int]


def test_a_whole_parameter_says_so() -> None:
    assert Parameter("n", "N", 1, 0, 9, 1).whole
    assert not Parameter("n", "N", 1.0, 0.0, 9.0, 1.0).whole


# What each does


@pytest.mark.parametrize(
    ("key", "move"), [("shift_left", (0, -1)), ("shift_right", (0, 1)), ("shift_up", (-1, 0)), ("shift_down", (1, 0))]
)
@given(pixels=st.integers(1, 7))
@settings(max_examples=7)
def test_shifts_move_the_picture_where_their_title_says(key: str, move: tuple[int, int], pixels: int) -> None:
    picture = np.random.default_rng(1).random((20, 21))
    moved = ndi.correlate(picture, weights(key, pixels=pixels), mode="grid-wrap")
    assert np.array_equal(moved, np.roll(picture, [pixels * step for step in move], axis=(0, 1)))


def test_identity_changes_nothing() -> None:
    picture = np.random.default_rng(1).random((6, 7))
    assert np.array_equal(ndi.correlate(picture, weights("identity")), picture)


def test_the_articles_kernels() -> None:
    assert weights("article_blur").sum() == 5
    assert np.array_equal(weights("article_edge"), weights("laplacian_4"))
    patch = np.array([[0.4, 0.2, 1.0], [0.7, 0.1, 0.2], [0.7, 0.3, 1.0]])
    assert (patch * weights("article_example")).sum() == pytest.approx(3.3)


@pytest.mark.parametrize("key", ["box", "binomial", "gaussian", "motion", "unsharp", "sharpen", "emboss", "identity"])
def test_these_keep_a_flat_pictures_brightness(key: str) -> None:
    for parameters in corners(preset(key)):
        assert weights(key, **parameters).sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    "key",
    [
        *(f"{name}_{end}" for name in EDGE_NAMES for end in ("x", "y", "magnitude")),
        *("roberts_right", "roberts_left", "roberts_magnitude"),
        *("article_edge", "laplacian_4", "laplacian_8", "log", "outline", "gabor"),
    ],
)
def test_these_give_zero_on_a_flat_picture(key: str) -> None:
    for parameters in [{}, *({p.name: end} for p in preset(key).parameters for end in (p.least, p.most))]:
        array = weights(key, **parameters)
        if key != "gabor" or "phase" not in parameters:
            assert np.abs(array.sum(axis=(-2, -1))).max() < 1e-12 * np.abs(array).sum()


@pytest.mark.parametrize("name", EDGE_NAMES)
def test_edge_detectors_are_positive_where_brightness_rises(name: str) -> None:
    ramp = np.tile(np.arange(5.0), (5, 1))
    assert ndi.correlate(ramp, weights(f"{name}_x"))[2, 2] > 0
    assert ndi.correlate(ramp, weights(f"{name}_y"))[2, 2] == 0
    assert ndi.correlate(ramp.T, weights(f"{name}_y"))[2, 2] > 0
    assert np.array_equal(weights(f"{name}_y"), weights(f"{name}_x").T)
    assert np.array_equal(weights(f"{name}_magnitude"), [weights(f"{name}_x"), weights(f"{name}_y")])


def test_roberts_are_positive_where_their_titles_say() -> None:
    down, right = np.mgrid[:2, :2].astype(float)
    assert (weights("roberts_right") * (down + right)).sum() > 0
    assert (weights("roberts_right") * (down - right)).sum() == 0
    assert (weights("roberts_left") * (down - right)).sum() > 0
    assert (weights("roberts_left") * (down + right)).sum() == 0
    assert np.array_equal(weights("roberts_magnitude"), [weights("roberts_right"), weights("roberts_left")])


def test_only_magnitudes_combine() -> None:
    assert [key for key, kernel in PRESETS.items() if kernel.combine] == [
        f"{name}_magnitude" for name in (*EDGE_NAMES, "roberts")
    ]


@pytest.mark.parametrize(("key", "function"), [("sobel", ndi.sobel), ("prewitt", ndi.prewitt)])
def test_gradients_agree_with_scipy(key: str, function: Any) -> None:
    picture = np.random.default_rng(2).random((9, 10))
    for axis, end in ((1, "x"), (0, "y")):
        np.testing.assert_allclose(ndi.correlate(picture, weights(f"{key}_{end}")), function(picture, axis=axis))


def test_laplacian_agrees_with_scipy() -> None:
    picture = np.random.default_rng(3).random((9, 10))
    np.testing.assert_allclose(ndi.correlate(picture, weights("laplacian_4")), ndi.laplace(picture), atol=1e-12)


def test_eight_neighbours_and_outline() -> None:
    eight = weights("laplacian_8")
    assert eight[1, 1] == -8
    assert eight.sum() == 0
    assert np.array_equal(weights("outline"), -eight)


def test_scharr_agrees_with_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    picture = np.random.default_rng(4).random((9, 10))
    for end, order in (("x", (1, 0)), ("y", (0, 1))):
        want = cv2.Scharr(picture, cv2.CV_64F, *order, borderType=cv2.BORDER_REFLECT)
        np.testing.assert_allclose(ndi.correlate(picture, weights(f"scharr_{end}")), want, atol=1e-12)


# Gaussians


def test_gaussians_cut_off_and_not_normalised_darken() -> None:
    assert gaussian_density(3, 1.0).sum() == pytest.approx(0.78, abs=0.005)
    assert gaussian_density(5, 2.0).sum() == pytest.approx(0.63, abs=0.005)
    assert weights("gaussian", sigma=1.0, size=3).sum() == pytest.approx(1.0)
    assert weights("gaussian", sigma=2.0, size=5).sum() == pytest.approx(1.0)


@given(sigma=st.floats(0.3, 3.5))
@settings(max_examples=40, deadline=None)
def test_gaussian_is_scipys_impulse_response(sigma: float) -> None:
    array = weights("gaussian", sigma=sigma)
    radius = min(math.ceil(3 * sigma), 7)
    assert array.shape == (2 * radius + 1, 2 * radius + 1)
    impulse = np.zeros((31, 31))
    impulse[15, 15] = 1
    want = ndi.gaussian_filter(impulse, sigma, radius=radius)[15 - radius : 16 + radius, 15 - radius : 16 + radius]
    np.testing.assert_allclose(array, want, atol=1e-15)


@given(sigma=st.floats(0.3, 3.5), half=st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_gaussian_agrees_with_opencv(sigma: float, half: int) -> None:
    cv2 = pytest.importorskip("cv2")
    size = 2 * half + 1  # OpenCV defines it for odd sizes only
    line = cv2.getGaussianKernel(size, sigma)
    np.testing.assert_allclose(weights("gaussian", sigma=sigma, size=size), line @ line.T, atol=1e-12)


@pytest.mark.parametrize("size", [2, 4])
def test_an_even_gaussian_is_centred_between_four_pixels(size: int) -> None:
    array = weights("gaussian", sigma=1.0, size=size)
    assert array.shape == (size, size)
    np.testing.assert_allclose(array, array[::-1, ::-1], atol=1e-15)
    inner = size // 2
    assert array[inner, inner] == array[inner - 1, inner] == array.max()
    if size == 4:
        # exp(-0.5**2 / 2) / exp(-1.5**2 / 2) along a row
        assert array[1, 1] / array[1, 0] == pytest.approx(math.e)


@given(sigma=st.floats(0.5, 2.5))
@settings(max_examples=30, deadline=None)
def test_log_is_scipys_impulse_response_with_its_mean_taken_off(sigma: float) -> None:
    array = weights("log", sigma=sigma)
    radius = array.shape[0] // 2
    impulse = np.zeros((31, 31))
    impulse[15, 15] = 1
    # SciPy's second derivative is normalised by a Gaussian of the same radius, as ours is.
    want = ndi.gaussian_laplace(impulse, sigma, radius=radius)[15 - radius : 16 + radius, 15 - radius : 16 + radius]
    np.testing.assert_allclose(array, want - want.mean(), atol=1e-12)
    assert array[radius, radius] == array.min() < 0


@given(sigma=st.floats(0.3, 2.5), amount=st.floats(0.0, 5.0))
@settings(max_examples=30, deadline=None)
def test_unsharp_adds_what_the_blur_takes(sigma: float, amount: float) -> None:
    picture = np.random.default_rng(5).random((20, 20))
    blurred = ndi.correlate(picture, weights("gaussian", sigma=sigma))
    sharper = ndi.correlate(picture, weights("unsharp", sigma=sigma, amount=amount))
    np.testing.assert_allclose(sharper, picture + amount * (picture - blurred), atol=1e-12)


# Motion and Gabor


@pytest.mark.parametrize("length", range(1, 16))
def test_motion_along_the_axes_is_an_even_line(length: int) -> None:
    level, upright = weights("motion", length=length, angle=0.0), weights("motion", length=length, angle=90.0)
    assert np.array_equal(level, upright.T)
    middle = level.shape[0] // 2
    assert np.count_nonzero(level) == np.count_nonzero(level[middle]) == 2 * math.ceil((length - 1) / 2) + 1
    if length % 2:
        np.testing.assert_allclose(level[middle], 1 / length)


def test_motion_at_45_degrees_rises_to_the_right() -> None:
    array = weights("motion", length=9, angle=45.0)
    assert np.trace(array[:, ::-1]) > 0.4
    assert np.trace(array) < 0.2
    np.testing.assert_allclose(array, array[::-1, ::-1], atol=1e-15)
    np.testing.assert_allclose(array, weights("motion", length=9, angle=135.0)[:, ::-1], atol=1e-12)


@given(angle=st.floats(0, 180), wavelength=st.floats(3, 15), sigma=st.floats(0.5, 3.5), phase=st.floats(-180, 180))
@settings(max_examples=60, deadline=None)
def test_gabor_agrees_with_opencv(angle: float, wavelength: float, sigma: float, phase: float) -> None:
    cv2 = pytest.importorskip("cv2")
    array = weights("gabor", angle=angle, wavelength=wavelength, sigma=sigma, phase=phase)
    # OpenCV lays its kernel out turned by 180 degrees and takes its angles clockwise.
    want = cv2.getGaborKernel(
        array.shape[::-1], sigma, -math.radians(angle), wavelength, 1.0, -math.radians(phase), cv2.CV_64F
    )
    np.testing.assert_allclose(array, want, atol=1e-9)


@pytest.mark.parametrize("phase", [90.0, -90.0])
@given(angle=st.floats(0, 180), wavelength=st.floats(3, 15), sigma=st.floats(0.5, 3.5))
@settings(max_examples=30, deadline=None)
def test_odd_gabors_sum_to_zero(phase: float, angle: float, wavelength: float, sigma: float) -> None:
    array = weights("gabor", angle=angle, wavelength=wavelength, sigma=sigma, phase=phase)
    np.testing.assert_allclose(array, -array[::-1, ::-1], atol=1e-12)
    assert abs(array.sum()) < 1e-12


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 135.0])
def test_gabor_answers_to_stripes_across_its_angle(angle: float) -> None:
    down, right = np.mgrid[-20:21, -20:21].astype(float)

    def answer(direction: float) -> float:
        turn = math.radians(direction)
        stripes = np.cos(2 * math.pi * (right * math.cos(turn) - down * math.sin(turn)) / 5)
        responses = ndi.correlate(stripes, weights("gabor", angle=angle, phase=0.0))
        return np.abs(responses[10:-10, 10:-10]).max()  # the border bends the stripes

    assert answer(angle) > 5 * answer(angle + 90)


# Random


def test_random_depends_on_its_seed_alone() -> None:
    assert np.array_equal(weights("random", size=5, seed=7), weights("random", size=5, seed=7))
    assert not np.array_equal(weights("random", size=5, seed=7), weights("random", size=5, seed=8))
    np.random.seed(0)  # noqa: NPY002 - to show that the global generator plays no part
    before = weights("random")
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(weights("random"), before)


@pytest.mark.parametrize("size", [3, 8, 15])
def test_random_has_hes_scale(size: int) -> None:
    drawn = np.array([weights("random", size=size, seed=seed) for seed in range(300)])
    assert drawn.std() == pytest.approx(math.sqrt(2 / size**2), rel=0.05)
    assert abs(drawn.mean()) < 5 * drawn.std() / math.sqrt(drawn.size)


# Channels


def test_channel_weights() -> None:
    assert all(len(triple) == 3 for triple in CHANNEL_WEIGHTS.values())
    assert sum(CHANNEL_WEIGHTS["luma"]) == pytest.approx(0.9999)
    assert sum(CHANNEL_WEIGHTS["average"]) == pytest.approx(1.0)
    assert sum(CHANNEL_WEIGHTS["red_minus_green"]) == sum(CHANNEL_WEIGHTS["blue_minus_yellow"]) == 0


def test_an_rgb_filter_is_the_kernel_on_the_weighted_sum_of_the_channels() -> None:
    picture = np.random.default_rng(6).random((8, 9, 3))
    for triple in CHANNEL_WEIGHTS.values():
        planes = rgb_filter(weights("sobel_x"), triple)
        got = sum(ndi.correlate(picture[..., c], planes[c]) for c in range(3))
        np.testing.assert_allclose(got, ndi.correlate(picture @ np.array(triple), weights("sobel_x")), atol=1e-12)
    assert rgb_filter(weights("sobel_magnitude"), (1, 2, 3)).shape == (2, 3, 3, 3)


def test_an_rgb_filter_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="`weights`"):
        rgb_filter([1.0], (1, 1, 1))
    with pytest.raises(ValueError, match="`channels`"):
        rgb_filter([[1.0]], (1, 1))
