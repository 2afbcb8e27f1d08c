import csv
from dataclasses import replace

import numpy as np
import pytest
from pages import words as words_of

from signpipe.cliptable import read_clips, write_clips
from signpipe.commands.report import show_labels
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate, label_audit
from signpipe.evaluation.predictions import FILE, write_predictions
from signpipe.report import label_report
from signpipe.settings import EvaluateSettings, FinetuneSettings, resolve
from signpipe.training import finetune
from signpipe.workspace import Workspace

OTHER = {"drink": "tree", "tree": "drink", "house": "house"}


@pytest.fixture
def exchanged(signs_workspace) -> Workspace:
    """The workspace of made-up signs, in which s1 has two signs exchanged; s4 is val."""
    rows = read_clips(signs_workspace.clips).values()
    write_clips(
        signs_workspace.clips,
        [
            replace(
                clip,
                split="val" if clip.signer == "s4" else "train",
                label=OTHER[clip.label] if clip.signer == "s1" else clip.label,
            )
            for clip in rows
        ],
    )
    return signs_workspace


def words(result) -> str:
    return words_of(result.path.read_text(encoding="utf-8")).replace("\u2060", "")


def cells(result) -> list[tuple[str, str, str]]:
    return [(cell.signer, cell.label, cell.named) for cell in result.audit.found]


def test_exchanged_labels_are_shown_by_the_encoder_that_comes_with_signpipe(exchanged, capsys):
    result = label_report.run(exchanged)
    assert cells(result) == [("s1", "drink", "tree"), ("s1", "tree", "drink")]
    assert "s1 drink tree 4 train" in words(result)
    assert "data:image/png" in result.path.read_text()
    with open(result.folder / "clips.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["clip_id"] for row in rows} == result.audit.flagged
    show_labels(result)
    assert "to look at: s1, drink: 4 clips, all named tree" in capsys.readouterr().out


def test_what_a_person_has_looked_at_is_no_longer_open(exchanged):
    rows = read_clips(exchanged.clips).values()
    looked = [
        replace(c, extra=(("label_checked", "yes" if c.label == "tree" else ""),)) for c in rows
    ]
    write_clips(exchanged.clips, looked)
    found = label_audit.audit(exchanged)
    assert [(cell.signer, cell.label) for cell in found.found] == [("s1", "drink")]
    assert [(cell.signer, cell.label) for cell in found.checked] == [("s1", "tree")]


def test_evaluations_are_told_with_and_without_flagged_clips(exchanged, small):
    finetune.run(exchanged, resolve(FinetuneSettings, changes={**small, "epochs": 1}))
    evaluate.run(exchanged, EvaluateSettings(bootstrap=100), split="train")
    evaluate.run(exchanged, EvaluateSettings(bootstrap=100), split="val")
    result = label_report.run(exchanged)
    assert "default-train train 8" in words(result)
    assert "default-val val" not in words(result)  # s4 has no flagged clip
    assert read_clips(exchanged.clips).keys() >= result.audit.flagged  # nothing is left out


def test_recognisers_of_cross_signer_are_asked_first(exchanged, small):
    own = {f"finetune.{name}": value for name, value in {**small, "epochs": 1}.items()}
    quick = resolve(EvaluateSettings, changes={"folds": 2, "bootstrap": 100, **own})
    result = evaluate.run(exchanged, quick, protocol="cross-signer", from_scratch=True)
    assert "fine-tuned without" in label_audit.audit(exchanged).how
    # As if they had taken every house of s2 for a tree, and else been right.
    clips = list(read_clips(exchanged.clips).values())
    signs = sorted(OTHER)
    said = ["tree" if (c.signer, c.label) == ("s2", "house") else c.label for c in clips]
    logits = 9 * np.eye(3, dtype=np.float32)[[signs.index(sign) for sign in said]]
    write_predictions(
        result.folder / FILE, clips, signs, dict.fromkeys(("joint", "motion", "both"), logits)
    )
    result = label_report.run(exchanged)
    assert cells(result) == [("s2", "house", "tree")]
    assert "names 93.3% of them rightly" in words(result)


def test_nothing_to_compare(signs_workspace, tmp_path):
    rows = read_clips(signs_workspace.clips).values()
    write_clips(signs_workspace.clips, [replace(clip, signer="") for clip in rows])
    with pytest.raises(SignpipeError, match="no labelled clips of two signers"):
        label_report.run(signs_workspace)
    with pytest.raises(SignpipeError, match="has no clips to report on"):
        label_report.run(Workspace(tmp_path / "nowhere"))
