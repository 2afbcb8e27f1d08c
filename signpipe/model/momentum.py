"""Momentum contrast of two streams: query and key encoders, queues, the whole objective."""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signpipe.model import distributed, losses
from signpipe.model.encoder import Encoder, Features
from signpipe.settings import EncoderSettings, PretrainSettings

STREAMS = ("joint", "motion")
BRANCHES = ("fused", "hand", "trunk")

TERMS = ("contrast", "consistency", "transfer")
TRUSTED = 500  # keys for every neighbour taken: of fewer, the nearest too often shows another sign

Place = tuple[str, str]  # (stream, branch)
Queues = dict[Place, Tensor]
StreamViews = dict[str, tuple[Tensor, Tensor]]  # points (B, T, 49, 2), valid (B, T, 49) by stream


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
            branch: F.normalize(head(getattr(features, branch)).float(), dim=1)
            for branch, head in self.heads.items()
        }
        return features, embeddings


class MomentumContrast(nn.Module):
    """Query encoders that learn, key encoders that follow, and the queues of past keys.

    `queues` is (streams, 3 branches, K, D); only its first `filled` positions hold keys, and
    only those are compared with. `owners` (K,) tells whose keys they are: a clip's own former keys
    are no negatives, which matters where the queue is longer than the data. `signers` (K,) tells
    who signed.
    """

    def __init__(self, settings: PretrainSettings) -> None:
        super().__init__()
        self.settings, self.stream_names = settings, settings.stream_names
        self.query = nn.ModuleDict(
            {m: ProjectedEncoder(settings.encoder) for m in self.stream_names}
        )
        self.key = nn.ModuleDict({m: ProjectedEncoder(settings.encoder) for m in self.stream_names})
        self.key.load_state_dict(self.query.state_dict())
        self.key.requires_grad_(False)
        shape = (len(self.stream_names), len(BRANCHES), settings.queue, settings.encoder.embedding)
        self.register_buffer("queues", torch.zeros(shape))
        self.register_buffer("owners", torch.full((settings.queue,), -1))
        self.register_buffer("signers", torch.full((settings.queue,), -1))
        self.register_buffer("filled", torch.tensor(0))
        self.register_buffer("next", torch.tensor(0))
        self.queues: Tensor
        self.owners: Tensor
        self.signers: Tensor
        self.filled: Tensor
        self.next: Tensor

    def encoders(self) -> nn.ModuleDict:
        """The query encoders by stream, without their heads: what pretraining is for."""
        return nn.ModuleDict({m: self.query[m].get_submodule("encoder") for m in self.stream_names})

    def forward(
        self, queries: StreamViews, keys: StreamViews, clips: Tensor, signers: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """The objective for one batch of two views each, and its terms by name.

        The batch's keys join the queues. Each view holds, per stream, points (B, T, 49, 2) and
        valid (B, T, 49); `clips` and `signers` (B,) are numbers of them. Where ranks share a batch,
        each gives its own part of the views, and all have the same queues; only `clips` and
        `signers` are the whole batch's.
        """
        with torch.no_grad():
            self._update_key_encoder()
            key = Encoded.of(self.key, keys)
        query = Encoded.of(self.query, queries)
        with torch.autocast(self.queues.device.type, enabled=False):
            return self._objective(query, key, clips, signers)

    def _objective(
        self, query: "Encoded", key: "Encoded", clips: Tensor, signers: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        s = self.settings
        weights = torch.tensor([s.contrast_weight, s.consistency_weight, s.transfer_weight])
        queues = self._queues()
        own = distributed.own_share(len(clips))
        logits = self._logits(query, key, queues, clips[own])
        contrast = self._contrast(key, queues, logits, signers[own])
        transfer = self._transfer(query, key, queues)
        terms = torch.stack([contrast, self._consistency(query, key, queues), transfer])
        total = (weights.to(terms.device) * terms).sum()
        found = {"loss": total, **dict(zip(TERMS, terms, strict=True))}
        found |= {f"top1_{stream}": self._top1(logits, stream) for stream in self.stream_names}
        # One transfer from the device for all of them.
        values = torch.stack([value.detach() for value in found.values()]).tolist()
        self._enqueue(key, clips, signers)
        return total, dict(zip(found, values, strict=True))

    def _logits(
        self, query: "Encoded", key: "Encoded", queues: Queues, clips: Tensor
    ) -> dict[Place, Tensor]:
        """(B, 1 + filled) for every stream and contrasted branch; column 0 is the key."""
        own = self.owners[: int(self.filled)] == clips[:, None]
        own = F.pad(own, (1, 0), value=False)
        return {
            place: losses.contrast_logits(
                query.embeddings[place],
                key.embeddings[place],
                queues[place],
                self.settings.temperature,
            ).masked_fill_(own, float("-inf"))
            for place in product(self.stream_names, self.settings.contrast)
        }

    def _contrast(
        self, key: "Encoded", queues: Queues, logits: dict[Place, Tensor], signers: Tensor
    ) -> Tensor:
        """L_CL summed over branches; once the queue is full, keys' neighbours are further keys.

        `positives` of other signers and as many of the own: near-twins of a clip are no negatives,
        whoever signs.
        """
        s = self.settings
        nearest = min(s.positives, s.queue // TRUSTED)
        if not nearest or int(self.filled) < s.queue:
            return torch.stack([losses.contrast(value) for value in logits.values()]).sum()
        same = self.signers == signers[:, None]
        former = next(iter(logits.values()))[:, 1:] == float("-inf")  # keys of the clip itself
        groups = same | former, ~same | former  # whom to pass over
        terms = []
        for place, value in logits.items():
            similar = key.embeddings[place] @ queues[place].T
            found = [similar.masked_fill(no, float("-inf")).topk(nearest) for no in groups]
            wanted = torch.cat([each.values for each in found], dim=1) > float("-inf")
            columns = 1 + torch.cat([each.indices for each in found], dim=1)
            weight = s.positives_weight
            terms.append(losses.contrast_with_neighbours(value, columns, wanted, weight))
        return torch.stack(terms).sum()

    def _top1(self, logits: dict[Place, Tensor], stream: str) -> Tensor:
        """How often the own key is nearer than any negative, over the contrasted branches."""
        if not self.filled:
            return self.queues.new_zeros(())
        hits = [
            (value[:, 0] >= value[:, 1:].amax(dim=1)).float().mean()
            for (m, _), value in logits.items()
            if m == stream
        ]
        return torch.stack(hits).mean()

    def _consistency(self, query: "Encoded", key: "Encoded", queues: Queues) -> Tensor:
        """L_con between hand and trunk, both directions, summed over streams."""
        s = self.settings
        total = self.queues.new_zeros(())
        for m in self.stream_names:
            if s.consistency == "queue":
                nearest = s.consistency_nearest
                places = (m, "hand"), (m, "trunk")
                total = total + self._mutual(query, key, queues, *places, nearest)
            elif s.consistency == "feature":
                one, other = key.features[m], query.features[m]
                for k, q in ((one.hand, other.trunk), (one.trunk, other.hand)):
                    total = total + losses.feature_consistency(
                        k, q, s.teacher_temperature, s.student_temperature
                    )
        return total

    def _transfer(self, query: "Encoded", key: "Encoded", queues: Queues) -> Tensor:
        """L_KT between the fused embeddings of joint and motion, both directions."""
        if not self.settings.transfer_nearest or len(self.stream_names) < 2:
            return self.queues.new_zeros(())
        nearest = self.settings.transfer_nearest
        return self._mutual(query, key, queues, ("joint", "fused"), ("motion", "fused"), nearest)

    def _mutual(
        self,
        query: "Encoded",
        key: "Encoded",
        queues: Queues,
        one: Place,
        other: Place,
        nearest: int,
    ) -> Tensor:
        """Each of two queues' keys teaches the other's queries."""
        s = self.settings
        total = self.queues.new_zeros(())
        if not self.filled:
            return total
        for teacher, student in ((one, other), (other, one)):
            total = total + losses.neighbour_transfer(
                key.embeddings[teacher],
                queues[teacher],
                query.embeddings[student],
                queues[student],
                nearest,
                s.teacher_temperature,
                s.student_temperature,
            )
        return total

    def _queues(self) -> Queues:
        """The filled part of every queue (filled, D), by place."""
        # A copy: the queues move on before the backward pass has used them.
        filled = self.queues[:, :, : int(self.filled)].clone()
        return dict(zip(product(self.stream_names, BRANCHES), filled.flatten(0, 1), strict=True))

    @torch.no_grad()
    def _update_key_encoder(self) -> None:
        """key <- momentum x key + (1 - momentum) x query; batch statistics are the key's own."""
        keys: list[Tensor] = list(self.key.parameters())
        queries: list[Tensor] = list(self.query.parameters())
        torch._foreach_lerp_(keys, queries, 1 - self.settings.key_momentum)

    @torch.no_grad()
    def _enqueue(self, key: "Encoded", clips: Tensor, signers: Tensor) -> None:
        """Replace the oldest keys; positions correspond across all queues."""
        batch = len(clips)
        places = (torch.arange(batch, device=self.queues.device) + self.next) % self.settings.queue
        found = [key.embeddings[place] for place in product(self.stream_names, BRANCHES)]
        keys = distributed.all_gather(torch.stack(found, dim=1), batch)  # (B, places, D)
        self.queues.flatten(0, 1)[:, places] = keys.transpose(0, 1)
        self.owners[places] = clips
        self.signers[places] = signers
        self.next.copy_((self.next + batch) % self.settings.queue)
        self.filled.copy_((self.filled + batch).clamp(max=self.settings.queue))


@dataclass(frozen=True)
class Encoded:
    """What the encoders of all streams say of one view of B clips."""

    features: dict[str, Features]  # by stream
    embeddings: dict[Place, Tensor]  # (B, D), L2-normalised, by stream and branch

    @classmethod
    def of(cls, encoders: nn.ModuleDict, view: StreamViews) -> "Encoded":
        features: dict[str, Features] = {}
        embeddings: dict[Place, Tensor] = {}
        for stream, encoder in encoders.items():
            features[stream], projected = encoder(*view[stream])
            embeddings |= {(stream, branch): z for branch, z in projected.items()}
        return cls(features, embeddings)
