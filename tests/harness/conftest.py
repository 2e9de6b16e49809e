"""One unbroken run of the small sweep; tests that use it share the xdist group `pipeline`."""

from __future__ import annotations

import pytest

from tests.harness.pipeline.small import Ran, tinygate, write


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("pipeline")
    write(folder)
    result = tinygate(folder, "run", "c.toml")
    assert result.returncode == 0, result.stdout + result.stderr
    return Ran(folder, result)
