"""The Dockerfile; docker/check.sh carries it out on a bare Debian."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"


def steps() -> list[str]:
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^ *#.*\n", "", text).replace("\\\n", "")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def place(start: str) -> int:
    (found,) = [number for number, step in enumerate(steps()) if step.startswith(start)]
    return found


def test_one_file_serves_every_base():
    assert [path.name for path in DOCKER.glob("Dockerfile*")] == ["Dockerfile"]
    assert steps()[0].startswith("ARG BASE=") and steps()[1] == "FROM ${BASE}"


def test_it_brings_the_readmes_system_packages_and_a_volume():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    packages = re.search(r"apt-get install ([^`]*)`", readme).group(1).split()
    assert len(packages) >= 3
    assert all(package in " ".join(steps()) for package in packages)
    assert "VOLUME /workspace" in steps()


def test_dependencies_come_before_sources_and_are_those_of_the_package(tmp_path):
    assert place("COPY pyproject.toml") < place("RUN python3 -c") < place("COPY . ")
    code = re.search(r"-c '([^']*)'", steps()[place("RUN python3 -c")]).group(1)
    code = code.replace("/src/pyproject.toml", str(ROOT / "pyproject.toml"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with open(ROOT / "pyproject.toml", "rb") as file:
        assert done.stdout.splitlines() == tomllib.load(file)["project"]["dependencies"]


def test_its_user_is_not_root():
    user = steps()[place("USER ")].split()[1]
    assert user not in ("root", "0")
    assert f"useradd --create-home {user}" in steps()[place("RUN useradd")]
    assert place("RUN useradd") < place("USER ") < place("ENTRYPOINT ")
    assert not any(step.startswith("RUN") for step in steps()[place("USER ") :])
    assert f"-o {user}" in steps()[place("RUN useradd")]  # who can write to the workspace


def test_the_check_knows_every_instruction():
    text = (DOCKER / "check.sh").read_text(encoding="utf-8")
    known = set(re.findall(r"[A-Z]{3,}(?=[^()\n]*\))", text))
    assert {step.split()[0] for step in steps()} <= known
