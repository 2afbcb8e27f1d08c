import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from signpipe.landmarks.holistic import Holistic

PROGRAM = """
import sys
import numpy as np
from signpipe.landmarks.bare_mediapipe import bare_mediapipe
from signpipe.landmarks.holistic import Holistic
bare_mediapipe()
person = np.load(sys.argv[1])
with Holistic() as holistic:
    found = holistic.landmarks([(n / 30, np.roll(person, 3 * n, axis=1)) for n in range(4)])
    assert holistic.graph == "lean", holistic.graph
np.savez(sys.argv[2], pose=found.pose, left=found.left_hand, right=found.right_hand)
print("matplotlib" in sys.modules, "mediapipe.tasks.python" in sys.modules)
"""


def test_the_same_landmarks_without_what_is_not_used(person: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "person.npy", person)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["SIGNPIPE_CACHE"] = str(tmp_path / "cache")
    for _ in range(2):  # with the self-check, and with the model it has passed
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, tmp_path / "person.npy", tmp_path / "found.npz"],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.stdout.split() == ["False", "False"], done.stderr
        with Holistic() as holistic, np.load(tmp_path / "found.npz") as found:
            frames = [(n / 30, np.roll(person, 3 * n, axis=1)) for n in range(4)]
            expected = holistic.landmarks(frames)
            np.testing.assert_array_equal(found["pose"], expected.pose)
            np.testing.assert_array_equal(found["left"], expected.left_hand)
            np.testing.assert_array_equal(found["right"], expected.right_hand)


def test_the_graph_knows_the_same_options() -> None:
    """What mediapipe's own import does not know is not known here either, and the reverse."""
    program = (
        "import sys\n"
        "from signpipe.landmarks.bare_mediapipe import bare_mediapipe\n"
        "if sys.argv[1:]: bare_mediapipe()\n"
        "from mediapipe.python import solution_base\n"
        "from signpipe.landmarks.graph import lean_graph, whole_graph\n"
        "print(lean_graph(whole_graph()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    texts = [
        subprocess.run(
            [sys.executable, "-c", program, *bare], env=environment, capture_output=True, text=True
        ).stdout
        for bare in ([], ["bare"])
    ]
    assert "SplitVectorCalculatorOptions" in texts[0] and texts[0] == texts[1]
