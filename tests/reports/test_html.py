from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace

import pytest
from lxml import etree
from lxml import html as lxml_html

from reports.html import render_html
from reports.report import Report
from tests.harness.made import drawn
from tests.reports import big
from tests.reports.made import HOSTILE, SCRIPT, report, whole

MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(report())


@pytest.fixture(scope="module")
def tree(page: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(page)


@pytest.fixture(scope="module")
def full() -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(render_html(whole()))


def test_the_page_loads_nothing(full: lxml_html.HtmlElement) -> None:
    tags = {element.tag for element in full.iter() if isinstance(element.tag, str)}
    assert not tags & {"link", "iframe", "object", "embed", "base", "form"}
    for element in full.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (element.tag, name)
            if name.split("}")[-1] in {"href", "src", "xlink:href"}:
                assert value.startswith(("#", "data:image/png;base64,")), (element.tag, value[:40])


def test_the_policy_lets_our_script_run_and_nothing_else(tree: lxml_html.HtmlElement) -> None:
    (script,) = tree.xpath("//script/text()")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == [
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    ]


def test_styles_fetch_nothing(page: str) -> None:
    assert "@import" not in page
    assert all(one.startswith("#") for one in re.findall(r"url\(([^)]*)\)", page))


def test_a_hostile_class_name_is_text(page: str, tree: lxml_html.HtmlElement) -> None:
    assert page.count("<script") == 1
    assert "<img src=x" not in page
    table = "string(//section[@aria-labelledby='changed'])"
    assert SCRIPT in tree.xpath(table)
    assert "{{ 7 * 7 }}" in tree.xpath(table)
    assert SCRIPT in tree.xpath("string(//h1)")


def test_characters_that_hide_text_are_replaced(page: str) -> None:
    assert not set(page) & {"\x1b", "\x00", "\u202e"}


def test_a_name_of_ten_thousand_characters_is_cut(page: str) -> None:
    assert "x" * 700 not in page


def test_the_verdict_stands_above_everything_else(tree: lxml_html.HtmlElement) -> None:
    assert tree.xpath("string(//header//strong)").endswith("Do not ship")
    assert tree.xpath("string(//title)").startswith("Do not ship: digits")
    assert tree.xpath("//header/div/@class") == ["verdict fail"]


def test_model_size_target_data_and_evidence_stand_beside_it(full: lxml_html.HtmlElement) -> None:
    names = full.xpath("//header//dt/text()")
    values = [one.text_content() for one in full.xpath("//header//dd")]
    assert dict(zip(names, values, strict=True)) == {
        "Model": "scale_cnn, width 8, seed 0",
        "Size": "22,756 parameters, 925 k MACs",
        "Target": "emulated mps2-an386, cortex-m4f, 205 k instructions an inference",
        "Data": "digits test, 300 samples, 6 classes",
        "Evidence": "answered on device, artifact bbbbbbbbbbbb (by its own word), 95 % confidence",
    }


def test_it_has_every_section_in_order(full: lxml_html.HtmlElement) -> None:
    names = ["checks", "changed", "calibration", "runtimes", "target", "sweep", "evidence", "again"]
    assert full.xpath("//section/@aria-labelledby") == names
    assert full.xpath("//nav//a/@href") == [f"#{name}" for name in names]
    assert full.xpath("//section/h2/@id") == names


def test_every_check_has_its_axis_and_its_row(tree: lxml_html.HtmlElement) -> None:
    labels = tree.xpath("//*[contains(@class, 'axis')]/@aria-label")
    assert [label.rpartition(": ")[2] for label in labels] == ["pass", "FAIL", "FAIL", "undecided"]
    assert len(tree.xpath("//section[@aria-labelledby='checks']//tbody/tr")) == 4


def test_ids_are_unique_and_every_link_and_reference_has_its_target(
    full: lxml_html.HtmlElement,
) -> None:
    ids = full.xpath("//@id")
    assert len(ids) == len(set(ids))
    text = etree.tostring(full, encoding="unicode")
    wanted = set(re.findall(r"url\(#([^)]*)\)", text)) | {
        one[1:] for one in full.xpath("//@href") if one.startswith("#")
    }
    assert wanted <= set(ids)


def test_headings_go_down_one_level_at_a_time(full: lxml_html.HtmlElement) -> None:
    levels = [int(one.tag[1]) for one in full.xpath("//h1|//h2|//h3|//h4|//h5")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_figure_says_in_words_what_it_shows(full: lxml_html.HtmlElement) -> None:
    for svg in full.xpath("//svg[not(@class='meter')]"):
        (figure,) = svg.xpath("ancestor::*[@role='img']")
        assert len(figure.get("aria-label")) > 15
    assert len(full.xpath("//figure")) == len(full.xpath("//figcaption")) == 10
    assert all(one.get("alt") for one in full.xpath("//img"))


def test_tables_have_captions_and_heads(full: lxml_html.HtmlElement) -> None:
    for table in full.xpath("//table"):
        assert table.xpath("string(caption)")
        assert table.xpath("thead//th/@scope")
        assert len(table.xpath("tbody/tr")) == len(table.xpath("tbody/tr/th[@scope='row']"))


def test_flipped_samples_carry_their_class_and_kind_for_the_filter(
    full: lxml_html.HtmlElement,
) -> None:
    flipped = full.xpath("//li[contains(@class, 'flip')]")
    candidate, reference = whole().candidate, whole().references["float"]
    assert candidate is not None
    assert len(flipped) == int((candidate.correct != reference.correct).sum())
    assert {one.get("data-label") for one in flipped} <= {str(i) for i in range(len(HOSTILE))}
    assert {one.get("data-kind") for one in flipped} == {"lost", "gained"}
    assert len(full.xpath("//li//img")) == len(flipped)
    assert full.xpath("//fieldset[@hidden]"), "without the script there is nothing to filter with"


def test_a_board_that_is_full_says_so(full: lxml_html.HtmlElement) -> None:
    rows = full.xpath("//section[@aria-labelledby='target']//tbody/tr")
    texts = [" ".join(row.text_content().split()) for row in rows]
    assert any("70,000 bytes60,000" in text and "117 % ✕ over" in text for text in texts)
    assert any("4,000 bytes3,500the gate114 % ✕ over" in text for text in texts)
    assert any("205,000 instructionsnone known" in text for text in texts)


def test_runtimes_that_differ_are_marked_and_where_they_part_is_said(
    full: lxml_html.HtmlElement,
) -> None:
    same, apart = full.xpath("//*[contains(@class, 'matrix')]//table")
    assert [one.text_content() for one in same.xpath(".//tr[3]/td")] == [
        *(same.xpath(".//tbody/tr[3]/td[1]")[0].text_content(), "100", "·")
    ]
    assert apart.xpath(".//tbody/tr[3]/td[2]")[0].text_content() == "0"
    assert len(same.xpath(".//td[@class='off']")) == 4
    said = full.xpath("string(//section[@aria-labelledby='runtimes'])")
    assert "litert differs from tflm on sample 7; not known." in said


def test_figures_follow_the_colours_of_the_page_in_light_and_dark(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert page.count("currentColor") > 10
    body = page.partition("<body>")[2]
    assert not [one for one in ("#1b1f24", "#0072b2", "#d55e00") if one in body]


def test_it_says_what_was_gated_and_how_to_do_it_again(tree: lxml_html.HtmlElement) -> None:
    evidence = tree.xpath("string(//section[@aria-labelledby='evidence'])")
    assert "a" * 64 in evidence
    assert "d" * 64 in evidence
    again = tree.xpath("string(//section[@aria-labelledby='again'])")
    assert "tinygate run examples/digits.toml" in again
    assert 'name = "</pre><script>"\nother' in again


def test_equal_reports_give_equal_pages(page: str) -> None:
    assert render_html(report()) == page


def test_a_report_of_runtimes_alone_has_no_verdict_and_no_figures() -> None:
    made = replace(report(), verdict=None, candidate=None, references={})
    found = lxml_html.document_fromstring(render_html(made))
    assert found.xpath("//section/@aria-labelledby") == ["runtimes", "again"]
    assert not found.xpath("//svg")


def test_every_class_of_100_is_in_the_table_and_the_40_lowest_are_drawn() -> None:
    candidate, reference = drawn(5000, 100, seed=1), drawn(5000, 100, seed=2)
    text = render_html(Report("sweep", None, (), candidate, {"float": reference}))
    assert "the 40 lowest of 100" in text
    table = lxml_html.document_fromstring(text).xpath("//*[@class='tall']//tbody/tr")
    assert len(table) == 100


def test_the_page_of_100_classes_and_18_models_is_under_3_mb() -> None:
    text = render_html(big.report())
    assert len(text.encode()) < MOST_BYTES
    tree = lxml_html.document_fromstring(text)
    shown = tree.xpath("//li[contains(@class, 'flip')]/@data-label")
    assert len(set(shown)) == big.CLASSES
    assert "are on this page, some of every class" in text


def test_inlined_figures_are_well_formed(page: str) -> None:
    figures = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(figures) == 10
    for one in figures:
        etree.fromstring(one.encode())
