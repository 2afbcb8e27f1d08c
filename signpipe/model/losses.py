"""The terms of the pretraining objective (method page, "Pretraining objective").

Every embedding is L2-normalised, (B, D); a queue holds the keys of past clips, (K, D), and position
i of every queue belongs to the same clip. Every function returns a mean over the batch.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def contrast_logits(query: Tensor, key: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """(B, 1 + K): similarities to the own key (column 0) and to the queue, over temperature."""
    positive = (query * key).sum(dim=1, keepdim=True)
    return torch.cat([positive, query @ queue.T], dim=1) / temperature


def contrast(logits: Tensor) -> Tensor:
    """L_CL: -log of the softmax probability of column 0."""
    return F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long))


def distillation(teacher: Tensor, student: Tensor) -> Tensor:
    """KL(teacher || student) of two (B, N) arrays of logits; the teacher gets no gradient."""
    return F.kl_div(
        student.log_softmax(dim=1),
        teacher.detach().log_softmax(dim=1),
        reduction="batchmean",
        log_target=True,
    )


def neighbour_transfer(
    key: Tensor,
    key_queue: Tensor,
    query: Tensor,
    query_queue: Tensor,
    nearest: int,
    teacher_temperature: float,
    student_temperature: float,
) -> Tensor:
    """One direction of L_KT, and of L_con in the release's form.

    The teacher is the key's softmax over its `nearest` most similar entries of its own queue, the
    student the query's softmax over the same positions of the other queue.
    """
    similar, positions = (key @ key_queue.T).topk(min(nearest, len(key_queue)), dim=1)
    same = (query @ query_queue.T).gather(1, positions)
    return distillation(similar / teacher_temperature, same / student_temperature)


def feature_consistency(
    key: Tensor, query: Tensor, teacher_temperature: float, student_temperature: float
) -> Tensor:
    """One direction of L_con in the paper's form: KL between the softmax of two features (B, C)."""
    return distillation(key / teacher_temperature, query / student_temperature)
