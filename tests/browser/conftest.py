from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser import chromium
from tests.harness.pipeline.small import CONFIG, Ran, tinygate, write

RUNTIMES = '["torch", "onnxruntime", "litert-ref", "tflm"]'


@pytest.fixture(scope="session")
def chrome() -> Iterator[webdriver.Chrome]:
    if lacking := chromium.missing():
        pytest.skip(f"no {lacking} here; make test installs it")
    with chromium.started() as browser:
        yield browser


@pytest.fixture
def browser(chrome: webdriver.Chrome) -> webdriver.Chrome:
    chromium.resize(chrome, chromium.WIDE)
    chromium.emulate(chrome)
    chrome.get("about:blank")
    chromium.complaints(chrome)
    return chrome


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A real run of the small sweep of digits, with its report and its MLflow store."""
    folder = tmp_path_factory.mktemp("browsed")
    write(folder, CONFIG.replace('["torch", "tflm"]', RUNTIMES))
    result = tinygate(folder, "run", "c.toml")
    assert result.returncode == 0, result.stdout + result.stderr
    return Ran(folder, result)
