"""export: a recogniser to where there is no Python."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from signpipe.errors import SignpipeError


def export(
    recognizer: Annotated[Path, typer.Argument(help="A recogniser's folder.", show_default=False)],
    out: Annotated[
        Path, typer.Argument(help="The file (onnx) or folder (web) to make.", show_default=False)
    ],
    format_: Annotated[
        Literal["onnx", "web"], typer.Option("--format", help="One file, or a page for browsers.")
    ] = "onnx",
    weights: Annotated[
        Literal["float", "half", "int8"],
        typer.Option(help="Bits of a weight: 32, 16 or 8; fewer make a smaller file."),
    ] = "float",
    assets: Annotated[
        Path | None,
        typer.Option(help="A folder that has the page's npm packages; default: npm fetches them."),
    ] = None,
) -> None:
    """A recogniser for use without Python.

    `--format onnx` makes one file that any ONNX runtime runs: landmarks as MediaPipe gives them go
    in, with the picture's size, and probabilities come out. `signpipe predict --recognizer FILE`
    reads it too, without torch.

    `--format web` makes a folder that any web server serves: a page with camera, video files and
    teaching, in which everything is computed by the browser, and `signpipe.js` for a page of one's
    own. MediaPipe and onnxruntime are fetched by npm, which must be installed.
    """
    if format_ == "web":
        from signpipe.export.web_folder import write_web

        size = write_web(recognizer, out, weights, assets)
        print(f"{out}: {size / 1e6:.0f} MB")
        print(f"to try it: python3 -m http.server --directory {shlex.quote(str(out))}")
        return
    if assets is not None:
        raise SignpipeError("--assets is for --format web; an ONNX file needs none")
    from signpipe.export.onnx_file import write_onnx

    write_onnx(recognizer, out, weights)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
