"""Text as columns, filters over it, and what max over time keeps: held against slow readable oracles."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from cnncore.text import (
    TextFilter,
    bag_of_words,
    characters,
    max_over_time,
    one_hot,
    pattern_filter,
    random_filters,
    responses,
    tokenise,
    vocabulary,
    words,
)

SENTENCE = ["the", "soup", "was", "not", "bad", "and", "the", "view", "was", "good"]
OTHER = ["the", "soup", "was", "not", "good", "and", "the", "view", "was", "bad"]
LETTERS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The soup wasn't bad!", ["the", "soup", "wasn't", "bad", "!"]),
        ("well-known - not 'so'", ["well-known", "-", "not", "'", "so", "'"]),
        ("a,b;c", ["a", ",", "b", ";", "c"]),
        ("3.5 € und 7 %", ["3", ".", "5", "€", "und", "7", "%"]),
        ("l’été n’est pas là", ["l’été", "n’est", "pas", "là"]),
        ("e\u0301te\u0301", ["été"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("good🙂bad", ["good", "🙂", "bad"]),
        ("👍🏽👩‍👩‍👧🇩🇪🇫🇷", ["👍🏽", "👩‍👩‍👧", "🇩🇪", "🇫🇷"]),
        ("  \t\n ", []),
        ("", []),
        ("\u200b\u202e\x00", []),
        ("a\u200bb", ["ab"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert tokenise(text, "words") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi  there ", ["h", "i", " ", "t", "h", "e", "r", "e"]),
        ("e\u0301", ["é"]),
        ("x\u0323\u0307", ["ẋ̣"]),
        ("👩‍👩‍👧!", ["👩‍👩‍👧", "!"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("1️⃣2", ["1️⃣", "2"]),
        ("你好", ["你", "好"]),
        ("\u0301a", ["a"]),
        ("\u200d", []),
        ("a\u200d b", ["a", " ", "b"]),
        ("x\x07y", ["x", "y"]),
    ],
)
def test_characters(text: str, expected: list[str]) -> None:
    assert [unicodedata.normalize("NFC", sign) for sign in characters(text)] == [
        unicodedata.normalize("NFC", sign) for sign in expected
    ]
    assert tokenise(text, "characters") == characters(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_split_and_nothing_visible_is_lost(text: str) -> None:
    signs, found = characters(text), words(text)
    assert all(signs)
    assert all(found)
    assert not any(sign != " " and sign.isspace() for sign in signs)
    assert signs[:1] != [" "]
    assert signs[-1:] != [" "]
    assert "".join(found) == "".join(sign for sign in signs if sign != " ")
    assert not any(" " in word for word in found)
    seen = {char for char in unicodedata.normalize("NFC", text).lower() if unicodedata.category(char)[0] in "LNPS"}
    skins = {chr(code) for code in range(0x1F3FB, 0x1F400)}
    assert seen - skins <= set("".join(signs))


@pytest.mark.parametrize("by", ["letters", "", None, "WORDS"])
def test_units_that_are_none_are_refused(by: Any) -> None:
    with pytest.raises(ValueError, match="`by`"):
        tokenise("a", by)


@settings(max_examples=60, deadline=None)
@given(LETTERS, LETTERS)
def test_one_hot_and_bag_of_words(tokens: list[str], others: list[str]) -> None:
    entries = vocabulary(tokens, others)
    assert sorted(entries) == sorted(set(tokens) | set(others))
    columns = one_hot(tokens, entries)
    assert columns.shape == (len(entries), len(tokens))
    assert (columns.sum(axis=0) == 1).all()
    assert [entries[row] for row in columns.argmax(axis=0)] == tokens
    assert bag_of_words(tokens, entries).tolist() == [tokens.count(entry) for entry in entries]
    shuffled = list(np.random.default_rng(0).permutation(np.array(tokens, dtype=object)))
    assert (bag_of_words(shuffled, entries) == bag_of_words(tokens, entries)).all()


@settings(max_examples=60, deadline=None)
@given(LETTERS, st.lists(st.sampled_from("abcd"), min_size=1, max_size=5))
def test_a_pattern_filter_counts_what_stands_in_its_place(tokens: list[str], pattern: list[str]) -> None:
    entries = vocabulary(tokens, pattern)
    found = pattern_filter(pattern, entries)
    assert (found.width, found.parameters) == (len(pattern), len(entries) * len(pattern) + 1)
    if len(pattern) > len(tokens):
        with pytest.raises(ValueError, match="window"):
            responses(one_hot(tokens, entries), found)
        return
    seen = responses(one_hot(tokens, entries), found)
    assert len(seen) == len(tokens) - len(pattern) + 1
    for start, value in enumerate(seen):
        hits = sum(token == wanted for token, wanted in zip(tokens[start:], pattern, strict=False))
        assert value == hits + 1 - len(pattern)
        assert (value == 1) == (tokens[start : start + len(pattern)] == pattern)
        assert value <= 1


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_responses_are_a_correlation_in_one_dimension(width: int) -> None:
    rng = np.random.default_rng(width)
    columns, weights = rng.normal(size=(6, 11)), rng.normal(size=(6, width))
    seen = responses(columns, TextFilter("", weights, -0.75))
    rows = [signal.correlate(row, taps, mode="valid") for row, taps in zip(columns, weights, strict=True)]
    np.testing.assert_allclose(seen, np.sum(rows, axis=0) - 0.75, rtol=1e-12, atol=1e-12)
    slow = [sum((columns[:, t + u] * weights[:, u]).sum() for u in range(width)) - 0.75 for t in range(12 - width)]
    np.testing.assert_allclose(seen, slow, rtol=1e-12, atol=1e-12)


def test_over_one_hot_columns_a_sum_is_a_lookup() -> None:
    tokens = characters("the cat in a hat")
    entries = vocabulary(tokens)
    (found,) = random_filters(1, len(entries), 3, rng=np.random.default_rng(4))
    seen = responses(one_hot(tokens, entries), found)
    for start, value in enumerate(seen):
        looked_up = sum(found.weights[entries.index(tokens[start + u]), u] for u in range(3))
        assert value == pytest.approx(looked_up, abs=1e-12)


def test_an_embedding_is_part_of_the_filter() -> None:
    rng = np.random.default_rng(0)
    columns = one_hot(SENTENCE, vocabulary(SENTENCE))
    vectors, weights = rng.normal(size=(4, len(columns))), rng.normal(size=(4, 3))
    through = responses(vectors @ columns, TextFilter("", weights, 0.2))
    at_once = responses(columns, TextFilter("", vectors.T @ weights, 0.2))
    np.testing.assert_allclose(through, at_once, rtol=1e-12, atol=1e-12)


def test_word_order_is_what_a_bag_of_words_cannot_see() -> None:
    entries = vocabulary(SENTENCE, OTHER)
    assert (bag_of_words(SENTENCE, entries) == bag_of_words(OTHER, entries)).all()
    found = {}
    for name, tokens in (("one", SENTENCE), ("other", OTHER)):
        columns = one_hot(tokens, entries)
        patterns = [pattern_filter(words(text), entries) for text in ("not bad", "not good", "was good", "was bad")]
        found[name] = [max_over_time(np.maximum(responses(columns, one), 0)) for one in patterns]
    assert [value for value, _ in found["one"]] == [1, 0, 1, 0]
    assert [value for value, _ in found["other"]] == [0, 1, 0, 1]
    assert [position for _, position in found["one"]][::2] == [3, 8]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=20))
def test_max_over_time_takes_the_first_of_equals(values: list[int]) -> None:
    best, position = max_over_time(values)
    assert (best, position) == (max(values), values.index(max(values)))


def test_max_over_time_keeps_a_nan() -> None:
    best, position = max_over_time([1.0, np.nan, 5.0])
    assert np.isnan(best)
    assert position == 1


def test_random_filters_depend_on_the_generator_only() -> None:
    one, other = (random_filters(3, 7, 2, rng=np.random.default_rng(9)) for _ in range(2))
    assert [found.name for found in one] == ["A", "B", "C"]
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.weights, second.weights)
        np.testing.assert_array_equal(first.weights, np.round(first.weights, 1))
        assert first.weights.shape == (7, 2)
        assert first.bias == 0
    assert not np.array_equal(one[0].weights, random_filters(3, 7, 2, rng=np.random.default_rng(8))[0].weights)


BAD: list[tuple[Any, str]] = [
    (lambda: one_hot([], ["a"]), "`tokens`"),
    (lambda: one_hot(["a"], []), "`entries`"),
    (lambda: one_hot(["a"], ["a", "a"]), "each once"),
    (lambda: pattern_filter([], ["a"]), "`tokens`"),
    (lambda: pattern_filter(["b"], ["a"]), "'b' is not among them"),
    (lambda: TextFilter("", np.zeros(3)), r"not \(3,\)"),
    (lambda: TextFilter("", np.zeros((0, 3))), "`weights`"),
    (lambda: TextFilter("", [[np.nan]]), "finite"),
    (lambda: TextFilter("", [[1.0]], np.inf), "finite"),
    (lambda: responses(np.zeros((2, 5)), TextFilter("", [[1.0]])), r"\(1, positions\), not \(2, 5\)"),
    (lambda: responses(np.zeros(5), TextFilter("", [[1.0]])), "positions"),
    (lambda: max_over_time([]), r"not \(0,\)"),
    (lambda: max_over_time([[1.0]]), r"not \(1, 1\)"),
    (lambda: random_filters(0, 1, 1, rng=np.random.default_rng(0)), "`count`"),
    (lambda: random_filters(27, 1, 1, rng=np.random.default_rng(0)), "at most 26"),
    (lambda: random_filters(1, 1, 0, rng=np.random.default_rng(0)), "`width`"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD)
def test_bad_arguments_are_named(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_filter_s_weights_cannot_be_changed_behind_its_back() -> None:
    weights = np.ones((2, 2))
    found = TextFilter("", weights)
    weights[0, 0] = 5
    assert found.weights[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        found.weights[0, 0] = 2
