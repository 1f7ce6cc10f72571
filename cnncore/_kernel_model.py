"""What a named kernel is: a few lines of text, the numbers that can be set, and a formula."""

from __future__ import annotations

import numbers
import reprlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnncore.geometry import as_int


@dataclass(frozen=True)
class Parameter:
    """One number of a kernel that a person can set.

    Parameters
    ----------
    name : str
        The keyword that `Kernel.weights` takes.
    label : str
        What the control is called on the screen.
    default, least, most, step : int or float
        The range, both ends included, and the control's step; whole numbers where all four are ints.
    unit : str
        ``"pixels"``, ``"degrees"``, or empty.
    """

    name: str
    label: str
    default: int | float
    least: int | float
    most: int | float
    step: int | float
    unit: str = ""

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are taken."""
        return isinstance(self.step, int)

    def check(self, value: Any) -> int | float:
        """Return `value` as an int or a float, as the parameter wants it.

        Parameters
        ----------
        value : int or float

        Returns
        -------
        int or float

        Raises
        ------
        ValueError
            If it is no number, no whole number where one is wanted, or out of range.

        Examples
        --------
        >>> Parameter("sigma", "Sigma", 1.0, 0.3, 3.5, 0.1, "pixels").check(9)
        Traceback (most recent call last):
        ...
        ValueError: `sigma` (=9) must be from 0.3 to 3.5 pixels
        """
        if self.whole:
            value = as_int(value, self.name, least=-sys.maxsize)
        elif isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError(f"`{self.name}` (={reprlib.repr(value)}) must be a number")
        if not self.least <= value <= self.most:
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(f"`{self.name}` (={value}) must be from {self.least} to {self.most}{unit}")
        return value if self.whole else float(value)


@dataclass(frozen=True)
class Kernel:
    """A named kernel.

    Parameters
    ----------
    key : str
        Its stable name in links, snake_case.
    title, group : str
        What it is called on the screen, and the heading it stands under.
    shows, source : str
        One line each: what a person sees with it, and where it comes from.
    formula : callable
        Parameters -> weights; pure.
    parameters : tuple of Parameter
        What can be set.
    combine : {None, "magnitude"}
        ``"magnitude"`` where the weights are two kernels, and the result is the root of the sum of the squares of
        their outputs.
    """

    key: str
    title: str
    group: str
    shows: str
    source: str
    formula: Callable[..., NDArray[np.float64]]
    parameters: tuple[Parameter, ...] = ()
    combine: Literal["magnitude"] | None = None

    def settings(self, **parameters: Any) -> dict[str, int | float]:
        """Return every parameter's value: those given, checked, and the defaults of the others.

        Raises
        ------
        ValueError
            If a parameter is unknown to this kernel or out of range.
        """
        known = [parameter.name for parameter in self.parameters]
        for name in parameters:
            if name not in known:
                has = f"has {', '.join(known)}" if known else "has nothing to set"
                raise ValueError(f"`{name}` is no parameter of the kernel '{self.key}', which {has}")
        return {p.name: p.check(parameters.get(p.name, p.default)) for p in self.parameters}

    def weights(self, **parameters: Any) -> NDArray[np.float64]:
        """Return the weights for the given parameters, the others at their defaults.

        Parameters
        ----------
        **parameters : int or float
            By the names in `parameters`.

        Returns
        -------
        ndarray of float64, shape (KH, KW), or (2, KH, KW) where `combine` is ``"magnitude"``
            A fresh array.

        Raises
        ------
        ValueError
            If a parameter is unknown to this kernel or out of range.

        Examples
        --------
        >>> size = Parameter("size", "Size", 3, 1, 15, 1, "pixels")
        >>> blur = Kernel("k", "K", "Blur", "A mean.", "Nobody", lambda size: np.ones((1, size)) / size, (size,))
        >>> blur.weights(size=2)
        array([[0.5, 0.5]])
        """
        return self.formula(**self.settings(**parameters))
