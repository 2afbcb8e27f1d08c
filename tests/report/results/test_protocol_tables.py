import csv

from pages import words

from signpipe.evaluation.schema import Cell, Figures
from signpipe.report.results.protocol_tables import add_protocols


def test_every_evaluation_with_interval_selection_and_how_often_scored(report, evaluation):
    many = [evaluation(f"r{n}", 0.5, scored_before=n) for n in range(5)]
    figures = Figures(top1=0.4, top5=1, mean_class=0.3, mean_class_top5=1, spread={"top1": 0.02})
    cell = Cell(of={"shots": 3, "features": "random"}, clips=9, streams={"both": figures})
    few = evaluation(
        "few", protocol="few-shot", split="test", summary=[cell], signers=list("abcdefg")
    )
    add_protocols(report, [*many, few], {"test": 4, "val": 5})
    text = words(report.page.html()).replace("\u2060", "")
    assert "r0 val 4 joint 50.0 (25.0\N{EN DASH}75.0)" in text
    assert "few 3 random 9 40.0 ± 2.0" in text
    assert "r0, r1, r2 and 2 more protocol finetuned split val split from as given" in text
    assert "clips 4 signs 3 of 3 signers 2: ann, ben selection by val" in text
    assert "split scored before never to 4 times" in text
    assert "7: a, b, c, d, e and 2 more" in text
    assert "Scored so far in this workspace: test 4 times, val 5 times." in text
    with open(report.folder / "protocols.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["evaluation"] for row in rows] == ["r0", "r1", "r2", "r3", "r4", "few"]
    assert [row["split scored before"] for row in rows] == ["0", "1", "2", "3", "4", "2"]
    assert rows[-1]["signers"] == "7: a, b, c, d, e, f, g"


def test_nothing_evaluated(report):
    add_protocols(report, [], {})
    assert report.missing == [("the accuracy of any run", "signpipe evaluate -w here")]
    assert "<table" not in report.page.html()
