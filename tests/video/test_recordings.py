from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from signpipe.video import recordings
from signpipe.video.recordings import Recording, find_duplicates
from signpipe.workspace import sha256_of_file


def ids(groups):
    return [tuple(clip.clip_id for clip in group.clips) for group in groups]


def test_groups_and_what_they_cross(tmp_path):
    contents = {"a": b"1234", "b": b"1234", "c": b"4321", "d": b"12", "e": b"12", "f": b"12"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    clips = [
        Recording("b", tmp_path / "b", "tree", "test"),
        Recording("a", tmp_path / "a", "tree", "train"),
        Recording("c", tmp_path / "c", "tree", "train"),
        Recording("d", tmp_path / "d", "tree", "train"),
        Recording("e", tmp_path / "e", "house", "train"),
        Recording("f", tmp_path / "f"),
        Recording("gone", tmp_path / "gone"),
    ]
    groups = find_duplicates(clips)
    assert ids(groups) == [("a", "b"), ("d", "e", "f")]
    assert [(g.crosses_splits, g.crosses_labels) for g in groups] == [(True, False), (False, True)]
    assert str(groups[0]) == "a (tree, train) = b (tree, test)"
    assert str(groups[1]).endswith(" = f (no label)")


def test_parts_of_a_file_are_the_same_recording_only_if_they_are_the_same_part(tmp_path):
    for name in "xy":
        (tmp_path / name).write_bytes(b"an hour")
    clips = [
        Recording("1", tmp_path / "x", segment="0..1"),
        Recording("2", tmp_path / "x", segment="1..2"),
        Recording("3", tmp_path / "x", segment="1..2"),
        Recording("4", tmp_path / "y", segment="0..1"),
        Recording("5", tmp_path / "y"),
    ]
    assert ids(find_duplicates(clips)) == [("1", "4"), ("2", "3")]


def test_known_hashes_are_not_looked_up():
    nowhere = Path("/no/such/file")
    clips = [Recording(i, nowhere, content=h) for i, h in zip("abc", "xxy", strict=True)]
    assert ids(find_duplicates(clips)) == [("a", "b")]


def test_known_hashes_beside_files_that_are_read(tmp_path):
    for name in "abc":
        (tmp_path / name).write_bytes(b"the same")
    known = sha256_of_file(tmp_path / "a")
    clips = [Recording("a", tmp_path / "a", content=known), Recording("b", tmp_path / "b")]
    assert ids(find_duplicates(clips)) == [("a", "b")]


def test_only_files_of_equal_size_are_read(tmp_path, monkeypatch):
    read = []
    original = recordings.sha256_of_file
    monkeypatch.setattr(
        recordings, "sha256_of_file", lambda path: read.append(path.name) or original(path)
    )
    for name, size in (("a", 1), ("b", 2), ("c", 2), ("d", 3)):
        (tmp_path / name).write_bytes(bytes(size))
    clips = [Recording(path.name, path) for path in sorted(tmp_path.iterdir())]
    assert ids(find_duplicates(clips)) == [("b", "c")]
    assert read == ["b", "c"]


@given(st.lists(st.binary(max_size=2), max_size=12))
@settings(max_examples=50, deadline=None)
def test_every_clip_is_grouped_with_its_equals(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("files")
    clips = []
    for number, content in enumerate(contents):
        path = folder / f"{number:02d}"
        path.write_bytes(content)
        clips.append(Recording(path.name, path))
    together = {frozenset(group) for group in ids(find_duplicates(clips))}
    expected = {
        frozenset(f"{i:02d}" for i, other in enumerate(contents) if other == content)
        for content in contents
        if content and contents.count(content) > 1
    }
    assert together == expected
