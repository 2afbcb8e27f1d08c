import csv

from pages import words

from signpipe.evaluation.schema import Bin, Calibration, OpenSet, Separation
from signpipe.report.results.open_set import add_open_set, curve


def separation(score: str, auroc: float) -> Separation:
    return Separation(
        score=score,
        unknown="other signs",
        clips=40,
        auroc=auroc,
        false_answers=0.25,
        intervals={"auroc": (0.75, 0.9375), "false_answers": (0.125, 0.5)},
    )


def found(**changes) -> OpenSet:
    bins = (Bin(low=0, high=1, clips=9, confidence=0.5, accuracy=0.25),)
    values = {
        "kept": 0.95,
        "score": "energy",
        "separations": [separation("energy", 0.875), separation("margin", 0.8125)],
        "folds": 3,
        "without_threshold": 1,
        "accuracy": 0.9375,
        "accuracy_with_rejection": 0.90625,
        "rejected": 0.0625,
        "false_answers": {"other signs": 0.375},
        "intervals": {"rejected": (0.03125, 0.25)},
        "calibration": {"known": Calibration(expected_error=0.25, bins=bins)},
        "coverage": [(0.5, 0.125), (1.0, 0.375)],
    }
    return OpenSet(**values | changes)


def test_what_is_told_apart_and_what_it_costs(report, evaluation):
    add_open_set(report, [evaluation("o", protocol="open-set", open_set=found()), evaluation("x")])
    text = words(report.page.html())
    assert "o other signs 40 energy (used) 87.5 (75.0" in text
    assert "o other signs 40 margin 81.2" in text
    assert "o 2 of 3 93.8 90.6 6.2 (3.1" in text
    rows = list(csv.DictReader((report.folder / "open-set-costs.csv").read_text().splitlines()))
    assert [row["other signs named"] for row in rows] == ["0.375"]
    assert rows[0]["idle named"] == "" and rows[0]["ECE"] == "0.25"
    assert (report.folder / "open-set-o.png").exists()
    assert not report.missing


def test_wrong_answers_over_the_share_answered():
    (line,) = curve(found()).axes[0].lines
    assert line.get_xydata().tolist() == [[0.5, 0.125], [1.0, 0.375]]


def test_without_the_protocol_the_command_is_named(report, evaluation):
    add_open_set(report, [evaluation()])
    assert report.missing[0][1] == "signpipe evaluate --protocol open-set -w here"
