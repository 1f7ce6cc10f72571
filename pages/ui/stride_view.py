"""Settings -> where the windows of the Stride page land, with the formula and the sentences. Imports no streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnncore.geometry import output_size, resolve_padding, window_extent

AXES = ("rows", "columns")
BOTH = "rows and columns"
SIDES = (("above", "below"), ("left", "right"))
Pads = tuple[tuple[int, int], tuple[int, int]]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """One axis: `n` cells, a window of `k` taps, `begin` and `end` cells of padding (of a transposed one: cut off)."""

    n: int
    k: int
    stride: int
    dilation: int
    begin: int
    end: int
    out: int
    transposed: bool = False
    output_padding: int = 0

    @property
    def extent(self) -> int:
        """Cells that the window spans."""
        return window_extent(self.k, self.dilation)

    @property
    def room(self) -> int:
        """Cells by which the window can move: what the stride divides."""
        return self.n + self.begin + self.end - self.extent

    @property
    def dropped(self) -> int:
        """Cells at the end that the stride leaves over."""
        return 0 if self.transposed else self.room % self.stride


@dataclass(frozen=True)
class Geometry:
    """Both axes, and what was asked for."""

    axes: tuple[Axis, Axis]
    padding: str

    @property
    def transposed(self) -> bool:
        """Whether it is a transposed convolution."""
        return self.axes[0].transposed

    def pair(self, name: str) -> Pair:
        """Return one number of both axes, (vertical, horizontal)."""
        return getattr(self.axes[0], name), getattr(self.axes[1], name)

    @property
    def pads(self) -> Pads:
        """Padding as ((top, bottom), (left, right))."""
        return (self.axes[0].begin, self.axes[0].end), (self.axes[1].begin, self.axes[1].end)


def geometry(values: dict[str, Any], shape: Sequence[int], kernel: Sequence[int], what: str = "input") -> Geometry:
    """Return where the windows land on `what`, of `shape`. Raises ValueError with a sentence and the numbers."""
    transposed = values["operation"] == "transposed"
    strides, dilations = _pair(values, "stride"), _pair(values, "dilation")
    extras = _pair(values, "output_padding") if transposed else (0, 0)
    name = values["crop"] if transposed else values["padding"]
    axes = []
    for axis, (n, k, s, d, extra) in enumerate(zip(shape, kernel, strides, dilations, extras, strict=False)):
        begin, end = _padding(values, name, axis, n, k, s, d)
        make = _transposed if transposed else _forward
        axes.append(make(Axis(n, k, s, d, begin, end, 0, transposed, extra), AXES[axis], what))
    return Geometry((axes[0], axes[1]), name)


def _pair(values: dict[str, Any], name: str) -> Pair:
    across = values[f"{name}_across"] if values["per_axis"] else values[name]
    return values[name], across


def _padding(values: dict[str, Any], name: str, axis: int, n: int, k: int, s: int, d: int) -> Pair:
    if name == "pixels":
        return values["pixels"], values["pixels"]
    if name == "sides":
        sides = ("top", "bottom") if axis == 0 else ("left", "right")
        return values[sides[0]], values[sides[1]]
    return resolve_padding(n, k, stride=s, padding=name, dilation=d)


def _forward(axis: Axis, unit: str, what: str) -> Axis:
    padded = axis.n + axis.begin + axis.end
    if axis.extent > padded:
        taps = f"{_count(axis.k, 'tap')} at dilation {axis.dilation}" if axis.dilation > 1 else _count(axis.k, "tap")
        pads = f" ({axis.n} + {axis.begin} + {axis.end} of padding)" if padded > axis.n else ""
        raise ValueError(
            f"The window spans {axis.extent} {unit} ({taps}), but the {what} has only {padded}{pads}: make the kernel "
            "or the dilation smaller, or pad more."
        )
    out = output_size(axis.n, axis.k, stride=axis.stride, padding=(axis.begin, axis.end), dilation=axis.dilation)
    return _sized(axis, out)


def _transposed(axis: Axis, unit: str, what: str) -> Axis:
    if axis.output_padding >= max(axis.stride, axis.dilation):
        raise ValueError(
            f"The output padding of {axis.output_padding} {unit} is too large: it must be smaller than the stride "
            f"({axis.stride}) or the dilation ({axis.dilation})."
        )
    spanned = (axis.n - 1) * axis.stride + axis.extent + axis.output_padding
    if spanned <= axis.begin + axis.end:
        raise ValueError(
            f"The padding cuts {axis.begin} + {axis.end} {unit} off an output of {spanned}: nothing is left. "
            "Cut off fewer."
        )
    return _sized(axis, spanned - axis.begin - axis.end)


def _sized(axis: Axis, out: int) -> Axis:
    return Axis(**{**axis.__dict__, "out": out})


# The formula with the person's own numbers in it ---------------------------------------------------------------------


def formula(axis: Axis, name: str) -> tuple[str, str]:
    """Return the size of the output along one axis as LaTeX: the formula with its numbers, and how it goes on."""
    if axis.transposed:
        extra = f" + {axis.output_padding}" if axis.output_padding else ""
        cut = f" - {axis.begin} - {axis.end}" if axis.begin or axis.end else " - 0"
        first = (
            rf"\text{{{name}}} = ({axis.n} - 1)\cdot {axis.stride}{cut} + {axis.dilation}\,({axis.k} - 1){extra} + 1"
        )
        return first, f"= {axis.out}"
    first = (
        rf"\text{{{name}}} = \left\lfloor \dfrac{{{axis.n} + {axis.begin} + {axis.end} - {axis.dilation}\,"
        rf"({axis.k} - 1) - 1}}{{{axis.stride}}} \right\rfloor + 1"
    )
    return first, rf"= \lfloor {axis.room} / {axis.stride} \rfloor + 1 = {axis.out}"


def pad_note(pads: Pads) -> str:
    """Return how many cells of padding stand on each side, or nothing.

    >>> pad_note(((0, 1), (0, 1))), pad_note(((0, 0), (0, 0)))
    ('0 above, 1 below, 0 left, 1 right', '')
    """
    if not any(map(any, pads)):
        return ""
    return ", ".join(
        f"{n} {side}" for names, axis in zip(SIDES, pads, strict=True) for side, n in zip(names, axis, strict=True)
    )


def sentences(placed: Geometry, *, brief: bool = False) -> list[str]:
    """Return what a person should notice about these numbers, each a sentence; with `brief` only what depends on n."""
    if placed.transposed:
        return [] if brief else _of_transposed(placed)
    if brief:
        return [*(_of_padding(placed)[:1] if placed.padding != "full" else []), *_of_rest(placed)]
    return [*_of_padding(placed), *_of_dilation(placed), *_of_rest(placed)]


def _both(placed: Geometry, write: Any) -> str:
    """Say something of the rows, then of the columns; once, if they are alike."""
    if placed.axes[0] == placed.axes[1]:
        return str(write(placed.axes[0], BOTH))
    return "; ".join(write(axis, name) for axis, name in zip(placed.axes, AXES, strict=True))


def _of_padding(placed: Geometry) -> list[str]:
    name = placed.padding
    if name == "full":
        counts = _both(placed, lambda axis, unit: f"{axis.extent} − 1 = {axis.begin} {unit} before and behind")
        return [f"“Full” pads until every window that touches the input counts: {counts}."]
    if name not in ("same", "same_lower"):
        return []
    sides = {**dict(zip(AXES, SIDES, strict=True)), BOTH: ("above and left", "below and right")}

    def write(axis: Axis, unit: str) -> str:
        before, behind = sides[unit]
        return (
            f"⌈{axis.n} / {axis.stride}⌉ = {axis.out} {unit}, which takes {axis.begin + axis.end} of padding: "
            f"{axis.begin} {before}, {axis.end} {behind}"
        )

    lines = [f"“Same” is not “same size”: {_both(placed, write)}."]
    if any((axis.begin + axis.end) % 2 for axis in placed.axes):
        lines.append(
            "The odd one goes to the end, as in TensorFlow (ONNX: SAME_UPPER)."
            if name == "same"
            else "The odd one goes to the beginning (ONNX: SAME_LOWER)."
        )
    if max(placed.pair("stride")) > 1:
        lines.append("PyTorch refuses “same” with a stride above 1.")
    return lines


def _of_dilation(placed: Geometry) -> list[str]:
    def write(axis: Axis, unit: str) -> str:
        verb = "spans" if axis.k == 1 else "span"
        return (
            f"{_count(axis.k, 'tap')} at dilation {axis.dilation} {verb} {axis.dilation} · ({axis.k} − 1) + 1 = "
            f"{axis.extent} {unit}"
        )

    return [f"{_both(placed, write)}."] if max(placed.pair("dilation")) > 1 else []


def _of_rest(placed: Geometry) -> list[str]:
    rows, columns = (axis.dropped for axis in placed.axes)
    if not rows and not columns:
        return ["The stride leaves nothing over."] if max(placed.pair("stride")) > 1 else []
    parts = [
        f"{_count(n, unit)} {where}"
        for n, unit, where in ((rows, "row", "at the bottom"), (columns, "column", "at the right"))
        if n
    ]
    them = "it, so it is" if rows + columns == 1 else "them, so they are"
    return [f"The stride leaves {' and '.join(parts)} over: no window reaches {them} dropped."]


def _of_transposed(placed: Geometry) -> list[str]:
    strides = placed.pair("stride")
    apart = f"{strides[0]} apart" if strides[0] == strides[1] else f"{strides[0]} rows and {strides[1]} columns apart"
    lines = [
        f"Each input cell stamps the kernel, times its number, onto the output, {apart}; stamps that overlap add up."
    ]
    if any(map(any, placed.pads)):
        lines.append(f"The padding cuts off what the stamps fill: {pad_note(placed.pads)}.")
    alike = placed.axes[0] == placed.axes[1]
    for axis, unit in zip(placed.axes[:1], [BOTH], strict=True) if alike else zip(placed.axes, AXES, strict=True):
        least, most = axis.out - axis.output_padding, axis.out - axis.output_padding + axis.stride - 1
        if axis.out <= most and max(least, 1) < most:
            lines.append(
                f"Forwards, a convolution with these numbers turns {max(least, 1)} to {most} {unit} into {axis.n}: "
                f"an output padding of {axis.output_padding} chooses {axis.out}."
            )
    return lines


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


NAMES = {"valid": "Valid", "same": "Same", "same_lower": "Same, odd one first", "full": "Full"}


def padding_table(values: dict[str, Any], shape: Sequence[int], kernel: Sequence[int]) -> list[list[str]]:
    """Return what each padding gives: its name, then for each axis the padding, the size, and what is left over.

    The one in use is in bold type; a padding in numbers has a line of its own.
    """
    used = values["padding"] if values["operation"] == "convolution" else ""
    names = NAMES if used in (*NAMES, "") else {**NAMES, used: "Yours"}
    table = []
    for name, title in names.items():
        head = f"**{title}**" if name == used else title
        try:
            placed = geometry({**values, "operation": "convolution", "padding": name}, shape, kernel)
        except ValueError:
            table.append([head, *["no window fits"] * 2])
            continue
        table.append([head, *(_given(axis) for axis in placed.axes)])
    return table


def _given(axis: Axis) -> str:
    rest = f", {axis.dropped} left over" if axis.dropped else ""
    return f"{axis.begin} + {axis.end} → {axis.out}{rest}"
