"""teach: signs by example, without training."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signpipe.answers import NOT_SIGNING
from signpipe.commands.options import (
    ENCODER,
    FAILED_SOME,
    NOTHING_DONE,
    JsonOption,
    NoCacheOption,
    WorkersOption,
    WorkspaceOption,
)
from signpipe.commands.output import print_listed
from signpipe.errors import SignpipeError
from signpipe.wording import counted, listed
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.live.left_out_report import ConfusedPair, TeachingReport
    from signpipe.live.takes import Take
    from signpipe.model.rejection import Rejection
    from signpipe.recognizer import TaughtRecognizer


def teach(
    sign: Annotated[
        str | None,
        typer.Argument(help="The sign, such as hello or 'thank you'.", show_default=False),
    ] = None,
    clips: Annotated[
        list[str] | None,
        typer.Argument(
            help="Its takes: videos, .pose files, folders to search for both, clip ids of the "
            "workspace; with --remove ids of takes.",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = DEFAULT,
    recognizer: Annotated[
        Path | None,
        typer.Option(help="The taught recogniser's folder; default: taught in the workspace."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget the sign's takes from before.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Forget the sign, or only the takes that are named.")
    ] = False,
    list_: Annotated[
        bool,
        typer.Option("--list", help="Show every sign's takes, and how well signs are told apart."),
    ] = False,
    idle: Annotated[
        list[str] | None,
        typer.Option(help="A clip in which nobody signs, best of the signer at rest; repeatable."),
    ] = None,
    labelled: Annotated[
        bool, typer.Option("--labelled", help="Teach every labelled clip of the workspace.")
    ] = False,
    takes: Annotated[
        list[Path] | None,
        typer.Option(help="A file that the page of `signpipe export` has saved; repeatable."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=f"What a new recogniser sees with. {ENCODER}; default: the newest run's, or "
            "without one shipped."
        ),
    ] = None,
    workers: WorkersOption = None,
    no_cache: NoCacheOption = False,
    json_: JsonOption = False,
) -> None:
    """Teach a sign by clips that show it; nothing is trained.

    `signpipe teach hello one.mp4 two.mp4` makes the recogniser, or adds takes to it; `signpipe
    predict` names signs with it. One take of a sign is enough, five are better. Each take is then
    named by the others, as if it were not among them, which tells how well the signs are told apart
    and which two are easily confused. A clip that shows no taught sign is answered with "none of
    these"; show with --idle how a person looks who does not sign.
    """
    from signpipe import teaching as stage
    from signpipe.recognizer import TaughtRecognizer

    at = Workspace(workspace)
    folder = recognizer or at.taught
    given = bool(idle or labelled or takes or (sign and clips and not remove))
    if given + remove + list_ != 1 or (replace and not given):
        raise SignpipeError(
            "say one thing: a sign and its clips, --idle, --labelled or --takes; a sign with "
            "--remove; or --list"
        )
    if not given:
        taught = TaughtRecognizer.load(folder)
        gone = _remove(taught, sign, clips or []) if remove else ()
        _show(taught, (), gone, (), whole=list_, json_=json_)
        return
    result = stage.run(
        sign,
        clips or (),
        folder,
        idle=idle or (),
        labelled=labelled,
        takes=takes or (),
        replace=replace,
        workspace=at,
        encoder=encoder,
        workers=workers,
        cache=not no_cache,
    )
    taught = TaughtRecognizer.load(folder)
    _show(taught, result.added, result.removed, result.failures, whole=False, json_=json_)
    if result.failures:
        raise typer.Exit(FAILED_SOME if result.added else NOTHING_DONE)


def _remove(taught: "TaughtRecognizer", sign: str | None, words: list[str]) -> "tuple[Take, ...]":
    """Forget a sign, or takes of it. Raises SignpipeError, before any is, for one that is none."""
    if sign is None:
        raise SignpipeError("--remove forgets a sign, or takes of it: name it")
    own = taught.find_takes(sign)
    found = [[take for take in taught.find_takes(w) if take in own] for w in words] or [[*own]]
    unknown = [word for word, takes in zip(words or [sign], found, strict=True) if not takes]
    if unknown:
        of = f" of {sign}" if own else ""
        raise SignpipeError(
            f"{taught.folder} has no {listed(unknown)}{of}; `signpipe teach --list` shows what it "
            "has"
        )
    gone = tuple(dict.fromkeys(take for takes in found for take in takes))
    for take in gone:
        taught.remove(take.take_id)
    taught.save()
    return gone


def _show(
    taught: "TaughtRecognizer",
    added: "tuple[Take, ...]",
    gone: "tuple[Take, ...]",
    failures: tuple[tuple[str, str], ...],
    *,
    whole: bool,
    json_: bool,
) -> None:
    report = taught.report()
    if json_:
        print(json.dumps(_row(taught, report, added, gone, failures), ensure_ascii=False))
        return
    for take in added:
        print(f"taught: {take.sign} by {take.source}, take {take.take_id}")
    for take in gone:
        print(f"forgotten: take {take.take_id} of {take.sign}")
    print_listed("not usable", [f"{name}: {why}" for name, why in failures])
    if whole:
        _print_signs(taught, report)
    _print_report(report)
    print(f"recogniser: {taught.folder}")


def _print_signs(taught: "TaughtRecognizer", report: "TeachingReport") -> None:
    """Every sign with its takes, and how many of them the others name rightly."""
    for sign, (right, asked) in report.by_sign.items():
        found = f": {right} of {asked} named rightly by the others" if asked else ""
        print(f"{sign}, {counted(report.takes[sign], 'take')}{found}")
        _print_takes(taught, sign)
    if report.idle:
        print(f"{NOT_SIGNING}, {counted(report.idle, 'take')}")
        _print_takes(taught, NOT_SIGNING)


def _print_takes(taught: "TaughtRecognizer", sign: str) -> None:
    for take in taught.takes:
        if take.sign == sign:
            print(f"  {take.take_id}  {take.source}")


def _print_report(report: "TeachingReport") -> None:
    if not report.takes:
        print("no sign is taught yet")
        return
    signs = counted(len(report.takes), "sign")
    print(f"{signs}, {counted(sum(report.takes.values()), 'take')}")
    if report.accuracy is not None:
        takes = counted(report.asked, "take")
        print(f"left out one by one, {report.right} of {takes} named rightly by the others")
    if report.confused:
        print(_confused(report.confused))
    print(_refused(report.rejection))


def _confused(pair: "ConfusedPair") -> str:
    one, other = (f"{take.sign} (take {take.take_id})" for take in pair.takes)
    mistakes = f", {counted(pair.mistakes, 'mistake')}" if pair.mistakes else ""
    return f"most easily confused: {one} and {other}{mistakes}"


def _refused(rejection: "Rejection") -> str:
    """When the answer is "none of these", and what that costs."""
    if rejection.threshold is None:
        return 'it always names a sign: more takes of each will tell when it is "none of these"'
    said = []
    if rejection.kept_out is not None:
        refused = round(rejection.kept_out * rejection.unknown)
        takes = counted(rejection.unknown, "take")
        said.append(f"for {refused} of {takes} when their sign is not taught")
    if rejection.kept is not None:
        refused = rejection.known - round(rejection.kept * rejection.known)
        said.append(f"for {refused} of {counted(rejection.known, 'take')} when it is")
    cost = ", and ".join(said) or "where a clip is unlike all of them, which nothing shows yet"
    return f'answers "none of these" {cost} (the limit was chosen on {rejection.chosen_on})'


def _row(
    taught: "TaughtRecognizer",
    report: "TeachingReport",
    added: "tuple[Take, ...]",
    gone: "tuple[Take, ...]",
    failures: tuple[tuple[str, str], ...],
) -> dict[str, Any]:
    pair = report.confused
    return {
        "recognizer": str(taught.folder),
        "takes": [take.model_dump() for take in taught.takes],
        "added": [take.take_id for take in added],
        "removed": [take.take_id for take in gone],
        "failures": [{"clip": name, "reason": why} for name, why in failures],
        "left_out": {
            "asked": report.asked,
            "right": report.right,
            "by_sign": {s: {"right": r, "asked": a} for s, (r, a) in report.by_sign.items()},
        },
        "confused": pair
        and {
            "signs": pair.signs,
            "takes": [take.take_id for take in pair.takes],
            "mistakes": pair.mistakes,
            "likeness": pair.likeness,
        },
        "rejection": report.rejection.model_dump(),
    }
