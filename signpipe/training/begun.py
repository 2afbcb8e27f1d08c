"""What a run was begun with: it holds for the run where a command says nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from signpipe.errors import SignpipeError
from signpipe.settings import Settings, resolve, under_new_names
from signpipe.training.training_runs import began_from_file, redo_of
from signpipe.workspace import Workspace, read_record, sha256_of_file

Model = TypeVar("Model", bound=Settings)


@dataclass(frozen=True)
class Begun:
    """A run of pretrain or finetune as its record tells of it; None of a new one."""

    folder: Path
    record: dict[str, Any] | None
    redo: bool

    @classmethod
    def of(cls, folder: Path, redo: bool) -> "Begun":
        """Of the run in `folder`; with `redo`, of the one that is to replace it, if that is begun.

        Raises SignpipeError if the record is damaged.
        """
        interrupted = read_record(redo_of(folder)) if redo else None
        return cls(folder, interrupted or read_record(folder), redo)

    def settings(
        self,
        model: type[Model],
        preset: str | None = None,
        file: Path | None = None,
        changes: dict[str, Any] | None = None,
    ) -> Model:
        """As `resolve`, but without a `preset` what is not given is as the run was begun.

        Raises SignpipeError also where that is no longer possible.
        """
        if self.record is None or preset is not None:
            return resolve(model, preset, file, changes)
        begun = under_new_names(self.record["settings"])
        try:
            model.model_validate(begun)
        except ValidationError as error:
            raise SignpipeError(
                f"{self.folder} was begun with settings that are no longer possible "
                f"({error.errors()[0]['msg']}); use --redo --preset compact to begin it again"
            ) from error
        return resolve(model, None, file, changes, begun)

    def option(self, name: str, given: Any) -> Any:
        """What is `given`, or else was when the run was begun; None stands for nothing.

        Raises SignpipeError if both are there and differ, unless the run is made again.
        """
        if self.record is None or name not in self.record:
            return given
        then = self.record[name]
        if given is not None and given != then and not self.redo:
            raise self._differs(name, then, given)
        return then if given is None else given

    def encoder(self, workspace: Workspace, given: Path | None, scratch: bool) -> Path | None:
        """The encoder file to begin from: what is `given`, or else the run was begun from.

        None if there is neither. Raises SignpipeError if both are there and differ, unless the run
        is made again, or if the file is gone.
        """
        origin = self.record.get("began_from") if self.record else None
        then = began_from_file(workspace, origin["file"]) if origin else None
        if given is None and not scratch:
            if then and not then.exists():
                raise SignpipeError(
                    f"the encoder {then}, from which {self.folder} was begun, is gone; use --redo "
                    "and name another one"
                )
            return then
        known = self.record is not None and "began_from" in self.record and not self.redo
        if known and not _same(given, then, origin):
            raise self._differs("the encoder to begin from", then, given)
        return given

    def _differs(self, name: str, then: Any, now: Any) -> SignpipeError:
        was, now = (",".join(x) if isinstance(x, list) else x or "none" for x in (then, now))
        return SignpipeError(
            f"{self.folder} was begun differently: {name} was {was}, is {now}; use --redo to "
            "begin it again, or --run NAME for another one beside it"
        )


def _same(given: Path | None, then: Path | None, origin: dict[str, Any] | None) -> bool:
    if given is None or then is None or origin is None:
        return given is then
    return given.resolve() == then.resolve() or sha256_of_file(given) == origin["sha256"]
