"""The page running, browsers whose camera plays drawn signers, and a client in this process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from page_visits import RunningPage, Visits, running_page, visiting
from starlette.testclient import TestClient

from signpipe.app.desk import Desk
from signpipe.app.server import make_server
from signpipe.workspace import Workspace

PORT = 8123
OWN = f"http://127.0.0.1:{PORT}"
Visit = Callable[[Workspace], TestClient]


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
def axe(axe_if_any: str) -> str:
    """As `axe_if_any`, for tests of nothing else."""
    if not axe_if_any:
        pytest.skip("SIGNPIPE_AXE does not name axe-core's axe.min.js (npm install axe-core)")
    return axe_if_any


@pytest.fixture
def visit() -> Visit:
    """`visit(workspace)`: a client that has opened the page of a workspace."""

    def visiting(workspace: Workspace) -> TestClient:
        guard = make_server(Desk(workspace), "127.0.0.1", PORT)
        client = TestClient(guard, base_url=OWN + guard.folder, headers={"origin": OWN})
        assert client.get(f"/?token={guard.token}").status_code == 200
        return client

    return visiting
