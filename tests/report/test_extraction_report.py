from dataclasses import replace

import numpy as np
import pytest
from pages import words as words_of

from signpipe.cliptable import Label, read_clips, update_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.extraction.clip_worker import settings_fingerprint
from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes, with_landmarks
from signpipe.landmarks.pack import write_pack
from signpipe.report import extraction_report
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace, sha256_of_file

DEFAULTS = settings_fingerprint(ExtractSettings())


def words(result) -> str:
    return words_of(result.path.read_text(encoding="utf-8"))


@pytest.fixture
def extracted(tmp_path, make_clip, walk):
    """Makes a workspace as extract does, of clips `(name, content, label, signer, split)`; clips of
    one content have the same bytes."""

    def make(*rows: tuple[str, int, str, str, str]) -> Workspace:
        workspace = Workspace(tmp_path / "extracted")
        outcomes, labels = [], {}
        for name, content, label, signer, split in rows:
            path = make_clip(tmp_path / "videos" / f"{name}.mp4", seed=content)
            status = path.stat()
            landmarks = walk(content, 0, 0, frames=6)
            made = {"settings": "{}", "source_sha256": sha256_of_file(path)}
            write_pack(workspace.pack(name), {name: landmarks}, made)
            sizes = {"width": 320, "height": 320, "fps": 25.0, "size": status.st_size}
            outcome = Outcome(name, str(path), "ok", pack=name, settings=DEFAULTS, **sizes)
            outcome = replace(outcome, mtime_ns=status.st_mtime_ns, sha256=sha256_of_file(path))
            outcomes.append(with_landmarks(outcome, landmarks))
            labels[name] = Label(name, label, signer, split)
        append_outcomes(workspace.outcomes, outcomes)
        update_clips(workspace.clips, (outcome.clip() for outcome in outcomes), labels)
        return workspace

    return make


def test_a_page_of_imported_clips(signs_workspace):
    result = extraction_report.run(signs_workspace)
    assert result.path == signs_workspace.root / "report" / "extraction.html"
    assert (result.clips, result.duplicates, result.other_handed) == (60, 0, 0)
    assert result.unread == ()
    text = words(result)
    assert "clips 60" in text
    assert "s3 12 100% 0% 100% 100%" in text
    assert "Splits are by signer" in text


def test_nothing_there(tmp_path):
    with pytest.raises(SignpipeError, match="no clips to report on"):
        extraction_report.run(Workspace(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_a_page_that_cannot_be_written_is_one_sentence(signs_workspace):
    with pytest.raises(SignpipeError, match="cannot write"):
        extraction_report.run(signs_workspace, out=signs_workspace.clips / "page.html")


def test_a_file_in_two_splits_is_found_and_so_are_worst_clips(extracted, tmp_path):
    workspace = extracted(
        ("a", 1, "tree", "ann", "train"),
        ("b", 1, "tree", "ann", "test"),
        ("c", 2, "tree", "ann", "train"),
    )
    (tmp_path / "videos" / "c.mp4").unlink()
    result = extraction_report.run(workspace, out=tmp_path / "page.html")
    assert (result.duplicates, result.leaks) == (1, 1)
    text = words(result)
    assert "leak: splits test, train 2 a, b" in text
    # Six frames are few, so all three are shown, also the one whose video is gone.
    assert result.path.read_text().count("data:image/png") == 3


def test_landmarks_that_were_imported_twice_are_found(tmp_path, walk):
    first, other = walk(0, 0, 0), walk(1, 0, 0)
    write_pack(tmp_path / "one.h5", {"a": first, "b": other})
    write_pack(tmp_path / "two.h5", {"c": first})
    workspace = Workspace(tmp_path / "workspace")
    labels = tmp_path / "labels.csv"
    labels.write_text("clip_id,label,split\na,tree,train\nb,tree,val\nc,house,test\n")
    import_keypoints.run(workspace, [tmp_path / "one.h5", tmp_path / "two.h5"], labels=labels)
    result = extraction_report.run(workspace)
    assert (result.duplicates, result.leaks) == (1, 1)
    assert "splits test, train; labels house, tree 2 a, c" in words(result)


def mirrored(landmarks):
    """The same clip in a mirror: MediaPipe then takes each hand for the other."""
    pose, left, right = (
        array.copy() for array in (landmarks.pose, landmarks.right_hand, landmarks.left_hand)
    )
    for array in (pose, left, right):
        array[..., 0] = 1 - array[..., 0]
    return replace(landmarks, pose=pose, left_hand=left, right_hand=right)


@pytest.mark.parametrize("odd_one", [None, "s2"])
def test_a_mirrored_signer_is_found_and_none_where_there_is_none(tmp_path, walk, odd_one):
    clips = {
        f"s{signer}/{sign}/{repetition}": walk(sign, signer, repetition)
        for signer in range(5)
        for sign in range(3)
        for repetition in range(4)
    }
    clips = {
        name: mirrored(c) if name.startswith(f"{odd_one}/") else c for name, c in clips.items()
    }
    write_pack(tmp_path / "pack.h5", clips)
    rows = (f"{name},{name.split('/')[1]},{name.split('/')[0]}" for name in clips)
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(("clip_id,label,signer", *rows)))
    workspace = Workspace(tmp_path / "workspace")
    import_keypoints.run(workspace, [tmp_path / "pack.h5"], labels=labels)
    result = extraction_report.run(workspace)
    assert result.other_handed == (odd_one is not None)
    assert ("s2 12 100% Duplicates" in words(result)) == (odd_one is not None)


def test_a_damaged_pack_is_named_and_the_rest_goes_on(extracted):
    rows = [(f"{signer}{i}", i, "tree", signer, "") for i in range(2) for signer in "abcd"]
    workspace = extracted(*rows)
    pack = workspace.pack("a0")
    data = bytearray(pack.read_bytes())
    data[-100:] = bytes(100)
    pack.write_bytes(data)
    workspace.pack("b0").unlink()
    result = extraction_report.run(workspace)
    assert len(result.unread) == 2
    assert any("a0.h5 is damaged" in reason for reason in result.unread)
    assert "Not everything could be looked at" in words(result)
    assert result.path.read_text().count("data:image/png") == 6


def test_rows_that_a_person_deleted_or_added_columns_to(signs_workspace):
    clips = list(read_clips(signs_workspace.clips).values())
    changed = [replace(clip, extra=(("note", "<b>"),), signer="") for clip in clips[:7]]
    write_clips(signs_workspace.clips, changed)
    result = extraction_report.run(signs_workspace)
    assert result.clips == 7
    assert "No clip with landmarks has a signer" in words(result)


def test_a_journal_that_is_gone_leaves_what_the_table_says(signs_workspace):
    signs_workspace.outcomes.unlink()
    assert read_outcomes(signs_workspace.outcomes) == {}
    result = extraction_report.run(signs_workspace)
    assert result.clips == 60
    assert "s3 12 100% 0% 100% 100%" in words(result)


def test_clips_in_which_nobody_was_found(tmp_path, walk):
    nobody = walk(0, 0, 0)
    nobody.pose[:] = np.nan
    nobody.right_hand[:] = np.nan
    write_pack(tmp_path / "pack.h5", {"a": nobody, "b": walk(0, 0, 0, frames=0)})
    workspace = Workspace(tmp_path / "workspace")
    import_keypoints.run(workspace, [tmp_path / "pack.h5"])
    text = words(extraction_report.run(workspace))
    assert "nobody 1 50%" in text
    assert "a No person was found in any frame." in text
