"""A recogniser as one module of tensor operations: from landmarks to probabilities and a feature.

It computes what `parts.normalise`, `training.views` and a recogniser's streams do, for a batch of
clips of any number of frames, without a shape or a branch that depends on the numbers in them.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from signpipe.errors import SignpipeError
from signpipe.export.graph_heads import HeadOutputs, LearnedHead, TaughtHead
from signpipe.live.taught import Taught
from signpipe.live.taught_folder import read_folder
from signpipe.model.backbone import load_backbone, new_encoders
from signpipe.model.encoder import Encoder, Features
from signpipe.model.onnx_graph import LEFT, POSE, RIGHT
from signpipe.model.recognizer_card import RecognizerCard, read_card
from signpipe.model.stream_classifiers import load_recognizer
from signpipe.parts.normalise import FALLBACK_ASPECT, LEFT_SHOULDER, RIGHT_SHOULDER
from signpipe.settings import PrepareSettings
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK, TRUNK_IN_POSE, TRUNK_MIRROR
from signpipe.training.features import descriptor
from signpipe.training.views import Window, split_valid, stream_views


class Keypoints(nn.Module):
    """`parts.normalise.to_keypoints` for a batch of clips that are padded to one length.

    landmarks (B, T, 75, 3): x, y as shares of the picture and confidence, NaN where not detected;
    size (B, 2): width and height in pixels, zeros if unknown; lengths (B,): each clip's own frames
    -> (B, T, 49, 3), of which frames beyond a clip's own mean nothing.
    """

    def __init__(self, settings: PrepareSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, landmarks: Tensor, size: Tensor, lengths: Tensor) -> Tensor:
        width, height = size[:, 0], size[:, 1]
        known = (width > 0) & (height > 0)
        aspect = torch.where(known, width / torch.where(known, height, 1.0), FALLBACK_ASPECT)
        stretch = torch.stack([aspect, torch.ones_like(aspect)], dim=1)[:, None, None]  # (B,1,1,2)
        points = landmarks[..., :2] * stretch
        right = self._hand(points[:, :, RIGHT], mirrored=False)
        left = self._hand(points[:, :, LEFT], mirrored=True)
        pose = list(TRUNK_IN_POSE)
        trunk = points[:, :, POSE][:, :, pose]
        if self.settings.trunk == "shoulders":
            placed = self._by_shoulders(trunk, lengths)
        else:
            placed = (trunk - stretch / 2) * 2
        confidence = landmarks[:, :, POSE][:, :, pose, 2:]
        confidence = torch.where(torch.isnan(confidence), 0.0, confidence).clamp(0, 1)
        found = torch.cat([right, left, torch.cat([placed, confidence], dim=-1)], dim=2)
        missing = torch.isnan(found[..., :2]).any(dim=-1, keepdim=True)
        return torch.where(missing, 0.0, found)

    def _hand(self, hand: Tensor, mirrored: bool) -> Tensor:
        """(B, T, 21, 2) -> (B, T, 21, 3), relative to the box; NaN where it was."""
        missing = torch.isnan(hand)
        low = torch.where(missing, float("inf"), hand).amin(dim=2, keepdim=True)
        high = torch.where(missing, float("-inf"), hand).amax(dim=2, keepdim=True)
        extent = (high - low).amax(dim=-1, keepdim=True).clamp(min=1e-6)
        boxed = (hand - (low + high) / 2) * 2 / (self.settings.hand_box * extent)
        x, y = boxed[..., :1], boxed[..., 1:]
        return torch.cat([-x if mirrored else x, y, torch.ones_like(x)], dim=-1)

    def _by_shoulders(self, trunk: Tensor, lengths: Tensor) -> Tensor:
        left, right = trunk[:, :, LEFT_SHOULDER], trunk[:, :, RIGHT_SHOULDER]
        apart = (left - right).square().sum(dim=-1).sqrt()  # (B, T)
        own = torch.arange(trunk.shape[1], device=trunk.device) < lengths[:, None]
        seen = own & ~torch.isnan(apart)
        # The median: what is missing comes last, and the middle is that of what is there.
        ordered = torch.where(seen, apart, float("inf")).sort(dim=1).values
        count = seen.sum(dim=1, keepdim=True)
        below = ordered.gather(1, ((count - 1) // 2).clamp(min=0))
        above = ordered.gather(1, (count // 2).clamp(max=trunk.shape[1] - 1))
        width = ((below + above) / 2).clamp(min=1e-3)[:, :, None, None]
        return (trunk - ((left + right) / 2)[:, :, None]) / width


class LandmarkGraph(nn.Module):
    """Landmarks, size and lengths, as `Keypoints` takes them, to what a recogniser says of them.

    -> of B clips the values that `model.onnx_graph` lists, in that order. `encoders` are those of
    each stream, and `head` is what makes answers of their features.
    """

    def __init__(
        self, encoders: nn.ModuleDict, head: LearnedHead | TaughtHead, card: RecognizerCard
    ) -> None:
        super().__init__()
        self.encoders, self.head, self.card = encoders, head, card
        for encoder in encoders.values():
            assert isinstance(encoder, Encoder)
            encoder.dense = True
        self.keypoints = Keypoints(card.prepare)
        places = Window.central(1).places(card.encoder.frames)
        self.register_buffer("places", torch.from_numpy(places), persistent=False)
        self.places: Tensor
        self.eval()

    @classmethod
    def load(cls, folder: Path) -> "LandmarkGraph":
        """The recogniser in a folder. Raises SignpipeError if it cannot be read or has no sign."""
        if read_card(folder).kind == "taught":
            taught = read_folder(folder)
            if not taught.takes.signs:
                raise SignpipeError(f"{folder} was taught no sign yet; teach it one first")
            encoders = new_encoders(taught.encoder_card)
            load_backbone(taught.encoder, encoders)
            return cls(encoders, TaughtHead(taught), Taught(taught).card)
        model, card = load_recognizer(folder)
        return cls(model.encoders, LearnedHead(model, card), card)

    def forward(self, landmarks: Tensor, size: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        sampled = self._resample(self.keypoints(landmarks, size, lengths), lengths)
        points, valid = split_valid(sampled)
        found = self._found(points, valid)
        feature = self._feature(found)
        if (
            self.card.kind == "taught"
        ):  # a clip and its mirror image, as `live.taught_scorer` has it
            both = feature + self._feature(self._found(*mirror_image(points, valid)))
            feature = nn.functional.normalize(both, dim=1)
        head: HeadOutputs = self.head(found, feature)
        temperature = self.card.rejection.temperature if self.card.rejection else 1.0
        probabilities = (head.logits / temperature).softmax(dim=1)
        return head.logits, probabilities, head.unknownness, head.idle, feature, head.row

    def _found(self, points: Tensor, valid: Tensor) -> dict[str, Features]:
        """What the encoder of each stream says of sampled clips."""
        views = stream_views(points, valid, form=self.card.encoder.motion)
        return {m: encoder(*views[m]) for m, encoder in self.encoders.items()}

    def _feature(self, found: dict[str, Features]) -> Tensor:
        """(B, D) of length 1, as `training.features.join` makes it."""
        units = [nn.functional.normalize(descriptor(found[m]), dim=1) for m in found]
        weight = self.card.joint_weight
        scales = (1.0,) if len(units) == 1 else (weight**0.5, (1 - weight) ** 0.5)
        return torch.cat([s * unit for s, unit in zip(scales, units, strict=True)], dim=1)

    def _resample(self, keypoints: Tensor, lengths: Tensor) -> Tensor:
        """As `views.resample` with the central window: (B, T, 49, 3) -> (B, frames, 49, 3)."""
        last = (lengths - 1).to(torch.float64)[:, None]
        within = self.places * last
        low = within.floor()
        high = torch.minimum(low + 1, last)
        share = (within - low).to(torch.float32)[..., None]
        a, b = (_frames(keypoints, at.to(torch.int64)) for at in (low, high))
        weight_a, weight_b = (1 - share) * (a[..., 2] > 0), share * (b[..., 2] > 0)
        total = (weight_a + weight_b).clamp(min=1e-6)[..., None]
        return (a * weight_a[..., None] + b * weight_b[..., None]) / total


def mirror_image(points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """As `views.swap_hands` of all clips: points (B, T, 49, 2), valid (B, T, 49)."""
    hands = torch.cat([points[:, :, LEFT_HAND], points[:, :, RIGHT_HAND]], dim=2)
    seen = torch.cat([valid[:, :, LEFT_HAND], valid[:, :, RIGHT_HAND]], dim=2)
    trunk = [TRUNK.start + joint for joint in TRUNK_MIRROR]
    other = points[:, :, trunk] * torch.tensor([-1.0, 1.0])
    return torch.cat([hands, other], dim=2), torch.cat([seen, valid[:, :, trunk]], dim=2)


def _frames(keypoints: Tensor, at: Tensor) -> Tensor:
    """The frames `at` (B, F) of each clip (B, T, 49, 3)."""
    flat = keypoints.flatten(2)
    picked = flat.gather(1, at[..., None].expand(-1, -1, flat.shape[2]))
    return picked.view(*at.shape, *keypoints.shape[2:])
