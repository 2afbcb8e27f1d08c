import numpy as np

from signpipe.cliptable import Clip
from signpipe.extraction.outcomes import Outcome
from signpipe.report.duplicate_clips import crossing, duplicates_among, fingerprint


def found(*rows, fingerprints=None, splits=None):
    """Duplicates among (clip id, sha256, label, signer, split, more of the outcome)."""
    clips = [Clip(r[0], label=r[2], signer=r[3], split=r[4], status="ok") for r in rows]
    outcomes = {}
    for name, content, *_, more in rows:
        values = {"status": "ok", "settings": "s", "pack": name, **more}
        outcomes[name] = Outcome(name, f"/{name}.mp4", sha256=content, **values)
    return duplicates_among(clips, outcomes, fingerprints or {}, splits or {})


def test_the_same_bytes_in_two_splits_are_a_leak_and_come_first():
    groups = found(
        ("a", "1", "x", "s", "train", {}),
        ("b", "1", "x", "s", "train", {}),
        ("c", "2", "x", "s", "test", {}),
        ("d", "2", "y", "s", "train", {}),
        ("e", "3", "x", "s", "val", {}),
    )
    assert [group.clip_ids for group in groups] == [("c", "d"), ("a", "b")]
    assert groups[0].crosses_splits
    assert crossing(groups[0]) == "leak: splits test, train; labels x, y"
    assert not groups[1].crosses_splits
    assert crossing(groups[1]) == ""


def test_different_labels_or_signers_in_one_split_are_a_fault_but_no_leak():
    (group,) = found(("a", "1", "x", "s", "", {}), ("b", "1", "x", "t", "", {}))
    assert not group.crosses_splits
    assert crossing(group) == "signers s, t"


def test_the_split_that_is_used_counts_more_than_an_empty_column():
    rows = [("a", "1", "x", "s", "", {}), ("b", "1", "x", "s", "", {})]
    (group,) = found(*rows, splits={"a": "train", "b": "val"})
    assert group.crosses_splits


def test_a_missing_split_is_no_second_split():
    (group,) = found(("a", "1", "x", "s", "train", {}), ("b", "1", "x", "s", "", {}))
    assert not group.crosses_splits


def test_segments_of_one_file_are_several_recordings():
    first, second = {"segment": "0..1"}, {"segment": "1..2"}
    rows = [("a", "1", "x", "s", "train", first), ("b", "1", "y", "s", "test", second)]
    assert not found(*rows)
    (group,) = found(*rows, ("c", "1", "x", "s", "test", first))
    assert group.clip_ids == ("a", "c") and group.crosses_splits


def test_imported_clips_are_compared_by_landmarks_not_by_their_common_pack():
    more = {"settings": "", "pack": "many"}
    rows = [(name, "pack", "x", "s", "", more) for name in "abc"]
    (group,) = found(*rows, fingerprints={"a": "1", "b": "2", "c": "1"})
    assert group.clip_ids == ("a", "c")


def test_files_without_landmarks_and_without_fingerprint_are_left_out():
    empty = {"status": "empty", "pack": ""}
    assert not found(("a", "0", "x", "s", "", empty), ("b", "0", "x", "s", "", empty))
    assert not found(("a", "", "x", "s", "", {}), ("b", "", "x", "s", "", {}))
    assert not duplicates_among([Clip("a"), Clip("b")], {}, {}, {})


def test_one_bit_changes_the_fingerprint(walk):
    one, same = walk(0, 0, 0), walk(0, 0, 0)
    assert fingerprint(one) == fingerprint(same)
    same.right_hand[3, 4, 0] = np.nextafter(same.right_hand[3, 4, 0], np.float32(1))
    assert fingerprint(one) != fingerprint(same)
