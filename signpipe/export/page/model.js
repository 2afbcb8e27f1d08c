// Landmarks of a clip to an answer: the recogniser's ONNX file, run by onnxruntime in WebAssembly.

import * as ort from "./ort/ort.wasm.min.mjs";
import { handsRest } from "./rest.js";
import { NONE_OF_THESE, NOT_SIGNING } from "./words.js";

const PARTS = [["pose", 33, 4, 3], ["left_hand", 21, 3, null], ["right_hand", 21, 3, null]];
const LANDMARKS = 75;

/** A recogniser; `card` is its recognizer.json. */
export class SignModel {
  static async load(card) {
    ort.env.wasm.wasmPaths = new URL("ort/", import.meta.url).href;
    ort.env.wasm.numThreads = 1; // more would need headers that few web servers send
    const model = new SignModel();
    model.card = card;
    const bytes = await fetch(new URL("model.onnx", import.meta.url)).then((answer) => answer.arrayBuffer());
    model.session = await ort.InferenceSession.create(new Uint8Array(bytes), { executionProviders: ["wasm"], logSeverityLevel: 3 });
    return model;
  }

  /**
   * What it says of T > 0 frames: { answer, signs, row }; `signs` are [sign, probability], the
   * likeliest first, `answer` is a sign, "none of these" or "not signing", and `row` is to be
   * compared with those of takes.
   */
  async decide(frames, width, height) {
    const found = await this.session.run({
      landmarks: new ort.Tensor("float32", packed(frames), [1, frames.length, LANDMARKS, 3]),
      size: new ort.Tensor("float32", [width, height], [1, 2]),
      lengths: new ort.Tensor("int64", [BigInt(frames.length)], [1]),
    });
    const signs = Array.from(found.probabilities.data, (share, i) => [this.card.signs[i], share]);
    signs.sort((a, b) => b[1] - a[1]);
    // Numbers that are not finite are no known sign, either.
    const isKnown = found.unknownness.data[0] <= (this.card.rejection?.threshold ?? Infinity);
    const isAsked = !isKnown || this.card.kind === "taught";
    const isIdle = found.idle.data[0] > 0 || (isAsked && handsRest(frames, width, height));
    return {
      answer: isIdle ? NOT_SIGNING : isKnown ? signs[0][0] : NONE_OF_THESE,
      signs,
      row: Float32Array.from(found.row.data),
      logits: Array.from(found.logits.data),
    };
  }
}

/** (T, 75, 3): x, y and confidence, NaN where a part was not found. */
function packed(frames) {
  const values = new Float32Array(frames.length * LANDMARKS * 3).fill(NaN);
  let at = 0;
  for (const frame of frames) {
    for (const [part, count, numbers, confidence] of PARTS) {
      const points = frame[part];
      for (let i = 0; i < count; i++, at += 3) {
        if (!points) continue;
        values[at] = points[i * numbers];
        values[at + 1] = points[i * numbers + 1];
        values[at + 2] = confidence === null ? 1 : points[i * numbers + confidence];
      }
    }
  }
  return values;
}
