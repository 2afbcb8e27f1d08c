import numpy as np
import pytest

from signpipe.evaluation import bootstrap
from signpipe.evaluation.bootstrap import interval, over_clips, resampled, resampled_mean, units


def test_it_agrees_with_a_literal_reading():
    rng = np.random.default_rng(0)
    signers = rng.choice(list("abcd"), 60).tolist()
    hits = rng.integers(2, size=(2, 60)).astype(float)
    drawn = units(signers)
    tops = resampled(hits, drawn, 100, seed=3)
    all_weights = np.concatenate(list(bootstrap.counts(4, 100, 3)))
    for draw, weights in enumerate(all_weights):
        clips = [i for i in range(60) for _ in range(int(weights[drawn.group[i]]))]
        for run in range(2):
            assert tops[draw, run] == pytest.approx(hits[run][clips].mean())


def test_intervals_over_signers_cover_the_truth_and_those_over_clips_do_not():
    rng = np.random.default_rng(1)
    covered = {"signers": 0, "clips": 0}
    for seed in range(100):
        # Every signer is recognised differently well; on average 0.6 of the clips.
        skill = np.repeat(rng.beta(3, 2, size=30), 20)
        hits = (rng.random(600) < skill).astype(float)[None]
        signers = [str(i // 20) for i in range(600)]
        for drawn in (units(signers), over_clips(600)):
            tops = resampled(hits, drawn, 200, seed)
            low, high = interval(tops[:, 0])
            covered[drawn.over] += low <= 0.6 <= high
    assert 88 <= covered["signers"] <= 100
    assert covered["clips"] < 80


def test_where_signers_are_unknown_or_alone_it_is_over_clips_with_a_note():
    assert units(["a", "b", "a"]).over == "signers"
    assert "only 2 signers" in units(["a", "b", "a"]).note
    assert units([str(i) for i in range(20)]).note == ""
    unknown, alone = units(["a", "", "b"]), units(["a", "a"])
    assert (unknown.over, alone.over) == ("clips", "clips")
    assert "not all signers are known" in unknown.note
    assert "one signer only" in alone.note


def test_a_mean_of_signers():
    drawn = resampled_mean(np.array([[0.0, 5.0], [1.0, 5.0]]), 2000)
    assert set(np.unique(drawn[:, 0])) == {0, 0.5, 1}
    assert drawn[:, 0].mean() == pytest.approx(0.5, abs=0.05)
    assert (drawn[:, 1] == 5).all()
