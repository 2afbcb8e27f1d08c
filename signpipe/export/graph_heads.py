"""What comes after the encoders in an exported recogniser: features to logits and unknownness."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from signpipe.live.taught_folder import TaughtFolder
from signpipe.live.taught_signs import SCALE, TaughtSigns, spread
from signpipe.model.class_means import unit_rows
from signpipe.model.encoder import Features
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.rejection import Rejection, Score
from signpipe.model.stream_classifiers import StreamClassifiers, final

NEVER = -1.0  # of how much more idle than signing a clip looks, where idle hands were not taught


@dataclass(frozen=True)
class HeadOutputs:
    """Of B clips: logits (B, S), unknownness (B,), idle (B,): above 0 it looks like idle hands, and
    the row (B, D) of length 1 to compare with those of takes."""

    logits: Tensor
    unknownness: Tensor
    idle: Tensor
    row: Tensor


class LearnedHead(nn.Module):
    """A fine-tuned recogniser's."""

    def __init__(self, model: StreamClassifiers, card: RecognizerCard) -> None:
        super().__init__()
        self.model, self.card = model, card

    def forward(self, found: dict[str, Features], feature: Tensor) -> HeadOutputs:
        """Of what the encoders have found by stream, and the feature (B, D) made of it."""
        logits = final(self.model.classify(found), self.card.joint_weight)
        rejection = self.card.rejection or Rejection()
        unknown = unknownness(logits / rejection.temperature, rejection.score)
        return HeadOutputs(logits, unknown, torch.full_like(unknown, NEVER), feature)


class TaughtHead(nn.Module):
    """A taught recogniser's: the nearest mean of whitened features, as in `live.taught_signs`."""

    def __init__(self, folder: TaughtFolder) -> None:
        super().__init__()
        taught = TaughtSigns.of(folder.takes, folder.reference.whitening)
        whitening = folder.reference.whitening
        self.mean: Tensor
        self.matrix: Tensor
        self.means: Tensor
        self.spreads: Tensor
        self.idle: Tensor | None
        self._keep("mean", whitening.mean)
        self._keep("matrix", whitening.matrix)
        self._keep("means", unit_rows(taught.sums))
        self._keep("spreads", spread(taught.counts))
        self._keep("idle", taught.idle)

    def _keep(self, name: str, values: object) -> None:
        tensor = None if values is None else torch.as_tensor(values, dtype=torch.float32)
        self.register_buffer(name, tensor, persistent=False)

    def forward(self, found: dict[str, Features], feature: Tensor) -> HeadOutputs:
        """As `LearnedHead.forward`."""
        row = nn.functional.normalize((feature - self.mean) @ self.matrix, dim=1)
        similarity = row @ self.means.T
        nearest, best = similarity.max(dim=1)
        unknown = (1 - nearest) / self.spreads[best]
        idle = torch.full_like(nearest, NEVER) if self.idle is None else row @ self.idle - nearest
        return HeadOutputs(SCALE * similarity, unknown, idle, row)


def unknownness(calibrated: Tensor, score: Score) -> Tensor:
    """`rejection.unknownness` of logits (B, S) that were divided by the temperature."""
    if score == "energy":
        return -calibrated.logsumexp(dim=1)
    if score == "logit":
        return -calibrated.amax(dim=1)
    two = calibrated.softmax(dim=1).topk(2, dim=1).values
    return 1 - two[:, 0] + (two[:, 1] if score == "margin" else 0)
