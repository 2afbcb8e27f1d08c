// Pictures to landmarks: MediaPipe Holistic without its face, as `signpipe extract` runs it.

const FOLDER = new URL("mediapipe/", import.meta.url);
const FRAME = 33.333; // milliseconds: as in Python, time advances evenly, whatever the real rate
const STREAMS = { pose: "pose_landmarks", left_hand: "left_hand_landmarks", right_hand: "right_hand_landmarks" };
const MODELS = ["pose_detection.tflite", "pose_landmark.tflite", "hand_recrop.tflite", "hand_landmark.tflite"];

/** Finds landmarks in pictures, one after the other. */
export class LandmarkFinder {
  /** @param onProcessor whether the models are computed by the processor; else by the graphics card. */
  static async load(onProcessor = !hasGraphicsCard()) {
    await script(new URL("holistic.js", FOLDER));
    const finder = new LandmarkFinder();
    finder.onProcessor = onProcessor;
    finder.solution = new globalThis.Solution(CONFIGURATION);
    for (const name of MODELS) {
      finder.solution.overrideFile(name, await fetch(new URL(name, FOLDER)).then((answer) => answer.arrayBuffer()));
    }
    finder.solution.onResults((found) => (finder.found = found));
    finder.solution.setOptions({ useCpuInference: onProcessor });
    await finder.solution.initialize();
    finder.frames = 0;
    return finder;
  }

  /** Forget what came before: the next picture begins a clip. */
  begin() {
    if (this.frames) this.solution.reset();
    this.frames = 0;
  }

  /** The frame { pose, left_hand, right_hand } of a picture (a canvas, an image, a video). */
  async find(picture) {
    this.found = {};
    this.frames += 1;
    await this.solution.send({ image: picture }, this.frames * FRAME);
    return {
      pose: points(this.found.pose, 4),
      left_hand: points(this.found.left_hand, 3),
      right_hand: points(this.found.right_hand, 3),
    };
  }
}

const CONFIGURATION = {
  locateFile: (name) => new URL(name, FOLDER).href,
  files: [{ simd: true, url: "holistic_solution_simd_wasm_bin.js" }],
  graph: { url: "graph.binarypb" }, // with all settings in it
  inputs: { image: { type: "video", stream: "input_frames_gpu" } },
  listeners: [{
    wants: Object.values(STREAMS),
    outs: Object.fromEntries(Object.entries(STREAMS).map(([part, stream]) => [part, { type: "proto", stream }])),
  }],
  options: {
    useCpuInference: { type: 0, graphOptionXref: { calculatorType: "InferenceCalculator", fieldName: "use_cpu_inference" } },
  },
};

/** Landmarks of a serialised NormalizedLandmarkList: of each x, y, z and, of four, visibility. */
function points(bytes, numbers) {
  if (!(bytes instanceof Uint8Array)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = [];
  let at = 0;
  const varint = () => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = view.getUint8(at++);
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    return value;
  };
  while (at < bytes.length) {
    varint(); // each field is a landmark
    const end = varint() + at;
    const point = [0, 0, 0, 0];
    while (at < end) {
      const field = varint() >> 3; // all are floats
      if (field <= 4) point[field - 1] = view.getFloat32(at, true);
      at += 4;
    }
    found.push(...point.slice(0, numbers));
  }
  return Float32Array.from(found);
}

/** Whether pictures are computed by a graphics card; without WebGL 2 nothing is. */
function hasGraphicsCard() {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) throw new Error("This browser has no WebGL 2, which finding hands needs. Use a newer one, or allow graphics in its settings.");
  const about = context.getExtension("WEBGL_debug_renderer_info");
  const name = about ? context.getParameter(about.UNMASKED_RENDERER_WEBGL) : "";
  context.getExtension("WEBGL_lose_context")?.loseContext();
  const isApplePhone = /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes("Mac") && "ontouchend" in document);
  return !isApplePhone && !/swiftshader|llvmpipe|software|basic render/i.test(name);
}

function script(url) {
  if (globalThis.Solution) return null;
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = url;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${url.pathname} cannot be loaded; reload the page.`));
    document.head.append(element);
  });
}
