"""A digit made ready for a network: MNIST's own recipe, scikit-learn's, and whatever people draw and photograph."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cnncore import datasets, pretrained
from cnncore._digit_frames import resampled
from cnncore.handwriting import STAGES, Prepared, UnreadableError, prepare
from tests.cnncore.strokes import STYLES, Hand, draw, drawn_digits, off_canvas, photographed

Picture = np.ndarray[Any, Any]
ORDER = ["given", "polarity", "crop", "scaled", "centred", "final"]


def enlarged(pixels: Picture, times: int) -> Picture:
    """Return an MNIST digit with every pixel `times` as large, (H, W) uint8."""
    return np.kron(np.rint(pixels * 255).astype(np.uint8), np.ones((times, times), np.uint8))


@pytest.fixture(scope="module")
def mnist() -> tuple[Picture, Picture]:
    """Every twentieth test picture, and its label."""
    data = datasets.load("mnist")
    chosen = datasets.split(data.labels).test[::20]
    return data.images[chosen], data.labels[chosen]


# MNIST's recipe -------------------------------------------------------------------------------------------------------


def test_an_enlarged_mnist_digit_comes_back_as_it_was(mnist: tuple[Picture, Picture]) -> None:
    images = mnist[0]
    back = np.concatenate([prepare(enlarged(image[0], 10)).final for image in images])
    # The box of the strokes is cut where ink begins, so a very faint first row or column may be lost in a few.
    differences = np.abs(back - images).mean(axis=(1, 2, 3))
    assert np.median(differences) < 0.003
    assert np.mean(differences < 0.01) > 0.85


def test_as_many_enlarged_mnist_digits_are_read_right_as_untouched_ones(mnist: tuple[Picture, Picture]) -> None:
    images, labels = mnist
    network = pretrained.load("mnist")
    back = np.concatenate([prepare(255 - enlarged(image[0], 3)).final for image in images])
    untouched = np.sum(network.forward(images).argmax(1) == labels)
    assert abs(int(np.sum(network.forward(back).argmax(1) == labels)) - int(untouched)) <= 1


@pytest.mark.parametrize("digit", range(10))
def test_the_box_is_20_long_and_its_mass_lies_in_the_middle_of_28(digit: int) -> None:
    ready = prepare(draw(digit, Hand(pen=0.1)))
    final = ready.final[0, 0]
    inked = final > 0
    sides = [np.ptp(np.flatnonzero(inked.any(axis=axis))) + 1 for axis in (0, 1)]
    assert max(sides) == 20
    given, scaled = ready.stages["crop"].shape, ready.stages["scaled"].shape
    assert given[1] / given[0] == pytest.approx(scaled[1] / scaled[0], abs=0.5 / min(scaled))
    # SciPy's centre of mass. By whole pixels, so within half a pixel: as it is in all of MNIST's pictures.
    assert np.abs(np.subtract(ndimage.center_of_mass(final), 14)).max() <= 0.5
    assert final.max() == 1


def test_scaling_down_by_a_whole_number_takes_the_mean_of_every_block() -> None:
    rng = np.random.default_rng(2)
    picture = np.zeros((120, 120), np.uint8)
    picture[10:110, 20:100] = rng.integers(60, 256, (100, 80))
    ready = prepare(picture)
    assert ready.stages["crop"].shape == (100, 80)
    means = np.array(
        [[ready.stages["crop"][5 * i : 5 * i + 5, 5 * j : 5 * j + 5].mean() for j in range(16)] for i in range(20)]
    )
    np.testing.assert_allclose(ready.stages["scaled"], means / means.max(), atol=1e-5)


@pytest.mark.parametrize("shape", [(31, 17), (20, 27), (7, 5), (1, 50)])
def test_scaling_weighs_each_pixel_by_the_area_it_shares(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(4).random(shape, dtype=np.float32)
    size = (min(shape[0], 13), min(shape[1], 20))
    expected = np.zeros(size)
    for row, column in np.ndindex(*size):
        area = 0.0
        for i, j in np.ndindex(*shape):
            down = min((row + 1) * shape[0] / size[0], i + 1) - max(row * shape[0] / size[0], i)
            right = min((column + 1) * shape[1] / size[1], j + 1) - max(column * shape[1] / size[1], j)
            share = max(down, 0) * max(right, 0)
            expected[row, column] += share * values[i, j]
            area += share
        expected[row, column] /= area
    np.testing.assert_allclose(resampled(values, size), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(1203, 777), (401, 3), (900, 1201, 3)])
def test_a_large_picture_is_first_reduced_by_the_mean_of_blocks(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    picture[:, : shape[1] // 2] //= 4
    step = -(-max(shape[:2]) // 400)
    given = prepare(picture, skip=["polarity"]).stages["given"]
    assert given.shape == tuple(-(-length // step) for length in shape[:2])
    weights = [0.2989, 0.5870, 0.1140]
    for row, column in ((0, 0), (given.shape[0] - 1, 0), (given.shape[0] - 1, given.shape[1] - 1), (5, 0)):
        block = picture[row * step : (row + 1) * step, column * step : (column + 1) * step].astype(float)
        expected = block.mean() if len(shape) == 2 else block.mean(axis=(0, 1)) @ weights
        assert 255 * given[row, column] == pytest.approx(expected, abs=1.1)


@pytest.mark.parametrize("like", ["mnist", "digits"])
def test_neither_polarity_nor_place_nor_size_matters(like: str) -> None:
    for digit in (2, 4, 7):
        drawing = draw(digit, Hand(canvas=(100, 100), height=0.6))
        first = prepare(drawing, like=like).final
        np.testing.assert_allclose(prepare(255 - drawing, like=like).final, first, atol=1e-6)
        wide = np.full((180, 240), 255, np.uint8)
        wide[70:170, 5:105] = drawing
        np.testing.assert_allclose(prepare(wide, like=like).final, first, atol=1e-6)
        coloured = np.stack([drawing] * 3, axis=2)
        np.testing.assert_allclose(prepare(coloured, like=like).final, first, atol=0.01)
        twice = np.kron(drawing, np.ones((2, 2), np.uint8))
        bigger = prepare(twice, like=like).final
        if like == "mnist":  # the mean over an area is the same
            np.testing.assert_allclose(bigger, first, atol=1e-5)
        else:  # thin strokes are given room by whole cells of the bitmap: one more or less moves every edge by a cell
            assert np.abs(bigger - first).mean() < 0.12
            network = pretrained.load("digits")
            assert network.forward(bigger).argmax() == network.forward(first).argmax()


def test_ink_and_paper_may_be_any_two_greys() -> None:
    black = prepare(draw(5, Hand())).final
    for ink, paper in ((40, 200), (120, 90), (250, 180)):
        np.testing.assert_allclose(prepare(draw(5, Hand(ink=ink, paper=paper))).final, black, atol=0.06)


# scikit-learn's recipe ------------------------------------------------------------------------------------------------


def test_digits_are_the_counts_of_ink_in_4_by_4_blocks_of_a_bitmap() -> None:
    for drawing, _, _ in drawn_digits(20, seed=1):
        ready = prepare(drawing, like="digits")
        bitmap = ready.stages["centred"]
        assert bitmap.shape == (32, 32)
        assert set(np.unique(bitmap)) <= {0, 1}
        counts = np.zeros((8, 8))
        for row in range(32):
            for column in range(32):
                counts[row // 4, column // 4] += bitmap[row, column]
        np.testing.assert_array_equal(ready.final[0, 0] * 16, counts)


def test_prepared_digits_look_like_scikit_learns() -> None:
    data = datasets.load("digits")
    images = data.images[datasets.split(data.labels).train, 0]
    ready = np.concatenate([prepare(drawing, like="digits").final for drawing, _, _ in drawn_digits(60, seed=1)])[:, 0]
    # As much ink, in every row, and as little in the outer columns.
    assert ready.mean() == pytest.approx(images.mean(), rel=0.05)
    assert np.abs(ready.mean(axis=(0, 1)) - images.mean(axis=(0, 1))).max() < 0.2
    assert (ready[:, [0, -1]].max(axis=2) > 0).all()


# What people draw and photograph --------------------------------------------------------------------------------------


def test_the_bundled_network_reads_digits_that_a_script_draws() -> None:
    drawings = list(drawn_digits(100))
    assert {(digit, hand.style) for _, digit, hand in drawings} == {
        (d, s) for d in STYLES for s in range(len(STYLES[d]))
    }
    labels = np.array([digit for _, digit, _ in drawings])
    for like, least in (("mnist", 95), ("digits", 80)):
        ready = np.concatenate([prepare(drawing, like=like).final for drawing, _, _ in drawings])
        read = pretrained.load(like).forward(ready).argmax(axis=1)
        assert np.sum(read == labels) >= least, like


def test_photographs_in_uneven_light_are_read() -> None:
    rng = np.random.default_rng(5)
    network, right, uneven = pretrained.load("mnist"), 0, 0
    for drawing, digit, _ in drawn_digits(30, seed=3):
        ready = prepare(photographed(drawing, rng))
        right += int(network.forward(ready.final).argmax()) == digit
        uneven += any("uneven" in note for note in ready.notes)
    assert right >= 27
    assert uneven >= 24


def test_the_sharp_edge_of_a_shadow_is_no_stroke() -> None:
    rng = np.random.default_rng(5)
    network, right = pretrained.load("mnist"), 0
    for number, (drawing, digit, _) in enumerate(drawn_digits(30)):
        y, x = (np.arange(side) - side * rng.uniform(0.3, 0.7) for side in drawing.shape)
        angle = rng.uniform(0, 2 * np.pi)
        shadow = np.cos(angle) * x + np.sin(angle) * y[:, None] > 0
        light = np.where(shadow, (0.5, 0.7)[number % 2], 1)
        ready = prepare(np.rint(drawing * light).astype(np.uint8))
        right += int(network.forward(ready.final).argmax()) == digit
    assert right >= 28


@pytest.mark.parametrize("noise", [0, 2])
@pytest.mark.parametrize("edge", ["top", "bottom", "left", "right", "top and bottom"])
def test_a_dark_band_along_an_edge_is_no_stroke(edge: str, noise: float) -> None:
    rng = np.random.default_rng(3)
    for digit in range(10):
        clean = np.pad(draw(digit, Hand(paper=235, ink=60)), 40, constant_values=235)
        clean = np.clip(clean + rng.normal(0, noise, clean.shape), 0, 255).astype(np.uint8)
        banded = clean.copy()
        for name, part in (
            ("top", np.s_[:24]),
            ("bottom", np.s_[-24:]),
            ("left", np.s_[:, :24]),
            ("right", np.s_[:, -24:]),
        ):
            if name in edge:
                banded[part] = 50
        ready = prepare(banded)
        assert np.abs(ready.final - prepare(clean).final).mean() < 0.02  # its grey has a say in what full ink is
        count = "Two bands along whole edges were" if "and" in edge else "One band along a whole edge was"
        assert f"{count} left out." in ready.notes


def test_a_stroke_that_touches_a_band_is_not_left_out_with_it() -> None:
    picture = np.full((200, 160), 235, np.uint8)
    picture[40:52, 50:110] = 60  # a 5 whose bar is apart
    picture[60:185, 50:62] = 60
    picture[-20:] = 50
    assert "left out" not in notes(picture)


def test_a_bar_is_no_band_where_the_paper_is_known_or_nothing_else_is_there() -> None:
    bar = np.full((100, 80), 255, np.uint8)
    bar[-9:] = 0
    assert "left out" not in notes(bar)
    bar[20:60, 36:44] = 0
    assert "One band along a whole edge was left out." in notes(bar)
    known = prepare(bar, paper=255)
    assert "Two strokes that do not touch were taken together." in known.notes


def test_a_stroke_that_leaves_the_picture_is_no_shadow() -> None:
    for digit in (0, *range(2, 10)):  # a narrow 1 would be gone
        ready = prepare(draw(digit, off_canvas(Hand(pen=0.1), 0.1)))
        assert any("touches the edge" in note for note in ready.notes)
        assert not any("uneven" in note for note in ready.notes)


def test_a_sheet_on_a_darker_table_is_not_the_digit() -> None:
    rng = np.random.default_rng(1)
    network, right = pretrained.load("mnist"), 0
    drawings = [(drawing, digit) for drawing, digit, hand in drawn_digits(30, seed=31) if hand.paper > hand.ink]
    for drawing, digit in drawings:
        rows, columns = drawing.shape
        table = np.full((rows + rows // 2, columns + columns // 2), 60, np.uint8)
        table[rows // 4 : rows // 4 + rows, columns // 4 : columns // 4 + columns] = drawing
        right += int(network.forward(prepare(photographed(table, rng)).final).argmax()) == digit
    assert right >= 0.8 * len(drawings)


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.full((50, 50), 255, np.uint8), "same brightness"),
        (np.zeros((50, 50, 3), np.uint8), "same brightness"),
        (np.full((1, 1), 7, np.uint8), "same brightness"),
        (np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8), "nothing to read"),
        (
            np.full((5, 3000), 255, np.uint8) - (np.arange(5) == 2)[:, None].astype(np.uint8) * 255,
            "a strip of 5 × 3,000",
        ),
        (np.zeros((0, 5), np.uint8), "at least one pixel"),
        (np.zeros((5, 5), np.float32), "must be uint8"),
        (np.zeros((5, 5, 4), np.uint8), "shape"),
    ],
)
def test_where_there_is_nothing_to_read_a_sentence_says_so(picture: Picture, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        prepare(picture)


@pytest.mark.parametrize("skip", [(), ("polarity",)])
def test_what_was_given_is_shown_even_where_nothing_can_be_read(skip: tuple[str, ...]) -> None:
    picture = np.full((60, 90, 3), 200, np.uint8)
    with pytest.raises(UnreadableError) as refused:
        prepare(picture, skip=skip)
    np.testing.assert_allclose(refused.value.stages["given"], 200 / 255, atol=1e-3)
    assert refused.value.stages["given"].shape == (60, 90)
    strip = np.arange(3000, dtype=np.uint8)[None].repeat(5, axis=0)
    with pytest.raises(UnreadableError) as refused:
        prepare(strip, skip=skip)
    np.testing.assert_allclose(refused.value.stages["given"], strip / np.float32(255))


@pytest.mark.parametrize(("like", "skip", "said"), [("cats", (), "like"), ("mnist", ("colour",), "skip")])
def test_unknown_names_are_refused(like: str, skip: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        prepare(draw(1, Hand()), like=like, skip=skip)


def notes(picture: Picture) -> str:
    return " ".join(prepare(picture).notes)


def test_what_was_seen_is_said() -> None:
    assert "dark on light, so it was inverted" in notes(draw(3, Hand()))
    assert "light on dark" in notes(draw(3, Hand(ink=255, paper=0)))
    assert "Two strokes that do not touch" in notes(draw(5, Hand(pen=0.012)))
    assert "strokes" not in notes(draw(3, Hand()))
    assert "touches the edge" in notes(draw(3, off_canvas(Hand(), 0.5)))
    assert "touches the edge" not in notes(draw(3, Hand()))
    assert "only 4 × 3 pixels" in notes(np.pad(np.full((4, 3), 255, np.uint8), 20))
    assert "may be a blot" in notes(np.pad(np.full((30, 30), 255, np.uint8), 20))
    for radius in (10.5, 30):  # a round dot covers pi / 4 of its box
        away = np.hypot(*np.mgrid[-40:41, -40:41])
        assert "may be a blot" in notes(np.where(away <= radius, 0, 255).astype(np.uint8))
    assert "first reduced to 300 × 375" in notes(draw(3, Hand(canvas=(1200, 1500))))
    spotted = draw(3, Hand()).copy()
    spotted[4:6, 4:6] = 0
    assert "One speck was left out" in notes(spotted)


def test_digits_are_no_blots(mnist: tuple[Picture, Picture]) -> None:
    pictures = [np.pad(enlarged(image[0], 1), 4) for image in mnist[0]] + [
        drawing for drawing, _, _ in drawn_digits(60)
    ]
    assert sum("may be a blot" in notes(picture) for picture in pictures) <= 1


def test_a_speck_does_not_stretch_the_box() -> None:
    clean = draw(6, Hand())
    spotted = clean.copy()
    spotted[4:6, 4:6] = 0
    np.testing.assert_allclose(prepare(spotted).final, prepare(clean).final, atol=1e-6)


# Stages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("like", ["mnist", "digits"])
def test_every_choice_of_stages_gives_all_of_them_in_order(like: str) -> None:
    drawing = draw(4, Hand(canvas=(90, 140), height=0.4, place=(0.1, 0.9)))
    for count in range(len(STAGES) + 1):
        for skip in combinations(STAGES, count):
            ready = prepare(drawing, like=like, skip=skip)
            check(ready, like)
            np.testing.assert_array_equal(ready.final[0, 0], ready.stages["final"])


def check(ready: Prepared, like: str) -> None:
    side = {"mnist": 28, "digits": 8}[like]
    assert ready.final.shape == (1, 1, side, side)
    assert ready.final.dtype == np.float32
    assert list(ready.stages) == ORDER
    for values in ready.stages.values():
        assert values.ndim == 2
        assert 0 <= values.min() <= values.max() <= 1
    assert all(re.fullmatch(r"[A-Z0-9].*\.", note) for note in ready.notes)


def test_a_stage_that_is_left_out_shows() -> None:
    drawing = draw(7, Hand(canvas=(200, 200), height=0.4, place=(0.0, 0.0)))
    inverted = prepare(drawing, skip=["polarity"])
    np.testing.assert_allclose(inverted.stages["polarity"], drawing / 255, atol=1e-6)
    assert inverted.final.mean() > 0.3  # a white sheet with a dark digit
    whole = prepare(drawing, skip=["crop"])
    assert whole.stages["crop"].shape == (200, 200)
    assert np.ptp(np.flatnonzero(whole.final[0, 0].any(axis=1))) < 10  # 0.4 of 20
    stretched = prepare(drawing, skip=["scale"])
    assert stretched.stages["scaled"].shape == (28, 28)
    corner = prepare(drawing, skip=["centre"])
    np.testing.assert_array_equal(
        corner.stages["centred"][:20, : corner.stages["scaled"].shape[1]], corner.stages["scaled"]
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.sampled_from(["noise", "blocks", "lines", "slope", "drawing"]),
    st.sampled_from(["mnist", "digits"]),
    st.sets(st.sampled_from(STAGES)),
    st.sampled_from([None, 0, 120, 255]),
)
def test_any_picture_is_prepared_or_refused_with_a_sentence(
    seed: int, shape: tuple[int, int], kind: str, like: str, skip: set[str], paper: int | None
) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = shape
    if kind == "noise":
        picture = rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    elif kind == "blocks":
        picture = np.kron(rng.integers(0, 2, (3, 3), dtype=np.uint8) * 200, np.ones(shape, np.uint8))
    elif kind == "lines":
        picture = np.where(rng.random((rows, 1)) < 0.3, rng.integers(0, 256, dtype=np.uint8), 255) * np.ones(columns)
        picture = picture.astype(np.uint8)
    elif kind == "slope":
        picture = np.add.outer(np.arange(rows), 2 * np.arange(columns)).astype(np.uint8)
    else:
        hand = Hand(
            canvas=(rows + 8, columns + 8), height=rng.uniform(0.1, 1), place=(rng.uniform(-1, 2), rng.uniform(-1, 2))
        )
        picture = draw(int(rng.integers(10)), hand)
    try:
        ready = prepare(picture, like=like, skip=skip, paper=paper)
    except ValueError as error:
        refused = str(error)
    else:
        check(ready, like)
        return
    assert refused.startswith("There is nothing to read: ")


def test_more_ink_than_paper_is_ink_where_the_paper_is_known() -> None:
    """A canvas that somebody fills, down to a rim of white."""
    canvas = np.full((252, 252), 255, np.uint8)
    canvas[12:240, 12:240] = 30
    canvas[100:104, 12:240] = 255
    ready = prepare(canvas, paper=255)
    assert ready.notes[0] == "The picture was dark on light, so it was inverted."
    assert "may be a blot" in ready.notes[-1]
    assert ready.stages["polarity"][50, 50] == 1
    assert ready.stages["polarity"][0, 0] == 0


def test_a_known_paper_changes_nothing_where_it_is_found_out_rightly() -> None:
    for drawing, _digit, _hand in drawn_digits(10):
        paper = int(np.bincount(drawing.reshape(-1)).argmax())
        alone, told = prepare(drawing), prepare(drawing, paper=paper)
        np.testing.assert_array_equal(told.final, alone.final)
        assert told.notes == alone.notes


@pytest.mark.parametrize("paper", [-1, 256, 0.5, "white"])
def test_a_paper_that_is_no_grey_level_is_refused(paper: Any) -> None:
    with pytest.raises(ValueError, match="paper"):
        prepare(np.zeros((20, 20), np.uint8), paper=paper)
