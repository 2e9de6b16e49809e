"""Which classes a check is about, by name or number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError
from harness.gate.measures.asked import Asked

_NAMES_SHOWN = 3


def chosen_classes(asked: Asked) -> NDArray[np.int64]:
    """Return the numbers of the classes that the check names, or of all; ConfigError for others."""
    wanted = asked.check.classes
    if wanted is None:
        return np.arange(asked.candidate.classes)
    found = [_class_index(one, asked) for one in wanted]
    if len(set(found)) != len(found):
        raise ConfigError(f"check {asked.check.title!r} names a class twice")
    return np.array(found, dtype=np.int64)


def _class_index(wanted: int | str, asked: Asked) -> int:
    names = asked.class_names
    if isinstance(wanted, int):
        if 0 <= wanted < len(names):
            return wanted
        known = f"classes are 0 to {len(names) - 1}"
    else:
        if names.count(wanted) == 1:
            return names.index(wanted)
        twins = names.count(wanted) > 1
        known = "several classes have that name, use its number" if twins else _known(names)
    raise ConfigError(f"check {asked.check.title!r}: no class {wanted!r}; {known}")


def _known(names: tuple[str, ...]) -> str:
    listed = ", ".join(names)
    return f"classes are {listed if len(listed) <= 200 else listed[:200] + '...'}"  # noqa: PLR2004  a line


def absent_classes(
    asked: Asked, counts: NDArray[np.int64], chosen: NDArray[np.int64] | None = None
) -> str:
    """Return which of the chosen classes have no samples, in words; empty where all have."""
    classes = np.arange(len(counts)) if chosen is None else chosen
    names = [asked.class_names[index] for index in classes[counts[classes] == 0]]
    if not names:
        return ""
    shown = ", ".join(repr(name) for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"the data have no samples of class {shown}{more}"
