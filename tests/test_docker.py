"""Both Dockerfiles install the same things; docker/check.sh proves the first on a bare Debian."""

import re
from pathlib import Path

DOCKER = Path(__file__).parents[1] / "docker"


def steps(name: str) -> list[str]:
    text = (DOCKER / name).read_text(encoding="utf-8")
    text = re.sub(r"(?m)^ *#.*\n", "", text).replace("\\\n", "")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_the_files_differ_only_in_their_base():
    cpu = [step for step in steps("Dockerfile") if not step.startswith(("FROM", "ARG"))]
    cuda = [step for step in steps("Dockerfile.cuda") if not step.startswith("FROM")]
    assert cuda == cpu


def test_they_bring_the_readmes_system_packages_and_a_volume():
    readme = (DOCKER.parent / "README.md").read_text(encoding="utf-8")
    packages = re.search(r"apt-get install ([^`]*)`", readme).group(1).split()
    for name in ("Dockerfile", "Dockerfile.cuda"):
        text = " ".join(steps(name))
        assert all(package in text for package in packages)
        assert "VOLUME /workspace" in steps(name)
