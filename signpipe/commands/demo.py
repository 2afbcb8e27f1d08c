"""demo: the whole pipeline on drawn signers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import WorkersOption
from signpipe.commands.output import named_signs, print_streams
from signpipe.progress import duration
from signpipe.wording import counted

if TYPE_CHECKING:
    from signpipe.demo.pipeline import DemoResult


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put it all.")] = Path("signpipe-demo"),
    workers: WorkersOption = None,
) -> None:
    """The whole pipeline on built-in drawn signers, in a few minutes."""
    from signpipe.demo import pipeline

    show(pipeline.run(folder, workers=workers))


def show(result: "DemoResult") -> None:
    """Show the demo's times, accuracy and overlay, and what to type for one's own videos."""
    for name, seconds in result.seconds.items():
        print(f"{name:10} {duration(seconds)}")
    clips = counted(result.clips, "clip")
    print(f"signer {result.signer}, whom the recogniser has never seen ({clips}):")
    print_streams(result.metrics)
    print(f"{result.prediction.clip}: {named_signs(result.prediction)}")
    print(f"overlay: {result.overlay}")
    print("Drawn signers are easy: expect less from real ones. For your own videos, type")
    print("  signpipe train VIDEOS       (a folder for each sign, or --labels FILE.csv)")
