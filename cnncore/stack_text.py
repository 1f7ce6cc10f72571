"""A stack of layers as compact text, and the stacks of well-known networks.

A layer is a letter, ``c`` for a convolution or ``p`` for a pool, then its window, then what differs from the default:
``s`` stride, ``d`` dilation, ``p`` padding. Layers are parted by spaces: ``c3p1 p2s2`` is a 3 x 3 convolution with a
padding of 1 and a 2 x 2 pool with a stride of 2. Two numbers with an ``x`` between them are for rows and columns
(``c3x1``); two with a ``-`` are the padding before and behind (``c3s2p0-1``). A pool without a stride moves by its
window, as PyTorch's and Keras's do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnncore.receptive_field import Layer

MOST_LAYERS = 40
MOST = 999  # of any number
LETTERS = {"c": "conv", "p": "pool"}

_NUMBER = r"\d{1,6}(?:x\d{1,6})?"
_SIDES = r"\d{1,6}(?:-\d{1,6})?(?:x\d{1,6}(?:-\d{1,6})?)?"
_LAYER = re.compile(rf"([cp])({_NUMBER})((?:[sd]{_NUMBER}|p{_SIDES})*)")
_PART = re.compile(r"([sdp])([\dx-]+)")
_NAMES = {"s": "stride", "d": "dilation", "p": "padding"}


def parse_stack(text: str) -> tuple[Layer, ...]:
    """Read a stack of layers.

    Parameters
    ----------
    text : str
        As this module describes it; capitals, commas, ``;`` and × are understood, too.

    Returns
    -------
    tuple of Layer
        From the picture on; empty for an empty text.

    Raises
    ------
    ValueError
        With a sentence that quotes the part that cannot be read.

    Examples
    --------
    >>> [str(layer) for layer in parse_stack("c3p1, p2")]
    ['convolution 3 × 3', 'pool 2 × 2']
    >>> parse_stack("c3 q2")
    Traceback (most recent call last):
    ...
    ValueError: layer 2, “q2”, is none: write c or p for convolution or pool, its window, then s, d and p, as in c3s2p1
    """
    words = [word for word in re.split(r"[\s,;]+", str(text).lower().replace("×", "x")) if word]
    if len(words) > MOST_LAYERS:
        raise ValueError(f"a stack can have up to {MOST_LAYERS} layers, not {len(words)}")
    return tuple(_layer(word, number) for number, word in enumerate(words, start=1))


def _layer(word: str, number: int) -> Layer:
    match = _LAYER.fullmatch(word)
    where = f"layer {number}, “{word[:40]}”,"
    if match is None:
        raise ValueError(
            f"{where} is none: write c or p for convolution or pool, its window, then s, d and p, as in c3s2p1"
        )
    kind, window, rest = match.groups()
    given: dict[str, Any] = {}
    for letter, value in _PART.findall(rest):
        name = _NAMES[letter]
        if name in given:
            raise ValueError(f"{where} has two numbers for its {name}")
        given[name] = _numbers(value, sides=letter == "p")
    kernel = _numbers(window)
    if kind == "p":
        given.setdefault("stride", kernel)
    if any(int(digits) > MOST for digits in re.findall(r"\d+", word)):
        raise ValueError(f"{where} has a number above {MOST}")
    if any(int(digits) < 1 for digits in re.findall(r"\d+", window + re.sub(r"p[\dx-]+", "", rest))):
        raise ValueError(f"{where} has a window, stride or dilation of 0: each must be at least 1")
    return Layer("conv" if kind == "c" else "pool", kernel, **given)


def _numbers(text: str, *, sides: bool = False) -> Any:
    """One number, or a pair for the two axes; with `sides` each of them may be a pair itself."""
    axes = [tuple(map(int, axis.split("-"))) for axis in text.split("x")]
    vertical, horizontal = (axes[0], axes[-1])
    if sides:
        return tuple((axis[0], axis[-1]) for axis in (vertical, horizontal))
    return vertical[0], horizontal[0]


def format_stack(layers: Sequence[Layer]) -> str:
    """Write a stack of layers as text that `parse_stack` reads back.

    Parameters
    ----------
    layers : sequence of Layer

    Returns
    -------
    str

    Examples
    --------
    >>> format_stack([Layer("conv", (3, 1), padding=((1, 1), (0, 0))), Layer("pool", 3, 2, padding=((0, 1), (0, 1)))])
    'c3x1p1x0 p3s2p0-1'
    """
    return " ".join(_word(layer) for layer in layers)


def _word(layer: Layer) -> str:
    parts = [("c" if layer.kind == "conv" else "p") + write_pair(layer.kernel)]
    if layer.stride != (1, 1) or layer.kind == "pool":
        parts.append("s" + write_pair(layer.stride))
    if layer.dilation != (1, 1):
        parts.append("d" + write_pair(layer.dilation))
    if any(map(any, layer.pads)):
        parts.append("p" + write_padding(layer.pads))
    return "".join(parts)


def write_pair(pair: Sequence[Any]) -> str:
    """Write a pair, or one number where both are the same.

    >>> write_pair((3, 3)), write_pair((3, 1))
    ('3', '3x1')
    """
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def write_padding(pads: Sequence[Sequence[int]]) -> str:
    """Write ((top, bottom), (left, right)) as briefly as it can be said.

    >>> write_padding(((1, 1), (1, 1))), write_padding(((0, 1), (0, 1))), write_padding(((0, 1), (2, 2)))
    ('1', '0-1', '0-1x2')
    """
    return write_pair([str(begin) if begin == end else f"{begin}-{end}" for begin, end in pads])


@dataclass(frozen=True)
class NamedStack:
    """The convolutions and pools of a network that people know.

    Parameters
    ----------
    title, text : str
        Its name, and its layers as `parse_stack` reads them.
    source : str
        Where the layers come from.
    """

    title: str
    text: str
    source: str

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers."""
        return parse_stack(self.text)


VGG = "K. Simonyan, A. Zisserman, arXiv:1409.1556"
STACKS: Mapping[str, NamedStack] = MappingProxyType(
    {
        "lenet": NamedStack(
            "LeNet-5",
            "c5p2 p2s2 c5 p2s2 c5",
            "Y. LeCun et al., Proceedings of the IEEE 86, 1998: its 32 × 32 are 28 × 28 pixels and a border of 2",
        ),
        "vgg": NamedStack("VGG's first two blocks", "c3p1 c3p1 p2s2 c3p1 c3p1 p2s2", VGG),
        "alexnet": NamedStack(
            "AlexNet's convolutions",
            "c11s4p2 p3s2 c5p2 p3s2 c3p1 c3p1 c3p1 p3s2",
            "A. Krizhevsky et al., NeurIPS 2012, with torchvision's padding",
        ),
        "vgg16": NamedStack(
            "VGG-16, all thirteen",
            "c3p1 c3p1 p2s2 c3p1 c3p1 p2s2 c3p1 c3p1 c3p1 p2s2 c3p1 c3p1 c3p1 p2s2 c3p1 c3p1 c3p1 p2s2",
            VGG,
        ),
        "dilated": NamedStack(
            "A context module, dilations 1 to 16",
            "c3p1 c3p1 c3d2p2 c3d4p4 c3d8p8 c3d16p16 c3p1 c1",
            "F. Yu, V. Koltun, arXiv:1511.07122",
        ),
    }
)
"""Stacks of well-known networks, by a key for links."""
