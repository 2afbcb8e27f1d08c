"""publish: a recogniser or an encoder into a folder that can be passed on."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from signpipe import __version__
from signpipe.errors import SignpipeError
from signpipe.evaluation.schema import Metrics, read_metrics
from signpipe.export.model_card import card_text
from signpipe.model.backbone import read_backbone_card
from signpipe.model.recognizer_card import read_card
from signpipe.training.training_runs import ENCODER, RECOGNIZER
from signpipe.wording import listed
from signpipe.workspace import Workspace, atomic, sha256_of_file, write_text

Kind = Literal["recognizer", "encoder"]
README, WEIGHTS, CARD = "README.md", "model.safetensors", "recognizer.json"
FROZEN = ("linear", "knn", "few-shot", "retrieval")  # what is measured of an encoder alone
MOST_SIGNS = 100  # that the card lists


@dataclass(frozen=True)
class Published:
    """What was written: `kind`, and how many evaluations the card tells of."""

    folder: Path
    kind: Kind
    files: tuple[str, ...]
    evaluations: int


def run(
    workspace: Workspace,
    run: str,
    folder: Path | str,
    *,
    licence: str,
    kind: Kind | None = None,
) -> Published:
    """Write the recogniser, or the encoder, of a run with a model card as README.md.

    Without a `kind` it is the recogniser of a fine-tuning run of that name, or else the encoder of
    a pretraining run. `licence` is what others may do with it, by its usual name or in words.
    Raises SignpipeError if there is no finished run of that name, no licence, or if the folder
    holds something else.
    """
    if not licence.strip():
        raise SignpipeError("a licence is needed, such as --licence cc-by-4.0")
    source, kind = _source(workspace, run, kind)
    names = (WEIGHTS, CARD) if kind == "recognizer" else (ENCODER,)
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise SignpipeError(f"{folder} is a file; name a folder")
    others = {path.name for path in folder.glob("[!.]*")} - {README, *names}
    if others:
        raise SignpipeError(
            f"{folder} holds something else ({listed(sorted(others))}); name an empty folder, or "
            "one that was published before"
        )
    scored = list(_evaluations(workspace, sha256_of_file(source / names[0])))
    facts = _of_recognizer(source) if kind == "recognizer" else _of_encoder(source / ENCODER)
    text = card_text(run, kind, licence.strip(), {**facts, "signpipe": __version__}, scored)
    for name in names:  # a recogniser's card comes last, and without it there is none
        with atomic(folder / name) as temporary:
            shutil.copyfile(source / name, temporary)
    write_text(folder / README, text)
    return Published(folder, kind, (*names, README), len(scored))


def _source(workspace: Workspace, run: str, kind: Kind | None) -> tuple[Path, Kind]:
    """The folder of the files, and which kind they are."""
    recognizer = workspace.run("finetune", run) / RECOGNIZER
    encoder = workspace.run("pretrain", run) / ENCODER
    if kind != "encoder" and recognizer.exists():
        return recognizer.parent, "recognizer"
    if kind != "recognizer" and encoder.exists():
        return encoder.parent, "encoder"
    what = {"recognizer": "fine-tuning", "encoder": "pretraining"}.get(kind or "", "")
    there = [f"finetune/{name}" for name in workspace.runs("finetune")]
    there += [f"pretrain/{name}" for name in workspace.runs("pretrain")]
    raise SignpipeError(
        f"{workspace.root} has no finished {f'{what} ' if what else ''}run {run!r}; there are "
        f"{listed(there) if there else 'none'}"
    )


def _evaluations(workspace: Workspace, weights: str) -> Iterator[Metrics]:
    """What was measured of these very weights; val last, which was chosen on."""
    found = []
    for path in sorted((workspace.root / "evaluate").glob("[!.]*/metrics.json")):
        try:
            metrics = read_metrics(path)
        except SignpipeError:
            continue
        of_encoder = metrics.protocol in FROZEN and metrics.inputs.get("encoder") == weights
        if of_encoder or metrics.inputs.get("recognizer") == weights:
            found.append(metrics)
    yield from sorted(found, key=lambda metrics: metrics.split == "val")


def _of_recognizer(folder: Path) -> dict[str, Any]:
    card = read_card(folder)
    signs = f"{len(card.signs)}: {listed(card.signs, MOST_SIGNS)}"
    known: dict[str, Any] = {
        name: card.trained[name] for name in ("clips", "split", "epoch") if name in card.trained
    }
    return {"signs": signs, **known, "weights chosen by": card.trained.get("selection", "unknown")}


def _of_encoder(file: Path) -> dict[str, Any]:
    card = read_backbone_card(file)
    names = ("clips", "frames", "signers")
    known = {name: card.trained[name] for name in names if card.trained.get(name) is not None}
    if began := card.trained.get("began_from"):
        known["went on from"] = Path(str(began.get("file", ""))).name
    return {"streams": card.streams, **known}
