// Landmarks frame by frame to events: hands up, a sign from start to end, hands down.
//
// The same rules, in the same order, as signpipe.live; its settings come with the recogniser.
// A frame is { pose, left_hand, right_hand }: Float32Arrays of x, y, z (and visibility of the pose)
// of each landmark, or null where a part was not found. Times are in seconds.

const LEFT_SHOULDER = 11, RIGHT_SHOULDER = 12, LEFT_WRIST = 15, RIGHT_WRIST = 16;
const TRUSTED = 0.5, STEADY = 1, KEPT = 1, USUAL_WIDTH = 0.35;
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Where hands are, in shoulder widths from between the shoulders, y downwards. */
class BodyMeasure {
  constructor(aspect) {
    Object.assign(this, { aspect, centre: [0, 0], width: 0, seen: -Infinity });
  }

  hands(time, frame) {
    this.lookAtShoulders(time, frame.pose);
    return [
      this.hand(time, frame.left_hand, frame.pose, LEFT_WRIST),
      this.hand(time, frame.right_hand, frame.pose, RIGHT_WRIST),
    ];
  }

  lookAtShoulders(time, pose) {
    if (!pose) return;
    const [ax, ay] = pose.subarray(4 * LEFT_SHOULDER), [bx, by] = pose.subarray(4 * RIGHT_SHOULDER);
    const width = Math.hypot((ax - bx) * this.aspect, ay - by);
    if (!(width > 0 && width < Infinity)) return;
    this.width += (1 - Math.exp((this.seen - time) / STEADY)) * (width - this.width);
    this.centre = [((ax + bx) / 2) * this.aspect, (ay + by) / 2];
    this.seen = time;
  }

  hand(time, hand, pose, wrist) {
    let [x, y] = hand ?? [NaN, NaN];
    const detected = Number.isFinite(x) && Number.isFinite(y);
    if (time - this.seen > KEPT) {
      if (!detected) return { place: null, height: 0, guessed: false };
      const unit = this.width || USUAL_WIDTH;
      return { place: [(x * this.aspect) / unit, y / unit], height: 0, guessed: false };
    }
    let guessed = false;
    if (!detected) {
      const [px, py, , visibility] = pose?.subarray(4 * wrist, 4 * wrist + 4) ?? [NaN, NaN, NaN, NaN];
      [x, y, guessed] = [px, py, !(visibility >= TRUSTED)];
      if (!Number.isFinite(x) || !Number.isFinite(y)) return { place: null, height: 0, guessed: false };
    }
    const place = [(x * this.aspect - this.centre[0]) / this.width, (y - this.centre[1]) / this.width];
    return { place, height: place[1], guessed };
  }
}

/** Whether a hand is up, or rests: low, or still for long where it is. */
class HandAtRest {
  constructor(settings) {
    Object.assign(this, { settings, up: false, lastUp: -Infinity, anchor: null, since: 0, resting: false, home: null });
  }

  see(time, hand) {
    const low = hand.height > (this.up ? this.settings.lowered : this.settings.raised);
    if (!hand.place || (hand.guessed && !low)) return "unknown";
    this.up = !low && !this.stays(time, hand.place);
    if (this.up) this.lastUp = time;
    return this.up ? "up" : "resting";
  }

  stays(time, place) {
    const settings = this.settings;
    const away = this.anchor ? distance(place, this.anchor) : Infinity;
    if (away > (this.resting ? settings.leave_radius : settings.still_radius)) {
      [this.anchor, this.since, this.resting] = [place, time, false];
    }
    const atHome = this.home !== null && distance(place, this.home) < settings.still_radius;
    if (!this.resting && time - this.since >= (atHome ? settings.settle : settings.still)) {
      this.resting = true;
      this.home = place[1] > settings.home_below ? place : null;
    }
    return this.resting;
  }
}

/** Frames in order of time; no more are kept than the sign that is being shown needs. */
class SignFrames {
  constructor() {
    Object.assign(this, { frames: [], hands: [] });
  }

  add(time, frame, hands) {
    let [speed, rising] = [Infinity, 0];
    const known = this.hands.flatMap((before, i) => (before.place && hands[i].place ? [[hands[i].place, before.place]] : []));
    if (known.length) {
      const passed = time - this.frames.at(-1).time;
      speed = Math.max(...known.map(([now, before]) => distance(now, before))) / passed;
      const rises = known.map(([now, before]) => before[1] - now[1]);
      rising = rises.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)) / passed;
    }
    this.frames.push({ time, speed, rising, frame });
    this.hands = hands;
  }

  forget(before) {
    const first = this.frames.findIndex((one) => one.time >= before);
    this.frames.splice(0, first < 0 ? this.frames.length : first);
  }

  between(start, end) {
    return this.frames.filter((one) => start <= one.time && one.time <= end);
  }

  /** From start to end without the way up and the way down, of at most `way` seconds each. */
  trim(start, end, way, speed) {
    const frames = this.between(start, end);
    let [first, last] = [0, frames.length - 1];
    while (first < last && frames[first + 1].rising > speed) first += 1;
    while (first < last && frames[last].rising < -speed) last -= 1;
    return [Math.min(frames[first].time, start + way), Math.max(frames[last].time, end - way)];
  }

  stillest(start, end) {
    const frames = this.between(start, end);
    return frames.length ? frames.reduce((a, b) => (b.speed < a.speed ? b : a)).time : end;
  }
}

/**
 * Push frames, get events: { is: "hands", up, time } and { is: "sign", start, end, times, frames }.
 * Width and height are the picture's in pixels.
 */
export class SignStream {
  constructor(settings, width, height) {
    this.settings = settings;
    this.body = new BodyMeasure(width && height ? width / height : 4 / 3);
    Object.assign(this, { now: -Infinity, floor: -Infinity, start: null, upFrames: 0, handsUp: false });
    this.forget();
  }

  forget() {
    this.frames = new SignFrames();
    this.rests = [new HandAtRest(this.settings), new HandAtRest(this.settings)];
  }

  push(time, frame) {
    if (!(this.now < time && time < Infinity)) return [];
    const events = time - this.now > this.settings.gap ? this.end() : [];
    if (this.now === -Infinity) this.floor = time;
    this.now = time;
    const hands = this.body.hands(time, frame);
    const states = this.rests.map((rest, i) => rest.see(time, hands[i]));
    this.frames.add(time, frame, hands);
    const isUp = states.includes("up");
    if (this.start === null && !isUp) {
      this.frames.forget(time - this.settings.margin);
      return events;
    }
    this.start ??= time;
    if (isUp) return [...events, ...this.raised(this.start)];
    const wait = states.includes("unknown") ? this.settings.lost : this.settings.rest;
    return time - this.lastUp() >= wait ? [...events, ...this.close()] : events;
  }

  /** The events that the end of the stream makes certain; what comes later begins anew. */
  end() {
    const events = this.close();
    this.forget();
    return events;
  }

  lastUp() {
    return Math.max(...this.rests.map((rest) => rest.lastUp));
  }

  begins(start) {
    return Math.max(start - this.settings.margin, this.floor);
  }

  raised(start) {
    this.upFrames += 1;
    if (!this.handsUp && this.upFrames > 1 && this.now - start >= this.settings.rise) {
      this.handsUp = true;
      return [{ is: "hands", up: true, time: this.begins(start) }];
    }
    if (this.now - start < this.settings.longest) return [];
    const cut = this.frames.stillest(start + this.settings.longest / 2, this.now);
    const sign = this.sign(this.begins(start), cut);
    this.start = this.floor = cut;
    this.frames.forget(cut);
    return [sign];
  }

  close() {
    if (this.start === null) return [];
    const [start, end] = [this.start, Math.max(this.lastUp(), this.start)];
    const events = [];
    if (this.handsUp) {
      const to = Math.min(end + this.settings.margin, this.now);
      if (end - start >= this.settings.shortest) events.push(this.wholeSign(start, end));
      events.push({ is: "hands", up: false, time: to });
      this.floor = to;
    }
    Object.assign(this, { start: null, upFrames: 0, handsUp: false });
    this.frames.forget(this.now - this.settings.margin);
    return events;
  }

  wholeSign(start, end) {
    const { way, way_speed, margin } = this.settings;
    const [first, last] = this.frames.trim(start, end, way, way_speed);
    return this.sign(this.begins(first), Math.min(last + margin, this.now));
  }

  sign(start, end) {
    const frames = this.frames.between(start, end);
    return {
      is: "sign",
      start,
      end,
      times: frames.map((one) => one.time - frames[0].time),
      frames: frames.map((one) => one.frame),
    };
  }
}
