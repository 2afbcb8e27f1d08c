import json
import os

import pytest

from signpipe.errors import SignpipeError
from signpipe.live.learn_reference import no_reference
from signpipe.live.taught_folder import (
    ENCODER_FILE,
    REFERENCE_FILE,
    TAKES_FILE,
    create_folder,
    read_folder,
)
from signpipe.model.recognizer_card import CARD_FILE, read_card
from signpipe.model.stream_classifiers import load_recognizer

FILES = (CARD_FILE, ENCODER_FILE, REFERENCE_FILE, TAKES_FILE)


def test_a_new_folder_has_all_it_needs_and_nothing_else(taught_folder):
    assert {path.name for path in taught_folder.iterdir()} == set(FILES)
    card = read_card(taught_folder)
    assert (card.kind, card.signs) == ("taught", ())
    assert read_folder(taught_folder).takes.features.shape == (0, 64)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_cut_off_or_none_is_told(taught_folder, name):
    path = taught_folder / name
    whole = path.read_bytes()
    for content in (b"", b"\x00" * 100, whole[: len(whole) // 2], os.urandom(1000)):
        path.write_bytes(content)
        with pytest.raises(SignpipeError, match=name):
            read_folder(taught_folder)
    path.unlink()
    with pytest.raises(SignpipeError):
        read_folder(taught_folder)


def test_files_of_another_recogniser_are_refused(taught_folder, make_encoder, tmp_path):
    other = make_encoder(1)
    create_folder(tmp_path / "other", other, no_reference(other))
    for name in (ENCODER_FILE, REFERENCE_FILE, TAKES_FILE):
        whole = (taught_folder / name).read_bytes()
        (taught_folder / name).write_bytes((tmp_path / "other" / name).read_bytes())
        with pytest.raises(SignpipeError, match="another encoder"):
            read_folder(taught_folder)
        (taught_folder / name).write_bytes(whole)
    read_folder(taught_folder)


def test_it_is_made_in_an_empty_place_only(make_encoder, tmp_path):
    encoder = make_encoder()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    for place in (tmp_path / "full", encoder):
        with pytest.raises(SignpipeError, match="name another place"):
            create_folder(place, encoder, no_reference(encoder))
    (tmp_path / "empty").mkdir()
    create_folder(tmp_path / "empty", encoder, no_reference(encoder))


def test_one_kind_is_not_taken_for_the_other(taught_folder):
    with pytest.raises(SignpipeError, match="taught recogniser, which has no classifiers"):
        load_recognizer(taught_folder)
    card = json.loads((taught_folder / CARD_FILE).read_text())
    card |= {"kind": "finetuned", "signs": ["a", "b"]}
    (taught_folder / CARD_FILE).write_text(json.dumps(card))
    with pytest.raises(SignpipeError, match="no taught recogniser"):
        read_folder(taught_folder)
