// The page: loads all it needs and says how far it is, then shows its views.

import { button, make, tell } from "./dom.js";
import { keepsFiles, lacks, listFiles, loadFiles, workOffline } from "./loading.js";
import { showPages } from "./pages.js";

const VIEWS = [
  { name: "live", title: "Live", load: () => import("./views/live.js") },
  { name: "teach", title: "Teach", load: () => import("./views/teach.js") },
  { name: "video", title: "Video file", load: () => import("./views/video.js") },
  { name: "takes", title: "Takes", load: () => import("./views/takes.js") },
];

const place = document.getElementById("view");

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
  const source = new BrowserSource(recognizer, store, files.version);
  await source.restore();
  const how = recognizer.finder.onProcessor
    ? "The processor finds hands and names signs, with WebAssembly SIMD: this browser offers no graphics card for it."
    : "The graphics card finds hands; the processor names signs, with WebAssembly SIMD.";
  document.getElementById("about").textContent = [how, offline, store ? "" : "This browser keeps no takes: they are gone when the page is closed."].filter(Boolean).join(" ");
  globalThis.signpipe = { source, recognizer };
  return source;
}

function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}

start().then(
  (source) => {
    tell("Ready.");
    return showPages(VIEWS, source);
  },
  (error) => {
    place.replaceChildren(make("h1", {}, "This does not work yet"), make("p", { role: "alert" }, error.message),
      button("Try again", () => location.reload()));
  },
);
