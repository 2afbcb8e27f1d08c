from dataclasses import replace

import numpy as np
import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.extraction.forgotten import forget
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.landmarks.pack import Landmarks, write_pack
from signpipe.search import embedder, indexing
from signpipe.search.dictionary_folder import read_contents


@pytest.fixture
def embedded(monkeypatch):
    """How many clips were embedded, block by block."""
    counts = []
    rows = embedder.Embedder.rows

    def counting(self, clips):
        counts.append(len(clips))
        return rows(self, clips)

    monkeypatch.setattr(embedder.Embedder, "rows", counting)
    return counts


def test_clips_with_their_labels_signers_and_features(dictionary, signs_workspace):
    contents = read_contents(dictionary)
    clips = read_clips(signs_workspace.clips)
    assert {e.clip_id: (e.label, e.signer, e.source) for e in contents.entries} == {
        c.clip_id: (c.label, c.signer, c.source) for c in clips.values()
    }
    assert contents.card.clips == 60 and contents.card.signs == 3
    assert np.allclose(np.linalg.norm(contents.features, axis=1), 1, atol=1e-5)
    limit = contents.card.rejection
    assert limit.known == limit.unknown == 60
    assert limit.kept >= 0.95 and 0 <= limit.kept_out <= 1


def test_again_nothing_is_done(dictionary, signs_workspace, embedded):
    files = sorted(path.name for path in dictionary.iterdir())
    assert indexing.run(signs_workspace, dictionary).already
    assert embedded == []
    assert sorted(path.name for path in dictionary.iterdir()) == files


def test_changed_labels_follow_and_clips_leave_without_embedding(
    dictionary, signs_workspace, embedded
):
    before = read_contents(dictionary)
    features = {e.clip_id: f.copy() for e, f in zip(before.entries, before.features, strict=True)}
    clips = read_clips(signs_workspace.clips)
    clips["s0/tree/1"] = replace(clips["s0/tree/1"], label="bush")
    write_clips(signs_workspace.clips, clips.values())
    forget(signs_workspace, ["s0/drink/0", "s0/drink/1"])
    result = indexing.run(signs_workspace, dictionary)
    assert (result.added, result.gone, result.relabelled) == (0, 2, 1) and embedded == []
    after = read_contents(dictionary)
    assert {e.clip_id: e.label for e in after.entries}["s0/tree/1"] == "bush"
    assert len(after.entries) == 58
    for entry, row in zip(after.entries, after.features, strict=True):
        assert np.array_equal(row, features[entry.clip_id])
    assert len([*dictionary.glob("features-*")]) == 1


def test_only_new_clips_are_embedded(dictionary, signs_workspace, embedded, walk, tmp_path):
    write_pack(tmp_path / "more.h5", {"more/0": walk(1, 9, 0), "more/1": walk(2, 9, 0)})
    (tmp_path / "more.csv").write_text("clip_id,label,signer\nmore/0,house,s9\nmore/1,,s9\n")
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"], labels=tmp_path / "more.csv")
    result = indexing.run(signs_workspace, dictionary)
    assert embedded == [1] and (result.added, result.unlabelled) == (1, 1)
    assert read_contents(dictionary).card.clips == 61


def test_a_kill_costs_a_block(signs_workspace, encoder_file, tmp_path, monkeypatch, embedded):
    monkeypatch.setattr(indexing, "BLOCK", 16)
    folder, file = tmp_path / "d", str(encoder_file(0))
    counting = embedder.Embedder.rows

    def killed(self, clips):
        if len(embedded) == 2:
            raise KeyboardInterrupt
        return counting(self, clips)

    monkeypatch.setattr(embedder.Embedder, "rows", killed)
    with pytest.raises(KeyboardInterrupt):
        indexing.run(signs_workspace, folder, encoder=file)
    assert embedded == [16, 16] and not (folder / "dictionary.json").exists()
    (growing,) = folder.glob(".growing-*")
    growing.write_bytes(growing.read_bytes()[:-7])  # the last clip is torn
    monkeypatch.setattr(embedder.Embedder, "rows", counting)
    result = indexing.run(signs_workspace, folder, encoder=file)
    assert embedded[2:] == [16, 13] and result.card.clips == 60
    whole = indexing.run(signs_workspace, tmp_path / "whole", encoder=file)
    assert whole.card == result.card
    one, two = read_contents(folder), read_contents(tmp_path / "whole")
    assert np.allclose(one.features, two.features, atol=1e-5)
    assert np.array_equal(one.skeletons, two.skeletons, equal_nan=True)
    assert not [*folder.glob(".growing-*")]


def test_another_encoder_is_refused_unless_redone(dictionary, signs_workspace, encoder_file):
    other = str(encoder_file(1))
    with pytest.raises(SignpipeError, match="is of another encoder than .*; make it again with --"):
        indexing.run(signs_workspace, dictionary, encoder=other)
    before = read_contents(dictionary)
    result = indexing.run(signs_workspace, dictionary, encoder=other, redo=True)
    assert result.added == 60 and result.card.encoder != before.card.encoder
    assert len([*dictionary.glob("encoder-*")]) == 1
    assert not np.allclose(before.features, read_contents(dictionary).features)  # still mapped


def test_clips_of_one_split(dictionary, signs_workspace, tmp_path, encoder_file):
    clips = read_clips(signs_workspace.clips)
    chosen = [replace(c, split="val" if c.signer == "s1" else "train") for c in clips.values()]
    write_clips(signs_workspace.clips, chosen)
    file = str(encoder_file(0))
    assert indexing.run(signs_workspace, tmp_path / "d", encoder=file, split="val").signers == 1
    with pytest.raises(SignpipeError, match="no usable clip of the split 'tset' with a label"):
        indexing.run(signs_workspace, tmp_path / "e", encoder=file, split="tset")


def test_a_clip_without_hands_is_left_out(signs_workspace, encoder_file, tmp_path, walk):
    clip = walk(0, 0, 0)
    bare = Landmarks(clip.pose, clip.left_hand, np.full_like(clip.right_hand, np.nan))
    write_pack(tmp_path / "bare.h5", {"bare": bare})
    (tmp_path / "bare.csv").write_text("clip_id,label\nbare,house\n")
    import_keypoints.run(signs_workspace, [tmp_path / "bare.h5"], labels=tmp_path / "bare.csv")
    result = indexing.run(signs_workspace, tmp_path / "d", encoder=str(encoder_file(0)))
    assert result.without_hands == ("bare",) and result.card.clips == 60


def test_a_damaged_pack_costs_its_clips(signs_workspace, encoder_file, tmp_path, walk):
    write_pack(tmp_path / "more.h5", {"more": walk(0, 0, 0)})
    (tmp_path / "more.csv").write_text("clip_id,label\nmore,house\n")
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"], labels=tmp_path / "more.csv")
    path = signs_workspace.pack("more")
    path.write_bytes(path.read_bytes()[:-100])
    result = indexing.run(signs_workspace, tmp_path / "d", encoder=str(encoder_file(0)))
    assert len(result.failed) == 1 and "more.h5" in result.failed[0] and result.card.clips == 60


def test_folders_of_videos_packs_and_poses(tmp_path, walk, make_clip, encoder_file):
    from signpipe.workspace import Workspace

    folder = tmp_path / "given"
    make_clip(folder / "tree" / "one.mp4", frames=5)
    (folder / "house").mkdir()
    (folder / "house" / "two.pose").write_bytes(pose_bytes(walk(0, 0, 0), 25, 64, 48))
    at, file = Workspace(tmp_path / "none"), str(encoder_file(0))
    result = indexing.run(at, tmp_path / "d", folder, encoder=file, workers=1)
    assert {e.label for e in read_contents(tmp_path / "d").entries} == {"tree", "house"}
    assert result.card.extract is not None
    (folder / "house" / "two.pose").unlink()
    assert indexing.run(at, tmp_path / "d", folder, workers=1).gone == 1
    with pytest.raises(SignpipeError, match="there is no video, pack or .pose file in"):
        indexing.run(at, tmp_path / "e", folder / "house", encoder=file)
    with pytest.raises(SignpipeError, match="there is no file or folder 'nowhere'"):
        indexing.run(at, tmp_path / "e", "nowhere", encoder=file)


def test_nothing_to_index(tmp_path, encoder_file):
    from signpipe.workspace import Workspace

    with pytest.raises(SignpipeError, match="has no usable clip with a label; `signpipe extract"):
        indexing.run(Workspace(tmp_path / "none"), tmp_path / "d", encoder=str(encoder_file(0)))
