import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from signpipe.answers import NONE_OF_THESE, NOT_SIGNING
from signpipe.errors import SignpipeError
from signpipe.live.taught import Taught
from signpipe.live.taught_folder import read_folder


@pytest.fixture
def taught(taught_folder):
    return Taught(read_folder(taught_folder))


def ids(taught):
    return [take.take_id for take in taught.takes]


def test_it_names_what_it_was_just_taught(taught, rows):
    assert taught.decide(rows[0], rests=False).answer == NONE_OF_THESE
    assert taught.decide(rows[0], rests=True).answer == NOT_SIGNING
    taught.add([("tree", ""), ("house", "")], rows[:2])
    assert taught.card.signs == ("tree", "house")
    assert taught.decide(rows[1], rests=False).answer == "house"
    assert taught.nearest(rows[1]).sign == "house"
    assert taught.nearest(rows[1], "tree").sign == "tree"
    assert taught.nearest(rows[1], "water") is None
    assert taught.logits(rows[0]).shape == (1, 2)
    taught.remove("house")
    assert taught.decide(rows[1], rests=False, always=True).answer == "tree"


def test_what_is_far_from_all_signs_is_none_of_them(taught, rows):
    near = rows[0] + 0.05 * rows[1:4]
    taught.add([("tree", "")] * 3, near)
    assert taught.decide(rows[0], rests=False).answer == "tree"
    assert taught.decide(rows[0], rests=True).answer == NOT_SIGNING
    assert taught.decide(rows[9], rests=False).answer == NONE_OF_THESE
    assert taught.decide(rows[9], rests=True).answer == NOT_SIGNING
    always = taught.decide(rows[9], rests=True, always=True)
    assert (always.answer, always.signs) == ("tree", (("tree", 1.0),))
    taught.add([(NOT_SIGNING, "")], rows[9:10])
    assert taught.decide(rows[9], rests=False).answer == NOT_SIGNING
    assert taught.card.signs == ("tree",)


def test_a_source_that_was_taught_before_is_taught_anew(taught, rows):
    (first,) = taught.add([("tree", "one.mp4")], rows[:1])
    (second,) = taught.add([("house", "one.mp4")], rows[1:2])
    assert taught.takes == (second,) and first.take_id != second.take_id
    taught.add([("house", ""), ("house", "")], rows[2:4])
    assert len(taught.takes) == 3


def test_nothing_stays_that_is_not_saved(taught, taught_folder, rows):
    taught.add([("tree", "")] * 2, rows[:2])
    taught.save()
    taught.remove(ids(taught)[0])
    taught.add([("house", "")], rows[2:3])
    assert [t.sign for t in Taught(read_folder(taught_folder)).takes] == ["tree", "tree"]
    (taught_folder / ".abc.part").touch()  # of a writer that was killed
    taught.save()
    assert not (taught_folder / ".abc.part").exists()
    again = Taught(read_folder(taught_folder))
    assert again.takes == taught.takes and again.card == taught.card
    assert [t.sign for t in again.takes] == ["tree", "house"]


def test_what_another_writes_meanwhile_is_kept(taught, taught_folder, rows):
    taught.add([("tree", "a"), ("house", "b")], rows[:2])
    taught.save()
    other = Taught(read_folder(taught_folder))
    other.add([("water", "c")], rows[2:3])
    other.remove("house")
    other.save()
    taught.add([("tree", "d")], rows[3:4])
    taught.remove("a")
    taught.save()
    for each in (taught, Taught(read_folder(taught_folder))):
        assert sorted(take.source for take in each.takes) == ["c", "d"]
    other.save()
    assert sorted(take.source for take in other.takes) == ["c", "d"]


def test_threads_teach_and_ask_at_the_same_time(taught, taught_folder, rows):
    taught.add([("tree", "")], rows[:1])
    meet = threading.Barrier(8)

    def work(i):
        meet.wait(60)
        for k in range(5):
            at = 1 + (5 * i + k) % 35
            (take,) = taught.add([(f"sign {at}", "")], rows[at : at + 1])
            answer = taught.decide(rows[0], rests=False, always=True)
            assert answer.answer == "tree" and len(answer.signs) >= 2
            if k % 2:
                assert taught.remove(take.take_id) == (take,)
        taught.save()
        return None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(taught.takes) == 1 + 8 * 3
    assert {*ids(Taught(read_folder(taught_folder)))} == {*ids(taught)}


def test_what_cannot_name_a_sign_teaches_nothing(taught, rows):
    with pytest.raises(ValueError, match="cannot name a sign"):
        taught.add([("tree", ""), ("a\nb", "")], rows[:2])
    assert taught.takes == ()


def test_another_encoder_that_has_come_meanwhile_is_told(
    taught, taught_folder, make_encoder, tmp_path, rows
):
    from signpipe.live.learn_reference import no_reference
    from signpipe.live.taught_folder import TAKES_FILE, create_folder

    encoder = make_encoder(1)
    create_folder(tmp_path / "other", encoder, no_reference(encoder))
    (tmp_path / "other" / TAKES_FILE).replace(taught_folder / TAKES_FILE)
    taught.add([("tree", "")], rows[:1])
    with pytest.raises(SignpipeError, match="another encoder"):
        taught.save()
    with pytest.raises(SignpipeError, match="two encoders cannot be mixed"):
        read_folder(taught_folder)


def test_probabilities_are_those_of_the_means(taught, rows):
    taught.add([("tree", ""), ("house", "")], rows[:2])
    answer = taught.decide(rows[0], rests=False)
    logits = taught.logits(rows[0])[0] / taught.card.rejection.temperature
    expected = np.exp(logits) / np.exp(logits).sum()
    assert [share for _, share in answer.signs] == pytest.approx(sorted(expected, reverse=True))
