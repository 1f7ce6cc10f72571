"""Convolution of batches of images, its gradients, and transposed convolution.

All three are one idea. The pixels under every window are gathered as the columns of a matrix (im2col), so that the
filters, one a row, are applied to all windows by one matrix product. The gradient of the filters is the product of the
output's gradient with the same columns; the gradient of the images is the filters' transpose times the output's
gradient, added back onto the pixels the columns came from (col2im); for stride 1 that is a convolution itself, with
the filters turned by half. Transposed convolution is that last step alone.

References
----------
.. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
.. [2] I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, section 9.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnncore._arrays import QUIET, Array, as_dtype, as_gradient, as_images, batch_first, batch_last
from cnncore._windows import Block, Windows, blocks, columns, pad, place_windows, spread
from cnncore.geometry import as_int, as_pair, resolve_padding_2d, window_extent


@np.errstate(**QUIET)
def conv2d(
    x: Any, w: Any, b: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Array:
    """Cross-correlate a batch of images with a bank of filters.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Images; rows run down, columns right. float32 and float64 are kept, integers and bool become float32.
    w : array_like, shape (F, C // groups, KH, KW)
        Filters, applied unflipped; cast to the dtype of `x`.
    b : array_like, shape (F,), optional
        One number added to each feature map.
    stride : int or (vertical, horizontal)
        Pixels from one window to the next. Where it leaves a rest, the rest is dropped.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), or str
        Zeros around the image, in pixels, or one of "valid", "same" (TensorFlow's, ONNX's SAME_UPPER),
        "same_lower", "full"; see `cnncore.geometry.resolve_padding`.
    dilation : int or (vertical, horizontal)
        Pixels from one tap of a filter to the next; 1 means no gaps.
    groups : int
        Channels and filters are cut into so many groups, each filter sees its own group only. ``groups=C`` filters
        every channel apart (depthwise convolution).

    Returns
    -------
    ndarray of float, shape (N, F, OH, OW)
        Feature maps in the dtype of `x`; ``OH = (H + top + bottom - dilation*(KH-1) - 1) // stride + 1``. An
        NCHW-shaped view of memory laid out (F, OH, OW, N).

    Raises
    ------
    ValueError
        If ranks or channels disagree, the dilated window exceeds the padded image, or an argument is out of range.

    Notes
    -----
    Mathematical convolution flips the filter: pass ``w[..., ::-1, ::-1]``. Extra memory is the padded image and
    about 2 MB of columns, however large the picture.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples
    --------
    >>> patch = np.array([[0.4, 0.2, 1.0], [0.7, 0.1, 0.2], [0.7, 0.3, 1.0]])
    >>> kernel = np.array([[1, 0, 1], [0, 2, 0], [1, 0, 1]])
    >>> round(conv2d(patch[None, None], kernel[None, None]).item(), 6)
    3.3
    >>> conv2d(np.zeros((2, 3, 8, 9)), np.zeros((4, 3, 3, 3)), stride=2, padding="same").shape
    (2, 4, 4, 5)
    """
    x = as_images(x)
    w, groups = _filters(w, x, groups, "w")
    b = _bias(b, w.shape[0], x, "the filters of `w`")
    windows = place_windows(x.shape, w.shape[2:], source="w", stride=stride, padding=padding, dilation=dilation)
    y = filter_images(x, w, windows, groups)
    if b is not None:
        y += b[:, None, None, None]
    return batch_first(y)


@np.errstate(**QUIET)
def conv2d_backward(
    dy: Any, x: Any, w: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> tuple[Array, Array, Array]:
    """Return the gradients of a loss with respect to what went into `conv2d`.

    Parameters
    ----------
    dy : array_like, shape (N, F, OH, OW)
        Gradient of the loss with respect to the output of ``conv2d(x, w, b, ...)``.
    x : array_like, shape (N, C, H, W)
        The images that went in.
    w : array_like, shape (F, C // groups, KH, KW)
        The filters.
    stride, padding, dilation, groups
        As in `conv2d`.

    Returns
    -------
    dx : ndarray of float, shape (N, C, H, W)
        Gradient with respect to the images.
    dw : ndarray of float, shape (F, C // groups, KH, KW)
        Gradient with respect to the filters.
    db : ndarray of float, shape (F,)
        Gradient with respect to the bias.

    Raises
    ------
    ValueError
        As in `conv2d`, or if `dy` has not the shape of its output.

    Examples
    --------
    >>> x, w = np.arange(6.0).reshape(1, 1, 2, 3), np.array([[[[10.0, 20.0]]]])
    >>> dx, dw, db = conv2d_backward(np.ones((1, 1, 2, 2)), x, w)
    >>> dx[0, 0], dw.ravel(), db
    (array([[10., 30., 20.],
           [10., 30., 20.]]), array([ 8., 12.]), array([4.]))
    """
    x = as_images(x)
    w, groups = _filters(w, x, groups, "w")
    windows = place_windows(x.shape, w.shape[2:], source="w", stride=stride, padding=padding, dilation=dilation)
    dy = as_gradient(dy, "dy", x, (x.shape[0], w.shape[0], *windows.out))
    dy = batch_last(dy)
    dx = images_gradient(dy, w, windows, groups)
    dw = filters_gradient(dy, x, windows, groups)
    return batch_first(dx), dw, dy.sum(axis=(1, 2, 3))


@np.errstate(**QUIET)
def conv_transpose2d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Array:
    """Apply the adjoint of `conv2d`: every number of `x` is spread over a window of the output, weighted by a filter.

    With the same stride, padding, dilation and groups it maps the shape `conv2d` returned back to the one it took.
    It does not undo a convolution.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps. float32 and float64 are kept, integers and bool become float32.
    w : array_like, shape (C, F // groups, KH, KW)
        Filters, in the order that `conv2d` from F to C channels has them; cast to the dtype of `x`.
    b : array_like, shape (F,), optional
        One number added to each channel of the output.
    stride : int or (vertical, horizontal)
        Pixels of the output between neighbouring pixels of `x`.
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right))
        Pixels cut off the borders of the output: the padding of the convolution it is the adjoint of. A name such as
        "same" is refused, for more than one output size would fit it.
    output_padding : int or (vertical, horizontal)
        Rows and columns appended below and right: they choose among the sizes that a strided convolution maps to the
        size of `x`. Smaller than the stride or the dilation.
    dilation : int or (vertical, horizontal)
        Pixels from one tap of a filter to the next; 1 means no gaps.
    groups : int
        Groups of channels that do not mix.

    Returns
    -------
    ndarray of float, shape (N, F, OH, OW)
        In the dtype of `x`; ``OH = (H-1)*stride - top - bottom + dilation*(KH-1) + output_padding + 1``. An
        NCHW-shaped view of memory laid out (F, OH, OW, N).

    Raises
    ------
    ValueError
        If ranks or channels disagree, nothing is left of the output, or an argument is out of range.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, chapter 4.

    Examples
    --------
    >>> conv_transpose2d(np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 10.0, 100.0]]]]), stride=2)
    array([[[[  1.,  10., 102.,  20., 200.]]]])
    """
    x = as_images(x)
    channels = x.shape[1]
    w = as_dtype(w, "w", x.dtype)
    groups = as_int(groups, "groups", least=1)
    if w.ndim != 4 or 0 in w.shape:
        raise ValueError(f"`w` must have shape (C, F // groups, KH, KW), none of them 0, but has shape {w.shape}")
    if w.shape[0] != channels:
        raise ValueError(f"`w` (shape {w.shape}) has {w.shape[0]} input channels, but `x` (shape {x.shape}) {channels}")
    if channels % groups:
        raise ValueError(f"the channels of `x` (={channels}) must be divisible by `groups` (={groups})")
    b = _bias(b, w.shape[1] * groups, x, "the output channels of `w`")
    windows = _transposed_windows(x.shape, w.shape, stride, padding, output_padding, dilation)
    y = images_gradient(batch_last(x), w, windows, groups)
    if b is not None:
        y += b[:, None, None, None]
    return batch_first(y)


def filter_images(x: Array, w: Array, windows: Windows, groups: int) -> Array:
    """Convolve (N, C, H, W) images whose windows are placed already; return batch-last (F, OH, OW, N) memory."""
    images, filters = x.shape[0], w.shape[0]
    y = np.empty((filters, *windows.out, images), x.dtype)
    if not images:
        return y
    rows = w.reshape(groups, filters // groups, -1)
    flat = y.reshape(groups, filters // groups, -1)
    row_size = windows.out[1] * images
    for block, cut in _cut_columns(x, windows, groups):
        if block.size == images:  # then the block is one run of the output, and the product can be written to it
            np.matmul(rows, cut, out=flat[..., block.rows.start * row_size : block.rows.stop * row_size])
        else:
            here = y[:, block.rows, :, block.images]
            here[...] = np.matmul(rows, cut).reshape(here.shape)
    return y


def filters_gradient(dy: Array, x: Array, windows: Windows, groups: int) -> Array:
    """Return the gradient of the filters, (F, C // groups, KH, KW), from the batch-last gradient of the output."""
    filters, channels = dy.shape[0], x.shape[1]
    dw = np.zeros((groups, filters // groups, channels // groups * windows.kernel[0] * windows.kernel[1]), x.dtype)
    if x.shape[0]:
        for block, cut in _cut_columns(x, windows, groups):
            dw += np.matmul(_cut_gradient(dy, block, groups), cut.transpose(0, 2, 1))
    return dw.reshape(filters, channels // groups, *windows.kernel)


def images_gradient(dy: Array, w: Array, windows: Windows, groups: int) -> Array:
    """Return the gradient of the images, batch-last (C, H, W, N), from the batch-last gradient of the output."""
    filters, *_, images = dy.shape
    channels = w.shape[1] * groups
    columns_of = w.reshape(groups, filters // groups, -1).transpose(0, 2, 1)
    if not images:
        return np.zeros((channels, *windows.shape, 0), dy.dtype)
    if windows.pointwise:
        flat = np.matmul(columns_of, dy.reshape(groups, filters // groups, -1))
        return flat.reshape(channels, *windows.shape, images)
    mirrored = windows.mirrored()
    if mirrored is not None and filters <= channels:
        # Gathering is cheaper a number than adding back; with more filters than channels there is more to gather.
        turned = w.reshape(groups, filters // groups, -1, *windows.kernel).swapaxes(1, 2)[..., ::-1, ::-1]
        return filter_images(batch_first(dy), turned.reshape(channels, -1, *windows.kernel), mirrored, groups)
    dx = np.zeros((channels, *windows.shape, images), dy.dtype)
    for block in blocks(windows, channels, images, dy.dtype.itemsize):
        values = np.matmul(columns_of, _cut_gradient(dy, block, groups))
        spread(values.reshape(channels, *windows.kernel, -1, windows.out[1], block.size), dx, windows, block)
    return dx


def _cut_columns(x: Array, windows: Windows, groups: int) -> Iterator[tuple[Block, Array]]:
    """Yield blocks of windows and their columns, (groups, taps of a filter, windows), valid until the next."""
    padded = pad(x, windows.padding)
    images, channels = x.shape[:2]
    if windows.pointwise:
        yield Block(slice(0, windows.out[0]), slice(0, images)), padded.reshape(groups, channels // groups, -1)
        return
    buffer = np.empty(0, x.dtype)
    for block in blocks(windows, channels, images, x.dtype.itemsize):
        view = columns(padded, windows, block)
        if buffer.size < view.size:
            buffer = np.empty(view.size, x.dtype)
        cut = buffer[: view.size].reshape(view.shape)
        np.copyto(cut, view)
        yield block, cut.reshape(groups, channels // groups * windows.kernel[0] * windows.kernel[1], -1)


def _cut_gradient(dy: Array, block: Block, groups: int) -> Array:
    """Return a block of a batch-last (F, OH, OW, N) array as (groups, F // groups, windows)."""
    cut = dy[:, block.rows, :, block.images]
    return cut.reshape(groups, dy.shape[0] // groups, -1)


def _filters(w: Any, x: Array, groups: Any, name: str) -> tuple[Array, int]:
    """Check filters and groups against the images; return the filters in their dtype, and the groups as an int."""
    w = as_dtype(w, name, x.dtype)
    groups = as_int(groups, "groups", least=1)
    if w.ndim != 4 or 0 in w.shape:
        raise ValueError(f"`{name}` must have shape (F, C // groups, KH, KW), none of them 0, but has shape {w.shape}")
    channels = x.shape[1]
    if channels % groups:
        raise ValueError(f"the channels of `x` (={channels}) must be divisible by `groups` (={groups})")
    if w.shape[0] % groups:
        raise ValueError(f"the filters of `{name}` (={w.shape[0]}) must be divisible by `groups` (={groups})")
    if w.shape[1] != channels // groups:
        raise ValueError(
            f"`{name}` (shape {w.shape}) must have {channels // groups} channels, those of `x` (={channels}) by "
            f"`groups` (={groups}), but has {w.shape[1]}"
        )
    return w, groups


def _bias(b: Any, count: int, x: Array, what: str) -> Array | None:
    """Check that a bias holds one number for each of `count` outputs, and cast it."""
    if b is None:
        return None
    b = as_dtype(b, "b", x.dtype)
    if b.shape != (count,):
        raise ValueError(f"`b` must have shape ({count},), one number for each of {what}, but has shape {b.shape}")
    return b


def _transposed_windows(
    shape: tuple[int, ...], filters: tuple[int, ...], stride: Any, padding: Any, output_padding: Any, dilation: Any
) -> Windows:
    """Place the windows of the convolution whose adjoint is asked for: its image is our output."""
    if isinstance(padding, str):
        raise ValueError(f"`padding` (={padding!r}) must be numbers of pixels for a transposed convolution")
    kernel, sizes = filters[2:], shape[2:]
    strides = as_pair(stride, "stride")
    dilations = as_pair(dilation, "dilation")
    extras = as_pair(output_padding, "output_padding", least=0)
    pads = resolve_padding_2d((sizes[0], sizes[1]), (kernel[0], kernel[1]), padding=padding)
    out = []
    for axis, unit in enumerate(("rows", "columns")):
        if extras[axis] >= max(strides[axis], dilations[axis]):
            raise ValueError(
                f"`output_padding` (={output_padding!r}) must be smaller than `stride` (={stride!r}) "
                f"or `dilation` (={dilation!r})"
            )
        spanned = (sizes[axis] - 1) * strides[axis] + window_extent(kernel[axis], dilations[axis]) + extras[axis]
        if spanned <= sum(pads[axis]):
            raise ValueError(
                f"`padding` (={padding!r}) cuts off {sum(pads[axis])} of the {spanned} {unit} of the output: "
                "nothing is left"
            )
        out.append(spanned - sum(pads[axis]))
    return Windows((out[0], out[1]), (kernel[0], kernel[1]), strides, pads, dilations, (sizes[0], sizes[1]))
