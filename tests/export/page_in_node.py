"""The page's own modules, run by node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from signpipe.export.browser_assets import PAGE
from signpipe.export.web_folder import SHARED
from signpipe.landmarks.pack import Landmarks


def in_node(folder: Path, code: str, given: Any) -> Any:
    """What `code` prints as JSON; it sees `given`, and the page's modules as `./NAME.js`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node; apt-get install nodejs")
    for path in [*PAGE.glob("*.js"), SHARED / "words.js"]:
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "given.json").write_text(json.dumps(given))
    head = 'import { readFileSync } from "node:fs";\n'
    head += 'const given = JSON.parse(readFileSync("given.json", "utf-8"));\n' + FRAMES
    (folder / "run.js").write_text(head + code)
    done = subprocess.run([node, "run.js"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# null stands for NaN, and a part that was not found is null as a whole.
FRAMES = """
const asFrame = (one) => Object.fromEntries(Object.entries(one).map(([part, values]) =>
  [part, values && Float32Array.from(values, (value) => value ?? NaN)]));
"""


def as_frames(landmarks: Landmarks) -> list[dict[str, Any]]:
    """Frames as the page has them."""
    return [
        {
            part: None
            if np.isnan(values := getattr(landmarks, part)[i]).all()
            else [None if np.isnan(v) else float(v) for v in values.ravel()]
            for part in ("pose", "left_hand", "right_hand")
        }
        for i in range(len(landmarks))
    ]
