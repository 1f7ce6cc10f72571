"""The programs run, and give the operation's numbers, for every mode, border, padding, stride, dilation and kernel."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnncore.filter_code import LIBRARIES, keras_code, numpy_code, opencv_code, pytorch_code
from cnncore.geometry import as_pair, resolve_padding_2d
from cnncore.operation import BORDERS, Operation

RNG = np.random.default_rng(20240607)
SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def run(source: str, image: np.ndarray) -> np.ndarray:
    names: dict[str, Any] = {"image": image}
    exec(compile(source, "<generated>", "exec"), names)
    return np.asarray(names["result"])


def plane(image: np.ndarray, kernel: np.ndarray, op: Operation) -> np.ndarray:
    """One plane under one kernel, window by window: the readable oracle."""
    pads = resolve_padding_2d(image.shape, kernel.shape, stride=op.stride, padding=op.padding, dilation=op.dilation)
    filled = {"constant_values": op.value} if op.border == "constant" else {}
    padded = np.pad(image.astype(np.float64), pads, mode=op.border, **filled)
    if op.flip:
        kernel = kernel[::-1, ::-1]
    (down, right), (dv, dh) = as_pair(op.stride, "stride"), as_pair(op.dilation, "dilation")
    height, width = (kernel.shape[0] - 1) * dv + 1, (kernel.shape[1] - 1) * dh + 1
    tops = range(0, padded.shape[0] - height + 1, down)
    lefts = range(0, padded.shape[1] - width + 1, right)
    return np.array([[(padded[t : t + height : dv, s : s + width : dh] * kernel).sum() for s in lefts] for t in tops])


def oracle(image: np.ndarray, op: Operation) -> np.ndarray:
    weights = np.asarray(op.weights, dtype=np.float64)
    outputs = []
    for kernel in weights if op.combine else [weights]:
        if op.mode == "gray":
            outputs.append(plane(image, kernel, op))
        elif op.mode == "each":
            outputs.append(np.stack([plane(image[..., c], kernel, op) for c in range(3)], axis=-1))
        else:
            outputs.append(sum(plane(image[..., c], kernel[c], op) for c in range(3)))
    result = np.sqrt(outputs[0] ** 2 + outputs[1] ** 2) if op.combine else outputs[0] + op.bias
    return np.maximum(result, 0) if op.relu else result


def picture(shape: tuple[int, int], mode: str, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random(shape if mode == "gray" else (*shape, 3)).astype(np.float32)


def tolerance(op: Operation) -> float:
    # One part in 10^5 of the largest sum there can be, as filter2d promises.
    most = max(1.0, abs(op.value)) if op.border == "constant" else 1.0
    return 1e-5 * (np.abs(op.planes).sum() * most + abs(op.bias)) + 1e-12


def agrees(source: str, op: Operation, image: np.ndarray) -> None:
    want, got = oracle(image, op), run(source, image)
    assert got.shape == want.shape, source
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance(op), err_msg=source)


@st.composite
def operations(draw: st.DrawFn) -> tuple[Operation, np.ndarray]:
    mode = draw(st.sampled_from(["gray", "each", "rgb"]))
    combine = draw(st.sampled_from([None, None, "magnitude"]))
    size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    lead = ((2,) if combine else ()) + ((3,) if mode == "rgb" else ())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = rng.integers(-4, 5, (*lead, *size)) if draw(st.booleans()) else rng.normal(size=(*lead, *size))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    pixels = st.integers(0, 5)
    padding = draw(
        st.one_of(
            st.sampled_from(["same", "same_lower", "full", "valid"]),
            pixels,
            st.tuples(st.tuples(pixels, pixels), st.tuples(pixels, pixels)),
        )
    )
    op = Operation(
        weights,
        mode=mode,
        stride=draw(st.sampled_from([1, stride])),
        dilation=draw(st.sampled_from([1, dilation])),
        padding=padding,
        border=draw(st.sampled_from(BORDERS)),
        value=draw(st.sampled_from([0.0, 0.5, -1.25])),
        flip=draw(st.booleans()),
        bias=0.0 if combine else draw(st.sampled_from([0.0, 0.1, -3.0])),
        relu=draw(st.booleans()),
        combine=combine,
    )
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    try:
        op.output_shape(*shape)
    except ValueError:
        shape = (shape[0] + 18, shape[1] + 18)  # room for any window
    return op, picture(shape, mode, draw(st.integers(0, 99)))


TINY = (Operation(RNG.normal(size=(6, 5)), padding="full", dilation=2), picture((1, 1), "gray"))
LOWER = (Operation(RNG.normal(size=(4, 4)), padding="same_lower", stride=2), picture((7, 8), "gray"))


@settings(max_examples=200, deadline=None)
@given(operations())
@example(TINY)
@example(LOWER)
def test_numpy_code_gives_the_operations_numbers(case: tuple[Operation, np.ndarray]) -> None:
    op, image = case
    agrees(numpy_code(op), op, image)


@settings(max_examples=200, deadline=None)
@given(operations())
@example(TINY)
@example(LOWER)
def test_opencv_code_gives_the_operations_numbers(case: tuple[Operation, np.ndarray]) -> None:
    pytest.importorskip("cv2")
    op, image = case
    agrees(opencv_code(op), op, image)


@settings(max_examples=100, deadline=None)
@given(operations(), st.booleans())
@example(TINY, True)
@example(LOWER, True)
def test_pytorch_code_gives_the_operations_numbers(case: tuple[Operation, np.ndarray], told: bool) -> None:
    pytest.importorskip("torch")
    op, image = case
    agrees(pytorch_code(op, shape=image.shape[:2] if told else None), op, image)


# Keras's own conversion of a PyTorch tensor warns under NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@settings(max_examples=40, deadline=None)
@given(operations())
@example(TINY)
@example(LOWER)
def test_keras_code_gives_the_operations_numbers(case: tuple[Operation, np.ndarray]) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")  # read when Keras is first imported; its own default is TensorFlow
    pytest.importorskip("keras")
    op, image = case
    agrees(keras_code(op), op, image)


@settings(max_examples=100, deadline=None)
@given(operations())
def test_the_oracle_is_the_operation_itself(case: tuple[Operation, np.ndarray]) -> None:
    op, image = case
    np.testing.assert_allclose(op.apply(image), oracle(image, op), rtol=0, atol=tolerance(op))


@pytest.mark.parametrize("write", LIBRARIES.values(), ids=LIBRARIES.keys())
@pytest.mark.parametrize("border", BORDERS)
# Keras's own conversion of a PyTorch tensor warns under NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_largest_kernel_on_a_smaller_picture(write: Any, border: str) -> None:
    if write is keras_code:
        os.environ.setdefault("KERAS_BACKEND", "torch")
        pytest.importorskip("keras")
    if write is pytorch_code:
        pytest.importorskip("torch")
    op = Operation(RNG.normal(size=(15, 15)), border=border, value=0.25, flip=True, bias=0.1, relu=True)
    image = picture((5, 9), "gray", 3)
    agrees(write(op, shape=image.shape), op, image)


@pytest.mark.parametrize("write", LIBRARIES.values(), ids=LIBRARIES.keys())
def test_every_digit_of_the_weights_is_in_the_code(write: Any) -> None:
    weights = np.array([[1 / 3, -2.0, 1e-7], [0.1 + 0.2, 12345.678, 5e-324]])
    source = write(Operation(weights))
    literal = source.split("kernel = np.array(")[1].split(", dtype=")[0]
    assert np.array_equal(np.array(eval(literal, {"__builtins__": {}})), weights)


@pytest.mark.parametrize("write", LIBRARIES.values(), ids=LIBRARIES.keys())
@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"stride": 0}, "`stride`"),
        ({"dilation": (1, 2, 3)}, "`dilation`"),
        ({"padding": "sme"}, "`padding`"),
        ({"padding": "valid", "dilation": 4}, "spans 9 rows"),
    ],
)
def test_what_cannot_be_done_is_refused(write: Any, settings_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        write(Operation(SOBEL, **settings_), shape=(5, 20))


def test_a_box_is_written_as_a_box() -> None:
    assert "np.ones((3, 3), dtype=float) / 9" in numpy_code(Operation(np.full((3, 3), 1 / 9)))
    assert "np.ones((1, 2), dtype=float)\n" in numpy_code(Operation([[1, 1]]))
    assert "np.full((2, 2), 0.3, dtype=float)" in numpy_code(Operation(np.full((2, 2), 0.3)))
    assert "np.full((2, 2), 0, dtype=float)" in numpy_code(Operation(np.zeros((2, 2))))


def test_scipy_flips_by_the_name_of_its_function() -> None:
    assert "convolve2d(padded" in numpy_code(Operation(SOBEL, flip=True))
    assert "correlate2d(padded" in numpy_code(Operation(SOBEL))
    assert "np.flip" not in numpy_code(Operation(SOBEL, flip=True))


def test_opencv_uses_its_own_border_and_anchor_where_it_can() -> None:
    own = opencv_code(Operation(np.arange(8.0).reshape(2, 4), border="symmetric"))
    assert "anchor=(1, 0), borderType=cv2.BORDER_REFLECT)" in own
    assert "copyMakeBorder" not in own
    assert "copyMakeBorder" in opencv_code(Operation(SOBEL, border="wrap"))
    assert "anchor" not in opencv_code(Operation(SOBEL))


def test_pytorch_pads_by_itself_where_it_can_and_says_where_it_cannot() -> None:
    def code(**options: Any) -> str:
        shape = options.pop("shape", None)
        return pytorch_code(Operation(SOBEL, **options), shape=shape)

    assert "padding=1)" in code(border="constant")
    assert 'mode="replicate"' in code(border="edge")
    assert 'F.pad(x, (1, 1, 1, 1), mode="reflect")' in code(shape=(2, 2))
    for refused in (code(shape=(1, 2)), code()):
        assert "np.pad" in refused
        assert "refuses a picture smaller than the padding" in refused
    assert 'mode="circular"' in code(border="wrap", shape=(1, 1))
    assert "has no symmetric border" in code(border="symmetric", shape=(99, 99))


def test_keras_says_what_its_layer_refuses() -> None:
    assert "refuses a stride together with dilation" in keras_code(Operation(SOBEL, stride=2, dilation=2))
    assert 'padding="same"' in keras_code(Operation(SOBEL, stride=2, border="constant"))
    assert "np.pad" in keras_code(Operation(SOBEL, border="constant", value=0.5))
    assert 'activation="relu"' in keras_code(Operation(SOBEL, relu=True))


def test_no_line_is_left_ragged() -> None:
    op = Operation([SOBEL] * 3, mode="rgb", stride=(1, 2), dilation=2, border="wrap", bias=-1, relu=True)
    for write in LIBRARIES.values():
        source = write(op)
        assert source.endswith("\n")
        assert all(line == line.rstrip() and len(line) <= 120 for line in source.splitlines())
