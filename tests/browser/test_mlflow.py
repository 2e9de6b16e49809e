"""MLflow's own pages over a real run, and our report in its viewer of artifacts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import chromium
from tests.harness.pipeline.small import Ran

mlflow = pytest.importorskip("mlflow")
_START_S, _PAGE_S = 180, 90
METRIC = "tflm/accuracy"
PAGE = "report/report.html"


@dataclass(frozen=True)
class Ui:
    """A server over the store of the run, and what the run left there."""

    url: str
    experiment: str
    models: tuple[mlflow.entities.Run, ...]
    report: str

    def page(self, path: str) -> str:
        return f"{self.url}/#/{path}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def ui(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    url = f"http://127.0.0.1:{(port := _free_port())}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", ran.uri]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    log = tmp_path_factory.mktemp("mlflow") / "server.log"
    quiet = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with log.open("wb") as target:
        server = subprocess.Popen(
            command, stdout=target, stderr=target, env=quiet, start_new_session=True, cwd=ran.folder
        )
    try:
        _wait_until_up(url, server, log)
        yield _found(url)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310  (loopback)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"mlflow does not answer: {log.read_text()}")


def _found(url: str) -> Ui:
    client = mlflow.MlflowClient(url, url)
    experiment = client.get_experiment_by_name("small").experiment_id
    runs = client.search_runs([experiment])
    models = [run for run in runs if METRIC in run.data.metrics]
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    assert len(models) >= 2
    return Ui(url, experiment, tuple(models[:2]), parents[0].info.run_id)


def _wait(browser: webdriver.Chrome, script: str, *arguments: object) -> None:
    wait = WebDriverWait(browser, _PAGE_S, poll_frequency=0.5)
    wait.until(lambda one: one.execute_script(script, *arguments), f"{script}, {arguments}")


HAS = "return document.body.innerText.includes(arguments[0])"
IN_ONE_ROW = """
return [...document.querySelectorAll("tr, [role=row]")].some((row) =>
  arguments[0].every((text) => row.textContent.includes(text)));
"""


IN_LINE = """
const says = (one, text) => one.textContent.trim() === text;
const heights = (text) => [...document.querySelectorAll("*")]
  .filter((one) => says(one, text) && ![...one.children].some((child) => says(child, text)))
  .map((one) => one.getBoundingClientRect()).map((box) => box.top + box.height / 2);
const [name, ...values] = arguments[0];
return heights(name).some((place) =>
  values.every((value) => heights(value).some((other) => Math.abs(other - place) < 15)));
"""


def test_the_experiment_lists_the_run(browser: webdriver.Chrome, ui: Ui) -> None:
    browser.get(ui.page(f"experiments/{ui.experiment}/runs"))
    _wait(browser, HAS, "small")
    _wait(browser, HAS, "matching run")


def test_a_models_page_shows_its_figures(browser: webdriver.Chrome, ui: Ui) -> None:
    run = ui.models[0]
    browser.get(ui.page(f"experiments/{ui.experiment}/runs/{run.info.run_id}"))
    value = str(run.data.metrics[METRIC])[:6]
    _wait(browser, IN_ONE_ROW, [METRIC, value])


def test_two_models_are_compared_metric_by_metric_in_line(
    browser: webdriver.Chrome, ui: Ui
) -> None:
    ids = ",".join(f'"{run.info.run_id}"' for run in ui.models)
    browser.get(ui.page(f'compare-runs?runs=[{ids}]&experiments=["{ui.experiment}"]'))
    _wait(browser, HAS, "Comparing 2 Runs")
    name = min(set.intersection(*(set(run.data.metrics) for run in ui.models)))  # the first row
    values = [f"{run.data.metrics[name]:.3f}".rstrip("0").rstrip(".") for run in ui.models]
    _wait(browser, IN_LINE, [name, *values])


def test_our_report_opens_in_the_viewer_of_artifacts(browser: webdriver.Chrome, ui: Ui) -> None:
    browser.get(ui.page(f"experiments/{ui.experiment}/runs/{ui.report}/artifacts/{PAGE}"))
    _wait(browser, "return document.querySelector('iframe') !== null")
    frame = browser.find_element(By.TAG_NAME, "iframe")
    assert "allow-same-origin" not in str(frame.get_attribute("sandbox"))
    browser.switch_to.frame(frame)
    _wait(browser, "return document.querySelector('.verdict .word') !== null")
    assert browser.find_element(By.CSS_SELECTOR, ".verdict .word").text.endswith("Ship")
    _filter_and_follow(browser)
    refused = [line for line in chromium.complaints(browser) if "Content Security" in line]
    assert refused == []


def _filter_and_follow(browser: webdriver.Chrome) -> None:
    group = browser.find_element(By.CSS_SELECTOR, ".flip-group")
    chosen = Select(group.find_element(By.TAG_NAME, "select"))
    value = str(chosen.options[-1].get_attribute("value"))
    chosen.select_by_value(value)
    samples = group.find_elements(By.CSS_SELECTOR, ".flip:not([hidden])")
    assert {one.get_attribute("data-label") for one in samples} == {value}
    link = browser.find_element(By.CSS_SELECTOR, "nav a[href='#calibration']")
    browser.execute_script("arguments[0].click()", link)
    place = "return document.getElementById('calibration').getBoundingClientRect().top"
    WebDriverWait(browser, 20).until(lambda one: -1 <= one.execute_script(place) < 200)
