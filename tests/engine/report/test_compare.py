"""Two runs as a page: the same figures as the table, and what made the runs differ."""

from engine.report.compare import compare_runs, comparison_html
from engine.report.notebook import run_html
from tests.engine.report.synthetic import HOSTILE, made
from tests.engine.report.test_page import Reader


def test_the_page_holds_every_row_of_the_table_and_says_what_differs():
    one, other = made(trials=8), made(trials=8, seed=4)
    other.manifest["inputs"] = {"data/new.csv": "5" * 64}
    rows = compare_runs(one, other)
    read = Reader(comparison_html(one, other, rows))
    words = " ".join(read.text)
    assert not read.open
    assert sum(tag == "tr" for tag, _ in read.tags) > len(rows)
    for text in ("only in A", "only in B", "000000000003", "000000000004", "The assumptions are the same."):
        assert text in words


def test_runs_that_share_only_base_are_compared_on_base():
    one, other = made(scenarios=("base", "slump")), made(scenarios=("base", "flood"))
    rows = compare_runs(one, other)
    assert {row["scenario"] for row in rows} == {"base"}
    words = " ".join(Reader(comparison_html(one, other, rows)).text)
    assert "Only in A: slump." in words
    assert "Only in B: flood." in words


def test_hostile_names_do_nothing_in_the_comparison_and_in_a_notebook():
    for text in HOSTILE:
        run = made(trials=2, scenarios=("base", text), labels={"company": text, "text": text})
        for page in (
            comparison_html(run, run, compare_runs(run, run)),
            run_html(run.manifest, run.summary()),
        ):
            tags = {tag for tag, _ in Reader(page).tags}
            assert not tags & {"script", "img", "iframe"}
            assert "<svg/onload" not in page
