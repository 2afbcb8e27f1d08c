"""The page running, and browsers whose camera plays drawn signers."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_visits import RunningPage, Visits, running_page, visiting


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    """One running page for the tests of a module, whose workspace is empty at first."""
    with running_page(tmp_path_factory.mktemp("app") / "workspace") as page:
        yield page


@pytest.fixture
def visits(playwright: Any, running: RunningPage) -> Iterator[Visits]:
    """Browsers that visit the module's page."""
    with visiting(playwright, running) as made:
        yield made


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for what keeps people out."""
    path = Path(os.environ.get("SIGNPIPE_AXE", ""))
    if not path.is_file():
        pytest.skip("SIGNPIPE_AXE does not name axe-core's axe.min.js (npm install axe-core)")
    return path.read_text(encoding="utf-8")
