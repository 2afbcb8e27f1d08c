import numpy as np
import torch

from signpipe.model.stream_classifiers import StreamClassifiers
from signpipe.parts.store import Parts
from signpipe.settings import EncoderSettings
from signpipe.training import scoring


def test_batches_make_no_difference(monkeypatch):
    settings = EncoderSettings(frames=4, part_channels=16, heads=2)
    torch.manual_seed(0)
    recognizer = StreamClassifiers(settings, 3).eval()
    rng = np.random.default_rng(0)
    clips = {str(i): rng.random((5 + i, 49, 3)).astype(np.float32) for i in range(7)}
    rows = np.array([6, 0, 3, 3, 5])
    whole = scoring.score(recognizer, Parts.of(clips), rows, 4)
    monkeypatch.setattr(scoring, "BATCH", 2)
    pieces = scoring.score(recognizer, Parts.of(clips), rows, 4)
    assert whole.keys() == {"joint", "motion"}
    for stream, logits in whole.items():
        assert logits.shape == (5, 3)
        np.testing.assert_allclose(pieces[stream], logits, atol=1e-5)
        np.testing.assert_allclose(logits[2], logits[3], atol=1e-6)
        assert not np.allclose(logits[0], logits[1])
