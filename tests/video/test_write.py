"""Written videos: what comes back, how they get onto the disk, what is refused."""

from fractions import Fraction

import av
import numpy as np
import pytest

from signpipe.demo.clips import clips_folder
from signpipe.video.write import write_video


def gradient(frames=6, height=48, width=64):
    rows, columns = np.mgrid[:height, :width]
    return [
        np.stack([columns * 3, rows * 4, np.full_like(rows, 20 * t)], axis=-1).astype(np.uint8)
        for t in range(frames)
    ]


def noise(frames=8):
    return list(np.random.default_rng(0).integers(0, 255, (frames, 64, 64, 3), dtype=np.uint8))


def decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, stream.average_rate, stream.codec_context.name, stream.codec_context.pix_fmt


def test_frames_come_back(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, gradient(), 20, crf=8)
    frames, rate, codec, pixels = decode(path)
    assert (len(frames), rate, codec, pixels) == (6, 20, "h264", "yuv420p")
    for written, read in zip(gradient(), frames, strict=True):
        assert np.abs(written.astype(int) - read).mean() < 3


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (30000 / 1001, Fraction(30000, 1001)),
        (29.97, Fraction(2997, 100)),
        (Fraction(25, 2), Fraction(25, 2)),
        (0.5, Fraction(1, 2)),
    ],
)
def test_the_frame_rate_is_kept(tmp_path, fps, rate):
    write_video(tmp_path / "clip.mp4", gradient(), fps)
    assert decode(tmp_path / "clip.mp4")[1] == rate


def test_odd_sides_are_padded(tmp_path):
    write_video(tmp_path / "odd.mp4", gradient(height=47, width=63), 20, crf=8)
    frames = decode(tmp_path / "odd.mp4")[0]
    assert frames[0].shape == (48, 64, 3)
    assert np.abs(frames[0][:47, :63].astype(int) - gradient(height=47, width=63)[0]).mean() < 3


def test_coarser_is_smaller(tmp_path):
    write_video(tmp_path / "fine.mp4", noise(), 20, crf=20)
    write_video(tmp_path / "coarse.mp4", noise(), 20, crf=40)
    assert (tmp_path / "coarse.mp4").stat().st_size < (tmp_path / "fine.mp4").stat().st_size


def test_the_same_frames_give_the_same_bytes(tmp_path):
    # A drawn signer, and memory that is used differently each time: under these conditions an
    # encoder that is repeatable only by luck shows it within a few runs.
    signer = decode(clips_folder() / "open_curtain" / "cleo_0.mp4")[0]
    frames = [frame[100:164, 100:164] for frame in signer]
    random = np.random.default_rng(2)
    written = set()
    for _ in range(12):
        memory = [random.integers(0, 255, random.integers(1, 400_000)) for _ in range(10)]
        del memory
        write_video(tmp_path / "clip.mp4", frames, 20, crf=29)
        written.add((tmp_path / "clip.mp4").read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize(
    ("frames", "fps", "words"),
    [
        ([], 20, "no frames"),
        (gradient(), 0, "above 0"),
        (gradient(), float("inf"), "finite"),
        ([*gradient(2), np.zeros((10, 10, 3), np.uint8)], 20, "frame 2"),
        ([np.zeros((48, 64, 3))], 20, "frame 0 is float64"),
        ([np.zeros((48, 64), np.uint8)], 20, "frame 0"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, frames, fps, words):
    with pytest.raises(ValueError, match=words):
        write_video(tmp_path / "clip.mp4", frames, fps)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_oserror(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError):
        write_video(tmp_path / "file" / "clip.mp4", gradient(), 20)


def test_an_error_halfway_keeps_the_file_that_was_there(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, gradient(), 20)
    before = path.read_bytes()

    def broken():
        yield from gradient(3)
        raise RuntimeError("no more frames")

    with pytest.raises(RuntimeError, match="no more frames"):
        write_video(path, broken(), 20)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
