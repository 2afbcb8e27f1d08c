"""encoders: what there is to start from, with what it has seen and how good it was found to be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from safetensors import safe_open

from signpipe.errors import SignpipeError
from signpipe.evaluation.schema import Figures, Metrics, read_metrics
from signpipe.model.backbone import BackboneCard, read_backbone_card
from signpipe.model.shipped import SHIPPED, SHIPPED_FILE
from signpipe.training.training_runs import ENCODER, began_from_file
from signpipe.workspace import Workspace, sha256_of_file


@dataclass(frozen=True)
class Figure:
    """How often an encoder was right: `of` says how it was asked, shares are in [0, 1]."""

    protocol: str
    on: str  # the split; of one that was passed on, in words
    of: dict[str, Any]
    top1: float
    mean_class: float


@dataclass(frozen=True)
class EncoderEntry:
    """One encoder: what `--encoder` and `--init` call it, its data, size and figures.

    `clips`, `frames` and `signers` are those it learned from, None where it does not tell;
    `sources` the repositories they are from, where it does; `began_from` the file that it went on
    from. `problem` says why nothing is known.
    """

    name: str
    file: str
    size: int  # bytes
    weights: int = 0
    streams: str = ""
    clips: int | None = None
    frames: int | None = None
    signers: int | None = None
    began_from: str = ""
    sources: tuple[dict[str, Any], ...] = ()
    figures: tuple[Figure, ...] = ()
    problem: str = ""


def run(workspace: Workspace, files: Sequence[Path] = ()) -> list[EncoderEntry]:
    """The encoder that is shipped, those of the workspace's finished runs, and `files`.

    A damaged file has an entry that says so. Raises SignpipeError if one of `files` is not there.
    """
    for file in files:
        if not file.is_file():
            raise SignpipeError(f"there is no encoder file {str(file)!r}")
    own = [(name, workspace.run("pretrain", name) / ENCODER) for name in workspace.runs("pretrain")]
    named = [(SHIPPED, SHIPPED_FILE), *own, *((str(file), file) for file in files)]
    scored = list(_evaluations(workspace))
    return [_entry(workspace, name, path, scored) for name, path in named if path.exists()]


def _evaluations(workspace: Workspace) -> Iterator[Metrics]:
    """What was measured of frozen encoders; unreadable results are `signpipe status`'s concern."""
    for path in sorted((workspace.root / "evaluate").glob("[!.]*/metrics.json")):
        try:
            metrics = read_metrics(path)
        except SignpipeError:
            continue
        if metrics.protocol in ("few-shot", "knn", "linear"):
            yield metrics


def _entry(workspace: Workspace, name: str, path: Path, scored: list[Metrics]) -> EncoderEntry:
    file, size = str(path), path.stat().st_size
    try:
        card = read_backbone_card(path)
    except SignpipeError as error:
        return EncoderEntry(name, file, size, problem=str(error))
    known, fingerprint = card.trained, sha256_of_file(path)
    own = [one for one in scored if one.inputs.get("encoder") == fingerprint]
    told = [Figure(**figure) for figure in known.get("figures", ())]
    return EncoderEntry(
        name,
        file,
        size,
        weights=_weights(path),
        streams=card.streams,
        clips=known.get("clips"),
        frames=known.get("frames"),
        signers=known.get("signers"),
        began_from=_began_from(workspace, card),
        sources=tuple(known.get("sources", ())),
        figures=(*told, *(figure for one in own for figure in figures(one))),
    )


def _weights(path: Path) -> int:
    """How many numbers were learned: all but the batch norm's counters."""
    with safe_open(path, "pt") as file:
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118
    return sum(prod(shape) for shape in shapes if shape)


def _began_from(workspace: Workspace, card: BackboneCard) -> str:
    origin = card.trained.get("began_from")
    if not origin:
        return ""
    file = str(origin["file"])
    return SHIPPED if file == SHIPPED else str(began_from_file(workspace, file))


def figures(metrics: Metrics) -> Iterator[Figure]:
    """What an evaluation of a frozen encoder says of it: its last stream, cell by cell."""
    whole: list[tuple[dict[str, Any], dict[str, Figures]]] = [({}, metrics.streams)]
    for of, streams in [(dict(cell.of), cell.streams) for cell in metrics.summary] or whole:
        if of.get("features", "pretrained") == "pretrained":
            found = list(streams.values())[-1]
            asked = {name: value for name, value in of.items() if name != "features"}
            yield Figure(metrics.protocol, metrics.split, asked, found.top1, found.mean_class)
