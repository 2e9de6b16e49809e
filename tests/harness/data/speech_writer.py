"""Speech Commands in the real layout, written small: every word is a tone of its own."""

from __future__ import annotations

import hashlib
import io
import tarfile
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.archive import Archive
from harness.data.recordings import ARCHIVE, WORDS

RATE_HZ = 16_000
NOISE_S = 12


def wav(
    samples: NDArray[np.int16], channels: int = 1, width: int = 2, rate: int = RATE_HZ
) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return stream.getvalue()


def tone(word: int, generator: np.random.Generator, samples: int = RATE_HZ) -> NDArray[np.int16]:
    phase = 2 * np.pi * (200 + 190 * word) * np.arange(samples) / RATE_HZ
    loud = generator.uniform(2000, 20000) * np.sin(phase + generator.uniform(0, 6))
    return np.rint(loud + generator.normal(0, 200, samples)).astype(np.int16)


@dataclass(frozen=True)
class SpeechFiles:
    """What a test wrote: content by name within the data set."""

    contents: dict[str, bytes]

    def folder(self, path: Path) -> Path:
        for name, content in self.contents.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        return path

    def archive(self, path: Path, extra: list[tarfile.TarInfo] | None = None) -> Archive:
        """Write a .tar.gz laid out as the official one; return the archive with its checksum."""
        with tarfile.open(path, "w:gz") as tar:
            for name in reversed(self.contents):
                member = tarfile.TarInfo(f"./{name}")
                member.size = len(self.contents[name])
                tar.addfile(member, io.BytesIO(self.contents[name]))
            for member in extra or []:
                tar.addfile(member, io.BytesIO(b"x" * member.size))
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        return replace(ARCHIVE, md5=digest)


def write_speech(train: int = 6, validation: int = 1, test: int = 3) -> SpeechFiles:
    generator = np.random.default_rng(5)
    lists: dict[str, list[str]] = {"validation_list.txt": [], "testing_list.txt": []}
    contents = {"README.md": b"notes", "_background_noise_/README.md": b"notes"}
    for index, word in enumerate(WORDS):
        for number in range(train + validation + test):
            name = f"{word}/{generator.bytes(4).hex()}_nohash_{number}.wav"
            contents[name] = wav(tone(index, generator))
            if number < validation:
                lists["validation_list.txt"].append(name)
            elif number < validation + test:
                lists["testing_list.txt"].append(name)
    for noise in ("white_noise", "pink_noise"):
        samples = generator.normal(0, 1000, NOISE_S * RATE_HZ).astype(np.int16)
        contents[f"_background_noise_/{noise}.wav"] = wav(samples)
    texts = {name: "".join(f"{one}\n" for one in names) for name, names in lists.items()}
    return SpeechFiles(contents | {name: text.encode() for name, text in texts.items()})
