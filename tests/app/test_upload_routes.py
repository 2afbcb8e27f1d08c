"""Uploads: where files land, whatever they are called."""

import asyncio
import csv

import pytest
from starlette.requests import ClientDisconnect

from signpipe.app import uploads
from signpipe.app.uploads import Upload, new_labels, store
from signpipe.cliptable import Clip, write_clips
from signpipe.workspace import Workspace


def send(client, path, content=b"film", **query):
    return client.put("/uploads", params={"path": path, **query}, content=content)


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def stored(workspace):
    return [name for name in files(workspace.root) if not name.startswith(".")]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "w")


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("a.mp4", {}, "videos/_/a.mp4"),
        ("a.MP4", {"sign": "house"}, "videos/house/a.mp4"),
        ("a.mp4", {"sign": "house", "signer": "ada"}, "videos/house/ada/a.mp4"),
        ("a.mp4", {"signer": "ada"}, "videos/_/ada/a.mp4"),
        ("set/house/a.mp4", {"layout": "sign"}, "videos/house/a.mp4"),
        ("set/house/ada/a.mp4", {"layout": "sign/signer"}, "videos/house/ada/a.mp4"),
        ("set/ada/house/a.mp4", {"layout": "signer/sign"}, "videos/house/ada/a.mp4"),
        ("set/ada/house/a.mp4", {"layout": "none"}, "videos/_/a.mp4"),
        ("set/house/a.mp4", {"layout": "sign", "sign": "tree"}, "videos/tree/a.mp4"),
        ("a.pose", {"sign": "house"}, "poses/house/a.pose"),
        ("Frühling 春.webm", {"sign": "春"}, "videos/春/Frühling 春.webm"),
    ],
)
def test_where_files_land(visit, workspace, path, query, place):
    answer = send(visit(workspace), path, **query)
    assert answer.json() == {"path": place}
    assert stored(workspace) == [place]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("../../../evil.mp4", {"layout": "sign/signer"}),
        ("../evil.mp4", {"layout": "sign"}),
        ("/etc/evil.mp4", {"layout": "sign"}),
        ("..\\..\\evil.mp4", {"layout": "sign"}),
        ("evil.mp4", {"sign": ".."}),
        ("evil.mp4", {"sign": "../..", "signer": "/"}),
        ("evil.mp4", {"sign": "a\\..\\b"}),
        ("..mp4/..evil.mp4", {"layout": "sign"}),
        ("a\x00b.mp4", {}),
        ("a\nb\u202e.mp4", {}),
        (".hidden.mp4", {}),
        (f"{'x' * 300}.mp4", {}),
        (f"{'家' * 90}.mp4", {"sign": "家" * 90}),
        ("CON.mp4", {"sign": "-rf"}),
    ],
)
def test_no_name_leaves_the_workspace_or_hides(visit, workspace, tmp_path, path, query):
    answer = send(visit(workspace), path, **query)
    assert answer.status_code == 200, answer.text
    (name,) = stored(workspace)
    assert answer.json() == {"path": name}
    parts = name.split("/")
    assert parts[0] == "videos" and parts[-1].endswith(".mp4")
    assert not any(part.startswith(".") or len(part.encode()) > 255 for part in parts)
    assert not any(ord(letter) < 32 for letter in name)
    assert [p.name for p in tmp_path.iterdir()] == ["w"]


@pytest.mark.parametrize("path", ["", "a.txt", "a.mp4.exe", "mp4", ".mp4", "a.html", "x/", "a.h5"])
def test_only_videos_and_poses(visit, workspace, path):
    answer = send(visit(workspace), path)
    assert answer.status_code == 400 and "neither a video nor a .pose" in answer.json()["error"]
    assert stored(workspace) == []


def test_a_link_in_the_workspace_leads_nowhere(visit, workspace, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (workspace.root / "videos").mkdir(parents=True)
    (workspace.root / "videos" / "house").symlink_to(tmp_path / "elsewhere")
    answer = send(visit(workspace), "a.mp4", sign="house")
    assert answer.status_code == 400 and "leads out of the workspace" in answer.json()["error"]
    assert not [*(tmp_path / "elsewhere").iterdir()]


def test_the_same_name_is_another_file_and_the_same_file_is_kept_once(visit, workspace):
    client = visit(workspace)
    names = [send(client, "a.mp4", content).json()["path"] for content in (b"1", b"22", b"1", b"3")]
    assert names == [f"videos/_/a{end}.mp4" for end in ("", "-2", "", "-3")]
    assert (workspace.root / "videos/_/a-2.mp4").read_bytes() == b"22"


def test_what_is_empty_or_too_large_leaves_nothing(visit, workspace, monkeypatch):
    client = visit(workspace)
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    parts = (b"x" * 300 for _ in range(5))  # of no declared length
    for content in (b"", parts):
        answer = send(client, "a.mp4", content)
        assert answer.status_code == 400, answer.text
    assert stored(workspace) == [] and not [*workspace.root.rglob("*.part")]


def test_an_upload_that_breaks_off_never_appears(visit, workspace):
    (workspace.root / "videos" / "_").mkdir(parents=True)
    left = workspace.root / "videos" / "_" / ".0123456789abcdef.part"  # of a killed server
    left.write_bytes(b"half")
    client = visit(workspace)
    assert send(client, "b.mp4").status_code == 200
    assert not left.exists()

    async def breaking():
        yield b"half of a film"
        assert len([*workspace.root.rglob("*.part")]) == 1
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        asyncio.run(store(workspace, Upload("a.mp4"), breaking()))
    assert stored(workspace) == ["videos/_/b.mp4"] and not [*workspace.root.rglob("*.part")]


def test_a_full_disk_is_said(visit, workspace, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads.os, "fsync", full)
    answer = send(visit(workspace), "a.mp4")
    assert answer.status_code == 507 and "disk is full" in answer.json()["error"].lower()
    assert stored(workspace) == []


def test_labels_are_given_of_new_clips_only(visit, workspace):
    client = visit(workspace)
    for path in ("s/house/ada/a.mp4", "s/tree/bo/b.mp4", "c.mp4"):
        send(client, path, path.encode(), layout="sign/signer")
    done = workspace.root.resolve() / "videos" / "tree" / "bo" / "b.mp4"
    write_clips(workspace.clips, [Clip("b", source=str(done), label="oak")])
    with new_labels(workspace, "videos").open() as file:
        rows = [*csv.DictReader(file)]
    assert rows == [
        {"path": "_/c.mp4", "label": "", "signer": ""},
        {"path": "house/ada/a.mp4", "label": "house", "signer": "ada"},
    ]
    assert new_labels(workspace, "poses") is None
