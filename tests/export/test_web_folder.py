import json
import os
import shutil

import pytest

from signpipe.errors import SignpipeError
from signpipe.export import web_folder
from signpipe.export.web_folder import SHARED, SHARED_FILES, write_web
from signpipe.model.onnx_graph import OnnxGraph


def test_the_folder_has_the_page_the_recogniser_and_the_list_of_all_files(
    recognizers, packages, tmp_path
):
    folder = tmp_path / "page"
    size = write_web(recognizers(), folder, "half", packages)
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    listed = json.loads((folder / "files.json").read_text())
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert there == {*listed["files"], "files.json"}
    assert size == sum(listed["files"].values())
    assert 30e6 < size < 45e6
    assert listed["version"] in (folder / "worker.js").read_text()
    about = json.loads((folder / "recognizer.json").read_text())
    assert about["card"]["signs"] == list(OnnxGraph(folder / "model.onnx").card.signs)
    assert about["stream"]["margin"] == 0.1
    assert not {"package.json", "package-lock.json"} & there
    for path in folder.rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o444 == 0o444, path  # a server reads them


def test_the_parts_shared_with_the_app_are_there_and_import_nothing_else():
    own = {p.relative_to(web_folder.PAGE).as_posix() for p in web_folder.PAGE.rglob("*.js")}
    for name in SHARED_FILES:
        text = (SHARED / name).read_text(encoding="utf-8")
        for line in text.splitlines():
            if line.startswith("import ") and " from " in line:
                target = line.split('"')[1]
                found = os.path.normpath(os.path.join(os.path.dirname(name), target))
                assert found in (*SHARED_FILES, *own), f"{name} imports {target}"


def test_nothing_is_half_written(recognizers, packages, tmp_path, monkeypatch):
    folder = recognizers()
    (tmp_path / "there").mkdir()
    with pytest.raises(SignpipeError, match="there already; name another"):
        write_web(folder, tmp_path / "there", assets=packages)
    with pytest.raises(SignpipeError, match="no recogniser"):
        write_web(tmp_path, tmp_path / "page", assets=packages)
    with pytest.raises(SignpipeError, match="onnxruntime-web"):
        write_web(folder, tmp_path / "page", assets=tmp_path)

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(SignpipeError, match="no space is left on the disk for .*page; free some"):
        write_web(folder, tmp_path / "page", assets=packages)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
