import os
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.video.read import EmptyVideo, UnreadableVideo, Video, find_videos
from signpipe.video.whole import missing_bytes


def write(
    path: Path,
    codec: str = "mpeg4",
    seconds: tuple[float, ...] = (0, 0.04, 0.08, 0.12, 0.2),
    form: str | None = None,
) -> Path:
    """A clip whose frames get brighter, 64 x 48, with the given time stamps."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        for number, time in enumerate(seconds):
            pixels = np.full((48, 64, 3), 40 * number, np.uint8)
            pixels[:24, :32] = 255  # the upper left corner is white
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = round(time * 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(path: Path) -> tuple[Video, list[float], list[np.ndarray]]:
    with Video(path) as video:
        frames = list(video)
    return video, [time for time, _ in frames], [pixels for _, pixels in frames]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "mpeg4"),
        ("a.MOV", "h264"),
        ("a.mkv", "h264"),
        ("a.webm", "libvpx"),
        ("a.AVI", "mjpeg"),
        ("a.mpg", "mpeg2video"),
        ("a.ts", "mpeg2video"),
        ("a.wmv", "wmv2"),
        ("a.flv", "flv"),
        ("a.3gp", "mpeg4"),
    ],
)
def test_containers(tmp_path: Path, name: str, codec: str) -> None:
    path = write(tmp_path / name, codec, tuple(i / 25 for i in range(12)))
    video, times, frames = read(path)
    assert video.damage == ""
    assert len(frames) == 12
    assert times[0] == 0
    assert np.allclose(np.diff(times), 0.04, atol=0.002)
    assert video.fps == pytest.approx(25, rel=0.03)
    assert (video.width, video.height, video.rotation) == (64, 48, 0)
    assert all(frame.shape == (48, 64, 3) and frame.dtype == np.uint8 for frame in frames)
    assert [found.name for found in find_videos([tmp_path])] == [name]


def test_variable_rate_keeps_times(tmp_path: Path) -> None:
    video, times, _ = read(write(tmp_path / "a.mp4"))
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.2])
    assert video.fps == pytest.approx(4 / 0.2)


@pytest.mark.parametrize(("degrees", "corner"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_rotation_is_applied(tmp_path: Path, degrees: int, corner: tuple[int, int]) -> None:
    path = write(tmp_path / "a.mp4")
    _rotate(path, degrees)
    video, _, frames = read(path)
    assert video.rotation == degrees
    size = (64, 48) if degrees == 180 else (48, 64)
    assert (video.width, video.height) == size
    assert frames[1].shape == (size[1], size[0], 3)
    bright = {y_x: frames[1][y_x].mean() for y_x in ((0, 0), (0, -1), (-1, 0), (-1, -1))}
    assert max(bright, key=bright.__getitem__) == corner


def _rotate(path: Path, degrees: int) -> None:
    """Write the rotation into the track header's matrix, as phones do."""
    cos = {90: 0, 180: -1, 270: 0}[degrees]
    sin = {90: 1, 180: 0, 270: -1}[degrees]
    matrix = [cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40  # after version, times, id, layer and volume
    for number, value in enumerate(matrix):
        data[start + 4 * number : start + 4 * number + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")
    path.write_bytes(data)


def test_no_bytes_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(EmptyVideo, match="0 bytes"):
        Video(tmp_path / "a.mp4")


def test_no_video_stream_is_empty(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(EmptyVideo, match="no video stream"):
        Video(tmp_path / "a.mp4")


def test_garbage_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(UnreadableVideo, match="cannot be opened"):
        Video(tmp_path / "a.mp4")


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.mp4"])
def test_cut_file_is_damaged_and_gives_what_is_left(
    tmp_path: Path, name: str, share: float
) -> None:
    path = tmp_path / name
    if name == "a.mp4":  # its index at the front, as on the web; else nothing would be left
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            _encode_noise(container)
    else:
        with av.open(str(path), "w") as container:
            _encode_noise(container)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    video, _, frames = read(path)
    assert 0 < len(frames) < 50
    assert video.damage


def _encode_noise(container: av.container.OutputContainer) -> None:
    stream = container.add_stream("mpeg4", rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    noise = np.random.default_rng(0)
    for _ in range(50):
        pixels = noise.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
    container.mux(stream.encode(None))


def test_missing_bytes_between_frames(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avi", "mjpeg")
    assert missing_bytes(path.open("rb")) == 0
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - 100)
    assert missing_bytes(path.open("rb")) == 100


def test_shared_videos(shared_data: Path) -> None:
    for path in sorted((shared_data / "videos" / "wlasl").glob("*/*.mp4")):
        video, times, frames = read(path)
        assert frames and not video.damage, path
        assert (np.diff(times) > 0).all(), path
    odd = shared_data / "videos" / "odd"
    video, _, frames = read(odd / "derived-truncated.mp4")
    assert len(frames) == 34 and "cannot be decoded" in video.damage
    video, _, frames = read(odd / "mov-hevc-rot90-noperson.mov")
    assert frames[0].shape == (1280, 720, 3) and video.rotation == 90
    with pytest.raises(UnreadableVideo):
        Video(odd / "corrupt-utf8-00335.mp4")
    with pytest.raises(EmptyVideo):
        Video(odd / "empty-mp4-258bytes.mp4")


def test_find_is_recursive_sorted_and_passes_over(tmp_path: Path) -> None:
    for name in ("b/2.mp4", "b/1.MOV", "a.webm", "b/.hidden.mp4", "notes.txt", ".git/x.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_videos([tmp_path, tmp_path / "b" / "2.mp4"])
    assert [video.name for video in found] == ["a.webm", "b/1.MOV", "b/2.mp4"]
    assert [video.folder for video in found] == [tmp_path.name, "b", "b"]


def test_find_follows_links_once(tmp_path: Path) -> None:
    folder, other = tmp_path / "given", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (other / "x.mp4").touch()
    os.symlink(other, folder / "linked")
    os.symlink(folder, folder / "round")  # a loop
    os.symlink("itself.mp4", folder / "itself.mp4")
    os.symlink(other / "x.mp4", folder / "same.mp4")
    found = find_videos([folder])
    assert {video.path for video in found} >= {other / "x.mp4"}
    assert len({video.path for video in found}) == len(found) == 2


def test_find_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SignpipeError, match="there is no file or folder"):
        find_videos([tmp_path / "nothing.mp4"])


def test_find_passes_over_a_given_file_that_is_no_video(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.csv").touch()
    assert find_videos([tmp_path / "labels.csv"]) == []
    assert "labels.csv" in capsys.readouterr().err


def test_odd_names(tmp_path: Path) -> None:
    path = write(tmp_path / "plain.mp4")
    for name in ("new\nline.mp4", "quo'te\".mp4", "http:x.mp4", "手話.mp4", b"\xff.mp4"):
        odd = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
        shutil.copyfile(path, odd)
        assert len(read(Path(os.fsdecode(odd)))[2]) == 5
