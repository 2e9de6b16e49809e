"""Instructions per inference on an emulated Cortex-M4F, by operator, beside what TFLM needs there.

    python bench.py MODEL.tflite [MODEL.tflite ...]

Builds one image for each model, runs it under QEMU's `-icount shift=0` (one instruction a
nanosecond, read through a 25 MHz timer: steps of 40 instructions) and, where tflite-micro is
installed, checks that the outputs are TFLM's. Emulated counts are instructions, not time.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "build" / "bench"
QEMU = ["qemu-system-arm", "-machine", "mps2-an386", "-display", "none", "-nodefaults"]
QEMU += ["-monitor", "none", "-serial", "none", "-icount", "shift=0"]
QEMU += ["-semihosting-config", "enable=on,target=native"]


@dataclass(frozen=True)
class Anchor:
    """TFLM on the same core: instructions, with CMSIS-NN in the third column, and arena bytes."""

    macs: int
    reference: int
    cmsis_nn: int
    arena_bytes: int


# Found by the number of multiply-accumulates: the weights do not matter.
ANCHORS = (
    Anchor(924_800, 11_995_060, 4_074_185, 12_084),
    Anchor(2_199_808, 54_104_440, 14_391_230, 144_852),
)


FIGURES = ("load", "arena", "planned", "total", "crc")


@dataclass(frozen=True)
class Measured:
    """What the bench program printed; `operators` are (builtin code, instructions)."""

    load: int
    arena: int
    planned: int
    total: int
    crc: int
    operators: tuple[tuple[int, int], ...]


def build(model: Path) -> Path:
    """Return the image with this model inside."""
    name = re.sub(r"\W", "_", model.stem)
    command = ["make", "-s", "-C", str(HERE), f"MODEL={model.resolve()}", f"NAME={name}"]
    subprocess.run(command, check=True)  # noqa: S603 - our own command
    return OUT / f"{name}.elf"


def measure(image: Path) -> Measured:
    """Run the image; RuntimeError with its words where it gives up."""
    command = [*QEMU, "-kernel", str(image)]
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, timeout=300, check=False
    )
    words = [line.split() for line in (done.stdout + done.stderr).splitlines()]
    operators = [(int(w[2]), int(w[3])) for w in words if w[:1] == ["operator"]]
    figures = {w[0]: int(w[1]) for w in words if w and w[0] in FIGURES}
    if done.returncode or "crc" not in figures:
        raise RuntimeError(f"{image.name}: {done.stderr.strip()}")
    return Measured(**figures, operators=tuple(operators))


def _parsed(data: bytes) -> tuple[Any, Any]:
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    return model, schema


def operator_macs(data: bytes) -> list[int]:
    """Multiply-accumulates of each operator: one for each weight and output cell."""
    model, schema = _parsed(data)
    kinds = schema.BuiltinOperator
    graph = model.subgraphs[0]
    found = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        shapes = [[int(n) for n in graph.tensors[i].shape] for i in operator.inputs if i >= 0]
        outputs = int(np.prod(graph.tensors[operator.outputs[0]].shape))
        taps = 0
        if builtin in (kinds.CONV_2D, kinds.FULLY_CONNECTED):
            taps = int(np.prod(shapes[1][1:]))
        if builtin == kinds.DEPTHWISE_CONV_2D:
            taps = int(np.prod(shapes[1][1:3]))
        found.append(outputs * taps)
    return found


def bench_input(size: int) -> bytes:
    """Return the bytes that bench.c feeds: a linear congruential generator's upper eight bits."""
    state, values = 1, bytearray()
    for _ in range(size):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24)
    return bytes(values)


def tflm_crc(data: bytes) -> int | None:
    """CRC-32 of TFLM's output on the bench input; None where tflite-micro is not installed."""
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError:
        return None
    interpreter: Any = runtime.Interpreter.from_bytes(data, arena_size=8 << 20)
    details = interpreter.get_input_details(0)
    dtype, shape = np.dtype(details["dtype"]), details["shape"]
    raw = bench_input(int(np.prod(shape)) * dtype.itemsize)
    interpreter.set_input(np.frombuffer(raw, dtype).reshape(shape), 0)
    interpreter.invoke()
    return zlib.crc32(interpreter.get_output(0).tobytes())


def _operator_lines(data: bytes, measured: Measured) -> list[str]:
    _, schema = _parsed(data)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if not k.startswith("_")}
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (builtin, instructions), macs in zip(measured.operators, operator_macs(data), strict=True):
        for index, value in enumerate((1, instructions, macs)):
            sums[builtin][index] += value
    lines = []
    for builtin, (count, instructions, macs) in sorted(sums.items(), key=lambda s: -s[1][1]):
        each = f"{instructions / macs:8.2f} a MAC" if macs else ""
        lines.append(f"  {names[builtin]:20} x{count:<3} {instructions:11,} {each}")
    return lines


def report(model: Path) -> str:
    """Return the lines for one model; RuntimeError where its bytes are not TFLM's."""
    data = model.read_bytes()
    measured, macs = measure(build(model)), sum(operator_macs(data))
    expected = tflm_crc(data)
    if expected not in (None, measured.crc):
        raise RuntimeError(f"{model.name}: the outputs are not TFLM's")
    equal = "not compared with TFLM" if expected is None else "outputs equal TFLM's"
    lines = [f"{model.name}: {measured.total:,} instructions an inference, {macs:,} MACs, "
             f"{measured.total / max(macs, 1):.2f} a MAC; {equal}",
             f"  arena {measured.arena:,} bytes ({measured.planned:,} activations), "
             f"load {measured.load:,} instructions"]  # fmt: skip
    for anchor in ANCHORS:
        if anchor.macs != macs:
            continue
        share = measured.total / anchor.cmsis_nn
        lines.append(f"  TFLM: {anchor.reference:,} with reference kernels, "
                     f"{anchor.cmsis_nn:,} with CMSIS-NN ({share:.2f} of it), "
                     f"arena {anchor.arena_bytes:,}")  # fmt: skip
    return "\n".join(lines + _operator_lines(data, measured))


def main(models: list[str]) -> int:
    """Print the report of each model."""
    if not models:
        print(__doc__, file=sys.stderr)
        return 2
    for model in models:
        print(report(Path(model)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
