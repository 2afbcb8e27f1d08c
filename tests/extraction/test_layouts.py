from pathlib import Path

import pytest

from signpipe.cliptable import Clip
from signpipe.extraction.layouts import Place, folder_labels, relabelled, tell_folder_labels

NAMES = ("HELLO/anna/a.mp4", "anna/a.mp4", "a.mp4")


@pytest.mark.parametrize("name", NAMES)  # whichever folder was given
@pytest.mark.parametrize(
    ("layout", "label", "signer"),
    [("sign", "anna", ""), ("sign/signer", "HELLO", "anna"), ("signer/sign", "anna", "HELLO")],
)
def test_layouts(name: str, layout, label: str, signer: str) -> None:
    place = Place(Path("/videos/HELLO/anna/a.mp4"), name)
    (found,) = folder_labels({"x": place}, layout).values()
    assert (found.label, found.signer) == (label, signer)


def test_a_layout_changes_what_no_person_has() -> None:
    clips = [
        Clip("guessed", label="anna"),
        Clip("other layout", label="anna", signer="HELLO"),
        Clip("none"),
        Clip("edited", label="hi"),
        Clip("signed", label="anna", signer="Anna"),
    ]
    place = Place(Path("/v/HELLO/anna/a.mp4"), "HELLO/anna/a.mp4")
    places = {clip.clip_id: place for clip in clips} | {"new": place}
    found = relabelled(places, "sign/signer", {clip.clip_id: clip for clip in clips})
    assert list(found) == ["guessed", "other layout", "none"]
    assert {(label.label, label.signer) for label in found.values()} == {("HELLO", "anna")}


def test_what_folders_are_taken_for_is_told(capsys) -> None:
    deep = {str(i): Place(Path(f"/v/HI/p{i}/a.mp4"), f"HI/p{i % 2}/a.mp4") for i in range(3)}
    tell_folder_labels(deep, None)
    said = capsys.readouterr().err
    assert "labels from folders, --layout sign: 3 clips, 2 signs: p0 2, p1 1" in said
    assert "signs with one clip only, so with none to test by: p1" in said
    assert "give --layout sign/signer, where the outer ones are, --layout signer/sign" in said
    tell_folder_labels(deep, "sign/signer")
    said = capsys.readouterr().err
    assert "--layout sign/signer: 3 clips, 1 sign: HI 3" in said
    assert "all clips are of the one sign 'HI', their folder's name" in said
