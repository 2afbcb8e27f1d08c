"""Linear evaluation: a softmax classifier on frozen features."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

STEPS = 200  # of the solver; beyond, the accuracy no longer moves


def probes(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    queries: NDArray[np.float32],
    signs: int,
    strengths: Sequence[float],
    balance: float = 0.5,
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """(C, (Q, signs) log-probabilities) for each inverse strength C of the L2 penalty.

    Features (B, D) are standardised. `balance` is that of fine-tuning: 0 lets clips count alike,
    1 signs. A sign without a training clip gets -inf.
    """
    share = np.bincount(labels)[labels].astype(float) ** -balance
    scaler = StandardScaler().fit(features)
    known, asked = scaler.transform(features), scaler.transform(queries)
    model = LogisticRegression(max_iter=STEPS, warm_start=True)
    for strength in sorted(strengths):  # from smooth to sharp, each from the last one's weights
        model.set_params(C=strength)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            model.fit(known, labels, sample_weight=share / share.mean())
        scores = np.full((len(queries), signs), -np.inf, np.float32)
        scores[:, model.classes_] = model.predict_log_proba(asked)
        yield strength, scores
