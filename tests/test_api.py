"""What `import signpipe` gives: names, types, and paths as text."""

import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import signpipe
from signpipe.parts.prepare import PrepareResult

PACKAGE = Path(signpipe.__file__).parent

GOOD = """
import signpipe
from signpipe import extract

workspace = signpipe.Workspace("x")
failures: int = len(extract(workspace, ["videos"], labels="labels.csv").failures)
recognizer = signpipe.Recognizer.load("recognizer")
shares: dict[str, float] = dict(recognizer.predict("clip.mp4", top=3).signs)
for prediction in signpipe.predict_each("clips", recognizer, workspace=workspace):
    name: str = prediction.clip
"""
BAD = """
import signpipe

count: str = len(signpipe.extract(signpipe.Workspace("x"), ["videos"]).failures)
signpipe.exract(signpipe.Workspace("x"), ["videos"])
signpipe.Recognizer.load(3)
"""


def test_dir_names_the_functions_and_no_module_hides_one():
    names = {*signpipe._LAZY, "__version__"}
    assert set(dir(signpipe)) == set(signpipe.__all__) == names
    assert not names & {module.name for module in pkgutil.iter_modules(signpipe.__path__)}
    for name in signpipe._LAZY:
        assert callable(getattr(signpipe, name))


def test_a_persons_script_is_type_checked(tmp_path):
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "good.py", "bad.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
    )
    *errors, last = done.stdout.splitlines()
    assert [line.split(":")[:2] for line in errors] == [["bad.py", str(n)] for n in (4, 5, 6)], last
    assert 'maybe "extract"?' in errors[1]


def test_the_mark_that_there_are_types_is_shipped():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert "py.typed" in project["tool"]["setuptools"]["package-data"]["signpipe"]
    assert (PACKAGE / "py.typed").exists()


def test_paths_may_be_text_and_one_or_many(signs_workspace, tmp_path):
    signs, made_up = signs_workspace, str(tmp_path / "made_up.h5")
    assert signpipe.Workspace(str(signs.root)) == signs
    assert signpipe.Workspace("x").clips == Path("x/clips.csv")
    for paths in (made_up, [made_up], Path(made_up)):
        assert signpipe.import_keypoints(signs, paths).already == ("made_up",)
    other = signpipe.Workspace(str(tmp_path / "other"))
    labels = str(tmp_path / "labels.csv")
    assert signpipe.import_keypoints(other, made_up, labels=labels).labels["tree"] == 20
    prepared: PrepareResult = signpipe.prepare(other)
    assert prepared.clips == 60
    drawn = signpipe.view(signs, "s0/tree/1", sheet=True, out=str(tmp_path / "sheet.png"))
    assert drawn.path == tmp_path / "sheet.png"
