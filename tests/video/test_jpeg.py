"""A camera's JPEGs: what is decoded from them is what `Video` reads of a file of them."""

import io

import numpy as np
import pytest
from PIL import Image

from signpipe.video.jpeg import decode_jpeg, file_times, write_jpegs
from signpipe.video.read import Video


def jpeg(pixels: np.ndarray, quality: int = 80) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


def test_a_file_of_jpegs_reads_as_the_jpegs_decode(person, tmp_path):
    # Two come within a millisecond, which the file's clock cannot tell apart.
    seconds = [12.3456, 12.4012, 12.4014, 12.5]
    frames = [(t, jpeg(np.roll(person, 5 * i, axis=1))) for i, t in enumerate(seconds)]
    write_jpegs(tmp_path / "take.mkv", frames)
    with Video(tmp_path / "take.mkv") as video:
        read = list(video)
    assert not video.damage
    assert [t for t, _ in read] == file_times(frames) == [0.0, 0.056, 0.057, 0.154]
    for (_, pixels), (_, picture) in zip(read, frames, strict=True):
        assert pixels.shape == person.shape
        assert np.array_equal(pixels, decode_jpeg(picture))
    assert abs(read[0][1].astype(int) - person).mean() < 10


@pytest.mark.parametrize("data", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n", None])
def test_what_is_no_picture_is_refused(person, data):
    broken = jpeg(person)[:300] if data is None else data
    with pytest.raises(ValueError, match="a picture"):
        decode_jpeg(broken)


def test_a_picture_larger_than_any_cameras_is_refused():
    with pytest.raises(ValueError, match="3000 x 16"):
        decode_jpeg(jpeg(np.zeros((16, 3000, 3), np.uint8)))
