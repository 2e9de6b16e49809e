from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from harness.errors import InfrastructureError
from harness.tracking.store import TrackingStore, reason, sent_once

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's database layer deprecates freely


def test_a_server_that_takes_connections_and_never_answers_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent, sent_once():
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started_s = time.monotonic()
        with pytest.raises(InfrastructureError, match=r"as it should: timed out$"):
            TrackingStore.choose(uri, tmp_path).connect()
        assert time.monotonic() - started_s < 30


def test_a_request_is_sent_once_only_within_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    with sent_once():
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    with sent_once():
        pass
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_password_in_the_uri_is_never_printed(tmp_path: Path) -> None:
    store = TrackingStore.choose("postgresql://me:secret@db/mlflow", tmp_path)
    assert store.shown == "postgresql://me:***@db/mlflow"
    with pytest.raises(InfrastructureError) as caught, store.answering():
        raise RuntimeError(f"could not open {store.uri}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTPConnectionPool(...): (Caused by X('[Errno 111] Connection refused'))", "refused"),
        ("HTTPConnectionPool(host='h', port=1): Read timed out. (read timeout=20)", "timed out"),
        ("[Errno 28] No space left on device: '/x'", "no space left on device"),
        ("RESOURCE_DOES_NOT_EXIST: no such run", "RESOURCE_DOES_NOT_EXIST: no such run"),
        ("", "RuntimeError"),
    ],
)
def test_what_is_wrong_is_said_in_a_few_words(text: str, expected: str) -> None:
    assert reason(RuntimeError(text)).endswith(expected)
