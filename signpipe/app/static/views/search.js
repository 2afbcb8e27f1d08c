// Search: show a sign, and see which signs of the dictionary are like it.

import { ask, button, make, tell, warn } from "../dom.js";
import { jobPanel, watchJob } from "../job.js";
import { player } from "../player.js";
import { showStage } from "../stage.js";
import { NONE_OF_THESE } from "../words.js";

const FILTERS = [
  ["hands", "Hands", [["", "any"], ["1", "one"], ["2", "two"]]],
  ["place", "Place", [["", "any"], ["head", "at the head"], ["chest", "before the chest"], ["low", "lower"]]],
  ["movement", "Movement", [["", "any"], ["still", "still"], ["small", "small"], ["wide", "wide"]]],
];

export function show(place, source) {
  const columns = make("div", { class: "columns" });
  place.append(columns);
  const stage = showStage(columns, source);
  const large = make("div", { class: "large go", hidden: true, role: "status" }, "Show a sign now");
  stage.picture.append(large);
  const about = make("p", { role: "status" });
  const recorder = button("Show a sign", record, { class: "main" });
  const file = make("input", { type: "file", accept: "video/*,.pose,.mkv,.avi", "aria-label": "A video of one sign", hidden: true });
  const chooser = button("Choose a video", () => file.click());
  const maker = button("", () => job.start("index"));
  const panel = jobPanel({ start: (kind) => job.start(kind), stop: () => job.stop() });
  const selects = FILTERS.map(([name, text, options]) => {
    const select = make("select", { id: `only-${name}`, onchange: () => find() }, options.map(([value, words]) => make("option", { value }, words)));
    return { name, select, element: make("div", { class: "field" }, make("label", { for: select.id }, text), select) };
  });
  const answer = make("div", { class: "shown-sign" });
  const list = make("ol", { class: "found" });
  const results = make("section", { class: "panel", "aria-label": "What was found", hidden: true },
    make("h2", {}, "What is like it"),
    make("div", { class: "filters" }, selects.map(({ element }) => element)), answer, list);
  columns.append(make("div", {},
    make("section", { class: "panel", "aria-label": "Look a sign up" }, make("h2", {}, "Look a sign up"), about,
      make("div", { class: "row" }, recorder, chooser, maker), file, panel.element), results));
  let players = [];
  let shown = "";
  let turn = 0;
  let isRecording = false;
  let isOver = false;

  const job = watchJob((state, ended) => {
    panel.draw(state && (state.ended === null || state.kind === "index") ? state : null);
    maker.disabled = state !== null && state.ended === null;
    if (ended) look();
  });

  async function trying(work) {
    warn("");
    try {
      return await work();
    } catch (error) {
      if (!isOver) warn(error.message);
      return null;
    }
  }

  async function look() {
    const state = await trying(() => ask("/search/state"));
    if (!state || isOver) return;
    recorder.disabled = chooser.disabled = !state.exists;
    maker.textContent = state.exists ? "Bring the dictionary up to date" : "Make the dictionary";
    maker.className = state.exists ? "" : "main";
    about.textContent = state.exists
      ? "Show a sign to the camera, or choose a video of one: the signs most like it are shown."
      : "There is no dictionary yet. It is made of the clips that have a sign; add some under “Clips”, or teach signs.";
  }

  function record() {
    if (isRecording) return rest();
    isRecording = true;
    recorder.textContent = "Cancel";
    large.hidden = false;
    stage.element.scrollIntoView({ block: "nearest" });
    source.say({ do: "record", sign: "search", signer: "" });
  }

  function rest() {
    if (isRecording) source.say({ do: "throw away" });
    isRecording = false;
    recorder.textContent = "Show a sign";
    large.hidden = true;
  }

  async function choose() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    tell("Looking at the video …");
    chooser.disabled = true;
    const found = await trying(() => ask(`/search/clip?${new URLSearchParams({ name: chosen.name })}`, { method: "PUT", body: chosen }));
    chooser.disabled = false;
    if (found) await find(found.shown);
  }

  async function find(query = shown) {
    shown = query;
    if (!shown) return;
    const mine = ++turn;
    const filters = selects.filter(({ select }) => select.value).map(({ name, select }) => [name, select.value]);
    const found = await trying(() => ask(`/search?${new URLSearchParams([["shown", shown], ...filters])}`));
    if (found && mine === turn && !isOver) draw(found);
  }

  function draw(found) {
    players.forEach((one) => one.stop());
    players = [];
    const play = (clip, name) => {
      if (!clip.frames.length) return null;
      players.push(player(clip, name, false));
      return players.at(-1).element;
    };
    results.hidden = false;
    answer.replaceChildren(make("h3", {}, "You showed"), play(found.shown, "What you showed") ?? "",
      ...(found.answer === NONE_OF_THESE ? [make("p", {}, "No sign of the dictionary is close to it; these are the nearest.")] : []),
      ...(found.signs.length ? [] : [make("p", {}, `Nothing was found${found.reason ? `: ${found.reason}` : ""}.`)]));
    list.replaceChildren(...found.signs.map((sign) => make("li", {},
      make("h3", {}, sign.sign), make("p", { class: "quiet small-text" }, `distance ${sign.distance.toFixed(2)}`),
      make("div", { class: "examples" }, sign.examples.map((one, i) => example(sign.sign, one, i, play))))));
    const first = found.signs[0];
    tell(first ? `Most like it: ${first.sign}.` : "Nothing was found.");
  }

  function example(sign, one, number, play) {
    const name = `${sign}, example ${number + 1}${one.signer ? `, ${one.signer}` : ""}`;
    const by = one.signer ? make("p", { class: "quiet small-text" }, one.signer) : null;
    return make("div", { class: "example" }, play(one.clip, name), film(one, name), by);
  }

  function film(example, name) {
    if (!example.has_video) return null;
    const video = make("video", { autoplay: !matchMedia("(prefers-reduced-motion: reduce)").matches, controls: true, muted: true, loop: true, playsInline: true,
      "aria-label": `Video of ${name}`, src: `./clips/video?${new URLSearchParams({ clip: example.id })}` });
    video.addEventListener("error", () => video.remove());
    return video;
  }

  file.addEventListener("change", choose);
  const offs = [
    source.on("take", () => {
      if (!isRecording) return;
      large.hidden = true;
      tell("Looking for it …");
      source.say({ do: "look up" });
    }),
    source.on("to look up", (message) => {
      rest();
      find(message.shown);
    }),
    source.on("trouble", rest),
    source.on("connected", (yes) => { if (!yes) rest(); }),
  ];
  look();
  return () => {
    isOver = true;
    rest();
    job.end();
    players.forEach((one) => one.stop());
    offs.forEach((off) => off());
    stage.stop();
  };
}
