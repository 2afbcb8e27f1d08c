"""The gallery's answers: pages, filters, skeletons, changes and the bin."""

import errno
import os

import pytest

from signpipe.app import clip_skeletons, gallery
from signpipe.app.gallery import ClipFilter, clip_page
from signpipe.cliptable import Clip, read_clips, write_clips
from signpipe.workspace import Workspace


def test_clips_come_by_sign_and_signer_a_page_at_a_time(visit, signs_workspace):
    client = visit(signs_workspace)
    first = client.get("/clips?count=25").json()
    assert (first["fitting"], first["total"], first["in_bin"], len(first["clips"])) == (
        60,
        60,
        0,
        25,
    )
    second = client.get("/clips?count=25&start=25").json()
    shown = [(c["label"], c["signer"]) for c in first["clips"] + second["clips"]]
    assert shown == sorted(shown)
    by_signer = client.get("/clips?order=signer&count=25").json()["clips"]
    assert {c["signer"] for c in by_signer} == {"s0", "s1", "s2"}
    assert dict(first["facets"]["label"]) == {"drink": 20, "house": 20, "tree": 20}
    assert first["clips"][0]["right_hand"] == 1 and first["clips"][0]["left_hand"] == 0
    last = client.get("/clips?start=999999&count=10").json()
    assert len(last["clips"]) == 1 and last["start"] == 59


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("label=tree", 20),
        ("label=tree&signer=s1", 4),
        ("split=", 60),
        ("split=val", 0),
        ("status=ok&text=HOUSE/3", 5),
        ("label=", 0),
    ],
)
def test_filters(visit, signs_workspace, query, count):
    client = visit(signs_workspace)
    page = client.get(f"/clips?{query}").json()
    assert page["fitting"] == count == len(page["clips"])
    assert len(client.get(f"/clips/ids?{query}").json()["clips"]) == count


def test_an_empty_workspace_has_an_empty_gallery(visit, tmp_path):
    page = visit(Workspace(tmp_path / "none")).get("/clips").json()
    assert page["clips"] == [] and page["total"] == 0


def test_skeletons_of_many_are_read_once(visit, signs_workspace, monkeypatch):
    client = visit(signs_workspace)
    read = []
    stored = clip_skeletons.stored_landmarks
    monkeypatch.setattr(
        clip_skeletons,
        "stored_landmarks",
        lambda w, wanted, failed: read.extend(wanted) or stored(w, wanted, failed),
    )
    ids = ["s0/drink/0", "s4/tree/3", "nothing"]
    found = client.post("/clips/skeletons", json={"clips": ids}).json()["skeletons"]
    assert found["nothing"] is None
    one = found["s0/drink/0"]["landmarks"]
    assert len(one["right_hand"]) == 42 and one["left_hand"] is None
    client.post("/clips/skeletons", json={"clips": ids})
    assert len(read) == 2


def test_one_clip_whole_and_what_is_not_there(visit, signs_workspace):
    client = visit(signs_workspace)
    clip = client.get("/clips/skeleton?clip=s0/drink/0").json()
    assert len(clip["frames"]) == 20 and clip["width"] == 640
    for path in ("/clips/skeleton?clip=none", "/clips/video?clip=s0/drink/0", "/clips/video"):
        answer = client.get(path)
        assert answer.status_code == 400 and answer.json()["error"]


def test_a_change_brings_what_undoes_it(visit, signs_workspace):
    client = visit(signs_workspace)
    before = read_clips(signs_workspace.clips)
    changes = [
        {"clip": "s0/drink/0", "label": "  hot \n tea "},
        {"clip": "s1/tree/2", "signer": ""},
    ]
    undo = client.post("/clips/change", json={"changes": changes}).json()["undo"]
    after = read_clips(signs_workspace.clips)
    assert after["s0/drink/0"].label == "hot tea" and after["s1/tree/2"].signer == ""
    assert client.post("/clips/change", json={"changes": undo}).status_code == 200
    assert read_clips(signs_workspace.clips) == before


@pytest.mark.parametrize(
    "changes",
    [
        None,
        {"clip": "s0/drink/0"},
        [["s0/drink/0", "tea"]],
        [{"label": "tea"}],
        [{"clip": "s0/drink/0", "label": 3}],
        [{"clip": "s0/drink/0", "label": "x" * 101}],
        [{"clip": "s0/drink/0", "label": "a\u202eb"}],
        [{"clip": "s0/drink/0", "split": "vall"}],
        [{"clip": "s0/drink/0", "label": "tea"}, {"clip": "none", "label": "tea"}],
    ],
)
def test_what_cannot_be_a_change_is_refused_whole(visit, signs_workspace, changes):
    before = signs_workspace.clips.read_bytes()
    answer = visit(signs_workspace).post("/clips/change", json={"changes": changes})
    assert answer.status_code == 400 and answer.json()["error"]
    assert signs_workspace.clips.read_bytes() == before


def test_a_change_that_finds_the_disk_full_says_so(visit, signs_workspace, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = signs_workspace.clips.read_bytes()
    client = visit(signs_workspace)
    changes = [{"clip": "s0/drink/0", "label": "tea"}]
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        answer = client.post("/clips/change", json={"changes": changes})
    assert answer.status_code == 507 and "The disk is full" in answer.json()["error"]
    assert signs_workspace.clips.read_bytes() == before


def test_the_bin_takes_and_gives_back(visit, signs_workspace):
    client = visit(signs_workspace)
    before = read_clips(signs_workspace.clips)
    ids = ["s0/drink/0", "s0/drink/1"]
    assert client.post("/clips/forget", json={"clips": ids}).json() == {"clips": ids}
    assert client.get("/clips").json()["fitting"] == 58
    binned = client.get("/clips?bin=1").json()
    assert [clip["id"] for clip in binned["clips"]] == ids and binned["in_bin"] == 2
    client.post("/clips/restore", json={"clips": ids})
    assert read_clips(signs_workspace.clips) == before
    for body in (b"no json", b"[]", b'{"clips": "s0"}', b'{"clips": [1]}', b"[" * 1000):
        assert client.post("/clips/forget", content=body).status_code == 400


def test_a_page_of_many_clips_looks_at_its_own_files_only(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    write_clips(workspace.clips, (Clip(f"clip{n}", label=f"sign {n % 500}") for n in range(12_000)))
    looked = []
    monkeypatch.setattr(gallery, "has_video", lambda outcome: looked.append(outcome))
    page = clip_page(workspace, ClipFilter({"label": "sign 7"}), 0, 10)
    assert (len(page["clips"]), page["fitting"], page["total"]) == (10, 24, 12_000)
    assert len(page["facets"]["label"]) == 500 and not looked
