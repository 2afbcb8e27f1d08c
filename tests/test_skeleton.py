from signpipe import skeleton


def test_parts_cover_the_49_keypoints_once():
    covered = [*range(49)[skeleton.RIGHT_HAND], *range(49)[skeleton.LEFT_HAND]]
    covered += range(49)[skeleton.TRUNK]
    assert covered == list(range(skeleton.KEYPOINTS))


def test_landmark_names_are_mediapipes():
    assert len(skeleton.POSE_LANDMARKS) == 33
    assert len(skeleton.HAND_LANDMARKS) == 21
    # The numbers of MediaPipe's own documentation.
    assert skeleton.TRUNK_IN_POSE == (0, 11, 13, 15, 12, 14, 16)
    assert skeleton.POSE_LANDMARKS[23] == "left_hip"
    assert skeleton.HAND_LANDMARKS[8] == "index_tip"
    assert skeleton.HAND_LANDMARKS[17] == "pinky_mcp"


def test_every_joint_has_one_path_to_the_root():
    for edges, joints in ((skeleton.HAND_EDGES, 21), (skeleton.TRUNK_EDGES, 7)):
        parent = dict(edges)
        assert sorted(parent) == list(range(1, joints))
        for joint in range(1, joints):
            steps = 0
            while joint:
                joint, steps = parent[joint], steps + 1
                assert steps < joints


def test_subparts_cover_every_joint():
    for subparts, joints in ((skeleton.HAND_SUBPARTS, 21), (skeleton.TRUNK_SUBPARTS, 7)):
        assert {joint for subpart in subparts for joint in subpart} == set(range(joints))


def test_mirroring_twice_changes_nothing():
    names = skeleton.TRUNK_LANDMARKS
    mirrored = [names[i] for i in skeleton.TRUNK_MIRROR]
    assert mirrored[1] == "right_shoulder"
    assert [mirrored[i] for i in skeleton.TRUNK_MIRROR] == list(names)
