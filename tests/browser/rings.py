"""Which cells of a grid have a ring round them, judged by where the rings lie on the screen."""

from __future__ import annotations

from typing import Any

_RINGED = """
(rings) => rings.map((ring) => {
  const { left, top } = ring.getBoundingClientRect();
  const cells = [...ring.closest('.heatgrid').querySelectorAll('[role=gridcell]')];
  const cell = cells.find((one) => {
    const box = one.getBoundingClientRect();
    return Math.abs(box.left - left) < 0.5 && Math.abs(box.top - top) < 0.5;
  });
  return cell ? [Number(cell.dataset.row), Number(cell.dataset.column)] : ['beside every cell'];
})
"""


def ringed(grid: Any, kind: str = "linked") -> list[list[int]]:
    """The cells of a grid, [row, column], over which a ring of this kind lies."""
    found: list[list[int]] = grid.locator(f".ring.{kind}").evaluate_all(_RINGED)
    return found
