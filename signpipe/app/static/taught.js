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
  let playing = null;
  let opened = null;

  const offs = [
    source.on("signs", (message) => {
      element.hidden = !message.signs.length;
      report.replaceChildren(...said(message.report));
      list.replaceChildren(...message.signs.map(row));
    }),
    source.on("take clip", (message) => {
      if (message.id !== opened) return;
      playing?.stop();
      playing = player(message.clip, `A take of ${message.sign}`, remembered("mirrored", true));
      list.querySelector("[data-open]")?.replaceChildren(playing.element);
    }),
  ];

  function row(sign) {
    const open = make("div", {});
    return make("li", {},
      make("div", { class: "row between" }, make("h3", {}, sign.sign), make("span", { class: "quiet" }, count(sign.takes.length, "take"))),
      make("div", { class: "row" },
        sign.takes.map((take, i) => make("span", { class: "take" },
          button(`Take ${i + 1}`, () => {
            list.querySelector("[data-open]")?.replaceChildren();
            list.querySelector("[data-open]")?.removeAttribute("data-open");
            open.setAttribute("data-open", "");
            opened = take;
            source.say({ do: "show take", id: take });
          }, { class: "small", "aria-label": `Show take ${i + 1} of ${sign.sign}` }),
          button("×", () => {
            source.say({ do: "remove take", id: take });
            tell(`Take ${i + 1} of “${sign.sign}” is removed. It is in the bin of the page Clips.`);
          }, { class: "small", "aria-label": `Remove take ${i + 1} of ${sign.sign}` })))),
      open);
  }

  return {
    element,
    stop() {
      playing?.stop();
      offs.forEach((off) => off());
    },
  };
}

/** What leaving each take out in turn has shown, in words. */
function said(report) {
  if (!report) return [];
  const lines = [];
  if (report.accuracy !== null) {
    lines.push(`Of the takes, each left out in turn, ${percent(report.accuracy)} are named rightly.`);
  }
  if (report.confused) {
    const [one, other] = report.confused;
    lines.push(`Most easily confused: “${one}” and “${other}”.`);
  }
  return lines.map((line) => make("p", {}, line));
}
