"""Landmark names, the 49 keypoints, their parts, edges and mirror pairs: pure tables.

A clip is T frames of 49 two-dimensional keypoints in the order

    0..20   right hand   (MediaPipe hand landmarks 0..20)
    21..41  left hand    (the same, mirrored in x so that both look like a right hand)
    42..48  trunk        (nose, then left and right shoulder, elbow, wrist of the pose)
"""

HAND_LANDMARKS = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(
        f"{finger}_{joint}"
        for finger in ("index", "middle", "ring", "pinky")
        for joint in ("mcp", "pip", "dip", "tip")
    ),
)

POSE_LANDMARKS = (
    "nose",
    "left_eye_inner",
    "left_eye",
    "left_eye_outer",
    "right_eye_inner",
    "right_eye",
    "right_eye_outer",
    "left_ear",
    "right_ear",
    "mouth_left",
    "mouth_right",
    *(
        f"{side}_{joint}"
        for joint in (
            "shoulder",
            "elbow",
            "wrist",
            "pinky",
            "index",
            "thumb",
            "hip",
            "knee",
            "ankle",
            "heel",
            "foot_index",
        )
        for side in ("left", "right")
    ),
)

# The pose landmarks that make the trunk, in the order of keypoints 42..48.
TRUNK_LANDMARKS = (
    "nose",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
)
TRUNK_IN_POSE = tuple(POSE_LANDMARKS.index(name) for name in TRUNK_LANDMARKS)

RIGHT_HAND = slice(0, 21)
LEFT_HAND = slice(21, 42)
TRUNK = slice(42, 49)
KEYPOINTS = 49

# (child, parent): every edge points to the part's root, the wrist or the nose.
HAND_EDGES = tuple(
    (4 * finger + joint, 4 * finger + joint - 1 if joint > 1 else 0)
    for finger in range(5)
    for joint in range(1, 5)
)
TRUNK_EDGES = ((1, 0), (2, 1), (3, 2), (4, 0), (5, 4), (6, 5))

# Neighbours that are on no path to the root: bases of adjacent fingers; the other arm's joint.
HAND_NEIGHBOURS = ((1, 5), (5, 9), (9, 13), (13, 17))
TRUNK_NEIGHBOURS = ((1, 4), (2, 5), (3, 6))

HAND_SUBPARTS = (
    (1, 2, 3, 4),
    (5, 6, 7, 8),
    (9, 10, 11, 12),
    (13, 14, 15, 16),
    (17, 18, 19, 20),
    (0, 1, 5, 9, 13, 17),
)
TRUNK_SUBPARTS = ((1, 2, 3), (4, 5, 6), (0,))

# Sub-part graphs, in the same form as the joints': the palm is the root of the fingers, the nose
# of the arms.
HAND_SUBPART_EDGES = tuple((finger, 5) for finger in range(5))
HAND_SUBPART_NEIGHBOURS = ((0, 1), (1, 2), (2, 3), (3, 4))
TRUNK_SUBPART_EDGES = ((0, 2), (1, 2))
TRUNK_SUBPART_NEIGHBOURS = ((0, 1),)

# Trunk joints that change places when a person is mirrored.
TRUNK_MIRROR = (0, 4, 5, 6, 1, 2, 3)

# For drawing: pairs of pose landmarks of the upper body.
POSE_LINES = (
    (11, 12),
    (11, 13),
    (13, 15),
    (12, 14),
    (14, 16),
    (11, 23),
    (12, 24),
    (23, 24),
)
HAND_LINES = (*HAND_EDGES, (5, 9), (9, 13), (13, 17))
