// Draws landmarks: of each part a list x0, y0, x1, y1 ... in [0, 1] of the picture, or null.

// Of the pose: nose, shoulders, elbows, wrists, hips, in this order.
const POSE_LINES = [[1, 2], [1, 3], [3, 5], [2, 4], [4, 6], [1, 7], [2, 8], [7, 8]];
const HAND_LINES = [0, 1, 2, 3, 4].flatMap((finger) =>
  [1, 2, 3, 4].map((joint) => [joint > 1 ? 4 * finger + joint - 1 : 0, 4 * finger + joint]),
).concat([[5, 9], [9, 13], [13, 17]]);

const COLOURS = { pose: "#f4f6f8", left_hand: "#ffb454", right_hand: "#5ad1ff" };
const EDGE = "#14181d";

/**
 * Draw one frame onto a canvas's context.
 * @param box {x, y, width, height}: where the picture lies on the canvas, in its pixels.
 * @param mirrored whether the picture is shown as in a mirror.
 */
export function drawSkeleton(context, landmarks, box, mirrored) {
  const scale = Math.max(1, Math.min(box.width, box.height) / 240);
  context.lineCap = context.lineJoin = "round";
  drawPart(context, landmarks.pose, POSE_LINES, "pose", box, mirrored, 2 * scale);
  for (const part of ["left_hand", "right_hand"]) {
    drawPart(context, landmarks[part], HAND_LINES, part, box, mirrored, 1.4 * scale);
  }
}

function drawPart(context, points, lines, part, box, mirrored, width) {
  if (!points) return;
  const at = (i) => [
    box.x + (mirrored ? 1 - points[2 * i] : points[2 * i]) * box.width,
    box.y + points[2 * i + 1] * box.height,
  ];
  const path = new Path2D();
  const has = (i) => points[2 * i] !== null && points[2 * i + 1] !== null;
  for (const [from, to] of lines) {
    if (!has(from) || !has(to)) continue;
    path.moveTo(...at(from));
    path.lineTo(...at(to));
  }
  if (part === "pose" && has(0)) {
    const [x, y] = at(0);
    path.moveTo(x + 3 * width, y);
    path.arc(x, y, 3 * width, 0, 2 * Math.PI);
  }
  context.strokeStyle = EDGE;
  context.lineWidth = width + 2;
  context.stroke(path);
  context.strokeStyle = COLOURS[part];
  context.lineWidth = width;
  context.stroke(path);
}

/** Where a picture of a size lies in a canvas that shows all of it. */
export function fit(canvas, width, height) {
  const scale = Math.min(canvas.width / width, canvas.height / height);
  return {
    x: (canvas.width - width * scale) / 2,
    y: (canvas.height - height * scale) / 2,
    width: width * scale,
    height: height * scale,
  };
}
