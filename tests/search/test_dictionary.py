import json
import threading

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.landmarks.pack import Landmarks
from signpipe.search.dictionary import Dictionary, Narrowed


@pytest.fixture
def loaded(dictionary):
    with Dictionary.load(dictionary, cache=False) as found:
        yield found


def test_signs_with_examples_nearest_first(loaded, walk):
    found = loaded.search(walk(1, 0, 0))
    assert loaded.signs == ("drink", "house", "tree")
    assert sorted(one.sign for one in found) == [*loaded.signs]
    assert found[0].sign == "house"
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    first = found[0].examples
    assert len(first) == 3 and first[0].entry.clip_id == "s0/house/0"
    assert first[0].distance == pytest.approx(0, abs=0.01)  # the clip itself
    assert [e.distance for e in first] == sorted(e.distance for e in first)
    assert [one.sign for one in loaded.search(walk(1, 0, 0), top=1)] == ["house"]


def test_another_signers_sign_is_close_and_a_strange_one_is_not(loaded, walk):
    hits = [loaded.search(walk(sign, 8, 0))[0].sign for sign in range(3)]
    assert hits == ["drink", "house", "tree"]
    still = walk(1, 8, 0)
    still = Landmarks(
        *(np.repeat(a[:1], 20, axis=0) for a in (still.pose, still.left_hand, still.right_hand))
    )
    still.right_hand[..., :2] = 0.4 + 0.001 * np.arange(42).reshape(21, 2)
    far = loaded.search(still)
    near = loaded.search(walk(1, 8, 0))
    assert far[0].distance > 2 * near[0].distance
    assert loaded.is_close(near) and not loaded.is_close(far) and not loaded.is_close(())


def test_an_empty_query(loaded, walk, tmp_path):
    with pytest.raises(ValueError, match="no frames"):
        loaded.search(walk(0, 0, 0, frames=0))
    clip = walk(0, 0, 0)
    bare = Landmarks(clip.pose, clip.left_hand, np.full_like(clip.right_hand, np.nan))
    assert loaded.search(bare) == ()
    result = loaded.search_clip(tmp_path / "no.mp4")
    assert result.status == "unreadable" and result.signs == () and result.answer is None


def test_narrowed_to_what_signs_look_like(loaded, walk):
    looks = {entry.traits for entry in loaded.entries}
    assert {one.hands for one in looks} == {1}
    place = next(iter(looks)).place
    assert loaded.search(walk(1, 0, 0), narrowed=Narrowed(hands=2)) == ()
    found = loaded.search(walk(1, 0, 0), narrowed=Narrowed(hands=1, place=place))
    assert {e.entry.place for one in found for e in one.examples} == {place}


def test_threads_find_what_one_finds(loaded, walk):
    clips = [walk(sign, 8, number) for sign in range(3) for number in range(4)]
    alone = [loaded.search(clip) for clip in clips]
    found = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: loaded.search(clips[i])}))
        for i in range(len(clips))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(clips))] == alone


def test_an_example_to_look_at(loaded, walk):
    row = loaded.search(walk(2, 0, 0))[0].examples[0].row
    assert loaded.skeleton(row).shape == (32, 49, 2)
    shown = loaded.landmarks(row)
    assert shown.seen("right_hand").all() and not shown.seen("left_hand").any()
    original = walk(2, 0, 0)
    assert shown.right_hand[0, 0, 1] == pytest.approx(original.right_hand[0, 0, 1], abs=1e-3)
    assert shown.right_hand[0, 0, 0] == pytest.approx(
        4 / 3 * original.right_hand[0, 0, 0], abs=1e-3
    )


def edited(folder, **changes):
    path = folder / "dictionary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_is_wrong_with_a_dictionary_is_one_sentence(dictionary, encoder_file, tmp_path):
    def refused(text):
        with pytest.raises(SignpipeError, match=text):
            Dictionary.load(dictionary)

    with pytest.raises(
        SignpipeError, match="is no dictionary: it has no dictionary.json; make one"
    ):
        Dictionary.load(tmp_path)
    card = (dictionary / "dictionary.json").read_text()
    edited(dictionary, features=7)
    refused("was made by another version: features was 7, is 2; make it again with `signpipe index")
    edited(dictionary, features=2, files="../../../evil")
    refused("dictionary.json: files: String should match pattern")
    (dictionary / "dictionary.json").write_text(card)
    (encoder,) = dictionary.glob("encoder-*")
    own = encoder.read_bytes()
    encoder.write_bytes(encoder_file(1).read_bytes())
    refused("is not the encoder that the dictionary was made with")
    encoder.unlink()
    refused("cannot read .*encoder-.*: No such file or directory; make it again")
    encoder.write_bytes(own)
    (features,) = dictionary.glob("features-*")
    whole = features.read_bytes()
    np.save(features, np.zeros((60, 3), np.float32))
    refused("has 3 numbers a clip, where its encoder makes")
    np.save(features, np.array([{"an": "object"}]), allow_pickle=True)
    refused("cannot read .*features-.*: .*; make it again")
    features.write_bytes(whole[:-8])
    refused("cannot read .*features-")
    features.write_bytes(whole)
    (entries,) = dictionary.glob("entries-*")
    text = entries.read_text()
    entries.write_text(text.replace(",drink,", ",zebra,", 1))
    refused("does not fit .*dictionary.json")
    entries.write_text(text.replace(",1,", ",one,", 1))
    refused("line 2: invalid literal for int")
    entries.write_text(text)
    assert Dictionary.load(dictionary).answer is not None
