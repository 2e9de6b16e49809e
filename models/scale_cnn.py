"""ScaleCNN: the plain convolutional network whose only parameter is its width."""

from __future__ import annotations

from torch import Tensor, nn

from models.errors import ModelError

_MAX_WIDTH = 4096
_MULTIPLIERS = (1, 2, 4, 8)
_MIN_SIDE = 8  # three halvings leave one pixel


class ScaleCNN(nn.Module):
    """Four blocks with channels c, 2c, 4c, 8c, then one linear classifier.

    A block is two of (3x3 convolution without bias, batch norm, ReLU); 2x2 max-pooling follows the
    first three blocks, a global average the fourth. Images (N, in_channels, H, W) to logits
    (N, classes). Source: arXiv 2603.07365, whose parameter counts it has at every width.

    Raises:
        ModelError: a width that is not a whole number of 1 to 4096, or an image below 8x8.

    """

    def __init__(
        self, *, width: float, in_channels: int, image_size: tuple[int, int], classes: int
    ) -> None:
        super().__init__()
        if width != int(width) or not 1 <= width <= _MAX_WIDTH:
            raise ModelError(
                f"scale_cnn: width must be a whole number of channels, 1 to {_MAX_WIDTH}, got "
                f"{width:g}"
            )
        if min(image_size) < _MIN_SIDE:
            raise ModelError(
                f"scale_cnn: images must be at least {_MIN_SIDE}x{_MIN_SIDE}, got "
                f"{image_size[0]}x{image_size[1]}"
            )
        channels = [in_channels, *(int(width) * multiplier for multiplier in _MULTIPLIERS)]
        layers: list[nn.Module] = []
        for index in range(len(_MULTIPLIERS)):
            layers += [nn.MaxPool2d(2)] if index else []
            layers += _block(channels[index], channels[index + 1])
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) of images (N, in_channels, H, W)."""
        logits: Tensor = self.classifier(self.pool(self.features(images)).flatten(1))
        return logits


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv2d(channels, outputs, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return layers
