"""What a model needs on every emulated board: flash, RAM, stack, instructions per inference.

python -m devices.bench_boards --model m.tflite [--board mps2-an386 ...] [--json F]

Instructions are the median over a few seeded random samples, exact to a tick of the board's timer.
They are no cycles and no times of any silicon. A board that refuses the model says why.
"""

import argparse
import json
import random
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from devices.boards import boards
from devices.client import connect
from devices.errors import DeviceError, Refused

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class BoardFigures:
    """One model on one board; sizes in bytes."""

    board: str
    core: str
    flash_bytes: int
    ram_bytes: int
    arena_bytes: int
    stack_bytes: int
    instructions: float


def measure(board: str, model: bytes) -> BoardFigures:
    """Return the figures of one emulated board; raises a DeviceError where it cannot run."""
    with connect(f"qemu://{board}?icount=1") as device:
        info = device.load(model)
        source = random.Random(0)  # noqa: S311 - seeded test data
        samples = [source.randbytes(info.input_bytes) for _ in range(SAMPLES)]
        counts = [answer.count for answer in device.infer(samples)]
        stats, clock = device.stats(), device.clock
        if clock is None:
            raise DeviceError(f"{board}: the firmware counts nothing")
        return BoardFigures(
            *(board, device.greeting.core, stats.flash_bytes, stats.ram_bytes),
            *(info.arena_bytes, stats.stack_used_bytes, clock.of(int(statistics.median(counts)))),
        )


def main(arguments: list[str] | None = None) -> int:
    """Print one line a board; return 0, or 4 where a device fails. A refused model is a line."""
    parser = argparse.ArgumentParser(description="A model's needs on the emulated boards.")
    parser.add_argument("--model", type=Path, required=True)
    emulated = [name for name, board in boards().items() if board.qemu]
    parser.add_argument("--board", nargs="+", choices=emulated, default=emulated)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    try:
        figures = _print_table(given.board, given.model.read_bytes())
        if given.json:
            given.json.write_text(json.dumps([asdict(row) for row in figures], indent=1) + "\n")
    except (DeviceError, OSError) as error:
        print(f"bench_boards: {error}", file=sys.stderr)
        return 4
    return 0


def _print_table(names: list[str], model: bytes) -> list[BoardFigures]:
    columns = ("flash", "static RAM", "arena", "stack", "instructions")
    print(f"{'board':<15} {'core':<12}" + "".join(f"{name:>13}" for name in columns))
    figures: list[BoardFigures] = []
    for name in names:
        try:
            row = measure(name, model)
        except Refused as error:
            print(f"{name:<15} {boards()[name].core:<12} refused: {error}")
            continue
        values = (row.flash_bytes, row.ram_bytes, row.arena_bytes, row.stack_bytes)
        print(
            f"{name:<15} {row.core:<12}"
            + "".join(f"{value:>13,}" for value in (*values, int(row.instructions)))
        )
        figures.append(row)
    return figures


if __name__ == "__main__":
    sys.exit(main())
