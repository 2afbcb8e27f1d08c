"""Each loss against a slow, literal reading of its equation."""

import math

import pytest
import torch
from torch.nn import functional as F

from signpipe.model import losses


def embeddings(rows, seed):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(rows, 6, generator=generator), dim=1)


def test_contrast():
    query, key, queue = embeddings(3, 0), embeddings(3, 1), embeddings(10, 2)
    expected = 0.0
    for b in range(3):
        positive = math.exp(float(query[b] @ key[b]) / 0.07)
        negatives = sum(math.exp(float(query[b] @ queue[i]) / 0.07) for i in range(10))
        expected -= math.log(positive / (positive + negatives)) / 3
    found = losses.contrast(losses.contrast_logits(query, key, queue, 0.07))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def softmax(values, temperature):
    exponents = [math.exp(value / temperature) for value in values]
    return [value / sum(exponents) for value in exponents]


def divergence(teacher, student):
    return sum(p * math.log(p / q) for p, q in zip(teacher, student, strict=True))


def test_neighbour_transfer():
    key, key_queue = embeddings(3, 0), embeddings(10, 1)
    query, query_queue = embeddings(3, 2), embeddings(10, 3)
    expected = 0.0
    for b in range(3):
        similar = [float(key[b] @ key_queue[i]) for i in range(10)]
        nearest = sorted(range(10), key=lambda i: -similar[i])[:4]
        teacher = softmax([similar[i] for i in nearest], 0.05)
        student = softmax([float(query[b] @ query_queue[i]) for i in nearest], 0.1)
        expected += divergence(teacher, student) / 3
    found = losses.neighbour_transfer(key, key_queue, query, query_queue, 4, 0.05, 0.1)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_more_neighbours_than_there_are_means_all():
    arrays = embeddings(3, 0), embeddings(10, 1), embeddings(3, 2), embeddings(10, 3)
    all_ten = losses.neighbour_transfer(*arrays, 10, 0.05, 0.1)
    assert torch.equal(losses.neighbour_transfer(*arrays, 99, 0.05, 0.1), all_ten)


def test_feature_consistency():
    key, query = embeddings(3, 0), embeddings(3, 1)
    expected = sum(
        divergence(softmax(key[b].tolist(), 0.05), softmax(query[b].tolist(), 0.1)) / 3
        for b in range(3)
    )
    found = losses.feature_consistency(key, query, 0.05, 0.1)
    assert float(found) == pytest.approx(expected, rel=1e-4)
    longer = losses.feature_consistency(7 * key, 3 * query, 0.05, 0.1)  # as an encoder leaves them
    assert float(longer) == pytest.approx(expected, rel=1e-4)


def test_feature_consistency_of_unrelated_features_does_not_drown_the_contrast():
    generator = torch.Generator().manual_seed(0)
    key, query = torch.randn(2, 8, 512, generator=generator)
    # Both directions of both streams; the contrast of as many terms begins at 4 log(16,384) = 39.
    assert 4 * float(losses.feature_consistency(key, query, 0.05, 0.1)) < 4


def test_only_the_student_learns():
    teacher = torch.randn(2, 5, requires_grad=True)
    student = torch.randn(2, 5, requires_grad=True)
    losses.distillation(teacher, student).backward()
    assert teacher.grad is None
    assert student.grad is not None
