from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signpipe.cliptable import (
    Clip,
    Label,
    count_by,
    read_clips,
    read_labels,
    update_clips,
    write_clips,
)
from signpipe.errors import SignpipeError
from signpipe.tables import csv_text

ONE = Clip("a/1", "/v/a/1.mp4", "a", "anna", "train", 30, 25.0, 320, 240, 1.0, 0.5, 0.333, "ok")
TWO = Clip("a/2", '/v/"a",\n2.mp4', status="failed", reason="it hung, for long")


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    assert read_clips(path) == {}
    write_clips(path, [ONE, TWO])
    assert read_clips(path) == {"a/1": ONE, "a/2": TWO}
    assert path.read_text().startswith("clip_id,source,label,signer,split,frames,")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_reads_what_spreadsheets_save(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "clips.csv"
    text = "clip_id,label,frames,own\r\nx,hé,7,remark\r\ny,,,\r\n".replace(",", delimiter)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    clips = read_clips(path)
    own = (("own", "remark"),), (("own", ""),)
    assert clips == {
        "x": Clip("x", label="hé", frames=7, extra=own[0]),
        "y": Clip("y", extra=own[1]),
    }
    # A column of the person's own outlives an update, also beside clips that do not have it.
    updated = update_clips(path, [Clip("x", frames=8), Clip("z")])
    assert read_clips(path)["x"] == updated["x"] == Clip("x", label="hé", frames=8, extra=own[0])
    assert read_clips(path)["z"] == Clip("z", extra=own[1])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("label\nx\n", "no column clip_id"),
        ("clip_id,frames\nx,many\n", "line 2: 'many' in column frames"),
        ("clip_id,fps\nx,nan\n", "line 2: 'nan' in column fps"),
        ("clip_id\nx\nx\n", "line 3: clip_id 'x' occurs twice"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "clips.csv").write_text(text)
    with pytest.raises(SignpipeError, match=complaint):
        read_clips(tmp_path / "clips.csv")


def test_update_keeps_what_is_the_persons(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    write_clips(path, [replace(ONE, label="edited", signer="", split="test"), TWO])
    new = Clip("a/3", label="a")
    after = update_clips(path, [replace(ONE, frames=31), new])
    assert list(after) == ["a/1", "a/2", "a/3"]
    edited = after["a/1"]
    assert (edited.label, edited.signer, edited.split) == ("edited", "", "test")
    assert edited.frames == 31 and after["a/2"] == TWO and after["a/3"] == new
    assert read_clips(path) == after


def test_given_labels_override_where_they_say_something(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    labels = {"a/1": Label("a/1", "new", None, ""), "unknown": Label("unknown", "x")}
    after = update_clips(path, [ONE], labels)
    assert (after["a/1"].label, after["a/1"].signer, after["a/1"].split) == ("new", "anna", "")
    assert list(after) == ["a/1"]


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    update_clips(path, [ONE, TWO])
    before = path.stat().st_mtime_ns
    update_clips(path, [ONE, TWO])
    assert path.stat().st_mtime_ns == before


def test_labels_files(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("path,label,signer\na.mp4,A,anna\nb.mp4,,\n")
    assert read_labels(path).labels == (Label("a.mp4", "A", "anna"), Label("b.mp4", "", ""))
    path.write_text("clip_id;split\nx;Validation \n")
    assert read_labels(path).labels == (Label("x", None, None, "val"),)
    path.write_text("File, Gloss,remark\na.mp4, drink \n")
    file = read_labels(path)
    assert file.labels == (Label("a.mp4", "drink"),) and file.labels[0].line == 2
    assert file.columns.names == {"path": "File", "label": "Gloss"}
    assert file.columns.unused == ("remark",)
    path.write_text("clip_id,file,label\na,signs.h5,A\nb,signs.h5,B\n")
    assert [label.key for label in read_labels(path).labels] == ["a", "b"]
    path.write_bytes("path,label\na.mp4,Caf\u00e9\n".encode("cp1252"))
    assert read_labels(path).labels == (Label("a.mp4", "Caf\u00e9"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("clip,name\nx,y\n", "columns clip, name: none of them is label or signer or split"),
        ("name,label\nx,y\n", "columns name, label: none of them is path or clip_id"),
        ("path,label\n,y\n", "line 2 names no clip: path is empty"),
        ("path,label\n", "has no rows"),
        ("path,label\na,x\nb,x\na,x\n", "lines 2 and 4: both are of the clip 'a'"),
        ("path,split\na,tain\nb,val\nc,0.8\n", "line 2: 'tain'; line 4: '0.8'; name one of"),
    ],
)
def test_labels_files_that_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(SignpipeError, match=complaint):
        read_labels(tmp_path / "labels.csv")


NAMES = ("path", "Video", "clip_id", "label", "Gloss", "signer", "split", "frames", "pose", "own")
LINES = st.lists(
    st.lists(st.sampled_from((*NAMES, "", "val", "Dev ", "1", "0,5", "'=", "x\ny")) | st.text())
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary() | LINES.map(csv_text).map(str.encode), st.permutations(NAMES))
def test_any_bytes_are_rows_or_one_sentence(
    tmp_path: Path, content: bytes, header: list[str]
) -> None:
    path = tmp_path / "any.csv"
    for data in (content, csv_text([header[:4]]).encode() + content):
        path.write_bytes(data)
        with suppress(SignpipeError):
            assert read_labels(path).labels
        path.write_bytes(data)
        try:
            clips = read_clips(path)
        except SignpipeError as error:
            assert "any.csv" in str(error)
            continue
        # What was understood is written so that it is read the same, but for numbers' last digits.
        write_clips(path, clips.values())
        again = read_clips(path)
        fields = ("clip_id", "source", "label", "signer", "split", "status", "reason", "extra")
        for name in fields:
            assert [getattr(clip, name) for clip in again.values()] == [
                getattr(clip, name) for clip in clips.values()
            ]


def test_what_a_person_writes_into_the_table_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    path.write_text("Clip_ID;Gloss;signer;split;pose;subject\n x;drink ; ann ;Dev;0,5;mine\n")
    clip = Clip(" x", "", "drink", "ann", "val", pose=0.5, extra=(("subject", "mine"),))
    assert read_clips(path) == {" x": clip}
    path.write_text("clip_id,split\nx,tset\ny,personal\nz,2\n")
    with pytest.raises(SignpipeError, match="line 2: 'tset'; line 4: '2'; name one of these"):
        read_clips(path)
    path.write_text("clip_id,split\nx,a b\n" + "".join(f"{i},{i}\n" for i in range(9)))
    with pytest.raises(SignpipeError, match="line 4: '1' and 7 more; name"):
        read_clips(path)


def test_no_spreadsheet_runs_what_a_clip_is_called(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    clips = [
        Clip("=cmd|' /C calc'!A0", label="@x", signer="+1-2", split="-"),
        Clip("-", label="'="),
    ]
    clips = [replace(clip, split="") for clip in clips]
    write_clips(path, clips)
    assert list(read_clips(path).values()) == clips
    assert all(line.startswith("'") for line in path.read_text().splitlines()[1:])


def test_count_by() -> None:
    assert count_by([ONE, TWO, replace(ONE, clip_id="x")], "label") == {"a": 2, "": 1}
    assert ONE.usable and not TWO.usable
