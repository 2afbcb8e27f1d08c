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


def contrast_with_neighbours(
    logits: Tensor, neighbours: Tensor, wanted: Tensor, weight: float
) -> Tensor:
    """As `contrast`, and the same for each neighbour, told from the negatives and from the key.

    `neighbours` (B, P) are columns of `logits`, of which the `wanted` (B, P) bool count; they are
    no negatives. The key has the share 1 - `weight`, the mean over the neighbours the rest; a clip
    without any has only the former. After Dwibedi et al., "With a Little Help from My Friends"
    (2021), equation 1, with several neighbours instead of one.
    """
    near = logits.gather(1, neighbours)
    with torch.no_grad():
        # Added up, since a column that is not wanted may stand where another one is.
        taken = torch.zeros_like(logits, dtype=torch.uint8)
        taken.scatter_add_(1, neighbours, wanted.to(torch.uint8))
    rest = logits.masked_fill(taken.bool(), float("-inf")).logsumexp(dim=1, keepdim=True)
    near = near.masked_fill(~wanted, 0.0)
    each = (torch.logaddexp(rest, near) - near) * wanted
    attraction = each.sum(dim=1) / wanted.sum(dim=1).clamp(min=1)
    return ((1 - weight) * (rest[:, 0] - logits[:, 0]) + weight * attraction).mean()


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
    """One direction of L_con in the paper's form: KL between the softmax of two features (B, C).

    They are made of unit length first: as the encoder leaves them, long and of any length, so low a
    temperature picks single channels, and the term begins at several times the contrast.
    """
    key, query = F.normalize(key, dim=1), F.normalize(query, dim=1)
    return distillation(key / teacher_temperature, query / student_temperature)
