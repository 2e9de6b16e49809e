"""The project's two families as they ship: int8 .tflite files with random weights.

Run as a program to write one: `python networks.py scale_cnn 4 out.tflite [per-tensor]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

FAMILIES = ("scale_cnn", "mobilenet_v2")


def _scale_cnn(width: int) -> Any:
    from torch import nn

    layers: list[Any] = []
    channels = 3
    for block in range(4):
        out = width << block
        for _ in range(2):
            layers += [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out)]
            layers.append(nn.ReLU())
            channels = out
        layers.append(nn.MaxPool2d(2) if block < 3 else nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, 100))


def _mobilenet_v2(width: float) -> Any:
    from torchvision.models import mobilenet_v2

    net: Any = mobilenet_v2(num_classes=100, width_mult=width)
    net.features[0][0].stride = (1, 1)
    return net


def _settled(net: Any) -> Any:
    """The network with batch norm statistics of random images."""
    import torch

    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(16, 3, 32, 32))
    return net.eval()


def _inside(content: bytes) -> bytes:
    """The file with the weights inside that the quantizer appends to larger ones."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def export(family: str, width: float, path: Path, scales: str = "") -> None:
    """Write the int8 file: NHWC int8 in, int8 out; with `per-tensor` one scale for all weights."""
    import litert_torch
    import torch
    from ai_edge_quantizer import qtyping, quantizer, recipe

    torch.manual_seed(7)
    net = _scale_cnn(int(width)) if family == "scale_cnn" else _mobilenet_v2(width)
    nhwc = litert_torch.to_channel_last_io(_settled(net), args=[0])
    float_path = path.with_suffix(".float.tflite")
    litert_torch.convert(nhwc.eval(), (torch.randn(1, 32, 32, 3),)).export(str(float_path))
    chosen: Any = recipe.static_wi8_ai8()
    if scales == "per-tensor":
        weights = chosen[0]["op_config"]["weight_tensor_config"]
        weights["granularity"] = qtyping.QuantGranularity.TENSORWISE
    tool = quantizer.Quantizer(str(float_path), chosen)
    rng = np.random.default_rng(7)
    images = rng.standard_normal((32, 1, 32, 32, 3)).astype(np.float32)
    calibrated = tool.calibrate({"serving_default": [{"args_0": image} for image in images]})
    tool.quantize(calibrated).export_model(str(path), overwrite=True)
    path.write_bytes(_inside(path.read_bytes()))
    float_path.unlink()


if __name__ == "__main__":
    export(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
