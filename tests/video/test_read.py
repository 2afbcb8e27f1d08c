import os
import shutil
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpipe.errors import SignpipeError
from signpipe.video.read import EmptyVideo, UnreadableVideo, Video, find_videos, walk_videos
from signpipe.video.truncation import missing_bytes


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


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile real.mp4\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nreal.mp4\n#EXT-X-ENDLIST\n",
    ],
)
@pytest.mark.parametrize("ending", [".mp4", ".ts"])
def test_no_other_file_or_host_is_opened(
    tmp_path: Path, make_clip: Callable[..., Path], text: str, ending: str
) -> None:
    make_clip(tmp_path / "real.mp4", 3)
    playlist = tmp_path / f"playlist{ending}"
    playlist.write_text(text)
    with pytest.raises((EmptyVideo, UnreadableVideo)), Video(playlist) as video:
        assert not list(video)


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


def write_long(path: Path, codec: str, times: list[float], rate: int = 25, **options: str) -> Path:
    """A clip of moving noise, every frame different, with key frames every 12 frames."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 80, 64
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = {"g": "12", **options}
        stream.codec_context.gop_size = 12
        stream.codec_context.time_base = Fraction(1, rate)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="rgb24")
            frame.pts, frame.time_base = round(time * rate), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class CountingVideo(Video):
    """Counts the packets that are read."""

    count = 0

    def _packets(self) -> Iterator["av.Packet"]:
        for packet in super()._packets():
            self.count += 1
            yield packet


def read_segment(
    path: Path, start: Fraction | float, end: Fraction | float | None
) -> tuple[CountingVideo, list[float], list[np.ndarray]]:
    with CountingVideo(path, start, end) as video:
        frames = list(video)
    return video, [time for time, _ in frames], [pixels for _, pixels in frames]


def assert_is_slice(path: Path, start: float, end: float | None) -> CountingVideo:
    """What the segment gives is what decoding everything and slicing by time gives."""
    _, times, frames = read(path)
    inside = [
        number
        for number, time in enumerate(times)
        if time >= start - 0.002 and (end is None or time < end - 0.002)
    ]
    video, seconds, pixels = read_segment(path, start, end)
    assert len(seconds) == len(inside) == video.frames
    assert seconds == pytest.approx([times[number] - times[inside[0]] for number in inside])
    assert all((a == frames[b]).all() for a, b in zip(pixels, inside, strict=True))
    assert video.damage == ""
    return video


REGULAR = [number / 25 for number in range(80)]
SLOWING = list(np.cumsum([1 + number // 20 for number in range(80)]) / 25)
LAYOUTS = [
    ("b_frames.mp4", "h264", REGULAR, {"bf": "3"}),
    ("variable.mp4", "h264", SLOWING, {"bf": "3"}),
    ("open_gop.mkv", "h264", REGULAR, {"bf": "3", "x264-params": "open-gop=1"}),
    ("variable.mkv", "mpeg4", SLOWING, {"bf": "2"}),
    ("plain.webm", "libvpx", REGULAR, {}),
    ("plain.avi", "mjpeg", REGULAR, {}),
    ("b_frames.avi", "mpeg4", REGULAR, {"bf": "2"}),
    ("b_frames.ts", "mpeg2video", REGULAR, {"bf": "2"}),
    ("open_gop.ts", "h264", REGULAR, {"bf": "3", "x264-params": "open-gop=1"}),
    ("b_frames.mpg", "mpeg2video", REGULAR, {"bf": "2"}),
    ("plain.flv", "flv", REGULAR, {}),
]


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("layouts")
    return {
        name: write_long(folder / name, codec, times, **options)
        for name, codec, times, options in LAYOUTS
    }


@pytest.mark.parametrize("name", [name for name, *_ in LAYOUTS])
@pytest.mark.parametrize("first", [0, 1, 11, 12, 37, 70])
def test_a_segment_is_a_slice(layouts: dict[str, Path], name: str, first: int) -> None:
    times = read(layouts[name])[1]
    assert_is_slice(layouts[name], times[first], times[first + 7])
    assert_is_slice(layouts[name], times[first], None)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_any_segment_is_a_slice(layouts: dict[str, Path], data: st.DataObject) -> None:
    path = layouts[data.draw(st.sampled_from(["b_frames.mp4", "variable.mp4", "open_gop.mkv"]))]
    last = read(path)[1][-1]
    start = data.draw(st.floats(0, last))
    end = data.draw(st.floats(start + 0.5, start + 3))
    assert_is_slice(path, start, end)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])  # the latter rounds times to milliseconds
def test_frames_numbered_at_a_rate_are_found_exactly(tmp_path: Path, name: str) -> None:
    path = write_long(tmp_path / name, "h264", [number / 30 for number in range(40)], 30, bf="2")
    everything = read(path)[2]
    for first in range(18, 30):
        _, _, frames = read_segment(path, Fraction(first, 30), Fraction(first + 2, 30))
        assert len(frames) == 2
        assert (frames[0] == everything[first]).all()


def test_a_segment_of_a_rotated_video(layouts: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    shutil.copyfile(layouts["b_frames.mp4"], path)
    _rotate(path, 90)
    video = assert_is_slice(path, 1, 2)
    assert (video.rotation, video.width, video.height) == (90, 64, 80)


def test_a_late_segment_is_sought(tmp_path: Path) -> None:
    times = [number / 25 for number in range(1500)]
    path = write_long(tmp_path / "a.mp4", "mpeg4", times)
    video, _, frames = read_segment(path, 55, 56)
    assert len(frames) == 25
    assert video.count < 60
    assert video.fps == pytest.approx(25)


def test_a_segment_after_the_end_is_empty(layouts: dict[str, Path]) -> None:
    for path in layouts.values():
        with pytest.raises(
            EmptyVideo, match=r"from 90\.000 s to 91\.000 s is after the last frame"
        ):
            read_segment(path, 90, 91)
        assert len(read_segment(path, 3, 91)[2]) > 0


def test_a_segment_between_two_frames_is_empty(layouts: dict[str, Path]) -> None:
    with pytest.raises(EmptyVideo, match="has no frame"):
        read_segment(layouts["b_frames.mp4"], 1.01, 1.02)


@pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 1), (-1, 1), (float("nan"), 1)])
def test_a_segment_of_nothing_is_refused(
    layouts: dict[str, Path], start: float, end: float
) -> None:
    with pytest.raises(ValueError, match="has no frames"):
        Video(layouts["b_frames.mp4"], start, end)


def test_damage_outside_the_segment_does_not_count(tmp_path: Path) -> None:
    path = write_long(tmp_path / "a.avi", "mjpeg", REGULAR)
    data = path.read_bytes()
    pictures = [at for at in range(len(data)) if data[at : at + 4] == b"00dc"][:80]
    spoilt = bytearray(data)
    for number in (10, 50):
        spoilt[pictures[number] + 8 : pictures[number + 1]] = bytes(
            pictures[number + 1] - pictures[number] - 8
        )
    path.write_bytes(spoilt)
    assert "2 of 80 packets" in read(path)[0].damage
    assert read_segment(path, 0.8, 1.8)[0].damage == ""
    assert "1 of 25 packets" in read_segment(path, 1.6, 2.6)[0].damage
    path.write_bytes(data[: pictures[60]])  # and what is cut off after it
    assert read_segment(path, 0.8, 1.8)[0].damage == ""
    assert "missing" in read_segment(path, 1.6, 3)[0].damage
    with pytest.raises(UnreadableVideo, match="cannot be read: the last"):
        read_segment(path, 2.8, 3)


def test_real_segments(shared_data: Path) -> None:
    videos = shared_data / "videos"
    for name in ("wlasl/abdomen/00336.mp4", "odd/mov-vfr-1.mov"):
        times = read(videos / name)[1]
        assert_is_slice(videos / name, times[20], times[30])


def test_declared_seconds(layouts: dict[str, Path]) -> None:
    for name in ("b_frames.mp4", "open_gop.mkv", "plain.avi"):
        with Video(layouts[name]) as video:
            assert video.declared_seconds == pytest.approx(3.2, abs=0.05)


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


def test_walk_gives_a_linked_file_under_every_name(tmp_path: Path) -> None:
    (tmp_path / "b.mp4").touch()
    os.symlink(tmp_path / "b.mp4", tmp_path / "a.mp4")
    found = list(walk_videos(tmp_path))
    assert [video.name for video in found] == ["a.mp4", "b.mp4"]
    assert {video.path for video in found} == {tmp_path / "b.mp4"}


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


@pytest.mark.parametrize("ratio", [(2_000_000_000, 1), (1, 2_000_000_000), (17, 1)])
def test_pixels_of_a_shape_that_none_has(tmp_path: Path, ratio: tuple[int, int]) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25, width=64, height=64, pix_fmt="yuv420p")
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        picture = np.zeros((64, 64, 3), np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    content = path.read_bytes()
    with Video(path) as video:
        assert [frame.shape for _, frame in video] == [(64, 128, 3)]
    place = content.index(b"pasp") + 4
    path.write_bytes(content[:place] + struct.pack(">II", *ratio) + content[place + 8 :])
    with Video(path) as video, pytest.raises(UnreadableVideo, match="times as wide"):
        list(video)
