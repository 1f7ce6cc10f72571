"""The conventions of the libraries as data: one `Profile` for each function, and how each names the border rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Operation = Literal["convolution", "max", "average"]
IGNORED = "ignored"
"""The padding holds nothing: it cannot win a maximum (minus infinity), and is left out of a mean."""


@dataclass(frozen=True)
class Profile:
    """What one function of one library does.

    Parameters
    ----------
    key : str
        Name in `PROFILES`.
    name : str
        The library or function as a sentence calls it.
    function : str
        The function as it is imported.
    operation : {"convolution", "max", "average"}
    odd_pixel : {"after", "before", "both"}
        Where "same" puts an odd pixel of padding, and so where the middle of an even window lies: after the input
        (the middle is tap ``(k - 1) // 2``), before it (tap ``k // 2``), or nowhere: the same padding on both sides,
        ``(extent - 1) // 2``, which is what one gives by hand.
    flips : bool
        Whether the kernel is turned by 180 degrees first.
    default_border : str
        `numpy.pad`'s name of what stands outside the input unless one says otherwise; "ignored" where nothing does.
    borders : mapping of str to str
        `numpy.pad`'s names of the border rules it knows, and how they are written there; empty if it has none.
    paddings : tuple of str
        Which of "same", "valid" and "full" it can do.
    strides, dilates : bool
        Whether it has a stride, and a dilation.
    strided_same : bool
        Whether it takes "same" with a stride above 1.
    strided_dilation : bool
        Whether it takes a dilation with a stride above 1.
    ceil_mode : bool
        Whether it can keep the last window where the stride leaves a rest.
    counts_padding : {"always", "never", "choice", ""}
        Whether padded zeros count in a mean; "choice" is PyTorch's ``count_include_pad``.
    shift : {"", "origin", "anchor"}
        The argument by which the window can be moved away from its middle.
    """

    key: str
    name: str
    function: str
    operation: Operation
    odd_pixel: Literal["after", "before", "both"]
    flips: bool = False
    default_border: str = "constant"
    borders: Mapping[str, str] = field(default_factory=dict, compare=False)
    paddings: tuple[str, ...] = ("same",)
    strides: bool = False
    dilates: bool = False
    strided_same: bool = False
    strided_dilation: bool = True
    ceil_mode: bool = False
    counts_padding: Literal["always", "never", "choice", ""] = ""
    shift: Literal["", "origin", "anchor"] = ""

    @property
    def package(self) -> str:
        """The package it belongs to, as it is imported: "torch", "keras", "scipy.ndimage", "scipy.signal", "cv2".

        >>> PROFILES["ndimage.convolve"].package, PROFILES["torch.conv2d"].package
        ('scipy.ndimage', 'torch')
        """
        first, second = self.function.split(".")[:2]
        return f"{first}.{second}" if first == "scipy" else first


TORCH = MappingProxyType({"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"})
NDIMAGE = MappingProxyType(
    {"constant": "constant", "reflect": "mirror", "symmetric": "reflect", "edge": "nearest", "wrap": "grid-wrap"}
)
SIGNAL = MappingProxyType({"constant": "fill", "symmetric": "symm", "wrap": "wrap"})
OPENCV = MappingProxyType(
    {
        "constant": "cv2.BORDER_CONSTANT",
        "reflect": "cv2.BORDER_REFLECT_101",
        "symmetric": "cv2.BORDER_REFLECT",
        "edge": "cv2.BORDER_REPLICATE",
    }
)

BORDER_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "numpy.pad": {name: name for name in ("constant", "reflect", "symmetric", "edge", "wrap")},
        "scipy.ndimage": NDIMAGE,
        "scipy.signal": SIGNAL,
        "cv2": {**OPENCV, "wrap": "cv2.BORDER_WRAP"},
        "torch.nn.Conv2d": TORCH,
        "torch.nn.functional.pad": {**TORCH, "constant": "constant"},
        "tf.pad": {"constant": "CONSTANT", "reflect": "REFLECT", "symmetric": "SYMMETRIC"},
    }
)
"""How each function writes a border rule, by `numpy.pad`'s name of it. What is missing, it does not know.

``cv2`` is `cv2.copyMakeBorder`: its filters do not know ``BORDER_WRAP``. SciPy ndimage's filters read ``"wrap"`` as
``"grid-wrap"``; its interpolations do not.
"""

_IN_NDIMAGE = {"borders": NDIMAGE, "default_border": "symmetric", "odd_pixel": "before", "shift": "origin"}
_IN_SIGNAL = {"borders": SIGNAL, "paddings": ("same", "valid", "full")}
_IN_OPENCV = {"borders": OPENCV, "default_border": "reflect", "odd_pixel": "before", "shift": "anchor"}
_CONV2D = {"borders": TORCH, "strides": True, "dilates": True}
_IN_KERAS = {"paddings": ("same", "valid"), "strides": True, "strided_same": True, "odd_pixel": "after"}
_TORCH_POOL = {
    "odd_pixel": "both", "paddings": ("same", "valid", "full"),
    "strides": True, "strided_same": True, "ceil_mode": True,
}  # fmt: skip


def _profile(key: str, name: str, function: str, operation: Operation, *traits: Mapping[str, object]) -> Profile:
    """Return a profile of traits that some functions share; later ones win."""
    together: dict[str, object] = {}
    for some in traits:
        together.update(some)
    return Profile(key, name, function, operation, **together)  # type: ignore[arg-type]


_ALL = (
    _profile(
        "torch.conv2d", "PyTorch", "torch.nn.Conv2d", "convolution",
        _CONV2D, {"odd_pixel": "after", "paddings": ("same", "valid", "full")},
    ),
    _profile(
        "torch.conv2d_by_hand", "PyTorch by hand", "torch.nn.Conv2d", "convolution",
        _CONV2D, {"odd_pixel": "both", "strided_same": True},
    ),
    _profile(
        "keras.conv2d", "Keras", "keras.layers.Conv2D", "convolution",
        _IN_KERAS, {"borders": {"constant": "zeros"}, "dilates": True, "strided_dilation": False},
    ),
    _profile("ndimage.correlate", "ndimage.correlate", "scipy.ndimage.correlate", "convolution", _IN_NDIMAGE),
    _profile(
        "ndimage.convolve", "ndimage.convolve", "scipy.ndimage.convolve", "convolution",
        _IN_NDIMAGE, {"flips": True, "odd_pixel": "after"},
    ),
    _profile(
        "signal.correlate2d", "signal.correlate2d", "scipy.signal.correlate2d", "convolution",
        _IN_SIGNAL, {"odd_pixel": "after"},
    ),
    _profile(
        "signal.convolve2d", "signal.convolve2d", "scipy.signal.convolve2d", "convolution",
        _IN_SIGNAL, {"odd_pixel": "before", "flips": True},
    ),
    _profile("cv2.filter2d", "OpenCV", "cv2.filter2D", "convolution", _IN_OPENCV),
    _profile(
        "torch.max_pool2d", "PyTorch", "torch.nn.MaxPool2d", "max",
        _TORCH_POOL, {"default_border": IGNORED, "dilates": True},
    ),
    _profile(
        "keras.max_pooling2d", "Keras", "keras.layers.MaxPooling2D", "max", _IN_KERAS, {"default_border": IGNORED}
    ),
    _profile("ndimage.maximum_filter", "SciPy ndimage", "scipy.ndimage.maximum_filter", "max", _IN_NDIMAGE),
    _profile("cv2.dilate", "OpenCV", "cv2.dilate", "max", _IN_OPENCV, {"default_border": IGNORED}),
    _profile(
        "torch.avg_pool2d", "PyTorch", "torch.nn.AvgPool2d", "average",
        _TORCH_POOL, {"counts_padding": "choice"},
    ),
    _profile(
        "keras.average_pooling2d", "Keras", "keras.layers.AveragePooling2D", "average",
        _IN_KERAS, {"default_border": IGNORED, "counts_padding": "never"},
    ),
    _profile(
        "ndimage.uniform_filter", "SciPy ndimage", "scipy.ndimage.uniform_filter", "average",
        _IN_NDIMAGE, {"counts_padding": "always"},
    ),
    _profile("cv2.blur", "OpenCV", "cv2.blur", "average", _IN_OPENCV, {"counts_padding": "always"}),
)  # fmt: skip

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.key: profile for profile in _ALL})
"""Every function that is known, in the order in which a page shows them."""
