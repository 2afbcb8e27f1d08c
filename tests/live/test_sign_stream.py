"""Signs in a stream: what separates them and what does not, whatever is missing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_stream import CHEST, FACE, LOW, heights, person

from signpipe.landmarks.pack import Landmarks
from signpipe.live.sign_stream import Event, HandsDown, HandsUp, SignShown, SignStream
from signpipe.live.stream_settings import StreamSettings

REST, SIGN, WAY = (1.0, LOW), (1.0, FACE), (0.4, CHEST)


def events_of(landmarks: Landmarks) -> list[Event]:
    stream = SignStream(width=640, height=480)
    return stream.extend(landmarks) + stream.end()


def signs_of(landmarks: Landmarks) -> list[SignShown]:
    return [event for event in events_of(landmarks) if isinstance(event, SignShown)]


def shown(*steps: tuple[float, float], fps: float = 30) -> list[SignShown]:
    return signs_of(person(*heights(*steps, fps=fps)))


@pytest.mark.parametrize("fps", [8, 15, 24, 30, 60])
def test_a_sign_goes_from_rest_to_rest(fps):
    times, right = heights(REST, WAY, SIGN, WAY, (0.4, LOW), REST, fps=fps)
    events = events_of(person(times, right))
    assert [type(event) for event in events] == [HandsUp, SignShown, HandsDown]
    sign = events[1]
    assert sign.start == pytest.approx(1.4, abs=0.25)  # the way up and the way down are no sign
    assert sign.end == pytest.approx(2.5, abs=0.25)
    within = (times >= sign.start) & (times <= sign.end)
    assert len(sign.landmarks) == within.sum()
    np.testing.assert_allclose(sign.landmarks.times, times[within] - times[within][0])


def test_a_pause_within_a_sign_does_not_end_it():
    assert len(shown(REST, WAY, (1.5, CHEST), SIGN, WAY, (0.4, LOW), REST)) == 1


def test_the_same_sign_twice_is_two_signs():
    once = (WAY, SIGN, WAY, (0.3, LOW))
    assert len(shown(REST, *once, *once, REST)) == 2
    assert len(shown(REST, *once, REST, *once, REST)) == 2


def test_a_short_twitch_is_no_sign():
    assert shown(REST, (0.3, 0.9), (0.3, LOW), REST) == []


def test_a_person_at_rest_and_nobody_at_all_make_no_event():
    times = np.arange(0, 20, 1 / 30)
    assert events_of(person(times, np.full(len(times), LOW))) == []
    nothing = person(times, np.full(len(times), FACE))
    for part in ("pose", "left_hand", "right_hand"):
        getattr(nothing, part)[:] = np.nan
    assert events_of(nothing) == []


def test_hands_that_stay_up_still_come_to_rest_and_the_other_hand_signs_on():
    chin = person(*heights(REST, WAY, SIGN, (60, FACE)))
    assert len(signs_of(chin)) == 1
    times, right = heights(REST, WAY, SIGN, WAY, (0.4, LOW), REST)
    leaning = person(times, right, np.full(len(times), CHEST))
    before = 4.0  # seconds for which the left hand is at the chest already
    still = person(np.arange(0, before, 1 / 30), np.full(120, LOW), np.full(120, CHEST))
    stream = SignStream(width=640, height=480)
    stream.extend(still)
    leaning.times[:] += before
    later = [e for e in stream.extend(leaning) + stream.end() if isinstance(e, SignShown)]
    assert len(later) == 1


def test_hands_on_a_desk_rest_when_they_are_back():
    desk = (3.5, 0.8)
    lift, back = [(0.3, FACE), (0.8, FACE), (0.3, 0.8)], (0.6, 0.8)
    assert len(shown((0.3, 0.8), desk, *lift, back, *lift, back, *lift, desk)) >= 3


def test_hands_that_are_not_found_for_a_moment_do_not_end_a_sign():
    landmarks = person(*heights(REST, WAY, SIGN, WAY, (0.4, LOW), REST))
    lost = (landmarks.times > 1.7) & (landmarks.times < 2.05)
    landmarks.left_hand[lost], landmarks.right_hand[lost] = np.nan, np.nan
    landmarks.pose[lost] = np.nan
    assert len(signs_of(landmarks)) == 1


def test_who_leaves_the_picture_ends_the_sign():
    landmarks = person(*heights(REST, WAY, SIGN, (5, FACE)))
    for part in ("pose", "left_hand", "right_hand"):
        getattr(landmarks, part)[landmarks.times > 3] = np.nan
    (sign,) = signs_of(landmarks)
    assert sign.end == pytest.approx(3, abs=0.15)


def test_a_gap_in_the_stream_ends_the_sign():
    landmarks = person(*heights(REST, WAY, SIGN, (1, FACE)))
    after = person(*heights(REST, WAY, SIGN, WAY, (0.4, LOW), REST))
    after.times[:] += 30
    stream = SignStream(width=640, height=480)
    found = [*stream.extend(landmarks), *stream.extend(after), *stream.end()]
    signs = [event for event in found if isinstance(event, SignShown)]
    assert len(signs) == 2 and signs[0].end < 4 < 30 < signs[1].start


def test_hands_alone_are_up_while_they_are_found():
    landmarks = person(*heights(REST, WAY, SIGN, WAY, (0.4, LOW), REST))
    landmarks.pose[:] = np.nan
    assert len(signs_of(landmarks)) == 1


def test_very_long_signs_are_cut_and_little_is_kept():
    rng = np.random.default_rng(0)
    times = np.arange(0, 120, 1 / 30)
    stream = SignStream(width=640, height=480)
    held = []
    found = []
    landmarks = person(times, CHEST + 0.4 * np.sin(times * 5) + rng.normal(0, 0.02, len(times)))
    for i, time in enumerate(times):
        at = slice(i, i + 1)
        frame = Landmarks(landmarks.pose[at], landmarks.left_hand[at], landmarks.right_hand[at])
        found += stream.push(time, frame)
        held.append(len(stream._frames))
    longest = StreamSettings().longest
    signs = [event for event in found if isinstance(event, SignShown)]
    assert max(held) <= 30 * longest + 2
    assert len(signs) >= 120 / longest - 1
    assert all(sign.end - sign.start <= longest + 0.2 for sign in signs)


def test_events_do_not_hold_on_to_what_was_pushed():
    landmarks = person(*heights(REST, WAY, SIGN, WAY, (0.4, LOW), REST))
    (sign,) = signs_of(landmarks)
    assert not np.shares_memory(sign.landmarks.pose, landmarks.pose)


@st.composite
def streams(draw: st.DrawFn) -> Landmarks:
    """Hands anywhere, found or not, at any rate, with frames that are dropped or out of order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = draw(st.integers(0, 400))
    steps = rng.exponential(1 / draw(st.sampled_from([4, 15, 60])), frames)
    steps[rng.random(frames) < 0.02] *= draw(st.sampled_from([-1.0, 30.0]))
    walk = np.cumsum(rng.normal(0, draw(st.sampled_from([0.01, 0.1, 0.5])), (2, frames)), axis=1)
    landmarks = person(np.cumsum(steps), *(FACE + abs((walk + 1) % 4 - 2)))
    for part in ("pose", "left_hand", "right_hand"):
        array = getattr(landmarks, part)
        lost = np.repeat(rng.random(frames // 5 + 1) < draw(st.sampled_from([0, 0.2, 0.7])), 5)
        array[lost[:frames]] = np.nan
        if draw(st.booleans()):
            array[rng.random(array.shape) < 0.05] = rng.choice([np.nan, np.inf, -np.inf, 0])
    return landmarks


@settings(max_examples=60, deadline=None)
@given(streams())
def test_events_are_ordered_whatever_comes(landmarks):
    events = events_of(landmarks)
    turns = [event for event in events if not isinstance(event, SignShown)]
    assert all(isinstance(event, HandsDown if i % 2 else HandsUp) for i, event in enumerate(turns))
    assert len(turns) % 2 == 0
    up, last = False, -np.inf
    for event in events:
        begin = event.start if isinstance(event, SignShown) else event.time
        assert begin >= last and (up or isinstance(event, HandsUp))
        last = event.end if isinstance(event, SignShown) else event.time
        up = not isinstance(event, HandsDown)
    signs = [event for event in events if isinstance(event, SignShown)]
    assert all(len(sign.landmarks) and sign.start < sign.end for sign in signs)
    assert all(one.end <= other.start for one, other in itertools.pairwise(signs))


@settings(max_examples=25, deadline=None)
@given(streams(), st.lists(st.integers(0, 400), max_size=5))
def test_it_does_not_matter_in_which_pieces_frames_come(landmarks, cuts):
    stream = SignStream(width=640, height=480)
    found: list[Event] = []
    for start, end in itertools.pairwise(sorted({0, *cuts, max([400, *cuts])})):
        found += stream.extend(
            Landmarks(
                landmarks.pose[start:end],
                landmarks.left_hand[start:end],
                landmarks.right_hand[start:end],
                landmarks.times[start:end],
            )
        )
    found += stream.end()
    whole = events_of(landmarks)
    assert [str(type(e)) for e in found] == [str(type(e)) for e in whole]
    for one, other in zip(found, whole, strict=True):
        if isinstance(one, SignShown):
            assert (one.start, one.end) == (other.start, other.end)
            np.testing.assert_array_equal(one.landmarks.pose, other.landmarks.pose)
        else:
            assert one == other
