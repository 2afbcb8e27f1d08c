"""app: the page on one's own machine."""

from typing import Annotated

import typer

from signpipe.commands.options import WorkspaceOption
from signpipe.workspace import DEFAULT, Workspace


def app(
    workspace: WorkspaceOption = DEFAULT,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port it answers on; 0: any free one.")
    ] = 0,
    host: Annotated[
        str,
        typer.Option(help="This machine's address on the network, to let others there in."),
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Show the page's address, but do not open it.")
    ] = False,
) -> None:
    """Open a page on this machine that learns your signs from the camera and names them, live.

    Nothing leaves this machine: pictures go from the browser to this command and no further. What
    you teach lands in the workspace, so that `signpipe finetune` can learn from it as well.
    """
    from signpipe.app import serve

    at = Workspace(workspace)
    serve.run(at, host=host, port=port, browser=not no_browser, tell=_tell)
    print(f"stopped; what was taught is in {workspace}")


def _tell(address: str) -> None:
    print(f"open {address}\nend with Ctrl-C", flush=True)
