"""The report as a file: what is in it, what can never be in it, and every shape of run it must bear."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from engine.report.content import Picture, Pictures
from engine.report.page import report_html, report_sections, write_report
from tests.engine.report.synthetic import HOSTILE, made

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Tags with their attributes, the text, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open, self.ids = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


SHAPES = {
    "one trial": {"trials": 1},
    "two trials": {"trials": 2},
    "errors known": {"trials": 512, "quarters": 1},
    "base only": {"scenarios": ("base",)},
    "no weights": {"weights": {}},
    "weights of scenarios that were not run": {"weights": {"flood": 1.0}},
    "nothing sold": {"empty_markets": True},
    "a continued run": {"first_trial": 4096},
    "one quarter": {"quarters": 1},
    "five quarters": {"quarters": 5},
    "one market": {"markets": ("NO",)},
    "fifteen markets": {"markets": tuple(f"M{k}" for k in range(15))},
    "twelve scenarios": {"scenarios": ("base", *(f"s{k}" for k in range(11))), "trials": 4},
    "long names": {"labels": {"text": "a name that goes on and on " * 6, "company": "Long " * 30}},
}


@pytest.fixture(scope="module")
def page():
    return report_html(made().source())


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_run_has_a_report_that_is_well_formed(shape):
    text = report_html(made(**shape).source())
    read = Reader(text)
    assert not read.open
    assert len(read.ids) == len(set(read.ids))
    assert len(text.encode()) < 2_000_000
    words = " ".join(read.text)
    assert not re.search(r"\b(nan|inf|None|Infinity)\b", words)


def test_the_sections_of_the_standard_are_there_the_decision_first(page):
    read = Reader(page)
    sections = [attributes["id"] for tag, attributes in read.tags if tag == "section"]
    assert sections == [
        "decision",
        "scenarios",
        "pnl",
        "cash",
        "concentration",
        "network",
        "unit-economics",
        "customers",
        "backtest",
        "quality",
        "method",
    ]
    words = " ".join(read.text)
    for promised in (
        "000000000003",
        "seed 3",
        "USD",
        "Oct 2026 to Sep 2027",
        "P(alive) = 1 to one-time buyers",
    ):
        assert promised in words


def test_what_is_not_computed_is_listed_with_its_reason_and_never_drawn_empty(page):
    words = " ".join(Reader(page).text)
    for name in (
        "Backtest of earlier vintages",
        "Tornado",
        "lifetime value",
        "Attribution by shock",
        "Threshold former_metric of policy.yaml",
    ):
        assert name in words
    for section in report_sections(made(empty_markets=True).source()):
        for block in section.blocks:
            for picture in block.pictures if isinstance(block, Pictures) else ():
                assert len(picture.chart.marks) > 3


def test_errors_of_few_trials_are_said_to_be_not_available():
    few, many = (" ".join(Reader(report_html(made(trials=n, quarters=1).source())).text) for n in (64, 512))
    assert "errors not available with fewer than 512 trials" in few
    assert "errors not available" not in many
    assert "± n/a" in few
    assert "± n/a" not in many


def test_nothing_is_asked_of_the_outside_and_no_script_runs(page):
    read = Reader(page)
    assert not {tag for tag, _ in read.tags} & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "form",
        "base",
    }
    for _, attributes in read.tags:
        assert not [
            name
            for name in attributes
            if name.startswith("on") or name in {"style", "src", "srcset", "action"}
        ]
        assert all(value.startswith("#") for name, value in attributes.items() if name.endswith("href"))
    policy = next(a["content"] for tag, a in read.tags if tag == "meta" and "http-equiv" in a)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_place_of_data_does_nothing(text):
    plain = Reader(report_html(made(labels={"text": "harmless", "company": "harmless"}).source()))
    names = {"scenarios": ("base", text), "markets": ("NO", text)}
    found = Reader(report_html(made(labels={"text": text, "company": text}, **names).source()))
    kinds = {tag for tag, _ in plain.tags}
    assert {tag for tag, _ in found.tags} <= kinds
    allowed = {name for _, attributes in plain.tags for name in attributes}
    assert {name for _, attributes in found.tags for name in attributes} <= allowed
    assert text in " ".join(found.text)
    assert not found.open


def test_one_run_one_page_byte_for_byte(tmp_path):
    for name in ("one", "two"):
        run = made(trials=5)
        write_report(tmp_path / name, run.summary(), run.manifest, run.cube)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_run_made_before_the_manifest_kept_history_and_terms_still_has_a_report():
    run = made()
    for key in ("history", "terms", "ties", "listed_figures", "customers"):
        del run.manifest[key]
    words = " ".join(Reader(report_html(run.source())).text)
    assert "the manifest of this run does not hold the suppliers' origin" in words


def pictures(source):
    for section in report_sections(source):
        for block in section.blocks:
            if isinstance(block, Picture):
                yield block
            elif isinstance(block, Pictures):
                yield from block.pictures


def test_every_chart_has_a_table_and_shows_itself_in_notebooks():
    source = made(trials=4, labels={"text": "$x_1$ & <b>"}).source()
    found = list(pictures(source))
    assert len(found) > 15
    for picture in found:
        assert picture.table.rows
        assert picture.table.caption
        assert Reader(picture.chart._repr_svg_()).tags[0][0] == "svg"


def test_no_mark_of_a_chart_lies_outside_its_picture():
    for shape in SHAPES.values():
        if shape.get("trials", 0) > 100:
            continue
        for picture in pictures(made(**shape).source()):
            chart = picture.chart
            for mark in chart.marks:
                points = [mark.at] if hasattr(mark, "at") else mark.points
                for x, y in points:
                    assert np.isfinite([x, y]).all()
                    assert -1.0 <= x <= chart.width + 1.0, picture.title
                    assert -1.0 <= y <= chart.height + 1.0, picture.title
