"""What exported programs use of Keras, written down from its documentation, slowly: channels last, windows one by one.

Where Keras is installed the programs run in it, too (test_model_code.py), and both agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import numpy as np


class Layer:
    def __init__(self, **settings) -> None:
        self.name = settings.pop("name")
        self.settings = settings
        self.weights: list[np.ndarray] = []

    def set_weights(self, weights: list[np.ndarray]) -> None:
        assert len(weights) == self.count
        self.weights = weights

    count = 0


class Conv2D(Layer):
    count = 2

    def __init__(self, filters: int, kernel_size, *, strides=1, padding: str = "valid", name: str) -> None:
        super().__init__(name=name)
        self.filters, self.padding = filters, padding
        self.kernel, self.strides = (
            value if isinstance(value, tuple) else (value,) * 2 for value in (kernel_size, strides)
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        weight, bias = self.weights
        assert weight.shape == (*self.kernel, x.shape[-1], self.filters)
        if self.padding == "same":
            x = np.pad(x, ((0, 0), *map(same, x.shape[1:3], self.kernel, self.strides), (0, 0)))
        return windows(x, self.kernel, self.strides, lambda part: np.einsum("nijc,ijcf->nf", part, weight) + bias)


class BatchNormalization(Layer):
    count = 4

    def __call__(self, x: np.ndarray) -> np.ndarray:
        gamma, beta, mean, variance = self.weights
        assert self.settings["momentum"] == 0.9
        return gamma * (x - mean) / np.sqrt(variance + self.settings["epsilon"]) + beta


class ZeroPadding2D(Layer):
    def __init__(self, padding, *, name: str) -> None:
        super().__init__(name=name)
        self.padding = padding

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.pad(x, ((0, 0), *self.padding, (0, 0)))


class Pooling(Layer):
    combine: Callable[..., np.ndarray]

    def __init__(self, pool_size: int, *, name: str) -> None:
        super().__init__(name=name)
        self.size = (pool_size, pool_size)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return windows(x, self.size, self.size, lambda part: type(self).combine(part, axis=(1, 2)))


class MaxPooling2D(Pooling):
    combine = np.max


class AveragePooling2D(Pooling):
    combine = np.mean


class Dense(Layer):
    count = 2

    def __init__(self, units: int, *, name: str) -> None:
        super().__init__(name=name)
        self.units = units

    def __call__(self, x: np.ndarray) -> np.ndarray:
        weight, bias = self.weights
        assert weight.shape == (x.shape[-1], self.units)
        return x @ weight + bias


def plain(function: Callable[..., np.ndarray]) -> type[Layer]:
    class Plain(Layer):
        def __call__(self, x: np.ndarray) -> np.ndarray:
            return function(x, **self.settings)

    return Plain


class Dropout(Layer):
    def __init__(self, rate: float, *, name: str) -> None:
        super().__init__(name=name)
        assert 0 < rate < 1

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x


class Activation(Layer):
    def __init__(self, function: str, *, name: str) -> None:
        super().__init__(name=name)
        assert function == "tanh"

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.tanh(x)


class Sequential:
    def __init__(self, parts: list) -> None:
        self.shape, *self.layers = parts
        assert len({layer.name for layer in self.layers}) == len(self.layers)

    def get_layer(self, name: str) -> Layer:
        (found,) = [layer for layer in self.layers if layer.name == name]
        return found

    def __call__(self, x: np.ndarray, training: bool) -> np.ndarray:
        assert not training
        assert x.shape[1:] == self.shape
        for layer in self.layers:
            assert len(layer.weights) == layer.count, layer.name
            x = layer(x)
        return x


def same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def windows(x: np.ndarray, size: tuple, strides: tuple, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    rows, columns = (range(0, n - k + 1, s) for n, k, s in zip(x.shape[1:3], size, strides, strict=True))
    found = [[function(x[:, i : i + size[0], j : j + size[1]]) for j in columns] for i in rows]
    return np.array(found).transpose(2, 0, 1, 3)


def module() -> ModuleType:
    """Return a module to stand where programs import `keras`."""
    keras = ModuleType("keras")
    keras.Input = lambda shape: shape
    keras.Sequential = Sequential
    keras.config = SimpleNamespace(set_floatx=lambda name: None, set_dtype_policy=lambda name: None)
    keras.ops = SimpleNamespace(convert_to_numpy=np.asarray, softmax=lambda x: x)
    keras.layers = SimpleNamespace(
        Conv2D=Conv2D,
        BatchNormalization=BatchNormalization,
        ZeroPadding2D=ZeroPadding2D,
        MaxPooling2D=MaxPooling2D,
        AveragePooling2D=AveragePooling2D,
        Dense=Dense,
        Dropout=Dropout,
        Activation=Activation,
        ReLU=plain(lambda x: np.maximum(x, 0)),
        LeakyReLU=plain(lambda x, negative_slope: np.where(x > 0, x, negative_slope * x)),
        Flatten=plain(lambda x: x.reshape(len(x), -1)),
        GlobalAveragePooling2D=plain(lambda x: x.mean(axis=(1, 2))),
    )
    return keras
