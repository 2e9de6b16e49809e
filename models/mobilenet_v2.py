"""MobileNetV2 for small images: torchvision's network with a first convolution of stride 1."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from models.errors import ModelError

_MIN_WIDTH = 0.01
_MAX_WIDTH = 64.0


class MobileNetV2(nn.Module):
    """Torchvision's `mobilenet_v2(width_mult=width)`, first stride 1 instead of 2.

    Images (N, in_channels, H, W) of any size to logits (N, classes). Source: arXiv 2603.07365,
    whose parameter counts it has at every width.

    Raises:
        ModelError: a width multiplier outside 0.01 to 64.

    """

    def __init__(
        self, *, width: float, in_channels: int, image_size: tuple[int, int], classes: int
    ) -> None:
        super().__init__()
        del image_size  # padded strides leave at least one pixel of any image
        if not _MIN_WIDTH <= width <= _MAX_WIDTH:
            raise ModelError(
                f"mobilenet_v2: width multiplier must be {_MIN_WIDTH:g} to {_MAX_WIDTH:g}, got "
                f"{width:g}"
            )
        self.network = mobilenet_v2(num_classes=classes, width_mult=width)
        self.network.features[0][0] = _first_conv(in_channels, self.network.features[0][0])

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) of images (N, in_channels, H, W)."""
        logits: Tensor = self.network(images)
        return logits


def _first_conv(in_channels: int, template: nn.Conv2d) -> nn.Conv2d:
    conv = nn.Conv2d(in_channels, template.out_channels, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")  # as torchvision draws the others
    return conv
