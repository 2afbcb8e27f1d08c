// What looks at pictures and answers, in the browser itself; as the app's source it has
// on(kind, function), say(message), send(seconds, picture), isReady(), open(), close().

import { Listeners } from "./listeners.js";
import { mirrored } from "./mirror.js";
import { brightness, drawableClip, drawable, judge } from "./picture.js";
import { asFile, fromFile } from "./takes_store.js";
import { IDLE, Teacher } from "./teacher.js";
import { NOT_SIGNING } from "./words.js";

const EARLY = 0.3; // seconds by which hands may come up before they were asked to
const IDLE_SECONDS = 10;
const REMEMBERED = 20; // signs of which it can be said what they were
const RATE_PICTURES = 30; // over which the rate is measured

export class BrowserSource extends Listeners {
  /** @param version of the model, by which features that it made are known. */
  constructor(recognizer, store, version) {
    super();
    Object.assign(this, { recognizer, store, version, isOpen: false, isBusy: false });
    Object.assign(this, { teacher: new Teacher(recognizer.prior), shown: [], numbers: 0, ends: [], asked: null, stream: null, isLeft: false });
  }

  /** Take up what was taught before. */
  async restore() {
    const takes = (await this.store?.all()) ?? [];
    for (const take of takes) await this.learn(take);
  }

  open() {
    if (this.isOpen) return;
    Object.assign(this, { isOpen: true, stream: null, asked: null, ends: [] });
    setTimeout(() => {
      this.emit("connected", true);
      this.emit("ready", { is: "ready" });
      this.tellSigns();
    });
  }

  close() {
    this.isOpen = false;
  }

  isReady() {
    return this.isOpen && !this.isBusy;
  }

  tellSigns() {
    this.emit("signs", { is: "signs", own: this.recognizer.signs, ...this.teacher.summary() });
  }

  /** Look at a picture (a canvas), taken at `seconds`. */
  async send(seconds, picture) {
    this.isBusy = true;
    try {
      const { width, height } = picture;
      if (!this.stream || this.size[0] !== width || this.size[1] !== height) {
        this.size = [width, height];
        this.stream = this.recognizer.stream(width, height);
      }
      const stream = this.stream;
      const frame = await this.recognizer.finder.find(picture);
      if (!this.isOpen || stream !== this.stream) return;
      this.show(seconds, frame, picture);
      await this.see(seconds, frame);
    } catch (error) {
      this.trouble(error);
    } finally {
      this.isBusy = false;
    }
  }

  show(seconds, frame, picture) {
    const [width, height] = this.size;
    this.ends = [...this.ends.slice(1 - RATE_PICTURES), performance.now()];
    const passed = (this.ends.at(-1) - this.ends[0]) / 1000;
    this.emit("frame", {
      is: "frame", seconds, width, height,
      landmarks: drawable(frame),
      quality: judge(frame, brightness(picture)),
      rate: this.ends.length < 2 ? null : (this.ends.length - 1) / passed,
    });
  }

  async see(seconds, frame) {
    this.now = seconds;
    const asked = this.asked;
    if (asked?.frames) asked.frames.push([seconds, frame]);
    for (const event of this.stream.push(seconds, frame)) {
      if (event.is === "sign") await this.sign(event);
      else this.emit("hands", { is: "hands", up: event.up, recording: event.up && this.begins(event.time) });
    }
    if (asked?.frames && asked === this.asked && seconds - asked.since >= IDLE_SECONDS) {
      this.asked = null;
      await this.keep({ sign: IDLE, signer: "", ...this.clip(asked.frames.map(([time]) => time - asked.frames[0][0]), asked.frames.map(([, one]) => one)) });
      this.emit("idle kept", { is: "idle kept" });
    }
  }

  begins(start) {
    return Boolean(this.asked?.sign) && !this.asked.take && start >= this.asked.since - EARLY;
  }

  clip(times, frames) {
    return { times, frames, width: this.size[0], height: this.size[1], left: this.isLeft };
  }

  async sign(event) {
    const clip = this.clip(event.times, event.frames);
    if (this.begins(event.start)) {
      const { sign, signer } = this.asked;
      this.asked.take = { sign, signer, ...clip };
      this.emit("take", {
        is: "take", sign, signer, seconds: event.end - event.start,
        clip: drawableClip(clip.times, clip.frames, clip.width, clip.height),
      });
    } else if (!this.asked) {
      const id = ++this.numbers;
      this.shown = [...this.shown.slice(1 - REMEMBERED), { id, clip }];
      this.emit("answer", { is: "answer", id, start: event.start, end: event.end, ...(await this.answer(clip)) });
    }
  }

  /** What is said of a clip { frames, width, height }: of the signs taught here first. */
  async answer(clip) {
    const own = await this.recognizer.decide(asRightHanded(clip), clip.width, clip.height);
    const taught = this.teacher.decide(own.row);
    const isTaught = taught.nearest && taught.answer === taught.nearest.sign;
    if (taught.answer === NOT_SIGNING) return { answer: NOT_SIGNING, signs: own.signs, nearest: null };
    if (!isTaught) return { answer: own.answer, signs: own.signs, nearest: null };
    return { answer: taught.answer, signs: taught.signs, nearest: taught.nearest.id };
  }

  say(message) {
    const wishes = {
      record: () => (this.asked = { sign: named(message.sign), signer: message.signer ?? "", since: this.now ?? 0 }),
      idle: () => (this.asked = { since: this.now ?? 0, frames: [] }),
      keep: () => this.keepTake(),
      "throw away": () => (this.asked = null),
      correct: () => this.correct(message),
      hand: () => (this.isLeft = message.left),
      "show take": () => this.showTake(message.id),
      "remove take": () => this.removeTake(message.id),
    };
    Promise.resolve().then(() => wishes[message.do]?.()).catch((error) => this.trouble(error));
  }

  trouble(error) {
    this.emit("trouble", { is: "trouble", text: error.message });
  }

  async keepTake() {
    const take = this.asked?.take;
    if (!take) throw new Error("There is no take to keep; record it again.");
    await this.keep(take);
    this.asked = null;
    this.emit("kept", { is: "kept", sign: take.sign, takes: this.teacher.of(take.sign).length });
  }

  async correct({ id, sign, signer }) {
    const shown = this.shown.find((one) => one.id === id);
    if (!shown) throw new Error("That sign was too long ago; show it again.");
    const name = named(sign);
    await this.keep({ sign: name, signer: signer ?? "", ...shown.clip });
    this.emit("corrected", { is: "corrected", id, sign: name, takes: this.teacher.of(name).length });
  }

  async keep(take) {
    await this.learn({ id: newId(), ...take });
    this.tellSigns();
  }

  /** Learn from a take, and keep it with its feature. */
  async learn(take) {
    if (!take.frames.some((frame) => frame.pose)) throw new Error("Nobody is seen in this take; record it again.");
    if (take.version !== this.version) {
      const { row } = await this.recognizer.decide(asRightHanded(take), take.width, take.height);
      Object.assign(take, { row, version: this.version });
      await this.store?.keep(take);
    }
    const others = this.teacher.takes.filter((one) => one.id !== take.id);
    this.teacher = this.teacher.with([...others, take]);
  }

  showTake(id) {
    const take = this.teacher.takes.find((one) => one.id === id);
    if (!take) throw new Error("This take is not there any more.");
    this.emit("take clip", { is: "take clip", id, sign: take.sign, clip: drawableClip(take.times, take.frames, take.width, take.height) });
  }

  async removeTake(id) {
    await this.store?.remove(id);
    this.teacher = this.teacher.with(this.teacher.takes.filter((take) => take.id !== id));
    this.tellSigns();
  }

  /** The text of a file with all takes. */
  takesFile() {
    return asFile(this.teacher.takes.map((take) => ({ ...take, frames: asRightHanded(take) })));
  }

  /** Learn from the takes of such a text; how many there were. */
  async readTakes(text) {
    const takes = fromFile(text);
    for (const take of takes) await this.learn(take);
    this.tellSigns();
    return takes.length;
  }
}

/** The frames of a clip or take, mirrored if its signer is left-handed. */
function asRightHanded({ frames, left }) {
  return left ? mirrored(frames) : frames;
}

function named(text) {
  const name = text.replace(/\s+/g, " ").trim().normalize("NFC");
  if (!name || name.length > 100) throw new Error("Give the sign a name first, of at most 100 letters.");
  return name;
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
