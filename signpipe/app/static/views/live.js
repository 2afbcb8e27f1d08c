// Live: the camera, the answer to what is signed, and "wrong? it was ...".

import { button, make, remembered, tell, warn } from "../dom.js";
import { player } from "../player.js";
import { showStage } from "../stage.js";
import { NONE_OF_THESE, NOT_SIGNING, clock, count, percent, worded } from "../words.js";

const HISTORY = 20; // so many signs can be taught from
const LISTED = 20; // of the signs that it knows
const NAMED = 3; // the answer and the next two

export function show(place, source) {
  const columns = make("div", { class: "columns" });
  place.append(columns);
  const stage = showStage(columns, source);
  const known = make("p", { class: "quiet" });
  const hands = make("p", { class: "hands quiet" }, "Raise your hands, sign, let them rest.");
  const answer = make("div", { class: "answer", role: "status" });
  const unsure = make("p", { class: "quiet", hidden: true }, "If it were one of the signs it knows:");
  const bars = make("ul", { class: "bars" });
  const nearest = make("div", { class: "nearest" });
  const wrong = wrongForm(source);
  const by = answeredBy(source);
  const history = make("ol", { class: "history", reversed: true });
  const past = make("section", { class: "panel", "aria-label": "History", hidden: true },
    make("div", { class: "row between" }, make("h2", {}, "What you signed"),
      button("Clear", () => { history.replaceChildren(); past.hidden = true; }, { class: "small" })),
    history);
  columns.append(
    make("section", { class: "panel beside", "aria-label": "Answer" }, hands, answer, unsure, bars, nearest, wrong.element, known, by.element),
    past);
  let playing = null;
  let wanted = null;

  const offs = [
    source.on("signs", (message) => {
      wrong.offer(message.signs.map((sign) => sign.sign));
      known.replaceChildren(...whatIsKnown(message));
      by.offer(message.runs ?? [], message.used ?? "");
    }),
    source.on("hands", (message) => {
      hands.textContent = message.up ? "Hands are up: looking …" : "Raise your hands, sign, let them rest.";
    }),
    source.on("answer", (message) => {
      if (message.answer === NOT_SIGNING) {
        hands.textContent = "Hands moved, but that was no sign.";
        return;
      }
      answer.textContent = worded(message.answer);
      const isNone = message.answer === NONE_OF_THESE;
      answer.className = `answer ${isNone ? "none" : ""}`;
      unsure.hidden = !isNone || !message.signs.length;
      bars.replaceChildren(...message.signs.slice(0, NAMED).map(bar));
      playing?.stop();
      playing = null;
      nearest.replaceChildren();
      wanted = message.nearest;
      if (wanted) source.say({ do: "show take", id: wanted });
      wrong.offerFor(message);
      past.hidden = false;
      const share = message.signs.length ? percent(message.signs[0][1]) : "";
      history.prepend(make("li", {}, make("time", {}, clock(new Date())), " ",
        make("b", {}, worded(message.answer)), " ",
        make("span", { class: "quiet" }, isNone && share ? `nearest ${message.signs[0][0]} ${share}` : share), " ",
        button("Wrong?", () => wrong.about(message), { class: "small", "aria-label": `Wrong? ${worded(message.answer)}` })));
      while (history.children.length > HISTORY) history.lastChild.remove();
    }),
    source.on("take clip", (message) => {
      if (message.id !== wanted) return;
      playing?.stop();
      playing = player(message.clip, `The nearest take you taught, ${message.sign}`, remembered("mirrored", true));
      nearest.replaceChildren(make("h2", {}, `Nearest take you taught: ${message.sign}`), playing.element);
    }),
    source.on("corrected", (message) => {
      tell(`Learned: that was “${message.sign}”.`);
      wrong.done();
    }),
    source.on("trouble", () => wrong.again()),
  ];
  return () => {
    offs.forEach((off) => off());
    playing?.stop();
    stage.stop();
  };
}

function whatIsKnown(message) {
  const teach = make("a", { href: "#teach" }, message.signs.length ? "Teach another" : "Teach your first sign");
  const taught = message.used ? [] : message.signs.map((sign) => sign.sign);
  const names = [...taught, ...(message.own ?? [])];
  if (!names.length) return ["No sign is taught yet. ", teach, "."];
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return [`It knows ${count(names.length, "sign")}: ${names.slice(0, LISTED).join(", ")}${more}. `, teach, "."];
}

/** Who answers: what was taught, or a recogniser that a fine-tuning run has trained. */
function answeredBy(source) {
  const select = make("select", { id: "by", onchange: () => source.say({ do: "use", run: select.value }) });
  const element = make("div", { class: "field", hidden: true }, make("label", { for: "by" }, "Answers come from"), select);
  return {
    element,
    offer(runs, used) {
      element.hidden = !runs.length;
      select.replaceChildren(make("option", { value: "" }, "what you taught"),
        ...runs.map((run) => make("option", { value: run }, `the recogniser trained as “${run}”`)));
      select.value = used;
    },
  };
}

function bar([sign, share]) {
  const fill = make("i", {});
  fill.style.width = `${100 * share}%`;
  return make("li", {}, make("span", { class: "sign" }, sign), make("span", { class: "share" }, percent(share)),
    make("span", { class: "bar", "aria-hidden": "true" }, fill));
}

/** "Wrong? It was ...": teaches from the last sign, or from one of the history. */
function wrongForm(source) {
  let about = null;
  const list = make("datalist", { id: "known-signs" });
  const label = make("label", { for: "it-was" }, "Wrong? It was");
  const input = make("input", { type: "text", id: "it-was", list: "known-signs", autocomplete: "off", maxlength: "100", required: true });
  const send = make("button", { type: "submit" }, "Teach it");
  const element = make("form", { hidden: true, class: "wrong" }, label, make("div", { class: "row" }, input, send), list);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (about === null || !input.value.trim()) return;
    send.disabled = true;
    send.textContent = "Learning …";
    warn("");
    source.say({ do: "correct", id: about, sign: input.value, signer: remembered("signer", ""), video: remembered("video", false) });
  });
  const choose = (message, text) => {
    about = message.id;
    label.textContent = text;
    element.hidden = false;
    again();
  };
  const again = () => {
    send.disabled = false;
    send.textContent = "Teach it";
  };
  return {
    element,
    again,
    offer: (signs) => list.replaceChildren(...signs.map((sign) => make("option", { value: sign }))),
    /** Be about a new sign, unless the person is busy with another. */
    offerFor(message) {
      if (document.activeElement !== input && !input.value) choose(message, "Wrong? It was");
    },
    about(message) {
      choose(message, `Not “${worded(message.answer)}”? It was`);
      input.focus();
    },
    done() {
      input.value = "";
      element.hidden = true;
      about = null;
      again();
    },
  };
}
