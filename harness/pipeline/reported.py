"""What a report takes from the finished stages beside the verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from export.model import TFLITE_NAME
from harness.errors import PredictionsError
from harness.gate.checks import DEVICE
from harness.pipeline.candidate import Candidate
from harness.pipeline.divergence import first_differences
from harness.pipeline.plan import Plan
from harness.pipeline.stages import FLOAT_RUNTIME, ORACLE, Stages
from harness.predictions import Predictions
from harness.record import environment_record
from harness.runtimes.host import host_record
from harness.scaling.analysis import Analysis, Measured, analyse_sweep
from harness.scaling.sweep import sweep_of
from reports.board import Board
from reports.report import Record, Report, RuntimeRow, runtime_row


@dataclass(frozen=True, eq=False)
class Reported:
    """The stages of a config, all of them done, as a report shows them.

    Attributes:
        stages: train, export and evaluate.
        config_path: the config.
        refused: models that the device cannot run.

    """

    stages: Stages
    config_path: Path
    refused: Collection[Candidate]

    @property
    def plan(self) -> Plan:
        """What the config asks for."""
        return self.stages.plan

    def report(self) -> Report:
        """Return the report of everything but the verdict."""
        report = Report(
            title=self.plan.config.name,
            rows=tuple(self._rows()),
            record=self._record(),
            samples=self.plan.dataset.test,
            sweep=self._sweep(),
        )
        return report if self.plan.config.gate is None else self._with_target(report)

    def _with_target(self, report: Report) -> Report:
        target = self.plan.target
        answers = {
            runtime: self.stages.predictions(target, runtime) for runtime in self._runtimes(target)
        }
        return replace(
            report,
            answers=answers,
            output_scale=self.stages.artifact_record(target).output.scale,
            first_differences=first_differences(self.stages, target, answers),
            board=_board(answers.get(DEVICE)),
        )

    def _runtimes(self, candidate: Candidate) -> Iterator[str]:
        for runtime in self.plan.runtimes(candidate):
            if runtime != DEVICE or candidate not in self.refused:
                yield runtime

    def _rows(self) -> Iterator[RuntimeRow]:
        for candidate in self.plan.converted:
            artifact = self.stages.artifact_record(candidate)
            runtimes = tuple(self._runtimes(candidate))
            oracle = self.stages.predictions(candidate, ORACLE) if ORACLE in runtimes else None
            for runtime in runtimes:
                answered = self.stages.predictions(candidate, runtime)
                yield runtime_row(
                    candidate.name,
                    answered,
                    self.stages.artifact(candidate, runtime).stat().st_size,
                    None if runtime == ORACLE or oracle is None else oracle.of(answered.ids),
                    artifact.output.scale,
                )

    def _sweep(self) -> Analysis | None:
        """Return the analysis of all models trained at their size; None where that is one."""
        plain = [one for one in self.plan.candidates if one.pruned_from is None]
        if len({candidate.size for candidate in plain}) < 2:  # noqa: PLR2004
            return None
        runtime = self._sweep_runtime
        answers = (self.stages.predictions(candidate, runtime) for candidate in plain)
        try:
            sweep = sweep_of(answers, runtime)
        except PredictionsError as error:
            self.stages.reporter.line(f"  the report has no part on all sizes: {error}")
            return None
        return analyse_sweep(self.plan.config.name, sweep, Measured())

    @cached_property
    def _sweep_runtime(self) -> str:
        """The gate's where every model answered every sample on it, else the float one's."""
        runtimes, gate = self.plan.config.evaluate.runtimes, self.plan.config.gate
        whole = not self.refused and not self.plan.samples_the_device
        wanted = [gate.runtime] if gate and (gate.runtime != DEVICE or whole) else []
        return next(one for one in (*wanted, ORACLE, FLOAT_RUNTIME, *runtimes) if one in runtimes)

    def _record(self) -> Record:
        environment = environment_record()
        facts = {
            name: str(environment[name])
            for name in ("commit", "python", "system", "machine", "cores")
        }
        seeds = {"seeds": self._seeds(), "data seed": str(self.plan.config.data.seed)}
        return Record(
            commands=(f"tinygate run {self.config_path}",),
            config=self.config_path.read_text(encoding="utf-8"),
            versions={"tinygate": environment["tinygate"], **environment["packages"]},
            hashes=self._hashes(),
            facts=facts | {"cpu": host_record().cpu} | seeds,
        )

    def _seeds(self) -> str:
        return ", ".join(map(str, sorted({one.seed for one in self.plan.candidates})))

    def _hashes(self) -> dict[str, str]:
        digest = self.stages.store.digest
        files = {
            f"{one.name} {TFLITE_NAME}": digest(self.stages.export(one) / TFLITE_NAME)
            for one in self.plan.converted
        }
        return {f"{name} data": one for name, one in self.plan.dataset.digests.items()} | files


def _board(answers: Predictions | None) -> Board | None:
    """Return what the board has that answered; None where boards.toml does not know it."""
    from devices.boards import boards

    device = answers.meta.device if answers else None
    known = boards().get(device.board) if device else None
    return Board(known.name, known.flash_bytes, known.ram_bytes) if known else None
