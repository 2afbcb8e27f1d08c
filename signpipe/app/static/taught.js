// The list of signs that are taught, with their takes, and how well they are told apart.

import { button, make, remembered, tell } from "./dom.js";
import { player } from "./player.js";
import { count, percent } from "./words.js";

/** The list; gives { element, stop }. Takes are asked for when they are to be shown. */
export function taughtSigns(source) {
  const list = make("ul", { class: "taught" });
  const report = make("div");
  const element = make("section", { class: "panel", "aria-label": "Taught signs", hidden: true },
    make("h2", {}, "Taught signs"), report, list);
  const places = new Map(); // by take: where it is shown
  let playing = null;
  let opened = null;

  function open(id) {
    opened = id;
    source.say({ do: "show take", id });
  }

  function close() {
    playing?.stop();
    playing?.element.remove();
    playing = null;
  }

  function row(sign) {
    const place = make("div", {});
    const takes = sign.takes.map(({ id, own }, i) => {
      places.set(id, place);
      const remove = () => {
        source.say({ do: "remove take", id });
        tell(`Take ${i + 1} of “${sign.sign}” is removed.${own ? " The page Clips can give it back." : ""}`);
      };
      return make("span", { class: "take" },
        button(`Take ${i + 1}`, () => open(id), { class: "small", "aria-label": `Show take ${i + 1} of ${sign.sign}` }),
        button("×", remove, { class: "small", "aria-label": `Remove take ${i + 1} of ${sign.sign}` }));
    });
    return make("li", {},
      make("div", { class: "row between" }, make("h3", {}, sign.sign),
        make("span", { class: "quiet" }, count(sign.takes.length, "take"))),
      make("div", { class: "row" }, takes), place);
  }

  const offs = [
    source.on("signs", (message) => {
      close();
      places.clear();
      element.hidden = !message.signs.length;
      report.replaceChildren(...said(message.report, open));
      list.replaceChildren(...message.signs.map(row));
    }),
    source.on("take clip", (message) => {
      if (message.id !== opened) return;
      close();
      playing = player(message.clip, `A take of ${message.sign}`, remembered("mirrored", true));
      places.get(message.id)?.append(playing.element);
      playing.element.scrollIntoView({ block: "nearest" });
    }),
  ];
  return {
    element,
    stop() {
      close();
      offs.forEach((off) => off());
    },
  };
}

/** What naming each take by the others has shown, and what "none of these" costs, in words. */
function said(report, open) {
  if (!report) return [];
  const lines = [];
  if (report.asked) {
    lines.push([`Each take was named by the others: ${report.right} of ${report.asked} rightly.`]);
  }
  if (report.confused) {
    const { signs: [one, other], mistakes, takes } = report.confused;
    const how = mistakes ? `were confused ${count(mistakes, "time")}` : "look the most alike";
    lines.push([`“${one}” and “${other}” ${how}. Compare: `,
      ...takes.flatMap((take, i) => [i ? " " : "", button([one, other][i], () => open(take), { class: "small" })])]);
  }
  if (report.kept !== null && report.kept_out !== null) {
    lines.push([`“None of these” keeps out ${percent(report.kept_out)} of what it was not taught; ` +
      `it misses ${percent(1 - report.kept)} of what it was.`]);
  }
  return lines.map((line) => make("p", {}, line));
}
