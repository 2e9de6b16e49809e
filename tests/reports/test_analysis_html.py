from __future__ import annotations

import pytest
from lxml import html as lxml_html

from reports.analysis import PAGE, analysis_files
from tests.reports import big
from tests.reports.made import HOSTILE, SCRIPT, whole

MOST_BYTES = 3_000_000
RECORD = {
    "environment": {"commit": "abc", "packages": {"numpy": "2.4"}},
    "sources": {"net-1": "f" * 64},
}


@pytest.fixture(scope="module")
def page() -> str:
    analysis = whole().sweep
    assert analysis is not None
    return dict(analysis_files(analysis, RECORD))[PAGE].decode()


@pytest.fixture(scope="module")
def tree(page: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(page)


def test_every_size_is_on_one_page_with_its_figures_and_tables(
    tree: lxml_html.HtmlElement,
) -> None:
    parts = ["error", "overlap", "classes", "calibration", "again"]
    assert tree.xpath("//section/@aria-labelledby") == parts
    assert tree.xpath("//nav//a/@href") == [f"#{one}" for one in parts]
    said = [one.get("aria-label") for one in tree.xpath("//*[@role='img']")]
    for begin in ("Log-log plot", "Jaccard index", "Heat map", "Expected calibration error"):
        assert any(one.startswith(begin) for one in said), begin
    assert len(tree.xpath("//details//table")) >= 8


def test_hostile_names_are_text_and_cut(page: str, tree: lxml_html.HtmlElement) -> None:
    assert page.count("<script") == 1
    assert "<b>net" in tree.text_content()
    assert SCRIPT in tree.xpath("string(//h1)")
    assert "x" * 700 not in page
    assert not set(page) & {"\x1b", "\u202e"}
    assert not tree.xpath("//b[starts-with(text(), 'net')]")
    assert len(HOSTILE) == len(
        tree.xpath("//caption[.='Accuracy of every class at every size']/..//tbody/tr")
    )


def test_it_says_how_it_was_made(tree: lxml_html.HtmlElement) -> None:
    again = tree.xpath("string(//section[@aria-labelledby='again'])")
    assert "abc" in again
    assert "f" * 64 in again


def test_100_classes_and_18_models_are_under_3_mb() -> None:
    analysis = big.report().sweep
    assert analysis is not None
    content = dict(analysis_files(analysis, RECORD))[PAGE]
    assert len(content) < MOST_BYTES
