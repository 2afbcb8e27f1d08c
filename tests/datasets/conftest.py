"""Annotation files written on the spot, with clips of virtual signers behind them."""

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

Place = Callable[..., Path]


@pytest.fixture
def place(tmp_path: Path, demo_clips: Path) -> Place:
    """`place("videos/1.mp4", ...)` puts clips of 1.6 to 2 s there; gives the last one's path."""
    clips: Iterator[Path] = cycle(sorted(demo_clips.glob("*/*.mp4")))

    def put(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(next(clips), path)
        return path

    return put


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Any], Path]:
    """`write("a.json", value)` and `write("a.txt", text)` write below the same folder."""

    def put(name: str, value: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value)
        path.write_text(text, encoding="utf-8")
        return path

    return put
