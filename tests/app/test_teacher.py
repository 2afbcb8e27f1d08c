"""What the page teaches follows the workspace's clip table."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from signpipe.answers import NOT_SIGNING
from signpipe.app.landmark_worker import TakeLandmarks
from signpipe.app.takes import NewTake
from signpipe.app.teacher import Teacher
from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.forgotten import restore
from signpipe.landmarks.mirror import mirrored
from signpipe.landmarks.pack import Landmarks
from signpipe.recognizer import TaughtRecognizer
from signpipe.settings import ExtractSettings, FinetuneSettings, resolve
from signpipe.training import finetune
from signpipe.workspace import Workspace

SIZE = (640, 480)


@pytest.fixture
def shown(walk) -> Callable[..., Landmarks]:
    """`shown(number, repetition)`: a made-up sign, timed."""

    def make(number: int, repetition: int = 0, frames: int = 20) -> Landmarks:
        made = walk(number, 0, repetition, frames)
        times = np.arange(frames) / 15
        return Landmarks(made.pose, made.left_hand, made.right_hand, times)

    return make


def take(sign: str, landmarks: Landmarks, *, left_handed: bool = False) -> NewTake:
    found = TakeLandmarks(landmarks, *SIZE)
    return NewTake(sign, "ada", found, ExtractSettings(), left_handed)


def takes_of(teacher: Teacher) -> dict[str, int]:
    return {one["sign"]: len(one["takes"]) for one in teacher.summary()["signs"]}


def test_what_is_taught_is_answered_and_kept(shown, tmp_path):
    workspace = Workspace(tmp_path)
    teacher = Teacher(workspace)
    assert teacher.answer(shown(0), *SIZE) is None
    assert teacher.teach(take("tree", shown(0))) == 1
    assert teacher.teach(take("tree", shown(0, 1))) == 2
    assert teacher.teach(take("house", shown(1))) == 1
    again = Teacher(workspace)  # as after a new start
    assert takes_of(again) == {"tree": 2, "house": 1}
    answer = again.answer(shown(0, 2), *SIZE)
    assert answer["answer"] == "tree"
    assert [sign for sign, _ in answer["signs"]] == ["tree", "house"]
    assert sum(share for _, share in answer["signs"]) == pytest.approx(1, abs=1e-3)
    nearest = again.take(answer["nearest"])
    assert nearest["sign"] == "tree" and len(nearest["clip"]["frames"]) == 20
    report = again.summary()["report"]
    assert report["asked"] == 2 and set(report["confused"]["signs"]) == {"tree", "house"}


def test_the_clip_table_is_followed(shown, tmp_path):
    workspace = Workspace(tmp_path)
    teacher = Teacher(workspace)
    for number, sign in enumerate(("tree", "house")):
        teacher.teach(take(sign, shown(number)))
    [tree] = [one["takes"][0]["id"] for one in teacher.summary()["signs"] if one["sign"] == "tree"]
    teacher.remove(tree)
    assert takes_of(teacher) == {"house": 1}
    with pytest.raises(SignpipeError, match="not there any more"):
        teacher.remove(tree)
    restore(workspace, [tree])
    assert takes_of(teacher) == {"house": 1, "tree": 1}
    clips = read_clips(workspace.clips)
    write_clips(workspace.clips, [replace(clip, label="house") for clip in clips.values()])
    assert takes_of(teacher) == {"house": 2}


def test_a_take_that_cannot_be_learned_costs_only_itself(shown, tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    teacher = Teacher(workspace)
    for number, sign in enumerate(("tree", "house", "drink")):
        teacher.teach(take(sign, shown(number)))
    odd, lost, spelt = read_clips(workspace.clips).values()
    labels = {odd.clip_id: "x" * 10_000, spelt.clip_id: " cafe\u0301"}
    clips = read_clips(workspace.clips).values()
    write_clips(workspace.clips, [replace(c, label=labels.get(c.clip_id, c.label)) for c in clips])
    assert takes_of(teacher) == {"house": 1, "caf\u00e9": 1}
    assert odd.clip_id in teacher.summary()["trouble"]
    monkeypatch.setattr(TaughtRecognizer, "save", lambda _: pytest.fail("nothing has changed"))
    assert takes_of(teacher) == {"house": 1, "caf\u00e9": 1}
    monkeypatch.undo()

    write_clips(workspace.clips, [lost, spelt])
    workspace.pack(lost.clip_id).unlink()
    workspace.taught.rename(tmp_path / "away")  # all is to be learned anew
    again = Teacher(workspace)
    assert takes_of(again) == {spelt.label: 1}
    assert lost.clip_id in again.summary()["trouble"]


def test_a_left_handed_signer_teaches_the_same_sign(shown, tmp_path):
    teacher = Teacher(Workspace(tmp_path))
    for number, sign in enumerate(("tree", "house")):
        teacher.teach(take(sign, mirrored(shown(number)), left_handed=True))
    by_right = teacher.answer(shown(1, 1), *SIZE)
    by_left = teacher.answer(mirrored(shown(1, 1)), *SIZE, left_handed=True)
    assert by_right["answer"] == by_left["answer"] == "house"
    for (_, one), (_, other) in zip(by_right["signs"], by_left["signs"], strict=True):
        assert one == pytest.approx(other, abs=0.01)


def test_idle_hands_are_learned_in_pieces(shown, tmp_path):
    teacher = Teacher(Workspace(tmp_path))
    teacher.teach(take("tree", shown(0)))
    assert not teacher.summary()["idle"]
    assert teacher.teach(take("", shown(3, frames=150))) == 1  # ten seconds are one take
    assert teacher.summary()["idle"]
    assert takes_of(teacher) == {"tree": 1}
    assert teacher.answer(shown(3, 1), *SIZE)["answer"] == NOT_SIGNING


def test_a_recogniser_that_cannot_be_written_costs_no_take(shown, tmp_path, monkeypatch, capfd):
    def full(*_: object) -> None:
        raise SignpipeError("no space is left on the disk")

    teacher = Teacher(Workspace(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(TaughtRecognizer, "save", full)
        assert teacher.teach(take("tree", shown(0))) == 1
        assert teacher.answer(shown(0, 1), *SIZE)["answer"] == "tree"
    assert "no space is left" in capfd.readouterr().err
    assert takes_of(Teacher(Workspace(tmp_path))) == {"tree": 1}


def test_nothing_is_made_before_something_is_taught(tmp_path):
    workspace = Workspace(tmp_path)
    teacher = Teacher(workspace)
    teacher.load()
    assert teacher.summary()["signs"] == [] and not any(tmp_path.iterdir())


def test_a_fine_tuned_recogniser_can_answer(signs_workspace, small, walk):
    settings = resolve(FinetuneSettings, changes={**small, "epochs": 1})
    finetune.run(signs_workspace, settings, from_scratch=True)
    teacher = Teacher(signs_workspace)
    [run] = teacher.summary()["runs"]
    assert teacher.answer(walk(0, 0, 0), *SIZE) is None
    with pytest.raises(SignpipeError, match="no recogniser of a run"):
        teacher.use("../other")
    teacher.use(run)
    summary = teacher.summary()
    assert summary["used"] == run and summary["own"] == ["drink", "house", "tree"]
    answer = teacher.answer(walk(0, 0, 0), *SIZE)
    assert {sign for sign, _ in answer["signs"]} == {"drink", "house", "tree"}
    assert answer["nearest"] is None
    teacher.use("")
    assert teacher.answer(walk(0, 0, 0), *SIZE) is None
