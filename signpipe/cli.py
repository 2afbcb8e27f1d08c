"""The command line: which function of `commands/` each command is, and how errors end it."""

import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer
import typer.core

from signpipe import __version__
from signpipe.commands.app import app as app_command
from signpipe.commands.compare import compare
from signpipe.commands.demo import demo
from signpipe.commands.encoders import encoders
from signpipe.commands.evaluate import evaluate
from signpipe.commands.export import export
from signpipe.commands.export_poses import export_poses
from signpipe.commands.extract import extract
from signpipe.commands.finetune import finetune
from signpipe.commands.forget import forget
from signpipe.commands.import_keypoints import import_keypoints
from signpipe.commands.index import index
from signpipe.commands.options import FAILED_SOME, INTERRUPTED, NOTHING_DONE
from signpipe.commands.predict import predict
from signpipe.commands.prepare import prepare
from signpipe.commands.pretrain import pretrain
from signpipe.commands.publish import publish
from signpipe.commands.rename import rename
from signpipe.commands.report import report
from signpipe.commands.search import search
from signpipe.commands.settings import settings
from signpipe.commands.spot import spot
from signpipe.commands.status import status
from signpipe.commands.teach import teach
from signpipe.commands.train import train
from signpipe.commands.view import view
from signpipe.errors import SignpipeError, disk_full, out_of_memory
from signpipe.progress import note

COMMANDS: dict[str, Callable[..., None]] = {
    "app": app_command,
    "teach": teach,
    "train": train,
    "extract": extract,
    "import": import_keypoints,
    "export-poses": export_poses,
    "forget": forget,
    "rename": rename,
    "prepare": prepare,
    "pretrain": pretrain,
    "finetune": finetune,
    "evaluate": evaluate,
    "compare": compare,
    "encoders": encoders,
    "predict": predict,
    "export": export,
    "publish": publish,
    "index": index,
    "search": search,
    "spot": spot,
    "view": view,
    "report": report,
    "status": status,
    "settings": settings,
    "demo": demo,
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
        except BrokenPipeError as error:  # as `head` ends it, which has read what it wanted
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED_SOME) from error
        except OSError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            what = (
                f"cannot use {error.filename}: {error.strerror}" if error.filename else str(error)
            )
            if disk_full(error):
                what = "no space is left on the disk; free some, and the same command goes on"
            note(f"signpipe: {what}")
            raise typer.Exit(NOTHING_DONE) from error
        except (MemoryError, RuntimeError) as error:
            if not (what := out_of_memory(error)) or ctx.params.get("debug"):
                raise
            note(f"signpipe: {what} for this; use smaller batches, fewer workers or shorter clips")
            raise typer.Exit(NOTHING_DONE) from error
        except KeyboardInterrupt as error:
            note("signpipe: interrupted; what is finished is kept, the same command goes on")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a folder of sign-language videos to a recogniser of isolated signs.",
)


def main() -> None:
    """The console script."""
    # Before torch is loaded: threads that wait for each other must not spin, or on a machine with
    # other work a step takes many times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
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
