from fractions import Fraction

import pytest

from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError
from signpipe.video.read import Video


def instance(video_id, split="train", first=1, last=-1, url="http://signs.example/a.mp4", **more):
    """An instance with all the fields of the published file."""
    return {
        "bbox": [385, 37, 885, 720],
        "fps": 25,
        "frame_end": last,
        "frame_start": first,
        "instance_id": 0,
        "signer_id": 118,
        "source": "aslbrick",
        "split": split,
        "url": url,
        "variation_id": 0,
        "video_id": video_id,
        **more,
    }


def gloss(name, *instances):
    return {"gloss": name, "instances": list(instances)}


def youtube(name):
    return f"https://www.youtube.com/watch?v={name}"


def test_labels_signers_splits(tmp_path, place, write):
    place("videos/69241.mp4", "videos/07069.mp4", "videos/17710.mp4")
    write(
        "WLASL_v0.3.json",
        [
            gloss("book", instance("69241"), instance("07069", "val", signer_id=9)),
            gloss("last year", instance("17710", "test", signer_id=-1), instance("00000", "test")),
        ],
    )
    dataset = read_dataset("wlasl2000", tmp_path)
    rows = [(c.name, c.label, c.signer, c.split, c.segment) for c in dataset.clips]
    assert rows == [
        ("69241", "book", "118", "train", ""),
        ("07069", "book", "9", "val", ""),
        ("17710", "last year", "", "test", ""),
    ]
    assert [clip.path for clip in dataset.clips] == [
        tmp_path / "videos" / f"{name}.mp4" for name in ("69241", "07069", "17710")
    ]
    assert [(c.name, c.path) for c in dataset.missing] == [("00000", tmp_path / "videos/00000.mp4")]
    assert dataset.problems == ()


@pytest.mark.parametrize("size", [100, 300, 1000, 2000])
def test_a_subset_is_the_first_glosses(tmp_path, place, write, size):
    place("videos/00000.mp4")
    glosses = [gloss(f"sign {i}", instance(f"{i:05d}")) for i in range(2000)]
    write("start_kit/WLASL_v0.3.json", glosses)
    dataset = read_dataset(f"WLASL-{size}", tmp_path)
    assert dataset.name == f"wlasl{size}"
    assert len(dataset.clips) == 1
    assert [clip.label for clip in dataset.missing] == [f"sign {i}" for i in range(1, size)]


def test_a_subset_is_what_its_file_says(tmp_path, place, write):
    place("videos/00001.mp4", "videos/00002.mp4", "videos/00003.mp4", "videos/00004.mp4")
    write(
        "WLASL_v0.3.json",
        [
            gloss("book", instance("00001"), instance("00002", signer_id=7)),
            gloss("drink", instance("00003", "val")),
        ],
    )
    subset = {
        "00002": {"subset": "test", "action": [0, 1, 55]},
        "00003": {"subset": "val", "action": [1, 1, 40]},
        "00004": {"subset": "train", "action": [1, 11, 20]},  # in no published list of glosses
        "00005": {"subset": "train", "action": [2, 1, 20]},
        "00006": {"subset": "train"},
        "00007": {"subset": "train", "action": [0, 9, 8]},
        "00008": {"subset": "train", "action": [-1, 1, 8]},
    }
    write("nslt_100.json", subset)
    dataset = read_dataset("wlasl100", tmp_path)
    assert [(c.name, c.label, c.signer, c.split, c.segment) for c in dataset.clips] == [
        ("00002", "book", "7", "test", ""),
        ("00003", "drink", "118", "val", ""),
        ("00004", "drink", "", "train", "2/5..4/5"),
    ]
    causes = ["no gloss 2", "it is not {subset", "no range", "no gloss -1"]
    for problem, cause in zip(dataset.problems, causes, strict=True):
        assert "nslt_100.json, entry 0000" in problem and cause in problem


def test_untrimmed_sources_are_cut_and_cut_ones_are_not(tmp_path, place, write):
    place("videos/00001.mp4", "videos/00002.mp4", "raw_videos_mp4/abcdefghijk.mp4")
    url = youtube("abcdefghijk")
    write(
        "WLASL_v0.3.json",
        [
            gloss(
                "book",
                instance("00001", first=11, last=30, url=url),  # the whole source
                instance("00002", first=1146, last=1186, url=youtube("00000000000")),  # cut before
                instance("00003", first=6, last=25, url=url),
                instance("00004", first=26, last=30, url=url),  # a second sign in the same source
                instance("00005", first=16, last=-1, url=url),
            )
        ],
    )
    dataset = read_dataset("wlasl100", tmp_path)
    segments = {clip.name: (clip.path.name, clip.start, clip.end) for clip in dataset.clips}
    source = "abcdefghijk.mp4"
    assert segments == {
        "00001": ("00001.mp4", Fraction(10, 25), Fraction(30, 25)),
        "00002": ("00002.mp4", 0, None),
        "00003": (source, Fraction(5, 25), Fraction(25, 25)),
        "00004": (source, Fraction(25, 25), Fraction(30, 25)),
        "00005": (source, Fraction(15, 25), None),
    }
    clip = dataset.clips[0]
    with Video(clip.path, clip.start, clip.end) as video:
        assert len(list(video)) == 16  # of 0.8 seconds at the file's own 20 a second


BROKEN = [
    ({}, "no video_id"),
    (instance("../../etc/passwd"), "no video_id"),
    (instance("a/b"), "no video_id"),
    (instance("00002", split="trial"), "'trial', not train"),
    (instance("00002", first=0), "0 to -1 are no range"),
    (instance("00002", first=9, last=8), "9 to 8 are no range"),
    (instance("00002", first="1"), "'1' to -1 are no range"),
    (instance("00002", fps=0), "fps is 0"),
    (7, "no video_id"),
    (instance("00001"), "00001 occurs before it"),
]


def test_broken_entries_are_left_out(tmp_path, place, write):
    place("videos/00001.mp4")
    entries = [entry for entry, _ in BROKEN]
    write("WLASL_v0.3.json", [gloss("book", instance("00001"), *entries), {"gloss": "x"}, 3])
    dataset = read_dataset("wlasl100", tmp_path)
    assert [clip.name for clip in dataset.clips] == ["00001"]
    assert dataset.missing == ()
    for number, (_, cause) in enumerate(BROKEN, 1):
        assert (
            f"WLASL_v0.3.json, entry 0 (book), instance {number}: " in dataset.problems[number - 1]
        )
        assert cause in dataset.problems[number - 1]
    assert "entry 1 (x): it has no list" in dataset.problems[-2]
    assert "entry 2: it has no gloss" in dataset.problems[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [("[{", "is not JSON"), ("{}", "does not hold a list"), (None, "has no WLASL")],
)
def test_a_file_that_is_not_the_published_one_is_refused(tmp_path, write, text, words):
    if text is not None:
        write("WLASL_v0.3.json", text)
    with pytest.raises(SignpipeError, match=words):
        read_dataset("wlasl100", tmp_path)
