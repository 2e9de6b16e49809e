"""What every Predictions file of a gate says of itself, and what of that was verified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.gate.verdict import Evidence, Verdict


@dataclass(frozen=True)
class EvidenceRow:
    """What one Predictions file of the gate is, as pairs of a name and a value."""

    who: str
    facts: tuple[tuple[str, str], ...]


def evidence_rows(verdict: Verdict | None) -> tuple[EvidenceRow, ...]:
    """Return the candidate and each reference; nothing where nothing was gated."""
    if verdict is None:
        return ()
    subject = EvidenceRow("candidate", tuple(_facts(verdict.subject)))
    others = (
        EvidenceRow(f"reference {name}", tuple(_facts(reference)))
        for name, reference in verdict.references.items()
    )
    return (subject, *others)


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    facts = {
        "registered": evidence.registered and evidence.registered.words,
        "artifact sha256": evidence.artifact_sha256,
        "artifact": evidence.caveat,
        "data digest": evidence.data_digest,
        "data": " ".join(filter(None, (evidence.data_name, evidence.split))) or None,
        "samples": f"{evidence.samples:,} over {evidence.classes:,} classes",
        "model": evidence.model and _described(evidence.model.model_dump(exclude_none=True)),
        "runtime": evidence.runtime and f"{evidence.runtime.name} {evidence.runtime.version}",
        "runtime options": evidence.runtime and _described(evidence.runtime.options),
        "host": evidence.host
        and f"{evidence.host.system} {evidence.host.machine} {evidence.host.cpu}",
        "device": evidence.device and _described(evidence.device.model_dump(exclude_none=True)),
        "device's twin": evidence.twin and _described(evidence.twin.model_dump(exclude_none=True)),
        "demanded and verified": ", ".join(evidence.verified) or "nothing: its own word",
    }
    return ((name, value) for name, value in facts.items() if value)


def _described(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_in_words(value)}" for name, value in facts.items())


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
