from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from harness.config import DataConfig
from harness.data import Dataset, Split, load_dataset, recordings, speech_commands
from harness.data.log_mel import log_mel
from harness.data.recordings import ARCHIVE, WORDS
from harness.data.speech_commands import COMMANDS, SILENCE, UNKNOWN
from harness.data.wav import one_second, read_wav
from harness.errors import DataError
from tests.harness.data.speech_writer import NOISE_S, RATE_HZ, SpeechFiles, wav, write_speech

TRAIN, TEST = 4, 1
CLIPS = 35 * (TRAIN + 1 + TEST)


@pytest.fixture(scope="module")
def speech() -> SpeechFiles:
    return write_speech(train=TRAIN, validation=1, test=TEST)


@pytest.fixture
def folder(speech: SpeechFiles, tmp_path: Path) -> Path:
    return speech.folder(tmp_path / "speech_commands_v0.02")


def config(path: Path, **changes: object) -> DataConfig:
    given = {"source": "speech-commands", "path": path, "calibration_samples": 12}
    return DataConfig.model_validate(given | changes)


def training(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Return the ids of what is trained and calibrated on, and the class of each."""
    parts = (dataset.train, dataset.calibration)
    ids = [str(one) for part in parts for one in part.ids]
    return ids, [dataset.class_names[label] for part in parts for label in part.labels]


def classes(split: Split) -> Counter[str]:
    return Counter(split.class_names[label] for label in split.labels)


def test_the_35_words_are_split_by_the_lists(folder: Path, speech: SpeechFiles) -> None:
    dataset = load_dataset(config(folder, classes=35))
    assert dataset.class_names == WORDS == tuple(sorted(WORDS))
    listed = speech.contents["testing_list.txt"].decode().split()
    unused = speech.contents["validation_list.txt"].decode().split()
    assert dataset.test.ids.tolist() == sorted(listed)
    clips = {name for name in speech.contents if name.endswith(".wav") and name[0] != "_"}
    ids, names = training(dataset)
    assert set(ids) == clips - set(listed) - set(unused)
    assert [one.partition("/")[0] for one in ids] == names
    assert classes(dataset.test) == dict.fromkeys(WORDS, TEST)


def test_the_features_are_those_of_each_clip(folder: Path, speech: SpeechFiles) -> None:
    test = load_dataset(config(folder, classes=35)).test
    for index in (0, 17, 34):
        clip = one_second(read_wav(speech.contents[str(test.ids[index])], "clip"))
        assert np.array_equal(test.images[index], log_mel(clip[np.newaxis])[0])


def test_the_default_task_has_ten_words_and_a_tenth_each_of_unknown_and_silence(
    folder: Path,
) -> None:
    dataset = load_dataset(config(folder))
    assert dataset.name == "speech-commands 12"
    assert dataset.class_names == (*COMMANDS, SILENCE, UNKNOWN)
    assert classes(dataset.test) == dict.fromkeys(COMMANDS, TEST) | {SILENCE: TEST, UNKNOWN: TEST}
    ids, names = training(dataset)
    assert Counter(names) == dict.fromkeys(COMMANDS, TRAIN) | {SILENCE: TRAIN, UNKNOWN: TRAIN}
    for one, name in zip(ids, names, strict=True):
        word = one.partition("/")[0]
        assert name == (word if word in (*COMMANDS, SILENCE) else UNKNOWN)
    assert len(set(ids)) == len(ids)


def test_the_seed_draws_unknown_and_silence_and_nothing_else_does(
    folder: Path, tmp_path: Path, speech: SpeechFiles
) -> None:
    first = load_dataset(config(folder))
    other = load_dataset(config(folder, seed=1))
    copy = SpeechFiles(dict(reversed(speech.contents.items()))).folder(tmp_path / "copy")
    assert load_dataset(config(copy)).digests == first.digests
    assert other.test.digest != first.test.digest
    known = [np.flatnonzero(one.test.labels < len(COMMANDS)) for one in (first, other)]
    assert first.test.take(known[0], "t").digest == other.test.take(known[1], "t").digest


def test_the_drawn_test_split_is_the_same_on_every_machine(folder: Path) -> None:
    assert load_dataset(config(folder)).test.digest[:16] == "328f33de74c36691"


def test_silence_of_training_and_test_is_cut_from_different_seconds(
    speech: SpeechFiles, tmp_path: Path
) -> None:
    """The noise is made so that its loudness tells from where in the recording it comes."""
    count = NOISE_S * RATE_HZ
    early, late = np.zeros(count, np.int16), np.zeros(count, np.int16)
    early[: int(0.8 * count)] = 20000
    late[int(0.9 * count) :] = 20000
    name = "_background_noise_/white_noise.wav"
    rest = {key: one for key, one in speech.contents.items() if "pink" not in key}
    for noise, heard, unheard in ((early, "train", "test"), (late, "test", "train")):
        files = SpeechFiles(rest | {name: wav(noise)})
        dataset = load_dataset(config(files.folder(tmp_path / heard), calibration_samples=4))
        loud = {
            "train": dataset.train.images[dataset.train.labels == 10],
            "test": dataset.test.images[dataset.test.labels == 10],
        }
        assert loud[heard].any()
        assert not loud[unheard].any()


def test_the_archive_gives_what_its_folder_gives(
    folder: Path, speech: SpeechFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load_dataset(config(folder)).digests
    (tmp_path / "packed").mkdir()
    path = tmp_path / "packed" / ARCHIVE.name
    packed = speech.archive(path)
    with pytest.raises(DataError, match=f"is not {ARCHIVE.md5}"):
        load_dataset(config(path))
    monkeypatch.setattr(speech_commands, "ARCHIVE", packed)
    for _ in ("computed", "from the cache"):
        assert load_dataset(config(path.parent)).digests == expected
    assert {one.name for one in path.parent.iterdir()} == {
        ARCHIVE.name,
        f".features-1-{packed.md5}.npz",
    }


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("../outside.wav", tarfile.REGTYPE, "leads outside the archive"),
        ("/etc/outside.wav", tarfile.REGTYPE, "leads outside the archive"),
        ("./yes/link.wav", tarfile.SYMTYPE, "is a link, a device"),
        ("./testing_list.txt", tarfile.REGTYPE, "occurs twice"),
    ],
)
def test_an_archive_that_plays_tricks_is_refused(
    speech: SpeechFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: bytes,
    message: str,
) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    path = tmp_path / ARCHIVE.name
    monkeypatch.setattr(speech_commands, "ARCHIVE", speech.archive(path, [member]))
    with pytest.raises(DataError, match=message):
        load_dataset(config(path))
    assert [one.name for one in tmp_path.iterdir()] == [ARCHIVE.name]


def test_the_cache_spares_the_second_reading_and_notices_a_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []

    def counted(sound: np.ndarray) -> np.ndarray:
        computed.append(len(sound))
        return log_mel(sound)

    monkeypatch.setattr(recordings, "log_mel", counted)
    first = load_dataset(config(folder))
    assert sum(computed) == CLIPS
    assert load_dataset(config(folder)).digests == first.digests
    assert sum(computed) == CLIPS
    clip = folder / str(first.test.ids[0])
    clip.write_bytes(wav(np.full(RATE_HZ, 5, np.int16)))
    assert load_dataset(config(folder)).test.digest != first.test.digest
    assert sum(computed) == 2 * CLIPS


@pytest.mark.parametrize("damage", ["cut", "another array", "empty"])
def test_a_damaged_cache_is_made_anew(folder: Path, damage: str) -> None:
    first = load_dataset(config(folder)).digests
    (cache,) = folder.glob(".features-*")
    whole = cache.read_bytes()
    if damage == "another array":
        arrays = dict(np.load(cache))
        np.savez(cache, **(arrays | {"features": arrays["features"][:, :10]}))
    else:
        cache.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    assert load_dataset(config(folder)).digests == first
    assert cache.read_bytes()[:100] == whole[:100]


def test_where_no_cache_can_be_written_the_clips_are_read_all_the_same(folder: Path) -> None:
    first = load_dataset(config(folder)).digests
    (cache,) = folder.glob(".features-*")
    cache.unlink()
    cache.mkdir()
    assert load_dataset(config(folder)).digests == first
    assert [one.name for one in folder.glob(".*")] == [cache.name]


TONE = np.full(RATE_HZ, 100, np.int16)
CLIP = "yes/0_nohash_0.wav"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (CLIP, b"", r"not a readable WAV file"),
        (CLIP, b"RIFF no wave at all", "not a readable WAV file"),
        (CLIP, wav(TONE)[:30], "not a readable WAV file"),
        (CLIP, wav(TONE)[:-7], "15996 samples, its header says 16000|not a readable WAV"),
        (CLIP, wav(TONE[:0]), "0 samples"),
        (CLIP, wav(TONE, rate=8000), "1 channels of 16 bits at 8000 Hz; needed 1 channel of 16"),
        (CLIP, wav(TONE, channels=2), "2 channels of 16 bits at 16000 Hz"),
        (CLIP, wav(TONE, width=1), "1 channels of 8 bits at 16000 Hz"),
        (CLIP, b"x" * ((1 << 20) + 1), "1048577 bytes, more than the 1048576 possible"),
        ("yess/0.wav", wav(TONE), "'yess' is none of the 35 words"),
        ("yes/notes.txt", b"text", "notes.txt: not a readable WAV file"),
        ("yes/deeper/0.wav", wav(TONE), "'yes/deeper' is none of the 35 words"),
        ("testing_list.txt", b"yes/nobody.wav\n", "names 'yes/nobody.wav', which is not there"),
        ("testing_list.txt", b"../../etc/passwd\n", "which is not there"),
        ("testing_list.txt", b"\xff\n", "testing_list.txt: not a list of file names"),
        ("testing_list.txt", b"", "the test split has no clip of 'down'"),
        ("testing_list.txt", None, "testing_list.txt is missing"),
        ("_background_noise_/white_noise.wav", wav(TONE), "has 1.0 s; at least 10 s"),
        ("_background_noise_/pink_noise.wav", b"", "pink_noise.wav: not a readable WAV"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_that_names_it(
    folder: Path, file: str, content: bytes | None, message: str
) -> None:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(config(folder))
    assert "\n" not in str(caught.value)


def test_a_clip_in_both_lists_is_refused(folder: Path, speech: SpeechFiles) -> None:
    both = speech.contents["testing_list.txt"] + speech.contents["validation_list.txt"]
    (folder / "testing_list.txt").write_bytes(both)
    with pytest.raises(DataError, match="is in a list already"):
        load_dataset(config(folder))


def test_the_task_of_twelve_needs_noise_and_other_words_and_that_of_35_all_of_them(
    speech: SpeechFiles, tmp_path: Path
) -> None:
    def only(path: Path, kept: set[str]) -> Path:
        contents = {
            name: content
            for name, content in speech.contents.items()
            if not name.endswith(".wav") or name.partition("/")[0] in kept
        }
        for file in ("testing_list.txt", "validation_list.txt"):
            lines = contents[file].decode().split()
            contents[file] = "\n".join(one for one in lines if one in contents).encode()
        return SpeechFiles(contents).folder(path)

    quiet = only(tmp_path / "quiet", set(WORDS))
    with pytest.raises(DataError, match="no background noise to cut silence from"):
        load_dataset(config(quiet))
    assert len(load_dataset(config(quiet, classes=35)).test) == 35 * TEST
    ten = only(tmp_path / "ten", {*COMMANDS, "_background_noise_"})
    with pytest.raises(DataError, match="needs 4 clips of words other than the ten, it has 0"):
        load_dataset(config(ten))
    with pytest.raises(DataError, match="the train split has no clip of 'backward'"):
        load_dataset(config(ten, classes=35))


def test_short_and_long_clips_become_one_second(folder: Path) -> None:
    name = str(load_dataset(config(folder, classes=35)).test.ids[0])
    for samples in (np.arange(1, 101), np.arange(1, 20_001)):
        (folder / name).write_bytes(wav(samples.astype(np.int16)))
        test = load_dataset(config(folder, classes=35)).test
        sound = np.zeros(RATE_HZ, np.int16)
        sound[: len(samples)] = samples[:RATE_HZ]
        assert np.array_equal(test.images[0], log_mel(sound[np.newaxis])[0])


def test_data_that_are_not_there_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected speech_commands_v0\.02\.tar\.gz"):
        load_dataset(config(tmp_path))
