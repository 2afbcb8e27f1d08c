import numpy as np
import pytest

from signpipe.cliptable import read_clips
from signpipe.parts.store import open_parts
from signpipe.settings import PretrainSettings, resolve
from signpipe.training import pretrain
from signpipe.training.pseudo_labels import NeighbourGraph


@pytest.mark.parametrize("streams", ["both", "motion"])
def test_labels_reach_the_other_clips(signs_workspace, small, streams, capsys):
    changes = {**small, "epochs": 1, "queue": 24, "streams": streams}
    encoder = pretrain.run(signs_workspace, resolve(PretrainSettings, changes=changes)).encoder
    parts = open_parts(signs_workspace.parts)
    clips = [c for c in read_clips(signs_workspace.clips).values() if c.signer in ("s0", "s1")]
    graph = NeighbourGraph.of(encoder, parts, [*clips, clips[0]], streams)
    assert graph.rows.tolist() == sorted(parts.rows[clip.clip_id] for clip in clips)
    assert graph.weights.shape == (len(clips), len(clips))

    signs = sorted({clip.label for clip in clips})
    labelled = [clip for clip in clips if clip.clip_id.endswith("/0")][::-1]  # in no order
    rows = np.array([parts.rows[clip.clip_id] for clip in labelled])
    labels = np.array([signs.index(clip.label) for clip in labelled])
    pseudo = graph.pseudo_label(rows, labels, len(signs))
    others = {parts.rows[clip.clip_id]: clip for clip in clips if clip not in labelled}
    assert {*pseudo.rows.tolist()} <= {*others}
    assert (pseudo.confidence > 0).all() and (pseudo.confidence <= 1).all()
    pairs = zip(pseudo.rows.tolist(), pseudo.labels.tolist(), strict=True)
    right = [signs[label] == others[row].label for row, label in pairs]
    assert np.mean(right) > 0.6  # of three signs, by an encoder that has hardly learned

    alone = [next(c for c in labelled if c.label == sign) for sign in signs]
    rows = np.array([parts.rows[clip.clip_id] for clip in alone])
    capsys.readouterr()
    assert graph.pseudo_label(rows, np.arange(len(signs)), len(signs)) is None
    assert "with one labelled clip of each sign" in capsys.readouterr().err

    whose = {parts.rows[clip.clip_id]: signs.index(clip.label) for clip in clips}
    known = np.array([whose[row] for row in graph.rows.tolist()])
    assert graph.pseudo_label(graph.rows, known, len(signs)) is None

    some = graph.rows[::2]  # there are others, but the labels are of anything
    assert graph.pseudo_label(some, np.arange(len(some)) % len(signs), len(signs)) is None
    assert "unlabelled clips are left out" in capsys.readouterr().err
