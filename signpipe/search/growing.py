"""Clips that are embedded but not yet in the dictionary: what a kill would otherwise cost."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.search.skeletons import SHAPE as SKELETON
from signpipe.training.warping import SHAPE as SEQUENCE


class Growing:
    """Records of one length, appended to a file; one that a kill has torn is passed over.

    `made_with` tells files of different encoders apart.
    """

    def __init__(self, folder: Path, made_with: str, width: int) -> None:
        self._path = folder / f".growing-{made_with[:12]}-{width}"
        self._kind = np.dtype(
            [
                ("made_from", "S16"),
                ("features", np.float32, (width,)),
                ("sequences", np.float16, SEQUENCE),
                ("skeletons", np.float16, SKELETON),
            ]
        )

    def add(
        self,
        made_from: Sequence[str],
        features: NDArray[np.float32],
        sequences: NDArray[np.float32],
        skeletons: NDArray[np.float16],
    ) -> None:
        """Append clips, each known by the 16 letters of `made_from`. Raises OSError."""
        records = np.empty(len(made_from), self._kind)
        records["made_from"] = [name.encode() for name in made_from]
        records["features"], records["skeletons"] = features, skeletons
        records["sequences"] = sequences
        with open(self._path, "ab") as file:
            whole = file.tell() // self._kind.itemsize * self._kind.itemsize
            file.truncate(whole)
            file.write(records.tobytes())

    def read(self) -> NDArray[np.void]:
        """All records (R,), mapped; fields `made_from`, `features`, `sequences`, `skeletons`."""
        count = self._path.stat().st_size // self._kind.itemsize if self._path.exists() else 0
        if not count:
            return np.empty(0, self._kind)
        return np.memmap(self._path, self._kind, "r", shape=(count,))

    def clear(self) -> None:
        """Delete the file, and those of other encoders."""
        for path in self._path.parent.glob(".growing-*"):
            with suppress(OSError):
                path.unlink()
