import numpy as np
import pytest

from signpipe.cliptable import Clip
from signpipe.evaluation.protocols.common import Scored, by_signer

SIGNS, CLIPS = 9, 200


@pytest.fixture
def scored():
    """200 clips of four signers, one of them unknown, with logits of chance."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, SIGNS, CLIPS)
    signers = rng.choice(["", "ann", "ben", "cy"], CLIPS, p=[0.1, 0.6, 0.25, 0.05])
    streams = {s: rng.normal(size=(CLIPS, SIGNS)).astype(np.float32) for s in ("joint", "both")}
    clips = [
        Clip(clip_id=f"c{i}", label=f"sign{labels[i]}", signer=str(signers[i]))
        for i in range(CLIPS)
    ]
    return Scored(clips, [f"sign{i}" for i in range(SIGNS)], labels, streams)


def test_every_signer_as_a_plain_loop_counts(scored):
    cells = by_signer(scored)
    assert [cell.of["signer"] for cell in cells] == ["ann", "ben", "cy"]
    for cell in cells:
        own = [i for i, clip in enumerate(scored.clips) if clip.signer == cell.of["signer"]]
        made = sorted({scored.clips[i].label for i in own})
        assert (cell.clips, cell.signs) == (len(own), len(made))
        assert list(cell.streams) == ["joint", "both"]
        for stream, figures in cell.streams.items():
            right = {1: {}, 5: {}}
            for i in own:
                ranked = np.argsort(-scored.logits[stream][i])
                for k, of_sign in right.items():
                    named = [scored.signs[j] for j in ranked[:k]]
                    label = scored.clips[i].label
                    of_sign.setdefault(label, []).append(label in named)
            for k, top, mean in ((1, "top1", "mean_class"), (5, "top5", "mean_class_top5")):
                hits = [hit for hits in right[k].values() for hit in hits]
                assert getattr(figures, top) == pytest.approx(np.mean(hits))
                each = [np.mean(right[k][sign]) for sign in made]
                assert getattr(figures, mean) == pytest.approx(np.mean(each))
            assert (figures.intervals, figures.spread) == ({}, {})
    assert len({cell.streams["both"].top1 for cell in cells}) == 3
    assert cells[2].signs < SIGNS  # the loop has averaged over fewer signs


def test_of_unknown_signers_there_is_none(scored):
    clips = [Clip(clip_id=clip.clip_id, label=clip.label) for clip in scored.clips]
    assert by_signer(Scored(clips, scored.signs, scored.labels, scored.logits)) == []
