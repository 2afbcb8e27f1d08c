import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation.predictions import ClipPrediction, read_predictions, write_predictions

STREAMS = ("joint", "motion")
CLIPS = [Clip("a", label="sun", signer="ann"), Clip('b"1', label="rain, snow")]
LOGITS = {
    "joint": np.array([[1, 2], [2, 1]], np.float32),
    "motion": np.array([[4, 0], [0, 9]], np.float32),
}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "predictions.csv"
    write_predictions(path, CLIPS, ("rain, snow", "sun"), LOGITS)
    assert read_predictions(path, STREAMS, 2) == [
        ClipPrediction("a", "ann", "sun", {"joint": "sun", "motion": "rain, snow"}),
        ClipPrediction('b"1', "", "rain, snow", {"joint": "rain, snow", "motion": "sun"}),
    ]
    assert path.read_text().splitlines()[1] == 'a,ann,sun,sun,"rain, snow",0.9820,sun,'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clip_id,signer,label,joint\na,,sun,sun\n", "has no column motion"),
        ("clip_id,signer,label,joint,motion\na,,sun\n", "the clip a has no joint"),
        ("clip_id,signer,label,joint,motion\na,,b,c,d\na,,b,c,d\n", "names a clip twice"),
        ("clip_id,signer,label,joint,motion\na,,b,c,d\n", r"names 1 clip, metrics\.json 2"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "predictions.csv"
    path.write_text(text)
    with pytest.raises(SignpipeError, match=f"predictions.csv.*{said}.*evaluate again with --redo"):
        read_predictions(path, STREAMS, 2)
    with pytest.raises(SignpipeError, match="No such file"):
        read_predictions(tmp_path / "none.csv", STREAMS)


@given(st.data())
def test_whatever_the_bytes_it_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "predictions.csv"
    write_predictions(path, CLIPS, ("rain, snow", "sun"), LOGITS)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = read_predictions(path, STREAMS)
    except SignpipeError:
        return
    assert all(isinstance(value, str) for one in found for value in (one.label, one.final))
