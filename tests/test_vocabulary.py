from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.errors import SignpipeError
from signpipe.tables import Table
from signpipe.vocabulary import is_name, look_alikes, split_named, understand


@pytest.mark.parametrize(
    ("written", "split"),
    [
        *((name, "train") for name in ("train", "Train", " TRAINING ")),
        *((name, "val") for name in ("val ", "validation", "Dev", "valid", "development")),
        *((name, "test") for name in ("test", "TEST", "testing")),
        *((name, "unlabelled") for name in ("unlabelled", "Unlabeled")),
        *(("", ""), ("  ", "")),
        *((name, name) for name in ("personal", "Bavaria")),  # a held-out split of one's own
        *((name, None) for name in ("tain", "tets", "dev2", "validaton", "0.8", "1", "x", "a, b")),
        (None, None),
    ],
)
def test_splits(written: object, split: str | None) -> None:
    assert split_named(written) == split


@given(st.text())
def test_a_split_that_was_read_is_read_again(text: str) -> None:
    split = split_named(text)
    assert split is None or split_named(split) == split


def columns(*names: str) -> Table:
    return Table(Path("a.csv"), names, ())


def test_columns_by_the_names_people_use() -> None:
    found = understand(columns("Video", "Gloss", "participant-id", "note"), MEANINGS)
    assert found.names == {"path": "Video", "label": "Gloss", "signer": "participant-id"}
    assert str(found) == (
        "columns path (Video), label (Gloss), signer (participant-id); not used: note"
    )
    assert understand(columns("label", "gloss"), MEANINGS).unused == ("gloss",)
    assert understand(columns(" label", "LABEL", "label"), MEANINGS).names["label"] == "label"
    for names in (("gloss", "sign"), (" label", "LABEL")):
        with pytest.raises(SignpipeError, match="may be the label; rename the right one label"):
            understand(columns(*names), MEANINGS)


MEANINGS = ("path", "clip_id", "label", "signer", "split")


def test_labels_that_look_alike() -> None:
    names = ["drink", "Drink", "thank you", "thank_you", "e\u0301", "\u00e9", "tree", "-", ""]
    assert look_alikes(names) == [
        ("Drink", "drink"),
        ("e\u0301", "\u00e9"),
        ("thank you", "thank_you"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "ශ්\u200dරී",
        "thank you",
        "ś",
        "👩\u200d🦰",
    ],
)
def test_names_of_every_script(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a\nb",
        "hello\u200d",
        "\u200chello",
        "he\u200dllo",
        "\u0645\u06cc\u200c\u200c\u062e\u0648",
        "\u0645\u06cc\u200c",
        "a\u202eb",
    ],
)
def test_what_cannot_be_read_is_no_name(name):
    assert not is_name(name)
