import numpy as np
import pytest

from signpipe.answers import NOT_SIGNING
from signpipe.live.left_out_report import report
from signpipe.live.takes import Take, Takes
from signpipe.live.taught_signs import (
    PRIOR_TAKES,
    Prior,
    TaughtSigns,
    fit_prior,
    spread,
)
from signpipe.model.class_means import unit_rows
from signpipe.model.whitening import Whitening

NONE = Whitening.none(16)
PRIOR = Prior(distance=0.6, temperature=0.5)


def made(signs, noise=0.1, seed=0):
    """Takes of signs, whose features lie around a direction of their own."""
    rng = np.random.default_rng(seed)
    centres = dict(zip(dict.fromkeys(signs), np.eye(16), strict=False))
    rows = rng.normal(0, noise, (len(signs), 16))
    rows += np.array([centres[sign] for sign in signs]).reshape(-1, 16)
    takes = tuple(Take(take_id=f"t{i}", sign=sign) for i, sign in enumerate(signs))
    return Takes("e", unit_rows(rows.astype(np.float32)), takes)


def test_left_out_by_a_loop():
    takes = made(["a", "b", "a", "c", "b", "a"], 0.3)
    left = TaughtSigns.of(takes, NONE).left_out()
    assert left.places.tolist() == [0, 1, 2, 4, 5]  # the only take of c has no others
    assert left.siblings.tolist() == [2, 1, 2, 1, 2]
    for row, place in enumerate(left.places):
        others = takes.without({takes.takes[place].take_id})
        fresh = TaughtSigns.of(others, NONE)
        expected = fresh.similarity(takes.features[place : place + 1])[0]
        by_sign = dict(zip(fresh.signs, expected, strict=True))
        for sign, value in zip(("a", "b", "c"), left.similarity[row], strict=True):
            assert value == pytest.approx(by_sign[sign], abs=1e-5)


def test_the_threshold_is_between_what_was_known_and_what_the_takes_say():
    one_each = TaughtSigns.of(made(["a", "b", "c"]), NONE)
    found = one_each.rejection(PRIOR)
    assert (found.threshold, found.temperature) == (0.6, 0.5)
    assert (found.kept, found.known, found.unknown) == (None, 0, 3)
    assert found.kept_out == 1
    many = TaughtSigns.of(made(list("abc") * 30), NONE)
    own, mixed = many.rejection(None), many.rejection(PRIOR)
    share = 90 / (90 + PRIOR_TAKES)
    assert mixed.threshold == pytest.approx(share * own.threshold + (1 - share) * 0.6)
    assert own.kept == pytest.approx(0.95, abs=0.02)
    assert "90 takes, each left out in turn" in mixed.chosen_on


def test_without_anything_known_one_take_of_each_refuses_nothing():
    found = TaughtSigns.of(made(["a", "b"]), NONE).rejection(None)
    assert found.threshold is None and found.kept is None
    assert not found.rejects([5.0])[0]
    few, enough = (TaughtSigns.of(made(list("ab") * n), NONE).rejection(None) for n in (4, 5))
    assert few.threshold is None and few.known == 8
    assert enough.threshold is not None and enough.known == 10
    nothing = TaughtSigns.of(made([]), NONE)
    assert nothing.rejection(PRIOR).threshold is None
    assert nothing.rejection(None).temperature == 1


def test_other_movements_are_told_from_the_signs():
    takes = made(list("abcd") * 5, 0.15)
    taught = TaughtSigns.of(takes, NONE)
    rejection = taught.rejection(PRIOR)
    again = made(list("abcd") * 50, 0.15, seed=1).features
    others = np.random.default_rng(2).normal(size=(200, 16)).astype(np.float32)
    refused = [
        rejection.rejects(taught.unknownness(taught.similarity(unit_rows(rows)))).mean()
        for rows in (again, others)
    ]
    assert refused[0] < 0.1 and refused[1] > 0.9


def test_more_takes_of_a_sign_are_nearer_to_its_clips():
    assert spread(1) == 1
    assert (np.diff(spread(np.arange(1, 20))) < 0).all()


def test_idle_is_nearer_than_any_sign():
    takes = made(["a", "b", NOT_SIGNING, "a", NOT_SIGNING])
    taught = TaughtSigns.of(takes, NONE)
    assert taught.signs == ("a", "b")
    similarity = taught.similarity(takes.features)
    assert taught.looks_idle(takes.features, similarity).tolist() == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert not TaughtSigns.of(made(["a"]), NONE).looks_idle(takes.features, similarity).any()


def test_what_is_confused_is_told_with_its_takes():
    takes = made(list("abc") * 4, 0.05)
    rows = takes.features.copy()
    rows[3] = rows[1] + 0.1 * rows[3]  # the second take of a is shown like b
    takes = Takes("e", unit_rows(rows), takes.takes)
    taught = TaughtSigns.of(takes, NONE)
    found = report(takes, taught, taught.rejection(PRIOR))
    assert (found.asked, found.right) == (12, 11)
    assert found.by_sign == {"a": (3, 4), "b": (4, 4), "c": (4, 4)}
    assert found.accuracy == pytest.approx(11 / 12)
    assert found.confused.signs == ("a", "b") and found.confused.mistakes == 1
    assert found.confused.takes[0].take_id == "t3" and found.confused.takes[1].sign == "b"


@pytest.mark.parametrize("signs", [[], ["a"], ["a", "a"], ["a", "b"], [NOT_SIGNING]])
def test_a_report_of_very_little(signs):
    takes = made(signs)
    taught = TaughtSigns.of(takes, NONE)
    found = report(takes, taught, taught.rejection(PRIOR))
    assert sum(found.takes.values()) + found.idle == len(signs)
    assert (found.confused is not None) == (len(set(signs)) > 1)
    assert found.accuracy == (1 if signs == ["a", "a"] else None)


def test_a_prior_from_other_peoples_clips():
    rng = np.random.default_rng(0)
    labels = np.tile(np.repeat(np.arange(4), 8), 3)
    signers = np.repeat(np.arange(3), 32)
    rows = unit_rows((np.eye(16)[labels] + rng.normal(0, 0.1, (96, 16))).astype(np.float32))
    found = fit_prior(rows, labels, signers)
    assert 0 < found.distance < 0.5
    assert fit_prior(rows, labels, np.arange(96)) is None  # nobody shows a sign twice
