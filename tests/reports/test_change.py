from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from harness.comparison import match
from harness.data.split import Split
from harness.gate.methods.paired_drop import PairedDrop
from reports import flips as flips_module
from reports.change_figures import change_chart, overlap_chart
from reports.class_changes import class_changes, extremes
from reports.compared import comparisons
from reports.flips import flips
from reports.thumbnail import LONGEST_SIDE, Thumbnails
from tests.harness.made import answers, drawn

LABELS = [0] * 6 + [1] * 3 + [2] * 3
BEFORE = [0] * 6 + [1, 1, 0] + [2, 1, 1]
AFTER = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1]


@pytest.fixture
def pair():  # noqa: ANN201  a fixture
    return match(answers(LABELS, BEFORE, 4), answers(LABELS, AFTER, 4))


def test_classes_stand_by_what_they_lost_with_the_interval_of_the_gates_own_method(pair) -> None:  # noqa: ANN001
    found = class_changes(pair)
    assert [(one.index, one.lost, one.gained, one.samples) for one in found] == [
        (0, 5, 0, 6),
        (2, 1, 0, 3),
        (1, 0, 1, 3),
    ]
    assert [round(one.change, 3) for one in found] == [-0.833, -0.333, 0.333]
    low, high = PairedDrop(5, 0, 6, 0.0).bounds(0.025)
    assert found[0].interval == (-high, -low)
    assert (found[0].reference, found[0].candidate) == (1.0, pytest.approx(1 / 6))
    assert [one.index for one in extremes(found, 1)] == [0, 1]


def test_only_a_change_beyond_chance_among_all_classes_is_shown_as_one() -> None:
    labels = [0] * 60 + [1] * 60
    worse = match(
        answers(labels, labels, 2), answers(labels, [1] * 12 + [0] * 48 + [0] + [1] * 59, 2)
    )
    assert [(one.index, one.shown) for one in class_changes(worse)] == [(0, True), (1, False)]
    better = match(worse.candidate, worse.reference)
    assert [(one.index, one.shown) for one in class_changes(better)] == [(1, False), (0, True)]


def test_of_many_classes_those_at_either_end_have_intervals() -> None:
    found = class_changes(match(drawn(3000, 60, seed=1), drawn(3000, 60, seed=2)))
    assert [one.interval is not None for one in found] == [True] * 20 + [False] * 20 + [True] * 20


def test_a_chart_of_changes_names_them_and_there_is_none_without_any(pair) -> None:  # noqa: ANN001
    chart = change_chart(class_changes(pair), "float")
    assert chart is not None
    assert chart.description == "Change in accuracy by class, in points: 0 -83.3, 2 -33.3, 1 +33.3."
    assert change_chart(class_changes(match(pair.reference, pair.reference)), "itself") is None


def test_float_and_largest_come_first_and_the_same_artifact_is_no_reference() -> None:
    candidate = drawn(50, 3, seed=1, artifact_sha256="a" * 64)
    references = {
        "tflm": candidate,
        "b.npz": drawn(50, 3, seed=2, artifact_sha256="b" * 64),
        "largest": drawn(50, 3, seed=3, artifact_sha256="c" * 64),
        "float": drawn(50, 3, seed=4, artifact_sha256="d" * 64),
    }
    names = [one.name for one in comparisons(candidate, references)]
    assert names == ["float", "largest", "b.npz"]
    assert [one.name for one in comparisons(candidate, {"tflm": candidate})] == ["tflm"]
    assert comparisons(None, references) == ()


def test_a_registered_version_comes_before_them_under_its_own_name(pair) -> None:  # noqa: ANN001
    names = ("float", "path.npz", "registry:3", "registry:champion")
    found = comparisons(pair.candidate, dict.fromkeys(names, pair.reference))
    assert [one.name for one in found] == ["registry:3", "registry:champion", "float", "path.npz"]
    assert [one.words for one in found[:2]] == ["registered version 3", "the registered champion"]


def test_the_overlap_stands_between_independence_and_containment(pair) -> None:  # noqa: ANN001
    compared = comparisons(pair.candidate, {"float": pair.reference})
    index = compared[0].jaccard
    low, high = compared[0].jaccard_interval or (1.0, 0.0)
    assert low <= index.value <= high
    chart = overlap_chart(compared)
    assert chart is not None
    assert f"Jaccard index {index.value:.3f}" in chart.description
    (marker,) = [line for line in chart.figure.axes[0].lines if line.get_label() == "measured"]
    assert list(marker.get_xdata()) == [index.value]
    perfect = answers([0, 1], [0, 1], 2)
    assert comparisons(perfect, {"float": perfect})[0].jaccard_interval is None


def test_every_flip_is_told_with_both_answers_lost_ones_first(pair) -> None:  # noqa: ANN001
    found = flips(pair)
    assert [(one.sample, one.label, one.lost) for one in found.shown] == [
        *((str(place), 0, True) for place in (1, 2, 3, 4, 5)),
        ("8", 1, False),
        ("9", 2, True),
    ]
    assert (found.lost, found.gained, found.total) == (6, 1, 7)
    assert found.other_changes == 1
    assert (found.shown[0].reference.name, found.shown[0].candidate.name) == ("0", "1")
    assert found.shown[0].candidate.confidence == pytest.approx(0.75)
    assert [(one.label, one.lost, one.gained, one.shown) for one in found.classes] == [
        (0, 5, 0, 5),
        (1, 0, 1, 1),
        (2, 1, 0, 1),
    ]


def test_where_not_all_fit_every_class_has_its_part(
    pair,  # noqa: ANN001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flips_module, "MOST_SHOWN", 8)
    assert [one.label for one in flips(pair, share_of=2).shown] == [0, 0, 1, 2]


def test_images_stop_where_the_page_has_no_more_room(
    pair,  # noqa: ANN001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thumbnails = Thumbnails(split(np.zeros((12, 4, 4, 1), dtype=np.uint8)))
    one = len(thumbnails.uri("1") or "")
    monkeypatch.setattr(flips_module, "MOST_IMAGE_BYTES", 2 * one)
    assert [bool(flip.image) for flip in flips(pair, thumbnails).shown] == [True] * 2 + [False] * 5


def split(images: np.ndarray) -> Split:
    labels = np.zeros(len(images), dtype=np.int64)
    return Split("test", images, labels, np.arange(len(images)), ("a", "b"))


def decoded(uri: str | None) -> np.ndarray:
    assert uri is not None
    head, _, body = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))


def test_a_thumbnail_is_the_image_scaled_from_the_range_of_its_split() -> None:
    images = np.arange(2 * 4 * 4).reshape(2, 4, 4, 1).astype(np.float32)
    expected = np.rint(255 * images[1, ..., 0] / 31).astype(np.uint8)
    np.testing.assert_array_equal(decoded(Thumbnails(split(images)).uri("1")), expected)


def test_colours_stay_and_large_images_become_small() -> None:
    images = np.zeros((2, 96, 48, 3), dtype=np.uint8)
    images[1, ..., 0] = 255
    shown = decoded(Thumbnails(split(images)).uri("1"))
    assert shown.shape == (LONGEST_SIDE, LONGEST_SIDE // 2, 3)
    assert (shown == [255, 0, 0]).all()


@pytest.mark.parametrize("shape", [(2, 9), (2, 1, 9, 1), (2, 4, 4, 2)])
def test_what_is_no_image_has_no_thumbnail(shape: tuple[int, ...]) -> None:
    assert Thumbnails(split(np.zeros(shape, dtype=np.float32))).uri("0") is None


def test_a_sample_that_is_not_of_the_split_has_no_thumbnail() -> None:
    assert Thumbnails(split(np.zeros((2, 4, 4, 1), dtype=np.uint8))).uri("7") is None
