"""The lean pose model that has passed its self-check on this machine, kept for the next start.

In `lean-pose/` of the user's cache folder, a file named after all that the check depends on: the
versions, this code, the settings and the processor. It may be deleted at any time, and whatever is
wrong with the folder costs time and is never an error.
"""

import hashlib
import platform
from contextlib import suppress
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.landmarks.graph import mediapipe_version, pose_model
from signpipe.settings import ExtractSettings
from signpipe.workspace import atomic, cache_folder, sha256_of_file, sha256_of_values

KEPT = 4  # files: of the versions and settings used last
DIGEST = hashlib.sha256().digest_size  # bytes before the model: its own fingerprint


def checked_model(settings: ExtractSettings) -> bytes | None:
    """The model (TFLite) that was kept for these settings; None if none was, or it is damaged."""
    try:
        data = _path(settings).read_bytes()
    except OSError:
        return None
    digest, model = data[:DIGEST], data[DIGEST:]
    return model if hashlib.sha256(model).digest() == digest else None


def keep_checked_model(settings: ExtractSettings, model: bytes) -> None:
    """Keep a model that gave the same landmarks as MediaPipe's own."""
    with suppress(OSError, SignpipeError):
        path = _path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as part:
            part.write_bytes(hashlib.sha256(model).digest() + model)
        others = sorted(path.parent.glob("*.tflite"), key=lambda file: file.stat().st_mtime)
        for old in others[:-KEPT]:
            old.unlink()


def _path(settings: ExtractSettings) -> Path:
    code = [sha256_of_file(path) for path in sorted(Path(__file__).parent.glob("*.py"))]
    made_by = [mediapipe_version(), sha256_of_file(pose_model(settings.model_complexity))]
    key = sha256_of_values(settings.model_dump(mode="json"), made_by, code, _processor())
    return cache_folder() / "lean-pose" / f"{key}.tflite"


def _processor() -> list[str]:
    """What may change a result's last bit: kernels are chosen by what the processor can do."""
    lines: list[str] = []
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        lines = text.split("\n\n")[0].splitlines()
    said = [line for line in lines if line.startswith(("model name", "flags", "Features"))]
    return [platform.machine(), platform.processor(), *said]
