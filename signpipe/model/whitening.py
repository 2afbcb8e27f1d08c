"""Making features differ by the sign rather than by how and by whom it is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.model.class_means import Labels, Rows, class_sums, unit_rows

SHRINKAGE = 0.3  # of the covariance towards that of noise, chosen on signers of a training split


@dataclass(frozen=True)
class Whitening:
    """`mean` (D,) is taken off features, then `matrix` (D, D) evens out the directions in which
    clips of one sign by one signer differ from each other."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @classmethod
    def fit(cls, rows: Rows, classes: Labels) -> "Whitening":
        """From features (B, D) of B > 1 clips; those of one class are one sign by one signer."""
        values = rows.astype(np.float64)
        counts = np.maximum(np.bincount(classes), 1)
        means = class_sums(values, classes, len(counts)) / counts[:, None]
        within = values - means[classes]
        covariance = within.T @ within / len(within)
        noise = max(np.trace(covariance) / len(covariance), 1e-12)
        mixed = (1 - SHRINKAGE) * covariance / noise + SHRINKAGE * np.eye(len(covariance))
        variance, directions = np.linalg.eigh(mixed)
        matrix = (directions / np.sqrt(np.maximum(variance, SHRINKAGE / 2))) @ directions.T
        return cls(values.mean(axis=0).astype(np.float32), matrix.astype(np.float32))

    @classmethod
    def none(cls, width: int) -> "Whitening":
        """Leaves features of that width D as they are, but for their length."""
        return cls(np.zeros(width, np.float32), np.eye(width, dtype=np.float32))

    def __call__(self, rows: Rows) -> Rows:
        """(B, D) -> (B, D) of length 1."""
        return unit_rows((rows - self.mean) @ self.matrix)
