"""What tests of tracking share: a server on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pytest

from tests.harness.tracking.server import Postgres, Server, binaries, free_port, postgres


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres]:
    if binaries() is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql (make test does)")
    with postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def server(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(database.uri, tmp_path_factory.mktemp("server"), free_port())
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
def client(server: Server) -> Iterator[mlflow.MlflowClient]:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.uri)
    mlflow.set_registry_uri(server.uri)
    yield mlflow.MlflowClient(server.uri, server.uri)
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri("")  # it follows the tracking URI again
