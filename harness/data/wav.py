"""The samples of one WAV file of any origin."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

RATE_HZ = 16_000
_SAMPLE_BYTES = 2
_DAMAGED = (
    wave.Error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # a chunk that says it ends beyond the file
)


def read_wav(content: bytes, where: str) -> NDArray[np.int16]:
    """Return the samples (T,) int16, T at least 1, of a mono 16-bit PCM file at 16 kHz.

    Raises:
        DataError: not a WAV file, another rate, width or number of channels, no samples, or fewer
            than its header says.

    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            _check_format(file.getparams(), where)
            count = file.getnframes()
            samples = file.readframes(min(count, len(content)))
    except _DAMAGED as error:
        raise DataError(f"{where}: not a readable WAV file ({error or 'it ends early'})") from error
    if count == 0 or len(samples) != _SAMPLE_BYTES * count:
        raise DataError(
            f"{where}: {len(samples) // _SAMPLE_BYTES} samples, its header says {count}; the file "
            "is empty or truncated"
        )
    return np.frombuffer(samples, dtype="<i2").astype(np.int16)


def _check_format(found: wave._wave_params, where: str) -> None:
    wanted = (1, 8 * _SAMPLE_BYTES, RATE_HZ)
    got = (found.nchannels, 8 * found.sampwidth, found.framerate)
    if got != wanted:
        raise DataError(
            f"{where}: {got[0]} channels of {got[1]} bits at {got[2]} Hz; needed {wanted[0]} "
            f"channel of {wanted[1]} bits at {wanted[2]} Hz"
        )


def one_second(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return (16000,) int16: the beginning of `samples`, with zeros after their end."""
    cut = samples[:RATE_HZ]
    return np.pad(cut, (0, RATE_HZ - len(cut)))
