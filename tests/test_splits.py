from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.splits import few_labels, left_out, split_clips, tell_left_out


def clips(signers=("",), signs=("a", "b"), each=5, split=""):
    return [
        Clip(f"{signer}/{sign}/{i}", label=sign, signer=signer, split=split, status="ok")
        for signer in signers
        for sign in signs
        for i in range(each)
    ]


def test_a_given_split_is_kept_and_clips_without_one_train():
    given = clips(split="train") + clips(("x",), split="val")
    free = clips(("y",))
    splits = split_clips([*given, *free])
    assert splits.how == "as given, clips without one in train"
    assert splits.of == {c.clip_id: c.split or "train" for c in (*given, *free)}
    assert split_clips(given).how == "as given"


def test_clips_without_a_split_of_signers_held_out_are_left_out_and_counted():
    given = clips(("a", "b"), split="train") + clips(("x", "b"), signs=("c", "d"), split="test")
    table = [*given, *clips(("x",)), *clips(("b",), signs=("e",)), *clips(("p",), split="personal")]
    table += clips(("z",), split="unlabelled")
    lost = [replace(clip, status="failed") for clip in clips(("q",), signs=("a",))]
    of = split_clips(table).of
    assert not [clip_id for clip_id in of if clip_id[:3] in ("x/a", "x/b")]
    # b has clips in train, too, so the split is not by signer.
    assert {of[c.clip_id] for c in clips(("b",), signs=("e",))} <= {"train", "val"}
    assert left_out([*table, *lost]) == [
        "5 labelled clips without landmarks (failed)",
        "10 labelled clips without a split, of signers held out (x); name their split",
        "10 labelled clips of the split unlabelled: learned from without their label",
        "10 labelled clips of the split personal, which `evaluate --split personal` scores",
    ]
    assert left_out(clips()) == []


def test_unlabelled_clips_beside_others_leave_the_drawing_alone():
    free = clips(tuple("pqrst"))
    given = [replace(clip, clip_id=f"{clip.clip_id}+", split="unlabelled") for clip in free]
    alone, beside = split_clips(free), split_clips([*free, *given])
    assert beside.of == alone.of | {clip.clip_id: "unlabelled" for clip in given}
    assert (beside.how, beside.held_out) == (alone.how, alone.held_out)


def test_labels_of_one_sign_written_two_ways_are_named(capsys):
    tell_left_out(clips(signs=("drink", "Drink", "tree")))
    (line,) = capsys.readouterr().err.splitlines()
    assert "'Drink' = 'drink'; where they are one, `signpipe rename OLD NEW` makes them so" in line
    tell_left_out(clips())
    assert not capsys.readouterr().err


def test_without_val_whole_signers_of_train_become_it():
    table = clips(tuple("pqrst"), split="train") + clips(("x",), split="test")
    splits = split_clips(table)
    by_signer = {clip.signer: set() for clip in table}
    for clip in table:
        by_signer[clip.signer].add(splits.of[clip.clip_id])
    assert all(len(found) == 1 for found in by_signer.values())
    assert Counter(min(found) for found in by_signer.values()) == {"train": 4, "val": 1, "test": 1}
    assert "by signer" in splits.how


def test_without_val_and_with_one_clip_a_sign_none_is_taken_and_none_is_claimed():
    splits = split_clips(clips(each=1, split="train"))
    assert set(splits.of.values()) == {"train"}
    assert splits.how == "as given, no val, too few clips"
    assert "val taken from train" in split_clips(clips(each=2, split="train")).how


def test_signers_that_are_drawn_are_held_out_whole():
    splits = split_clips(clips(tuple("pqrst")))
    assert len(splits.held_out) == 2
    given = clips(tuple("pqr"), split="train") + clips(("p",), ("a",), 1, split="test")
    given = [replace(clip, clip_id=str(i)) for i, clip in enumerate(given)]
    splits = split_clips(given)
    held_out = {clip.signer for clip in given if splits.of[clip.clip_id] == "val"}
    assert splits.held_out == held_out and len(held_out) == 1
    assert split_clips(clips(each=5)).held_out == frozenset()  # nobody is known


@given(st.integers(2, 12), st.integers(0, 5))
def test_no_signer_is_in_two_splits(signers, seed):
    table = clips(tuple(f"s{i}" for i in range(signers)))
    splits = split_clips(table, seed)
    assert splits.how == "by signer"
    pairs = {(clip.signer, splits.of[clip.clip_id]) for clip in table}
    assert len(pairs) == signers
    expected = {"train", "val"} if signers == 2 else {"train", "val", "test"}
    assert {split for _, split in pairs} == expected
    assert splits == split_clips(table, seed)


@given(st.randoms())
def test_the_order_of_the_table_does_not_matter(random):
    for table in (clips(each=9), clips(tuple("pqrst"))):
        shuffled = random.sample(table, len(table))
        assert split_clips(shuffled) == split_clips(table)
        assert few_labels(shuffled, 3) == few_labels(table, 3)


@given(st.integers(1, 30))
def test_unknown_signers_are_split_by_sign_and_train_keeps_every_sign(each):
    table = clips(each=each)
    splits = split_clips(table)
    assert "stratified" in splits.how
    for sign in "ab":
        counts = Counter(splits.of[clip.clip_id] for clip in table if clip.label == sign)
        assert counts["train"] >= 1
        assert counts["val"] >= (each >= 2)
        assert counts["test"] >= (each >= 3)
        assert counts["val"] == pytest.approx(0.2 * each, abs=1)


def test_one_sign_cannot_be_learned():
    with pytest.raises(SignpipeError, match="fewer than two signs"):
        split_clips(clips(signs=("a",)))
    with pytest.raises(SignpipeError, match="split train"):
        split_clips(clips(split="test"))


def test_few_labels_come_from_many_signers():
    table = clips(("p", "q", "r"), each=4)
    kept = few_labels(table, 3)
    assert Counter(clip.label for clip in kept) == {"a": 3, "b": 3}
    for sign in "ab":
        assert {clip.signer for clip in kept if clip.label == sign} == {"p", "q", "r"}
    assert few_labels(table, 3) == kept
    assert len(few_labels(table, 99)) == len(table)
