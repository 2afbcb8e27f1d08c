// The page: which view the address names, shown one at a time.

import { make, warn } from "./dom.js";

/**
 * Show `views` { name, title, load }, the first one first. `load` gives a module that exports
 * show(place, source), which gives a function that ends it.
 */
export function showPages(views, source) {
  const place = document.getElementById("view");
  const pages = document.getElementById("pages");
  let end = null;
  let turn = 0;

  async function show() {
    const name = location.hash.slice(1);
    if (name === "view") return;
    const view = views.find((one) => one.name === name) ?? views[0];
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

  for (const view of views) {
    pages.append(make("a", { href: `#${view.name}`, id: `to-${view.name}` }, view.title));
  }
  source.on("trouble", (message) => warn(message.text));
  addEventListener("hashchange", () => show().then(() => place.focus({ preventScroll: true })));
  return show();
}
