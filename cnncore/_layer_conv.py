"""The convolution layer: a matrix product over columns of pixels, block by block, so that they stay in the cache."""

from __future__ import annotations

import math

import numpy as np

from cnncore._arrays import Array
from cnncore._layer_base import Layer, Workspace
from cnncore._windows import Block, Windows, blocks, columns, spread
from cnncore.architecture import LayerPlan


class Conv(Layer):
    """Cross-correlation with a bank of filters and a bias for each."""

    def __init__(self, plan: LayerPlan) -> None:
        super().__init__(plan)
        detail = plan.detail
        self.windows = Windows(
            (plan.input_shape[1], plan.input_shape[2]),
            detail["kernel"],
            detail["stride"],
            detail["padding"],
            (1, 1),
            (plan.output_shape[1], plan.output_shape[2]),
        )
        self._padded = any(map(any, detail["padding"]))

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        filters = self.plan.output_shape[0]
        weight = (filters, self.plan.input_shape[0], *self.plan.detail["kernel"])
        return {f"{self.name}.weight": weight, f"{self.name}.bias": (filters,)}

    def forward(self, x: Array, work: Workspace) -> Array:
        weight, bias = self.parameters[f"{self.name}.weight"], self.parameters[f"{self.name}.bias"]
        filters, images = weight.shape[0], x.shape[-1]
        y = work.take(self.name, (filters, *self.windows.out, images), x.dtype)
        padded, cuts = self._input(x, work), self._blocks(x)
        rows, flat, run = weight.reshape(filters, -1), y.reshape(filters, -1), self.windows.out[1] * images
        for block in cuts:
            cut = self._columns(padded, block, work, kept=len(cuts) == 1)
            if block.size == images:
                here = flat[:, block.rows.start * run : block.rows.stop * run]
                np.matmul(rows, cut, out=here)
                here += bias[:, None]
            else:
                part = y[:, block.rows, :, block.images]
                np.add(np.matmul(rows, cut).reshape(part.shape), bias[:, None, None, None], out=part)
        return y

    def backward(self, dy: Array, work: Workspace, *, wanted: bool = True) -> Array | None:
        weight = self.parameters[f"{self.name}.weight"]
        filters, images = weight.shape[0], dy.shape[-1]
        rows = weight.reshape(filters, -1)
        dw = db = None
        if work.gradients is not None:
            dw = work.gradients[f"{self.name}.weight"].reshape(filters, -1)
            db = work.gradients[f"{self.name}.bias"]
            np.sum(dy.reshape(filters, -1), axis=1, out=db)
            dw.fill(0)
        dx = None
        if wanted:
            dx = work.take(f"{self.name}.dx", (*self.plan.input_shape, images), dy.dtype)
            dx.fill(0)
        padded, cuts = work.known(f"{self.name}.input"), self._blocks(dy)
        run = self.windows.out[1] * images
        for block in cuts:
            if block.size == images:
                here = dy.reshape(filters, -1)[:, block.rows.start * run : block.rows.stop * run]
            else:
                here = dy[:, block.rows, :, block.images].reshape(filters, -1)
            if dw is not None:
                cut = (
                    work.known(f"{self.name}.columns")
                    if len(cuts) == 1
                    else self._columns(padded, block, work, kept=False)
                )
                dw += np.matmul(here, cut.T)
            if dx is not None:
                # The columns of this block are done with: their memory takes the gradient's.
                values = work.take(f"{self.name}.spread", (rows.shape[1], here.shape[1]), dy.dtype)
                np.matmul(rows.T, here, out=values)
                form = (*weight.shape[1:], -1, self.windows.out[1], block.size)
                spread(values.reshape(form), dx, self.windows, block)
        return dx

    def _input(self, x: Array, work: Workspace) -> Array:
        """Return `x` with its zeros around it, in memory whose border was cleared when it was new."""
        key = f"{self.name}.input"
        if not self._padded:
            work.put(key, x)
            return x
        (top, bottom), (left, right) = self.windows.padding
        channels, height, width, images = x.shape
        padded = work.take(key, (channels, height + top + bottom, width + left + right, images), x.dtype, zeros=True)
        padded[:, top : top + height, left : left + width] = x
        return padded

    def _blocks(self, x: Array) -> list[Block]:
        return list(blocks(self.windows, self.plan.input_shape[0], x.shape[-1], x.dtype.itemsize))

    def _columns(self, padded: Array, block: Block, work: Workspace, *, kept: bool) -> Array:
        """Return the pixels under a block of windows, (taps of a filter, windows)."""
        view = columns(padded, self.windows, block)
        taps = math.prod(view.shape[:3])
        key = f"{self.name}.columns" if kept else f"columns.{block.size}.{view.shape[3]}.{self.name}"
        cut = work.take(key, (taps, view.size // taps), padded.dtype)
        np.copyto(cut.reshape(view.shape), view)
        return cut
