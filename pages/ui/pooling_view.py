"""Settings -> where a pool's windows land, the formula of its size, and what to notice. Imports no streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore import ops
from cnncore.geometry import output_size, resolve_padding, window_extent
from pages.ui.panes import Windows

KINDS = {
    "max": "Max pooling",
    "average": "Average pooling",
    "global_max": "Global max pooling",
    "global_average": "Global average pooling",
    "cross_max": "Cross-channel max pooling",
    "cross_average": "Cross-channel average pooling",
}
AXES = ("rows", "columns")
BOTH = "rows and columns"
Pair = tuple[int, int]
Array = NDArray[Any]


def reduces(kind: str) -> str:
    """Return what is done with the numbers: "max" or "average"."""
    return kind.rsplit("_", 1)[-1]


def is_windowed(kind: str) -> bool:
    """Whether the pool has a window that slides."""
    return "_" not in kind


@dataclass(frozen=True)
class PoolAxis:
    """One axis: `n` cells, a window of `k` taps, `begin` and `end` cells of padding, `out` windows."""

    n: int
    k: int
    stride: int
    dilation: int
    begin: int
    end: int
    ceil: bool
    out: int

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
        """Cells at the end that no window reaches."""
        return max(self.room - (self.out - 1) * self.stride, 0)

    @property
    def over(self) -> int:
        """Cells by which the last window hangs out of the padded input."""
        return max((self.out - 1) * self.stride - self.room, 0)

    @property
    def refused(self) -> bool:
        """Whether rounding up gave a window that would start beyond the input, and is not taken."""
        return self.ceil and -(-self.room // self.stride) + 1 > self.out


@dataclass(frozen=True)
class Pool:
    """A pool with a window, placed on both axes."""

    kind: str
    axes: tuple[PoolAxis, PoolAxis]
    padding: str
    count_include_pad: bool

    def pair(self, name: str) -> Pair:
        """Return one number of both axes, (vertical, horizontal)."""
        return getattr(self.axes[0], name), getattr(self.axes[1], name)

    @property
    def pads(self) -> tuple[Pair, Pair]:
        """Padding as ((top, bottom), (left, right))."""
        return (self.axes[0].begin, self.axes[0].end), (self.axes[1].begin, self.axes[1].end)

    @property
    def options(self) -> dict[str, Any]:
        """What the core's pool takes besides the maps and the size."""
        options: dict[str, Any] = {
            "stride": self.pair("stride"),
            "padding": self.pads,
            "dilation": self.pair("dilation"),
            "ceil_mode": self.axes[0].ceil,
        }
        return options if self.kind == "max" else {**options, "count_include_pad": self.count_include_pad}

    @property
    def windows(self) -> Windows:
        """Where the windows lie on the input."""
        pair = self.pair
        return Windows(pair("stride"), pair("begin"), pair("end"), pair("extent"), pair("dilation"), pair("k"))

    def apply(self, maps: Array) -> Array:
        """Pool maps of shape (C, H, W)."""
        pool = ops.max_pool2d if self.kind == "max" else ops.avg_pool2d
        return np.asarray(pool(maps[None], self.pair("k"), **self.options)[0])


def route(kind: str, pool: Pool | None, gradient: Array, maps: Array) -> Array:
    """Return the gradient at the input, (C, H, W), for that at the output: (C, OH, OW), (1, H, W) or (C, 1, 1).

    A pool without a window is one whose window is the whole map, or all channels: so the core's gradients serve.
    """
    channels, rows, columns = maps.shape
    back = ops.max_pool2d_backward if reduces(kind) == "max" else ops.avg_pool2d_backward
    if pool is not None:
        return np.asarray(back(gradient[None], maps[None], pool.pair("k"), **pool.options)[0])
    if kind.startswith("global"):
        return np.asarray(back(gradient[None], maps[None], (rows, columns))[0])
    stacked = maps.reshape(1, 1, channels, rows * columns)
    return np.asarray(back(gradient.reshape(1, 1, 1, -1), stacked, (channels, 1))).reshape(maps.shape)


def place_pool(values: dict[str, Any], shape: Sequence[int], what: str = "input") -> Pool:
    """Return where the windows land on `what`, (rows, columns) large. ValueError with a sentence and the numbers."""
    per_axis = values["per_axis"]

    def pair(name: str) -> Pair:
        return values[name], values[f"{name}_across"] if per_axis else values[name]

    sizes, strides, dilations, name = pair("window"), pair("stride"), pair("dilation"), values["padding"]
    ceil = bool(values["ceil_mode"]) and name != "same"
    axes = []
    for axis, (n, k, s, d) in enumerate(zip(shape, sizes, strides, dilations, strict=True)):
        if name == "pixels":
            pads = pair("pixels")[axis], pair("pixels")[axis]
        else:
            pads = resolve_padding(n, k, stride=s, padding=name, dilation=d)
        axes.append(_checked(PoolAxis(n, k, s, d, *pads, ceil, 0), AXES[axis], what))
    return Pool(values["kind"], (axes[0], axes[1]), name, bool(values["count_include_pad"]))


def _checked(axis: PoolAxis, unit: str, what: str) -> PoolAxis:
    taps = f" ({axis.k} taps at dilation {axis.dilation})" if axis.dilation > 1 else ""
    if max(axis.begin, axis.end) >= axis.extent:
        raise ValueError(
            f"The padding of {max(axis.begin, axis.end)} {unit} is not smaller than the window, which spans "
            f"{axis.extent}{taps}: some windows would see nothing but padding. Pad at most {axis.extent - 1}."
        )
    try:
        out = output_size(
            axis.n,
            axis.k,
            stride=axis.stride,
            padding=(axis.begin, axis.end),
            dilation=axis.dilation,
            ceil_mode=axis.ceil,
        )
    except ValueError:
        padded = axis.n + axis.begin + axis.end
        pads = f" ({axis.n} + {axis.begin} + {axis.end} of padding)" if padded > axis.n else ""
        raise ValueError(
            f"The window spans {axis.extent} {unit}{taps}, but the {what} has only {padded}{pads}: make the window or "
            "the dilation smaller, or pad more."
        ) from None
    return PoolAxis(**{**axis.__dict__, "out": out})


# The formula with the person's own numbers in it, and what to notice --------------------------------------------------


def formula(axis: PoolAxis, name: str) -> tuple[str, str]:
    """Return the size of the output along one axis as LaTeX: the formula with its numbers, and how it goes on."""
    left, right = ("lceil", "rceil") if axis.ceil else ("lfloor", "rfloor")
    first = (
        rf"\text{{{name}}} = \left\{left} \dfrac{{{axis.n} + {axis.begin} + {axis.end} - {axis.dilation}\,"
        rf"({axis.k} - 1) - 1}}{{{axis.stride}}} \right\{right} + 1"
    )
    rest = rf"= \{left} {axis.room} / {axis.stride} \{right} + 1"
    if axis.refused:
        rest += rf" = {axis.out + 1}, \text{{ less 1 that would start in the padding}}"
    return first, rf"{rest} = {axis.out}"


def sentences(pool: Pool, *, brief: bool = False) -> list[str]:
    """Return what a person should notice about these windows, each a sentence; with `brief` only what depends on n."""
    if brief:
        return _of_rest(pool)
    return [*_of_padding(pool), *_of_rest(pool), *_of_overlap(pool)]


def _of_padding(pool: Pool) -> list[str]:
    if not any(map(any, pool.pads)):
        return []
    if pool.kind == "max":
        return ["A max pool pads with −∞, never with 0: padding cannot win, not even over negative numbers."]
    if pool.count_include_pad:
        return ["Padding counts as zeros here (PyTorch's default): it pulls the means at the edge towards 0."]
    return ["Padding is left out of the means (TensorFlow's rule): at the edge they divide by fewer cells."]


def _of_rest(pool: Pool) -> list[str]:
    lines = []
    left = [(axis.dropped, unit) for axis, unit in zip(pool.axes, AXES, strict=True) if axis.dropped]
    if left:
        lines.append(
            f"The stride leaves {' and '.join(count(n, unit) for n, unit in left)} over: no window reaches "
            f"{'it' if sum(n for n, _ in left) == 1 else 'them'}."
        )
    hang = [(axis.over, unit) for axis, unit in zip(pool.axes, AXES, strict=True) if axis.over]
    if hang:
        lines.append(
            f"Rounded up, the last window hangs {' and '.join(count(n, unit) for n, unit in hang)} over the edge: what "
            f"is beyond {'cannot win' if pool.kind == 'max' else 'never counts in the divisor'}."
        )
    if any(axis.refused for axis in pool.axes):
        lines.append("A window that would start in the padding at the end is not taken, even when rounding up.")
    return lines


def _of_overlap(pool: Pool) -> list[str]:
    if all(axis.stride == axis.k and axis.dilation == 1 for axis in pool.axes):
        return ["Stride equals window: the windows neither overlap nor leave gaps."]
    if any(axis.stride > axis.extent for axis in pool.axes):
        gaps = [axis.stride - axis.extent for axis in pool.axes]
        skipped = [
            f"{gap} of every {axis.stride} {unit}"
            for gap, axis, unit in zip(gaps, pool.axes, AXES, strict=True)
            if gap > 0
        ]
        if pool.axes[0] == pool.axes[1]:
            skipped = [f"{gaps[0]} of every {pool.axes[0].stride} {BOTH}"]
        return [f"The stride is larger than the window: no window reads {' and '.join(skipped)}."]
    return []


def count(n: int, unit: str) -> str:
    """Write a number of rows or columns.

    >>> count(1, "rows"), count(2, "rows")
    ('1 row', '2 rows')
    """
    return f"{n} {unit[:-1] if n == 1 else unit}"


def shape_sentence(kind: str, channels: int, rows: int, columns: int) -> str:
    """Return what a pool without a window does to the sizes, with the numbers."""
    cells = rows * columns
    word = "largest" if reduces(kind) == "max" else "mean"
    if kind.startswith("global"):
        return (
            f"({channels}, {rows}, {columns}) → ({channels}): each of {channels} maps becomes the {word} of its "
            f"{rows} · {columns} = {cells:,} numbers. Where they stood is forgotten."
        )
    return (
        f"({channels}, {rows}, {columns}) → (1, {rows}, {columns}): at each of the {rows} · {columns} = {cells:,} "
        f"places the {word} of {channels} numbers. Where they stand is kept; which channel they came from is forgotten."
    )
