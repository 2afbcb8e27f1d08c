import csv
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.extract import run
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import read_outcomes
from signpipe.landmarks.pack import open_pack
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace

MakeClip = Callable[..., Path]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory, make_clip: MakeClip) -> Path:
    """Four clips of two signs, an empty and an unreadable file."""
    folder = tmp_path_factory.mktemp("videos")
    for number, name in enumerate(("hello/a", "hello/b", "bye/a", "bye/b")):
        make_clip(folder / f"{name}.mp4", 4 + number, number)
    (folder / "bye" / "empty.mp4").touch()
    (folder / "bye" / "text.MP4").write_text("text")
    return folder


@pytest.fixture(scope="module")
def finished(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished") / "workspace"
    result = run(Workspace(root), [videos], workers=2)
    assert result.statuses == {"ok": 4, "empty": 1, "unreadable": 1}
    assert (result.clips, result.done_before, result.frames) == (6, 0, 4 + 5 + 6 + 7)
    assert {outcome.clip_id for outcome in result.failures} == {"bye/empty", "bye/text"}
    assert result.labels == {"hello": 2, "bye": 4}
    return root


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(finished, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def times(workspace: Workspace) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in workspace.root.rglob("*.h5")}


def test_outputs(finished: Path, videos: Path) -> None:
    workspace = Workspace(finished)
    clips = read_clips(workspace.clips)
    assert list(clips) == ["bye/a", "bye/b", "bye/empty", "bye/text", "hello/a", "hello/b"]
    assert (clips["hello/b"].frames, clips["hello/b"].fps, clips["hello/b"].label) == (
        5,
        25,
        "hello",
    )
    assert clips["bye/empty"].reason == "the file is empty (0 bytes)"
    with open_pack(workspace.pack("hello/a")) as pack:
        assert pack.clip_ids == ["hello/a"]
        assert len(pack.read(0)) == 4
        assert pack.attributes["source"] == str(videos / "hello" / "a.mp4")
        assert pack.attributes["graph"] == "lean"
        assert json.loads(pack.attributes["settings"]) == ExtractSettings().model_dump()
    outcome = read_outcomes(workspace.outcomes)["hello/a"]
    assert outcome.pack == "hello/a" and outcome.size == (videos / "hello" / "a.mp4").stat().st_size
    assert not [*finished.rglob("*.part")]


def test_second_run_does_nothing(copy: Workspace, videos: Path) -> None:
    before, table = times(copy), copy.clips.stat().st_mtime_ns
    result = run(copy, [videos], workers=2)
    assert (result.done_before, result.frames, result.workers) == (6, 0, 0)
    assert (times(copy), copy.clips.stat().st_mtime_ns) == (before, table)


def test_same_numbers_whatever_the_worker_and_order(
    finished: Path, videos: Path, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "other")
    run(other, [videos / "hello" / "b.mp4", videos / "bye"], workers=1)
    run(other, [videos / "hello" / "a.mp4"], workers=1)
    pairs = {"hello/b": "b", "bye/a": "a", "bye/b": "b-", "hello/a": "a-"}
    outcomes = {o.source: o.clip_id for o in read_outcomes(other.outcomes).values()}
    for clip_id in pairs:
        with open_pack(Workspace(finished).pack(clip_id)) as pack:
            one = pack.read(0)
        with open_pack(other.pack(outcomes[str(videos / f"{clip_id}.mp4")])) as pack:
            two = pack.read(0)
        for part in ("pose", "left_hand", "right_hand", "times"):
            np.testing.assert_array_equal(getattr(one, part), getattr(two, part))


def test_deleted_packs_are_done_again(copy: Workspace, videos: Path) -> None:
    copy.pack("hello/a").unlink()
    assert run(copy, [videos], workers=1).frames == 4


def test_packs_without_a_journal_are_adopted(copy: Workspace, videos: Path) -> None:
    before = read_outcomes(copy.outcomes)
    copy.outcomes.unlink()
    copy.clips.unlink()
    packs = times(copy)
    result = run(copy, [videos], workers=1)
    assert (result.done_before, result.frames) == (4, 0)  # the two without a pack were tried again
    assert times(copy) == packs
    assert read_outcomes(copy.outcomes) == before
    assert len(read_clips(copy.clips)) == 6


def test_changed_touched_and_moved_files(
    copy: Workspace, videos: Path, tmp_path: Path, make_clip: MakeClip
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(videos, moved)
    first = run(copy, [moved], workers=1)  # the originals are still there: these are other clips
    assert first.done_before == 0
    os.utime(moved / "hello" / "a.mp4")
    make_clip(moved / "hello" / "b.mp4", 9, 7)
    second = run(copy, [moved], workers=1)
    assert (second.done_before, second.frames) == (5, 9)
    again = tmp_path / "again"
    moved.rename(again)
    third = run(copy, [again], workers=1)
    assert (third.done_before, third.frames) == (6, 0)


def test_failures_are_retried_when_asked_or_changed(
    copy: Workspace, videos: Path, tmp_path: Path, make_clip: MakeClip
) -> None:
    here = tmp_path / "videos"
    shutil.copytree(videos, here)
    workspace = Workspace(tmp_path / "workspace")
    run(workspace, [here / "bye"], workers=1)
    assert run(workspace, [here / "bye"], workers=1).done_before == 4
    assert run(workspace, [here / "bye"], workers=1, retry_failed=True).done_before == 2
    make_clip(here / "bye" / "empty.mp4", 3)
    result = run(workspace, [here / "bye"], workers=1)
    assert (result.done_before, result.frames) == (3, 3)
    (here / "bye" / "a.mp4").write_text("no longer a video")
    result = run(workspace, [here / "bye"], workers=1)
    assert result.statuses == {"ok": 2, "unreadable": 2}
    assert not workspace.pack("a").exists()


def test_other_settings_are_refused(copy: Workspace, videos: Path) -> None:
    other = ExtractSettings(min_detection_confidence=0.6)
    with pytest.raises(SignpipeError, match="min_detection_confidence was 0.5, is 0.6.*--redo"):
        run(copy, [videos], other, workers=1)
    with pytest.raises(SignpipeError, match="2 clips in .*such as hello/a"):
        run(copy, [videos / "bye"], other, workers=1, redo=True)
    result = run(copy, [videos], other, workers=2, redo=True)
    assert (result.done_before, result.statuses["ok"]) == (0, 4)
    assert run(copy, [videos], other, workers=1).done_before == 6


def test_labels_file(copy: Workspace, videos: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    rows = [
        ("hello/a.mp4", "HELLO", "anna"),
        ("hello/b", "HELLO", "bert"),
        (str(videos / "bye" / "a.mp4"), "BYE", "anna"),
        ("bye/nothing.mp4", "BYE", "carl"),
    ]
    with file.open("w", newline="") as handle:
        csv.writer(handle).writerows([("path", "label", "signer"), *rows])
    result = run(copy, [videos], labels=file, workers=1)
    assert (result.done_before, result.unmatched_labels) == (6, ("bye/nothing.mp4",))
    clips = read_clips(copy.clips)
    assert (clips["hello/b"].label, clips["hello/b"].signer) == ("HELLO", "bert")
    assert clips["bye/a"].label == "BYE"
    assert clips["bye/b"].label == "bye"  # as it was


def test_labels_are_the_persons(copy: Workspace, videos: Path, tmp_path: Path) -> None:
    text = copy.clips.read_text().replace(",hello,", ",greeting,")
    copy.clips.write_text(text)
    copy.pack("hello/a").unlink()
    assert run(copy, [videos], workers=1).labels == {"greeting": 2, "bye": 4}
    unlabelled = Workspace(tmp_path / "none")
    assert run(unlabelled, [videos / "bye"], folder_labels=False, workers=1).labels == {"": 4}


def test_a_layout_is_told_and_kept_from_a_persons_labels(
    tmp_path: Path, make_clip: MakeClip, capsys
) -> None:
    for number, name in enumerate(("HI/anna/a", "HI/bo/a", "BYE/anna/a")):
        make_clip(tmp_path / "videos" / f"{name}.mp4", 2, number)
    workspace, videos = Workspace(tmp_path / "w"), tmp_path / "videos"
    assert run(workspace, [videos], workers=1).labels == {"anna": 2, "bo": 1}
    said = capsys.readouterr().err
    assert "labels from folders, --layout sign: 3 clips, 2 signs: anna 2, bo 1" in said
    text = workspace.clips.read_text().replace(",bo,", ",mine,")
    workspace.clips.write_text(text)
    result = run(workspace, [videos], layout="sign/signer", workers=1)
    assert (result.done_before, result.labels) == (3, {"BYE": 1, "HI": 1, "mine": 1})
    assert read_clips(workspace.clips)["BYE/anna/a"].signer == "anna"
    with pytest.raises(SignpipeError, match="--layout says what folders are"):
        run(workspace, [videos], layout="sign", folder_labels=False)


def test_labels_are_checked_before_the_work(tmp_path: Path, make_clip: MakeClip, capsys) -> None:
    videos = [make_clip(tmp_path / "v" / name / "x.mp4", 2) for name in ("one", "two")]
    workspace, file = Workspace(tmp_path / "w"), tmp_path / "labels.csv"
    file.write_text("path,label\nelsewhere/x.mp4,hi\n")
    with pytest.raises(SignpipeError, match="of its 1 row none is of a clip"):
        run(workspace, videos, labels=file, workers=1)
    assert not list(workspace.root.rglob("*.h5"))
    file.rename(tmp_path / "labels.xlsx")
    with pytest.raises(SignpipeError, match="save it as CSV"):
        run(workspace, videos, labels=tmp_path / "labels.xlsx", workers=1)
    file.write_text("Video,Gloss\nv/one/x.mp4,hi\nv/two/x,hi\n")
    result = run(workspace, videos, labels=file, workers=1)
    assert result.labels == {"hi": 2}
    assert "2 rows, columns path (Video), label (Gloss)" in capsys.readouterr().err


def test_ids_that_would_be_shared(tmp_path: Path, make_clip: MakeClip) -> None:
    one = make_clip(tmp_path / "one" / "hi" / "x.mp4", 2)
    for name in ("one/hi/x.mov", "two/hi/x.mp4", "two/hi/y.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one, tmp_path / name)
    workspace = Workspace(tmp_path / "workspace")
    folders = [tmp_path / "one", tmp_path / "two"]
    run(workspace, folders, workers=1)
    ids = {o.source: o.clip_id for o in read_outcomes(workspace.outcomes).values()}
    assert len(set(ids.values())) == 4
    assert ids[str(tmp_path / "two" / "hi" / "y.mp4")] == "hi/y"
    assert ids[str(tmp_path / "one" / "hi" / "x.mov")] == "hi/x.mov"
    assert ids[str(one)].startswith("hi/x-")
    for clip_id in ids.values():
        with open_pack(workspace.pack(clip_id)) as pack:
            assert pack.clip_ids == [clip_id]
    assert run(workspace, folders[::-1], workers=1).done_before == 4


def test_hard_names(tmp_path: Path, make_clip: MakeClip) -> None:
    one = make_clip(tmp_path / "plain.mp4", 2)
    names = [
        "new\nline",
        'it\'s "so"',
        "手話 مرحبا",
        "n" * 250,
        "...",
        "a. ",
        "b.h5/x",
        "-rf",
        "=1+1",
    ]
    folder = tmp_path / "videos"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one, folder / f"{name}.mp4")
    shutil.copyfile(one, os.path.join(os.fsencode(folder), b"\xff.mp4"))
    coffee = os.path.join(os.fsencode(folder), b"caf\xe9")
    os.mkdir(coffee)
    shutil.copyfile(one, os.path.join(coffee, b"1.mp4"))
    workspace = Workspace(tmp_path / "workspace")
    result = run(workspace, [folder], workers=1)
    assert result.statuses == {"ok": 10} and result.labels[r"caf\udce9"] == 1
    assert len(read_clips(workspace.clips)) == 10
    assert run(workspace, [folder], workers=1).done_before == 10
    assert workspace.pack("手話 مرحبا").exists() and workspace.pack('it\'s "so"').exists()


def test_safe_names() -> None:
    assert safe("hello/1 a's") == "hello/1 a's" and safe("") == ""
    for name in ("a//b", "/etc/x", "a/", "/", "//"):
        assert all(safe(name).split("/")) and safe(name) == safe(safe(name)), name
    for name in ("a\nb", "x" * 300, "é" * 150, "..", ".", "a.", "a.h5", ".a", "a\\b", "\udcff"):
        clip_id = safe(name)
        assert clip_id != name and len(clip_id.encode()) <= 210, name
        assert clip_id.isprintable() and not clip_id.endswith(".") and "\\" not in clip_id
        assert clip_id == safe(name)
    assert safe("a\n") != safe("a\t")
    assert len(safe("/".join(["d" * 190] * 20)).encode()) < 1000


def test_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(SignpipeError, match="no video in .*mp4"):
        run(Workspace(tmp_path / "w"), [tmp_path])
    with pytest.raises(SignpipeError, match="there is no file or folder"):
        run(Workspace(tmp_path / "w"), [tmp_path / "missing"])
    (tmp_path / "a.mp4").touch()
    with pytest.raises(SignpipeError, match="cannot read .*labels.csv"):
        run(Workspace(tmp_path / "w"), [tmp_path], labels=tmp_path / "labels.csv")


def test_importing_the_stage_imports_no_mediapipe() -> None:
    program = "import sys, signpipe.extraction.extract; "
    program += "print({'cv2', 'mediapipe', 'torch'} & {*sys.modules})"
    assert os.popen(f'{sys.executable} -c "{program}"').read().strip() == "set()"


def test_shared_videos(shared_data: Path, tmp_path: Path) -> None:
    """Every odd file ends with its outcome, whatever its neighbours."""
    workspace = Workspace(tmp_path / "workspace")
    result = run(workspace, [shared_data / "videos" / "odd"], workers=2)
    statuses = {clip_id: clip.status for clip_id, clip in read_clips(workspace.clips).items()}
    special = {
        "corrupt-utf8-00335": "unreadable",
        "derived-truncated": "truncated",
        "derived-zero-bytes": "empty",
        "empty-mp4-258bytes": "empty",
        "noperson-donut": "nobody",
    }
    assert statuses == {clip_id: special.get(clip_id, "ok") for clip_id in statuses}
    assert len(statuses) == result.clips == 13
    with h5py.File(workspace.pack("mov-hevc-rot90-noperson")) as file:
        assert (file.attrs["width"], file.attrs["height"]) == (720, 1280)


def test_the_packages_own_clips(demo_clips: Path, tmp_path: Path) -> None:
    paths = sorted(demo_clips.glob("*/*.mp4"))[:2]
    result = run(Workspace(tmp_path / "workspace"), paths, workers=2)
    assert result.statuses == {"ok": 2}
    assert all(clip.pose == 1 for clip in read_clips(tmp_path / "workspace" / "clips.csv").values())
