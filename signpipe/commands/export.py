"""export: a recogniser to where there is no Python."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def export(
    recognizer: Annotated[Path, typer.Argument(help="A recogniser's folder.", show_default=False)],
    out: Annotated[
        Path,
        typer.Argument(help="The file (onnx) to make.", show_default=False),
    ],
    format_: Annotated[Literal["onnx"], typer.Option("--format", help="What to make.")] = "onnx",
    weights: Annotated[
        Literal["float", "half", "int8"],
        typer.Option(help="Bits of a weight: 32, 16 or 8; fewer make a smaller file."),
    ] = "float",
) -> None:
    """A recogniser for use without Python.

    `--format onnx` makes one file that any ONNX runtime runs: landmarks as MediaPipe gives them go
    in, with the picture's size, and probabilities come out. `signpipe predict --recognizer FILE`
    reads it too, without torch.
    """
    from signpipe.export.onnx_file import write_onnx

    write_onnx(recognizer, out, weights)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
