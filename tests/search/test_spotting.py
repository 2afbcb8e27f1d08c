"""spot: from a long recording to lines, CSV and an ELAN file that agree."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from signpipe.answers import Answer
from signpipe.cli import app
from signpipe.model.rejection import Rejection
from signpipe.search.spot_files import sign_file
from signpipe.search.spotting import SpottedSign
from signpipe.video.write import write_video


@pytest.fixture(scope="module")
def folder(gesture_recognizer):
    return gesture_recognizer


@pytest.fixture(scope="module")
def recording(two_gestures):
    return two_gestures[0]


def spot(*words: object) -> tuple[int, list[str], str]:
    done = CliRunner().invoke(app, ["spot", *map(str, words)])
    return done.exit_code, done.stdout.splitlines(), done.stderr


def test_lines_csv_and_elan_agree(folder, recording, tmp_path):
    pympi = pytest.importorskip("pympi", reason="the extra elan is not installed")
    where = ("--recognizer", folder, "--workers", 1)
    code, lines, _ = spot(recording, *where, "--json", "--out", tmp_path / "signs.jsonl")
    rows = [json.loads(line) for line in lines]
    assert code == 0 and (tmp_path / "signs.jsonl").read_text().splitlines() == lines
    assert len(rows) == 2 and rows[0]["end"] <= rows[1]["start"]
    assert {p["sign"] for p in rows[0]["predictions"]} == {"wave", "drum"}
    assert sum(p["probability"] for p in rows[0]["predictions"]) == pytest.approx(1)
    assert spot(recording, *where, "--out", tmp_path / "signs.csv")[0] == 0
    with (tmp_path / "signs.csv").open(newline="") as handle:
        table = list(csv.DictReader(handle))
    assert [float(row["start"]) for row in table] == [row["start"] for row in rows]
    assert [row["answer"] for row in table] == [row["answer"] for row in rows]
    made = tmp_path / "elan" / "signs.eaf"
    assert spot(recording, *where, "--out", made)[0] == 0
    document = pympi.Elan.Eaf(str(made))
    assert list(document.get_tier_names()) == ["signpipe", "signpipe-answers"]
    found = sorted(document.get_annotation_data_for_tier("signpipe"))
    assert [(start, end, gloss) for start, end, gloss in found] == [
        (round(1000 * row["start"]), round(1000 * row["end"]), row["answer"]) for row in rows
    ]
    assert document.get_parameters_for_tier("signpipe-answers")["PARENT_REF"] == "signpipe"
    hanging = sorted(document.get_ref_annotation_data_for_tier("signpipe-answers"))
    for row, (start, end, known, gloss) in zip(rows, hanging, strict=True):
        assert (start, end) == (round(1000 * row["start"]), round(1000 * row["end"]))
        assert gloss == row["answer"]
        assert known == ", ".join(f"{p['sign']} {p['probability']:.0%}" for p in row["predictions"])
    (media,) = document.get_linked_files()
    assert media["MEDIA_URL"] == f"file://{recording}" and media["MIME_TYPE"] == "video/mp4"
    assert (made.parent / media["RELATIVE_MEDIA_URL"]).resolve() == recording
    before = made.read_bytes()
    code, _, errors = spot(recording, *where, "--out", made)
    assert code == 2 and "somebody may have corrected it" in errors.replace("\n", " ")
    assert made.read_bytes() == before


def test_none_of_these_is_an_empty_annotation(folder, recording, tmp_path):
    pympi = pytest.importorskip("pympi", reason="the extra elan is not installed")
    from signpipe.recognizer import Recognizer
    from signpipe.search.elan_suggestions import ElanSuggestions
    from signpipe.search.spotting import each

    with Recognizer.load(folder) as recognizer:
        strict = recognizer.card.model_copy(update={"rejection": Rejection(threshold=-1e9)})
        recognizer._card = strict
        signs = list(each(recording, recognizer, workers=1))
        always = list(each(recording, recognizer, workers=1, always=True))
    assert [sign.is_sign for sign in signs] == [False, False]
    assert [sign.is_sign for sign in always] == [True, True]
    suggestions = ElanSuggestions(tmp_path / "x.eaf", recording, top=1)
    for sign in signs:
        suggestions.add(sign)
    suggestions.save()
    document = pympi.Elan.Eaf(str(tmp_path / "x.eaf"))
    assert [v for _, _, v in document.get_annotation_data_for_tier("signpipe")] == ["", ""]
    known = document.get_ref_annotation_data_for_tier("signpipe-answers")
    assert [value for _, _, value, _ in known] == [sign.named(1) for sign in signs]


def test_a_dictionary_names_signs_by_distance(folder, dictionary, recording):
    code, lines, _ = spot(recording, "-d", dictionary, "--workers", 1, "--json", "--always")
    rows = [json.loads(line) for line in lines]
    assert code == 0 and len(rows) == 2
    for row in rows:
        distances = [found["distance"] for found in row["predictions"]]
        assert distances == sorted(distances) and row["answer"] == row["predictions"][0]["sign"]
        assert {found["sign"] for found in row["predictions"]} == {"drink", "house", "tree"}
    code, _, errors = spot(recording, "-d", dictionary, "--recognizer", folder)
    assert code == 2 and "name one of them" in " ".join(errors.split())


def test_what_cannot_be_read_costs_only_itself(folder, recording, make_clip, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    words = (tmp_path / "broken.mp4", tmp_path / "none.mp4", recording, "--recognizer", folder)
    code, lines, errors = spot(*words, "--workers", 1)
    assert code == 1 and len(lines) == 2
    flat = errors.replace("\n", " ")
    assert (
        "broken.mp4: it cannot be opened as a video" in flat and "none.mp4 cannot be read" in flat
    )
    assert spot(tmp_path / "broken.mp4", "--recognizer", folder)[0] == 2
    code, _, errors = spot(recording, "--recognizer", folder, "--out", tmp_path / "x.txt")
    assert code == 2 and "does not end in .jsonl, .csv or .eaf" in errors.replace("\n", " ")


def test_a_recording_without_people_has_no_signs(folder, tmp_path):
    empty = tmp_path / "empty.mp4"
    write_video(empty, [np.full((64, 64, 3), 90, np.uint8)] * 8, 8)
    code, lines, errors = spot(empty, "--recognizer", folder, "--workers", 1)
    assert (code, lines) == (0, []) and "no person was found" in errors


def test_odd_names_break_no_line_and_no_file(tmp_path):
    pympi = pytest.importorskip("pympi", reason="the extra elan is not installed")
    from signpipe.commands.event_lines import event_line
    from signpipe.commands.spot import _line
    from signpipe.live.answered_stream import AnsweredSign

    odd = "no\ntext \udcff.mp4"
    signs = (("two\nlines\0", 0.7), ("tree", 0.3))
    sign = SpottedSign(odd, 0.0, 1.0, "two\nlines\0", signs)
    event = AnsweredSign(0.0, 1.0, Answer("two\nlines\0", signs))
    for line in (_line(sign, 2), event_line(odd, event, 2)):
        assert len(line.splitlines()) == 1 and "two lines" in line and "tree 30%" in line
    for ending in (".jsonl", ".csv", ".eaf"):
        out = sign_file(tmp_path / f"signs{ending}", [tmp_path / odd], "probability", 2)
        out.add(sign)
        out.save()
    assert json.loads((tmp_path / "signs.jsonl").read_text())["answer"] == sign.answer
    document = pympi.Elan.Eaf(str(tmp_path / "signs.eaf"))
    assert document.get_annotation_data_for_tier("signpipe") == [(0, 1000, "two\nlines")]
