"""Kernels that are sums of few (column x row) products, taken apart.

A Gaussian, a box, a Sobel is one such product; a Gabor, an unsharp mask, a Laplacian of Gaussian is the sum of two.
"""

from __future__ import annotations

import numpy as np

MOST = 4
"""Products that a kernel is taken apart into at most."""

Factors = list[tuple[np.ndarray, np.ndarray]]


def low_rank(weights: np.ndarray, most: int = MOST) -> Factors:
    """Write a kernel as a sum of few outer products.

    Parameters
    ----------
    weights : ndarray of float, shape (KH, KW)
        The kernel.
    most : int
        Give up beyond this many.

    Returns
    -------
    list of (ndarray of shape (KH,), ndarray of shape (KW,))
        Columns and rows, of the dtype of `weights`, whose outer products sum to it within a few units in the last
        place; the absolute values of every column sum to 1, so that filtering with it cannot overflow.
        Empty if it takes more than `most` of them.

    Examples
    --------
    >>> [(column, row)] = low_rank(np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]))
    >>> column, row
    (array([0.25, 0.5 , 0.25]), array([ 4.,  0., -4.]))
    """
    rest = weights.astype(np.float64)
    whole = np.abs(rest).sum()
    enough = 8 * np.finfo(weights.dtype).eps * whole
    factors: Factors = []
    spread = 0.0
    while np.abs(rest).sum() > enough:
        if len(factors) == most:
            return []
        top, left = np.unravel_index(np.abs(rest).argmax(), rest.shape)
        column, row = rest[:, left] / rest[top, left], rest[top].copy()
        rest -= np.outer(column, row)
        scale = np.abs(column).sum()
        column, row = column / scale, row * scale
        spread += np.abs(row).sum()
        factors.append((column.astype(weights.dtype), row.astype(weights.dtype)))
    # Large products that cancel each other would cost digits that the plain sum keeps.
    return factors if spread <= 4 * whole else []
