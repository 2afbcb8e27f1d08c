import pytest

from signpipe.datasets.files import VideoIndex, is_plain, read_rows, without_ending
from signpipe.errors import SignpipeError


def test_videos_are_found_by_the_last_parts_of_their_paths(tmp_path):
    for name in ("a/b/c/1.mp4", "a/1.avi", "c/2.MKV", "e\u0301.mp4", "1.2.mp4", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    index = VideoIndex(tmp_path)

    def found(*tails):
        video = index.find(*tails)
        return video.name if video else None

    assert found("1") == "a/1.avi"  # the one in fewer folders
    assert found("c/1") == "a/b/c/1.mp4"
    assert found("b/c/1") == "a/b/c/1.mp4"
    assert found("x/1", "c/2") == "c/2.MKV"
    assert found("\u00e9") == "e\u0301.mp4"
    assert found("1.2") == "1.2.mp4"
    assert found("notes") is None and found("../1") is None and found("") is None
    assert index.at("a/1.avi") is not None and index.at("a/1") is None


@pytest.mark.parametrize("name", ["a", "a b", "手", "..a", "P01_25_19_2._color"])
def test_plain_names(name):
    assert is_plain(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\\b", "a\0", "a\n", None, 1])
def test_names_that_are_not_plain(name):
    assert not is_plain(name)


def test_only_a_videos_ending_is_taken_off():
    assert without_ending("a/P01_2._color.MP4") == "a/P01_2._color"
    assert without_ending("a/P01_2._color") == "a/P01_2._color"


def test_rows(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('\ufeffa;b\n\n"c;d" ; e\n', encoding="utf-8")
    assert list(read_rows(file, ",", ";")) == [(1, ["a", "b"]), (3, ["c;d", "e"])]
    file.write_bytes(b"\xff\xfe\x81")
    with pytest.raises(SignpipeError, match="it is no text"):
        list(read_rows(file, ","))
    with pytest.raises(SignpipeError, match="cannot read"):
        list(read_rows(tmp_path, ","))


@pytest.mark.parametrize(
    "name", ["10\u202f30", "a\u00a0b", "手話\u3000一", "a\u200cb\u200dc", "a b"]
)
def test_names_with_odd_spaces_and_joiners_are_plain(name):
    assert is_plain(name)
    assert not is_plain(name + "\udce9") and not is_plain(name + "\x7f")
