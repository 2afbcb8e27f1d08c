// The server's one job: asked for again and again, told to every panel that wants to know.

import { ask, button, make, tell, warn } from "./dom.js";
import { count } from "./words.js";

const OFTEN = 700, SELDOM = 3000; // milliseconds, while a job runs and else
export const JOBS = {
  extract: "Find hands and body",
  pretrain: "Learn movements",
  finetune: "Learn the signs",
  evaluate: "Measure it",
  train: "All in one",
  results: "Make the results report",
  extraction: "Make the clips report",
  labels: "Make the labels report",
  index: "Make the dictionary",
};
const STATES = { running: "is running", stopping: "is stopping: what is in hand is finished first", done: "is done", stopped: "was stopped; what is finished is kept", failed: "has failed" };

/** Call `changed(job, ended)` with every state of the job; gives { start, stop, end }. */
export function watchJob(changed) {
  let timer = 0;
  let isOver = false;
  let before = null;

  const take = ({ job }) => {
    if (isOver) return;
    const ended = before !== null && job !== null && job.ended !== null && (before.number !== job.number || before.ended === null);
    if (job && (before?.number !== job.number || before.state !== job.state) && (before || job.ended === null)) {
      tell(`“${JOBS[job.kind]}” ${STATES[job.state]}.`);
    }
    before = job ?? {};
    changed(job, ended);
  };
  const look = async () => {
    clearTimeout(timer);
    try {
      take(await ask("/job"));
    } catch (error) {
      if (!isOver) warn(error.message);
    }
    if (!isOver) timer = setTimeout(look, before && before.number && before.ended === null ? OFTEN : SELDOM);
  };
  const say = async (path, json) => {
    warn("");
    try {
      take(await ask(path, { method: "POST", json }));
    } catch (error) {
      warn(error.message);
    }
    look();
  };
  look();
  return {
    start: (kind) => say("/job/start", { kind }),
    stop: () => say("/job/stop", {}),
    end: () => { isOver = true; clearTimeout(timer); },
  };
}

/** What a job does and says; gives { element, draw }. `stop` and `start` are called by its buttons. */
export function jobPanel({ start, stop }) {
  const title = make("h2", {});
  const bar = make("progress", { "aria-label": "Progress" });
  const counted = make("p", { class: "quiet" });
  const words = make("pre", { class: "said", tabIndex: 0, role: "region", "aria-label": "What it said" });
  const last = make("p", { class: "last" });
  const command = make("code", {});
  const stopper = button("Stop", stop);
  const again = button("Go on", () => start(kind));
  const element = make("div", { class: "job", hidden: true }, title, bar, counted, last, make("div", { class: "row" }, stopper, again),
    make("details", {}, make("summary", {}, "What it said"), words, make("p", {}, "In a terminal: ", command)));
  let kind = "";
  let known = "";

  function draw(job) {
    const now = JSON.stringify(job);
    if (now === known) return;
    known = now;
    element.hidden = !job;
    if (!job) return;
    kind = job.kind;
    const runs = job.ended === null;
    title.textContent = `“${JOBS[kind]}” ${STATES[job.state]}.`;
    element.className = `job ${job.state}`;
    bar.hidden = !runs;
    const { progress } = job;
    if (progress && progress.total) {
      bar.max = progress.total;
      bar.value = progress.done;
    } else bar.removeAttribute("value");
    counted.hidden = !runs;
    counted.textContent = said(job);
    last.hidden = !["done", "failed"].includes(job.state) || !job.lines.length;
    last.textContent = lastWords(job);
    if (words.textContent !== job.lines.join("\n")) {
      words.textContent = job.lines.join("\n");
      words.scrollTop = words.scrollHeight;
    }
    command.textContent = job.commands[job.step] ?? "";
    stopper.hidden = !runs;
    stopper.disabled = job.state === "stopping";
    again.hidden = runs || job.state === "done";
    again.textContent = job.state === "failed" ? "Try again" : "Go on";
  }
  return { element, draw };
}

function said({ progress, commands, step }) {
  const which = commands.length > 1 ? `Step ${step + 1} of ${commands.length}. ` : "";
  if (!progress) return `${which}Starting …`;
  const counts = `${progress.done.toLocaleString("en")} of ${count(progress.total.toLocaleString("en"), progress.unit, progress.unit)}`;
  return which + [`${progress.progress}: ${counts}`, progress.left, progress.detail].filter(Boolean).join(", ");
}

function lastWords(job) {
  if (job.state === "failed") return (job.lines.at(-1) ?? "").replace(/^signpipe: /, "");
  return job.lines.filter((line) => !line.startsWith("next: ") && !line.startsWith("signpipe: ")).at(-1) ?? "";
}
