"""The machine that computes: what of it can change a number."""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

from harness.predictions import HostRecord

_CPUINFO = Path("/proc/cpuinfo")
_FLAG_KEYS = ("flags", "Features")
_NAME_KEYS = ("model name", "Model", "Hardware")
_RELEVANT = (
    "sse4_1", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni",
    "amx_int8", "asimd", "neon", "asimddp", "i8mm", "fphp", "sve", "sve2",
)  # fmt: skip


@functools.cache
def host_record() -> HostRecord:
    """Return system, architecture, CPU model and the CPU features that kernels choose by.

    The CPU model and features are read from /proc/cpuinfo; where there is none, features are empty.
    """
    facts = _cpuinfo()
    flags = set(" ".join(facts.get(key, "") for key in _FLAG_KEYS).split())
    return HostRecord(
        system=platform.system(),
        machine=platform.machine(),
        cpu=next((facts[key] for key in _NAME_KEYS if key in facts), platform.processor()),
        features=tuple(flag for flag in _RELEVANT if flag in flags),
    )


def usable_cores() -> int:
    """Return how many cores this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpuinfo() -> dict[str, str]:
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    facts: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        facts.setdefault(key.strip(), value.strip())
    return facts
