"""The images of glyphs100: the same bytes everywhere, and the characters they claim to be."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from harness.data.glyphs import generate as generating
from harness.data.glyphs import outline as outlines
from harness.data.glyphs.characters import CHARACTERS, LOOK_ALIKES, TYPEFACES
from harness.data.glyphs.difficulty import STANDARD, Difficulty
from harness.data.glyphs.distance_field import CELLS_PER_CAP, GRID, SLOTS, field, slots_of
from harness.data.glyphs.draws import Draws
from harness.data.glyphs.generate import (
    TEST_STREAM,
    TRAIN_STREAM,
    Chunk,
    draw,
    generate,
    labels_of,
)
from harness.data.glyphs.picture import sheet
from harness.data.glyphs.render import NOISE_BYTES
from harness.data.glyphs.source import class_name

ROOT = Path(__file__).parents[3]
FIRST_SHA256 = {
    TRAIN_STREAM: "51214d6a556dab1eb6f89d7a3967002a248e50aab988bb7c6714ce93e74f830c",
    TEST_STREAM: "ab25291d27bc8602abf1bafdf90e60a20a6cad90abf30a4d2e09ba888b7feb0c",
}
"""Of the first 50 images of each split, whatever the machine; a change is another data set."""

BARE = Difficulty(
    **{one.name: (0.0, 0.0) for one in fields(Difficulty)}
    | {
        "cap_height_px": (20.0, 20.0),
        "stretch": (1.0, 1.0),
        "softness_px": (1.0, 1.0),
        "contrast": (100.0, 100.0),
    }
)
"""One glyph upright in the middle of a plain ground."""


@pytest.mark.parametrize("stream", [TRAIN_STREAM, TEST_STREAM])
def test_the_first_images_are_the_bytes_that_every_machine_has(stream: int) -> None:
    images = generate(stream, 50, STANDARD)
    assert images.shape == (50, 32, 32, 3)
    assert images.dtype == np.uint8
    assert hashlib.sha256(images.tobytes()).hexdigest() == FIRST_SHA256[stream]


@pytest.mark.parametrize("batch", [1, 7, 30])
def test_an_image_depends_on_its_index_alone(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw(Chunk(TRAIN_STREAM, STANDARD, 0, 30))
    monkeypatch.setattr(generating, "_BATCH", batch)
    assert np.array_equal(draw(Chunk(TRAIN_STREAM, STANDARD, 0, 20)), whole[:20])
    assert np.array_equal(draw(Chunk(TRAIN_STREAM, STANDARD, 13, 29)), whole[13:29])


def test_processes_draw_what_one_process_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw(Chunk(TEST_STREAM, STANDARD, 0, 50))
    monkeypatch.setattr(generating, "_CHUNK", 20)
    assert np.array_equal(generate(TEST_STREAM, 50, STANDARD, workers=2), whole)


def test_no_image_is_drawn_twice() -> None:
    both = [generate(stream, 50, STANDARD) for stream in (TRAIN_STREAM, TEST_STREAM)]
    assert len({image.tobytes() for images in both for image in images}) == 100


@pytest.mark.parametrize("name", [one.name for one in fields(Difficulty)])
def test_every_range_of_the_difficulty_changes_the_images(name: str) -> None:
    low, high = getattr(STANDARD, name)
    plain = draw(Chunk(TRAIN_STREAM, STANDARD, 0, 4))
    narrow = Difficulty(**{**vars(STANDARD), name: (low, (low + high) / 2)})
    assert not np.array_equal(draw(Chunk(TRAIN_STREAM, narrow, 0, 4)), plain)


@pytest.mark.parametrize("samples", [1, 100, 999, 2000])
def test_classes_come_in_turn_and_differ_by_one_image_at_most(samples: int) -> None:
    counts = np.bincount(labels_of(samples), minlength=100)
    assert counts.sum() == samples
    assert counts.max() - counts.min() <= 1


def test_there_are_100_characters_and_every_look_alike_is_one() -> None:
    assert len(CHARACTERS) == len(set(CHARACTERS)) == 100
    assert set("".join(LOOK_ALIKES)) <= set(CHARACTERS)
    assert all(set(typeface.characters) <= set(CHARACTERS) for typeface in TYPEFACES)


def test_class_names_are_unique_and_break_neither_a_table_nor_a_file_name() -> None:
    names = [class_name(character) for character in CHARACTERS]
    assert len(set(names)) == 100
    assert all(one.isalnum() or one == "-" for name in names for one in name.replace(" ", ""))
    assert [class_name(one) for one in "O|0_é"] == ["O", "vertical line", "0", "low line", "é"]


def reference(file: str, character: str, height: int, side: int) -> NDArray[np.bool_]:
    """Return (side, side) the character's ink by Pillow, its box centred, H `height` pixels."""
    path = str(outlines._folder() / file)
    fine = 8 * side
    cap = -ImageFont.truetype(path, 1000).getbbox("H", anchor="ls")[1]
    font = ImageFont.truetype(path, 8000 * height / cap)
    large = Image.new("L", (3 * fine, 3 * fine))
    ImageDraw.Draw(large).text((fine, 2 * fine), character, fill=255, font=font, anchor="ls")
    left, top, right, bottom = large.getbbox() or (0, 0, 0, 0)
    x, y = (left + right - fine) // 2, (top + bottom - fine) // 2
    centred = large.crop((x, y, x + fine, y + fine))
    return np.asarray(centred.resize((side, side), Image.Resampling.BOX)) > 127


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("slot", range(0, len(SLOTS), 61))
def test_a_field_is_positive_where_pillow_puts_ink(slot: int) -> None:
    label, typeface = SLOTS[slot]
    inside = field(slot) > 0
    ink = reference(TYPEFACES[typeface].file, CHARACTERS[label], CELLS_PER_CAP, GRID)
    assert overlap(inside, ink) > 0.9
    assert not inside[[0, -1]].any()
    assert not inside[:, [0, -1]].any()


def test_a_bare_image_shows_its_class_upright_in_the_middle() -> None:
    slots, counts = slots_of()
    first = Draws(TRAIN_STREAM, np.arange(100), NOISE_BYTES).below(counts)
    overlaps = []
    for label, image in enumerate(draw(Chunk(TRAIN_STREAM, BARE, 0, 100)).astype(np.int64)):
        file = TYPEFACES[SLOTS[slots[label, first[label]]][1]].file
        inked = np.abs(image - image[0, 0]).max(axis=-1) > 50
        overlaps.append(overlap(inked, reference(file, CHARACTERS[label], 20, 32)))
    assert min(overlaps) > 0.7
    assert np.mean(overlaps) > 0.93


def test_a_sheet_lays_images_out_row_by_row() -> None:
    images = np.arange(40, dtype=np.uint8)[:, None, None, None] + np.zeros(
        (40, 32, 32, 3), dtype=np.uint8
    )
    laid = sheet(images)
    assert laid.shape == (64, 640, 3)
    assert laid[::32, ::32, 0].tolist() == [list(range(20)), list(range(20, 40))]


def test_the_documentation_has_the_ranges_and_the_groups() -> None:
    page = (ROOT / "docs" / "reference" / "data-glyphs100.md").read_text()
    for one in fields(Difficulty):
        low, high = getattr(STANDARD, one.name)
        assert f"| `{one.name}` | {low:g} | {high:g} |" in page
    assert all(f"`{group}`" in page for group in LOOK_ALIKES)
    assert f"all {len(SLOTS):,} outlines" in page
