import numpy as np

from signpipe.landmarks.pack import Landmarks
from signpipe.pictures.overlay import add_answers, draw_landmarks, overlay


def landmarks(frames=2):
    pose = np.full((frames, 33, 4), np.nan, np.float32)
    hands = np.full((2, frames, 21, 3), np.nan, np.float32)
    return Landmarks(pose, hands[0], hands[1])


def picture():
    return np.full((480, 640, 3), 90, np.uint8)


def test_nothing_detected_draws_nothing():
    frame = picture()
    draw_landmarks(frame, landmarks(), 0)
    assert (frame == 90).all()


def test_a_joint_is_drawn_where_it_is():
    given = landmarks()
    given.right_hand[1, :, :2] = (0.25, 0.5)
    frame = picture()
    draw_landmarks(frame, given, 1)
    changed = np.argwhere((frame != 90).any(axis=2))
    assert np.abs(changed.mean(axis=0) - (240, 160)).max() < 2
    assert changed.max(axis=0)[1] < 180


def test_a_hardly_visible_joint_and_one_far_outside_are_left_out():
    given = landmarks()
    given.pose[0, 11] = (0.5, 0.5, 0, 0.1)
    given.pose[0, 12] = (1e9, 0.5, 0, 1)
    frame = picture()
    draw_landmarks(frame, given, 0)
    assert (frame == 90).all()


def test_small_pictures_are_enlarged_and_answers_written_below():
    frames = [(i / 25, np.full((120, 160, 3), 90, np.uint8)) for i in range(3)]
    answers = [("a very long name of a sign " * 9, 0.75), ("ß 日本", 0.25)]
    drawn = list(overlay(frames, landmarks(), answers))
    assert len(drawn) == 2  # no more than there are landmarks
    assert drawn[0].shape[1] == 640
    assert drawn[0].shape[0] > 480
    assert drawn[0].dtype == np.uint8
    assert (drawn[0][:480] == 90).all()
    assert (drawn[0][480:] > 200).any()


def test_bars_show_the_probabilities():
    band = add_answers(picture(), [("a", 1.0), ("b", 0.0)])[480:]
    green = (band == (38, 110, 84)).all(axis=2)
    assert green.any(axis=0).mean() > 0.9


def test_an_answer_without_probability_has_no_bar():
    shown = add_answers(picture(), [("none of these", None), ("b", 0.5)])
    assert shown.shape[0] == add_answers(picture(), [("a", 1.0), ("b", 0.5)]).shape[0]
    assert not (shown[480:] == (38, 110, 84)).all(axis=2).any()
    assert (shown[480:] > 200).any()
