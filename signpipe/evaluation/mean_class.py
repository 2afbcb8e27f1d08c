"""How far the mean of the signs' shares would move with other signers, or with other clips.

A bootstrap misleads here. Many a sign has been made by one signer only: draws that lack this signer
leave the sign out, and draws that have the signer show no variation. So the shares of all signs are
taken together: how signers differ in a sign is learned from those that several have made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class MeanClass:
    """Of R rows: the mean over signs, its variance and that one's degrees of freedom; all (R,).

    `clips` is how many clips of a single sign would tell as much, if signers did not differ.
    """

    mean: Values
    variance: Values
    freedom: Values
    clips: float

    def quantile(self, level: float) -> Values:
        """(R,) of Student's distribution: so many standard errors either way hold `level`."""
        found: Values = student.ppf((1 + level) / 2, self.freedom)
        return found


def mean_class(values: Values, labels: Numbers, group: Numbers) -> MeanClass:
    """`values` (R, B) of clips, such as 1 where named rightly; `labels` and `group` (B,).

    What a group (a signer, or a clip by itself) has in a sign varies around the sign's own mean
    with a variance v, and of two signs of one group together with a covariance c: both by the
    method of moments from the groups' deviations within each sign, and the same for all signs.
    """
    labels = np.unique(labels, return_inverse=True)[1]
    group = np.unique(group, return_inverse=True)[1]
    signs, groups = int(labels.max()) + 1, int(group.max()) + 1
    cells, cell = np.unique(group * signs + labels, return_inverse=True)  # a group in a sign
    of_sign, of_group = cells % signs, cells // signs
    clips, of_clips = np.bincount(cell), np.bincount(labels)
    weight = clips / of_clips[of_sign]  # of a cell in its sign's mean
    each = _sums(values, cell) / clips
    by_sign = _sums(weight * each, of_sign)
    mean = by_sign.mean(axis=1)
    alone = np.bincount(of_sign, weight**2)  # 1 for a sign of one group
    apart = each - by_sign[:, of_sign]
    squares = (apart**2).sum(axis=1)
    products = (_sums(apart, of_group) ** 2).sum(axis=1) - squares
    loose = float((1 - 2 * weight + alone[of_sign]).sum())  # expected squares over v
    weights = csr_array((weight, (of_group, of_sign)), shape=(groups, signs))
    together = _together(weights, of_group, weight)
    # Where nothing tells: all that such values can vary, and all signs of a group as one.
    most = np.maximum(np.abs(each).mean(axis=1) - mean**2, 0)
    v = squares / loose if loose > 1e-9 else most
    c = np.clip(products / together, 0, v) if together > 1e-9 else v
    own = float((weight**2).sum())
    pairs = float((np.bincount(of_group, weight) ** 2).sum()) - own
    total = (v * own + c * pairs) / signs**2
    freedom = _freedom(v * own, c * pairs, c / np.maximum(v, 1e-12), np.bincount(of_group), loose)
    return MeanClass(mean, total, freedom, float(signs**2 / (1 / of_clips).sum()))


def _sums(values: Values, place: Numbers) -> Values:
    """The columns of `values` (R, N) that have the same `place` (N,), added up: (R, places)."""
    table = csr_array((np.ones(len(place)), (place, np.arange(len(place)))))
    found: Values = (table @ values.T).T
    return found


def _freedom(v: Values, c: Values, share: Values, counts: Numbers, loose: float) -> Values:
    """Degrees of freedom (R,) of the sum of both parts of a variance, between those of each.

    `counts` are the groups' signs. Deviations that go together, which is `share` of them, tell the
    part of v less well; that of c is told by the groups that have several signs.
    """
    alike = (counts**2).sum() / counts.sum() - 1
    told = max(loose, 1.0) if loose > 1e-9 else np.inf  # v is then what it can be at most
    of_v = told / (1 + share * alike)
    several = (counts * (counts - 1)).astype(float)
    of_c = max(several.sum() ** 2 / max((several**2).sum(), 1.0) - 1, 1.0)
    return np.where(v + c > 0, (v + c) / (v / of_v + c / of_c + 1e-300), of_v)


def _together(weights: "csr_array", of_group: Numbers, weight: Values) -> float:
    """The expected products of deviations of two signs of one group, over c."""
    counts = np.bincount(of_group)  # a group's signs
    both = weights.copy()
    both.data = np.ones_like(both.data)
    shared, near = (both.T @ both).tocsr(), (weights.T @ weights).tocsr()
    near.setdiag(0)
    pairs = (counts * (counts - 1)).sum() - 2 * (weight * (counts[of_group] - 1)).sum()
    return float(pairs + near.multiply(shared).sum())
