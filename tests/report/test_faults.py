import pytest

from signpipe.cliptable import Clip
from signpipe.report.faults import WORST, better_hand, examine, worst


def clip(name="a", **changes) -> Clip:
    good = {"frames": 40, "fps": 25.0, "width": 640, "height": 480, "status": "ok"}
    return Clip(name, **{**good, "pose": 1.0, "left_hand": 0.0, "right_hand": 0.9, **changes})


def test_a_good_clip_has_no_fault_though_it_uses_one_hand():
    assert examine(clip()).words == ""
    assert worst([clip()]) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pose": 0.4}, "nobody was found in 60% of the frames"),
        ({"right_hand": 0.0}, "no hand was found in any frame"),
        ({"right_hand": 0.2}, "neither hand was found in more than 20% of the frames"),
        ({"frames": 5}, "it has only 5 frames"),
        ({"fps": 8.0}, "8 frames a second"),
        ({"width": 96, "height": 72}, "small: 96 x 72"),
        ({"status": "truncated", "reason": "half is missing"}, "cut short: half is missing"),
        ({"status": "nobody", "pose": 0.0, "right_hand": 0.0}, "no person was found"),
    ],
)
def test_each_fault_is_told_in_words(changes, said):
    fault = examine(clip(**changes))
    assert said in fault.words
    assert fault.badness > 0
    assert worst([clip(**changes)]) == [fault]


def test_the_worst_come_first_and_clips_without_landmarks_not_at_all():
    clips = [clip(f"{i:02d}", pose=i / 100) for i in range(50)]
    clips += [clip("lost", pose=None, status="failed"), clip("empty", pose=0.0, frames=0)]
    found = worst(clips)
    assert [fault.clip.clip_id for fault in found] == [f"{i:02d}" for i in range(WORST)]


def test_nothing_known_is_no_hand_seen():
    assert better_hand(clip(left_hand=None, right_hand=None)) is None
    assert better_hand(clip(left_hand=0.3, right_hand=None)) == 0.3
