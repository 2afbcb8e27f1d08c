import csv

from pages import words

from signpipe.evaluation.schema import Cell, Figures
from signpipe.report.results.by_signer import add_signers


def cell(signer, clips, joint, both):
    streams = {
        stream: Figures(top1=top, top5=1, mean_class=top / 2, mean_class_top5=1)
        for stream, top in (("joint", joint), ("motion", 0.125), ("both", both))
    }
    return Cell(of={"signer": signer}, clips=clips, streams=streams, signs=2)


SIGNERS = [cell("ann", 8, 0.25, 0.75), cell("ben", 4, 1.0, 0.25), cell("cy", 40, 0.5, 0.5)]


def rows_of(report, name):
    with open(report.folder / f"{name}.csv", newline="") as file:
        return list(csv.reader(file))


def naming(one):
    """With the table that protocols have which name every clip."""
    one.folder.mkdir(parents=True)
    (one.folder / "predictions.csv").write_text("clip_id\n")
    return one


def test_the_signer_who_fails_most_comes_first(report, evaluation):
    one = naming(evaluation("one", by_signer=SIGNERS))
    add_signers(report, [one], one)
    text = words(report.page.html())
    assert "one val 3 4 25.0 50.0 75.0" in text
    assert "ben 4 2 100.0 12.5 25.0 12.5 cy 40 2 50.0 12.5 50.0 25.0 ann 8 2 25.0" in text
    assert rows_of(report, "signers-one") == [
        ["signer", "clips", "signs", "joint", "motion", "both", "both, mean-class"],
        ["ben", "4", "2", "1.0", "0.125", "0.25", "0.125"],
        ["cy", "40", "2", "0.5", "0.125", "0.5", "0.25"],
        ["ann", "8", "2", "0.25", "0.125", "0.75", "0.375"],
    ]
    assert not report.missing


def test_the_looked_at_and_the_fine_tuned_first_and_all_as_csv(report, evaluation):
    frozen = naming(evaluation("frozen", protocol="knn", by_signer=SIGNERS))
    many = [naming(evaluation(f"r{n}", by_signer=SIGNERS)) for n in range(4)]
    add_signers(report, [frozen, *many], many[2])
    names = [row[0] for row in rows_of(report, "signers")[1:]]
    assert names == ["r2", "r0", "r1", "r3", "frozen"]
    for name in names:
        assert len(rows_of(report, f"signers-{name}")) == 4
    text = words(report.page.html())
    assert "r3, split val: top-1 of each signer's clips" in text
    assert "frozen, split val: top-1" not in text
    assert "only as CSV: frozen." in text


def test_of_a_single_stream(report, evaluation):
    figures = Figures(top1=0.5, top5=1, mean_class=0.25, mean_class_top5=1)
    alone = {"joint": figures}
    by_signer = [Cell(of={"signer": "ann"}, clips=4, streams=alone, signs=2)]
    add_signers(report, [naming(evaluation(streams=alone, by_signer=by_signer))])
    header, row = rows_of(report, "signers-one")
    assert header == ["signer", "clips", "signs", "joint", "joint, mean-class"]
    assert row == ["ann", "4", "2", "0.5", "0.25"]


def test_what_is_without_signers_and_why(report, evaluation):
    older = [naming(evaluation(f"older{n}")) for n in range(3)]
    unknown = naming(evaluation("nameless", signers=[""]))
    add_signers(report, [*older, unknown, evaluation("few", protocol="few-shot")])
    assert report.missing == [
        (
            "the signers of older0 and 2 more, which an older version evaluated",
            "signpipe evaluate --run older0 --split val --redo -w here",
        )
    ]
    text = words(report.page.html())
    assert "Nothing is known of the signers of nameless." in text
    assert "<table" not in report.page.html()


def test_nothing_evaluated(report):
    add_signers(report, [])
    assert report.missing == [("the accuracy of each signer", "signpipe evaluate -w here")]
