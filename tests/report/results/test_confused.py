import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from signpipe.evaluation.predictions import ClipPrediction
from signpipe.report.results.confused import SIGNS, add_confusion, confused_pairs, matrix_of

SIGN = st.sampled_from(["a", "b", "c", "d"])


def clips(pairs: list[tuple[str, str]]) -> list[ClipPrediction]:
    return [
        ClipPrediction(f"c{n}", "", one, {"both": other}) for n, (one, other) in enumerate(pairs)
    ]


class Empty:
    """A gallery in which nothing can be seen."""

    def read(self, clip_id):
        return None


def test_the_more_frequent_mistake_comes_first_with_an_example_of_both():
    predictions = clips([("a", "b"), ("b", "a"), ("b", "a"), ("c", "c"), ("a", "a"), ("d", "c")])
    first, second = confused_pairs(predictions)
    assert (first.signs, first.counts, first.clips) == (("b", "a"), (2, 1), (2, 2))
    assert first.share == 0.75
    assert (first.mistaken.clip_id, first.other.clip_id) == ("c1", "c4")
    assert (second.signs, second.counts) == (("d", "c"), (1, 0))


def test_a_sign_that_was_only_named_has_no_example():
    (pair,) = confused_pairs(clips([("a", "b")]))
    assert pair.other is None


@given(st.lists(st.tuples(SIGN, SIGN), max_size=30))
def test_every_mistake_is_in_one_pair(pairs):
    predictions = clips(pairs)
    found = confused_pairs(predictions)
    assert sum(sum(pair.counts) for pair in found) == sum(one != other for one, other in pairs)
    assert len({frozenset(pair.signs) for pair in found}) == len(found)
    assert all(pair.counts[0] >= pair.counts[1] for pair in found)
    matrix, signs = matrix_of(predictions)
    assert matrix.sum() == len(pairs)
    assert all(matrix[signs.index(one), signs.index(other)] for one, other in pairs)


def test_of_many_signs_the_picture_has_the_worst_and_the_csv_all(report, evaluation):
    one = evaluation()
    right = [(f"s{n:02}", f"s{n:02}") for n in range(SIGNS + 10)]
    one.__dict__["predictions"] = clips([*right, ("s49", "s48")])
    add_confusion(report, one, Empty())
    assert f"Of {SIGNS + 10} signs the {SIGNS} with the most mistakes" in report.page.html()
    lines = (report.folder / "confusion.csv").read_text().splitlines()
    assert len(lines) == SIGNS + 11
    assert lines[0].count(",") == SIGNS + 10
    table = np.loadtxt(report.folder / "confusion.csv", delimiter=",", skiprows=1, usecols=[49, 50])
    assert table[49].tolist() == [1, 1]
