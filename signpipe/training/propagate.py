"""Labels spread from few clips to many, along a graph of which clips resemble each other.

After Iscen et al., "Label Propagation for Deep Semi-supervised Learning" (2019), section 4.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import entropy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.semi_supervised import LabelSpreading

NEAREST = 10  # neighbours of a clip
TEMPERATURE = 0.07  # an edge weighs exp((similarity - 1) / TEMPERATURE)
REACH = 0.9  # what of a clip's answer comes from its neighbours, in every round
ROUNDS = 60  # by which 0.9^60 = 0.2 % of the first answer is still under way


def neighbour_graph(features: NDArray[np.float32]) -> csr_matrix:
    """The symmetric weights (N, N) between clips with the features (N, D) and their nearest."""
    # Features of one encoder all point nearly the same way: what tells clips apart is the rest.
    features = features - features.mean(axis=0)
    count = len(features)
    search = NearestNeighbors(metric="cosine", algorithm="brute").fit(features)
    distance, nearest = search.kneighbors(n_neighbors=min(NEAREST, count - 1))
    start = np.arange(count + 1) * nearest.shape[1]
    weights = np.exp(-distance / TEMPERATURE)
    directed = csr_matrix((weights.ravel(), nearest.ravel(), start), shape=(count, count))
    return directed + directed.T


def spread(
    graph: csr_matrix, labels: NDArray[np.int64], signs: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The likeliest label of every clip (N,), and how sure that is (N,), in [0, 1].

    `labels` (N,) has -1 where none is known; every sign must be known of some clip. Sureness is one
    less the answer's entropy, as a share of the largest there can be; a clip that no label reaches
    has none.
    """
    if not (labels < 0).any():
        return labels, np.ones(len(labels))
    model = LabelSpreading(kernel=lambda *_: graph, alpha=REACH, max_iter=ROUNDS, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the rounds are enough
        warnings.simplefilter("ignore", RuntimeWarning)  # of clips that no label reaches
        shares = model.fit(np.arange(len(labels))[:, None], labels).label_distributions_
    # A sign with many labelled clips says no more than one with few.
    shares = np.nan_to_num(shares) / np.bincount(labels[labels >= 0], minlength=signs)
    total = shares.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, shares / np.maximum(total, 1e-300), 1 / signs)
    sureness = 1 - entropy(shares, axis=1) / np.log(signs)
    return shares.argmax(axis=1), sureness.clip(0, 1)
