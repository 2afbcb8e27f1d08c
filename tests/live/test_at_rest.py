from dataclasses import replace

import numpy as np

from signpipe.live.at_rest import hands_rest


def lowered(landmarks, by):
    """The same person with both wrists `by` shoulder widths below the shoulders, unseen hands."""
    pose = landmarks.pose.copy()
    width = abs(pose[:, 11, 0] - pose[:, 12, 0]).mean()
    for wrist in (15, 16):
        pose[:, wrist, 1] = pose[:, 11, 1] + by * width * 4 / 3
    return replace(landmarks, pose=pose)


def test_a_person_who_signs(walk):
    assert not hands_rest(walk(1, 2, 3))
    assert not hands_rest(walk(1, 2, 3), 640, 480)


def test_hands_that_are_never_seen_rest(walk):
    clip = walk(1, 2, 3, frames=30)
    nothing = np.full_like(clip.right_hand, np.nan)
    assert hands_rest(replace(clip, right_hand=nothing))
    seldom = clip.right_hand.copy()
    seldom[5:] = np.nan
    assert hands_rest(replace(clip, right_hand=seldom))
    seldom = clip.right_hand.copy()
    seldom[7:] = np.nan
    assert not hands_rest(replace(clip, right_hand=seldom))


def test_hands_that_stay_low_rest_even_if_they_are_seen(walk):
    clip = walk(1, 2, 3)
    assert hands_rest(lowered(clip, 1.3))
    assert not hands_rest(lowered(clip, 0.7))
    raised = lowered(clip, 1.3)
    raised.pose[: len(clip) // 2, 16, 1] = raised.pose[: len(clip) // 2, 12, 1]
    assert not hands_rest(raised)


def test_without_shoulders_only_the_hands_count(walk):
    clip = walk(1, 2, 3)
    nobody = replace(clip, pose=np.full_like(clip.pose, np.nan))
    assert not hands_rest(nobody)
