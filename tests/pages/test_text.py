"""The Text page: its explorers hold the core's numbers, whatever is typed, and its sentences are true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore.text import max_over_time, one_hot, pattern_filter, random_filters, responses, tokenise, vocabulary
from pages.ui import text_controls, text_tabs
from pages.ui.text_controls import OTHERS, PATTERNS, SENTENCES
from pages.ui.text_model import MOST_TOKENS, pattern_of
from tests.pages.conftest import accepted, component_data, sentences

PAGE = "pages/5_Text.py"
Open = Callable[..., AppTest]


def explorers(app: AppTest) -> tuple[dict[str, Any], dict[str, Any]]:
    sliding, maxima = [data for data in component_data(app) if "taps" in data]
    return sliding, maxima


def text_of(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.markdown, *app.caption])


def expected(
    sentence: str, patterns: list[str], by: str = "words", *, relu: bool = True
) -> tuple[list[str], list[np.ndarray], list[np.ndarray]]:
    """The vocabulary, and for each pattern the sums and what ReLU leaves of them, by the core."""
    tokens = tokenise(sentence, by)[:MOST_TOKENS]
    split = [pattern_of(pattern, by) for pattern in patterns]
    entries = vocabulary(tokens, *split)
    columns = one_hot(tokens, entries)
    sums = [responses(columns, pattern_filter(pattern, entries)) for pattern in split]
    return entries, sums, [np.maximum(values, 0) if relu else values for values in sums]


@pytest.mark.parametrize("by", ["words", "characters"])
def test_opens_with_an_example_already_there(open_page: Open, by: str) -> None:
    app = open_page(PAGE, by=by)
    assert sentences(app) == ""
    patterns = PATTERNS[by].split("\n")
    entries, sums, kept = expected(SENTENCES[by], patterns, by)
    sliding, maxima = explorers(app)
    np.testing.assert_array_equal(sliding["output"]["planes"], [[sums[0]]])
    assert sliding["bias"] == [1.0 - len(pattern_of(patterns[0], by))]
    assert sliding["pinned"] == [0, 0, int(np.argmax(sums[0]))]
    assert sliding["input"]["row_labels"] == [entry.replace(" ", "␣") for entry in entries]
    assert maxima["output"]["planes"] == [[[max(values)] for values in kept]]
    assert maxima["output"]["winners"] == [[[[0, row, int(np.argmax(values))]] for row, values in enumerate(kept)]]
    assert maxima["input"]["row_labels"] == [
        pattern.replace(" ", "␣" if by == "characters" else " ") for pattern in patterns
    ]
    assert [max(values) for values in kept] == [1, 0, 1, 0] if by == "words" else [1, 1, 1, 0]
    assert maxima["pinned"] == [0, 0, 0]


def test_each_filter_can_stand_in_the_equation(open_page: Open) -> None:
    patterns = PATTERNS["words"].split("\n")
    _, sums, _ = expected(SENTENCES["words"], patterns)
    for at, values in enumerate(sums):
        sliding, maxima = explorers(open_page(PAGE, filter=str(at), place="3"))
        np.testing.assert_array_equal(sliding["output"]["planes"], [[values]])
        assert sliding["pinned"] == [0, 0, 3]
        assert maxima["pinned"] == [0, at, 0]
        assert patterns[at] in sliding["kernel"]["title"]
    sliding, maxima = explorers(open_page(PAGE, place="none"))
    assert (sliding["pinned"], maxima["pinned"]) == (None, None)


def test_filters_of_different_widths_have_rows_of_different_lengths(open_page: Open) -> None:
    app = open_page(PAGE, sentence="a b c d e", patterns="a\nb c\nc d e", relu="0")
    _, sums, _ = expected("a b c d e", ["a", "b c", "c d e"], relu=False)
    _, maxima = explorers(app)
    rows = maxima["input"]["planes"][0]
    assert [[value for value in row if value is not None] for row in rows] == [list(values) for values in sums]
    assert [row.count(None) for row in rows] == [0, 1, 2]
    assert maxima["output"]["planes"] == [[[max(values)] for values in sums]]
    assert maxima["input"]["note"] == ""


def test_random_filters_are_the_core_s(open_page: Open) -> None:
    app = open_page(PAGE, kind="random", count="4", width="2", seed="7", filter="3")
    tokens = tokenise(SENTENCES["words"])
    entries = vocabulary(tokens)
    filters = random_filters(4, len(entries), 2, rng=np.random.default_rng(7))
    sums = [responses(one_hot(tokens, entries), found) for found in filters]
    sliding, maxima = explorers(app)
    np.testing.assert_array_equal(sliding["kernel"]["planes"], [filters[3].weights])
    np.testing.assert_array_equal(sliding["output"]["planes"], [[sums[3]]])
    best = [max_over_time(np.maximum(values, 0)) for values in sums]
    assert maxima["output"]["planes"] == [[[value] for value, _ in best]]
    assert f"D answers most at position {best[3][1]}" in text_of(app)


def test_what_is_said_of_each_filter(open_page: Open) -> None:
    said = text_of(open_page(PAGE)).replace("\\", "")
    assert "“was not bad” stands at position 1, so its largest answer is 1." in said
    assert "“was not good” stands nowhere in the sentence, so its largest answer is 0." in said
    assert "“it was good” stands at position 5, so its largest answer is 1." in said


def test_a_long_sentence_is_cut_and_many_patterns_are_left_out_with_a_note(open_page: Open) -> None:
    app = open_page(PAGE, sentence="one two three four " * 6, patterns="one\ntwo\nthree\nfour\nfive\nsix")
    assert sentences(app) == ""
    sliding, maxima = explorers(app)
    assert len(sliding["input"]["column_labels"]) == MOST_TOKENS
    assert len(maxima["input"]["row_labels"]) == 4
    assert "The sentence has 24 words; the first 16 are used." in text_of(app)
    assert "There are 6 patterns; the first 4 are used." in text_of(app)


def test_a_sentence_shorter_than_the_filter_is_padded_with_a_note(open_page: Open) -> None:
    app = open_page(PAGE, sentence="bad", patterns="not bad at all")
    assert sentences(app) == ""
    assert "shorter than the widest filter: 3 empty positions stand behind it" in text_of(app)
    sliding, _ = explorers(app)
    assert sliding["input"]["pad"] == [0, 0, 0, 3]
    assert sliding["output"]["planes"] == [[[-3.0]]]


TEXTS = [
    "你好，世界",
    "नमस्ते दुनिया",
    "שלום עולם",
    "👩‍👩‍👧 🇩🇪 👍🏽",
    "<script>alert(1)</script> **bold** [link](https://x.org) :red[a] $x^2$ `code` | a | b |",
    "\u202eevil\u202c \u0000 zero",
    "a" * 5000,
    "!?",
    "İstanbul ﬁne ẞ",
]


@pytest.mark.parametrize("by", ["words", "characters"])
@pytest.mark.parametrize("text", TEXTS)
def test_any_text_works_and_is_shown_as_text(open_page: Open, text: str, by: str) -> None:
    tokens = tokenise(text, by)
    pattern = (" " if by == "words" else "").join(tokens[:2]).replace(" ", "␣" if by == "characters" else " ")
    names = {"words": ("sentence", "patterns", "other"), "characters": ("letters", "letter_patterns", "other_letters")}
    app = open_page(PAGE, by=by, **dict(zip(names[by], (text, pattern, text[::-1]), strict=True)))
    assert sentences(app) == ""
    sliding, maxima = explorers(app)
    assert [label.replace("␣", " ") for label in sliding["input"]["column_labels"]] == tokens[:MOST_TOKENS]
    assert maxima["output"]["planes"][0][0] == [1.0]
    said = text_of(app)
    for sign in ("<script>", "**bold**", "[link]", ":red[", "$x^2$", "`code`"):
        assert sign not in said.replace("\\", "\0")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b"])
def test_an_empty_sentence_gets_a_sentence_and_the_last_view_stays(open_page: Open, text: str) -> None:
    app = open_page(PAGE, sentence="good or bad", patterns="or bad")
    before = explorers(app)
    app.text_area(key="text.sentence").set_value(text).run()
    assert sentences(app).replace("\\", "") == "There is no word in the sentence: type at least one."
    assert explorers(app) == before
    app.text_area(key="text.sentence").set_value("or bad").run()
    assert sentences(app) == ""


def test_patterns_that_cannot_be_used_get_a_sentence(open_page: Open) -> None:
    app = open_page(PAGE)
    before = explorers(app)
    app.text_area(key="text.patterns").set_value("not\n*so* very very bad at all").run()
    assert "“\\*so\\* very very bad at all” is 8 words wide; a filter sees at most 5" in sentences(app)
    assert explorers(app) == before
    app.text_area(key="text.patterns").set_value(" \n \n").run()
    assert "There is no pattern to look for" in sentences(app)
    assert explorers(app) == before


def test_a_bad_link_keeps_the_person_s_sentence(open_page: Open) -> None:
    letters, patterns = "The quick brown fox jumps", "qui\nfox\nthe quick brown"
    app = open_page(PAGE, by="characters", letters=letters, letter_patterns=patterns)
    said = sentences(app)
    assert "“the quick brown” is 15 characters wide" in said
    assert "Until you change it, you see it with What they look for “cat, hat, a␣h, a␣c”." in said
    entries, sums, _ = expected(letters, PATTERNS["characters"].split("\n"), "characters")
    sliding, _ = explorers(app)
    assert sliding["input"]["column_labels"] == list("the␣quick␣brown␣fox␣jumps")[:MOST_TOKENS]
    assert sliding["input"]["row_labels"] == [entry.replace(" ", "␣") for entry in entries]
    np.testing.assert_array_equal(sliding["output"]["planes"], [[sums[0]]])
    assert app.text_area(key="text.letter_patterns").value == patterns


GARBAGE = ["", "💥", "-1", "1e999", "9" * 400, "<script>alert(1)</script>", "²"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_every_parameter_is_survived(open_page: Open, garbage: str) -> None:
    settings = [*text_controls.SETTINGS, *text_tabs.SETTINGS]
    names = [*(setting.name for setting in settings), "no_such_thing"]
    for name in accepted(settings, garbage):
        app = open_page(PAGE, **{name: garbage})
        assert not app.exception, (name, app.exception)
        assert len(explorers(app)) == 2, name
    app = open_page(PAGE, **dict.fromkeys(names, garbage))
    assert sentences(app) != ""
    assert len(explorers(app)) == 2


def test_a_refused_parameter_is_named_in_one_sentence(open_page: Open) -> None:
    assert "A position is a number from 0 to 15, not “20”" in sentences(open_page(PAGE, place="20"))
    assert "width must lie between 1 and 5, not 9" in sentences(open_page(PAGE, width="9"))
    assert sentences(open_page(PAGE, filter="3", patterns="bad")) == ""  # fewer filters than the link knew


def test_a_pin_beyond_the_sentence_goes_to_the_best_answer_with_a_sentence(open_page: Open) -> None:
    app = open_page(PAGE, place="15")
    assert "The filter answers at positions 0 to 5, not at 15" in sentences(app)
    assert explorers(app)[0]["pinned"] == [0, 0, 1]
    assert sentences(app.run()) == ""  # said once
    app = open_page(PAGE, place="4")
    app.text_area(key="text.sentence").set_value("it was good").run()
    assert "The filter answers at positions 0 to 0" in sentences(app)


CASES = [
    ({}, "Both have the same words, so that a bag of words cannot tell one from the other. “was not bad”, "
     "“was not good”, “it was good” and “it was bad” answer differently."),
    ({"other": "it was good"}, "The two have different words, so that a bag of words tells them apart already; "),
    ({"other": "it was bad and not bad but was good"}, "tells them apart already"),
    ({"other": SENTENCES["words"].upper()}, "The two are the same."),
    ({"patterns": "bad\ngood"}, "Filters of width 1 cannot, either: they see no order."),
    ({"patterns": "bad it"}, "These filters answer alike, too: what they look for is in both, or in neither."),
    ({"sentence": "not good", "other": "good not", "patterns": "not good"}, "“not good” answers differently."),
    ({"other": "  "}, "Type a second sentence: there is no word in it."),
    ({"by": "characters"}, "Both have the same characters"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "said"), CASES)
def test_word_order_is_judged_truly(open_page: Open, settings: dict[str, str], said: str) -> None:
    app = open_page(PAGE, **settings)
    assert sentences(app) == ""
    assert said in text_of(app).replace("\\", "")


def test_the_tables_hold_the_counts_and_the_maxima_of_both(open_page: Open) -> None:
    app = open_page(PAGE, other="It was good, good and bad")
    tables = [element.value for element in app.markdown if element.value.startswith("| ")]
    assert "| good | 1 | 2 |" in tables[0]
    assert "| any other | 0 | 1 |" in tables[0]
    assert "| it was good | 1 | 1 |" in tables[1]
    assert "| was not bad | 1 | 0 |" in tables[1]


def test_one_button_turns_the_sentence_round(open_page: Open) -> None:
    for by, other in (("words", "good was it , bad not was it"), ("characters", "tah a ni tac")):
        app = open_page(PAGE, by=by)
        next(button for button in app.button if button.label == "The same, backwards").click().run()
        assert sentences(app) == ""
        assert next(field.value for field in app.text_input if field.label == "Compare it with") == other
        assert f"Both have the same {by}" in text_of(app)


@pytest.mark.parametrize("tab", ["Word order", "Formula", "Save and share"])
@pytest.mark.parametrize("kind", ["patterns", "random"])
@pytest.mark.parametrize("by", ["words", "characters"])
def test_every_tab_opens_from_the_link(open_page: Open, tab: str, kind: str, by: str) -> None:
    assert sentences(open_page(PAGE, tab=tab, kind=kind, by=by, relu="0")) == ""


def test_the_formula_has_the_person_s_numbers(open_page: Open) -> None:
    app = open_page(PAGE, tab="Formula", filter="0")
    formulae = " ".join(element.value for element in app.latex)
    assert "8 - 3 + 1 = 6" in formulae
    assert r"\sum_{v=0}^{5} \sum_{u=0}^{2}" in formulae
    assert "6 × 3 weights and one bias: 19 parameters" in text_of(app)
    assert "arXiv:1408.5882" in text_of(app)


def test_the_share_link_reopens_the_view(open_page: Open) -> None:
    wanted = {"sentence": "so, so & so?", "patterns": "so ,\n& so", "relu": "0", "filter": "1", "place": "2"}
    app = open_page(PAGE, **wanted, tab="Save and share")
    link = app.code[0].value
    assert "patterns=so+%2C%0A%26+so" in link
    from urllib.parse import parse_qsl, urlsplit

    again = open_page(PAGE, **dict(parse_qsl(urlsplit(link).query)))
    assert explorers(again) == explorers(app)


def test_settings_survive_a_visit_to_another_page_and_one_button_resets_them(open_page: Open) -> None:
    app = open_page(PAGE, sentence="so good", patterns="so")
    app.switch_page("app.py").run()
    app.switch_page(PAGE).run()
    assert sentences(app) == ""
    assert app.text_area(key="text.sentence").value == "so good"
    next(button for button in app.button if button.label == "Back to defaults").click().run()
    assert app.text_area(key="text.sentence").value == SENTENCES["words"]
    assert app.text_input(key="text.other").value == OTHERS["words"]
