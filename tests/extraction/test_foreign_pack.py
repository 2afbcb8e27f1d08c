"""HDF5 from elsewhere that hangs or kills its reader, for real."""

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction import foreign_pack, limited
from signpipe.extraction.foreign_pack import PackJob, copy_sealed, examine, is_copy, is_sealed
from signpipe.extraction.outcomes import Outcome
from signpipe.extraction.pool import Lost, run_jobs
from signpipe.landmarks.pack import SEAL_BYTES, Landmarks, open_pack, write_pack


def landmarks(frames: int) -> Landmarks:
    hand = np.full((frames, 21, 3), 0.25, np.float32)
    return Landmarks(np.full((frames, 33, 4), 0.5, np.float32), hand, np.full_like(hand, np.nan))


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A pack as other programs make it, without a seal."""
    path = tmp_path / "foreign.h5"
    write_pack(path, {"a": landmarks(3), "b": landmarks(2)}, {"width": 64, "fps": 24.0})
    path.write_bytes(path.read_bytes()[SEAL_BYTES:])
    return path


def job(path: Path) -> PackJob:
    return PackJob(path, "named", hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_whole_pack(foreign: Path):
    outcomes = examine(job(foreign))
    assert [o.index for o in outcomes.values()] == [0, 1]
    first = outcomes["a"]
    assert (first.status, first.frames, first.pack) == ("ok", 3, "named")
    assert (first.width, first.height, first.fps) == (64, None, 24)
    assert (first.pose, first.left_hand, first.right_hand) == (1, 1, 0)


def test_a_file_that_hangs_hdf5(foreign: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limited, "SECONDS", 3)
    content = bytearray(foreign.read_bytes())
    # The size of a text in the heap of texts: HDF5 looks for the next one for ever.
    content[content.index(b"GCOL") + 24] = 255
    foreign.write_bytes(content)
    with pytest.raises(SignpipeError, match=r"foreign.h5: it took longer than 3 s .* is damaged"):
        examine(job(foreign))


def test_damage_anywhere_gives_an_end(foreign: Path, tmp_path: Path):
    """Every job gives outcomes, a reason or a lost worker, whichever byte is wrong."""
    whole, rng, jobs = foreign.read_bytes(), np.random.default_rng(0), []
    for number, at in enumerate(rng.choice(len(whole), 60, replace=False)):
        content = bytearray(whole)
        content[at] ^= int(rng.integers(1, 256))
        (tmp_path / f"{number}.h5").write_bytes(content)
        jobs.append(PackJob(tmp_path / f"{number}.h5", "named", ""))
    ended = {job.path: result for job, result in run_jobs(jobs, _tried, 2, timeout=3)}
    assert ended.keys() == {job.path for job in jobs}
    for path, result in ended.items():
        match result:
            case Lost():
                assert "took longer" in result.reason or "died" in result.reason
            case str():
                assert path.name in result
            case _:
                assert all(isinstance(outcome, Outcome) for outcome in result.values())


@contextmanager
def _tried() -> Iterator[Callable[[PackJob], dict[str, Outcome] | str]]:
    def work(job: PackJob) -> dict[str, Outcome] | str:
        try:
            return foreign_pack._outcomes(job)
        except SignpipeError as error:
            return str(error)

    yield work


@contextmanager
def _killed(_read: object) -> Iterator[Callable[[PackJob], dict[str, Outcome]]]:
    def work(job: PackJob) -> dict[str, Outcome]:
        foreign_pack._outcomes(job)
        os.kill(os.getpid(), signal.SIGSEGV)
        return {}

    yield work


def test_a_file_that_kills_its_reader(foreign: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(foreign_pack, "limited", _killed)
    with pytest.raises(SignpipeError, match=r"foreign.h5: its worker died \(signal SIGSEGV\)"):
        examine(job(foreign))


def test_a_file_that_would_take_all_memory(foreign: Path):
    with h5py.File(foreign, "a") as file:
        del file["offsets"]
        file.create_dataset("offsets", (1 << 37,), np.int64, chunks=(1024,))
    with pytest.raises(SignpipeError, match=r"foreign.h5: .*(memory|allocate|of which 0 bytes)"):
        examine(job(foreign))


def test_refusals_name_the_file(foreign: Path):
    foreign.write_bytes(foreign.read_bytes()[:4000])
    with pytest.raises(SignpipeError, match="cannot read the pack .*foreign.h5"):
        examine(job(foreign))


def test_a_copy_bears_a_seal(foreign: Path, tmp_path: Path):
    sha256, copy = job(foreign).sha256, tmp_path / "copy.h5"
    copy_sealed(foreign, copy, sha256)
    assert is_sealed(copy) and not is_sealed(foreign)
    assert copy.read_bytes()[SEAL_BYTES:] == foreign.read_bytes()
    assert is_copy(copy, sha256) and not is_copy(copy, "0" * 64)
    with open_pack(copy) as one, open_pack(foreign) as other:
        assert one.clip_ids == other.clip_ids
        np.testing.assert_array_equal(one.read(1).pose, other.read(1).pose)
    damaged = bytearray(copy.read_bytes())
    damaged[-1] ^= 1
    copy.write_bytes(damaged)
    with pytest.raises(SignpipeError, match="is damaged"), open_pack(copy):
        pass
    with pytest.raises(SignpipeError, match="changed while it was read"):
        copy_sealed(foreign, copy, "0" * 64)


def test_packs_with_a_seal_or_a_block_of_their_own_are_copied_as_they_are(
    foreign: Path, tmp_path: Path
):
    own = tmp_path / "own.h5"
    with h5py.File(own, "w", userblock_size=1024) as file, h5py.File(foreign) as source:
        for name in source:
            source.copy(name, file)
    write_pack(tmp_path / "sealed.h5", {"a": landmarks(2)})
    for path in (own, tmp_path / "sealed.h5"):
        copy_sealed(path, tmp_path / "copy.h5", job(path).sha256)
        assert (tmp_path / "copy.h5").read_bytes() == path.read_bytes()
        assert is_copy(tmp_path / "copy.h5", job(path).sha256)
        assert examine(job(path))["a"].status == "ok"
