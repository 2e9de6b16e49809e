"""Speech Commands v2 as features: every clip through the front end once, then kept in a cache.

The files: `<word>/<speaker>_nohash_<n>.wav` in 35 folders, minutes of noise in
`_background_noise_/*.wav`, and `validation_list.txt` and `testing_list.txt` with the names of the
clips of those splits, one a line; all other clips are for training. Source: Warden, "Speech
Commands: A Dataset for Limited-Vocabulary Speech Recognition" (2018), arXiv 1804.03209.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.archive import Archive
from harness.data.cache import Arrays, Expected, kept
from harness.data.log_mel import BANDS, FRAMES, VERSION, log_mel
from harness.data.wav import one_second, read_wav
from harness.errors import DataError

ARCHIVE = Archive(
    data="speech-commands",
    name="speech_commands_v0.02.tar.gz",
    md5="6b74f3901214cb2c2934e98196829835",  # as torchaudio gives it, and the server's own ETag
    url="https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    inside="",
    folder="speech_commands_v0.02",
    markers=("validation_list.txt", "testing_list.txt"),
)
WORDS = (
    *("backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward"),
    *("four", "go", "happy", "house", "learn", "left", "marvin", "nine", "no", "off", "on"),
    *("one", "right", "seven", "sheila", "six", "stop", "three", "tree", "two", "up", "visual"),
    *("wow", "yes", "zero"),
)
PARTS = ("train", "validation", "test")
_LISTS = {"validation_list.txt": 1, "testing_list.txt": 2}
_NOISE = "_background_noise_"
_MAX_CLIP_BYTES = 1 << 20
_MAX_NOISE_BYTES = 64 << 20
_MAX_LIST_BYTES = 16 << 20
_BATCH_CLIPS = 64
_EXPECTED: Expected = {
    "names": (np.str_, (None,)),
    "features": (np.uint8, (None, FRAMES, BANDS, 1)),
    "parts": (np.uint8, (None,)),
    "noise_names": (np.str_, (None,)),
    "noise_ends": (np.int64, (None,)),
    "noise": (np.int16, (None,)),
}


@dataclass(frozen=True, eq=False)
class Recordings:
    """Every clip of the data set.

    Attributes:
        names: (N,) str, `<word>/<file>.wav`, sorted.
        features: (N, 49, 40, 1) uint8, see `log_mel`.
        parts: (N,) uint8, index into `PARTS`.
        noises: name -> (T,) int16 at 16 kHz, sorted by name.

    """

    names: NDArray[np.str_]
    features: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    noises: dict[str, NDArray[np.int16]]


def load_recordings(path: Path, archive: Archive, *, download: bool) -> Recordings:
    """Return the recordings at `path`, from the cache beside them where it is theirs.

    See `Archive.cache` and `kept`.

    Raises:
        DataError: nothing there, another checksum, a damaged file, a folder that is none of the 35
            words, a list that names a clip that is not there.
        InfrastructureError: a download that was asked for failed.

    """
    found = archive.find(path, download=download)
    cache = archive.cache(found, _limit, f"features-{VERSION}")
    return _from_arrays(kept(cache, _EXPECTED, lambda: _to_arrays(_read(archive, found))))


def _limit(name: str) -> int:
    if name in _LISTS:
        return _MAX_LIST_BYTES
    folder, _, file = name.rpartition("/")
    if folder == _NOISE:
        return _MAX_NOISE_BYTES if file.endswith(".wav") else 0
    return _MAX_CLIP_BYTES if folder else 0


@dataclass
class _Reading:
    """What has been read so far, in the order of the files."""

    names: list[str] = field(default_factory=list)
    features: list[NDArray[np.uint8]] = field(default_factory=list)
    waiting: list[NDArray[np.int16]] = field(default_factory=list)
    noises: dict[str, NDArray[np.int16]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, content: bytes, where: str) -> None:
        folder, _, file = name.rpartition("/")
        if name in _LISTS:
            self.lists[name] = _lines(content, where)
        elif folder == _NOISE:
            self.noises[file] = read_wav(content, where)
        elif folder in WORDS:
            self.names.append(name)
            self.waiting.append(one_second(read_wav(content, where)))
            if len(self.waiting) == _BATCH_CLIPS:
                self.flush()
        else:
            raise DataError(f"{where}: {folder!r} is none of the 35 words; remove the folder")

    def flush(self) -> None:
        if self.waiting:
            self.features.append(log_mel(np.stack(self.waiting)))
            self.waiting.clear()


def _read(archive: Archive, found: Path) -> Recordings:
    reading = _Reading()
    for name, content in archive.members(found, _limit):
        reading.add(name, content, f"{found}: {name}")
    reading.flush()
    missing = [name for name in _LISTS if name not in reading.lists]
    if missing or not reading.names:
        raise DataError(f"{found}: {(missing or ['<word>/*.wav'])[0]} is missing")
    names = np.array(reading.names)
    order = np.argsort(names)
    parts = _parts(reading, found)
    features = np.concatenate(reading.features)
    noises = {name: reading.noises[name] for name in sorted(reading.noises)}
    return Recordings(names[order], features[order], parts[order], noises)


def _parts(reading: _Reading, found: Path) -> NDArray[np.uint8]:
    position = {name: index for index, name in enumerate(reading.names)}
    parts = np.zeros(len(position), dtype=np.uint8)
    for file, part in _LISTS.items():
        for name in reading.lists[file]:
            if name not in position:
                raise DataError(f"{found}: {file} names {name!r:.120}, which is not there")
            if parts[position[name]]:
                raise DataError(f"{found}: {file}: {name!r:.120} is in a list already")
            parts[position[name]] = part
    return parts


def _lines(content: bytes, where: str) -> list[str]:
    try:
        return content.decode("ascii").split()
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not a list of file names ({error.reason})") from error


def _to_arrays(recordings: Recordings) -> Arrays:
    noises = recordings.noises
    return {
        "names": recordings.names,
        "features": recordings.features,
        "parts": recordings.parts,
        "noise_names": np.array(list(noises), dtype=np.str_),
        "noise_ends": np.cumsum([len(noise) for noise in noises.values()], dtype=np.int64),
        "noise": np.concatenate([np.zeros(0, np.int16), *noises.values()]),
    }


def _from_arrays(arrays: Arrays) -> Recordings:
    pieces = np.split(arrays["noise"], arrays["noise_ends"])
    noises = dict(zip(arrays["noise_names"].tolist(), pieces[:-1], strict=True))
    return Recordings(arrays["names"], arrays["features"], arrays["parts"], noises)
