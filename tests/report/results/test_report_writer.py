import csv
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from pages import words

from signpipe.errors import SignpipeError
from signpipe.pictures.page import Page
from signpipe.report.results.report_writer import Accuracy, ReportWriter, folder_of


def rows_of(path: Path) -> list[list[str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_table_is_in_per_cent_on_the_page_and_in_shares_in_its_csv(report):
    rows = [["a,b", Accuracy(0.5, 0.25, 0.75)], ["c", None], ["d", Accuracy(1, spread=0.125)]]
    report.table("accuracy", ["run", "top-1"], rows, "What was found")
    shown = words(report.page.html()).replace("\u2060", "")
    assert "50.0 (25.0\N{EN DASH}75.0)" in shown
    assert "100.0 ± 12.5" in shown
    assert rows_of(report.folder / "accuracy.csv") == [
        ["run", "top-1", "top-1 low", "top-1 high", "top-1 spread"],
        ["a,b", "0.5", "0.25", "0.75", ""],
        ["c", "", "", "", ""],
        ["d", "1", "", "", "0.125"],
    ]


def test_a_picture_on_the_page_is_the_file_beside_it(report):
    figure = Figure(figsize=(1, 1))
    figure.add_subplot()
    report.figure("curve", figure, "A curve")
    assert (report.folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert report.page.html().count("data:image/png") == 1


def test_what_is_missing_is_said_with_its_command(report):
    report.add_missing("the accuracy", "signpipe evaluate")
    assert report.missing == [("the accuracy", "signpipe evaluate -w here")]
    report.add_missing("the curves", "signpipe pretrain")
    report.add_missing("the signers", "signpipe evaluate")
    assert "signpipe" not in report.page.html()  # till the end, where it is one closed line
    report.finish()
    html = report.page.html()
    assert html.count("<details>") == 1 and "<details open" not in html
    assert "3 parts of this page come with further commands" in words(html)
    assert "signpipe evaluate -w here : the accuracy; the signers" in words(html)


def test_files_of_an_earlier_page_go_and_nobody_elses(report):
    report.csv("old", ["n"], [[1]], "old numbers")
    report.finish()
    mine = report.folder / "mine.csv"
    mine.write_text("n\n1\n")
    outside = report.folder.parent / "outside.csv"
    outside.write_text("n\n1\n")
    with open(report.folder / "contents.csv", "a", encoding="utf-8") as file:
        file.write("../outside.csv,forged\n")
    later = ReportWriter(Page("Results"), report.folder)
    later.csv("new", ["n"], [[2]], "new numbers")
    later.finish()
    there = {path.name for path in report.folder.iterdir()}
    assert there == {"mine.csv", "new.csv", "contents.csv"}
    assert outside.exists()
    assert rows_of(report.folder / "contents.csv")[1:] == [["new.csv", "new numbers"]]


def test_the_files_lie_beside_the_page():
    assert folder_of(Path("some/results.html")) == Path("some/results")
    with pytest.raises(SignpipeError, match="name the page some/results.html"):
        folder_of(Path("some/results"))
