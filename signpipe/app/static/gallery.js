// A page of clips as a grid that one tab stop reaches: arrows move, Space marks, Shift marks a range.

import { ask, make } from "./dom.js";
import { drawSkeleton, fit } from "./skeleton.js";
import { percent } from "./words.js";

const CHUNK = 12; // skeletons asked for at a time
const SIZE = [320, 240];
const RATES = [["pose", "Body"], ["left_hand", "Left"], ["right_hand", "Right"]];

/**
 * The grid; gives { element, fill, current, marked, mark, focus, stop }.
 * @param changed called when another clip is looked at, or others are marked.
 */
export function gallery(changed) {
  const element = make("div", { class: "gallery", role: "listbox", "aria-multiselectable": "true", "aria-label": "Clips" });
  let clips = [];
  let cards = [];
  let at = -1;
  let marked = new Set();
  let filling = new AbortController();

  function fill(shown, grouping) {
    filling.abort();
    filling = new AbortController();
    clips = shown;
    const groups = [];
    cards = clips.map((clip, index) => {
      const name = clip[grouping] || (grouping === "label" ? "No sign" : "No signer");
      if (groups.at(-1)?.name !== name) groups.push({ name, cards: [] });
      const card = makeCard(clip, index);
      groups.at(-1).cards.push(card);
      return card;
    });
    element.replaceChildren(...groups.map(({ name, cards: own }, i) =>
      make("div", { role: "group", "aria-labelledby": `group${i}`, class: "group" },
        make("div", { class: "head", id: `group${i}`, role: "presentation" }, name), own)));
    at = Math.min(at, cards.length - 1);
    if (cards.length) cards[Math.max(at, 0)].tabIndex = 0;
    tick();
    drawThumbnails(clips, cards, filling.signal);
  }

  function makeCard(clip, index) {
    return make("div", { role: "option", class: "clip", tabIndex: -1, "aria-selected": "false", onclick: (event) => {
      if (event.shiftKey && at >= 0) range(at, index);
      else if (event.ctrlKey || event.metaKey || event.target.classList.contains("tick")) toggle(index);
      move(index);
    } },
      make("span", { class: "thumb" },
        make("canvas", { width: SIZE[0], height: SIZE[1], "aria-hidden": "true" }),
        make("span", { class: "tick", "aria-hidden": "true", title: "Mark" }),
        ["ok", ""].includes(clip.status) ? null : make("span", { class: "status" }, clip.status)),
      make("span", { class: "title" }, clip.label || "no sign"), " ",
      make("span", { class: "quiet by" }, [clip.signer || "no signer", clip.split].filter(Boolean).join(" · ")), " ",
      make("span", { class: "rates" }, RATES.map(([key, name]) => rate(name, clip[key]))));
  }

  function move(index) {
    if (index < 0 || index >= cards.length) return;
    cards.forEach((card, i) => (card.tabIndex = i === index ? 0 : -1));
    at = index;
    cards[index].focus();
    cards[index].scrollIntoView({ block: "nearest" });
    tick();
  }

  function toggle(index) {
    const { id } = clips[index];
    if (!marked.delete(id)) marked.add(id);
    tick();
  }

  function range(from, to) {
    for (let i = Math.min(from, to); i <= Math.max(from, to); i++) marked.add(clips[i].id);
    tick();
  }

  function tick() {
    cards.forEach((card, i) => {
      card.setAttribute("aria-selected", String(marked.has(clips[i].id)));
      card.classList.toggle("current", i === at);
    });
    changed();
  }

  /** The card above or below: the nearest one of the next row. */
  function beside(direction) {
    const here = cards[at].getBoundingClientRect();
    const middle = here.left + here.width / 2;
    let best = at;
    let least = Infinity;
    cards.forEach((card, i) => {
      const there = card.getBoundingClientRect();
      const down = (there.top - here.top) * direction;
      if (down < here.height / 2) return;
      const far = down * 10 + Math.abs(there.left + there.width / 2 - middle);
      if (far < least) [best, least] = [i, far];
    });
    return best;
  }

  const steps = {
    ArrowRight: () => at + 1, ArrowLeft: () => at - 1, ArrowDown: () => beside(1), ArrowUp: () => beside(-1),
    Home: () => 0, End: () => cards.length - 1,
  };
  element.addEventListener("focusin", (event) => {
    const index = cards.indexOf(event.target);
    if (index >= 0 && index !== at) { at = index; tick(); }
  });
  element.addEventListener("keydown", (event) => {
    if (at < 0) return;
    const step = steps[event.key];
    if (step) {
      const next = Math.min(Math.max(step(), 0), cards.length - 1);
      if (event.shiftKey) range(at, next);
      move(next);
    } else if (event.key === " ") toggle(at);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) range(0, cards.length - 1);
    else if (event.key === "Escape" && marked.size) mark([]);
    else return;
    event.preventDefault();
  });

  function mark(ids) {
    marked = new Set(ids);
    tick();
  }

  return {
    element,
    fill,
    mark,
    clips: () => clips,
    marked: () => [...marked],
    current: () => clips[at] ?? null,
    leave: () => { at = -1; tick(); },
    focus: () => move(Math.max(at, 0)),
    stop: () => filling.abort(),
  };
}

function rate(name, share) {
  const bar = make("i", {});
  bar.style.width = percent(share ?? 0).replace(" ", "");
  return make("span", {}, `${name} `, make("b", {}, share === null ? "–" : percent(share)), make("span", { class: "bar" }, bar), " ");
}

async function drawThumbnails(clips, cards, signal) {
  const wanted = clips.map((clip, i) => ({ clip, card: cards[i] })).filter(({ clip }) => clip.has_landmarks);
  for (let start = 0; start < wanted.length && !signal.aborted; start += CHUNK) {
    const some = wanted.slice(start, start + CHUNK);
    let found;
    try {
      found = await ask("/clips/skeletons", { method: "POST", json: { clips: some.map(({ clip }) => clip.id) } });
    } catch {
      return; // the gallery can be used without
    }
    if (signal.aborted) return;
    for (const { clip, card } of some) {
      const small = found.skeletons[clip.id];
      if (!small) continue;
      const canvas = card.querySelector("canvas");
      drawSkeleton(canvas.getContext("2d"), small.landmarks, fit(canvas, small.width, small.height), false);
      canvas.dataset.drawn = "";
    }
  }
}
