// Whether a clip shows a person whose hands rest: the same as signpipe.live.at_rest.

const LEAST_SEEN = 0.2, LOWEST = 1, HIGHEST_SHARE = 0.1;
const SHOULDERS = [11, 12], WRISTS = [15, 16];

/** Whether hands are hardly seen in T > 0 frames, or never come up. */
export function handsRest(frames, width, height) {
  const isSeen = (hand) => hand !== null && hand.some((value, i) => i % 3 === 0 && !Number.isNaN(value));
  const seen = frames.filter((frame) => isSeen(frame.left_hand) || isSeen(frame.right_hand));
  if (seen.length / frames.length < LEAST_SEEN) return true;
  const aspect = width && height ? width / height : 4 / 3;
  const poses = frames.flatMap((frame) => (frame.pose ? [frame.pose] : []));
  const place = (pose, joint) => [pose[4 * joint] * aspect, pose[4 * joint + 1]];
  const widths = poses.map((pose) => {
    const [[ax, ay], [bx, by]] = SHOULDERS.map((joint) => place(pose, joint));
    return Math.hypot(ax - bx, ay - by);
  }).filter(Number.isFinite);
  const unit = quantile(widths, 0.5);
  if (!(unit > 0)) return false;
  const highest = WRISTS.flatMap((wrist) => {
    const below = poses.map((pose) => {
      const middle = (place(pose, SHOULDERS[0])[1] + place(pose, SHOULDERS[1])[1]) / 2;
      return (place(pose, wrist)[1] - middle) / unit;
    }).filter(Number.isFinite);
    return below.length ? [quantile(below, HIGHEST_SHARE)] : [];
  });
  return highest.length > 0 && Math.min(...highest) > LOWEST;
}

/** As NumPy's, between two values linearly; NaN of none. */
function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}
