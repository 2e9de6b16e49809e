"""Every output byte of random graphs over every operator equals TensorFlow Lite Micro's.

TINYGATE_ZOO=N makes N graphs of each kind (200 by default), from seed TINYGATE_ZOO_SEED on.
"""

from __future__ import annotations

import os

from . import native, zoo
from .case import Case
from .compare import compare

GRAPHS = int(os.environ.get("TINYGATE_ZOO", "200"))
FIRST_SEED = int(os.environ.get("TINYGATE_ZOO_SEED", "0"))


def _make(label: str) -> Case:
    kind, seed = label.split(":")
    return zoo.make(kind, int(seed))


def test_every_output_byte_equals_tflm() -> None:
    """Equal where TFLM runs, refused where it refuses or aborts: portable and DSP kernels."""
    labels = [f"{k}:{s}" for s in range(FIRST_SEED, FIRST_SEED + GRAPHS) for k in zoo.KINDS]
    builds = [native.build(f"runner{kind}-sanitized") for kind in ("", "-dsp")]
    tally = compare(labels, _make, builds)
    for (name, outcome), count in sorted(tally.outcomes.items()):
        print(f"{name:24} {outcome:10} {count}")
    print(f"{tally.output_bytes} output bytes equal")
    assert not tally.failures, f"{len(tally.failures)} failed\n" + "\n".join(tally.failures[:20])
    equal = sum(n for (_, outcome), n in tally.outcomes.items() if outcome == "equal")
    assert equal >= 0.9 * len(labels)
