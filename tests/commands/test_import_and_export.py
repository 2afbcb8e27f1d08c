"""What import and export-poses print, and how they end."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.landmarks.pack import write_pack


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.output


@pytest.fixture
def poses(tmp_path: Path, walk, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my poses" / "hi").mkdir(parents=True)
    content = pose_bytes(walk(0, 0, 0), 25, 64, 48)
    (tmp_path / "my poses" / "hi" / "a.pose").write_bytes(content)
    return tmp_path / "my poses"


def test_import_and_export_and_again(poses: Path):
    code, said = run("import", poses)
    assert code == 0 and "1 clip, 20 frames: 1 ok" in said and "1 clip with 1 sign" in said
    code, said = run("import", poses)
    assert code == 0 and "1 clip was imported already" in said
    code, said = run("export-poses", "my out")
    assert code == 0 and "1 clip, 20 frames -> my out" in said and "do not tell" not in said
    assert "signpipe import 'my out' --labels 'my out'/labels.csv" in said
    code, said = run("export-poses", "my out")
    assert code == 0 and "1 clip was exported already" in said


def test_exit_codes(poses: Path, walk):
    (poses / "bad.pose").write_bytes(b"")
    code, said = run("import", poses)
    assert code == 1 and f"unreadable: {poses / 'bad.pose'}: it is damaged" in said
    assert run("import", poses / "bad.pose", "-w", "other")[0] == 2
    write_pack(poses / "good.h5", {"good": walk(0, 0, 0)})
    (poses / "bad.h5").write_bytes(b"no HDF5")
    code, said = run("import", poses / "good.h5", poses / "bad.h5")
    assert code == 1 and "left out: cannot read the pack" in said
    assert run("import", poses / "bad.h5", "-w", "third")[0] == 2
    assert run("export-poses", "out", "--split", "train")[0] == 2
    assert run("export-poses", "out", "--clip", "hi/a")[0] == 0
