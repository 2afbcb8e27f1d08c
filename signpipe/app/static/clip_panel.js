// What is known of the clip that is looked at, and what can be done with it or with all marked ones.

import { ask, button, make } from "./dom.js";
import { player } from "./player.js";
import { count, percent } from "./words.js";

const FIELDS = [["label", "Sign", "known-signs"], ["signer", "Signer", "known-signers"], ["split", "Split (train, val, test)", "known-splits"]];

/** The panel; gives { element, show, stop }. `change`, `remove`, `restore`, `close` do what its buttons say. */
export function clipPanel({ change, remove, restore, close }) {
  const element = make("section", { class: "panel clip-panel", "aria-label": "This clip", hidden: true });
  const more = button("More", () => open(!element.classList.contains("open")), { class: "small more" });
  let playing = null;
  let shown = "";
  let turn = 0;

  function open(isOpen) {
    element.classList.toggle("open", isOpen);
    more.textContent = isOpen ? "Less" : "More";
    more.setAttribute("aria-expanded", String(isOpen));
  }

  function show(clips, total, isBin) {
    const ids = clips.map((clip) => clip.id);
    const key = JSON.stringify([clips, total, isBin]);
    if (key === shown) return;
    shown = key;
    const mine = ++turn;
    playing?.stop();
    playing = null;
    element.hidden = !total;
    if (!total) return;
    const one = total === 1 && clips.length === 1 ? clips[0] : null;
    const film = make("div", { class: "film" });
    element.replaceChildren(
      make("div", { class: "row between" }, make("h2", {}, one ? one.label || "No sign" : `${count(total.toLocaleString("en"), "clip")} marked`),
        make("div", { class: "row" }, more, button("Close", close, { class: "small" }))),
      make("div", { class: "body" }, ...(one ? [film, facts(one)] : []),
        isBin ? button("Take back", restore, { class: "main" }) : form(clips, total)),
    );
    if (one) showFilm(one, film, () => mine === turn);
    return ids;
  }

  function form(clips, total) {
    const known = clips.length === total;
    const inputs = FIELDS.map(([name, text, list]) => {
      const values = new Set(clips.map((clip) => clip[name]));
      const same = known && values.size === 1 ? [...values][0] : "";
      return { name, text, same, input: make("input", {
        type: "text", id: `clip-${name}`, list, autocomplete: "off", maxlength: "100", value: same,
        placeholder: known && values.size === 1 ? "" : "unchanged" }) };
    });
    const result = make("form", {},
      inputs.map(({ text, input }) => make("div", { class: "field" }, make("label", { for: input.id }, text), input)),
      make("div", { class: "row" }, make("button", { type: "submit", class: "main" }, "Change"),
        button("Delete", remove, { title: "Key: Delete" })));
    result.addEventListener("submit", (event) => {
      event.preventDefault();
      const changed = inputs.filter(({ same, input }) => input.value.trim() !== same);
      if (changed.length) change(Object.fromEntries(changed.map(({ name, input }) => [name, input.value.trim()])));
    });
    return result;
  }

  async function showFilm(clip, film, isWanted) {
    if (clip.has_landmarks) {
      try {
        const whole = await ask(`/clips/skeleton?${new URLSearchParams({ clip: clip.id })}`);
        if (!isWanted()) return;
        if (whole.frames.length) {
          playing = player(whole, `Skeleton of ${clip.label || clip.id}`, false);
          film.prepend(playing.element);
        }
      } catch (error) {
        if (isWanted()) film.prepend(make("p", { class: "quiet" }, error.message));
      }
    }
    if (!clip.has_video || !isWanted()) return;
    const video = make("video", { controls: true, muted: true, loop: true, playsInline: true, preload: "metadata",
      "aria-label": `Video of ${clip.label || clip.id}`, src: `./clips/video?${new URLSearchParams({ clip: clip.id })}` });
    video.addEventListener("error", () => video.replaceWith(make("p", { class: "quiet" }, "This browser cannot play the video.")));
    film.append(video);
  }

  open(false);
  return { element, show, stop: () => { turn += 1; playing?.stop(); } };
}

function facts(clip) {
  const seen = (share) => (share === null ? "not known" : `${percent(share)} of frames`);
  const rows = [
    ["Body seen", seen(clip.pose)], ["Left hand seen", seen(clip.left_hand)], ["Right hand seen", seen(clip.right_hand)],
    ["Length", clip.fps ? `${(clip.frames / clip.fps).toFixed(1)} s, ${count(clip.frames, "frame")}` : count(clip.frames, "frame")],
    ["Outcome", clip.reason ? `${clip.status}: ${clip.reason}` : clip.status],
    ["Name", clip.id], ["From", clip.source],
  ];
  return make("dl", { class: "facts" }, rows.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
