"""An `Operation` as source text for other libraries, which gives the same numbers there.

Each function returns a short program that expects a variable `image`, a float32 array of shape (rows, columns), or
(rows, columns, 3) for colour, and leaves the feature map in `result`. What a library has no word for is said in a
comment and done another way. The program holds for a picture of any size, unless `shape` let PyTorch's use that
library's own reflecting or wrapping padding, which refuses pictures smaller than the padding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cnncore._code_parts import (
    Plan,
    Shape,
    array_text,
    bias_and_relu,
    dilated_kernel,
    flipped_kernel,
    head,
    kernel_of,
    make_plan,
    number_text,
    numpy_pad,
    pad_sizes,
    pair_text,
    source_text,
    steps_text,
    sums,
)
from cnncore.operation import Operation

_CV2_BORDERS = {
    "constant": "cv2.BORDER_CONSTANT",
    "reflect": "cv2.BORDER_REFLECT_101",
    "symmetric": "cv2.BORDER_REFLECT",
    "edge": "cv2.BORDER_REPLICATE",
    "wrap": "cv2.BORDER_WRAP",
}
_TORCH_BORDERS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def numpy_code(op: Operation, *, shape: Shape | None = None) -> str:
    """Write the operation for NumPy and SciPy.

    Parameters
    ----------
    op : Operation
    shape : (rows, columns), optional
        The picture's size, to check that a window fits.

    Returns
    -------
    str
        Python source: `image` in, `result` out.

    Raises
    ------
    ValueError
        If the stride, dilation or padding is out of range, or a window is larger than the padded picture.

    Examples
    --------
    >>> print(numpy_code(Operation([[-1, 0, 1]], flip=True)))
    # image: a float32 array of shape (rows, columns)
    import numpy as np
    from scipy.signal import convolve2d
    <BLANKLINE>
    kernel = np.array([
        [-1, 0, 1],
    ], dtype=float)
    padded = np.pad(image, ((0, 0), (1, 1)), mode="reflect")
    result = convolve2d(padded, kernel, mode="valid")
    <BLANKLINE>
    """
    plan = make_plan(op, shape)
    # SciPy has a word for each: the one that flips the kernel, and the one that does not.
    name = "convolve2d" if op.flip else "correlate2d"
    call = {
        "gray": f'{name}(padded, KERNEL, mode="valid")',
        "each": f'np.dstack([{name}(padded[:, :, c], KERNEL, mode="valid") for c in range(3)])',
        "rgb": f'sum({name}(padded[:, :, c], KERNEL[c], mode="valid") for c in range(3))',
    }[op.mode]
    thin = []
    if plan.stride != (1, 1):
        thin = [
            "# SciPy has no stride: keep the windows that a stride would visit.",
            f"result = result[{steps_text(plan.stride)}]",
        ]
    return source_text(
        head(plan, "import numpy as np", f"from scipy.signal import {name}"),
        dilated_kernel(plan, "float", "SciPy"),
        numpy_pad(plan),
        sums(op, call, "np.hypot"),
        thin,
        bias_and_relu(op),
    )


def opencv_code(op: Operation, *, shape: Shape | None = None) -> str:
    """Write the operation for OpenCV.

    Parameters
    ----------
    op : Operation
    shape : (rows, columns), optional
        The picture's size, to check that a window fits.

    Returns
    -------
    str
        Python source: `image` in, `result` out.

    Raises
    ------
    ValueError
        If the stride, dilation or padding is out of range, or a window is larger than the padded picture.

    Examples
    --------
    >>> print(opencv_code(Operation([[-1, 0, 1]])))
    # image: a float32 array of shape (rows, columns)
    import cv2
    import numpy as np
    <BLANKLINE>
    kernel = np.array([
        [-1, 0, 1],
    ], dtype=np.float32)
    result = cv2.filter2D(image, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101)
    <BLANKLINE>
    """
    plan = make_plan(op, shape)
    source, options, before, crop = _opencv_windows(plan)
    if op.mode == "rgb":
        before = [*before, f"channels = cv2.split({source})"]
        call = f"sum(cv2.filter2D(channels[c], cv2.CV_32F, KERNEL[c], {options}) for c in range(3))"
    else:
        call = f"cv2.filter2D({source}, cv2.CV_32F, KERNEL, {options})"
    return source_text(
        head(plan, "import cv2", "import numpy as np"),
        dilated_kernel(plan, "np.float32", "OpenCV"),
        flipped_kernel(op, "filter2D"),
        before,
        sums(op, call, "cv2.magnitude"),
        crop,
        bias_and_relu(op),
    )


def _opencv_windows(plan: Plan) -> tuple[str, str, list[str], list[str]]:
    """Return the picture's name, filter2D's options for the border, the lines before, and those that crop after."""
    op, (rows, columns) = plan.op, plan.window
    own_border = op.border != "wrap" and (op.border != "constant" or plan.zeros)
    if (
        own_border
        and plan.stride == (1, 1)
        and plan.pads
        and [sum(pad) for pad in plan.pads] == [rows - 1, columns - 1]
    ):
        anchor = plan.pads[1][0], plan.pads[0][0]
        options = "" if anchor == (columns // 2, rows // 2) else f"anchor={anchor}, "
        return "image", f"{options}borderType={_CV2_BORDERS[op.border]}", [], []
    before, source = [], "image"
    if not plan.no_padding:
        pads = "*rows, *columns" if plan.pads is None else ", ".join(str(n) for pad in plan.pads for n in pad)
        options = _CV2_BORDERS[op.border]
        if op.border == "constant" and op.value:
            number = number_text(op.value)
            options += f", value={number if op.mode == 'gray' else f'({number}, {number}, {number})'}"
        before = [*pad_sizes(plan), f"padded = cv2.copyMakeBorder(image, {pads}, {options})"]
        source = "padded"
    slices = [
        (f":-{extent - 1}" if extent > 1 else ":") + (f":{stride}" if stride > 1 else "")
        for extent, stride in zip(plan.window, plan.stride, strict=True)
    ]
    crop = []
    if slices != [":", ":"]:
        stride = "" if plan.stride == (1, 1) else ", in the steps of the stride that OpenCV does not have"
        crop = [f"# Keep whole windows only{stride}.", f"result = result[{', '.join(slices)}]"]
    return source, "anchor=(0, 0)", before, crop


def pytorch_code(op: Operation, *, shape: Shape | None = None) -> str:
    """Write the operation for PyTorch.

    Parameters
    ----------
    op : Operation
    shape : (rows, columns), optional
        The picture's size. PyTorch's own reflecting and wrapping borders refuse a picture smaller than the padding:
        they are used where the size is known to do, and `numpy.pad` elsewhere.

    Returns
    -------
    str
        Python source: `image` in, `result` out.

    Raises
    ------
    ValueError
        If the stride, dilation or padding is out of range, or a window is larger than the padded picture.

    Examples
    --------
    >>> print(pytorch_code(Operation([[-1, 0, 1]]), shape=(480, 640)))
    # image: a float32 array of shape (rows, columns)
    import numpy as np
    import torch
    import torch.nn.functional as F
    <BLANKLINE>
    kernel = np.array([
        [-1, 0, 1],
    ], dtype=np.float32)
    weight = torch.tensor(kernel).reshape(1, 1, 1, 3)  # filters, channels, rows, columns
    x = torch.tensor(image)[None, None]  # batch, channels, rows, columns
    x = F.pad(x, (1, 1, 0, 0), mode="reflect")  # left, right, top, bottom
    y = F.conv2d(x, weight)
    result = y[0, 0].numpy()
    <BLANKLINE>
    """
    plan = make_plan(op, shape)
    before, source, after, padding = _torch_border(plan)
    options = [
        padding,
        f"bias=torch.tensor([{number_text(op.bias)}], dtype=torch.float32)" if op.bias else "",
        f"stride={pair_text(plan.stride)}" if plan.stride != (1, 1) else "",
        f"dilation={pair_text(plan.dilation)}" if plan.dilation != (1, 1) else "",
    ]
    entry = {
        "gray": "[None, None]  # batch, channels, rows, columns",
        "each": ".permute(2, 0, 1)[:, None]  # each channel apart: a batch of three",
        "rgb": ".permute(2, 0, 1)[None]  # batch, channels, rows, columns",
    }[op.mode]
    leave = "y[:, 0].permute(1, 2, 0)" if op.mode == "each" else "y[0, 0]"
    return source_text(
        head(plan, "import numpy as np", "import torch", "import torch.nn.functional as F"),
        [f"kernel = {array_text(kernel_of(op), 'np.float32')}"],
        flipped_kernel(op, "conv2d"),
        [f"weight = torch.tensor(kernel).reshape{op.planes.shape}  # filters, channels, rows, columns"],
        before,
        [f"x = torch.tensor({source}){entry}"],
        after,
        [f"y = F.conv2d({', '.join(['x', 'weight', *filter(None, options)])})"],
        ["y = torch.hypot(y[:, :1], y[:, 1:])"] if op.combine else [],
        ["y = torch.relu(y)"] if op.relu else [],
        [f"result = {leave}.numpy()"],
    )


def _torch_border(plan: Plan) -> tuple[list[str], str, list[str], str]:
    """Return the lines before `x`, the array `x` is made of, the lines after, and conv2d's own padding."""
    op, pads = plan.op, plan.pads
    if plan.no_padding:
        return [], "image", [], ""
    if plan.zeros and pads and all(begin == end for begin, end in pads):
        return [], "image", [], f"padding={pair_text((pads[0][0], pads[1][0]))}"
    if op.border == "symmetric":
        return ["# PyTorch has no symmetric border: NumPy pads.", *numpy_pad(plan)], "padded", [], ""
    if op.border in ("reflect", "wrap"):
        spare = 1 if op.border == "reflect" else 0
        fits = (
            plan.shape
            and plan.actual
            and all(max(pad) + spare <= size for pad, size in zip(plan.actual, plan.shape, strict=True))
        )
        if not fits:
            why = f"# F.pad's {_TORCH_BORDERS[op.border]} mode refuses a picture smaller than the padding: NumPy pads."
            return [why, *numpy_pad(plan)], "padded", [], ""
    amounts = "*columns, *rows" if pads is None else f"{pads[1][0]}, {pads[1][1]}, {pads[0][0]}, {pads[0][1]}"
    value = f", value={number_text(op.value)}" if op.border == "constant" and op.value else ""
    pad = f'x = F.pad(x, ({amounts}), mode="{_TORCH_BORDERS[op.border]}"{value})  # left, right, top, bottom'
    return pad_sizes(plan), "image", [pad], ""


def keras_code(op: Operation, *, shape: Shape | None = None) -> str:
    """Write the operation for Keras 3, on any of its backends.

    Parameters
    ----------
    op : Operation
    shape : (rows, columns), optional
        The picture's size, to check that a window fits.

    Returns
    -------
    str
        Python source: `image` in, `result` out.

    Raises
    ------
    ValueError
        If the stride, dilation or padding is out of range, or a window is larger than the padded picture.

    Examples
    --------
    >>> print(keras_code(Operation([[-1, 0, 1]], border="constant", relu=True)))
    # image: a float32 array of shape (rows, columns)
    import keras
    import numpy as np
    <BLANKLINE>
    kernel = np.array([
        [-1, 0, 1],
    ], dtype=np.float32)
    weights = kernel.reshape(1, 1, 1, 3).transpose(2, 3, 1, 0)  # rows, columns, channels, filters
    x = image[None, :, :, None]  # batch, rows, columns, channels
    layer = keras.layers.Conv2D(
        1, (1, 3), padding="same", activation="relu", use_bias=False, data_format="channels_last"
    )
    layer.build(x.shape)
    layer.set_weights([weights])
    y = keras.ops.convert_to_numpy(layer(x))
    result = y[0, :, :, 0]
    <BLANKLINE>
    """
    plan = make_plan(op, shape)
    # Conv2D refuses this pair on every backend.
    sliced = max(plan.stride) > 1 and max(plan.dilation) > 1
    native = plan.no_padding or (plan.zeros and op.padding == "same" and not sliced)
    source = "image" if native else "padded"
    filters, _, *size = op.planes.shape
    entry = {
        "gray": f"{source}[None, :, :, None]  # batch, rows, columns, channels",
        "each": f"np.moveaxis({source}, -1, 0)[..., None]  # each channel apart: a batch of three",
        "rgb": f"{source}[None]  # batch, rows, columns, channels",
    }[op.mode]
    options = [
        f"{filters}, {tuple(size)}",
        f"strides={pair_text(plan.stride)}" if plan.stride != (1, 1) and not sliced else "",
        f"dilation_rate={pair_text(plan.dilation)}" if plan.dilation != (1, 1) else "",
        'padding="valid"' if plan.no_padding or not native else 'padding="same"',
        'activation="relu"' if op.relu and not op.combine else "",
        "" if op.bias else "use_bias=False",
        'data_format="channels_last"',
    ]
    bias = f", np.array([{number_text(op.bias)}], dtype=np.float32)" if op.bias else ""
    slicing = []
    if sliced:
        slicing = [
            "# Conv2D refuses a stride together with dilation: keep the windows that a stride would visit.",
            f"y = y[:, {steps_text(plan.stride)}]",
        ]
    return source_text(
        head(plan, "import keras", "import numpy as np", pads=not native),
        [f"kernel = {array_text(kernel_of(op), 'np.float32')}"],
        flipped_kernel(op, "Conv2D"),
        [f"weights = kernel.reshape{op.planes.shape}.transpose(2, 3, 1, 0)  # rows, columns, channels, filters"],
        [] if native else ["# NumPy pads, for Conv2D itself knows only its own zeros.", *numpy_pad(plan)],
        [f"x = {entry}"],
        ["layer = keras.layers.Conv2D(", f"    {', '.join(filter(None, options))}", ")"],
        ["layer.build(x.shape)", f"layer.set_weights([weights{bias}])", "y = keras.ops.convert_to_numpy(layer(x))"],
        slicing,
        ["y = np.hypot(y[..., :1], y[..., 1:])"] if op.combine else [],
        ["y = np.maximum(y, 0)  # ReLU"] if op.relu and op.combine else [],
        ["result = np.moveaxis(y[..., 0], 0, -1)" if op.mode == "each" else "result = y[0, :, :, 0]"],
    )


LIBRARIES: Mapping[str, Callable[..., str]] = MappingProxyType(
    {"NumPy and SciPy": numpy_code, "OpenCV": opencv_code, "PyTorch": pytorch_code, "Keras": keras_code}
)
"""Who writes the code for which library, in the order of the screen."""
