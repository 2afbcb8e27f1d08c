"""Features that are no clip's."""

import numpy as np
import pytest


@pytest.fixture
def rows() -> np.ndarray:
    """(40, 64) features, of which two are hardly alike."""
    found = np.random.default_rng(0).normal(size=(40, 64)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)
