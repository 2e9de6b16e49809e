"""Which config a folder of results is of, so that the folder alone is enough to go on."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from harness.errors import UserError
from harness.files import sha256_of_file, write_json
from harness.problems import first_problem
from harness.table import Table

ORIGIN = "pipeline.json"


class Origin(Table):
    """`pipeline.json` in a folder `runs/<name>`."""

    config: str
    """Absolute path."""
    config_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """When the folder was last worked on."""


def write_origin(folder: Path, config: Path) -> None:
    """Note in a folder of results which config it is of."""
    origin = Origin(config=str(config.resolve()), config_sha256=sha256_of_file(config))
    write_json(folder / ORIGIN, origin.model_dump(mode="json"))


def config_of(folder: Path) -> Path:
    """Return the config that a folder of results was last worked on with.

    Raises:
        UserError: the folder is not one of results, or its config is gone or another by now.

    """
    path = folder / ORIGIN
    try:
        origin = Origin.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(
            f"{folder}: not the folder of a pipeline's results (no {ORIGIN}); give a CONFIG.toml "
            "or a folder runs/<name>"
        ) from error
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}; give the CONFIG.toml instead") from error
    config = Path(origin.config)
    if not config.is_file() or sha256_of_file(config) != origin.config_sha256:
        what = "changed" if config.is_file() else "gone"
        raise UserError(
            f"{folder}: its config {config} is {what} since; to run it as it is now, give the "
            "CONFIG.toml"
        )
    return config
