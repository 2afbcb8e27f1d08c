"""An encoder to start from: which file, and whether it fits what is to be learned."""

import shlex
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.model.backbone import BackboneCard, read_backbone_card
from signpipe.model.hub import local_folder
from signpipe.model.shipped import SHIPPED, SHIPPED_FILE
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.settings import (
    PRESETS,
    STREAMS_OF,
    EncoderSettings,
    FinetuneSettings,
    PrepareSettings,
    Views,
    resolve,
)
from signpipe.training.training_runs import ENCODER
from signpipe.workspace import Workspace, differences, sha256_of_file

NONE_OF_ITS_OWN = "no pretrained encoder in this workspace"


def find_encoder(workspace: Workspace, name: str | None) -> Path | None:
    """The encoder `name` (see `named_encoder`), or the newest finished run's, or None.

    Raises SignpipeError if there is none of that name, or if there is only an unfinished run.
    """
    if name is not None:
        return named_encoder(workspace, name)
    if (newest := newest_encoder(workspace)) is not None:
        return newest
    if begun := workspace.runs("pretrain"):
        raise SignpipeError(
            f"the pretraining run {begun[0]!r} is not finished; run `signpipe pretrain"
            f"{'' if begun[0] == 'default' else f' --run {begun[0]}'}` to finish it, or use "
            "--from-scratch"
        )
    return None


def newest_encoder(workspace: Workspace) -> Path | None:
    """The encoder file of the newest finished pretraining run; None if there is none."""
    paths = (workspace.run("pretrain", name) / ENCODER for name in workspace.runs("pretrain"))
    return next((path for path in paths if path.exists()), None)


def shipped_encoder(
    parts: Parts, settings: Views, encoder: EncoderSettings | None = None
) -> Path | None:
    """The encoder that comes with signpipe, for a workspace without one; None if it does not fit.

    Says either in a line. What must fit is told at `fitting_card`.
    """
    found, _ = _misfit(read_backbone_card(SHIPPED_FILE), parts, settings, encoder)
    if found:
        note(
            f"{NONE_OF_ITS_OWN}, and the one that comes with signpipe does not fit "
            f"({'; '.join(found)}): learning from scratch"
        )
        return None
    note(f"{NONE_OF_ITS_OWN}: using the one that comes with signpipe")
    return SHIPPED_FILE


def named_encoder(workspace: Workspace, name: str) -> Path:
    """The encoder `name`: `shipped`, a file, a folder that was published, hf:OWNER/NAME, or a
    pretraining run. Raises SignpipeError if there is none."""
    if name == SHIPPED:
        return SHIPPED_FILE
    path = local_folder(name)
    if path.is_file():
        return path
    if path.is_dir():
        if not (path / ENCODER).exists():
            raise SignpipeError(f"the folder {path} has no {ENCODER}; name another, or a file")
        return path / ENCODER
    path = workspace.run("pretrain", name) / ENCODER
    if not path.exists():
        raise SignpipeError(f"there is no encoder file {name!r}, nor a run {path.parent}")
    return path


def fitting_card(
    path: Path, parts: Parts, settings: Views, encoder: EncoderSettings | None = None
) -> BackboneCard:
    """What the encoder file says of itself, if it can be used here.

    It must hold the streams of `settings`, have learned from keypoints prepared as `parts` were,
    and, where `encoder` is given, be of that size. Raises SignpipeError naming the first fields
    that differ, both values, and the mend.
    """
    card = read_backbone_card(path)
    found, mend = _misfit(card, parts, settings, encoder)
    if found:
        raise _made_differently(path, found, mend)
    return card


def _misfit(
    card: BackboneCard, parts: Parts, settings: Views, encoder: EncoderSettings | None
) -> tuple[list[str], str]:
    """The first fields in which an encoder does not fit, with both values, and the mend."""
    if set(settings.stream_names) - set(STREAMS_OF[card.streams]):
        found = [f'streams was "{card.streams}", is "{settings.streams}"']
        return found, f"use --set streams={card.streams}"
    then = card.prepare.model_dump(mode="json")
    now = PrepareSettings.model_validate(parts.record["settings"]).model_dump(mode="json")
    if found := differences(then, now):
        return found, f"use `signpipe prepare --redo {_as_options(then, now)}`, or another encoder"
    if encoder:
        # The projection heads are made afresh, whatever their size.
        then = {"encoder": card.encoder.model_dump(mode="json", exclude={"embedding"})}
        now = {"encoder": encoder.model_dump(mode="json", exclude={"embedding"})}
        if found := differences(then, now):
            return found, f"use {_as_options(then, now)}"
    return [], ""


def with_its_sizes(settings: FinetuneSettings, path: Path, card: BackboneCard) -> FinetuneSettings:
    """The settings for fine-tuning an encoder file, which brings its own sizes.

    Raises SignpipeError if others were asked for: sizes that are neither its own nor a preset's.
    """
    presets = (resolve(FinetuneSettings, name) for name in PRESETS)
    if settings.encoder not in [preset.encoder for preset in presets]:
        then = {"encoder": card.encoder.model_dump(mode="json", exclude={"embedding"})}
        now = {"encoder": settings.encoder.model_dump(mode="json", exclude={"embedding"})}
        if found := differences(then, now):
            mend = "leave the encoder's settings out, or use --from-scratch"
            raise _made_differently(path, found, mend)
    return settings.model_copy(update={"encoder": card.encoder})


def origin(workspace: Workspace, path: Path | None) -> dict[str, str] | None:
    """Which file a run began from, named from the workspace where it lies in it; its fingerprint.

    `training_runs.began_from_file` tells where it lies.
    """
    if path is None:
        return None
    whole, root = path.resolve(), workspace.root.resolve()
    file: Path | str = whole.relative_to(root) if whole.is_relative_to(root) else whole
    file = SHIPPED if path == SHIPPED_FILE else file
    return {"file": str(file), "sha256": sha256_of_file(path)}


def _made_differently(path: Path, found: list[str], mend: str) -> SignpipeError:
    return SignpipeError(f"the encoder {path} was made differently: {'; '.join(found)}; {mend}")


def _as_options(then: dict[str, Any], now: dict[str, Any], prefix: str = "") -> str:
    """The `--set name=value` that turn `now` into `then`."""
    options = []
    for name, value in then.items():
        if isinstance(value, dict):
            options.append(_as_options(value, now[name], f"{prefix}{name}."))
        elif value != now[name]:
            text = str(value).lower() if isinstance(value, bool) else str(value).replace(" ", "")
            options.append("--set " + shlex.quote(f"{prefix}{name}={text}"))
    return " ".join(filter(None, options))
