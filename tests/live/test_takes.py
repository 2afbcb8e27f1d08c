import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from signpipe.answers import NONE_OF_THESE, NOT_SIGNING
from signpipe.errors import SignpipeError
from signpipe.live.takes import FORMAT, Take, Takes, read_takes, save_takes, sign_name

NAMES = st.sampled_from(["hello", "Käse", "日本", "thank you", "ß", "a/b"])


def some(signs, seed=0, takes=None):
    takes = takes or Takes("abc", np.empty((0, 4), np.float32))
    ids = takes.new_ids(len(signs))
    new = [
        Take(take_id=i, sign=sign, source=f"{sign}.mp4") for i, sign in zip(ids, signs, strict=True)
    ]
    rows = np.random.default_rng(seed).normal(size=(len(signs), 4)).astype(np.float32)
    return takes.added(new, rows)


@given(st.lists(NAMES | st.just(NOT_SIGNING), max_size=12), st.data())
def test_what_is_added_and_not_removed_is_there(signs, data):
    takes = some(signs)
    gone = data.draw(st.sets(st.sampled_from(range(len(signs))))) if signs else set()
    left = takes.without({takes.takes[i].take_id for i in gone})
    kept = [i for i in range(len(signs)) if i not in gone]
    assert [take.sign for take in left.takes] == [signs[i] for i in kept]
    np.testing.assert_array_equal(left.features, takes.features[kept])
    assert set(left.signs) == {signs[i] for i in kept} - {NOT_SIGNING}
    for take, label in zip(left.takes, left.labels, strict=True):
        assert label == (-1 if take.sign == NOT_SIGNING else left.signs.index(take.sign))
    assert len({take.take_id for take in takes.takes}) == len(signs)


def test_what_is_saved_is_read(tmp_path):
    takes = some(["Käse", "日本", NOT_SIGNING, "Käse"])
    save_takes(tmp_path / "t.safetensors", takes)
    found = read_takes(tmp_path / "t.safetensors")
    assert (found.encoder, found.takes) == ("abc", takes.takes)
    np.testing.assert_array_equal(found.features, takes.features)


def test_a_word_names_a_sign_a_take_or_its_source():
    takes = some(["hello", "hello", "tree"])
    first = takes.takes[0]
    assert takes.named("hello") == takes.takes[:2]
    assert takes.named(first.take_id) == (first,)
    assert takes.named("tree.mp4") == takes.takes[2:]
    assert takes.named("nobody") == takes.named("") == ()


def test_one_spelling_of_a_name():
    assert sign_name("  Ka\u0308se ") == "K\u00e4se"
    for bad in ("", "  ", "a\nb", "x" * 201, NONE_OF_THESE, NOT_SIGNING):
        with pytest.raises(ValueError):
            sign_name(bad)


def entry(take_id="a", sign="x"):
    return {"take_id": take_id, "sign": sign, "source": ""}


@pytest.mark.parametrize(
    ("features", "listed", "what"),
    [
        (np.zeros((1, 4), np.float32), "no json", "Expecting value"),
        (np.zeros((1, 4), np.float32), json.dumps([]), "not a row for each of 0"),
        (np.zeros((1, 4), np.float64), json.dumps([entry()]), "not a row"),
        (np.zeros(4, np.float32), json.dumps([entry()] * 4), "not a row"),
        (np.full((1, 4), np.nan, np.float32), json.dumps([entry()]), "NaN"),
        (np.zeros((2, 4), np.float32), json.dumps([entry(), entry()]), "one name"),
        (np.zeros((1, 4), np.float32), json.dumps([entry("../x")]), "take_id"),
        (np.zeros((1, 4), np.float32), json.dumps([entry(sign="a\nb")]), "cannot name a sign"),
        (np.zeros((1, 4), np.float32), json.dumps([entry() | {"more": 1}]), "more"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path, features, listed, what):
    path = tmp_path / "t.safetensors"
    save_file({"features": features}, path, {"format": FORMAT, "encoder": "e", "takes": listed})
    with pytest.raises(SignpipeError, match=f"t.safetensors.*{what}"):
        read_takes(path)


def test_a_file_that_is_none_or_cut_off(tmp_path):
    path = tmp_path / "t.safetensors"
    with pytest.raises(SignpipeError, match="cannot read"):
        read_takes(path)
    save_takes(path, some(["a", "b"]))
    whole = path.read_bytes()
    for cut in (0, 7, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(SignpipeError, match="cannot read"):
            read_takes(path)
    save_file({"other": np.zeros(3)}, path)
    with pytest.raises(SignpipeError, match="holds no takes"):
        read_takes(path)
