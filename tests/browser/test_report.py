"""The report of a real run, and one with hostile names, as a reader's browser shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from reports.html import render_html
from tests.browser import chromium
from tests.harness.pipeline.small import Ran
from tests.reports import big
from tests.reports.made import whole

LEAST_CONTRAST = 4.5

IN_VIEW = (
    "const b = arguments[0].getBoundingClientRect(); return b.top >= -1 && b.bottom <= innerHeight"
)
OVERFLOW = """
const wide = document.documentElement.clientWidth;
return [...document.body.querySelectorAll("*")].filter((e) =>
  !e.closest(".scroll, pre, svg, .skip") && e.getBoundingClientRect().right > wide + 1)
  .map((e) => e.outerHTML.slice(0, 90)).concat(
    document.documentElement.scrollWidth > wide ? ["the page scrolls sideways"] : []);
"""
CONTRAST = """
const shade = (text) => {
  const parts = text.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const ground = (e) => {
  const own = getComputedStyle(e).backgroundColor;
  return own.startsWith("rgba(0, 0, 0, 0") && e.parentElement ? ground(e.parentElement) : own;
};
return [...document.querySelectorAll(arguments[0])].map((e) => {
  const [a, b] = [shade(getComputedStyle(e).color), shade(ground(e))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
});
"""
SHOWN = """
const group = document.querySelector(".flip-group");
return group.querySelectorAll(".flip:not([hidden])").length;
"""


@pytest.fixture(scope="module")
def gate_page(ran: Ran) -> str:
    return (ran.runs / "small" / "report" / "report.html").as_uri()


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _written(tmp_path_factory.mktemp("hostile") / "report.html", render_html(whole()))


@pytest.fixture(scope="module")
def big_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _written(tmp_path_factory.mktemp("big") / "report.html", render_html(big.report()))


def _written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW])
def test_the_verdict_and_the_model_are_seen_without_scrolling(
    browser: webdriver.Chrome, gate_page: str, size: tuple[int, int]
) -> None:
    chromium.resize(browser, size)
    browser.get(gate_page)
    word = browser.find_element(By.CSS_SELECTOR, ".verdict .word")
    assert word.text.splitlines()[-1] == "Ship"
    facts = browser.find_element(By.CSS_SELECTOR, ".glance")
    assert browser.execute_script(IN_VIEW, word)
    assert browser.execute_script(IN_VIEW, facts)
    assert "scale_cnn, width 2, seed 0" in facts.text
    assert "539 samples, 10 classes" in facts.text


def test_every_link_leads_to_its_section(browser: webdriver.Chrome, gate_page: str) -> None:
    browser.get(gate_page)
    links = browser.find_elements(By.CSS_SELECTOR, "nav a")
    assert len(links) >= 6
    for link in links:
        browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
        browser.execute_script("arguments[0].click()", link)
        name = link.get_attribute("hash")
        assert browser.current_url.endswith(str(name))
        assert browser.execute_script(IN_VIEW, browser.find_element(By.CSS_SELECTOR, f"h2{name}"))


def test_flipped_samples_are_filtered_by_class_and_kind(
    browser: webdriver.Chrome, hostile_page: str
) -> None:
    browser.get(hostile_page)
    group = browser.find_element(By.CSS_SELECTOR, ".flip-group")
    samples = group.find_elements(By.CSS_SELECTOR, ".flip")
    chosen = Select(group.find_element(By.TAG_NAME, "select"))
    count = group.find_element(By.TAG_NAME, "output")
    for option in chosen.options[1:]:
        value = option.get_attribute("value")
        chosen.select_by_value(str(value))
        found = [one for one in samples if one.is_displayed()]
        assert {one.get_attribute("data-label") for one in found} == {value}
        assert count.text == f"{len(found)} sample{'' if len(found) == 1 else 's'}"
    chosen.select_by_value("")
    group.find_element(By.CSS_SELECTOR, "input[value=lost]").click()
    found = [one for one in samples if one.is_displayed()]
    assert {one.get_attribute("data-kind") for one in found} == {"lost"}


def test_many_flipped_samples_are_shown_some_at_first_and_all_when_asked(
    browser: webdriver.Chrome, big_page: str
) -> None:
    browser.get(big_page)
    group = browser.find_element(By.CSS_SELECTOR, ".flip-group")
    every = len(group.find_elements(By.CSS_SELECTOR, ".flip"))
    first = browser.execute_script(SHOWN)
    assert first < every
    count = group.find_element(By.TAG_NAME, "output")
    assert count.text == f"{first} of {every} samples"
    browser.execute_script("arguments[0].click()", group.find_element(By.TAG_NAME, "button"))
    assert browser.execute_script(SHOWN) == every
    assert count.text == f"{every} samples"
    assert browser.switch_to.active_element == count


@pytest.mark.parametrize("page", ["gate_page", "hostile_page", "big_page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_complains_or_scrolls_sideways_on_a_phone(
    browser: webdriver.Chrome, request: pytest.FixtureRequest, page: str, scheme: str
) -> None:
    chromium.resize(browser, chromium.NARROW)
    chromium.emulate(browser, scheme=scheme)
    browser.get(request.getfixturevalue(page))
    assert browser.execute_script(OVERFLOW) == []
    assert chromium.complaints(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_colour_schemes(
    browser: webdriver.Chrome, hostile_page: str, scheme: str
) -> None:
    chromium.emulate(browser, scheme=scheme)
    browser.get(hostile_page)
    text = "p, li, h1, h2, h3, dt, dd, th, td, caption, a, .mark, .kind, .word, output, legend"
    ratios = browser.execute_script(CONTRAST, f":is({text}):not(.skip)")
    assert len(ratios) > 200
    assert min(ratios) >= LEAST_CONTRAST


def test_a_hostile_class_name_does_nothing(browser: webdriver.Chrome, hostile_page: str) -> None:
    browser.get(hostile_page)
    shown = browser.execute_script("return document.body.textContent")
    assert "<script>alert('x')</script>" in shown
    assert not set(shown) & {"\u202e", "\x1b"}
    names = "return [...document.images].filter((i) => !i.src.startsWith('data:image/png')).length"
    assert browser.execute_script(names) == 0
    assert browser.execute_script("return document.scripts.length") == 1
    assert chromium.complaints(browser) == []


def test_the_policy_refuses_scripts_and_requests_that_are_not_ours(
    browser: webdriver.Chrome, hostile_page: str
) -> None:
    browser.get(hostile_page)
    browser.execute_script("""
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        const image = document.createElement("img");
        image.src = "http://127.0.0.1:9/x.png";
        document.body.append(image);
    """)
    assert browser.execute_script("return window.ran") is None
    told = " ".join(chromium.complaints(browser))
    assert "Content Security Policy" in told
    assert "127.0.0.1:9" in told


def test_without_scripts_every_sample_can_be_read(
    browser: webdriver.Chrome, hostile_page: str
) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(hostile_page)
        group = browser.find_element(By.CSS_SELECTOR, ".flip-group")
        assert all(one.is_displayed() for one in group.find_elements(By.CSS_SELECTOR, ".flip"))
        assert not group.find_element(By.TAG_NAME, "fieldset").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(
    browser: webdriver.Chrome, gate_page: str
) -> None:
    browser.get(gate_page)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = browser.switch_to.active_element
    assert skip.text == "Skip to the content"
    skip.send_keys(Keys.TAB)
    link = browser.switch_to.active_element
    assert link.text == "Checks"
    assert link.value_of_css_property("outline-style") == "solid"


def test_a_screen_reader_finds_landmarks_headings_and_named_figures(
    browser: webdriver.Chrome, gate_page: str
) -> None:
    browser.get(gate_page)
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if "role" in n]
    kinds = {role for role, _ in roles}
    assert {"banner", "navigation", "main", "table", "list"} <= kinds
    assert ("heading", "Checks") in roles
    pictures = [name for role, name in roles if role in ("image", "img")]
    assert len(pictures) > 10
    assert all(pictures)


def test_paper_shows_everything_and_no_controls(
    browser: webdriver.Chrome, hostile_page: str
) -> None:
    browser.get(hostile_page)
    pdf = chromium.printed(browser)
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 50_000
    chromium.emulate(browser, scheme="dark", media="print")
    nav = browser.find_element(By.TAG_NAME, "nav")
    assert nav.value_of_css_property("display") == "none"
    body = browser.find_element(By.TAG_NAME, "body")
    assert body.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    assert all(
        browser.execute_script("return [...document.querySelectorAll('details')].map(d => d.open)")
    )
