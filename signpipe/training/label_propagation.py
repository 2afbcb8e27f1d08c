"""Labels spread from few clips to many, along a graph of which clips resemble each other.

After Iscen et al., "Label Propagation for Deep Semi-supervised Learning" (2019), section 4; that
clips may show none of the labelled signs, and are then left out, is ours.
"""

import os

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.special import xlogy
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

NEAREST = 10  # neighbours of a clip
TEMPERATURE = 0.07  # an edge weighs exp((similarity - 1) / TEMPERATURE)
PASSED_ON = 0.9  # of what reaches a clip, to its neighbours
ROUNDS = 60  # after which 0.9^60 = 0.2 % is still under way
# Labelled clips are reached by the labels of the others. Of unlabelled ones, those count that are
# reached no worse than all but this share of the labelled: the rest may well show other signs.
OUTLIERS = 0.25
FEW = 20_000  # clips up to which the search for neighbours compares all with all
INDEX = 12, 80, 0  # edges of a clip, effort to find them, seed: of the index of more clips
EFFORT = 50  # candidates that a search in it follows
COLUMNS = 64  # signs that are spread at a time
FOLDS = 5  # of the labelled clips: a clip is not reached by its own


def neighbour_graph(features: NDArray[np.float32]) -> csr_matrix:
    """The symmetric weights (N, N) between clips with the features (N, D) and their nearest.

    They are normalised as D^(-1/2) W D^(-1/2), D being the sums of W's rows.
    """
    # Features of one encoder all point nearly the same way: what tells clips apart is the rest.
    directions = normalize(features - features.mean(axis=0))
    count = len(directions)
    distance, nearest = (_few if count <= FEW else _many)(directions)
    start = np.arange(count + 1) * nearest.shape[1]
    weights = np.exp(-distance / TEMPERATURE)
    directed = csr_matrix((weights.ravel(), nearest.ravel(), start), shape=(count, count))
    symmetric = directed + directed.T
    scale = diags(1 / np.sqrt(symmetric.sum(axis=1).A1))
    return (scale @ symmetric @ scale).tocsr().astype(np.float32)


def _few(directions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """1 - cosine and the places of each one's nearest others, both (N, k); exact."""
    # Euclidean, of which 1 - cosine is half the square: the search by cosines is slow and large.
    search = NearestNeighbors(algorithm="brute").fit(directions)
    distance, nearest = search.kneighbors(n_neighbors=min(NEAREST, len(directions) - 1))
    return distance**2 / 2, nearest


def _many(directions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """As `_few`, by an approximate search that does not compare all with all."""
    from voyager import Index, Space

    index = Index(Space.Cosine, directions.shape[1], *INDEX, max_elements=len(directions))
    index.add_items(directions, num_threads=1)  # with more, chance decides what it looks like
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else -1
    nearest, distance = index.query(directions, NEAREST + 1, threads, EFFORT)
    # A clip is its own nearest; of equal ones another may stand in its place.
    own = nearest == np.arange(len(nearest))[:, None]
    own[~own.any(axis=1), -1] = True
    others = (len(nearest), NEAREST)
    return distance[~own].reshape(others).clip(0), nearest[~own].reshape(others).astype(np.int64)


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
    found, entropy = _likeliest(graph, known, sends, labels[known], signs)
    folds = min(FOLDS, len(known))
    fold = np.arange(len(known)) % folds
    by_fold = _reached(graph, known, sends, fold, range(folds))
    total = by_fold.sum(axis=1, dtype=np.float64)
    by_others = (total[known] - by_fold[known, fold]) * folds / (folds - 1)
    far = (total <= 0) | (total < np.quantile(by_others, OUTLIERS))
    confidence = 1 - entropy / np.log(signs)
    return found, np.where(far, 0.0, confidence.clip(0, 1))


def arriving(
    graph: csr_matrix, clips: NDArray[np.intp], labels: NDArray[np.int64], signs: int
) -> NDArray[np.float32]:
    """(N, signs): the share of each sign in what reaches a clip; 0 where nothing does.

    Known are the `labels` (B,) of the `clips` (B,), in which every number below `signs` occurs.
    """
    sends = 1 / np.bincount(labels)[labels]
    shares = np.empty((graph.shape[0], signs), np.float32)
    for first in range(0, signs, COLUMNS):
        block = range(first, min(first + COLUMNS, signs))
        shares[:, block] = _reached(graph, clips, sends, labels, block)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return shares


def _likeliest(
    graph: csr_matrix,
    clips: NDArray[np.intp],
    sends: NDArray[np.float64],
    kinds: NDArray[np.int64],
    count: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The kind of which most arrives (N,), and the entropy (N,) of all kinds, in nats.

    A block of kinds at a time, so that memory does not grow with them.
    """
    best = np.zeros(graph.shape[0], np.int64)
    most, total, inner = (np.zeros(graph.shape[0]) for _ in range(3))
    for first in range(0, count, COLUMNS):
        block = range(first, min(first + COLUMNS, count))
        arrived = _reached(graph, clips, sends, kinds, block)
        largest = arrived.max(axis=1)
        better = largest > most
        best[better] = first + arrived[better].argmax(axis=1)
        most[better] = largest[better]
        total += arrived.sum(axis=1, dtype=np.float64)
        inner += xlogy(arrived, arrived).sum(axis=1, dtype=np.float64)
    # -sum p log p with p = a / total is log total - (sum a log a) / total.
    reached = total > 0
    entropy = np.full(len(total), np.log(count))
    entropy[reached] = np.log(total[reached]) - inner[reached] / total[reached]
    return best, entropy


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
        named, _ = _likeliest(graph, order[shown], sends, grouped[shown], signs)
        right.append(named[order[~shown]] == grouped[~shown])
    found = np.concatenate(right)
    return float(found.mean()) if len(found) else None


def _reached(
    graph: csr_matrix,
    clips: NDArray[np.intp],
    sends: NDArray[np.float64],
    kinds: NDArray[np.int64],
    wanted: range,
) -> NDArray[np.float32]:
    """(N, K): how much of what each of `clips` (B,) `sends` arrives where, by its kind.

    Of the K `wanted` kinds; what clips of others send is left out.
    """
    own = (kinds >= wanted.start) & (kinds < wanted.stop)
    places, columns = clips[own], kinds[own] - wanted.start
    sent = sends[own].astype(np.float32)
    arrived = np.zeros((graph.shape[0], len(wanted)), np.float32)
    arrived[places, columns] = sent
    for _ in range(ROUNDS):
        arrived = graph @ arrived
        arrived *= np.float32(PASSED_ON)
        arrived[places, columns] += sent
    return arrived
