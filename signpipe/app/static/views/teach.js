// Teach: name a sign, show it, look at what was recorded, keep it or throw it away.

import { button, make, remember, remembered, tell, toggle, warn } from "../dom.js";
import { player } from "../player.js";
import { showStage } from "../stage.js";
import { taughtSigns } from "../taught.js";
import { count } from "../words.js";

const COUNTDOWN = 3;
const IDLE_SECONDS = 10;

export function show(place, source) {
  const columns = make("div", { class: "columns" });
  place.append(columns);
  const stage = showStage(columns, source);
  const large = make("div", { class: "large", hidden: true, role: "status" });
  stage.picture.append(large);
  const step = make("section", { class: "panel", "aria-label": "Teach a sign" });
  const idle = make("section", { class: "panel", "aria-label": "Doing nothing" });
  const taught = taughtSigns(source);
  columns.append(make("div", { class: "beside" }, step, idle, taught.element));
  let signs = [];
  let timer = 0;
  let playing = null;
  let asked = { sign: "", signer: remembered("signer", "") };

  const clear = () => {
    clearTimeout(timer);
    playing?.stop();
    playing = null;
    large.hidden = true;
  };
  const say = (text, extra = "") => {
    large.hidden = !text;
    large.className = `large ${extra}`;
    large.textContent = text;
  };

  function nameStep({ focus = false } = {}) {
    clear();
    const sign = make("input", { type: "text", id: "sign", list: "signs", autocomplete: "off", maxlength: "100", required: true, value: asked.sign });
    const signer = make("input", { type: "text", id: "signer", autocomplete: "off", maxlength: "100", value: asked.signer });
    sign.addEventListener("focus", () => sign.select());
    const form = make("form", {},
      make("h2", {}, "Teach a sign"),
      make("div", { class: "field" }, make("label", { for: "sign" }, "What does the sign mean?"), sign),
      make("datalist", { id: "signs" }, signs.map((one) => make("option", { value: one.sign }))),
      make("div", { class: "field" }, make("label", { for: "signer" }, "Who signs? (a name or initials; may stay empty)"), signer),
      make("button", { type: "submit", class: "main" }, "Record"),
      source.keepsVideos && toggle("Keep the video too (else only the drawn points are kept, not your face)", "video", false, () => {}));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!sign.value.trim()) return;
      asked = { sign: sign.value.trim(), signer: signer.value.trim() };
      remember("signer", asked.signer);
      countdown(COUNTDOWN, `Get ready to sign “${asked.sign}”.`, record);
    });
    step.replaceChildren(form);
    if (focus) (sign.value ? form.querySelector("button") : sign).focus();
  }

  function countdown(seconds, text, then) {
    clear();
    stage.element.scrollIntoView({ block: "nearest" });
    const cancel = button("Cancel", () => nameStep({ focus: true }));
    step.replaceChildren(make("h2", {}, text), make("p", {}, "Let your hands rest until the count is over."), cancel);
    cancel.focus();
    const tick = (left) => {
      if (!left) return then();
      say(String(left), "number");
      timer = setTimeout(() => tick(left - 1), 1000);
    };
    tick(seconds);
  }

  function record() {
    source.say({ do: "record", sign: asked.sign, signer: asked.signer });
    say(`Sign “${asked.sign}” now`, "go");
    const cancel = button("Cancel", () => {
      source.say({ do: "throw away" });
      nameStep({ focus: true });
    });
    step.replaceChildren(make("h2", {}, `Sign “${asked.sign}” now`),
      make("p", {}, "Recording begins when your hands come up and ends when they rest again."), cancel);
    cancel.focus();
  }

  function review(message) {
    clear();
    asked = { sign: message.sign, signer: message.signer };
    playing = player(message.clip, `Your take of ${message.sign}`, remembered("mirrored", true));
    const keep = button("Keep", () => {
      keep.disabled = thrown.disabled = true;
      keep.textContent = "Keeping …";
      warn("");
      source.say({ do: "keep", video: remembered("video", false) });
    }, { class: "main" });
    const thrown = button("Throw away", () => {
      source.say({ do: "throw away" });
      tell("Thrown away.");
      nameStep({ focus: true });
    });
    step.replaceChildren(
      make("h2", {}, `Is this a good “${message.sign}”?`),
      make("p", {}, `${message.seconds.toFixed(1)} seconds, ${count(message.clip.frames.length, "picture")}.`),
      playing.element, make("div", { class: "row" }, keep, thrown));
    keep.focus();
  }

  function idleStep(state) {
    const start = button("Record ten idle seconds", () => {
      countdown(COUNTDOWN, "Get ready to do nothing.", () => {
        source.say({ do: "idle" });
        say("Do not sign", "go");
        step.replaceChildren(make("h2", {}, "Do not sign for ten seconds"),
          make("p", {}, "Scratch your head, touch your face, reach for a cup: what hands do when they do not sign."),
          button("Cancel", () => { source.say({ do: "throw away" }); nameStep({ focus: true }); }));
        timer = setTimeout(() => say("One moment …"), 1000 * IDLE_SECONDS);
      });
    });
    idle.replaceChildren(make("h2", {}, "Doing nothing"),
      make("p", {}, state
        ? "It has seen you do nothing. Do it again if it often takes idle hands for a sign."
        : "Once, show ten seconds of hands that do not sign. Then it can tell “not signing”."),
      start);
  }

  const offs = [
    source.on("signs", (message) => {
      signs = message.signs;
      idleStep(message.idle);
    }),
    source.on("hands", (message) => {
      if (message.up && large.classList.contains("go") && message.recording) say("Recording …", "go recording");
      // A sign is told before the hands are down.
      if (!message.up && large.classList.contains("recording")) say(`That was too short. Sign “${asked.sign}” now`, "go");
    }),
    source.on("take", review),
    source.on("kept", (message) => {
      const takes = count(message.takes, "take");
      tell(`Kept. “${message.sign}” has ${takes}. ${message.takes < 5 ? "It works now; with five it works better." : "That is enough."}`);
      nameStep({ focus: true });
    }),
    source.on("idle kept", () => {
      tell("Thank you: it has seen you do nothing.");
      nameStep({ focus: true });
    }),
    source.on("trouble", () => {
      const keep = step.querySelector("button.main:disabled");
      if (keep) {
        keep.textContent = "Keep";
        step.querySelectorAll("button").forEach((one) => (one.disabled = false));
        keep.focus();
      } else if (!large.hidden) nameStep();
    }),
    source.on("connected", (yes) => { if (!yes) nameStep(); }),
  ];
  const escape = (event) => {
    if (event.key === "Escape" && !large.hidden) {
      source.say({ do: "throw away" });
      nameStep({ focus: true });
    }
  };
  addEventListener("keydown", escape);
  nameStep();
  idleStep(false);
  return () => {
    clear();
    source.say({ do: "throw away" });
    removeEventListener("keydown", escape);
    offs.forEach((off) => off());
    taught.stop();
    stage.stop();
  };
}
