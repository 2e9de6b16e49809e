"""A version of the registered model found by alias or number, and its file fetched and checked."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ArtifactError, UserError
from harness.files import sha256_of_file, write_bytes
from harness.gate.registered import RegisteredVersion
from harness.tracking.registry import GATE_TAG, REPLACED_TAG, SHA_TAG, holder, versions
from harness.tracking.served import MODEL_NAME, SERVING_NAME, read_serving

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

_SHA256_DIGITS = 64


@dataclass(frozen=True)
class Found:
    """A version of the registered model, and the SHA-256 of its `.tflite` as it states it."""

    version: RegisteredVersion
    sha256: str


@dataclass(frozen=True, eq=False)
class Lookup:
    """The versions of one registered model, as references of a gate."""

    client: MlflowClient
    name: str

    def find(self, label: str, candidate_sha256: str) -> Found | None:
        """Return the version with the alias or number `label`; None where there is none yet.

        Where the alias is on the candidate itself, as when a gate is repeated, that is the version
        that had it before: a model is not held against itself. There is none yet as long as no
        version has passed a gate; afterwards a missing alias is a mistake.

        Raises:
            UserError: no such number; or no such alias, though versions have passed; or the version
                was not registered by tinygate.

        """
        if label.isdigit():
            return _found(self._numbered(label), None)
        found = holder(self.client, self.name, label)
        if found is None:
            self._refuse_lost(label)
        seen: set[str | None] = {None}
        while found is not None and found.tags.get(SHA_TAG) == candidate_sha256:
            before = found.tags.get(REPLACED_TAG + label)
            found = None if before in seen else self._numbered(str(before))
            seen.add(before)
        return None if found is None else _found(found, label)

    def _numbered(self, number: str) -> ModelVersion:
        known = {str(version.version): version for version in versions(self.client, self.name)}
        if number not in known:
            raise UserError(
                f"the registered model {self.name!r} has no version {number}; it has: "
                f"{', '.join(sorted(known, key=int)) or 'none'}"
            )
        return known[number]

    def _refuse_lost(self, label: str) -> None:
        passed = [v for v in versions(self.client, self.name) if v.tags.get(GATE_TAG) == "pass"]
        if not passed:
            return
        aliases = dict(self.client.get_registered_model(self.name).aliases)
        listed = ", ".join(f"{alias} (version {number})" for alias, number in aliases.items())
        raise UserError(
            f"no version of the registered model {self.name!r} has the alias {label!r}, though "
            f"version {passed[0].version} has passed a gate; aliases: {listed or 'none'}; give a "
            "version that alias, or compare with another"
        )

    def fetch(self, found: Found, folder: Path) -> None:
        """Put the version's `.tflite` and what is known of it into `folder`.

        Raises:
            ArtifactError: the registry holds another file than was registered.

        """
        import mlflow.artifacts

        version = found.version
        with tempfile.TemporaryDirectory() as temporary:
            uri = f"models:/{version.name}/{version.version}"
            mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=temporary)
            models = [one for one in Path(temporary).rglob(MODEL_NAME) if not one.is_symlink()]
            if len(models) != 1 or sha256_of_file(models[0]) != found.sha256:
                raise ArtifactError(
                    f"{version.words}: the registry does not hold the file that was registered "
                    f"(SHA-256 {found.sha256[:12]}...); compare with another version"
                )
            read_serving(models[0].parent)
            for name in (MODEL_NAME, SERVING_NAME):
                write_bytes(folder / name, (models[0].parent / name).read_bytes())


def _found(version: ModelVersion, alias: str | None) -> Found:
    digest = version.tags.get(SHA_TAG, "")
    if len(digest) != _SHA256_DIGITS or not set(digest) <= set("0123456789abcdef"):
        raise UserError(
            f"version {version.version} of the registered model {version.name!r} does not say "
            f"which file it is (tag {SHA_TAG}): it was not registered by tinygate"
        )
    known = RegisteredVersion(name=version.name, version=str(version.version), alias=alias)
    return Found(known, digest)
