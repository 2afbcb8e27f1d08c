"""A taught recogniser's memory: takes that come and go while it names clips."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.answers import NONE_OF_THESE, NOT_SIGNING, Answer
from signpipe.errors import SignpipeError
from signpipe.live.left_out_report import TeachingReport, report
from signpipe.live.takes import Take, Takes
from signpipe.live.taught_folder import (
    TaughtFolder,
    read_takes_of,
    takes_version,
    taught_card,
    write_folder,
    writing,
)
from signpipe.live.taught_signs import SCALE, TaughtSigns
from signpipe.model.calibration import softmax
from signpipe.model.class_means import Rows
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.rejection import Rejection


@dataclass(frozen=True)
class _State:
    """What is known at one moment; replaced as a whole, so that who reads it needs no lock."""

    takes: Takes
    taught: TaughtSigns
    rejection: Rejection
    card: RecognizerCard


class Taught:
    """The takes of a folder, and what follows from them. Safe to use from several threads.

    What is added or removed counts at once, and stays when it is saved. Features (D,) are those of
    the folder's encoder.
    """

    def __init__(self, folder: TaughtFolder) -> None:
        self._folder = folder
        self._changing = threading.RLock()
        self._removed: set[str] = set()  # since the folder was read or written
        self._state = self._made(folder.takes)

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self._folder.path

    @property
    def card(self) -> RecognizerCard:
        return self._state.card

    @property
    def takes(self) -> tuple[Take, ...]:
        """In the order in which they were taught."""
        return self._state.takes.takes

    def find(self, word: str) -> tuple[Take, ...]:
        """The takes of a sign, or the one with an id or source."""
        return self._state.takes.named(word)

    def report(self) -> TeachingReport:
        """How well the signs are told apart now."""
        state = self._state
        return report(state.takes, state.taught, state.rejection)

    def logits(self, feature: Rows) -> NDArray[np.float64]:
        """(1, S)."""
        return SCALE * self._similarity(self._state, feature)[1].astype(np.float64)

    def decide(self, feature: Rows, rests: bool, always: bool = False) -> Answer:
        """The answer for a clip; `rests` says that its person's hands do. `always` names a sign."""
        state = self._state
        row, similarity = self._similarity(state, feature)
        if not state.taught.signs:
            return Answer(NOT_SIGNING if rests else NONE_OF_THESE, ())
        shares = softmax(SCALE * similarity / state.rejection.temperature)[0]
        order = np.argsort(-shares, kind="stable")
        signs = tuple((state.taught.signs[i], float(shares[i])) for i in order)
        if always:
            return Answer(signs[0][0], signs)
        if rests or state.taught.looks_idle(row, similarity)[0]:
            return Answer(NOT_SIGNING, signs)
        if state.rejection.rejects(state.taught.unknownness(similarity))[0]:
            return Answer(NONE_OF_THESE, signs)
        return Answer(signs[0][0], signs)

    def nearest(self, feature: Rows, sign: str | None = None) -> Take | None:
        """The take that is most like a clip, of a sign or of any; None if there is none."""
        state = self._state
        if sign is None:
            places = np.flatnonzero(state.taught.labels >= 0)
        else:
            places = np.flatnonzero([take.sign == sign for take in state.takes.takes])
        if not len(places):
            return None
        row, _ = self._similarity(state, feature)
        return state.takes.takes[int(places[(state.taught.rows[places] @ row[0]).argmax()])]

    def add(self, examples: Sequence[tuple[str, str]], features: Rows) -> tuple[Take, ...]:
        """Add takes, each (sign or `NOT_SIGNING`, source), whose features are (M, D).

        A source that was taught before is taught anew. Raises ValueError for what cannot name a
        sign.
        """
        with self._changing:
            takes = self._state.takes
            ids = takes.new_ids(len(examples))
            added = tuple(
                Take(take_id=one, sign=sign, source=source)
                for one, (sign, source) in zip(ids, examples, strict=True)
            )
            sources = {take.source for take in added} - {""}
            again = {take.take_id for take in takes.takes if take.source in sources}
            self._state = self._made(takes.without(again).added(added, features))
            self._removed |= again
        return added

    def remove(self, word: str) -> tuple[Take, ...]:
        """Remove a sign's takes, or the take with an id or source; which they were."""
        with self._changing:
            takes = self._state.takes
            gone = takes.named(word)
            ids = {take.take_id for take in gone}
            self._state = self._made(takes.without(ids))
            self._removed |= ids
        return gone

    def save(self) -> None:
        """Write what has changed, and take in what others have written meanwhile.

        Raises SignpipeError if the folder cannot be written, or is damaged.
        """
        path = self._folder.path
        with self._changing, writing(path):
            takes = self._merged(path)
            state = self._state if takes is self._state.takes else self._made(takes)
            write_folder(path, takes, state.card)
            self._folder = replace(self._folder, takes=takes, version=takes_version(path))
            self._removed, self._state = set(), state

    def _merged(self, path: Path) -> Takes:
        """These takes, or those that others have written, with what was changed here since."""
        own = self._state.takes
        there, version = read_takes_of(path)
        if version == self._folder.version:
            return own
        if there.encoder != own.encoder:
            raise SignpipeError(f"{path} has got another encoder meanwhile; load it again")
        before = {take.take_id for take in self._folder.takes.takes}
        present = {take.take_id for take in there.takes}
        known = before | present
        new = [i for i, t in enumerate(own.takes) if t.take_id not in known]
        kept = there.without(self._removed)
        return kept.added([own.takes[i] for i in new], own.features[new])

    def _similarity(self, state: _State, feature: Rows) -> tuple[Rows, Rows]:
        row = self._folder.reference.whitening(feature[None])
        return row, state.taught.similarity(row)

    def _made(self, takes: Takes) -> _State:
        reference = self._folder.reference
        taught = TaughtSigns.of(takes, reference.whitening)
        rejection = taught.rejection(reference.prior)
        folder = self._folder
        card = taught_card(folder.encoder_card, takes, rejection, folder.joint_weight)
        return _State(takes, taught, rejection, card)
