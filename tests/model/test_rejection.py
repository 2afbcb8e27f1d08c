import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from signpipe.model.calibration import softmax
from signpipe.model.rejection import (
    OF_LOGITS,
    Rejection,
    auroc,
    distance_to_means,
    false_answers,
    fit_rejection,
    risk_coverage,
    threshold_keeping,
    unknownness,
)

# Of few different values, so that there are ties.
scores = st.lists(st.integers(-4, 4).map(float) | st.floats(-4, 4), min_size=1, max_size=40)


@given(scores, scores)
def test_auroc_is_that_of_sklearn(known, unknown):
    truth = [0] * len(known) + [1] * len(unknown)
    expected = roc_auc_score(truth, known + unknown)
    assert auroc(known, unknown) == pytest.approx(expected, abs=1e-12)
    assert auroc(known, unknown) + auroc(unknown, known) == pytest.approx(1)


@given(scores, st.floats(0.01, 1))
def test_a_threshold_keeps_what_it_is_to_keep_and_no_more(known, share):
    threshold, values = threshold_keeping(known, share), np.array(known)
    assert (values <= threshold).mean() >= share - 1e-9
    assert (values < threshold).mean() < share  # a lower one would keep too few


@given(scores, scores, st.floats(0.01, 1), st.floats(0.01, 1))
def test_who_keeps_more_signs_gives_more_false_answers(known, unknown, one, other):
    low, high = sorted((one, other))
    assert threshold_keeping(known, low) <= threshold_keeping(known, high)
    assert false_answers(known, unknown, low) <= false_answers(known, unknown, high)
    # By hand: as many as are not above the threshold.
    named = [value <= threshold_keeping(known, low) for value in unknown]
    assert false_answers(known, unknown, low) == pytest.approx(np.mean(named))


def test_ninety_five_of_a_hundred():
    assert threshold_keeping(np.arange(100.0)) == 94
    assert threshold_keeping([3.0]) == 3


logits_of = st.tuples(st.integers(2, 5), st.integers(1, 20), st.integers(0, 99)).map(
    lambda of: np.random.default_rng(of[2]).normal(0, 3, (of[1], of[0]))
)


@given(logits_of, st.floats(0.1, 10))
def test_scores_of_logits(logits, temperature):
    cold = logits / temperature
    ranked = np.sort(softmax(cold), axis=1)
    found = {score: unknownness(logits, score, temperature) for score in OF_LOGITS}
    assert found["probability"] == pytest.approx(1 - ranked[:, -1])
    assert found["margin"] == pytest.approx(1 - (ranked[:, -1] - ranked[:, -2]))
    assert found["logit"] == pytest.approx(-cold.max(axis=1))
    assert found["energy"] == pytest.approx(-np.logaddexp.reduce(cold, axis=1))
    # A clip that shows one sign more clearly looks less unknown, by each of them.
    clearer = logits.copy()
    clearer[np.arange(len(logits)), logits.argmax(axis=1)] += 1
    for score in OF_LOGITS:
        assert (unknownness(clearer, score, temperature) <= found[score]).all()


def test_signs_that_cannot_be_named_have_no_say():
    logits = np.array([[2.0, 1.0, -np.inf]])
    for score in OF_LOGITS:
        assert unknownness(logits, score) == pytest.approx(unknownness(logits[:, :2], score))


def test_distance_to_the_nearest_mean():
    means = [[2.0, 0.0], [0.0, 1.0]]
    found = distance_to_means([[5.0, 0.0], [1.0, 1.0], [0.0, -1.0]], means)
    assert found == pytest.approx([0, 1 - np.sqrt(0.5), 1])
    with pytest.raises(ValueError, match="between features"):
        unknownness([[1.0, 2.0]], "distance")


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_risk_over_coverage(clips):
    values, right = np.array([v for v, _ in clips], float), np.array([r for _, r in clips])
    coverage, risk = risk_coverage(values, right)
    expected = [
        ((values <= v).mean(), (~right[values <= v]).mean()) for v in sorted(set(values.tolist()))
    ]
    assert np.stack([coverage, risk], axis=1) == pytest.approx(np.array(expected))
    assert coverage[-1] == 1 and risk[-1] == pytest.approx(1 - right.mean())


def test_a_rejection():
    rejection = Rejection(score="energy", threshold=0.5, kept=0.95, known=40)
    assert rejection.rejects([0.4, 0.5, 0.6, np.nan]).tolist() == [False, False, True, True]
    assert not Rejection().rejects([9.0]).any()
    assert Rejection.model_validate(rejection.model_dump(mode="json")) == rejection
    with pytest.raises(ValidationError):
        Rejection(temperature=0)
    with pytest.raises(ValidationError):
        Rejection(score="taste")


@given(st.integers(1, 120), st.integers(0, 50))
def test_a_threshold_is_chosen_by_clips_that_are_named_rightly(clips, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=clips)
    logits = rng.normal(0, 1, (clips, 3)) + 2 * np.eye(3)[labels]
    found = fit_rejection(logits, labels, "val")
    right = logits.argmax(axis=1) == labels
    if right.sum() < 19:
        assert found.threshold is None
        assert found.chosen_on.endswith("names rightly (val), too few to choose a threshold by")
        return
    every = unknownness(logits, found.score, found.temperature)
    unknown, wrong = every[right], every[~right]
    assert found.unknown == len(wrong)
    if len(wrong):
        assert found.kept_out == pytest.approx((wrong > found.threshold).mean())
    assert (found.known, found.kept) == (right.sum(), (unknown <= found.threshold).mean())
    # Of n + 1 places that a further clip can take among them, at least 95 % are kept.
    assert (unknown <= found.threshold).sum() >= 0.95 * (right.sum() + 1) - 1e-9
    assert (unknown < found.threshold).sum() < 0.95 * (right.sum() + 1)
