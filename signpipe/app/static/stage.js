// The camera's picture with the skeleton over it, how good it is, and what to do if it is missing.

import { eachPicture, openCamera } from "./camera.js";
import { button, make, remembered, toggle } from "./dom.js";
import { drawSkeleton, fit } from "./skeleton.js";

const NO_HANDS_SECONDS = 10;
const CHECKS = [
  ["shoulders", "Shoulders", (q) => q.shoulders, "in view", "not in view"],
  ["left", "Left hand", (q) => q.left_hand, "in view", "not in view"],
  ["right", "Right hand", (q) => q.right_hand, "in view", "not in view"],
  ["light", "Light", (q) => q.light === "good", "good", null],
];

/** Put the stage into a place; gives { element, picture, stop }. */
export function showStage(place, source) {
  const video = make("video", { muted: true, playsInline: true, "aria-hidden": "true" });
  const canvas = make("canvas", { "aria-hidden": "true" });
  const notice = make("div", { class: "notice", hidden: true });
  const checks = make("ul", { class: "checks", "aria-label": "The picture" });
  const marks = Object.fromEntries(
    CHECKS.map(([key, name]) => {
      const state = make("span", {}, "…");
      checks.append(make("li", { class: "wait" }, make("b", {}, name), " ", state));
      return [key, { item: checks.lastChild, state }];
    }),
  );
  const rate = make("span", {}, "…");
  checks.append(make("li", { class: "rate" }, make("b", {}, "Pictures a second"), " ", rate));
  let mirrored = remembered("mirrored", true);
  const picture = make("div", { class: "picture" }, video, canvas, notice);
  const switches = make(
    "div",
    { class: "switches" },
    toggle("Mirrored view", "mirrored", true, (on) => {
      mirrored = on;
      picture.classList.toggle("mirrored", on);
    }),
    toggle("I am left-handed", "leftHanded", false, (on) => source.say({ do: "hand", left: on })),
  );
  const element = make("section", { class: "stage", "aria-label": "Camera" }, picture, checks, switches);
  place.append(element);

  const end = new AbortController();
  let stream = null;
  let handsAt = performance.now();
  let latest = null;
  let state = { camera: "", connected: "Waiting for signpipe …", place: "", hands: "" };

  const say = (change) => {
    const before = JSON.stringify(state);
    state = { ...state, ...change };
    if (JSON.stringify(state) === before) return;
    const text = state.connected || state.place || state.camera || state.hands;
    const action = state.connected ? null
      : state.place ? button("Use it here", () => source.say({ do: "take over" }))
      : state.camera ? button("Try again", start)
      : null;
    notice.hidden = !text;
    notice.className = `notice ${text && text === state.hands ? "light" : ""}`;
    notice.replaceChildren(...(text ? [make("p", { role: "alert" }, text)] : []), ...(action ? [action] : []));
  };

  async function start() {
    say({ camera: "Opening the camera …" });
    stream?.getTracks().forEach((track) => track.stop());
    try {
      stream = await openCamera();
    } catch (error) {
      if (!end.signal.aborted) say({ camera: error.message });
      return;
    }
    if (end.signal.aborted) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    stream.getVideoTracks()[0].addEventListener("ended", () =>
      say({ camera: "The camera was taken away or switched off. Plug it in, then press “Try again”." }),
    );
    video.srcObject = stream;
    await video.play().catch(() => {});
    handsAt = performance.now();
    say({ camera: "" });
  }

  function draw(message) {
    latest = message;
    const { quality } = message;
    for (const [key, , isGood, yes, no] of CHECKS) {
      const good = isGood(quality);
      const text = good ? yes : (no ?? quality.light);
      if (marks[key].state.textContent !== text) marks[key].state.textContent = text;
      marks[key].item.className = `${key} ${good ? "good" : "bad"}`;
    }
    const pace = message.rate === null ? "…" : String(Math.round(message.rate));
    if (rate.textContent !== pace) rate.textContent = pace;
    if (quality.left_hand || quality.right_hand) handsAt = performance.now();
    const gone = (performance.now() - handsAt) / 1000 > NO_HANDS_SECONDS;
    say({ hands: gone ? noHands(quality) : "" });
    redraw();
  }

  function redraw() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) =>
      Math.round(side * devicePixelRatio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (latest) drawSkeleton(context, latest.landmarks, fit(canvas, latest.width, latest.height), mirrored);
  }

  const offs = [
    source.on("frame", draw),
    source.on("connected", (yes) => {
      say({ connected: yes ? "" : "signpipe does not answer. If it was stopped, start it again with “signpipe app” and open the address it shows. Trying again …" });
    }),
    source.on("ready", () => {
      say({ place: "", connected: "" });
      source.say({ do: "hand", left: remembered("leftHanded", false) });
    }),
    source.on("elsewhere", () => say({ place: "signpipe is open in another window, which has the camera now.", connected: "" })),
  ];
  start();
  eachPicture(video, () => source.isReady() && !state.camera, (seconds, picture) => source.send(seconds, picture), end.signal);
  source.open();

  return {
    element,
    picture,
    stop() {
      end.abort();
      offs.forEach((off) => off());
      stream?.getTracks().forEach((track) => track.stop());
      source.close();
    },
  };
}

function noHands(quality) {
  if (!quality.person) return "Nobody is in the picture. Sit where the camera sees you from the waist up.";
  if (quality.light !== "good") return `No hands can be seen: it is ${quality.light}. Change the light.`;
  return "No hands have been in view for ten seconds. Move back a little, so that your hands stay in the picture.";
}
