"""Few-shot recognition: k clips of each sign are shown, the rest are named by them."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from signpipe.model.class_means import Labels, Rows, nearest_mean
from signpipe.training.metrics import measure


def eligible(labels: Labels, shots: int) -> NDArray[np.bool_]:
    """(B,): the clips of signs that have a query left when `shots` clips are shown, if two do."""
    counts = np.bincount(labels)
    enough = counts > shots
    return enough[labels] if enough.sum() > 1 else np.zeros(len(labels), bool)


def draw_shown(labels: Labels, shots: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(B,): `shots` clips of every sign, drawn at random; the others are queries."""
    order = rng.permutation(len(labels))
    by_sign = order[np.argsort(labels[order], kind="stable")]
    grouped = labels[by_sign]
    first = np.searchsorted(grouped, grouped)  # where the clip's sign begins
    shown = np.zeros(len(labels), bool)
    shown[by_sign] = np.arange(len(labels)) - first < shots
    return shown


def linear_head(shown: Rows, labels: Labels, queries: Rows, signs: int) -> Rows:
    """Log-probabilities (Q, signs) of a softmax classifier fitted to the shown clips."""
    # Unit rows lie close together: a weak penalty lets a few examples tell them apart.
    model = LogisticRegression(C=100.0, max_iter=300)
    with warnings.catch_warnings():  # with one clip a sign, numbers of signs could be measurements
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model.fit(shown, labels)
    scores = np.full((len(queries), signs), -np.inf, np.float32)
    scores[:, model.classes_] = model.predict_log_proba(queries)
    return scores


Classifier = Callable[[Rows, Labels, Rows, int], Rows]
CLASSIFIERS: dict[str, Classifier] = {"nearest mean": nearest_mean, "linear head": linear_head}


def episodes(
    features: Rows, labels: Labels, shots: int, draws: int, classify: Classifier
) -> list[dict[str, float]]:
    """The accuracy (see `measure`) of every draw of the clips shown; empty if no two signs suffice.

    The same labels, shots and draw always show the same clips, so that features can be compared.
    """
    kept = eligible(labels, shots)
    features, labels = features[kept], np.unique(labels[kept], return_inverse=True)[1]
    found = []
    for draw in range(draws if len(labels) else 0):
        shown = draw_shown(labels, shots, np.random.default_rng([shots, draw]))
        asked, signs = ~shown, int(labels.max()) + 1
        scores = classify(features[shown], labels[shown], features[asked], signs)
        found.append(measure(scores, labels[asked]))
    return found
