// Results: the report pages, made when they are wanted and shown in the page.

import { ask, make, button, warn } from "../dom.js";
import { jobPanel, watchJob } from "../job.js";

const REPORTS = {
  results: { name: "How good it is", none: "There are no results yet. Go to “Clips”, add clips, and press “Do all of it”: it learns the signs and measures how well." },
  extraction: { name: "The clips", none: "There are no clips yet. Go to “Clips” and add some, or teach signs." },
  labels: { name: "Doubtful signs", none: "There are no clips yet. Go to “Clips” and add some, or teach signs." },
};

export function show(place) {
  const tabs = make("div", { class: "row tabs", role: "group", "aria-label": "Reports" });
  const about = make("p", { role: "status" });
  const maker = button("", () => job.start(kind), { class: "main", hidden: true });
  const panel = jobPanel({ start: (other) => job.start(other), stop: () => job.stop() });
  const frame = make("iframe", { class: "report", hidden: true, sandbox: "allow-same-origin" });
  const to = make("p", { hidden: true }, make("a", { href: "#clips" }, "Go to Clips"));
  let kind = "results";
  let states = [];
  let shown = "";
  let isOver = false;
  place.append(tabs, make("div", { class: "row" }, about, maker), to, panel.element, frame);

  const job = watchJob((state, ended) => {
    panel.draw(state && (state.ended === null || state.kind in REPORTS) ? state : null);
    maker.disabled = state !== null && state.ended === null;
    if (ended) look();
  });

  async function look() {
    try {
      states = (await ask("/reports")).reports;
    } catch (error) {
      warn(error.message);
      return;
    }
    if (!isOver) draw();
  }

  function draw() {
    const state = states.find((one) => one.kind === kind);
    const { name, none } = REPORTS[kind];
    tabs.replaceChildren(...Object.entries(REPORTS).map(([other, report]) =>
      button(report.name, () => { kind = other; draw(); tabs.querySelector("[aria-pressed=true]").focus(); }, { "aria-pressed": String(other === kind) })));
    const made = state.made === null ? "" : new Date(1000 * state.made).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const news = state.stale ? "Things have changed since." : "";
    about.textContent = made ? `Made ${made}. ${news}` : state.possible ? "This report has not been made yet." : none;
    maker.hidden = !state.possible;
    maker.textContent = !made ? "Make it" : state.stale ? "Bring up to date" : "Make it again";
    maker.className = made && !state.stale ? "" : "main";
    to.hidden = state.possible;
    frame.hidden = state.made === null;
    frame.title = `Report: ${name}`;
    const address = state.made === null ? "" : `./reports/${kind}?${state.made}`;
    if (address !== shown) {
      shown = address;
      if (address) frame.src = address;
      else frame.removeAttribute("src");
    }
  }

  look();
  return () => {
    isOver = true;
    job.end();
  };
}
