"""Speech Commands v2 as pictures of sound: keyword spotting with 12 classes, or all 35 words.

The training and test splits are those of the data set's own lists; its validation clips are left
out, since nothing here is tuned on them. The task of 12 classes is that of arXiv 1804.03209: ten
words, `_silence_` and `_unknown_`, the last two as many as a tenth of the clips of the ten words in
the same split. Unknown clips are drawn from the other 25 words. Silence is one second of the
background recordings at a volume drawn from 0 to 1; training takes the first eight tenths of each
recording, test the last tenth, so none is heard in both.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.log_mel import log_mel
from harness.data.partition import LOTS, lot
from harness.data.recordings import ARCHIVE, PARTS, WORDS, Recordings, load_recordings
from harness.data.source import Source, accept_keys, required_path
from harness.data.split import Split
from harness.data.wav import RATE_HZ
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.config import DataConfig

COMMANDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
SILENCE, UNKNOWN = "_silence_", "_unknown_"
_TWELVE = (*COMMANDS, SILENCE, UNKNOWN)
_EXTRA_SHARE = 0.1
_ALL_WORDS = 35
_REGIONS = {"train": (0.0, 0.8), "test": (0.9, 1.0)}


def read(config: DataConfig) -> Source:
    """Return log-mel features (N, 49, 40, 1) uint8, see `log_mel`; ids are `<word>/<file>.wav`.

    `config.classes` is 12 (the default) or 35. `config.seed` draws unknown clips and silence.

    Raises:
        DataError: see `load_recordings`; also a split without enough clips of other words, without
            noise, or with noise too short to cut silence from.
        InfrastructureError: a download that was asked for failed.

    """
    accept_keys(config, "path", "download", "classes")
    recordings = load_recordings(required_path(config), ARCHIVE, download=config.download)
    take = _words if config.classes == _ALL_WORDS else _commands
    pool, test = (take(recordings, part, config.seed) for part in ("train", "test"))
    return Source(f"{ARCHIVE.data} {len(pool.class_names)}", pool, test, may_repeat=True)


def _words(recordings: Recordings, part: str, _: int) -> Split:
    return _split(recordings, _members(recordings, part, WORDS), part, WORDS)


def _commands(recordings: Recordings, part: str, seed: int) -> Split:
    known = _members(recordings, part, COMMANDS)
    count = math.ceil(_EXTRA_SHARE * len(known))
    unknown = _unknown(recordings, part, count, seed)
    clips = _split(recordings, np.sort(np.concatenate([known, unknown])), part, _TWELVE)
    return _joined(clips, _silence(recordings, part, count, seed))


def _members(recordings: Recordings, part: str, words: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the positions of the clips of `words` in a part; DataError where a word has none."""
    spoken = _spoken(recordings)
    inside = recordings.parts == PARTS.index(part)
    missing = set(words) - set(spoken[inside].tolist())
    if missing:
        raise DataError(f"speech-commands: the {part} split has no clip of {min(missing)!r}")
    return np.flatnonzero(inside & np.isin(spoken, words))


def _spoken(recordings: Recordings) -> NDArray[np.str_]:
    return np.array([name.partition("/")[0] for name in recordings.names.tolist()])


def _unknown(recordings: Recordings, part: str, count: int, seed: int) -> NDArray[np.int64]:
    inside = recordings.parts == PARTS.index(part)
    others = np.flatnonzero(inside & ~np.isin(_spoken(recordings), COMMANDS))
    if len(others) < count:
        raise DataError(
            f"speech-commands: the {part} split needs {count} clips of words other than the ten, "
            f"it has {len(others)}"
        )
    lots = np.array([lot(f"unknown {seed}", recordings.names[index]) for index in others])
    return np.asarray(others[np.argsort(lots, kind="stable")[:count]])


def _split(
    recordings: Recordings, chosen: NDArray[np.int64], part: str, names: tuple[str, ...]
) -> Split:
    index = {name: label for label, name in enumerate(names)}
    spoken = _spoken(recordings)[chosen].tolist()
    return Split(
        name=part,
        images=recordings.features[chosen],
        labels=np.array([index[word] if word in index else index[UNKNOWN] for word in spoken]),
        ids=recordings.names[chosen],
        class_names=names,
    )


def _silence(recordings: Recordings, part: str, count: int, seed: int) -> Split:
    regions = [_region(noise, name, part) for name, noise in recordings.noises.items()]
    if not regions:
        raise DataError("speech-commands: no background noise to cut silence from")
    sounds = np.stack([_quiet(regions, f"silence {part} {seed} {n}") for n in range(count)])
    return Split(
        name=part,
        images=log_mel(sounds),
        labels=np.full(count, _TWELVE.index(SILENCE)),
        ids=np.array([f"{SILENCE}/{part}-{number}" for number in range(count)]),
        class_names=_TWELVE,
    )


def _region(noise: NDArray[np.int16], name: str, part: str) -> NDArray[np.int16]:
    """Return the piece of a noise recording that a part may use."""
    first, last = (round(share * len(noise)) for share in _REGIONS[part])
    if last - first < RATE_HZ:
        raise DataError(
            f"speech-commands: background noise {name} has {len(noise) / RATE_HZ:.1f} s; at least "
            "10 s are needed to cut silence from"
        )
    return noise[first:last]


def _quiet(regions: list[NDArray[np.int16]], salt: str) -> NDArray[np.int16]:
    """Return (16000,) int16: a second of one of the regions, at a volume of its own."""
    region = regions[lot(salt, "noise") % len(regions)]
    start = lot(salt, "start") % (len(region) - RATE_HZ + 1)
    volume = lot(salt, "volume") / LOTS
    cut = region[start : start + RATE_HZ]
    return np.asarray(np.rint(volume * cut), dtype=np.int16)


def _joined(one: Split, other: Split) -> Split:
    return Split(
        name=one.name,
        images=np.concatenate([one.images, other.images]),
        labels=np.concatenate([one.labels, other.labels]),
        ids=np.concatenate([one.ids, other.ids]),
        class_names=one.class_names,
    )
