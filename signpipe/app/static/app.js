// The page: which view the address names, shown one at a time.

import { make, warn } from "./dom.js";
import { ServerSource } from "./source.js";

// One module a view: it exports show(place, source) and gives a function that ends it.
const VIEWS = [
  { name: "live", title: "Live", load: () => import("./views/live.js") },
  { name: "teach", title: "Teach", load: () => import("./views/teach.js") },
  { name: "clips", title: "Clips", load: () => import("./views/clips.js") },
  { name: "search", title: "Search", load: () => import("./views/search.js") },
  { name: "results", title: "Results", load: () => import("./views/results.js") },
];

const place = document.getElementById("view");
const pages = document.getElementById("pages");
const source = new ServerSource();
let end = null;
let turn = 0;

for (const view of VIEWS) {
  pages.append(make("a", { href: `#${view.name}`, id: `to-${view.name}` }, view.title));
}

async function show() {
  const name = location.hash.slice(1);
  if (name === "view") return;
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

// The token has done its work; it need not stand in the address any more.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);
source.on("trouble", (message) => warn(message.text));
addEventListener("hashchange", () => show().then(() => place.focus({ preventScroll: true })));
show();
