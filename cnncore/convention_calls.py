"""How one writes the call, or what one does instead: a `Profile` with its settings as a line of Python.

The line expects the input as ``x``, the kernel as ``k``, and the package imported under its own name (NumPy as ``np``).
PyTorch and Keras want the input and the weights in their own layouts; the line leaves that out.
"""

from __future__ import annotations

from cnncore._convention_plan import Plan, Settings
from cnncore._convention_profiles import Profile


def write_call(profile: Profile, plan: Plan, settings: Settings) -> str:
    """Write the call that a plan stands for.

    Parameters
    ----------
    profile : Profile
    plan : Plan
        From ``make_plan(profile, ..., settings)``.
    settings : Settings

    Returns
    -------
    str
        Python source: one expression.

    Examples
    --------
    >>> from cnncore.conventions import PROFILES, make_plan
    >>> def call(key, taps, **settings):
    ...     profile, asked = PROFILES[key], Settings(**settings)
    ...     return write_call(profile, make_plan(profile, (7, 7), taps, asked), asked)
    >>> print(call("ndimage.convolve", (3, 3)))
    scipy.ndimage.convolve(x, k, mode="reflect")
    >>> print(call("torch.conv2d", (3, 2), padding="full"))
    torch.nn.Conv2d(1, 1, (3, 2), padding=(2, 1), bias=False)(x)
    >>> print(call("cv2.blur", (3, 2), operation="average", border="constant"))
    cv2.blur(x, (2, 3), borderType=cv2.BORDER_CONSTANT)
    >>> print(call("keras.max_pooling2d", (2, 2), operation="max", stride=2))
    keras.layers.MaxPooling2D(2, strides=2, padding="same")(x)
    """
    writers = {"torch": _torch, "keras": _keras, "scipy.ndimage": _ndimage, "scipy.signal": _signal, "cv2": _opencv}
    return writers[profile.package](profile, plan, settings)


def write_workaround(profile: Profile, plan: Plan, settings: Settings) -> str:
    """Write what one does instead, where the function has no stride or no dilation.

    Parameters
    ----------
    profile : Profile
    plan : Plan
        Of a `cnncore.convention_workarounds.Workaround`.
    settings : Settings

    Returns
    -------
    str
        Python source: one expression; with a dilation, statements before it, parted by "; ".

    Examples
    --------
    >>> from cnncore.convention_workarounds import find_workaround
    >>> from cnncore.conventions import PROFILES
    >>> def instead(key, **settings):
    ...     profile, asked = PROFILES[key], Settings(**settings)
    ...     return write_workaround(profile, find_workaround(profile, (7, 7), (3, 3), asked).plan, asked)
    >>> print(instead("ndimage.correlate", stride=2))
    scipy.ndimage.correlate(x, k, mode="reflect")[::2, ::2]
    >>> print(instead("cv2.dilate", operation="max", dilation=2))
    d = np.zeros((5, 5), np.uint8); d[::2, ::2] = 1; cv2.dilate(x, d)
    """
    line = write_call(profile, plan, settings)
    if max(plan.dilation) > 1:
        kind = ", np.uint8" if profile.package == "cv2" and profile.operation == "max" else ""
        taps = "k" if profile.operation == "convolution" else "1"
        line = f"d = np.zeros({plan.extent}{kind}); d[::{plan.dilation[0]}, ::{plan.dilation[1]}] = {taps}; {line}"
    return line if plan.stride == (1, 1) else f"{line}[::{plan.stride[0]}, ::{plan.stride[1]}]"


def _gapped(plan: Plan, window: str, name: str = "d") -> str:
    """The window as the function is handed it: with gaps, it is an array of its own."""
    return window if plan.dilation == (1, 1) else name


def _pair(pair: tuple[int, int]) -> str:
    """One number for both axes where they agree."""
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def _call(function: str, *arguments: str) -> str:
    return f"{function}({', '.join(argument for argument in arguments if argument)})"


def _unless(default: object, name: str, value: object) -> str:
    """``name=value``, or nothing where it is the default."""
    if value == default:
        return ""
    return f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"


def _torch(profile: Profile, plan: Plan, settings: Settings) -> str:
    by_name = settings.padding == "same" and profile.odd_pixel == "after"
    pixels = plan.pads[0][0], plan.pads[1][0]  # the same on both sides, unless it goes by name
    padding = 'padding="same"' if by_name else "" if pixels == (0, 0) else f"padding={_pair(pixels)}"
    dilation = "" if plan.dilation == (1, 1) else f"dilation={_pair(plan.dilation)}"
    size = _pair(plan.taps)
    if profile.operation == "convolution":
        stride = "" if plan.stride == (1, 1) else f"stride={_pair(plan.stride)}"
        mode = _unless("zeros", "padding_mode", profile.borders[plan.outside] if plan.padded else "zeros")
        return _call(profile.function, "1, 1", size, stride, padding, dilation, mode, "bias=False") + "(x)"
    stride = "" if plan.stride == plan.taps else f"stride={_pair(plan.stride)}"  # by default, it is the window's size
    ceil = _unless(False, "ceil_mode", plan.ceil)
    counts = _unless(True, "count_include_pad", profile.operation == "max" or settings.count_include_pad)
    return _call(profile.function, size, stride, padding, dilation, ceil, counts) + "(x)"


def _keras(profile: Profile, plan: Plan, settings: Settings) -> str:
    same = _unless("valid", "padding", settings.padding)
    if profile.operation == "convolution":
        strides = "" if plan.stride == (1, 1) else f"strides={_pair(plan.stride)}"
        dilation = "" if plan.dilation == (1, 1) else f"dilation_rate={_pair(plan.dilation)}"
        return _call(profile.function, "1", _pair(plan.taps), strides, same, dilation, "use_bias=False") + "(x)"
    return _call(profile.function, _pair(plan.taps), f"strides={_pair(plan.stride)}", same) + "(x)"


def _ndimage(profile: Profile, plan: Plan, settings: Settings) -> str:
    if profile.operation == "convolution":
        window = _gapped(plan, "k")
    else:
        window = _gapped(plan, f"size={_pair(plan.taps)}", "footprint=d")
    origin = "" if settings.origin == (0, 0) else f"origin={_pair(settings.origin)}"
    return _call(profile.function, "x", window, f'mode="{profile.borders[plan.outside]}"', origin)


def _signal(profile: Profile, plan: Plan, settings: Settings) -> str:
    boundary = f'boundary="{profile.borders[plan.outside]}"' if settings.padding != "valid" else ""
    return _call(profile.function, "x", _gapped(plan, "k"), f'mode="{settings.padding}"', boundary)


def _opencv(profile: Profile, plan: Plan, settings: Settings) -> str:
    rows, columns = plan.taps
    window = {
        "convolution": f"-1, {_gapped(plan, 'k')}",
        "max": _gapped(plan, f"np.ones({plan.taps}, np.uint8)"),
        "average": f"({columns}, {rows})",  # OpenCV's sizes and points are (across, down)
    }[profile.operation]
    anchor = "" if settings.origin == (0, 0) else f"anchor=({plan.pads[1][0]}, {plan.pads[0][0]})"
    border = f"borderType={profile.borders[plan.outside]}" if plan.outside in profile.borders else ""
    value = "borderValue=0" if profile.operation == "max" and plan.outside == "constant" else ""
    return _call(profile.function, "x", window, anchor, border, value)
