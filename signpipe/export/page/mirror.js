// A person as in a mirror: a left-handed one signs as a right-handed one would.

// Of the pose's landmarks, in MediaPipe's order, the one on the other side.
const POSE_MIRROR = [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, ...Array.from({ length: 22 }, (_, i) => (i % 2 ? 10 + i : 12 + i))];

/** Frames with left and right exchanged. */
export function mirrored(frames) {
  return frames.map(({ pose, left_hand, right_hand }) => ({
    pose: pose && flipped(Float32Array.from(POSE_MIRROR.flatMap((i) => [...pose.subarray(4 * i, 4 * i + 4)])), 4),
    left_hand: right_hand && flipped(right_hand, 3),
    right_hand: left_hand && flipped(left_hand, 3),
  }));
}

function flipped(points, numbers) {
  return points.map((value, i) => (i % numbers ? value : 1 - value));
}
