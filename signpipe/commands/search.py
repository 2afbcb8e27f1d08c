"""search: which signs of a dictionary are like the one shown."""

from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from signpipe.answers import NONE_OF_THESE
from signpipe.commands.index import DictionaryOption
from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    ClipsArgument,
    JsonOption,
    NoCacheOption,
    TopOption,
    WorkersOption,
    WorkspaceOption,
)
from signpipe.commands.output import as_json_array
from signpipe.wording import one_line
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.search.dictionary import FoundSign, SearchResult


def search(
    clips: ClipsArgument,
    workspace: WorkspaceOption = DEFAULT,
    dictionary: DictionaryOption = None,
    top: TopOption = 10,
    hands: Annotated[
        Literal["1", "2"] | None, typer.Option(help="Only signs made with so many hands.")
    ] = None,
    place: Annotated[
        Literal["head", "chest", "low"] | None,
        typer.Option(help="Only signs whose busier hand is mostly there."),
    ] = None,
    movement: Annotated[
        Literal["still", "small", "wide"] | None,
        typer.Option(help="Only signs whose busier hand moves so far."),
    ] = None,
    sheets: Annotated[
        Path | None,
        typer.Option(help="Draw each clip and its examples as skeletons into this folder."),
    ] = None,
    workers: WorkersOption = None,
    no_cache: NoCacheOption = False,
    json_: JsonOption = False,
) -> None:
    """Look a sign up by showing it: the signs of a dictionary that are most like it.

    Only the part of a clip counts in which hands are up. A line a sign: its distance, from 0 on,
    and the nearest clip to look at. Where the nearest sign is farther than the dictionary takes
    for close enough, the first line says "none of these"; what is nearest follows all the same.

    With --json a JSON array, an object a line as soon as it is known.
    """
    from signpipe.search import clip_search as stage
    from signpipe.search.dictionary import Narrowed

    at = Workspace(workspace)
    found = stage.each(
        clips,
        dictionary or at.root / "dictionary",
        top=top,
        narrowed=Narrowed(int(hands) if hands else None, place, movement),
        sheets=sheets,
        workspace=at,
        workers=workers,
        cache=not no_cache,
    )
    named = failed = 0
    with closing(as_json_array(found, _row) if json_ else _as_lines(found)) as results:
        for result in results:
            named, failed = named + bool(result.signs), failed + (not result.signs)
    if failed:
        raise typer.Exit(FAILED_SOME if named else NOTHING_DONE)


def _row(result: "SearchResult") -> dict[str, Any]:
    return {
        "clip": result.clip,
        "status": result.status,
        "reason": result.reason,
        "answer": result.answer,
        "signs": [_sign(found) for found in result.signs],
        "sheet": None if result.sheet is None else str(result.sheet),
    }


def _sign(found: "FoundSign") -> dict[str, Any]:
    names = ("clip_id", "signer", "source", "segment")
    examples = [
        {name: getattr(example.entry, name) for name in names} | {"distance": example.distance}
        for example in found.examples
    ]
    return {"sign": found.sign, "distance": found.distance, "examples": examples}


def _as_lines(results: "Iterable[SearchResult]") -> "Generator[SearchResult]":
    """A clip's name and answer, then a line a sign; or why there are none."""
    for result in results:
        why = f" ({result.reason})" if result.reason else ""
        drawn = f" -> {result.sheet}" if result.sheet else ""
        said = result.answer or (
            "no sign" if result.status in ("ok", "truncated") else result.status
        )
        said = f"{said}; nearest are" if said == NONE_OF_THESE else said
        print(one_line(f"{result.clip}: {said}{why}{drawn}"), flush=True)
        for found in result.signs:
            entry = found.examples[0].entry
            by = f", {entry.signer}" if entry.signer else ""
            sign, example = one_line(found.sign), one_line(f"{entry.clip_id}{by}")
            print(f"  {found.distance:.2f}  {sign}  ({example})", flush=True)
        yield result
