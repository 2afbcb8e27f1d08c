import numpy as np
import pytest

from signpipe.cliptable import Clip
from signpipe.landmarks.pack import Landmarks
from signpipe.report.handedness import CLIPS, SAMPLE, Lead, judge, lead, sample


def moving(right: float, left: float, frames: int = 20) -> Landmarks:
    """Hands that move so far in picture heights a frame; a negative number: not detected."""
    hands = []
    for step in (right, left):
        hand = np.full((frames, 21, 3), np.nan, np.float32)
        if step >= 0:
            hand[..., 0] = 0.5
            hand[..., 1] = 0.5 + step * (np.arange(frames) % 2)[:, None]
        hands.append(hand)
    return Landmarks(np.zeros((frames, 33, 4), np.float32), left_hand=hands[1], right_hand=hands[0])


@pytest.mark.parametrize(
    ("right", "left", "least", "most"),
    [
        (0.1, -1, 0.9, 1),  # only one is seen
        (-1, 0.1, -1, -0.9),
        (0.1, 0, 0.9, 1),  # both are seen, one moves
        (0.1, 0.1, -0.1, 0.1),
        (-1, -1, 0, 0),
        (0.0005, -1, 0, 0.2),  # a hand that hardly moves says nothing
    ],
)
def test_the_hand_that_moves_leads(right, left, least, most):
    assert least <= lead(moving(right, left), 4 / 3) <= most


def test_no_frames_have_no_lead():
    assert lead(moving(0.1, 0.1, frames=0), 1) == 0
    assert lead(moving(0.1, 0.1, frames=1), 1) == 0


def leads(hands: dict[str, float], labels: int = 5, each: int = 2, noise: float = 0.2):
    rng = np.random.default_rng(0)
    return [
        Lead(signer, f"label {label}", float(np.clip(value + rng.normal(0, noise), -1, 1)))
        for signer, value in hands.items()
        for label in range(labels)
        for _ in range(each)
    ]


def test_a_left_handed_signer_among_right_handed_ones_is_found():
    judged = judge(leads({"ada": 0.9, "bo": 0.9, "cy": 0.9, "dara": -0.9, "eve": 0.9}))
    assert [item.signer for item in judged if item.other_handed] == ["dara"]
    assert judged[0].signer == "dara"
    assert judged[0].clips == 10
    assert judged[0].against == 1


def test_a_right_handed_signer_among_left_handed_ones_is_found():
    judged = judge(leads({"ada": -0.9, "bo": -0.9, "cy": -0.9, "dara": 0.9, "eve": -0.9}))
    assert [item.signer for item in judged if item.other_handed] == ["dara"]


def test_alike_signers_and_those_who_change_hands_raise_no_alarm():
    assert not any(item.other_handed for item in judge(leads(dict.fromkeys("abcde", 0.9))))
    mixed = leads(dict.fromkeys("abcd", 0.9))
    mixed += [Lead("e", f"label {i % 5}", 0.9 * (-1) ** i) for i in range(20)]
    judged = {item.signer: item for item in judge(mixed)}
    assert judged["e"].clips == 20
    assert not judged["e"].other_handed


def test_signs_of_two_equal_hands_tell_nothing():
    assert judge(leads({"a": 0, "b": 0, "c": 0, "d": -0.9, "e": 0}, noise=0.05)) == []


def test_too_few_clips_or_others_are_not_judged():
    judged = judge(leads({"a": 0.9, "b": 0.9, "c": 0.9, "d": -0.9}, labels=1, each=CLIPS - 1))
    assert len(judged) == 4
    assert not any(item.other_handed for item in judged)
    assert judge(leads({"a": 0.9, "b": 0.9, "d": -0.9})) == []


def clip(signer: str, label: str, number: int, status: str = "ok") -> Clip:
    return Clip(f"{signer}/{label}/{number}", label=label, signer=signer, status=status)


def test_the_sample_is_small_fair_and_always_the_same():
    clips = [clip(s, label, i) for s in "abcd" for label in ("x", "y") for i in range(100)]
    taken = sample(clips)
    for signer in "abcd":
        labels = [item.label for item in taken if item.signer == signer]
        assert labels.count("x") == labels.count("y") == SAMPLE / 2
    assert {c.clip_id for c in sample(clips[::-1])} == {c.clip_id for c in taken}
    assert {int(c.clip_id.split("/")[2]) for c in taken} - set(range(SAMPLE))  # not the first ones


def test_clips_that_cannot_tell_are_not_sampled():
    others = [clip(s, "x", 0) for s in "abcd"]
    useless = [clip("a", "only hers", 0), clip("", "x", 1), clip("a", "", 2)]
    useless.append(clip("a", "x", 3, status="failed"))
    assert {c.clip_id for c in sample(others + useless)} == {c.clip_id for c in others}
