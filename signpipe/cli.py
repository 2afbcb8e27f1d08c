"""The command line: which function of `commands/` each command is, and how errors end it."""

import io
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer
import typer.core

from signpipe import __version__
from signpipe.commands import answers, keypoints, learning, overview, seeing
from signpipe.commands.options import INTERRUPTED, NOTHING_DONE
from signpipe.errors import SignpipeError
from signpipe.progress import note

COMMANDS: dict[str, Callable[..., None]] = {
    "extract": keypoints.extract,
    "import": keypoints.import_keypoints,
    "export-poses": keypoints.export_poses,
    "prepare": keypoints.prepare,
    "pretrain": learning.pretrain,
    "finetune": learning.finetune,
    "evaluate": answers.evaluate,
    "compare": answers.compare,
    "predict": answers.predict,
    "view": seeing.view,
    "report": seeing.report,
    "status": overview.status,
    "demo": overview.demo,
}


class Commands(typer.core.TyperGroup):
    """Turns what stages raise into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SignpipeError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            note(f"signpipe: {error}")
            raise typer.Exit(NOTHING_DONE) from error
        except OSError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
            note(f"signpipe: {what}")
            raise typer.Exit(NOTHING_DONE) from error
        except KeyboardInterrupt as error:
            note("signpipe: interrupted; what is finished is kept, the same command goes on")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a folder of sign-language videos to a recogniser of isolated signs.",
)


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):  # a file's name need be no text of any encoding
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"signpipe {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""


for name, command in COMMANDS.items():
    app.command(name)(command)
