// What is drawn of a frame, and whether its picture is good, as signpipe.app says both.

const POSE_POINTS = [0, 11, 12, 13, 14, 15, 16, 23, 24];
const [LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_WRIST, RIGHT_WRIST] = [11, 12, 15, 16];
const VISIBLE = 0.5, DARK = 0.2, BRIGHT = 0.85;

/** Of each part x0, y0, x1, y1 ..., or null. */
export function drawable(frame) {
  const flat = (points, numbers, chosen) => points && chosen.flatMap((i) => [points[numbers * i], points[numbers * i + 1]]);
  const hand = [...Array(21).keys()];
  return {
    pose: flat(frame.pose, 4, POSE_POINTS),
    left_hand: flat(frame.left_hand, 3, hand),
    right_hand: flat(frame.right_hand, 3, hand),
  };
}

/** A clip to be played. */
export function drawableClip(times, frames, width, height) {
  return { times, frames: frames.map(drawable), width, height };
}

/** { person, shoulders, left_hand, right_hand, light } of a frame whose picture's mean is brightness. */
export function judge(frame, brightness) {
  const light = brightness < DARK ? "too dark" : brightness > BRIGHT ? "too bright" : "good";
  if (!frame.pose) return { person: false, shoulders: false, left_hand: false, right_hand: false, light };
  const isInside = (i) => {
    const [x, y, , visibility] = frame.pose.subarray(4 * i, 4 * i + 4);
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 && visibility >= VISIBLE;
  };
  return {
    person: true,
    shoulders: isInside(LEFT_SHOULDER) && isInside(RIGHT_SHOULDER),
    left_hand: frame.left_hand !== null || isInside(LEFT_WRIST),
    right_hand: frame.right_hand !== null || isInside(RIGHT_WRIST),
    light,
  };
}

const small = { width: 32, height: 24 };
let context = null;

/** The mean brightness of a picture, in [0, 1]. */
export function brightness(picture) {
  context ??= Object.assign(document.createElement("canvas"), small).getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, small.width, small.height);
  const { data } = context.getImageData(0, 0, small.width, small.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  return sum / (small.width * small.height * 255);
}
