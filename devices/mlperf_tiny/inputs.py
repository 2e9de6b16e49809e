"""How MLPerf Tiny firmware wants the input tensor, by the benchmark's model id."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SIGN_BIT = 0x80
_FLIPPED = bytes(code ^ SIGN_BIT for code in range(256))


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way from int8 to the bytes on the line; `offset`: as uint8, 128 higher."""

    name: str
    offset: bool

    def encode(self, tensor: bytes) -> bytes:
        """Return the bytes to send for an int8 tensor."""
        return tensor.translate(_FLIPPED) if self.offset else tensor


INT8 = Encoding("int8", offset=False)
UINT8 = Encoding("uint8", offset=True)
ENCODINGS: Mapping[str, Encoding] = MappingProxyType({one.name: one for one in (INT8, UINT8)})

OF_MODEL: Mapping[str, Encoding] = MappingProxyType(
    {
        "ic01": UINT8,  # RGB; the firmware subtracts 128
        "vww01": UINT8,  # RGB; the firmware subtracts 128
        "kws01": INT8,  # features, as they are
        "tinygate": INT8,  # our firmware with a model of none of the benchmark's input sizes
    }
)
INPUT_BYTES: Mapping[str, int] = MappingProxyType(
    {"ic01": 32 * 32 * 3, "vww01": 96 * 96 * 3, "kws01": 49 * 10}
)
"""A firmware handed more bytes takes the first ones and says nothing: sizes are compared before."""

TRUNCATING = frozenset({"kws01"})
"""Models whose reference firmware cuts printed digits off."""

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "ad01": "ad01, which answers one reconstruction error in place of the output tensor",
        "strww01": "strww01, which is measured on a stream of audio, not sample by sample",
        "none": "no model; upload one, or link one into the firmware",  # our firmware
    }
)
"""Model ids whose firmware cannot be evaluated sample by sample, and why."""
