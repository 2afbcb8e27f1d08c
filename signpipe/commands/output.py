"""What several commands print: counts, failures, labels, the next command."""

import json
import shlex
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from signpipe.answers import NO_SIGN
from signpipe.wording import counted, listed
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.extraction.outcomes import Outcome
    from signpipe.recognizer import Prediction


Result = TypeVar("Result")
MOST = 10  # failures that are listed one by one


def next_command(command: str, workspace: Path) -> str:
    """`next: signpipe ...`, with the workspace where it is not the default one."""
    where = "" if workspace == DEFAULT else f" -w {shlex.quote(str(workspace))}"
    return f"next: signpipe {command}{where}"


def training_command(workspace: Path) -> str:
    """As `next_command`, of what comes after the clips.

    That is finetune where enough of them are labelled and no encoder was pretrained here; else
    pretrain.
    """
    from signpipe.cliptable import read_clips
    from signpipe.splits import can_learn

    place = Workspace(workspace)
    labelled = not place.runs("pretrain") and can_learn(read_clips(place.clips).values())
    return next_command("finetune" if labelled else "pretrain", workspace)


def as_json_array(results: Iterable[Result], row: Callable[[Result], object]) -> Generator[Result]:
    """Print a JSON array, an object a line as soon as it is known; closed even if interrupted."""
    print("[", flush=True)
    comma = ""
    try:
        for result in results:
            print(comma + json.dumps(row(result), ensure_ascii=False), flush=True)
            comma = ","
            yield result
    finally:
        print("]", flush=True)


def print_listed(what: str, items: Sequence[object], where: str = "") -> None:
    if items:
        print(f"{what}: {len(items)}")
    for item in items[:MOST]:
        print(f"  {item}")
    if len(items) > MOST:
        print(f"  and {len(items) - MOST:,} more{where}")


def print_failures(failures: "tuple[Outcome, ...]", workspace: Path) -> None:
    for outcome in failures[:MOST]:
        print(f"  {outcome.status}: {outcome.source}: {outcome.reason}")
    if len(failures) > MOST:
        more = len(failures) - MOST
        print(f"  and {more:,} more, see the column reason in {workspace / 'clips.csv'}")


def counts(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in statuses.items())


def print_labels(labels: dict[str, int], unmatched: tuple[str, ...]) -> None:
    signs = {label: count for label, count in labels.items() if label}
    if signs:
        clips = counted(sum(signs.values()), "clip")
        print(f"labels: {clips} with {counted(len(signs), 'sign')}")
    else:
        print("labels: none")
    if unmatched:
        rows = counted(len(unmatched), "row")
        print(f"no clip fits {rows} of the labels file: {listed(unmatched)}")


def print_streams(metrics: dict[str, Any]) -> None:
    """Show the accuracy of joint, motion and both as a table."""
    print(f"{'':8}{'top-1':>8}{'top-5':>8}{'mean-class':>12}")
    for stream, row in metrics["streams"].items():
        print(f"{stream:8}{row['top1']:8.1%}{row['top5']:8.1%}{row['mean_class']:12.1%}")


def named_signs(prediction: "Prediction") -> str:
    """`house 82%, tree 18%`, or `none of these (house 41%, tree 12%)`; "" without an answer."""
    named = ", ".join(f"{sign} {share:.0%}" for sign, share in prediction.signs)
    if prediction.answer not in NO_SIGN:
        return named
    return f"{prediction.answer} ({named})" if named else str(prediction.answer)
