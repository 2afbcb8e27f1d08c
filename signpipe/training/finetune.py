"""finetune: the encoders and new classifiers learn the user's signs from labelled clips."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip, count_by, read_clips
from signpipe.extraction.stored import extract_settings
from signpipe.model.backbone import load_backbone, new_encoders, read_backbone_card
from signpipe.model.recognizer_card import RecognizerCard, read_card
from signpipe.model.rejection import Rejection, fit_rejection
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.model.stream_classifiers import (
    combine,
    final,
    save_recognizer,
)
from signpipe.parts import prepare
from signpipe.parts.store import Parts, open_parts
from signpipe.progress import note
from signpipe.settings import FinetuneSettings, PrepareSettings
from signpipe.splits import (
    TRAIN,
    UNLABELLED,
    VAL,
    fingerprint,
    labelled_clips,
    learnable,
    tell_left_out,
)
from signpipe.training import misfits, training_runs
from signpipe.training.begun import Begun
from signpipe.training.checkpoints import State
from signpipe.training.classify import FinetuneData, Finetuning, Labelled
from signpipe.training.devices import check_devices, dismiss, train_on
from signpipe.training.encoders import (
    find_encoder,
    fitting_card,
    named_encoder,
    newest_encoder,
    origin,
    shipped_encoder,
    with_its_sizes,
)
from signpipe.training.features import JOINT_WEIGHT, joined
from signpipe.training.few_labels import FewLabels, suited
from signpipe.training.loop import fit, pick_device
from signpipe.training.metrics import Labels, Logits, mean_class, top_k
from signpipe.training.metrics_log import Logger, check_logger
from signpipe.training.pretrain import pool_clips
from signpipe.training.pseudo_labels import NeighbourGraph
from signpipe.training.scoring import score
from signpipe.wording import counted
from signpipe.workspace import Workspace, sha256_of_values

SCRATCH = "scratch"


@dataclass(frozen=True)
class FinetuneResult:
    """`counts` has the clips of each split, `validation` the chosen checkpoint's row.

    `rejection` says when it answers "none of these"; None of a recogniser made before it could.
    """

    folder: Path
    recognizer: Path
    split: str
    counts: dict[str, int]
    signs: int
    dropped: tuple[str, ...]
    encoder: Path | None
    already: bool
    validation: dict[str, float]
    rejection: Rejection | None = None


def run(
    workspace: Workspace,
    settings: FinetuneSettings | None = None,
    *,
    run: str | None = None,
    encoder: str | None = None,
    from_scratch: bool = False,
    logger: Logger | None = None,
    devices: int = 1,
    redo: bool = False,
) -> FinetuneResult:
    """Learn the labelled signs, from the newest pretrained encoder, or the one that is shipped.

    `encoder` names a pretraining run, an encoder file, or "shipped"; `run` names the result
    (default "default", or "scratch" without pretraining). `devices` processes share every batch.
    Prepares first where needed. What is not given is as the run was begun. A finished run is left
    alone, an unfinished one goes on; one whose clips, labels or encoder have changed is made again.
    Raises SignpipeError if there is nothing to learn from, or it was begun with other settings.
    """
    name = run_name(run, from_scratch)
    folder = workspace.run("finetune", name)
    begun = Begun.of(folder, redo)
    settings = settings or begun.settings(FinetuneSettings)
    from_scratch = from_scratch or (encoder is None and bool(begun.option("from_scratch", None)))
    backbone = _start(workspace, begun, encoder, from_scratch)
    prepared = prepare.run(workspace)
    if not prepared.already:
        note(f"prepared {counted(prepared.clips, 'clip')} in {prepared.path}")
    parts = open_parts(workspace.parts)
    if not backbone and not from_scratch:
        backbone = shipped_encoder(parts, settings, settings.encoder)
    if backbone:
        card = fitting_card(backbone, parts, settings)
        settings = with_its_sizes(settings, backbone, card)
    rows = read_clips(workspace.clips).values()
    table = [clip for clip in rows if clip.clip_id in parts.rows]
    clips, how = labelled_clips(table, settings.labels_per_sign, settings.seed)
    tell_left_out(rows)
    known = learnable(clips)
    signs = sorted({clip.label for clip in known})
    check_logger(logger)
    check_devices(devices, min(settings.batch_size, sum(clip.split == TRAIN for clip in known)))
    began_from = origin(workspace, backbone)
    pool = unlabelled(workspace, parts, clips) if backbone and settings.unlabelled else []
    inputs = {
        "labels": fingerprint(known),
        "unlabelled": fingerprint(pool),
        "parts": parts.record["inputs"]["keypoints"],
        "prepare": parts.record["settings"],
        "encoder": began_from["sha256"] if began_from else None,
    }
    if settings.misfit_weight < 1:
        inputs["checked"] = sha256_of_values(*(clip.clip_id for clip in known if clip.checked))
    with workspace.lock(f"finetune-{name}"):
        # An encoder brings its own sizes.
        asked = settings.model_dump(mode="json", exclude={"encoder"} if backbone else set())
        about = {"began_from": began_from, "from_scratch": from_scratch, "prepared": len(parts)}
        finished = training_runs.RECOGNIZER
        made = training_runs.begin(folder, asked, inputs, finished, redo, **about)
        validation = {}
        if made:
            used = {clip.clip_id: clip.split for clip in clips + pool}
            training_runs.write_clip_list(made / "clips.csv", list(used.items()))
            graph = None
            if backbone and pool:
                near = [clip for clip in known if clip.split == TRAIN] + pool
                graph = NeighbourGraph.of(backbone, parts, near, settings.streams)
            job = FinetuneJob(workspace, settings, parts, known, how, backbone, graph)
            validation = learn(job, made, logger, devices)
            training_runs.end(made, folder)
    dropped = tuple(sorted({clip.label for clip in clips} - set(signs)))
    counts = count_by(known, "split")
    return FinetuneResult(
        folder,
        folder / "recognizer",
        how,
        counts,
        len(signs),
        dropped,
        backbone,
        made is None,
        validation,
        read_card(folder / "recognizer").rejection,
    )


def run_name(run: str | None, from_scratch: bool) -> str:
    """The name of a run, where none is given."""
    return run or (SCRATCH if from_scratch else "default")


def _start(
    workspace: Workspace, begun: Begun, encoder: str | None, from_scratch: bool
) -> Path | None:
    """The encoder to begin from: as asked for, else the run's own, else the newest; or None.

    The shipped one stands in only for as long as the workspace has none of its own.
    """
    given = named_encoder(workspace, encoder) if encoder else None
    found = begun.encoder(workspace, given, from_scratch)
    stood_in = given is None and found == SHIPPED_FILE
    if (found is None or stood_in) and not from_scratch:
        return find_encoder(workspace, None) or found
    elif found and given is None and newest_encoder(workspace) not in (None, found):
        note(f"it was begun from {found}, and stays so; {newest_encoder(workspace)} is newer")
    return found


def unlabelled(workspace: Workspace, parts: Parts, labelled: list[Clip]) -> list[Clip]:
    """The clips beside `labelled` that may be learned from without a label, as split unlabelled."""
    own = {clip.clip_id for clip in labelled if clip.split != UNLABELLED}
    others = [clip for clip in pool_clips(workspace, parts, None) if clip.clip_id not in own]
    return [replace(clip, label="", split=UNLABELLED) for clip in others]


@dataclass(frozen=True)
class FinetuneJob:
    """What is learned, from what: those `clips` whose split is train, chosen on those of val.

    `split_from` says in words where the splits come from, `backbone` is the encoder file that it
    begins from. `graph` has the training clips and others, that get pseudo-labels from theirs.
    """

    workspace: Workspace
    settings: FinetuneSettings
    parts: Parts
    clips: list[Clip]
    split_from: str
    backbone: Path | None = None
    graph: NeighbourGraph | None = None

    @property
    def signs(self) -> list[str]:
        return sorted({clip.label for clip in self.clips})


def learn(
    job: FinetuneJob, folder: Path, logger: Logger | None = None, devices: int = 1
) -> dict[str, float]:
    """Train a recogniser; returns the figures on val of the epoch that was chosen.

    Leaves checkpoint, metrics and recogniser in `folder`, and goes on from a checkpoint there.
    """
    settings, parts = job.settings, job.parts
    extracted_with = extract_settings(job.workspace)
    data = _finetune_data(job)
    task, state = _fit(job, data, folder, logger, devices)
    recognizer, val = task.recognizer, data.val
    if state.best:
        recognizer.load_state_dict(state.best)
    recognizer.eval()
    alone = settings.streams != "both"
    weight = 0.5 if alone else JOINT_WEIGHT
    rejection = Rejection(chosen_on="no clip was left to choose a threshold by")
    if val:
        logits = score(recognizer, parts, val.rows, task.frames)
        weight = weight if alone else choose_weight(logits, val.labels)
        rejection = fit_rejection(final(logits, weight), val.labels, _whose(job.clips))
    trained = {
        "split": job.split_from,
        "clips": count_by(job.clips, "split"),
        "unlabelled": data.unlabelled,
        "classifiers_alone": data.pool is not None,
        "selection": selection(settings, val is not None),
        "epoch": state.best_epoch or state.epoch,
        "settings": settings.model_dump(mode="json"),
        "pretrained": job.backbone is not None,
    }
    card = RecognizerCard(
        signs=tuple(job.signs),
        streams=settings.streams,
        classifier=settings.classifier,
        joint_weight=weight,
        encoder=settings.encoder,
        prepare=PrepareSettings.model_validate(parts.record["settings"]),
        extract=extracted_with,
        rejection=rejection,
        trained=trained,
    )
    save_recognizer(folder / "recognizer", recognizer, card)
    return _chosen(state)


def _fit(
    job: FinetuneJob, data: FinetuneData, folder: Path, logger: Logger | None, devices: int
) -> tuple[Finetuning | FewLabels, State]:
    """The task after its last epoch."""
    settings = job.settings
    if data.pool is not None:
        dismiss()
        task = FewLabels(settings, job.parts, data, data.pool)
        # The encoders, for whose sake bfloat16 would be tried, do not run.
        alone = settings.model_copy(update={"precision": "fp32"})
        return task, fit(task, alone, folder, logger)
    train_on(devices, _train, settings, job.workspace.parts, data, folder, logger)
    whole = Finetuning(settings, job.parts, data)
    return whole, fit(whole, settings, folder, logger)  # of nothing, if several devices did it


def _finetune_data(job: FinetuneJob) -> FinetuneData:
    of_split = {
        name: Labelled.of([c for c in job.clips if c.split == name], job.parts, job.signs)
        for name in (TRAIN, VAL)
    }
    train, signs = of_split[TRAIN], len(job.signs)
    val = of_split[VAL] if len(of_split[VAL].rows) else None
    if val is None:
        note("no clip is left to validate on: the last epoch is kept")
    if job.graph and suited(job.settings, train, job.graph.rows):
        others = counted(len(job.graph.rows) - len(train.rows), "unlabelled clip")
        note(
            f"no sign has more than {counted(job.settings.few_labels, 'labelled clip')}: the "
            f"encoder stays as it is, and {others} teach the classifiers as well"
        )
        return FinetuneData(train, val, signs, job.backbone, pool=job.graph.rows)
    pseudo = job.graph.pseudo_label(train.rows, train.labels, signs) if job.graph else None
    if pseudo:
        found = counted(len(pseudo.rows), "unlabelled clip resembles", "unlabelled clips resemble")
        note(f"{found} labelled ones: learning from them too")
    return FinetuneData(train, val, signs, job.backbone, pseudo, _weights(job))


def _weights(job: FinetuneJob) -> NDArray[np.float64] | None:
    """How often each training clip is drawn, if misfits are less often."""
    if job.backbone is None or job.settings.misfit_weight == 1:
        return None
    clips = [clip for clip in job.clips if clip.split == TRAIN]
    if not misfits.possible(clips):
        return None
    card = read_backbone_card(job.backbone)
    encoders = new_encoders(card)
    load_backbone(job.backbone, encoders)
    rows = np.array([job.parts.rows[clip.clip_id] for clip in clips], np.int64)
    device = pick_device()
    features = joined(encoders.to(device), job.parts, rows, card.encoder, JOINT_WEIGHT)
    weights = misfits.weights(clips, features, job.settings.misfit_weight)
    if doubted := int((weights < 1).sum()):
        note(
            f"{counted(doubted, 'training clip looks', 'training clips look')} like another sign "
            "and is learned from less often; `signpipe report labels` shows them"
        )
    return weights


def _train(
    settings: FinetuneSettings, parts: Path, data: FinetuneData, folder: Path, logger: Logger | None
) -> None:
    """What each of several processes does."""
    fit(Finetuning(settings, open_parts(parts), data), settings, folder, logger)


def selection(settings: FinetuneSettings, val: bool) -> str:
    """By what the epoch and the streams' weights are chosen, in words."""
    if not val:
        return "last epoch"
    rule = "epoch with the largest mean of top-1 and mean-class accuracy on val"
    if settings.streams != "both":
        return rule
    return f"{rule}, for the even mean of both streams; then the streams' weights likewise"


def _chosen(state: State) -> dict[str, float]:
    return state.rows[(state.best_epoch or state.epoch) - 1]


def _whose(clips: list[Clip]) -> str:
    """By which clips epoch, weights and threshold are chosen, in words."""
    val = [clip for clip in clips if clip.split == VAL]
    signers = {clip.signer for clip in val}
    return "val" if "" in signers else f"val, {counted(len(signers), 'signer')}"


def choose_weight(logits: dict[str, Logits], labels: Labels) -> float:
    """The joint stream's weight in the mean of logits, chosen on val; ties go to the even mean."""
    candidates = sorted(np.linspace(0.0, 1.0, 21).round(2), key=lambda weight: abs(weight - 0.5))

    def merit(weight: float) -> float:
        both = combine(logits, weight)["both"]
        return top_k(both, labels, 1) + mean_class(both, labels)

    return float(max(candidates, key=merit))
