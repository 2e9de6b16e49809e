"""From the decimals that MLPerf Tiny firmware prints back to the int8 output tensor, exactly."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from devices.mlperf_tiny.replies import BadReply

ROUNDING = 0.0005
"""`%0.3f` is at most this far from the number."""
CUT_OFF = 0.001
"""The reference firmware of kws01 cuts the digits off instead."""
SLACK = 1e-6
LOWEST, HIGHEST = -128, 127


@dataclass(frozen=True, slots=True)
class Output:
    """An int8 output tensor: its elements, scale and zero point.

    `truncated` says that digits may have been cut off rather than rounded. Raises ValueError where
    three decimals do not tell two neighbouring codes apart: scale must be above 0.001, or above
    0.002 where digits are cut off.
    """

    elements: int
    scale: float
    zero_point: int
    truncated: bool = False

    def __post_init__(self) -> None:
        least = 2 * (CUT_OFF if self.truncated else ROUNDING)
        if not least + 4 * SLACK < self.scale < math.inf:
            raise ValueError(
                f"its output has scale {self.scale:g}; with the three decimals this firmware "
                f"prints, int8 is recovered exactly only above {least:g}"
            )

    def codes(self, values: Sequence[str]) -> bytes:
        """Return the tensor's bytes; raises BadReply where a value is that of no code."""
        if len(values) != self.elements:
            raise BadReply(
                f"{len(values)} results, the model has {self.elements} outputs; the board may "
                "carry another model"
            )
        return struct.pack(f"{self.elements}b", *(self._code(value) for value in values))

    def _code(self, text: str) -> int:
        """round(v / scale) + zero_point, if that code prints as this text."""
        value = float(text)
        code = round(value / self.scale) + self.zero_point
        exact = (code - self.zero_point) * self.scale
        tolerance = (ROUNDING if not self.truncated else CUT_OFF) + SLACK * max(1.0, abs(value))
        if not LOWEST <= code <= HIGHEST or abs(exact - value) > tolerance:
            raise BadReply(
                f"result {text} is no output of scale {self.scale:g} and zero point "
                f"{self.zero_point}; the board may carry another model"
            )
        return code
