import json
import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signpipe.datasets.registry import KNOWN, read_dataset
from signpipe.errors import SignpipeError


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(SignpipeError) as caught:
        read_dataset("wlasl50", tmp_path)
    assert all(name in str(caught.value) for name in ("wlasl50", *KNOWN))
    assert len(KNOWN) == 15


@pytest.mark.parametrize("size", [100, 2000])
def test_subsets_share_their_clips(tmp_path, place, write, size):
    place("videos/00001.mp4")
    instances = [{"video_id": "00001", "split": "train"}]
    write("WLASL_v0.3.json", [{"gloss": "book", "instances": instances}])
    dataset = read_dataset(f"wlasl{size}", tmp_path)
    assert [dataset.prefix + clip.name for clip in dataset.clips] == ["wlasl/00001"]


@pytest.mark.parametrize("name", KNOWN)
def test_a_folder_that_is_not_there(tmp_path, name):
    with pytest.raises(SignpipeError, match="there is no folder"):
        read_dataset(name, tmp_path / "nothing")


@pytest.mark.parametrize("name", KNOWN)
def test_an_empty_folder(tmp_path, name):
    with pytest.raises(SignpipeError, match="has no |no video in"):
        read_dataset(name, tmp_path)


def test_annotations_without_a_clip_are_refused_with_the_first_reason(tmp_path, write):
    write("WLASL_v0.3.json", [{"gloss": "book"}])
    with pytest.raises(SignpipeError, match="have no clip: .*it has no list of instances"):
        read_dataset("wlasl100", tmp_path)


def test_links_to_one_file_are_clips_of_their_own(tmp_path, place, write):
    (tmp_path / "elsewhere").mkdir()
    original = place("elsewhere/a.mp4")
    root = tmp_path / "root"
    (root / "videos").mkdir(parents=True)
    for name in ("00001", "00002"):
        os.symlink(original, root / "videos" / f"{name}.mp4")
    instances = [{"video_id": name, "split": "train"} for name in ("00001", "00002")]
    write("root/WLASL_v0.3.json", [{"gloss": "book", "instances": instances}])
    assert [clip.path for clip in read_dataset("wlasl100", root).clips] == [original] * 2


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
WLASL = st.fixed_dictionaries(
    {},
    optional={
        "video_id": LOOSE | st.sampled_from(["a", "..", "../b", "/b", "\0", "sub/a"]),
        "split": LOOSE | st.sampled_from(["train", "val", "test"]),
        "frame_start": LOOSE | st.integers(-2, 60),
        "frame_end": LOOSE | st.integers(-2, 60),
        "fps": LOOSE | st.just(25),
        "url": LOOSE | st.just("https://youtu.be/abcdefghijk"),
        "signer_id": LOOSE,
    },
)
MSASL = st.fixed_dictionaries(
    {},
    optional={
        "label": LOOSE | st.integers(-1, 101),
        "text": LOOSE,
        "url": LOOSE | st.just("https://youtu.be/abcdefghijk"),
        **dict.fromkeys(("start_time", "end_time", "start", "end", "fps", "signer_id"), LOOSE),
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, demo_clips):
    """A root with a few videos, and one beside it that no annotation may reach."""
    parent = tmp_path_factory.mktemp("loose")
    for name in ("root/videos/a.mp4", "root/abcdefghijk.mp4", "b.mp4"):
        (parent / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(demo_clips / "wave" / "ada_0.mp4", parent / name)
    return parent / "root"


def check(name, folder):
    try:
        dataset = read_dataset(name, folder)
    except SignpipeError:
        return
    for clip in (*dataset.clips, *dataset.missing):
        assert folder in clip.path.parents and ".." not in clip.path.parts
        assert clip.label and clip.split in ("train", "val", "test")
        assert clip.start >= 0 and (clip.end is None or clip.start < clip.end)
    assert all(clip.path.is_file() for clip in dataset.clips)
    names = [clip.name for clip in (*dataset.clips, *dataset.missing)]
    assert len(set(names)) == len(names)


@given(st.lists(WLASL | LOOSE, max_size=6), st.dictionaries(st.sampled_from("abc"), LOOSE))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_wlasl_holds_nothing_leaves_the_root(folder, instances, members):
    glosses = [{"gloss": "book", "instances": instances}]
    (folder / "WLASL_v0.3.json").write_text(json.dumps(glosses))
    check("wlasl2000", folder)
    (folder / "nslt_100.json").write_text(json.dumps(members))
    check("wlasl100", folder)


@given(st.lists(MSASL | LOOSE, max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_msasl_holds_nothing_leaves_the_root(folder, entries):
    for split in ("train", "val", "test"):
        (folder / f"MSASL_{split}.json").write_text(json.dumps(entries))
    check("msasl100", folder)


@given(st.text(max_size=200))
@settings(max_examples=30, deadline=None)
def test_whatever_a_table_holds_nothing_leaves_the_root(folder, text):
    table = "path,label,split\nvideos/a.mp4,tree,train\n" + text
    (folder / "labels.csv").write_text(table, encoding="utf-8", errors="replace")
    try:
        dataset = read_dataset("csv", folder / "labels.csv")
    except SignpipeError:
        return
    for clip in (*dataset.clips, *dataset.missing):
        assert folder in clip.path.parents and ".." not in clip.path.parts
