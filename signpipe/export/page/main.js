// The page: loads all it needs, says how far it is, then shows one view at a time.

import { button, make, tell, warn } from "./dom.js";
import { keepsFiles, lacks, listFiles, loadFiles, workOffline } from "./loading.js";

const VIEWS = [
  { name: "live", title: "Live", load: () => import("./views/live.js") },
  { name: "teach", title: "Teach", load: () => import("./views/teach.js") },
  { name: "video", title: "Video file", load: () => import("./views/video.js") },
  { name: "takes", title: "Takes", load: () => import("./views/takes.js") },
];

const place = document.getElementById("view");
const pages = document.getElementById("pages");
let source = null;
let end = null;
let turn = 0;

async function start() {
  const missing = lacks();
  if (missing) throw new Error(missing);
  const bar = make("progress", { max: 1, value: 0, "aria-label": "How much is loaded" });
  const state = make("p", { role: "status" }, "Loading …");
  place.replaceChildren(make("h1", {}, "Getting ready"), state, bar,
    make("p", { class: "quiet" }, keepsFiles()
      ? "Loaded once, it is kept in this browser and works without a network."
      : "This address is neither https nor this machine: the browser will load it again each time, and will not give it the camera."));
  const files = await listFiles();
  const offline = await workOffline();
  await loadFiles(files, (bytes, whole) => {
    const text = `Loading ${megabytes(bytes)} of ${megabytes(whole)} MB …`;
    if (state.textContent !== text) state.textContent = text;
    bar.value = bytes / whole;
  });
  state.textContent = "Starting …";
  bar.removeAttribute("value");
  const [{ Recognizer }, { BrowserSource }, { TakesStore }] = await Promise.all(
    [import("./signpipe.js"), import("./browser_source.js"), import("./takes_store.js")]);
  const recognizer = await Recognizer.load();
  const store = await TakesStore.open().catch(() => null);
  source = new BrowserSource(recognizer, store, files.version);
  source.on("trouble", (message) => warn(message.text));
  await source.restore();
  const how = recognizer.finder.onProcessor
    ? "Hands are found by the processor, with WebAssembly SIMD: this browser offers no graphics card for it."
    : "Hands are found by the graphics card.";
  document.getElementById("about").textContent = [how, offline, store ? "" : "This browser keeps no takes: they are gone when the page is closed."].filter(Boolean).join(" ");
  globalThis.signpipe = { source, recognizer };
}

function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}

async function show() {
  const name = location.hash.slice(1);
  if (name === "view" || !source) return;
  const view = VIEWS.find((one) => one.name === name) ?? VIEWS[0];
  const mine = ++turn;
  const module = await view.load();
  if (mine !== turn) return;
  end?.();
  warn("");
  document.title = `${view.title} · signpipe`;
  for (const link of pages.children) {
    if (link.id === `to-${view.name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  place.replaceChildren(make("h1", {}, view.title));
  end = module.show(place, source) ?? null;
}

addEventListener("hashchange", () => show().then(() => place.focus({ preventScroll: true })));
start().then(
  () => {
    for (const view of VIEWS) pages.append(make("a", { href: `#${view.name}`, id: `to-${view.name}` }, view.title));
    tell("Ready.");
    return show();
  },
  (error) => {
    place.replaceChildren(make("h1", {}, "This does not work yet"), make("p", { role: "alert" }, error.message),
      button("Try again", () => location.reload()));
  },
);
