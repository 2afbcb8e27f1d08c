"""Events of a stream with their answers."""

from dataclasses import dataclass, field

from made_up_stream import FACE, LOW, heights, person

from signpipe.answers import NONE_OF_THESE, Answer
from signpipe.live.answered_stream import AnsweredSign, AnsweredStream
from signpipe.live.sign_stream import HandsDown, HandsUp


@dataclass
class ByHeight:
    """Decides by where the highest wrist was."""

    sizes: set = field(default_factory=set)

    def decide(self, landmarks, *, width, height, always):
        self.sizes.add((width, height))
        signs = (("high", 0.9), ("low", 0.1))
        if landmarks.pose[:, 16, 1].min() < 0.4:
            return Answer("high", signs)
        return Answer("low" if always else NONE_OF_THESE, signs)


def test_each_sign_is_answered_once_in_its_place():
    lift = [(0.4, FACE), (0.8, FACE), (0.5, LOW), (1.0, LOW)]
    half = [(0.4, 0.5), (0.8, 0.5), (0.5, LOW), (1.0, LOW)]
    landmarks = person(*heights((1.0, LOW), *lift, *half))
    for always, last in ((False, NONE_OF_THESE), (True, "low")):
        decider = ByHeight()
        stream = AnsweredStream(decider, width=640, height=480, always=always)
        events = stream.extend(landmarks) + stream.end()
        kinds = [type(event) for event in events]
        assert kinds == [HandsUp, AnsweredSign, HandsDown] * 2
        assert [e.answer.answer for e in events if isinstance(e, AnsweredSign)] == ["high", last]
        assert decider.sizes == {(640, 480)}


def test_an_answer_is_there_soon_after_the_hands_fell():
    times, right = heights((1.0, LOW), (0.4, FACE), (0.8, FACE), (0.5, LOW), (2.0, LOW))
    stream = AnsweredStream(ByHeight(), width=640, height=480)
    for i, time in enumerate(times):
        frame = person(times[i : i + 1], right[i : i + 1])
        if any(isinstance(event, AnsweredSign) for event in stream.push(time, frame)):
            assert time < 2.7 + 0.3  # they are down at 2.7 s
            return
    raise AssertionError("no answer")
