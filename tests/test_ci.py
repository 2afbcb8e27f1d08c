"""What runs the checks elsewhere, and how tests are marked."""

import os
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))


def test_the_workflow_runs_the_same_checks_on_every_python():
    (job,) = WORKFLOW["jobs"].values()
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci/run", os.X_OK)
    with open(ROOT / "pyproject.toml", "rb") as file:
        wanted = tomllib.load(file)["project"]["requires-python"]
    assert wanted == ">=3.11,<3.13" and job["strategy"]["matrix"]["python"] == ["3.11", "3.12"]


def test_markers_are_known_and_used(pytestconfig):
    known = {line.split(":")[0] for line in pytestconfig.getini("markers")}
    assert {"slow", "gpu", "cluster"} <= known
    assert pytestconfig.getoption("strict_markers")
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    for marker in ("slow", "gpu", "cluster"):
        assert any(f"pytest.mark.{marker}" in text for text in tests), marker
