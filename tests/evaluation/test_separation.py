import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.evaluation.separation import Mixed, separation
from signpipe.model.rejection import auroc, false_answers

clips = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40
).filter(lambda rows: len({unknown for _, unknown, _ in rows}) == 2)


def mixed(rows):
    values, unknown, group = zip(*rows, strict=True)
    return Mixed(np.array(values, float), np.array(unknown), np.array(group))


@given(clips, st.lists(st.integers(0, 3), min_size=4, max_size=4), st.floats(0.05, 1))
def test_groups_that_are_drawn_again_count_as_often(rows, often, kept):
    one = mixed(rows)
    assert one.drawn(np.ones((1, 4)), kept)[0] == pytest.approx(np.array(one.exact(kept)))
    (found,) = one.drawn(np.array([often], float), kept)
    again = [row for row in rows for _ in range(often[row[2]])]
    known = [value for value, unknown, _ in again if not unknown]
    unknown = [value for value, unknown, _ in again if unknown]
    if known and unknown:
        expected = (auroc(known, unknown), false_answers(known, unknown, kept))
        assert found == pytest.approx(np.array(expected))
    else:
        assert np.isnan(found).all()


def test_intervals_are_around_the_mean_over_folds():
    rng = np.random.default_rng(0)
    folds = []
    for shift in (0.5, 1.5):
        values = np.concatenate([rng.normal(0, 1, 200), rng.normal(shift, 1, 100)])
        folds.append(Mixed(values, np.arange(300) >= 200, rng.integers(10, size=300)))
    found = separation(folds, "energy", "other signs", 100, 0.95, 10, 400, 0.95)
    each = [fold.exact(0.95) for fold in folds]
    assert (found.auroc, found.false_answers) == pytest.approx(tuple(np.mean(each, axis=0)))
    assert found.spread["auroc"] == pytest.approx(np.std([a for a, _ in each], ddof=1))
    for name in ("auroc", "false_answers"):
        low, high = found.intervals[name]
        assert low < getattr(found, name) < high
        assert high - low < 0.4


def test_two_clips_that_are_told_apart_leave_much_open():
    apart = Mixed(
        np.array([0.0, 0.0, 1.0, 1.0]), np.array([False, False, True, True]), np.arange(4)
    )
    found = separation([apart], "energy", "idle", 2, 0.95, 4, 100, 0.95)
    assert found.auroc == 1
    assert found.intervals["auroc"][0] < 0.5
