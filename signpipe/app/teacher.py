"""What is taught: takes in the workspace, and the recogniser that learns from them.

The workspace's clip table says what is taught of the takes that the page has recorded: a take that
is relabelled, forgotten or restored there is so here from the next look on. What `signpipe teach`
has added from elsewhere stays as it is.
"""

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from signpipe.answers import NOT_SIGNING
from signpipe.app.drawable import drawable_clip
from signpipe.app.takes import FOLDER, NewTake, is_left_handed, keep_take
from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.forgotten import forget
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.stored import stored_extraction
from signpipe.landmarks.mirror import mirrored
from signpipe.landmarks.pack import Landmarks
from signpipe.live.takes import sign_name
from signpipe.model.recognizer_card import CARD_FILE
from signpipe.progress import note
from signpipe.recognizer import Recognizer, TaughtRecognizer
from signpipe.teaching import open_taught
from signpipe.workspace import Workspace

DIGITS = 4  # of a probability
IDLE_SECONDS = 2.0  # idle hands are learned in pieces as long as a sign


class Teacher:
    """Safe to use from threads: they answer at the same time, and take turns at teaching."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._changing = threading.RLock()
        self._taught: TaughtRecognizer | None = None
        self._used: tuple[str, Recognizer | None] = "", None
        self._trouble = ""

    def load(self) -> None:
        """Load what answering needs, so that the first answer need not wait for it."""
        from signpipe.live import taught_scorer  # noqa: F401

    def summary(self) -> dict[str, Any]:
        """What is known: `signs` taught with their takes, whether `idle` hands were shown, the
        `report` on how well the signs are told apart; the `runs` that have trained a recogniser,
        which of them is `used` ("" for what was taught), and its `own` signs; the `trouble` with a
        take that cannot be learned from, "" if there is none such."""
        with self._changing:
            taught = self._up_to_date()
            used, trained = self._used
            trouble = self._trouble
        return {
            "signs": [] if taught is None else _takes_by_sign(taught),
            "idle": taught is not None and taught.report().idle > 0,
            "report": None if taught is None else _report(taught),
            "runs": self._runs(),
            "used": used,
            "own": [] if trained is None else list(trained.signs),
            "trouble": trouble,
        }

    def use(self, run: str) -> None:
        """Answer by a fine-tuning run's recogniser from now on, or by what was taught for "".

        Raises SignpipeError if there is no such recogniser.
        """
        if run and run not in self._runs():
            raise SignpipeError(f"There is no recogniser of a run {run!r}.")
        folder = self._workspace.run("finetune", run) / "recognizer" if run else None
        loaded = None if folder is None else Recognizer.load(folder, cache=False)
        with self._changing:
            self._used = run, loaded

    def answer(
        self, landmarks: Landmarks, width: int, height: int, *, left_handed: bool = False
    ) -> dict[str, Any] | None:
        """What is said of a sign, the likeliest signs and the nearest take's clip id; None if
        nothing is known."""
        taught, trained = self._taught, self._used[1]
        shown = mirrored(landmarks) if left_handed else landmarks
        if trained is not None:
            found, nearest = trained.decide(shown, width=width, height=height), None
            if found.is_sign and taught is not None:
                sign = found.answer
                nearest = taught.nearest_take(shown, width=width, height=height, sign=sign)
        elif taught is not None and taught.signs:
            found, nearest = taught.decide_by_take(shown, width=width, height=height)
        else:
            return None
        return {
            "answer": found.answer,
            "signs": [[sign, round(share, DIGITS)] for sign, share in found.signs],
            "nearest": None if nearest is None else nearest.source,
        }

    def teach(self, take: NewTake) -> int:
        """Keep a take and learn from it; how many takes its sign, or idle hands, have now.

        Raises SignpipeError if it cannot be kept.
        """
        with self._changing:
            keep_take(self._workspace, take)
            taught = self._up_to_date()
            assert taught is not None
            sign = take.label or NOT_SIGNING
            return len({one.source for one in taught.takes if one.sign == sign})

    def take(self, clip_id: str) -> dict[str, Any]:
        """A take's sign and its landmarks to draw. Raises SignpipeError if there is none."""
        drawn = self._drawn(clip_id)
        if drawn is None:
            raise SignpipeError("This take is not there any more.")
        return drawn

    def remove(self, name: str) -> None:
        """Forget a take; one that the page has recorded also in the clip table, where `restore`
        gives it back.

        Raises SignpipeError if there is no such take.
        """
        with self._changing:
            taught = self._up_to_date()
            if name in self._wanted():
                forget(self._workspace, [name])
                self._up_to_date()
            elif taught is not None and taught.remove(name):
                self._save(taught)
            else:
                raise SignpipeError("This take is not there any more.")

    def _up_to_date(self) -> TaughtRecognizer | None:
        """What was taught, as the clip table has it; None as long as that is nothing."""
        folder = self._workspace.taught
        if self._taught is None and (self._wanted() or (folder / CARD_FILE).exists()):
            self._taught = open_taught(folder, self._workspace, cache=False)
        if self._taught is not None:
            self._follow(self._taught)
        return self._taught

    def _runs(self) -> list[str]:
        """Fine-tuning runs that have trained a recogniser, the newest first."""
        at = self._workspace
        runs = at.runs("finetune")
        return [r for r in runs if (at.run("finetune", r) / "recognizer" / CARD_FILE).exists()]

    def _wanted(self) -> dict[str, Clip]:
        """The clip table's usable takes by clip id."""
        clips = read_clips(self._workspace.clips).values()
        return {c.clip_id: c for c in clips if c.clip_id.startswith(f"{FOLDER}/") and c.usable}

    def _follow(self, taught: TaughtRecognizer) -> None:
        """Learn and forget what the clip table has or has no longer."""
        self._trouble = ""
        wanted = self._wanted()
        signs = self._signs(wanted)
        known = {t.source: t.sign for t in taught.takes if t.source.startswith(f"{FOLDER}/")}
        old = [clip_id for clip_id, sign in known.items() if signs.get(clip_id) != sign]
        new = [clip_id for clip_id, sign in signs.items() if known.get(clip_id) != sign]
        for clip_id in old:
            taught.remove(clip_id)
        learned = [self._learn(taught, wanted[clip_id], signs[clip_id]) for clip_id in new]
        if old or any(learned):
            self._save(taught)

    def _signs(self, clips: Mapping[str, Clip]) -> dict[str, str]:
        """What each clip teaches, by its id, but for those whose label people gave no sign."""
        signs = {}
        for clip_id, clip in clips.items():
            try:
                signs[clip_id] = sign_name(clip.label) if clip.label else NOT_SIGNING
            except ValueError as error:
                self._trouble = f"The take {clip_id} cannot be learned: {error}."
        return signs

    def _save(self, taught: TaughtRecognizer) -> None:
        """Where it cannot be written it counts all the same: the clip table teaches it again."""
        try:
            taught.save()
        except SignpipeError as error:
            note(str(error))

    def _learn(self, taught: TaughtRecognizer, clip: Clip, sign: str) -> bool:
        """Whether it could be learned; the others count whether or not."""
        try:
            landmarks = self._stored(clip.clip_id)
            if landmarks is None or not len(landmarks):
                return False
            if is_left_handed(clip):
                landmarks = mirrored(landmarks)
            pieces = _pieces(landmarks) if sign == NOT_SIGNING else [landmarks]
            size = {"width": clip.width, "height": clip.height}
            for piece in pieces:
                taught.add_take(sign, piece, source=clip.clip_id, **size)
        except SignpipeError as error:
            self._trouble = f"The take {clip.clip_id} cannot be learned: {error}."
            return False
        return True

    def _stored(self, clip_id: str) -> Landmarks | None:
        outcome = read_outcomes(self._workspace.outcomes).get(clip_id)
        return None if outcome is None else stored_extraction(self._workspace, outcome).landmarks

    def _drawn(self, clip_id: str) -> dict[str, Any] | None:
        """A clip of the workspace to draw; None if it is not there."""
        clip = read_clips(self._workspace.clips).get(clip_id)
        landmarks = None if clip is None else self._stored(clip_id)
        if clip is None or landmarks is None:
            return None
        size = {"width": clip.width or 4, "height": clip.height or 3}
        return {"id": clip_id, "sign": clip.label, "clip": {**drawable_clip(landmarks), **size}}


def _takes_by_sign(taught: TaughtRecognizer) -> list[dict[str, Any]]:
    takes: dict[str, list[dict[str, Any]]] = {sign: [] for sign in taught.signs}
    for take in taught.takes:
        if take.sign in takes:
            own = take.source.startswith(f"{FOLDER}/")
            takes[take.sign].append({"id": take.source or take.take_id, "own": own})
    return [{"sign": sign, "takes": found} for sign, found in takes.items()]


def _report(taught: TaughtRecognizer) -> dict[str, Any]:
    found = taught.report()
    pair = found.confused
    confused = None
    if pair is not None:
        sources = [take.source for take in pair.takes]
        confused = {"signs": pair.signs, "mistakes": pair.mistakes, "takes": sources}
    return {
        "asked": found.asked,
        "right": found.right,
        "confused": confused,
        "kept": found.rejection.kept,
        "kept_out": found.rejection.kept_out,
    }


def _pieces(landmarks: Landmarks) -> list[Landmarks]:
    """Some seconds of idle hands each."""
    times = landmarks.times
    assert times is not None
    count = max(1, int(times[-1] / IDLE_SECONDS))
    places = np.array_split(np.arange(len(landmarks)), count)
    return [
        Landmarks(landmarks.pose[at], landmarks.left_hand[at], landmarks.right_hand[at], times[at])
        for at in places
        if len(at)
    ]
