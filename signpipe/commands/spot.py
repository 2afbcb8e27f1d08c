"""spot: the signs in long recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    AlwaysOption,
    JsonOption,
    TopOption,
    WorkersOption,
    WorkspaceOption,
)
from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.wording import counted, one_line
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.recognizer import Recognizer
    from signpipe.search.dictionary import Dictionary
    from signpipe.search.spotting import By, SpottedSign


def spot(
    recordings: Annotated[list[Path], typer.Argument(help="Videos of any length, .pose files.")],
    workspace: WorkspaceOption = DEFAULT,
    recognizer: Annotated[
        str | None,
        typer.Option(help="A recogniser's folder or ONNX file; default: the workspace's newest."),
    ] = None,
    dictionary: Annotated[
        Path | None,
        typer.Option("--dictionary", "-d", help="Name signs by this dictionary instead."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write all signs to this file: .jsonl, .csv or (ELAN) .eaf."),
    ] = None,
    top: TopOption = 5,
    always: AlwaysOption = False,
    workers: WorkersOption = None,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Keep no landmarks; a run that is stopped begins anew."),
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Find the signs in long recordings: a line a sign, with its start and end in seconds.

    A sign goes from rest to rest of the hands, and never over a cut to another picture; without
    rests signs are told apart where a recogniser knows them. Landmarks are kept in
    ~/.cache/signpipe as they are made: stopped, the same command goes on where it was. Memory does
    not grow with the length of videos.

    **ELAN.** `--out FILE.eaf` writes one tier of suggestions, `signpipe`, with the recording
    linked; a sign that is none of those known is an empty annotation, to be filled or deleted. How
    sure each is, and what else it may be, hangs on it in the tier `signpipe-answers`.
    """
    from signpipe.search import spotting
    from signpipe.search.spot_files import as_json, sign_file

    by: By = "probability" if dictionary is None else "distance"
    file = None if out is None else sign_file(out, recordings, by, top)
    found = failed = 0
    with _answers(Workspace(workspace), recognizer, dictionary) as answers:
        for recording in recordings:
            try:
                for sign in spotting.each(
                    recording, answers, always=always, workers=workers, cache=not no_cache
                ):
                    print(as_json(sign, top) if json_ else _line(sign, top), flush=True)
                    found += 1
                    if file is not None:
                        file.add(sign)
            except SignpipeError as error:
                note(str(error))
                failed += 1
    if file is not None and failed < len(recordings):
        file.save()
        note(f"{counted(found, 'sign')} -> {out}")
    if failed:
        raise typer.Exit(FAILED_SOME if failed < len(recordings) else NOTHING_DONE)


def _answers(
    workspace: Workspace, recognizer: str | None, dictionary: Path | None
) -> "Recognizer | Dictionary":
    if dictionary is None:
        from signpipe.prediction import find_recognizer
        from signpipe.recognizer import Recognizer

        return Recognizer.load(recognizer or find_recognizer(workspace))
    if recognizer is not None:
        raise SignpipeError("signs are named by a recogniser or by a dictionary; name one of them")
    from signpipe.search.dictionary import Dictionary

    return Dictionary.load(dictionary)


def _line(sign: "SpottedSign", top: int) -> str:
    named = sign.named(top)
    if not sign.is_sign:
        named = f"{sign.answer} ({named})" if named else sign.answer
    recording = one_line(sign.recording)
    return f"{recording}: {sign.start:8.2f} - {sign.end:7.2f}  {one_line(named)}"
