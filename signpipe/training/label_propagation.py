"""Labels spread from few clips to many, along a graph of which clips resemble each other.

After Iscen et al., "Label Propagation for Deep Semi-supervised Learning" (2019), section 4; that
clips may show none of the labelled signs, and are then left out, is ours.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.stats import entropy
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

NEAREST = 10  # neighbours of a clip
TEMPERATURE = 0.07  # an edge weighs exp((similarity - 1) / TEMPERATURE)
PASSED_ON = 0.9  # of what reaches a clip, to its neighbours
ROUNDS = 60  # after which 0.9^60 = 0.2 % is still under way
# Labelled clips are reached by the labels of the others. Of unlabelled ones, those count that are
# reached no worse than all but this share of the labelled: the rest may well show other signs.
OUTLIERS = 0.25
FOLDS = 5  # of the labelled clips: a clip is not reached by its own


def neighbour_graph(features: NDArray[np.float32]) -> csr_matrix:
    """The symmetric weights (N, N) between clips with the features (N, D) and their nearest.

    They are normalised as D^(-1/2) W D^(-1/2), D being the sums of W's rows.
    """
    # Features of one encoder all point nearly the same way: what tells clips apart is the rest.
    directions = normalize(features - features.mean(axis=0))
    count = len(directions)
    # Euclidean, of which 1 - cosine is half the square: the search by cosines is slow and large.
    search = NearestNeighbors(algorithm="brute").fit(directions)
    distance, nearest = search.kneighbors(n_neighbors=min(NEAREST, count - 1))
    start = np.arange(count + 1) * nearest.shape[1]
    weights = np.exp(-(distance**2) / 2 / TEMPERATURE)
    directed = csr_matrix((weights.ravel(), nearest.ravel(), start), shape=(count, count))
    symmetric = directed + directed.T
    scale = diags(1 / np.sqrt(symmetric.sum(axis=1).A1))
    return (scale @ symmetric @ scale).tocsr()


def spread(
    graph: csr_matrix, labels: NDArray[np.int64], signs: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The likeliest label of every clip (N,), and how sure that is (N,), in [0, 1].

    `labels` (N,) has -1 where none is known; every sign must be known of some clip. Confidence is
    one less the answer's entropy, as a share of the largest there can be; it is 0 where the labels
    hardly reach, so that the clip seems to show another sign.
    """
    known = np.flatnonzero(labels >= 0)
    # A sign with many labelled clips says no more than one with few.
    sends = 1 / np.bincount(labels[known])[labels[known]]
    shares = _reached(graph, known, sends, labels[known], signs)
    folds = min(FOLDS, len(known))
    fold = np.arange(len(known)) % folds
    by_fold = _reached(graph, known, sends, fold, folds)
    total = by_fold.sum(axis=1)
    by_others = (total[known] - by_fold[known, fold]) * folds / (folds - 1)
    far = (total <= 0) | (total < np.quantile(by_others, OUTLIERS))
    shares[far] = 1.0
    confidence = 1 - entropy(shares, axis=1) / np.log(signs)
    return shares.argmax(axis=1), np.where(far, 0.0, confidence.clip(0, 1))


def agreement(graph: csr_matrix, labels: NDArray[np.int64], signs: int) -> float | None:
    """The share of labelled clips that the others' labels name rightly; None if no sign has two.

    `labels` as of `spread`. They are hidden a fold at a time; a sign's only clip never is.
    """
    known = np.flatnonzero(labels >= 0)
    order = known[np.argsort(labels[known], kind="stable")]
    grouped = labels[order]
    fold = (np.arange(len(order)) - np.searchsorted(grouped, grouped)) % FOLDS
    fold[np.bincount(grouped)[grouped] == 1] = FOLDS
    right = []
    for hidden in range(FOLDS):
        shown = fold != hidden
        sends = 1 / np.bincount(grouped[shown])[grouped[shown]]
        shares = _reached(graph, order[shown], sends, grouped[shown], signs)[order[~shown]]
        right.append(shares.argmax(axis=1) == grouped[~shown])
    found = np.concatenate(right)
    return float(found.mean()) if len(found) else None


def _reached(
    graph: csr_matrix,
    clips: NDArray[np.intp],
    sends: NDArray[np.float64],
    kinds: NDArray[np.int64],
    count: int,
) -> NDArray[np.float64]:
    """(N, count): how much of what each of `clips` (B,) `sends` arrives where, by its kind."""
    arrived = np.zeros((graph.shape[0], count))
    arrived[clips, kinds] = sends
    for _ in range(ROUNDS):
        arrived = graph @ arrived
        arrived *= PASSED_ON
        arrived[clips, kinds] += sends
    return arrived
