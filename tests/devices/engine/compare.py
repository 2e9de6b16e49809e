"""Engine against oracle on many graphs, two at a time."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import native
from .case import Case
from .oracle import Oracle

WORKERS = 2


@dataclass
class Tally:
    """Counts by kind and outcome, and one line for each disagreement."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    output_bytes: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass
class _Pair:
    oracle: Oracle
    runners: list[native.Runner]


def _difference(ours: bytes, theirs: bytes) -> str:
    wrong = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes against {len(theirs)}"
    return f"{len(wrong)} of {len(ours)} bytes differ, the first at {wrong[0]}"


def judge(answer: native.Answer, expected: bytes | str) -> tuple[str, str]:
    """(outcome, complaint): the complaint is empty where engine and oracle agree."""
    if isinstance(expected, str):
        agrees = answer.status in (native.MALFORMED, native.UNSUPPORTED, native.REFUSED)
        said = "" if agrees else f"the oracle {expected}, the engine ran"
        return expected, said
    if answer.status != native.OK:
        return "lost", f"the oracle ran, the engine said {answer.status}: {answer.detail}"
    if answer.outputs != expected:
        return "different", _difference(answer.outputs, expected)
    return "equal", ""


def _examine(pair: _Pair, label: str, case: Case, tally: Tally) -> None:
    expected = pair.oracle.run(case.model, case.inputs)
    for runner in pair.runners:
        outcome, complaint = judge(runner.run(case.model, case.inputs), expected)
        if complaint:
            tally.failures.append(f"{label} ({case.name}): {complaint}")
    tally.outcomes[case.name, outcome] += 1
    tally.output_bytes += len(expected) if outcome == "equal" else 0


def compare(labels: Iterable[str], make: Callable[[str], Case], programs: Sequence[Path]) -> Tally:
    """Run every labelled case on the oracle and on each build of the engine."""
    tally = Tally()
    pairs: queue.SimpleQueue[_Pair] = queue.SimpleQueue()
    opened = [_Pair(Oracle(), [native.Runner(p) for p in programs]) for _ in range(WORKERS)]
    for pair in opened:
        pairs.put(pair)

    def examine(label: str) -> None:
        case = make(label)
        pair = pairs.get()
        try:
            _examine(pair, label, case, tally)
        finally:
            pairs.put(pair)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(examine, labels))
    for pair in opened:
        pair.oracle.close()
        for runner in pair.runners:
            runner.close()
    return tally
