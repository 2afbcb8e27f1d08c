// Takes kept in this browser's own storage, and the file that brings them elsewhere.

const NAME = "signpipe", STORE = "takes";
const FORMAT = "signpipe-page-takes", VERSION = 1;
const PARTS = [["pose", 33, 4], ["left_hand", 21, 3], ["right_hand", 21, 3]];
const LANDMARKS = 75;
const MOST_BYTES = 200e6;

/** Keeps takes { id, sign, signer, width, height, times, frames, features by model }. */
export class TakesStore {
  static async open() {
    const store = new TakesStore();
    store.database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    navigator.storage?.persist?.(); // else the browser may clear it when space is short
    return store;
  }

  all() {
    return this.run("readonly", (takes) => takes.getAll());
  }

  keep(take) {
    return this.run("readwrite", (takes) => takes.put(take));
  }

  remove(id) {
    return this.run("readwrite", (takes) => takes.delete(id));
  }

  run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => {
        const full = transaction.error?.name === "QuotaExceededError";
        reject(new Error(full ? "This browser has no room left for takes. Save them to a file, then remove some." : String(transaction.error)));
      };
    });
  }
}

/** The text of a file that `signpipe` reads, too. */
export function asFile(takes) {
  return JSON.stringify({
    format: FORMAT,
    version: VERSION,
    takes: takes.map(({ id, sign, signer, width, height, times, frames }) => (
      { id, sign, signer, width, height, times, landmarks: base64(packed(frames)) })),
  });
}

/** The takes of such a text. Throws an Error that says what is wrong with it. */
export function fromFile(text) {
  let found;
  try {
    if (text.length > MOST_BYTES) throw new Error("it is too large");
    found = JSON.parse(text);
    if (found?.format !== FORMAT || found.version !== VERSION) throw new Error("it is no file of takes");
    return found.takes.map(checked);
  } catch (error) {
    throw new Error(`This file cannot be read: ${error.message}. Choose one that this page has saved.`);
  }
}

function checked({ id, sign, signer, width, height, times, landmarks }) {
  const values = unbase64(landmarks);
  const sizes = [width, height].every((side) => side > 0 && side < 1e5);
  const isTimed = Array.isArray(times) && times.length > 0 && times.every(Number.isFinite);
  if (!/^[0-9a-z]{1,32}$/.test(id) || typeof sign !== "string" || typeof signer !== "string" || sign.length > 200 || !sizes || !isTimed
    || values.length !== times.length * LANDMARKS * 3) throw new Error("a take in it is damaged");
  return { id, sign: sign.trim(), signer, width, height, times, frames: unpacked(values) };
}

/** (T, 75, 3) float32: x, y, confidence, NaN where a part was not found. */
function packed(frames) {
  const values = new Float32Array(frames.length * LANDMARKS * 3).fill(NaN);
  let at = 0;
  for (const frame of frames) {
    for (const [part, count, numbers] of PARTS) {
      for (let i = 0; i < count; i++, at += 3) {
        const point = frame[part]?.subarray(i * numbers, (i + 1) * numbers);
        if (point) values.set([point[0], point[1], numbers === 4 ? point[3] : 1], at);
      }
    }
  }
  return values;
}

function unpacked(values) {
  const frames = [];
  for (let at = 0; at < values.length; ) {
    const frame = {};
    for (const [part, count, numbers] of PARTS) {
      const points = new Float32Array(count * numbers).fill(NaN);
      for (let i = 0; i < count; i++, at += 3) {
        points.set([values[at], values[at + 1]], i * numbers);
        if (numbers === 4) points[i * 4 + 3] = values[at + 2];
      }
      frame[part] = points.every((value) => Number.isNaN(value)) ? null : points;
    }
    frames.push(frame);
  }
  return frames;
}

function base64(values) {
  const bytes = new Uint8Array(values.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function unbase64(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (bytes.length % 4) throw new Error("a take in it is damaged");
  return new Float32Array(bytes.buffer);
}
