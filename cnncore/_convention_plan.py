"""A `Profile` read for one input: what the library refuses, and what is left to be computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnncore._convention_profiles import BORDER_NAMES, IGNORED, PROFILES, Operation, Profile
from cnncore.geometry import as_pair, output_size, resolve_padding_2d, window_extent

__all__ = ["BORDERS", "OPERATIONS", "PADDINGS", "PROFILES", "Plan", "RefusedError", "Settings", "make_plan"]

Pair = tuple[int, int]
OPERATIONS: tuple[Operation, ...] = ("convolution", "max", "average")
PADDINGS = ("same", "valid", "full")
BORDERS = tuple(BORDER_NAMES["numpy.pad"])


class RefusedError(ValueError):
    """The library does not do this; the message is a sentence for a person."""


@dataclass(frozen=True)
class Settings:
    """What is asked of every library alike.

    Parameters
    ----------
    operation : {"convolution", "max", "average"}
        What is computed of each window. "convolution" takes in cross-correlation, as the field has it.
    padding : {"same", "valid", "full"}
    border : {None, "constant", "reflect", "symmetric", "edge", "wrap"}
        What stands outside the input, by `numpy.pad`'s names; None leaves it to each library. Means nothing to
        "valid". The pools of PyTorch and Keras have no border rule, and go without.
    stride, dilation : int or (vertical, horizontal)
        In pixels.
    ceil_mode, count_include_pad : bool
        PyTorch's arguments of these names. The other libraries are fixed in this.
    origin : (vertical, horizontal)
        Pixels by which the window is moved away from its middle: SciPy ndimage's ``origin``, OpenCV's ``anchor`` less
        the middle. The other libraries have no such thing, and go without.

    Raises
    ------
    ValueError
        If an argument is out of range or unknown.

    Examples
    --------
    >>> Settings(stride=2).stride
    (2, 2)
    """

    operation: Operation = "convolution"
    padding: str = "same"
    border: str | None = None
    stride: Any = 1
    dilation: Any = 1
    ceil_mode: bool = False
    count_include_pad: bool = True
    origin: Any = (0, 0)

    def __post_init__(self) -> None:
        for name, known in (("operation", OPERATIONS), ("padding", PADDINGS), ("border", (None, *BORDERS))):
            value = getattr(self, name)
            if not (value is None or isinstance(value, str)) or value not in known:
                raise ValueError(f"`{name}` (={value!r}) must be one of {', '.join(map(repr, known))}")
        least = -1_000_000
        for name, value in (
            ("stride", as_pair(self.stride, "stride")),
            ("dilation", as_pair(self.dilation, "dilation")),
            ("origin", as_pair(self.origin, "origin", least=least)),
        ):
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Plan:
    """One profile read for one input: what is left to be computed, and nothing of the library's own words.

    Parameters
    ----------
    operation : {"convolution", "max", "average"}
    shape, taps : tuple of int
        Rows and columns of the input and of the window.
    stride, dilation : tuple of int
        (vertical, horizontal), in pixels.
    flip : bool
        Whether the kernel is turned by 180 degrees.
    pads : tuple
        ((top, bottom), (left, right)) in pixels. Cells of the last windows may lie beyond (`ceil`).
    outside : str
        What stands there: `numpy.pad`'s name, or "ignored".
    ceil : bool
        Whether the last window is kept where the stride leaves a rest.
    """

    operation: Operation
    shape: Pair
    taps: Pair
    stride: Pair
    dilation: Pair
    flip: bool
    pads: tuple[Pair, Pair]
    outside: str
    ceil: bool

    @property
    def extent(self) -> Pair:
        """Rows and columns that a window spans, in pixels."""
        rows, columns = (window_extent(k, d) for k, d in zip(self.taps, self.dilation, strict=True))
        return rows, columns

    @property
    def out(self) -> Pair:
        """Rows and columns of the output. ValueError if no window fits."""
        rows, columns = (
            output_size(n, k, stride=s, padding=p, dilation=d, ceil_mode=self.ceil)
            for n, k, s, p, d in zip(self.shape, self.taps, self.stride, self.pads, self.dilation, strict=True)
        )
        return rows, columns

    @property
    def padded(self) -> bool:
        """Whether there is any padding at all."""
        return any(self.pads[0] + self.pads[1])


def make_plan(profile: Profile, shape: Pair, taps: Pair, settings: Settings) -> Plan:
    """Read a profile for an input and a window of these sizes.

    Parameters
    ----------
    profile : Profile
        One of `PROFILES`.
    shape, taps : tuple of int
        Rows and columns of the input and of the window.
    settings : Settings
        Its `operation` must be the profile's.

    Returns
    -------
    Plan

    Raises
    ------
    RefusedError
        If the library does not do this, with a sentence that says what to do instead.
    ValueError
        If the profile is one of another operation, or a size is no pair of positive numbers.

    Examples
    --------
    >>> make_plan(PROFILES["keras.conv2d"], (6, 6), (3, 3), Settings(stride=2)).pads
    ((0, 1), (0, 1))
    >>> make_plan(PROFILES["torch.conv2d"], (6, 6), (3, 3), Settings(stride=2))
    Traceback (most recent call last):
    ...
    cnncore._convention_plan.RefusedError: Conv2d refuses padding="same" with a stride above 1: give pixels.
    """
    if profile.operation != settings.operation:
        raise ValueError(f"`profile` (={profile.key!r}) computes {profile.operation!r}, not {settings.operation!r}")
    shape, taps = as_pair(shape, "shape"), as_pair(taps, "taps")
    _check_knobs(profile, settings)
    found = Plan(
        operation=profile.operation,
        shape=shape,
        taps=taps,
        stride=settings.stride,
        dilation=settings.dilation,
        flip=profile.flips,
        pads=_pads(profile, shape, taps, settings),
        outside=_outside(profile, settings),
        ceil=profile.ceil_mode and settings.ceil_mode,
    )
    _check_size(profile, found)
    return found


_GAPS = {
    ("convolution", False): ": put zeros between the taps yourself",
    ("max", False): ": hand it a window with gaps instead",
}


def _last(profile: Profile) -> str:
    """The function's name without its package: "Conv2d", "convolve2d"."""
    return profile.function.rpartition(".")[2]


def _check_knobs(profile: Profile, settings: Settings) -> None:
    """Refuse what the function has no argument for."""
    name, package = _last(profile), profile.package
    high = max(settings.stride) > 1
    if settings.padding not in profile.paddings:
        if package == "keras":
            raise RefusedError(f'{name} knows "valid" and "same" only: put ZeroPadding2D before it.')
        if package == "torch":
            raise RefusedError('This padding by hand stands in for "same" alone.')
        instead = "cut the rim off its output" if settings.padding == "valid" else "pad the input first"
        raise RefusedError(f'{name} has no "{settings.padding}", it gives as many numbers as it gets: {instead}.')
    if high and not profile.strides:
        down, right = settings.stride
        raise RefusedError(f"{name} has no stride: keep some of its numbers, y[::{down}, ::{right}].")
    if high and settings.padding == "same" and not profile.strided_same:
        raise RefusedError(f'{name} refuses padding="same" with a stride above 1: give pixels.')
    if max(settings.dilation) > 1:
        if not profile.dilates:
            raise RefusedError(f"{name} has no dilation{_GAPS.get((profile.operation, profile.strides), '')}.")
        if high and not profile.strided_dilation:
            raise RefusedError(f"{name} refuses a stride above 1 together with a dilation above 1.")
    if not settings.border or settings.padding == "valid" or not profile.borders or settings.border in profile.borders:
        return
    if tuple(profile.borders) == ("constant",):
        raise RefusedError(f'{name} pads with zeros only: pad the input yourself first, by "{settings.border}".')
    if package == "cv2":
        raise RefusedError(f"{name} does not know BORDER_WRAP: pad first, with cv2.copyMakeBorder.")
    known = ", ".join(profile.borders.values())
    raise RefusedError(f'{name} does not know NumPy\'s "{settings.border}", only {known}.')


def _pads(profile: Profile, shape: Pair, taps: Pair, settings: Settings) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((top, bottom), (left, right)) in pixels."""
    if settings.padding == "valid" and profile.package == "scipy.signal":
        larger = [k > n for n, k in zip(shape, taps, strict=True)]
        if any(larger):  # it swaps the two: the input slides under the kernel instead
            if any(k < n for n, k in zip(shape, taps, strict=True)):
                raise RefusedError(
                    f'{_last(profile)} refuses "valid" where neither the input ({shape[0]} × {shape[1]}) nor the '
                    f"kernel ({taps[0]} × {taps[1]}) covers the other."
                )
            rows, columns = (k - n for n, k in zip(shape, taps, strict=True))
            return (rows, rows), (columns, columns)
    extents = [window_extent(k, d) for k, d in zip(taps, settings.dilation, strict=True)]
    if settings.padding != "same" or profile.odd_pixel == "after":
        pads = resolve_padding_2d(
            shape, taps, stride=settings.stride, padding=settings.padding, dilation=settings.dilation
        )
    else:
        begins = [e // 2 if profile.odd_pixel == "before" else (e - 1) // 2 for e in extents]
        ends = [e - 1 - b if profile.odd_pixel == "before" else b for e, b in zip(extents, begins, strict=True)]
        pads = (begins[0], ends[0]), (begins[1], ends[1])
    if not profile.shift or settings.origin == (0, 0):
        return pads
    moved = []
    for (begin, end), shift, extent in zip(pads, settings.origin, extents, strict=True):
        shift = -shift if profile.flips else shift
        if not 0 <= begin + shift < extent:
            place = str(begin + shift).replace("-", "−")
            raise RefusedError(
                f"{profile.shift.capitalize()} must leave the middle inside the window, at 0 to {extent - 1}: it would "
                f"be at {place}."
            )
        moved.append((begin + shift, end - shift))
    return moved[0], moved[1]


def _outside(profile: Profile, settings: Settings) -> str:
    """What stands outside the input."""
    if profile.counts_padding == "choice":
        return "constant" if settings.count_include_pad else IGNORED
    if settings.border is None or settings.padding == "valid" or not profile.borders:
        return profile.default_border
    return settings.border


def _check_size(profile: Profile, found: Plan) -> None:
    """Refuse what does not fit: the window into the input, the padding into the window or the input."""
    name = _last(profile)
    try:
        _ = found.out
    except ValueError:
        rows, columns = (n + sum(p) for n, p in zip(found.shape, found.pads, strict=True))
        raise RefusedError(
            f"The window spans {found.extent[0]} × {found.extent[1]} cells, more than the "
            f"{'padded ' if found.padded else ''}input's {rows} × {columns}: {name} refuses."
        ) from None
    if profile.package != "torch":
        return
    for n, k, pads in zip(found.shape, found.taps, found.pads, strict=True):
        most = max(pads)
        if profile.operation != "convolution":
            if most > k // 2:
                raise RefusedError(f"{name} refuses padding by {most}: at most half of the window's {k} cells.")
        elif found.outside == "reflect" and most >= n:
            raise RefusedError(
                f"{name} reflects less than the whole input: padding by {most} is too much for {n} cells."
            )
        elif found.outside == "wrap" and most > n:
            raise RefusedError(f"{name} wraps round only once: {n} cells cannot fill padding by {most}.")
