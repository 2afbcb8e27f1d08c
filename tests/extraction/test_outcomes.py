from dataclasses import replace
from pathlib import Path

import numpy as np

from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes, with_landmarks
from signpipe.landmarks.pack import Landmarks

ONE = Outcome("hello/1", "/videos/hello/1.mp4", "ok", pack="hello/1", frames=30, fps=25.0)
TWO = Outcome("hello/2", "/videos/hello/2.mp4", "failed", "it hung")


def test_round_trip_and_last_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "keypoints" / "outcomes.jsonl"
    assert read_outcomes(path) == {}
    append_outcomes(path, [ONE, TWO])
    later = replace(TWO, status="ok", reason="")
    append_outcomes(path, [later])
    assert read_outcomes(path) == {"hello/1": ONE, "hello/2": later}


def test_torn_lines_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    append_outcomes(path, [ONE, TWO])
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        append_outcomes(path, [replace(ONE, clip_id="new")])
        found = read_outcomes(path)
        assert found["new"].source == ONE.source
        assert {*found} <= {"new", "hello/1", "hello/2"}
        # A line that only lacks its end is still whole.
        assert ("hello/1" in found) == (cut >= whole.index(b"\n"))


def test_rows_from_another_version_or_hand(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(
        '7\n[]\n{"clip_id": "x"}\n"text"\n\n{"clip_id": "y", "source": "s", '
        '"status": "ok", "unknown": 1}\n'
    )
    assert read_outcomes(path) == {"y": Outcome("y", "s", "ok")}


def test_names_that_are_no_text(tmp_path: Path) -> None:
    odd = replace(ONE, source="/videos/\udcff\n.mp4")
    append_outcomes(tmp_path / "outcomes.jsonl", [odd])
    assert read_outcomes(tmp_path / "outcomes.jsonl") == {"hello/1": odd}
    assert odd.clip().source.encode()


def test_shares() -> None:
    pose = np.zeros((4, 33, 4), np.float32)
    hand = np.full((4, 21, 3), np.nan, np.float32)
    left = hand.copy()
    left[0] = 0.5
    outcome = with_landmarks(ONE, Landmarks(pose, left, hand))
    assert (outcome.frames, outcome.pose) == (4, 1.0)
    assert (outcome.left_hand, outcome.right_hand) == (0.25, 0.0)
