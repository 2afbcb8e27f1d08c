"""publish: a recogniser or an encoder into a folder that can be passed on."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from signpipe.commands.options import WorkspaceOption
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace


def publish(
    run: Annotated[str, typer.Argument(help="The fine-tuning or pretraining run.")],
    folder: Annotated[Path, typer.Argument(help="The folder to write.")],
    licence: Annotated[
        str,
        typer.Option(
            prompt="Licence under which others may use it, such as cc-by-4.0",
            help="What others may do with it: a licence's usual name, or words.",
        ),
    ],
    workspace: WorkspaceOption = DEFAULT,
    kind: Annotated[
        Literal["recognizer", "encoder"] | None,
        typer.Option(help="Which of them, where both kinds have a run of this name."),
    ] = None,
) -> None:
    """A folder to pass on: the weights, and a model card as README.md.

    The card says what it was trained on, how good `signpipe evaluate` has found it, signer by
    signer, its limits, and the licence. It is laid out as the Hugging Face hub wants it; nothing is
    uploaded. `signpipe predict --recognizer` and `signpipe finetune --encoder` take such a folder,
    and with signpipe's extra `hub` also hf:OWNER/NAME.
    """
    from signpipe.export import published_folder as stage

    result = stage.run(Workspace(workspace), run, folder, licence=licence, kind=kind)
    told = counted(result.evaluations, "evaluation")
    print(f"{result.kind} {run}: {', '.join(result.files)} -> {result.folder} ({told} in its card)")
    if not result.evaluations:
        print("it was never measured; `signpipe evaluate` before publishing says how good it is")
