"""Momentum contrast of two modalities: query and key encoders, queues, the whole objective."""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signpipe.model import losses
from signpipe.model.encoder import Encoder, Features
from signpipe.settings import EncoderSettings, PretrainSettings

MODALITIES = ("joint", "motion")
BRANCHES = ("fused", "hand", "trunk")

Place = tuple[str, str]  # (modality, branch)
Modalities = dict[str, tuple[Tensor, Tensor]]  # points (B, T, 49, 2), valid (B, T, 49) by modality


class ProjectedEncoder(nn.Module):
    """An encoder with a two-layer projection head on each of its three features."""

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.encoder = Encoder(settings)
        channels = settings.part_channels
        self.heads = nn.ModuleDict(
            {
                branch: nn.Sequential(
                    nn.Linear(channels, channels),
                    nn.ReLU(),
                    nn.Linear(channels, settings.embedding),
                )
                for branch in BRANCHES
            }
        )

    def forward(self, points: Tensor, valid: Tensor) -> tuple[Features, dict[str, Tensor]]:
        """Features (B, C) and, for each branch, the L2-normalised embedding (B, D)."""
        features = self.encoder(points, valid)
        embeddings = {
            branch: F.normalize(head(getattr(features, branch)), dim=1)
            for branch, head in self.heads.items()
        }
        return features, embeddings


class MomentumContrast(nn.Module):
    """Query encoders that learn, key encoders that follow, and the queues of past keys.

    `queues` is (2 modalities, 3 branches, K, D); only its first `filled` positions hold keys, and
    only those are compared with. `owners` (K,) tells whose keys they are: a clip's own former keys
    are no negatives, which matters where the queue is longer than the data.
    """

    def __init__(self, settings: PretrainSettings) -> None:
        super().__init__()
        self.settings = settings
        self.query = nn.ModuleDict({m: ProjectedEncoder(settings.encoder) for m in MODALITIES})
        self.key = nn.ModuleDict({m: ProjectedEncoder(settings.encoder) for m in MODALITIES})
        self.key.load_state_dict(self.query.state_dict())
        self.key.requires_grad_(False)
        shape = (len(MODALITIES), len(BRANCHES), settings.queue, settings.encoder.embedding)
        self.register_buffer("queues", torch.zeros(shape))
        self.register_buffer("owners", torch.full((settings.queue,), -1))
        self.register_buffer("filled", torch.tensor(0))
        self.register_buffer("next", torch.tensor(0))
        self.queues: Tensor
        self.owners: Tensor
        self.filled: Tensor
        self.next: Tensor

    def encoders(self) -> nn.ModuleDict:
        """The query encoders of both modalities, without their heads: what pretraining is for."""
        return nn.ModuleDict({m: self.query[m].get_submodule("encoder") for m in MODALITIES})

    def forward(
        self, queries: Modalities, keys: Modalities, clips: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """The objective for one batch of two views each, and its terms by name.

        The batch's keys join the queues. Each view holds, per modality, points (B, T, 49, 2) and
        valid (B, T, 49); `clips` (B,) are the clips' numbers.
        """
        with torch.no_grad():
            self._follow()
            key = Encoded.of(self.key, keys)
        query = Encoded.of(self.query, queries)
        weights = {
            "contrast": self.settings.contrast_weight,
            "consistency": self.settings.consistency_weight,
            "transfer": self.settings.transfer_weight,
        }
        logits = self._logits(query, key, clips)
        terms = {
            "contrast": torch.stack([losses.contrast(value) for value in logits.values()]).sum(),
            "consistency": self._consistency(query, key),
            "transfer": self._transfer(query, key),
        }
        total = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
        numbers = {name: float(term.detach()) for name, term in terms.items()}
        for modality in MODALITIES:
            numbers[f"top1_{modality}"] = self._top1(logits, modality)
        self._enqueue(key, clips)
        return total, {"loss": float(total.detach()), **numbers}

    def _logits(self, query: "Encoded", key: "Encoded", clips: Tensor) -> dict[Place, Tensor]:
        """(B, 1 + filled) for both modalities and every contrasted branch; column 0 is the key."""
        own = self.owners[: int(self.filled)] == clips[:, None]
        own = F.pad(own, (1, 0), value=False)
        return {
            place: losses.contrast_logits(
                query.embeddings[place],
                key.embeddings[place],
                self._queue(place),
                self.settings.temperature,
            ).masked_fill(own, float("-inf"))
            for place in product(MODALITIES, self.settings.contrast)
        }

    def _top1(self, logits: dict[Place, Tensor], modality: str) -> float:
        """How often the own key is nearer than any negative, over the contrasted branches."""
        if not self.filled:
            return 0.0
        hits = [
            (value.argmax(dim=1) == 0).float().mean()
            for (m, _), value in logits.items()
            if m == modality
        ]
        return float(torch.stack(hits).mean())

    def _consistency(self, query: "Encoded", key: "Encoded") -> Tensor:
        """L_con between hand and trunk, both directions, summed over modalities."""
        s = self.settings
        total = self.queues.new_zeros(())
        for m in MODALITIES:
            if s.consistency == "queue":
                nearest = s.consistency_nearest
                total = total + self._mutual(query, key, (m, "hand"), (m, "trunk"), nearest)
            elif s.consistency == "feature":
                one, other = key.features[m], query.features[m]
                for k, q in ((one.hand, other.trunk), (one.trunk, other.hand)):
                    total = total + losses.feature_consistency(
                        k, q, s.teacher_temperature, s.student_temperature
                    )
        return total

    def _transfer(self, query: "Encoded", key: "Encoded") -> Tensor:
        """L_KT between the fused embeddings of joint and motion, both directions."""
        if not self.settings.transfer_nearest:
            return self.queues.new_zeros(())
        nearest = self.settings.transfer_nearest
        return self._mutual(query, key, ("joint", "fused"), ("motion", "fused"), nearest)

    def _mutual(
        self, query: "Encoded", key: "Encoded", one: Place, other: Place, nearest: int
    ) -> Tensor:
        """Each of two queues' keys teaches the other's queries."""
        s = self.settings
        total = self.queues.new_zeros(())
        if not self.filled:
            return total
        for teacher, student in ((one, other), (other, one)):
            total = total + losses.neighbour_transfer(
                key.embeddings[teacher],
                self._queue(teacher),
                query.embeddings[student],
                self._queue(student),
                nearest,
                s.teacher_temperature,
                s.student_temperature,
            )
        return total

    def _queue(self, place: Place) -> Tensor:
        # A copy: the queue moves on before the backward pass has used it.
        modality, branch = place
        queue = self.queues[MODALITIES.index(modality), BRANCHES.index(branch)]
        return queue[: int(self.filled)].clone()

    @torch.no_grad()
    def _follow(self) -> None:
        """key <- momentum x key + (1 - momentum) x query; batch statistics are the key's own."""
        for key, query in zip(self.key.parameters(), self.query.parameters(), strict=True):
            key.lerp_(query, 1 - self.settings.key_momentum)

    @torch.no_grad()
    def _enqueue(self, key: "Encoded", clips: Tensor) -> None:
        """Replace the oldest keys; positions correspond across all queues."""
        batch = len(clips)
        places = (torch.arange(batch, device=self.queues.device) + self.next) % self.settings.queue
        for modality, branch in product(MODALITIES, BRANCHES):
            queue = self.queues[MODALITIES.index(modality), BRANCHES.index(branch)]
            queue[places] = key.embeddings[modality, branch].float()
        self.owners[places] = clips
        self.next.copy_((self.next + batch) % self.settings.queue)
        self.filled.copy_((self.filled + batch).clamp(max=self.settings.queue))


@dataclass(frozen=True)
class Encoded:
    """What the encoders of both modalities say of one view of B clips."""

    features: dict[str, Features]  # by modality
    embeddings: dict[Place, Tensor]  # (B, D), L2-normalised, by modality and branch

    @classmethod
    def of(cls, encoders: nn.ModuleDict, view: Modalities) -> "Encoded":
        features: dict[str, Features] = {}
        embeddings: dict[Place, Tensor] = {}
        for modality in MODALITIES:
            features[modality], projected = encoders[modality](*view[modality])
            embeddings |= {(modality, branch): z for branch, z in projected.items()}
        return cls(features, embeddings)
