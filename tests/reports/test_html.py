from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import etree
from lxml import html as lxml_html

from reports.html import render_html
from reports.report import Report
from tests.harness.made import drawn
from tests.reports.made import SCRIPT, report


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(report())


@pytest.fixture(scope="module")
def tree(page: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(page)


def test_the_page_loads_nothing_and_runs_nothing(tree: lxml_html.HtmlElement) -> None:
    tags = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "base", "form"}
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (element.tag, name)
            if name.split("}")[-1] in {"href", "src", "xlink:href"}:
                assert value.startswith("#"), (element.tag, name, value)
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_styles_fetch_nothing(page: str) -> None:
    assert "@import" not in page
    assert all(one.startswith("#") for one in re.findall(r"url\(([^)]*)\)", page))


def test_a_hostile_class_name_is_text(page: str, tree: lxml_html.HtmlElement) -> None:
    assert "<script" not in page
    assert "onerror=alert(1)>" not in re.sub(r"&gt;", "", page)
    assert SCRIPT in tree.xpath("string(//details//table)")
    assert SCRIPT in tree.xpath("string(//h1)")
    assert "{{ 7 * 7 }}" in tree.xpath("string(//details//table)")


def test_characters_that_hide_text_are_replaced(page: str) -> None:
    assert not set(page) & {"\x1b", "\x00", "\u202e"}


def test_the_verdict_stands_above_everything_else(tree: lxml_html.HtmlElement) -> None:
    assert tree.xpath("string(//header//strong)") == "Do not ship"
    assert tree.xpath("string(//title)").startswith("Do not ship: digits")
    assert tree.xpath("//header//div/@class") == ["verdict fail"]


def test_it_has_every_section_in_order(tree: lxml_html.HtmlElement) -> None:
    assert tree.xpath("//section/@aria-labelledby") == [
        "checks",
        "runtimes",
        "classes",
        "calibration",
        "evidence",
        "again",
    ]
    assert len(tree.xpath("//section[@aria-labelledby='checks']//tbody/tr")) == 4
    assert len(tree.xpath("//section[@aria-labelledby='runtimes']//tbody/tr")) == 2
    assert len(tree.xpath("//details//tbody/tr")) == 6


def test_every_figure_says_in_words_what_it_shows(tree: lxml_html.HtmlElement) -> None:
    labels = tree.xpath("//*[@role='img']/@aria-label")
    assert len(labels) == 3
    assert "Lowest: " in labels[0]
    assert all("calibration error" in one for one in labels[1:])


def test_figures_follow_the_colour_of_the_text_in_light_and_dark(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert page.count("currentColor") > 10
    body = page.partition("<body>")[2]
    assert "#1b1f24" not in body


def test_it_says_what_was_gated_and_how_to_do_it_again(tree: lxml_html.HtmlElement) -> None:
    evidence = tree.xpath("string(//section[@aria-labelledby='evidence'])")
    assert "a" * 64 in evidence
    assert "d" * 64 in evidence
    again = tree.xpath("string(//section[@aria-labelledby='again'])")
    assert "tinygate run examples/digits.toml" in again
    assert 'name = "</pre><script>"' in again


def test_equal_reports_give_equal_pages(page: str) -> None:
    assert render_html(report()) == page


def test_a_report_of_runtimes_alone_has_no_verdict_and_no_figures() -> None:
    made = replace(report(), verdict=None, candidate=None, references={})
    found = lxml_html.document_fromstring(render_html(made))
    assert found.xpath("//section/@aria-labelledby") == ["runtimes", "again"]
    assert not found.xpath("//svg")


def test_a_page_for_100_classes_is_small_and_shows_the_lowest_40() -> None:
    candidate, reference = drawn(5000, 100, seed=1), drawn(5000, 100, seed=2)
    text = render_html(Report("sweep", None, (), candidate, {"float": reference}))
    assert len(text.encode()) < 500_000
    assert "the 40 lowest of 100" in text
    assert len(lxml_html.document_fromstring(text).xpath("//details//tbody/tr")) == 100


def test_inlined_figures_are_well_formed(page: str) -> None:
    figures = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(figures) == 3
    for one in figures:
        etree.fromstring(one.encode())
