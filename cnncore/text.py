"""One-dimensional convolution over a sentence: tokens, one-hot columns, filters that detect a pattern, max over time.

A sentence becomes a matrix with a row for each entry of the vocabulary and a column for each position. A filter spans
all rows and a few columns, and slides along the columns only: a two-dimensional convolution over an "image" with one
channel for each entry of the vocabulary, one row, and one column for each position. In practice the one-hot columns are
first multiplied by a matrix of word vectors (an embedding); a filter over these is the same as one over one-hot columns
whose weights are products of both matrices.

References
----------
.. [1] Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014, arXiv:1408.5882.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncore import ops
from cnncore.geometry import as_int

Array = NDArray[np.float64]

UNITS = ("words", "characters")
JOINER = "\u200d"
"""Zero width joiner: what stands before and after it is one sign (a family of emoji)."""
SKINS = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
"""Tones of skin, which belong to the sign before them."""
INSIDE_WORDS = "'’‐-_"


def characters(text: str) -> list[str]:
    """Split a text into what a reader takes for single characters, in lower case.

    Parameters
    ----------
    text : str
        Any Unicode. Accents belong to their letters, joined emoji and pairs of flag letters are one character.
        White space counts as one blank, and as none at the ends; invisible control characters are dropped.

    Returns
    -------
    list of str

    Notes
    -----
    A short form of the grapheme clusters of Unicode's annex 29, enough for text that people type.

    Examples
    --------
    >>> characters("  Né  à ")
    ['n', 'é', ' ', 'à']
    """
    seen = "".join(char for char in unicodedata.normalize("NFC", text).lower() if not _is_hidden(char))
    found: list[str] = []
    for char in " ".join(seen.split()):
        accent = char == JOINER or unicodedata.category(char)[0] == "M"
        joins = accent or char in SKINS or (found and (found[-1].endswith(JOINER) or _half_flag(found[-1], char)))
        if joins and found and " " not in (char, found[-1]):
            found[-1] += char
        elif not accent:
            found.append(char)
    return [cluster.rstrip(JOINER) for cluster in found]


def _is_hidden(char: str) -> bool:
    """Whether it is a control character that is no white space."""
    return char != JOINER and not char.isspace() and unicodedata.category(char) in ("Cc", "Cf", "Cs")


def _half_flag(before: str, char: str) -> bool:
    """Whether two letters of a flag meet."""
    return len(before) == 1 and all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (before, char))


def words(text: str) -> list[str]:
    """Split a text into words, in lower case; a punctuation mark or a symbol is a word of its own.

    Parameters
    ----------
    text : str
        Any Unicode. Words are parted by white space; hyphens and apostrophes inside a word belong to it.

    Returns
    -------
    list of str

    Examples
    --------
    >>> words("It wasn't good, was it?")
    ['it', "wasn't", 'good', ',', 'was', 'it', '?']
    """
    signs = characters(text)
    found: list[str] = []
    open_word = False
    for sign, following in zip(signs, [*signs[1:], " "], strict=False):
        belongs = _is_letter(sign) or (open_word and sign in INSIDE_WORDS and _is_letter(following))
        if belongs and open_word:
            found[-1] += sign
        elif sign != " ":
            found.append(sign)
        open_word = belongs
    return found


def _is_letter(sign: str) -> bool:
    """Whether it is a letter, a figure or an accent of any script."""
    return unicodedata.category(sign[0])[0] in "LMN"


def tokenise(text: str, by: str = "words") -> list[str]:
    """Split a text into the units that a network reads.

    Parameters
    ----------
    text : str
    by : {"words", "characters"}

    Returns
    -------
    list of str
        As `words` or `characters` give them; empty for a text in which there is nothing to see.

    Raises
    ------
    ValueError
        If `by` is neither.

    Examples
    --------
    >>> tokenise("Not bad", "words"), tokenise("Hi", "characters")
    (['not', 'bad'], ['h', 'i'])
    """
    if by not in UNITS:
        raise ValueError(f"`by` (={by!r}) must be 'words' or 'characters'")
    return words(text) if by == "words" else characters(text)


def vocabulary(*texts: Iterable[str]) -> list[str]:
    """Return each token of some token lists once, in the order in which they first appear.

    Examples
    --------
    >>> vocabulary(["a", "b", "a"], ["c", "b"])
    ['a', 'b', 'c']
    """
    return list(dict.fromkeys(token for text in texts for token in text))


def one_hot(tokens: Sequence[str], entries: Sequence[str]) -> Array:
    """Write tokens as columns with a single 1.

    Parameters
    ----------
    tokens : sequence of str
        A sentence; T of them.
    entries : sequence of str
        The vocabulary; V different tokens.

    Returns
    -------
    ndarray of float64, shape (V, T)
        Row: entry of the vocabulary; column: position. The column of a token that is not in the vocabulary is zero.

    Raises
    ------
    ValueError
        If there is no token, no entry, or an entry appears twice.

    Examples
    --------
    >>> one_hot(["b", "a", "?"], ["a", "b"]).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    if not tokens:
        raise ValueError("`tokens` must hold at least one token")
    if not entries or len(set(entries)) != len(entries):
        raise ValueError(f"`entries` must be at least one token, each once, not {list(entries)!r}")
    return (np.array(entries, dtype=object)[:, None] == np.array(tokens, dtype=object)[None, :]).astype(np.float64)


def bag_of_words(tokens: Sequence[str], entries: Sequence[str]) -> Array:
    """Count each entry of the vocabulary: all that is left of a sentence when its order is given up.

    Parameters
    ----------
    tokens, entries : sequence of str
        As in `one_hot`.

    Returns
    -------
    ndarray of float64, shape (V,)

    Raises
    ------
    ValueError
        As `one_hot` does.

    Examples
    --------
    >>> entries = ["good", "not"]
    >>> bag_of_words(["not", "good"], entries).tolist(), bag_of_words(["good", "not"], entries).tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    counts: Array = one_hot(tokens, entries).sum(axis=1)
    return counts


@dataclass(frozen=True, eq=False)
class TextFilter:
    """A filter over a sentence.

    Parameters
    ----------
    name : str
        What it looks for, for people.
    weights : array_like of float, shape (V, K)
        Row: entry of the vocabulary; column: place in the window.
    bias : float
        Added to each sum.

    Raises
    ------
    ValueError
        If the weights have another shape, or something is not finite.
    """

    name: str
    weights: Array
    bias: float = 0.0

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=np.float64)
        if weights.ndim != 2 or weights.size == 0:
            raise ValueError(f"`weights` must have the shape (entries, width), not {weights.shape}")
        if not np.isfinite(weights).all() or not np.isfinite(self.bias):
            raise ValueError("`weights` and `bias` must be finite")
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", float(self.bias))

    @property
    def width(self) -> int:
        """Positions that it sees at once."""
        return int(self.weights.shape[1])

    @property
    def parameters(self) -> int:
        """How many numbers it has: its weights and one bias."""
        return int(self.weights.size) + 1


def pattern_filter(pattern: Sequence[str], entries: Sequence[str], *, name: str = "") -> TextFilter:
    """Return the filter that answers 1 where a pattern stands, and at most 0 elsewhere.

    Parameters
    ----------
    pattern : sequence of str
        K tokens.
    entries : sequence of str
        The vocabulary. It must have all tokens of the pattern.
    name : str
        Of the filter; by default the pattern.

    Returns
    -------
    TextFilter
        Its weights are the pattern's own one-hot columns, its bias is 1 - K: a window in which m of the K tokens stand
        in their places gives m + 1 - K.

    Raises
    ------
    ValueError
        If the pattern is empty, or has a token that the vocabulary lacks.

    Examples
    --------
    >>> entries = ["not", "bad", "good"]
    >>> found = pattern_filter(["not", "bad"], entries)
    >>> responses(one_hot(["not", "bad", "good"], entries), found).tolist()
    [1.0, -1.0]
    """
    missing = [token for token in pattern if token not in entries]
    if missing:
        raise ValueError(f"`entries` must have every token of `pattern`, but {missing[0]!r} is not among them")
    return TextFilter(name or " ".join(pattern), one_hot(pattern, entries), 1.0 - len(pattern))


def random_filters(count: int, size: int, width: int, *, rng: np.random.Generator) -> list[TextFilter]:
    """Return filters as they are before a network has learnt anything.

    Parameters
    ----------
    count : int
        How many.
    size : int
        Entries of the vocabulary.
    width : int
        Positions that each sees.
    rng : numpy.random.Generator
        Where the weights come from: a normal distribution, rounded to one decimal so that sums can be followed.

    Returns
    -------
    list of TextFilter
        Named A, B, ...; the bias is 0.

    Raises
    ------
    ValueError
        If a number is less than 1, or there are more filters than letters.

    Examples
    --------
    >>> [found.name for found in random_filters(2, 5, 3, rng=np.random.default_rng(0))]
    ['A', 'B']
    """
    count, size, width = (
        as_int(value, name, least=1) for value, name in ((count, "count"), (size, "size"), (width, "width"))
    )
    if count > 26:
        raise ValueError(f"`count` (={count}) must be at most 26: each filter is named by a letter")
    weights = np.round(rng.normal(size=(count, size, width)), 1) + 0.0  # no minus zero
    return [TextFilter(chr(ord("A") + i), weights[i]) for i in range(count)]


def responses(columns: ArrayLike, found: TextFilter) -> Array:
    """Slide a filter along a sentence.

    Parameters
    ----------
    columns : array_like of float, shape (V, T)
        A column for each position, as `one_hot` gives them, or word vectors.
    found : TextFilter
        With as many rows.

    Returns
    -------
    ndarray of float64, shape (T - K + 1,)
        One number for each place of the window: its sum of products plus the bias.

    Raises
    ------
    ValueError
        If the rows disagree, or the filter is wider than the sentence.

    Examples
    --------
    >>> responses([[1, 0, 2]], TextFilter("", [[1, 10]], 0.5)).tolist()
    [1.5, 20.5]
    """
    array = np.asarray(columns, dtype=np.float64)
    if array.ndim != 2 or len(array) != len(found.weights):
        raise ValueError(f"`columns` must have the shape ({len(found.weights)}, positions), not {array.shape}")
    x, w = array[None, :, None, :], found.weights[None, :, None, :]
    result: Array = ops.conv2d(x, w, np.array([found.bias]))[0, 0, 0]
    return result


def max_over_time(values: ArrayLike) -> tuple[float, int]:
    """Return the largest response of a filter and its position: what is left of a sentence, whatever its length.

    Parameters
    ----------
    values : array_like of float, shape (T,)

    Returns
    -------
    value : float
    position : int
        From 0; of equals the first.

    Raises
    ------
    ValueError
        If there is no value, or there are several axes.

    Examples
    --------
    >>> max_over_time([0.0, 3.0, 1.0, 3.0])
    (3.0, 1)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"`values` must have the shape (positions,), not {array.shape}")
    best = float(ops.global_max_pool2d(array[None, None, None])[0, 0])
    hits = np.flatnonzero(np.isnan(array) if np.isnan(best) else array == best)
    return best, int(hits[0])
