import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clip_id", 7),
        ("source", None),
        ("pack", ["a"]),
        ("index", "1"),
        ("index", -1),
        ("frames", 2.5),
        ("frames", True),
        ("frames", 10**30),
        ("fps", float("nan")),
        ("fps", float("inf")),
        ("width", {}),
        ("pose", "0.5"),
        ("time", "x"),
    ],
)
def test_a_line_with_a_field_of_another_kind_costs_only_itself(
    tmp_path: Path, name: str, value: object
) -> None:
    path = tmp_path / "outcomes.jsonl"
    append_outcomes(path, [ONE])
    with open(path, "a") as file:
        file.write(json.dumps({**asdict(TWO), name: value}) + "\n" + "[" * 100_000 + "\n")
        file.write('{"frames": ' + "9" * 5000 + "}\n")
    assert read_outcomes(path) == {"hello/1": ONE}


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([])
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(sorted(asdict(ONE))), value=VALUES)
def test_any_value_in_any_field_gives_a_row_for_the_table_or_nothing(
    tmp_path: Path, name: str, value: object
) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(json.dumps({**asdict(ONE), name: value}) + "\n")
    for outcome in read_outcomes(path).values():
        assert outcome.clip().frames >= 0
