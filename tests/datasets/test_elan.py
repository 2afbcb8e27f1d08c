"""ELAN: annotations as clips, bad files, and what spot wrote and a person corrected."""

import itertools
import shutil
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.cliptable import read_clips
from signpipe.datasets.elan import LARGEST, ElanTiers, as_arguments, normalised
from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError
from signpipe.search.elan_suggestions import ElanSuggestions
from signpipe.search.spotting import SpottedSign
from signpipe.workspace import Workspace

pympi = pytest.importorskip("pympi", reason="the extra elan is not installed")


def write(folder, name="talk", link="./talk.mp4", origin=None, people=None, **tiers):
    """An .eaf with these tiers of (start, end, text), and an empty recording beside it."""
    eaf = pympi.Eaf()
    eaf.remove_tier("default")
    for tier, annotations in tiers.items():
        eaf.add_tier(tier, part=(people or {}).get(tier))
        for annotation in annotations:
            eaf.add_annotation(tier, *annotation)
    eaf.add_linked_file(f"file:///elsewhere/{link}", link, "video/mp4", origin)
    eaf.to_file(folder / f"{name}.eaf")
    (folder / "talk.mp4").touch()
    return folder / f"{name}.eaf"


def said(dataset):
    return [(c.label, c.signer, float(c.start), float(c.end)) for c in dataset.clips]


def test_annotations_are_clips_with_the_signer_of_their_middle(tmp_path):
    signs = [(100, 900, "TREE"), (1000, 1800, "two\nlines"), (2000, 2400, ""), (2500, 2600, "X")]
    write(tmp_path, signs=signs, who=[(0, 1300, "Ann"), (1300, 2450, "Bo")])
    dataset = read_dataset("elan", tmp_path, ElanTiers(("signs",), "who"))
    assert said(dataset) == [
        ("TREE", "Ann", 0.1, 0.9),
        ("two lines", "Bo", 1, 1.8),
        ("X", "", 2.5, 2.6),
    ]
    assert dataset.clips[0].end == Fraction(9, 10)
    assert {clip.path for clip in dataset.clips} == {(tmp_path / "talk.mp4").resolve()}


def test_several_tiers_are_refused_unless_named(tmp_path):
    people = {"A": "Ann", "B": "Bo"}
    write(tmp_path, A=[(0, 900, "TREE")], B=[(0, 900, "BOOK")], people=people, empty=[])
    with pytest.raises(SignpipeError, match=r"talk\.eaf has several tiers: 'A', 'B'; name the one"):
        read_dataset("elan", tmp_path)
    dataset = read_dataset("elan", tmp_path, ElanTiers(("A", "B")))
    assert said(dataset) == [("TREE", "Ann", 0, 0.9), ("BOOK", "Bo", 0, 0.9)]


def test_a_missing_tier_names_those_there_are(tmp_path):
    write(tmp_path, "one", glosses=[(0, 900, "TREE")])
    with pytest.raises(SignpipeError, match="has the tier 'signs'; there are 'glosses'"):
        read_dataset("elan", tmp_path, ElanTiers(("signs",)))
    write(tmp_path, "two", signs=[(0, 900, "BOOK")])
    dataset = read_dataset("elan", tmp_path, ElanTiers(("signs",)))
    assert [clip.label for clip in dataset.clips] == ["BOOK"]
    assert "one.eaf: it has no tier 'signs', but 'glosses'" in dataset.problems[0]


def test_bad_files_and_lost_recordings_cost_only_themselves(tmp_path):
    good = write(tmp_path, signs=[(0, 900, "TREE"), (500, 950, "BOOK")])
    write(tmp_path, "lost", link="../../gone.mp4", signs=[(0, 900, "LOST")])
    text = good.read_text()
    bomb = '<!DOCTYPE a [<!ENTITY e "boom">]><ANNOTATION_DOCUMENT'
    (tmp_path / "bomb.eaf").write_text(text.replace("<ANNOTATION_DOCUMENT", bomb, 1))
    (tmp_path / "cut.eaf").write_text(text[: len(text) // 2])
    (tmp_path / "page.eaf").write_text("<html/>")
    with (tmp_path / "huge.eaf").open("wb") as handle:
        handle.truncate(LARGEST + 1)
    untimed = text.replace('TIME_VALUE="900"', "").replace('TIME_VALUE="500"', "")
    (tmp_path / "untimed.eaf").write_text(untimed)
    dataset = read_dataset("elan", tmp_path)
    assert [clip.label for clip in dataset.clips] == ["TREE", "BOOK"]  # though they overlap
    assert [(clip.label, clip.path.name) for clip in dataset.missing] == [("LOST", "gone.mp4")]
    causes = ("DOCTYPE", "no XML", "more than", "no ELAN document", "no start", "no start")
    for problem, cause in itertools.zip_longest(dataset.problems, causes):
        assert cause in problem and ".eaf" in problem


def test_overlaps_are_told(tmp_path, capsys):
    write(tmp_path, signs=[(0, 900, "TREE"), (100, 200, "BOOK"), (300, 400, "CAR"), (900, 990, "")])
    assert len(read_dataset("elan", tmp_path).clips) == 3
    told = capsys.readouterr().err
    assert "2 annotations overlap another" in told and "1 annotation names no sign" in told


def test_annotations_without_times_have_their_parents(tmp_path):
    file = write(tmp_path, origin=250, signs=[(0, 900, "TREE")])
    eaf = pympi.Eaf(file)
    eaf.add_linguistic_type("gloss", "Symbolic_Association", False)
    eaf.add_tier("meaning", "gloss", parent="signs")
    eaf.add_ref_annotation("meaning", "signs", 100, "a tree")
    eaf.to_file(file)
    dataset = read_dataset("elan", tmp_path, ElanTiers(("meaning",)))
    assert said(dataset) == [("a tree", "", 0.25, 1.15)]  # the recording's start was cut off


def test_fifty_thousand_annotations(tmp_path):
    text = write(tmp_path, signs=[(0, 15, "S0")], who=[(0, 2_000_000, "Ann")]).read_text()
    slots = (f'<TIME_SLOT TIME_SLOT_ID="s{t}" TIME_VALUE="{t}" />' for t in range(20, 10**6, 10))
    more = (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="b{t}" TIME_SLOT_REF1="s{t}" '
        f'TIME_SLOT_REF2="s{t + 10}"><ANNOTATION_VALUE>S{t}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        for t in range(20, 10**6, 20)
    )
    text = text.replace("</TIME_ORDER>", "".join(slots) + "</TIME_ORDER>")
    text = text.replace("</TIER>", "".join(more) + "</TIER>", 1)
    (tmp_path / "talk.eaf").write_text(text)
    dataset = read_dataset("elan", tmp_path, ElanTiers(("signs",), "who"))
    assert len(dataset.clips) == 50_000 and not dataset.problems
    assert said(dataset)[-1] == ("S999980", "Ann", 999.98, 999.99)


@pytest.mark.parametrize(
    ("gloss", "alike"),
    [("House-1", "HOUSE"), ("house*", "HOUSE"), ("pt:pro1sg", "PT"), ("HOUSE-2A", "HOUSE")]
    + [("T-SHIRT", "T-SHIRT"), ("*", ""), ("-1", "-1"), ("straße", "STRASSE")],
)
def test_glosses_made_alike(gloss, alike):
    assert normalised(gloss) == alike


def test_a_vocabulary_says_which_glosses_are_clips_and_of_which_sign(tmp_path, capsys):
    write(tmp_path, signs=[(0, 90, "tree-1"), (100, 190, "Oak"), (200, 290, "car")])
    listed = tmp_path / "glosses.csv"
    listed.write_text("TREE\nOAK, TREE\n\n")
    chosen = ElanTiers(normalise=True, vocabulary=listed)
    assert [clip.label for clip in read_dataset("elan", tmp_path, chosen).clips] == ["TREE", "TREE"]
    assert "1 annotation is not in the vocabulary" in " ".join(capsys.readouterr().err.split())
    assert as_arguments(chosen) == ("--normalise-glosses", "--vocabulary", str(listed))
    listed.write_text("\n")
    with pytest.raises(SignpipeError, match="has no gloss"):
        read_dataset("elan", tmp_path, chosen)


def test_what_spot_wrote_and_a_person_corrected_are_clips(tmp_path, demo_clips):
    videos = tmp_path / "videos"
    videos.mkdir()
    recording = videos / "my talk é.mp4"
    shutil.copy(demo_clips / "wave/bo_0.mp4", recording)
    spotted = [(0.0, 0.4, "wave"), (0.5, 0.9, "none of these"), (0.9, 1.2, "drum")]
    suggestions = ElanSuggestions(videos / "talk.eaf", recording, top=1)
    for start, end, name in spotted:
        suggestions.add(SpottedSign(str(recording), start, end, name, (("wave", 0.7),)))
    suggestions.save()
    assert [clip.label for clip in read_dataset("elan", videos).clips] == ["wave", "drum"]
    eaf = pympi.Eaf(videos / "talk.eaf")
    eaf.remove_annotation("signpipe", 700)
    eaf.add_annotation("signpipe", 450, 850, "Drum-1")  # what it did not know
    eaf.remove_annotation("signpipe", 1000)  # what was none
    eaf.add_annotation("signpipe", 1500, 599_000, "Overtime")
    eaf.add_annotation("signpipe", 600_000, 601_000, "late")
    eaf.to_file(videos / "talk.eaf")
    words = ["extract", str(videos), "--dataset", "elan", "--tier", "signpipe", "--workers", "1"]
    words += ["--normalise-glosses", "--workspace", str(tmp_path / "ws")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1  # the recording has no ten minutes
    assert "2 annotations end after the recording" in " ".join(done.stderr.split())
    clips = read_clips(Workspace(tmp_path / "ws").clips).values()
    by = {clip.label: clip.status for clip in clips}
    assert by == {"WAVE": "ok", "DRUM": "ok", "OVERTIME": "ok", "LATE": "empty"}
