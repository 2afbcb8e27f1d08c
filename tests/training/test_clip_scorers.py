import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from signpipe.answers import NOT_SIGNING
from signpipe.errors import SignpipeError
from signpipe.export.onnx_file import write_onnx
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.rejection import Rejection
from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
from signpipe.recognizer import Recognizer
from signpipe.settings import EncoderSettings, ExtractSettings, PrepareSettings
from signpipe.teaching import open_taught
from signpipe.workspace import Workspace

SIGNS = ("house", "بيت", 'the "tree"')


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A recogniser's folder, and the same in an ONNX file."""
    torch.manual_seed(0)
    encoder = EncoderSettings(frames=4, part_channels=16, heads=2)
    card = RecognizerCard(
        signs=SIGNS,
        encoder=encoder,
        prepare=PrepareSettings(),
        extract=ExtractSettings(),
        rejection=Rejection(temperature=0.5, score="margin", threshold=0.9),
        joint_weight=0.6,
    )
    folder = tmp_path_factory.mktemp("made") / "recognizer"
    save_recognizer(folder, StreamClassifiers(encoder, len(SIGNS)), card)
    write_onnx(folder, folder.parent / "model.onnx")
    return folder, folder.parent / "model.onnx"


def test_an_onnx_file_is_a_recogniser_like_its_folder(both, walk):
    folder, file = (Recognizer.load(path) for path in both)
    assert file.signs == folder.signs == SIGNS
    answers = set()
    for sign in range(6):
        clip, size = walk(sign, 0, 0, frames=5 + sign), {"width": 640, "height": 360}
        found, expected = (made.decide(clip, **size) for made in (file, folder))
        assert found.answer == expected.answer
        assert dict(found.signs) == pytest.approx(dict(expected.signs), abs=1e-5)
        np.testing.assert_allclose(file.embed(clip), folder.embed(clip), atol=1e-5)
        assert file.predict_landmarks(clip, top=1) == file.decide(clip).signs[:1]
        answers.add(found.answer)
    assert "none of these" in answers and len(answers) > 1
    with pytest.raises(ValueError, match="no frames"):
        file.decide(walk(0, 0, 0, frames=0))


def test_predict_runs_an_onnx_file_where_there_is_no_torch(both, make_clip, tmp_path):
    clip = make_clip(tmp_path / "one.mp4", frames=3, seed=5)
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from signpipe.cli import main; sys.argv[0] = 'signpipe'; main()"
    )
    words = ["predict", clip, "--recognizer", both[1], "--json", "-w", tmp_path / "none"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    expected = Recognizer.load(both[0]).predict(clip)
    found = {given["sign"]: given["probability"] for given in row["predictions"]}
    assert found == pytest.approx(dict(expected.signs), abs=1e-5)
    assert row["answer"] == expected.answer


def test_a_taught_recogniser_in_an_onnx_file_answers_as_its_folder(walk, tmp_path):
    with pytest.raises(SignpipeError, match="taught no sign yet"):
        taught = open_taught(tmp_path / "taught", Workspace(tmp_path / "none"))
        write_onnx(tmp_path / "taught", tmp_path / "none.onnx")
    for sign in range(2):
        taught.add_take(f"sign {sign}", walk(sign, 0, 0))
        taught.add_take(f"sign {sign}", walk(sign, 0, 1))
    taught.add_take(NOT_SIGNING, walk(9, 0, 0))
    taught.save()
    write_onnx(tmp_path / "taught", tmp_path / "model.onnx")
    file = Recognizer.load(tmp_path / "model.onnx")
    assert file.signs == taught.signs and file.card == taught.card
    answers = set()
    for sign in (0, 1, 4, 9):
        for signer in range(3):
            clip = walk(sign, signer, 5)
            found, expected = file.decide(clip), taught.decide(clip)
            assert found.answer == expected.answer
            assert dict(found.signs) == pytest.approx(dict(expected.signs), abs=1e-4)
            assert file.decide(clip, always=True).answer == taught.decide(clip, always=True).answer
            np.testing.assert_allclose(file.embed(clip), taught.embed(clip), atol=1e-5)
            answers.add(found.answer)
    nothing = np.full_like(clip.right_hand, np.nan)
    assert file.decide(type(clip)(clip.pose, nothing, nothing)).answer == NOT_SIGNING
    assert {"sign 0", "sign 1", NOT_SIGNING} <= answers and len(answers) >= 3
