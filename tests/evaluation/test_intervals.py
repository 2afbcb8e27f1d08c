import numpy as np
import pytest

from signpipe.evaluation.intervals import hull, of_share, paired, rough, wilson


def test_wilson_as_published():
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for right, clips, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert of_share(right / clips, clips, 0.95) == pytest.approx((low, high), abs=1e-4)


def test_few_clips_are_never_certain():
    low, high = of_share(1.0, 2, 0.95)
    assert (low < 0.4, high) == (True, 1.0)
    assert paired(1.0, 0.0, 2, 0.95)[0] < 0
    assert (rough(29) != "", rough(30)) == (True, "")
    assert wilson(np.array(0.5), np.array(1e9), np.array(1.96)) == pytest.approx(
        (0.5, 0.5), abs=1e-3
    )


def test_ninety_five_per_cent_of_paired_intervals_hold_the_difference():
    rng = np.random.default_rng(0)
    for clips in (10, 40):
        drawn = rng.multinomial(clips, (0.3, 0.1, 0.6), size=2000) / clips
        intervals = np.array([paired(one, other, clips, 0.95) for one, other, _ in drawn])
        covered = ((intervals[:, 0] <= 0.2) & (intervals[:, 1] >= 0.2)).mean()
        assert 0.93 <= covered <= 0.98


def test_the_hull_holds_all():
    assert hull((0.2, 0.4), (0.3, 0.5)) == (0.2, 0.5)
