"""Round trips with pose-format itself.

Tolerance: pixels are float32, so a share x of the picture comes back as x (1 ± 2**-23).
"""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pose_format import Pose
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeader, PoseHeaderDimensions
from pose_format.utils.generic import (
    detect_known_pose_format,
    get_standard_components_for_known_format,
    pose_normalization_info,
    reduce_holistic,
)

from signpipe.landmarks.formats.foreign import UnreadableClip
from signpipe.landmarks.formats.pose_files import HAND_POINTS, POSE_POINTS, pose_bytes, read_pose
from signpipe.landmarks.pack import SHAPES, Landmarks

PIXELS = {"rtol": 2**-22, "atol": 1e-9}


def landmarks(frames: int, seed: int = 0, z: bool = True, face: int = 0) -> Landmarks:
    rng = np.random.default_rng(seed)
    parts = {
        name: rng.uniform(-0.2, 1.2, (frames, *shape)).astype(np.float32)
        for name, shape in SHAPES.items()
    }
    parts["pose"][..., 3] = rng.uniform(0.001, 1, (frames, 33))
    for part in parts.values():
        part[rng.random(frames) < 0.3] = np.nan
        if not z:
            part[..., 2] = np.nan
    if face:
        parts["face"] = rng.random((frames, face, 3)).astype(np.float32)
    return Landmarks(**parts, times=np.arange(frames) / 25)


def read_back(path: Path, content: bytes) -> Landmarks:
    path.write_bytes(content)
    return read_pose(path).landmarks


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    frames=st.integers(1, 6),
    seed=st.integers(0, 1000),
    z=st.booleans(),
    face=st.sampled_from([0, 468, 478]),
    fps=st.sampled_from([25.0, 29.97, 59.94, 1.0]),
    width=st.integers(1, 65_535),
    height=st.integers(1, 65_535),
)
def test_round_trip(tmp_path: Path, frames, seed, z, face, fps, width, height):
    before = landmarks(frames, seed, z, face)
    path = tmp_path / "a.pose"
    path.write_bytes(pose_bytes(before, fps, width, height))
    recording = read_pose(path)
    assert (recording.width, recording.height) == (width, height)
    assert recording.fps == np.float32(fps)
    after = recording.landmarks
    for name in SHAPES:
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), **PIXELS)
    np.testing.assert_allclose(after.times, np.arange(frames) / fps, rtol=1e-6)
    assert after.face is None


def test_pose_format_reads_what_is_written():
    before = landmarks(8, face=468)
    pose = Pose.read(pose_bytes(before, 29.97, 640, 480))
    assert detect_known_pose_format(pose) == "holistic"
    assert (pose.header.dimensions.width, pose.header.dimensions.height) == (640, 480)
    assert pose.body.fps == pytest.approx(29.97)
    assert pose.body.data.shape == (8, 1, 33 + 468 + 42, 3)
    theirs = {c.name: c for c in get_standard_components_for_known_format("holistic")}
    for component in pose.header.components:
        assert component.points == theirs[component.name].points
        assert component.format == "XYZC"
        if component.name != "FACE_LANDMARKS":
            assert len(component.limbs) == len(theirs[component.name].limbs)
            expected = {frozenset(limb) for limb in theirs[component.name].limbs}
            assert {frozenset(limb) for limb in component.limbs} == expected
    parts = {
        "pose": "POSE_LANDMARKS",
        "left_hand": "LEFT_HAND_LANDMARKS",
        "right_hand": "RIGHT_HAND_LANDMARKS",
    }
    for part, name in parts.items():
        one = pose.get_components([name])
        values = getattr(before, part)
        missing = np.isnan(values[..., 0])
        assert missing.any() and not missing.all()
        np.testing.assert_array_equal(one.body.data.mask[:, 0, :, 0], missing)
        np.testing.assert_array_equal(one.body.confidence[:, 0] == 0, missing)
        pixels = np.ma.filled(one.body.data[:, 0], np.nan)
        np.testing.assert_allclose(pixels, values[..., :3] * (640, 480, 1), rtol=1e-6, atol=1e-4)
        assert not np.isnan(one.body.data.data).any()
    # What its users do with it.
    assert np.isfinite(pose.normalize(pose_normalization_info(pose.header)).body.data).all()


def test_without_z_the_format_has_none():
    before = landmarks(4, z=False)
    pose = Pose.read(pose_bytes(before, 25, 100, 100))
    assert [component.format for component in pose.header.components] == ["XYC"] * 3
    assert pose.body.data.shape[-1] == 2


def test_a_point_seen_without_being_visible_stays(tmp_path: Path):
    before = landmarks(4)
    before.pose[..., 3] = 0
    after = read_back(tmp_path / "a.pose", pose_bytes(before, 25, 100, 100))
    np.testing.assert_array_equal(np.isnan(after.pose[..., 0]), np.isnan(before.pose[..., 0]))
    assert np.nanmax(after.pose[..., 3]) < 1e-5


def test_a_reduced_file_is_placed_by_names(tmp_path: Path):
    before = landmarks(6, face=468)
    pose = reduce_holistic(Pose.read(pose_bytes(before, 25, 640, 480)))
    order = ["RIGHT_HAND_LANDMARKS", "POSE_LANDMARKS"]
    fingers = ["WRIST", "THUMB_TIP", "INDEX_FINGER_TIP", "PINKY_MCP"]
    pose = pose.get_components(order, {"RIGHT_HAND_LANDMARKS": fingers[::-1]})
    buffer = io.BytesIO()
    pose.write(buffer)
    after = read_back(tmp_path / "a.pose", buffer.getvalue())
    kept = [POSE_POINTS.index(name) for name in pose.header.components[1].points]
    assert POSE_POINTS.index("LEFT_ELBOW") in kept and 0 not in kept
    np.testing.assert_allclose(after.pose[:, kept], before.pose[:, kept], **PIXELS)
    assert np.isnan(np.delete(after.pose, kept, axis=1)).all()
    kept = [HAND_POINTS.index(name) for name in fingers]
    np.testing.assert_allclose(after.right_hand[:, kept], before.right_hand[:, kept], **PIXELS)
    assert np.isnan(np.delete(after.right_hand, kept, axis=1)).all()
    assert np.isnan(after.left_hand).all()
    # Without a nose, too, the person was seen.
    np.testing.assert_array_equal(after.seen("pose"), before.seen("pose"))


def written(components, width=640, people=1, fps=25.0, frames=3) -> bytes:
    points = sum(len(c.points) for c in components)
    dims = max(len(c.format) for c in components) - 1
    data = np.full((frames, people, points, dims), 7.0, np.float32)
    confidence = np.ones((frames, people, points), np.float32)
    header = PoseHeader(0.2, PoseHeaderDimensions(width, 480), components)
    buffer = io.BytesIO()
    Pose(header, NumPyPoseBody(fps, data, confidence)).write(buffer)
    return buffer.getvalue()


def test_files_that_are_not_holistic_or_tell_too_little(tmp_path: Path):
    holistic = get_standard_components_for_known_format("holistic")
    openpose = get_standard_components_for_known_format("openpose")
    for content, said in (
        (written(openpose), "not of MediaPipe Holistic: .* components are pose_keypoints_2d"),
        (written(holistic[2:4]), "no points of POSE_LANDMARKS"),
        (written(holistic, width=0), "width and height"),
        (written(holistic, people=0), "nobody"),
        (b"", "damaged"),
        (b"no pose at all", "damaged"),
        (written(holistic)[:-5], "damaged"),
        (written(holistic)[:2000], "damaged"),
    ):
        with pytest.raises(UnreadableClip, match=said):
            read_back(tmp_path / "a.pose", content)
    (tmp_path / "a.pose").write_bytes(written(holistic, people=2, fps=0.0))
    recording = read_pose(tmp_path / "a.pose")
    assert recording.fps is None and recording.landmarks.times is None
    assert len(recording.landmarks) == 3


def test_what_others_do_to_a_header_in_memory_does_no_harm(tmp_path: Path):
    content = pose_bytes(landmarks(3), 25, 640, 480)
    before = read_back(tmp_path / "a.pose", content)
    Pose.read(content).header.components.reverse()
    np.testing.assert_array_equal(read_back(tmp_path / "a.pose", content).pose, before.pose)


def test_a_full_file_of_pose_format(tmp_path: Path):
    content = written(get_standard_components_for_known_format("holistic"))
    after = read_back(tmp_path / "a.pose", content)
    np.testing.assert_allclose(after.left_hand[0, 3], (7 / 640, 7 / 480, 7), rtol=1e-6)
    np.testing.assert_allclose(after.pose[2, 32], (7 / 640, 7 / 480, 7, 1), rtol=1e-6)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_gives_an_error_or_landmarks(tmp_path: Path, data: st.DataObject):
    content = bytearray(pose_bytes(landmarks(2), 25, 640, 480))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        after = read_back(tmp_path / "a.pose", bytes(content))
    except UnreadableClip:
        return
    assert after.pose.shape[1:] == (33, 4) and not np.isinf(after.pose).any()
