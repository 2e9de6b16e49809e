from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import ArtifactError, BenchError, InfrastructureError, UserError
from harness.pipeline.store import Store, Unit

UNIT = Unit("train", "net-4-s0", {"epochs": 3})


def write_weights(folder: Path) -> None:
    (folder / "weights").write_text("abc")


def refuse_to_work(folder: Path) -> None:
    raise AssertionError(f"{folder}: the unit was already done")


def test_the_key_depends_on_stage_and_inputs_alone() -> None:
    assert Unit("train", "other name", {"epochs": 3}).key == UNIT.key
    assert Unit("train", UNIT.name, {"epochs": 4}).key != UNIT.key
    assert Unit("export", UNIT.name, {"epochs": 3}).key != UNIT.key


def test_a_finished_unit_is_found_and_not_made_again(tmp_path: Path) -> None:
    folder = Store(tmp_path).build(UNIT, write_weights)
    assert Store(tmp_path).build(UNIT, refuse_to_work) == folder
    assert folder.parent == tmp_path / "train"
    assert json.loads((folder / "record.json").read_text())["inputs"] == {"epochs": 3}


def test_other_inputs_make_a_unit_beside_the_old_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.build(UNIT, write_weights)
    second = store.build(Unit("train", UNIT.name, {"epochs": 4}), write_weights)
    assert first.is_dir() and second.is_dir() and first != second


def test_what_an_interrupted_unit_has_is_there_for_the_next_call(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "epoch-1").write_text("x")
        raise KeyboardInterrupt

    def resumed(folder: Path) -> None:
        assert (folder / "epoch-1").read_text() == "x"
        write_weights(folder)

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).build(UNIT, interrupted)
    assert not Store(tmp_path).has(UNIT)
    assert (Store(tmp_path).build(UNIT, resumed) / "weights").is_file()


def test_a_users_mistake_leaves_nothing(tmp_path: Path) -> None:
    def mistaken(folder: Path) -> None:
        write_weights(folder)
        raise ArtifactError("wrong")

    with pytest.raises(ArtifactError):
        Store(tmp_path).build(UNIT, mistaken)
    assert list((tmp_path / "train").iterdir()) == []


def test_what_a_run_kept_stays_when_the_wrong_board_is_attached(tmp_path: Path) -> None:
    def work(folder: Path) -> None:
        (folder / "answers.partial").write_text("half of them")
        raise BenchError("expected board a, this is 'b'")

    with pytest.raises(BenchError):
        Store(tmp_path).build(UNIT, work)
    (partial,) = (tmp_path / "train").iterdir()
    assert (partial / "answers.partial").read_text() == "half of them"


@pytest.mark.parametrize("damage", ["change", "remove", "record"])
def test_a_file_changed_afterwards_is_noticed(tmp_path: Path, damage: str) -> None:
    folder = Store(tmp_path).build(UNIT, write_weights)
    if damage == "change":
        (folder / "weights").write_text("abd")
    elif damage == "remove":
        (folder / "weights").unlink()
    else:
        (folder / "record.json").write_text("{")
    with pytest.raises(UserError, match=r"delete the folder .* to make it again"):
        Store(tmp_path).build(UNIT, refuse_to_work)


def test_one_process_at_a_time_and_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from harness.pipeline.store import Store\n"
        "with Store(Path(sys.argv[1])).locked():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(InfrastructureError, match=f"process {holder.pid}"),
            Store(tmp_path).locked(),
        ):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    with Store(tmp_path).locked():
        pass


def test_leftovers_of_a_killed_write_are_removed_when_the_next_run_starts(tmp_path: Path) -> None:
    leftover = tmp_path / "evaluate" / ".predictions-1234.tmp.npz"
    leftover.parent.mkdir()
    leftover.write_text("x")
    with Store(tmp_path).locked():
        assert not leftover.exists()
