"""How the target of a pipeline is judged: what the gate compares, and what it demands of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from harness.gate.checks import DEVICE, FLOAT, LARGEST, TFLM, references_of
from harness.gate.checks_file import load_references
from harness.gate.decide import Case, Expected, judge
from harness.gate.verdict import Verdict
from harness.pipeline.candidate import Candidate
from harness.pipeline.plan import Plan
from harness.pipeline.publish import Publisher
from harness.pipeline.registered import RegisteredModel, RegisteredReferences
from harness.pipeline.stages import FLOAT_RUNTIME, ORACLE, Stages
from harness.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Judging:
    """The gate of one plan over its results."""

    plan: Plan
    stages: Stages
    publisher: Publisher

    @cached_property
    def registered(self) -> RegisteredReferences:
        """The registered versions that the checks compare with."""
        gate, publisher = self.plan.gate, self.publisher
        model = RegisteredModel(publisher.model_name, publisher.store, self.stages)
        artifact = self.stages.artifact(self.plan.target, gate.runtime)
        return model.references(gate.checks, artifact, gate.runtime)

    def case(self) -> Case:
        """Return what the gate decides on, evaluating what is missing.

        Raises:
            InfrastructureError: a check compares with a registered version, and MLflow is away.

        """
        plan, target = self.plan, self.plan.target
        runtime, recipe = plan.gate.runtime, any(c.claim == "recipe" for c in plan.gate.checks)
        sampled = DEVICE in plan.config.evaluate.runtimes and plan.samples_the_device
        return Case(
            candidate=self.stages.predictions(target, runtime),
            references=self._references(),
            seeds=self._seeds(target, runtime) if recipe else (),
            reference_seeds=self._reference_seeds(),
            device_sample=self.stages.predictions(target, DEVICE) if sampled else None,
            looks=self.publisher.looks(
                self.stages.store.digest(self.stages.artifact(target, runtime))
            ),
            registered=self.registered.versions,
            skipped=self.registered.skipped,
        )

    def _seeds(self, candidate: Candidate, runtime: str) -> tuple[Predictions, ...]:
        return tuple(self.stages.predictions(one, runtime) for one in self.plan.seeds_of(candidate))

    def _reference_seeds(self) -> dict[str, tuple[Predictions, ...]]:
        """Return the seeds of every reference by name whose checks read them."""
        models = self._reference_models()
        return {
            check.reference: self._seeds(*models[check.reference])
            for check in self.plan.gate.checks
            if check.reference in models
            and (check.claim == "recipe" or check.metric == "jaccard")
            and check.reference != DEVICE
        }

    def verdict(self, case: Case) -> Verdict:
        """Return the verdict on a case, logged; errors as `judge`."""
        gate = self.plan.gate
        references = self.registered.expected | {
            name: self._expected(*model)
            for name, model in self._reference_models().items()
            if name in references_of(gate.checks)
        }
        verdict = judge(
            self.registered.judged(gate.checks),
            case,
            replace(self._expected(self.plan.target, gate.runtime), references=references),
            gate.rules,
            gate.warnings,
        )
        self.publisher.judged(verdict)
        return verdict

    def _references(self) -> dict[str, Predictions]:
        """Return the Predictions that the checks compare with, by the name they use."""
        models = self._reference_models()
        return (
            load_references(self.plan.gate.checks)
            | self.registered.predictions
            | {
                name: self.stages.predictions(*models[name])
                for name in references_of(self.plan.gate.checks)
                if name in models and not (name == DEVICE and self.plan.samples_the_device)
            }
        )

    def _reference_models(self) -> dict[str, tuple[Candidate, str]]:
        """Return the model and the runtime that each reference by name stands for."""
        target = self.plan.target
        return {
            FLOAT: (target, FLOAT_RUNTIME),
            LARGEST: (self.plan.largest_like(target), FLOAT_RUNTIME),
            TFLM: (target, ORACLE),
            DEVICE: (target, DEVICE),
        }

    def _expected(self, candidate: Candidate, runtime: str) -> Expected:
        """Return what Predictions of this model on this runtime must state."""
        return Expected(
            artifact_sha256=self.stages.store.digest(self.stages.artifact(candidate, runtime)),
            data_digest=self.plan.split(runtime).digest,
            runtime=runtime,
            family=candidate.family,
            width=candidate.width,
            seed=candidate.seed,
        )
