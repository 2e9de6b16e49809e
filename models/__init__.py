"""The network families as torch modules, found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import ModelError, UnknownFamilyError
from models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FAMILIES", "ModelError", "ModelSpec", "UnknownFamilyError", "build"]

FAMILIES = {
    "scale_cnn": "models.scale_cnn:ScaleCNN",
    "mobilenet_v2": "models.mobilenet_v2:MobileNetV2",
}
"""Name -> class, imported when asked for. A name with a colon is a user's own class.

Every class is constructed as `Class(width=..., in_channels=..., image_size=..., classes=...)` and
maps float32 images (N, in_channels, H, W) to logits (N, classes).
"""


def build(spec: ModelSpec) -> nn.Module:
    """Return the network of `spec` in training mode, with weights drawn from torch's generator.

    Raises:
        UnknownFamilyError: no family has that name; the message lists those that exist.
        ModelError: a width or image size the family does not have; a user's own class that cannot
            be imported or constructed, is not a module, or does not return (N, classes) logits.

    """
    from models.family import construct  # torch is imported when it is needed

    return construct(_target(spec.family), spec)


def _target(family: str) -> str:
    if family in FAMILIES:
        return FAMILIES[family]
    if ":" not in family:
        known = ", ".join(FAMILIES)
        raise UnknownFamilyError(
            f"unknown family {family!r}; known: {known}, or a class of your own as "
            "package.module:Class"
        )
    return family
