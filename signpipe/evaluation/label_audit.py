"""Which labels look wrong: cells of a signer and sign that recognisers who have not seen the signer
name, clip by clip, as one other sign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signpipe.cliptable import Clip, read_clips
from signpipe.evaluation.predictions import FILE, read_predictions
from signpipe.evaluation.protocols import frozen
from signpipe.evaluation.protocols.common import Request, rows_of, table
from signpipe.evaluation.schema import read_metrics
from signpipe.evaluation.staleness import Present, stale
from signpipe.splits import TRAIN, VAL
from signpipe.training.features import JOINT_WEIGHT, join, unit
from signpipe.training.misfits import Misfit, misfits, named_by_others
from signpipe.wording import counted
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class Audit:
    """What was found among `clips`, of which `right` is the share that was named rightly.

    `how` says in words what named them. `found` are misfits nobody has looked at yet, `checked`
    those of which a person has checked every clip.
    """

    how: str
    clips: Mapping[str, Clip]
    right: float
    found: Sequence[Misfit]
    checked: Sequence[Misfit]

    @property
    def flagged(self) -> frozenset[str]:
        """The clips (ids) of the misfits that nobody has looked at."""
        return frozenset(clip_id for cell in self.found for clip_id in cell.clips)


def audit(workspace: Workspace) -> Audit | None:
    """Look at the labels of train and val; None if no clip of a known signer can be named.

    By the newest cross-signer evaluation that still holds; without one by the encoder: each clip is
    called what the nearest clips of other signers are.
    """
    named, how = _evaluated(workspace) or _by_encoder(workspace)
    table = {i: clip for i, clip in read_clips(workspace.clips).items() if i in named}
    if not table:
        return None
    cells = misfits(list(table.values()), named)
    done = [all(table[clip_id].checked for clip_id in cell.clips) for cell in cells]
    right = sum(named[clip_id] == clip.label for clip_id, clip in table.items()) / len(table)
    return Audit(
        how,
        table,
        right,
        [cell for cell, checked in zip(cells, done, strict=True) if not checked],
        [cell for cell, checked in zip(cells, done, strict=True) if checked],
    )


def _evaluated(workspace: Workspace) -> tuple[dict[str, str], str] | None:
    """What the newest cross-signer evaluation said of each clip, if there is one that holds."""
    paths = (workspace.root / "evaluate").glob(f"[!.]*-cross-signer-*/{FILE}")
    present = Present(workspace)
    for path in sorted(paths, key=lambda path: -path.stat().st_mtime):
        folder = path.parent
        if (folder / "metrics.json").exists() and not stale(workspace, folder, present):
            metrics = read_metrics(folder / "metrics.json")
            said = read_predictions(path, list(metrics.streams), metrics.clips)
            how = f"{folder.name}: recognisers fine-tuned without the clip's signer"
            return {clip.clip_id: clip.final for clip in said}, how
    return None


def _by_encoder(workspace: Workspace) -> tuple[dict[str, str], str]:
    encoder = frozen.find(workspace, Request())
    found, _ = table(workspace, encoder.parts)
    clips = [clip for clip in found if clip.split in (TRAIN, VAL) and clip.signer]
    signers = counted(len({clip.signer for clip in clips}), "signer")
    how = (
        f"the encoder {encoder.run}: the clips of other signers that each resembles most, of "
        f"{counted(len(clips), 'clip')} of {signers}"
    )
    if not clips:
        return {}, how
    features = join(unit(encoder.features(rows_of(clips, encoder.parts))), JOINT_WEIGHT)
    return named_by_others(clips, list(features.values())[-1]), how
