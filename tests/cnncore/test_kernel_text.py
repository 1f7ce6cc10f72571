"""A kernel's text: every form that is read, every mistake that is named, and the way there and back."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import scipy.ndimage as ndi
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnncore import kernel_text as kt
from cnncore.kernels import PRESETS

LAPLACE = np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
NUMBERS = st.floats(-1e6, 1e6) | st.integers(-9, 9).map(float)


def kernels(*leads: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    side = st.integers(1, 15)
    shapes = st.builds(lambda lead, kh, kw: (*lead, kh, kw), st.sampled_from(leads), side, side)
    return hnp.arrays(np.float64, shapes, elements=NUMBERS, fill=NUMBERS)


# Forms that are read


@pytest.mark.parametrize(
    "text",
    [
        "0 1 0; 1 -4 1; 0 1 0",
        "0 1 0;1 -4 1;0 1 0;",
        "0 1 0\n1 -4 1\n0 1 0",
        "\r\n 0 1 0 \r\n 1 -4 1 \r\n 0 1 0 \r\n\r\n",
        "0,1,0\n1,-4,1\n0,1,0\n",
        "0, 1, 0,\n1, -4, 1,\n0, 1, 0",
        "0, 1, 0; 1, -4, 1; 0, 1, 0",
        "0\t1\t0\n1\t-4\t1\n0\t1\t0",
        "0;1;0\n1;-4;1\n0;1;0",
        "0 1 0;\n1 -4 1;\n0 1 0;",
        "[[0,1,0],[1,-4,1],[0,1,0]]",
        "[[0, 1, 0,], [1, -4, 1,], [0, 1, 0,],]",
        "((0, 1, 0), (1, -4, 1), (0, 1, 0))",
        "[(0, 1, 0), (1, -4, 1), (0, 1, 0)]",
        "[[[0, 1, 0], [1, -4, 1], [0, 1, 0]]]",
        "[[ 0.  1.  0.]\n [ 1. -4.  1.]\n [ 0.  1.  0.]]",
        "array([[ 0.,  1.,  0.],\n       [ 1., -4.,  1.],\n       [ 0.,  1.,  0.]])",
        "np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=np.float32)",
        "torch.tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float32,)",
        "np.array(((0, 1, 0), (1, -4, 1), (0, 1, 0)))",
        "[0 1 0; 1 -4 1; 0 1 0]",
        "[0, 1, 0; 1, -4, 1;\n 0, 1, 0]",
        "0 1 0; 1 −4 1; 0 1 0",
        "0 1 0; 1 –4 1; 0 1 0",
        "0\u00a01\u00a00; 1 -4 1; 0 1 0",
        "\ufeff0 +1 0.0; 1. -4e0 1E+0; .0 10e-1 0",
        "2 * 0 .5 0; .5 -2 .5; 0 .5 0",
        "1/2 × [[0, 2, 0], [2, -8, 2], [0, 2, 0]]",
        "(1/2) * 0 2 0; 2 -8 2; 0 2 0",
        "1 / 2 *\n0 2 0\n2 -8 2\n0 2 0",
        "[[0, 2, 0], [2, -8, 2], [0, 2, 0]] / 2",
        "np.array([[0, 2, 0], [2, -8, 2], [0, 2, 0]]) * 1/2",
        "4 * [[0, 2, 0], [2, -8, 2], [0, 2, 0]] / 8",
        "0 2/2 0; 1 -8/2 1; 0 1/1 0/5",
    ],
)
def test_many_ways_to_write_one_kernel(text: str) -> None:
    assert np.array_equal(kt.parse(text), LAPLACE)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("5", (1, 1)),
        ("1 2 3", (1, 3)),
        ("[1, 2, 3]", (1, 3)),
        ("1;2;3", (3, 1)),
        ("1\n2", (2, 1)),
        ("[[1],[2]]", (2, 1)),
        ("1|2|3", (3, 1, 1)),
        ("1 2\n\n3 4\n \n5 6", (3, 1, 2)),
        ("[[[1, 2]], [[3, 4]], [[5, 6]]]", (3, 1, 2)),
        ("1 2;3 4|5 6;7 8|9 10;11 12", (3, 2, 2)),
        ("[[1]]|[[2]]|[[3]]", (3, 1, 1)),
        ("1 2\n\n|\n3 4\n|5 6", (3, 1, 2)),
    ],
)
def test_shapes(text: str, shape: tuple[int, ...]) -> None:
    array = kt.parse(text)
    assert array.shape == shape
    assert array.dtype == np.float64
    assert array.ravel().tolist() == ([5] if array.size == 1 else list(range(1, array.size + 1)))


def test_fractions_are_divided_as_floats() -> None:
    assert kt.parse("1/9 -2/3 1e-3/4").tolist() == [[1 / 9, -2 / 3, 1e-3 / 4]]
    assert kt.parse("1/9 * 1 1 1; 1 1 1; 1 1 1").tolist() == [[1 / 9] * 3] * 3
    assert kt.parse("[[1, 2, 1]] / 3").tolist() == [[1 / 3, 2 / 3, 1 / 3]]


@given(kernels((), (3,)))
@settings(max_examples=60, deadline=None)
def test_what_python_and_numpy_print_is_read_exactly(array: np.ndarray) -> None:
    assert np.array_equal(kt.parse(str(array.tolist())), array)
    with np.printoptions(floatmode="unique", threshold=1000, linewidth=200):
        assert np.array_equal(kt.parse(repr(array)), array)
        assert np.array_equal(kt.parse(str(array)), array)


# Mistakes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no number in the text; write rows like 0 1 0; 1 -4 1; 0 1 0"),
        (" \n\t\n", "there is no number in the text; write rows like 0 1 0; 1 -4 1; 0 1 0"),
        ("2 *", "there is no number in the text; write rows like 0 1 0; 1 -4 1; 0 1 0"),
        ("1 2 3; 4 5", "row 2 has 2 numbers, row 1 has 3"),
        ("1 2; 3", "row 2 has 1 number, row 1 has 2"),
        ("[[1, 2], [3]]", "row 2 has 1 number, row 1 has 2"),
        ("1 2;3 4|1 2;3 4|1 2;3", "row 2 of plane 3 has 1 number, row 1 has 2"),
        ("1 abc 2", "“abc” in row 1 is not a number"),
        ("1 2\n3 x", "“x” in row 2 is not a number"),
        ("[[1, 2], [3, x]]", "“x” in row 2 is not a number"),
        ("1 2;3 4|1 2;3 x|1 2;3 4", "“x” in row 2 of plane 2 is not a number"),
        ("1 nan", "“nan” in row 1 is not a finite number"),
        ("[[1, -Inf]]", "“-Inf” in row 1 is not a finite number"),
        ("1 1e999", "“1e999” in row 1 is beyond ±1,000,000"),
        ("1; -1000001", "“-1000001” in row 2 is beyond ±1,000,000"),
        ("1e999/1e999", "“1e999/1e999” in row 1 is beyond ±1,000,000"),
        ("1 2/0", "“2/0” in row 1 divides by zero"),
        ("1/0 * [[1]]", "the factor divides by zero"),
        ("[[1]] / 0", "the factor divides by zero"),
        ("1e6 * 2 2", "with its factor the kernel has weights beyond ±1,000,000"),
        ("1e6 / 5e-324 * 2 2", "with its factor the kernel has weights beyond ±1,000,000"),
        ("1_000", "“1_000” in row 1 is not a number"),
        ("٣", "“٣” in row 1 is not a number"),
        ("0x10", "“0x10” in row 1 is not a number"),
        ("1j", "“1j” in row 1 is not a number"),
        ("1 - 2", "“-” in row 1 is not a number"),
        ("1/ 2", "“1/” in row 1 is not a number"),
        ("2**3", "“*3” in row 1 is not a number"),
        ("__import__('os')", "“__import__” stands outside the brackets"),
        ("1,,2", "row 1 has an empty cell"),
        ("1,2\n,3", "row 2 has an empty cell"),
        (",", "row 1 has an empty cell"),
        ("[[1, 2], [3,, 4]]", "row 2 has an empty cell"),
        ("[[1, 2], [, 4]]", "row 2 has an empty cell"),
        ("0,5 1,0", "“5 1” in row 1 is not a number"),
        (
            "0,5;1,0\n1,0;0,5",
            "with “;” and “,” on several lines the text is ambiguous; write decimals with a point (0.5)",
        ),
        ("1 2;;3 4", "row 2 is empty"),
        (";", "row 1 is empty"),
        ("1|2", "the text has 2 planes; a kernel has one, or three for red, green and blue"),
        ("1\n\n2", "the text has 2 planes; a kernel has one, or three for red, green and blue"),
        ("1||2", "there is no number in plane 2"),
        ("1 2|3 4|5", "plane 3 has 1 × 1 numbers, plane 1 has 1 × 2"),
        (" ".join("1" * 16), "the text has 1 × 16 numbers; at most 15 × 15 are taken"),
        ("1;" * 16, "the text has 16 × 1 numbers; at most 15 × 15 are taken"),
        ("[[1, 2], [3, 4]", "a “]” is missing at the end"),
        ("[[1, 2], [3, 4]]]", "“]” stands outside the brackets"),
        ("[[1, 2], [3, 4)]", "“)” closes a bracket that “[” opened"),
        ("[1, [2]]", "the brackets do not nest evenly: a kernel is a list of rows, or a list of three such lists"),
        ("[[[[1]]]]", "the brackets nest more than three deep"),
        ("[[1; 2]]", "“;” cannot stand inside nested brackets; part rows by brackets alone"),
        ("[]", "there is no number in the brackets"),
        ("[[]]", "row 1 is empty"),
        ("np.zeros((3, 3))", "“np.zeros” stands outside the brackets"),
        (
            "np.array([[1]], order='C')",
            "the call round the kernel is not closed, or has more in it than a list and a dtype",
        ),
        ("np.array([[1]]", "the call round the kernel is not closed, or has more in it than a list and a dtype"),
        ("z" * 1000, "“zzzzzzzzzzzzzzzzzzzzzzzz…” in row 1 is not a number"),
        ("1 " * 20_000, "the text has 40,000 characters; a kernel needs no more than 25,000"),
    ],
)
def test_mistakes_are_named_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kt.parse(text)


@pytest.mark.parametrize("bad", [None, 3, b"1 2", [[1]]])
def test_only_strings_are_read(bad: Any) -> None:
    with pytest.raises(ValueError, match="`text` must be a string"):
        kt.parse(bad)


@given(st.text(max_size=60) | st.text("0123456789.,;| \n\t[]()-+e/*×anrtydp=", max_size=80))
@settings(max_examples=600, deadline=None)
def test_any_text_gives_a_kernel_or_a_sentence(text: str) -> None:
    try:
        array = kt.parse(text)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert array.ndim == 2 or array.shape[0] == 3
        assert max(array.shape[-2:]) <= kt.MAX_SIDE
        assert np.abs(array).max() <= kt.MAX_VALUE
        assert np.array_equal(kt.parse(kt.format_kernel(array)), array)
    assert len(sentence.splitlines()) <= 1
    assert len(sentence) < 200


@pytest.mark.parametrize(
    "piece", ["[", "(", "1", " ", "*", "/", ";", "|", "\n", "1/", "[1", "array(", "e", ".", "]", "1*"]
)
def test_long_and_hostile_texts_end_in_a_sentence(piece: str) -> None:
    text = (piece * kt.MAX_TEXT)[: kt.MAX_TEXT]
    for hostile in (text, "x " + text[2:], text[:-2] + " x", "[[" + text[2:]):
        with pytest.raises(ValueError, match=r"^[^\n]{10,200}$"):
            kt.parse(hostile)


# There and back


@given(kernels((), (3,)))
@settings(max_examples=200, deadline=None)
def test_text_holds_a_kernel_exactly(array: np.ndarray) -> None:
    text = kt.format_kernel(array)
    assert len(text) <= kt.MAX_TEXT
    back = kt.parse(text)
    assert back.shape == array.shape
    assert np.array_equal(back, array)
    assert kt.format_kernel(back) == text


def test_the_longest_kernel_fits() -> None:
    array = np.full((3, 15, 15), -2.2250738585072014e-308)
    assert np.array_equal(kt.parse(kt.format_kernel(array)), array)
    assert np.array_equal(kt.parse(repr(array.tolist())), array)


@pytest.mark.parametrize("key", [key for key, kernel in PRESETS.items() if not kernel.combine])
def test_every_preset_goes_there_and_back(key: str) -> None:
    array = PRESETS[key].weights()
    assert np.array_equal(kt.parse(kt.format_kernel(array)), array)


def test_a_larger_grid_may_be_allowed() -> None:
    array = np.full((3, 16, 16), -2.2250738585072014e-308)
    assert np.array_equal(kt.parse(kt.format_kernel(array, most=16), most=16), array)
    with pytest.raises(ValueError, match="the text has 1 × 17 numbers; at most 16 × 16 are taken"):
        kt.parse("1 " * 17, most=16)
    with pytest.raises(ValueError, match="at most 16 × 16"):
        kt.format_kernel(np.ones((17, 1)), most=16)


def test_the_canonical_text() -> None:
    assert kt.format_kernel(LAPLACE) == "0 1 0;1 -4 1;0 1 0"
    assert kt.format_kernel([[[1, 2]], [[0.1, -0.0]], [[1e-7, 1e6]]]) == "1 2|0.1 0|1e-07 1000000"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([1.0, 2.0], "shape"),
        (np.ones((2, 3, 3)), "text holds"),
        (np.ones((2, 3, 3, 3)), "text holds"),
        (np.ones((4, 3, 3)), "shape"),
        (np.ones((0, 3)), "shape"),
        (np.ones((3, 16)), "3 × 16 numbers; at most 15 × 15"),
        ([[math.nan]], "finite"),
        ([[math.inf]], "finite"),
        ([[1e7]], "within"),
    ],
)
def test_what_text_cannot_hold_is_refused(bad: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        kt.format_kernel(bad)


# Transforms

ANY = kernels((), (2,), (3,), (2, 3))


@given(ANY)
@settings(max_examples=60, deadline=None)
def test_flips_turns_and_transposes_fit_together(array: np.ndarray) -> None:
    for mirror in (kt.flip_horizontal, kt.flip_vertical, kt.flip, kt.transpose):
        assert np.array_equal(mirror(mirror(array)), array)
        assert not np.shares_memory(mirror(array), array)
    assert np.array_equal(kt.flip(array), kt.flip_vertical(kt.flip_horizontal(array)))
    assert np.array_equal(kt.flip(array), kt.rotate(array, 2))
    assert np.array_equal(kt.rotate(kt.rotate(array), -1), array)
    assert np.array_equal(kt.rotate(array), kt.flip_horizontal(kt.transpose(array)))
    assert np.array_equal(kt.rotate(array, 5), kt.rotate(array, 1))


def test_which_way_each_goes() -> None:
    array = np.arange(1.0, 7).reshape(2, 3)
    assert kt.rotate(array).tolist() == [[4, 1], [5, 2], [6, 3]]
    assert kt.flip_horizontal(array).tolist() == [[3, 2, 1], [6, 5, 4]]
    assert kt.flip_vertical(array).tolist() == [[4, 5, 6], [1, 2, 3]]
    assert kt.flip(array).tolist() == [[6, 5, 4], [3, 2, 1]]
    assert kt.transpose(array).tolist() == [[1, 4], [2, 5], [3, 6]]


@given(ANY)
@settings(max_examples=80, deadline=None)
def test_a_normalised_kernel_sums_to_one_or_is_refused(array: np.ndarray) -> None:
    if kt.can_normalise(array):
        scaled = kt.normalise(array)
        # Rounding grows with how much of the sum cancels: up to a million times.
        assert scaled.sum() == pytest.approx(1.0, abs=1e-7)
        np.testing.assert_allclose(scaled * array.sum(), array, rtol=1e-9, atol=1e-300)
        assert np.abs(scaled).max() <= kt.MAX_VALUE
    else:
        with pytest.raises(ValueError, match="sum to zero"):
            kt.normalise(array)


def test_edge_detectors_cannot_be_normalised() -> None:
    for key in ("sobel_x", "laplacian_8", "log", "gabor", "outline"):
        assert not kt.can_normalise(PRESETS[key].weights())
    assert not kt.can_normalise([[0.0]])
    assert not kt.can_normalise([[0.1, 0.2, -0.3]])
    assert kt.can_normalise([[0.1, 0.2, -0.29]])
    assert kt.normalise(PRESETS["article_blur"].weights())[1, 1] == 0.2
    assert kt.normalise([[-1.0, -1.0]]).tolist() == [[0.5, 0.5]]


@given(ANY, st.integers(1, 15), st.integers(1, 15))
@settings(max_examples=80, deadline=None)
def test_growing_and_cropping_back_is_nothing(array: np.ndarray, rows: int, columns: int) -> None:
    old_rows, old_columns = array.shape[-2:]
    new = kt.resized(array, max(rows, old_rows), max(columns, old_columns))
    assert np.array_equal(kt.resized(new, old_rows, old_columns), array)
    assert np.count_nonzero(new) == np.count_nonzero(array)
    assert kt.resized(array, rows, columns).shape == (*array.shape[:-2], rows, columns)


@given(kernels(()), st.integers(1, 15), st.integers(1, 15))
@settings(max_examples=40, deadline=None)
def test_growing_leaves_the_filters_result(array: np.ndarray, rows: int, columns: int) -> None:
    def same(kernel: np.ndarray) -> np.ndarray:
        picture = np.random.default_rng(0).random((6, 7))
        (kh, kw), ints = kernel.shape, np.asarray(picture)
        top, left = (kh - 1) // 2, (kw - 1) // 2
        padded = np.pad(ints, ((top, kh - 1 - top), (left, kw - 1 - left)), mode="wrap")
        return np.array([[(padded[i : i + kh, j : j + kw] * kernel).sum() for j in range(7)] for i in range(6)])

    grown = kt.resized(array, max(rows, array.shape[0]), max(columns, array.shape[1]))
    np.testing.assert_allclose(same(grown), same(array), rtol=1e-9, atol=1e-9 * np.abs(array).sum())


def test_cropping_keeps_the_centre() -> None:
    array = np.arange(25.0).reshape(5, 5)
    assert kt.resized(array, 3, 3).tolist() == array[1:4, 1:4].tolist()
    assert kt.resized(array, 1, 7).tolist() == [[0, 10, 11, 12, 13, 14, 0]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kt.resized(LAPLACE, 0, 3), r"`rows` \(=0\)"),
        (lambda: kt.resized(LAPLACE, 3, 16), r"`columns` \(=16\) must be at most 15"),
        (lambda: kt.resized(LAPLACE, 3, 2.5), "`columns`"),
        (lambda: kt.rotate(LAPLACE, 0.5), "`turns`"),
        (lambda: kt.flip([1, 2]), "`weights`"),
        (lambda: kt.can_normalise([[math.nan]]), "finite"),
    ],
)
def test_bad_arguments_are_named(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_a_flipped_kernel_correlates_as_the_kernel_convolves() -> None:
    picture = np.random.default_rng(1).random((8, 9))
    array = np.random.default_rng(2).random((3, 5))
    np.testing.assert_allclose(ndi.correlate(picture, kt.flip(array)), ndi.convolve(picture, array))
