// The panel that starts each stage of the pipeline, and shows where each stands.

import { ask, button, make, warn } from "./dom.js";
import { JOBS, jobPanel, watchJob } from "./job.js";

const STAGES = ["extract", "pretrain", "finetune", "evaluate"];
const ABOUT = {
  extract: "Looks at every video once.",
  pretrain: "From clips without signs; worth it with thousands. May be left out.",
  finetune: "From clips with signs.",
  evaluate: "On clips it has not learned from.",
};
const WORDS = { done: "done", stale: "out of date", missing: "not begun", unfinished: "begun" };

/** The panel; `finished` is called when a job has ended; gives { element, look, fold, stop }. */
export function trainingPanel(finished) {
  const rows = new Map(STAGES.map((stage) => [stage, makeRow(stage)]));
  const all = button("Do all of it", () => job.start("train"), { class: "main" });
  const panel = jobPanel({ start: (kind) => job.start(kind), stop: () => job.stop() });
  const element = make("details", { class: "panel", open: true },
    make("summary", {}, "Make a recogniser"), panel.element,
    make("ul", { class: "stages" }, [...rows.values()].map(({ item }) => item)), all,
    make("p", { class: "quiet small-text" }, "“Do all of it” finds, learns the signs, measures, and makes the report. It can be stopped and goes on where it was."));
  let runs = false;
  const job = watchJob((state, ended) => {
    panel.draw(state);
    const began = !runs && state !== null && state.ended === null;
    runs = state !== null && state.ended === null;
    if (began) element.open = true;
    for (const one of [all, ...[...rows.values()].map(({ start }) => start)]) one.disabled = runs;
    if (ended) {
      look();
      finished(state);
    }
  });

  function makeRow(stage) {
    const state = make("span", { class: "state" }, "…");
    const detail = make("p", { class: "quiet small-text" }, ABOUT[stage]);
    const start = button("Start", () => job.start(stage), { class: "small", "aria-label": `Start: ${JOBS[stage]}` });
    const item = make("li", {}, make("div", { class: "row between" }, make("h2", {}, JOBS[stage]), state), detail, start);
    return { item, state, detail, start };
  }

  async function look() {
    let found;
    try {
      found = (await ask("/stages")).stages;
    } catch (error) {
      warn(error.message);
      return;
    }
    for (const stage of STAGES) {
      const own = found.filter((one) => one.stage === stage);
      const entry = own.find((one) => one.name === "default" || one.name === "keypoints") ?? own[0];
      const row = rows.get(stage);
      const state = entry?.state ?? "missing";
      row.state.textContent = WORDS[state] ?? state;
      row.state.className = `state ${state}`;
      row.detail.textContent = entry?.detail || ABOUT[stage];
      row.start.textContent = { done: "Again", stale: "Bring up to date", unfinished: "Go on" }[state] ?? "Start";
      row.start.setAttribute("aria-label", `${row.start.textContent}: ${JOBS[stage]}`);
    }
  }
  look();
  return { element, look, fold: () => { if (!runs) element.open = false; }, stop: () => job.end() };
}
