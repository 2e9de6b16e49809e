"""Whole networks in the style of keyword, image and anomaly benchmarks, as Keras converts them.

Weights are random. Activations get scales that follow the spread of the sums, so that most outputs
are not saturated.
"""

from __future__ import annotations

import numpy as np

from .graph import Graph, Quantization, affine

PROBABILITY = affine(1 / 256, -128)


class Network:
    """A graph that grows at its end."""

    def __init__(self, shape: list[int], seed: int, per_channel: bool = True,
                 floats: bool = False) -> None:  # fmt: skip
        self.rng = np.random.default_rng(seed)
        self.per_channel = per_channel
        self.floats = floats
        self.graph = Graph()
        self.shape = list(shape)
        self.quantization = affine(0.0078, -1)
        if floats:
            self.input = self.graph.tensor(shape, "float32")
            self.at = self.graph.tensor(shape, quantization=self.quantization)
            self.graph.add("QUANTIZE", [self.input], [self.at])
        else:
            self.input = self.at = self.graph.tensor(shape, quantization=self.quantization)

    def _emit(self, name: str, inputs: list[int], shape: list[int], q: Quantization,
              **options: object) -> int:  # fmt: skip
        self.at = self.graph.tensor(shape, quantization=q)
        self.graph.add(name, inputs, [self.at], **options)
        self.shape, self.quantization = shape, q
        return self.at

    def _target(self, real: float, bounded: bool) -> Quantization:
        scale = float(np.float32(real * self.rng.uniform(3, 5) / (255 if bounded else 127)))
        return affine(scale, -128 if bounded else int(self.rng.integers(-20, 20)))

    def _weights(self, shape: list[int], channels: int, dimension: int) -> tuple[list[int], float]:
        count = channels if self.per_channel else 1
        scales = self.rng.uniform(0.002, 0.01, count).astype(np.float32)
        values = np.clip(np.round(self.rng.normal(0, 40, shape)), -127, 127)
        q = Quantization(tuple(map(float, scales)), (0,) * count, dimension)
        w = self.graph.constant(values, "int8", q)
        products = np.broadcast_to(scales * np.float32(self.quantization.scales[0]), channels)
        stated = Quantization(tuple(float(s) for s in products[:count]), (0,) * count)
        bias = self.graph.constant(self.rng.integers(-2000, 2000, channels), "int32", stated)
        taps = int(np.prod(shape)) // channels
        return [w, bias], float(scales.mean()) * 40 * taps**0.5 * self.quantization.scales[0] * 60

    def _size(self, axis: int, window: int, stride: int, padding: int) -> int:
        size = self.shape[axis]
        return -(-size // stride) if padding == 0 else (size - window + stride) // stride

    def conv(self, channels: int, window: tuple[int, int], stride: int = 1, padding: int = 0,
             activation: int = 1) -> int:  # fmt: skip
        """CONV_2D."""
        n, _, _, c = self.shape
        weights, real = self._weights([channels, *window, c], channels, 0)
        size = [
            self._size(1, window[0], stride, padding),
            self._size(2, window[1], stride, padding),
        ]
        return self._emit("CONV_2D", [self.at, *weights], [n, *size, channels],
                          self._target(real, activation != 0), padding=padding, strideH=stride,
                          strideW=stride, fusedActivationFunction=activation)  # fmt: skip

    def depthwise(self, stride: int = 1, padding: int = 0, activation: int = 1) -> int:
        """DEPTHWISE_CONV_2D 3x3."""
        n, _, _, c = self.shape
        weights, real = self._weights([1, 3, 3, c], c, 3)
        size = [self._size(1, 3, stride, padding), self._size(2, 3, stride, padding)]
        return self._emit("DEPTHWISE_CONV_2D", [self.at, *weights], [n, *size, c],
                          self._target(real, True), padding=padding, strideH=stride,
                          strideW=stride, depthMultiplier=1,
                          fusedActivationFunction=activation)  # fmt: skip

    def dense(self, outputs: int, activation: int = 0) -> int:
        """FULLY_CONNECTED."""
        weights, real = self._weights([outputs, self.shape[1]], outputs, 0)
        return self._emit("FULLY_CONNECTED", [self.at, *weights], [1, outputs],
                          self._target(real, activation != 0),
                          fusedActivationFunction=activation)  # fmt: skip

    def add(self, other: int, activation: int = 1) -> int:
        """ADD with an earlier activation."""
        scale = float(np.float32(self.quantization.scales[0] * 1.3))
        return self._emit("ADD", [other, self.at], list(self.shape), affine(scale, -128),
                          fusedActivationFunction=activation)  # fmt: skip

    def pad(self, before: int, after: int) -> int:
        """PAD height and width, as a converter does before a strided VALID convolution."""
        n, h, w, c = self.shape
        amounts = np.array([[0, 0], [before, after], [before, after], [0, 0]])
        return self._emit("PAD", [self.at, self.graph.constant(amounts, "int32")],
                          [n, h + before + after, w + before + after, c],
                          self.quantization)  # fmt: skip

    def average(self) -> int:
        """AVERAGE_POOL_2D over the whole image."""
        n, h, w, c = self.shape
        return self._emit("AVERAGE_POOL_2D", [self.at], [n, 1, 1, c], self.quantization, padding=1,
                          strideH=h, strideW=w, filterHeight=h, filterWidth=w)  # fmt: skip

    def flatten(self) -> int:
        """RESHAPE to [1, n] with the shape as a second input."""
        size = int(np.prod(self.shape))
        shape = self.graph.constant([-1, size], "int32")
        return self._emit("RESHAPE", [self.at, shape], [1, size], self.quantization)

    def softmax(self) -> int:
        """SOFTMAX."""
        return self._emit("SOFTMAX", [self.at], list(self.shape), PROBABILITY, beta=1.0)

    def finish(self) -> bytes:
        """The file; with `floats`, DEQUANTIZE is the last operator."""
        if self.floats:
            out = self.graph.tensor(self.shape, "float32")
            self.graph.add("DEQUANTIZE", [self.at], [out])
            self.at = out
        return self.graph.build([self.input], [self.at])


def resnet8(seed: int, floats: bool = False) -> bytes:
    """Image classification, 32x32x3: three residual stages."""
    net = Network([1, 32, 32, 3], seed, floats=floats)
    start = net.conv(16, (3, 3))
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        shape, quantization = net.shape, net.quantization
        net.conv(channels, (3, 3), stride)
        main = net.conv(channels, (3, 3), activation=0)
        if stride == 2:
            net.at, net.shape, net.quantization = start, shape, quantization
            net.conv(channels, (1, 1), stride, activation=0)
            start = net.add(main)
        else:
            start = net.add(start)
    net.average()
    net.flatten()
    net.dense(10)
    net.softmax()
    return net.finish()


def ds_cnn(seed: int, floats: bool = False) -> bytes:
    """Keyword spotting, 49x10x1: depthwise separable convolutions."""
    net = Network([1, 49, 10, 1], seed, floats=floats)
    net.conv(64, (10, 4), 2)
    for _ in range(4):
        net.depthwise()
        net.conv(64, (1, 1))
    net.average()
    net.flatten()
    net.dense(12)
    net.softmax()
    return net.finish()


def mobilenet_v1(seed: int, floats: bool = False) -> bytes:
    """Person detection, 96x96x3, width 0.25, with explicit padding before strided steps."""
    net = Network([1, 96, 96, 3], seed, floats=floats)
    net.pad(0, 1)
    net.conv(8, (3, 3), 2, padding=1, activation=3)
    plan = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)]
    for channels, stride in [*plan, *[(128, 1)] * 5, (256, 2), (256, 1)]:
        if stride == 2:
            net.pad(0, 1)
        net.depthwise(stride, padding=stride - 1, activation=3)
        net.conv(channels, (1, 1), activation=3)
    net.average()
    net.flatten()
    net.dense(2)
    net.softmax()
    return net.finish()


def autoencoder(seed: int, floats: bool = False) -> bytes:
    """Anomaly detection: dense layers around a bottleneck, quantized per tensor."""
    net = Network([1, 640], seed, per_channel=False, floats=floats)
    for outputs in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        net.dense(outputs, activation=1)
    net.dense(640)
    return net.finish()


STYLES = {
    "resnet8": (resnet8, 32 * 32 * 3),
    "ds_cnn": (ds_cnn, 49 * 10),
    "mobilenet_v1": (mobilenet_v1, 96 * 96 * 3),
    "autoencoder": (autoencoder, 640),
}
