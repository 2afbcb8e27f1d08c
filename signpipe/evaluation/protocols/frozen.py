"""What linear, knn and few-shot share: a pretrained encoder that learns nothing more."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    figures,
    fingerprint,
    of_split,
    opened,
    seen_in_pretraining,
    table,
)
from signpipe.evaluation.schema import Bootstrap, Figures, Protocol
from signpipe.model.backbone import BackboneCard, load_backbone, new_encoders, read_backbone_card
from signpipe.model.shipped import SHIPPED, SHIPPED_FILE
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.settings import EvaluateSettings
from signpipe.splits import TRAIN, VAL, learnable
from signpipe.training.classify import Labelled
from signpipe.training.encoders import NONE_OF_ITS_OWN, find_encoder
from signpipe.training.features import Features, embed
from signpipe.training.loop import pick_device
from signpipe.training.metrics import Labels, Logits, mean_class, top_k
from signpipe.workspace import Workspace, sha256_of_file

Option = TypeVar("Option")
# Of the joint stream, as they are tried: of equals the most even one is taken.
WEIGHTS = sorted(np.linspace(0.0, 1.0, 11).round(2), key=lambda weight: abs(weight - 0.5))


@dataclass(frozen=True)
class Frozen:
    """An encoder file, what it says of itself, and the keypoints it is to look at."""

    path: Path
    card: BackboneCard
    parts: Parts
    stage: Literal["pretrain"] | None  # None: not of this workspace
    run: str

    @property
    def sha256(self) -> str:
        return sha256_of_file(self.path)

    def features(self, rows: NDArray[np.int64]) -> Features:
        """The descriptor (B, 2 C) of every stream for the clips `rows`."""
        encoders = new_encoders(self.card)
        load_backbone(self.path, encoders)
        return embed(encoders.to(pick_device()), self.parts, rows, self.card.encoder)


def find(workspace: Workspace, request: Request) -> Frozen:
    """The encoder asked for, or the newest, or the shipped one. Raises SignpipeError if misfit."""
    path = find_encoder(workspace, request.encoder)
    if path is None:
        note(f"{NONE_OF_ITS_OWN}: using the one that comes with signpipe")
        path = SHIPPED_FILE
    card = read_backbone_card(path)
    here = path.resolve().parent.parent == (workspace.root / "pretrain").resolve()
    stem = re.sub("[^A-Za-z0-9_-]", "_", path.stem)
    # Elsewhere encoder files all have one name.
    name = path.parent.name if here else f"{stem}-{sha256_of_file(path)[:8]}"
    name = SHIPPED if path == SHIPPED_FILE else name
    parts = opened(workspace, card.prepare, path)
    return Frozen(path, card, parts, "pretrain" if here else None, request.run or name)


@dataclass(frozen=True)
class Members:
    """The clips of a protocol that learns signs from train and chooses on val.

    `scored` are those of the split that have a learned sign, `unknown` the number of the others.
    """

    how: str
    signs: list[str]
    train: list[Clip]
    val: list[Clip]
    scored: list[Clip]
    unknown: int

    @property
    def used(self) -> list[Clip]:
        """Every clip that has a say in the result, once."""
        return list({clip.clip_id: clip for clip in self.train + self.val + self.scored}.values())


def members(workspace: Workspace, parts: Parts, split: str) -> Members:
    """Raises SignpipeError if the split is train, or not there, or has no learned sign."""
    if split == TRAIN:
        raise SignpipeError("this protocol learns from train; score another split")
    clips, how = table(workspace, parts)
    known = learnable(clips)
    asked = of_split(clips, split)
    scored = [clip for clip in known if clip.split == split]
    if not scored:
        raise SignpipeError(f"no clip of the split {split} has a sign that train has")
    train, val = ([c for c in known if c.split == name] for name in (TRAIN, VAL))
    signs = sorted({clip.label for clip in train})
    return Members(how, signs, train, val, scored, len(asked) - len(scored))


@dataclass(frozen=True)
class Sides:
    """Features by stream and labels: of train, and of the clips asked about, val before scored."""

    train: Features
    train_labels: Labels
    asked: Features
    val_labels: Labels
    scored_labels: Labels

    @classmethod
    def of(cls, frozen: Frozen, chosen: Members) -> "Sides":
        """Embed all clips of a protocol."""
        groups = (chosen.train, chosen.val, chosen.scored)
        train, val, scored = (Labelled.of(c, frozen.parts, chosen.signs) for c in groups)
        whole = frozen.features(np.concatenate([train.rows, val.rows, scored.rows]))
        count = len(train.rows)
        return cls(
            {stream: features[:count] for stream, features in whole.items()},
            train.labels,
            {stream: features[count:] for stream, features in whole.items()},
            val.labels,
            scored.labels,
        )

    def choose(self, options: Iterable[tuple[Option, Logits]]) -> tuple[Option, Logits]:
        """The option with the largest merit on val, the first of equals, and its logits.

        Every option comes with logits of all clips asked about. Without val it is the first.
        """
        count = len(self.val_labels)

        def value(option: tuple[Option, Logits]) -> float:
            return merit(option[1][:count], self.val_labels) if count else 0.0

        return max(options, key=value)

    def scored(
        self, chosen: Members, logits: dict[str, Logits], settings: EvaluateSettings
    ) -> tuple[Scored, dict[str, Figures], Bootstrap]:
        """What becomes of the logits of all clips asked about."""
        count = len(self.val_labels)
        own = {stream: values[count:] for stream, values in logits.items()}
        scored = Scored(chosen.scored, chosen.signs, self.scored_labels, own)
        return scored, *figures([scored], settings)


def merit(logits: Logits, labels: Labels) -> float:
    """What is chosen by: top-1 plus mean-class accuracy."""
    return top_k(logits, labels, 1) + mean_class(logits, labels)


def selection(what: str, chosen: Members) -> str:
    """In words, how `what` was chosen."""
    if not chosen.val:
        return f"nothing: there is no val clip, and {what} is the first of its list"
    return f"{what} with the largest mean of top-1 and mean-class accuracy on val"


def planned(
    workspace: Workspace,
    request: Request,
    protocol: Protocol,
    both: str,
    relevant: str,
    measure: Callable[[Frozen, Members], Measured],
) -> Plan:
    """The plan of a protocol that learns from train and names every clip of the split once."""
    frozen = find(workspace, request)
    chosen = members(workspace, frozen.parts, request.split)
    data = fingerprint(frozen.parts, chosen.used)
    return Plan(
        protocol=protocol,
        stage=frozen.stage,
        run=frozen.run,
        split=request.split,
        split_from=chosen.how,
        clips=chosen.scored,
        signs=len(chosen.signs),
        unknown=chosen.unknown,
        seen=seen_in_pretraining(workspace, frozen.sha256, chosen.scored),
        data=data,
        settings=request.given(relevant, "bootstrap", "level"),
        inputs={"encoder": frozen.sha256, "data": data},
        measure=lambda folder: measure(frozen, chosen),
        both=both,
    )
