"""The workspace on disk: paths and names, atomic writes, and whether an output is done or stale.

    workspace/
    ├── clips.csv                  the clip table, see `signpipe.cliptable`
    ├── forgotten.csv, renamed.jsonl   what `forget` and `rename` need to be undone
    ├── keypoints/
    │   ├── settings.json          what extract was run with
    │   ├── requests.json          what extract was asked for last
    │   ├── outcomes.jsonl         one line a finished clip, see `signpipe.extraction.outcomes`
    │   ├── listed.txt             the clips that have had a row in the clip table
    │   ├── outcomes/              the same of shards that ran at the same time
    │   └── <clip_id>.h5           one pack a clip; an imported pack holds many
    ├── parts.h5                   what prepare makes of all packs
    ├── pretrain/<run>/            settings.json, metrics.csv, clips.csv, checkpoint.pt,
    │                              encoder.safetensors
    ├── finetune/<run>/            settings.json, metrics.csv, clips.csv, checkpoint.pt
    │   └── recognizer/            model.safetensors, recognizer.json: all that predict needs
    ├── taught/                    what `signpipe teach` makes, see `signpipe.live.taught_folder`
    ├── evaluate/<run>-<split>/    metrics.json, predictions.csv, confusion.csv, pictures
    ├── evaluate/scored.jsonl      one line a scoring: how often each split was looked at
    └── report/                    extraction.html; results.html and the files behind it

A run that is made again with --redo grows in `.<run>.redo/` beside the old one, which it replaces
when it is finished.

Whether something is done is never remembered, only computed: each output has a *record* (its
`settings.json`) of the settings and the inputs' fingerprints it was made with, and is done as long
as both still hold.
"""

import fcntl
import gc
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from signpipe.errors import SignpipeError, disk_full

DEFAULT = Path("workspace")
TAKES = "takes"  # the lock of who writes a take; an extraction may run at the same time
TAUGHT = "taught"  # the folder of the recogniser that is taught
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
TEMPORARY = ".part"  # ending of files that are being written
NO_SPACE = 64 * 1024  # bytes free on a disk, with which nothing can be written
# More than any JSON file that signpipe writes has: bytes, containers in containers, digits.
LARGEST_JSON, DEEPEST, MOST_DIGITS = 64 << 20, 50, 20
SETTLED = 2e9  # nanoseconds after which a file's time of change tells whether it has changed again
KEPT = 16  # files of a kind
Key = TypeVar("Key")
Value = TypeVar("Value")


def cache_folder() -> Path:
    """This person's cache, whether or not it exists yet; it may be deleted at any time.

    `$SIGNPIPE_CACHE`, or `$XDG_CACHE_HOME/signpipe`, or `~/.cache/signpipe`.
    """
    own, root = os.environ.get("SIGNPIPE_CACHE", ""), os.environ.get("XDG_CACHE_HOME", "")
    place = root if os.path.isabs(root) else os.path.expanduser("~/.cache")
    return Path(own or Path(place, "signpipe"))


def as_paths(paths: Path | str | Sequence[Path | str]) -> list[Path]:
    """What a function of the package was given as paths: one or several, text or `Path`."""
    return [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]


@dataclass(frozen=True, init=False)
class Workspace:
    """Names every file of one workspace folder; nothing is created until it is written to."""

    root: Path

    def __init__(self, root: Path | str) -> None:
        object.__setattr__(self, "root", Path(root))

    @property
    def clips(self) -> Path:
        return self.root / "clips.csv"

    @property
    def keypoints(self) -> Path:
        return self.root / "keypoints"

    @property
    def outcomes(self) -> Path:
        return self.keypoints / "outcomes.jsonl"

    @property
    def parts(self) -> Path:
        return self.root / "parts.h5"

    @property
    def taught(self) -> Path:
        return self.root / TAUGHT

    def pack(self, name: str) -> Path:
        """The pack `name` (a clip id, or an imported pack's name), inside `keypoints/`.

        Raises SignpipeError for a name that would leave the folder.
        """
        path = self.keypoints / f"{name}.h5"
        if not path.resolve().is_relative_to(self.keypoints.resolve()):
            raise SignpipeError(f"the pack name {name!r} leads out of the workspace; rename it")
        return path

    def run(self, stage: str, name: str) -> Path:
        """The folder of one run of a stage. Raises SignpipeError for what is no file name."""
        if not RUN_NAME.fullmatch(name):
            raise SignpipeError(
                f"{name!r} cannot name a run; use letters, digits, dots, dashes and underscores"
            )
        return self.root / stage / name

    def runs(self, stage: str) -> list[str]:
        """Names of a stage's runs that have a record, the newest first."""
        records = sorted((self.root / stage).glob("*/settings.json"), key=_age)
        names = [path.parent.name for path in records]
        return [name for name in names if RUN_NAME.fullmatch(name)]  # no half-deleted ones

    @contextmanager
    def lock(self, purpose: str, *, shared: bool = False, wait: bool = False) -> Iterator[None]:
        """Hold the workspace for one writer; freed by the system even after kill -9.

        Those who hold it `shared` do so together, and keep out who wants it alone. Raises
        SignpipeError when another process holds it, unless it is to `wait`, or when the folder
        cannot be written or locked.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # NFS lets only readers hold a file together and only writers hold it alone.
            handle = open(self.root / f".{purpose}.lock", "a+")  # noqa: SIM115
        except OSError as error:
            raise SignpipeError(
                f"cannot write to the workspace {self.root}: {error.strerror}"
            ) from error
        with handle:
            # Between machines this holds wherever the shared file system passes flock(2) on: NFS
            # since 4, CephFS, GPFS, Lustre mounted with `flock`. A machine that dies frees it too.
            mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            try:
                fcntl.flock(handle, mode | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise SignpipeError(
                    f"another signpipe {purpose} is writing to {self.root}; "
                    "wait for it or use another workspace"
                ) from error
            except OSError as error:
                raise SignpipeError(
                    f"the file system of {self.root} cannot lock files ({error.strerror}); mount "
                    "it with locks or use another workspace"
                ) from error
            yield


def _age(path: Path) -> tuple[float, str]:
    return (-path.stat().st_mtime, str(path))


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is flushed and renamed to `path`.

    On an error, or a kill, `path` stays as it was. Raises SignpipeError if the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name is short, whatever the length of `path`'s own, so that it is never refused.
    temporary = path.parent / f".{secrets.token_hex(8)}{TEMPORARY}"
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        temporary.unlink()
        yield temporary
        temporary.chmod(mode)  # safetensors, for one, writes files that only their owner can read
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except SignpipeError:
        raise
    except Exception as error:
        # Some libraries say only that a write has failed.
        if disk_full(error) or shutil.disk_usage(path.parent).free < NO_SPACE:
            raise SignpipeError(
                f"no space is left on the disk for {path}; free some, and the same command goes on"
            ) from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def remove_temporaries(folder: Path) -> None:
    """Delete what killed writers left below `folder`; call only while holding its lock."""
    for path in folder.rglob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object. Raises SignpipeError naming the file if it is missing or damaged."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise ValueError(f"it is larger than {LARGEST_JSON >> 20} MB")
        value = parse_json(path.read_text(encoding="utf-8"))
        json.dumps(value, ensure_ascii=False).encode()  # half a character cannot be printed
    except (OSError, ValueError) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise SignpipeError(f"{path} is not a JSON object")
    return value


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises ValueError for what is none, and for what is but nobody writes: values nested more than
    `DEEPEST` deep, or a whole number of more than `MOST_DIGITS` digits.
    """
    too_deep = f"it is nested more than {DEEPEST} deep"
    try:
        value = json.loads(text, parse_int=_whole_number)
    except RecursionError as error:
        raise ValueError(too_deep) from error
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return value
    raise ValueError(too_deep)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _whole_number(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"it has a number of {len(text)} digits")
    return int(text)


def sha256_of_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes. Raises OSError."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@lru_cache(maxsize=100_000)
def sha256_of_version(path: Path, size: int, mtime_ns: int) -> str:
    """As `sha256_of_file`, once for all clips of a file that has this size and time of change."""
    return sha256_of_file(path)


def sha256_while_unchanged(path: Path) -> str:
    """As `sha256_of_file`, made once for as long as the file does not change. Raises OSError."""
    status = path.stat()
    return sha256_of_version(path, status.st_size, status.st_mtime_ns)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection, which looks for circles among all of 100,000 clips' objects over
    and over, a third of the time; there are none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def kept_while_unchanged(
    read: Callable[[Path], dict[Key, Value]],
) -> Callable[[Path], dict[Key, Value]]:
    """`read`, but of a file that has not changed since the last time its result is given again."""
    kept: dict[Path, tuple[tuple[int, int, int], dict[Key, Value]]] = {}

    @wraps(read)
    def reading(path: Path) -> dict[Key, Value]:
        try:
            status = os.stat(path)
        except OSError:
            return read(path)
        version = status.st_ino, status.st_size, status.st_mtime_ns
        if path in kept and kept[path][0] == version:
            return dict(kept[path][1])
        with uncollected():
            found = read(path)
        if len(kept) == KEPT:
            kept.clear()
        if time.time_ns() - status.st_mtime_ns > SETTLED:
            kept[path] = version, found
        return dict(found)

    return reading


def sha256_of_values(*values: Any) -> str:
    """Hex SHA-256 of JSON-serialisable values: the fingerprint of a set of inputs."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def write_record(
    folder: Path, settings: Mapping[str, Any], inputs: Mapping[str, Any], **more: Any
) -> None:
    """Save what an output was made with as `folder/settings.json`."""
    from signpipe import __version__

    record = {"signpipe": __version__, "settings": settings, "inputs": inputs, **more}
    write_json(folder / "settings.json", record)


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of a folder, or None if there is none yet.

    Raises SignpipeError naming the file if it is damaged or no record.
    """
    path = folder / "settings.json"
    if not path.exists():
        return None
    record = read_json(path)
    for name in ("settings", "inputs"):
        if not isinstance(record.get(name), dict):
            raise SignpipeError(
                f"{path} has no {name}, so it was not written by signpipe; restore it, or use "
                "another workspace"
            )
    return record


def differences(then: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Sentences such as `epochs was 20, is 40` for every field in which two records differ."""
    found = []
    for key in sorted(then.keys() | now.keys()):
        before, after = then.get(key), now.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key} was {_short(before)}, is {_short(after)}")
    return found


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    is_hash = isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)
    return value[:12] if is_hash else text
