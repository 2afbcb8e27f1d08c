// Signs that were taught in this browser: their takes, and the nearest mean of their features' rows.

import { NONE_OF_THESE, NOT_SIGNING } from "./words.js";

export const IDLE = ""; // the sign of takes that show a person who does not sign
const SCALE = 10; // cosines times this are logits, as in signpipe's taught recognisers
const PRIOR_TAKES = 20; // how many takes what is known beforehand counts for
const KEPT = 0.95; // the share of takes whose distance from their own sign's others is near enough

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const unit = (row) => {
  const length = Math.sqrt(dot(row, row)) || 1;
  return row.map((value) => value / length);
};
const sum = (rows) => rows.reduce((a, b) => a.map((value, i) => value + b[i]));
/** How far clips lie from the mean of so many takes rather than from a single one. */
const spread = (takes) => Math.sqrt((1 + 1 / takes) / 2);

/** The signs of takes { id, sign, row }; `prior` is the distance that is near enough, before any. */
export class Teacher {
  constructor(prior, takes = []) {
    Object.assign(this, { prior, takes });
  }

  /** The same with these takes. */
  with(takes) {
    return new Teacher(this.prior, takes);
  }

  get signs() {
    return [...new Set(this.takes.map((take) => take.sign))].filter((sign) => sign !== IDLE).sort();
  }

  of(sign) {
    return this.takes.filter((take) => take.sign === sign);
  }

  /** What the page shows of it. */
  summary() {
    return {
      signs: this.signs.map((sign) => ({ sign, takes: this.of(sign).map((take) => take.id) })),
      idle: this.of(IDLE).length > 0,
      report: this.report(),
    };
  }

  /** Cosines of a row with each sign's mean, without the take `left`, the likest first. */
  likeness(row, left = null) {
    const found = [];
    for (const sign of this.signs) {
      const rows = this.of(sign).filter((take) => take !== left).map((take) => take.row);
      if (rows.length) found.push({ sign, cosine: dot(row, unit(sum(rows))), takes: rows.length });
    }
    return found.sort((a, b) => b.cosine - a.cosine);
  }

  /** The distance up to which a clip shows a sign. */
  threshold() {
    const own = [];
    for (const take of this.takes) {
      const found = take.sign !== IDLE && this.likeness(take.row, take).find((one) => one.sign === take.sign);
      if (found) own.push((1 - found.cosine) / spread(found.takes));
    }
    if (!own.length) return this.prior;
    own.sort((a, b) => a - b);
    const measured = own[Math.max(Math.ceil(KEPT * own.length - 1e-9), 1) - 1];
    const share = own.length / (own.length + PRIOR_TAKES);
    return share * measured + (1 - share) * this.prior;
  }

  /** { answer, signs, nearest } of a row; `answer` is a sign, "not signing" or "none of these". */
  decide(row) {
    const found = this.likeness(row);
    if (!found.length) return { answer: NONE_OF_THESE, signs: [], nearest: null };
    const logits = found.map((one) => Math.exp(SCALE * (one.cosine - found[0].cosine)));
    const whole = logits.reduce((a, b) => a + b);
    const signs = found.map((one, i) => [one.sign, logits[i] / whole]);
    const idle = this.of(IDLE).map((take) => take.row);
    let answer = found[0].sign;
    if ((1 - found[0].cosine) / spread(found[0].takes) > this.threshold()) answer = NONE_OF_THESE;
    if (idle.length && dot(row, unit(sum(idle))) > found[0].cosine) answer = NOT_SIGNING;
    const near = this.of(found[0].sign);
    const nearest = near.reduce((a, b) => (dot(b.row, row) > dot(a.row, row) ? b : a));
    return { answer, signs, nearest };
  }

  /** How many takes are named rightly by the others, and which two signs are confused most. */
  report() {
    let [right, asked] = [0, 0];
    const confused = new Map();
    for (const take of this.takes) {
      if (take.sign === IDLE || this.of(take.sign).length < 2) continue;
      const [first] = this.likeness(take.row, take);
      asked += 1;
      if (first.sign === take.sign) right += 1;
      else {
        const pair = JSON.stringify([first.sign, take.sign].sort());
        confused.set(pair, (confused.get(pair) ?? 0) + 1);
      }
    }
    if (!asked || this.signs.length < 2) return null;
    const most = [...confused].sort((a, b) => b[1] - a[1])[0];
    return { accuracy: right / asked, confused: most ? JSON.parse(most[0]) : null };
  }
}
