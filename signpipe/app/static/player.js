// A clip played as a drawn skeleton, over and over; it stands still for who wants less motion.

import { button, make } from "./dom.js";
import { drawSkeleton, fit } from "./skeleton.js";

const FALLBACK_RATE = 15; // frames a second where times are not known
const PAUSE = 600; // milliseconds between two rounds

/**
 * A player of { times, frames, width, height }; gives { element, stop }.
 * @param name what it shows, for who cannot see it.
 */
export function player(clip, name, mirrored) {
  const canvas = make("canvas", { width: 480, height: Math.round((480 * clip.height) / clip.width), role: "img", "aria-label": name });
  const times = clip.times ?? clip.frames.map((_, i) => i / FALLBACK_RATE);
  const whole = times.length ? times.at(-1) * 1000 : 0;
  let isPlaying = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let begun = performance.now();
  let shown = -1;
  let request = 0;

  const draw = (index) => {
    if (index === shown || !clip.frames[index]) return;
    shown = index;
    const context = canvas.getContext("2d");
    context.fillStyle = "#20262d";
    context.fillRect(0, 0, canvas.width, canvas.height);
    drawSkeleton(context, clip.frames[index], fit(canvas, clip.width, clip.height), mirrored);
  };
  const step = (now) => {
    const at = Math.max(0, now - begun) % (whole + PAUSE);
    const next = times.findIndex((time) => time * 1000 > at);
    draw(next < 0 ? times.length - 1 : Math.max(0, next - 1));
    if (isPlaying) request = requestAnimationFrame(step);
  };
  const switcher = button(isPlaying ? "Pause" : "Play", () => {
    isPlaying = !isPlaying;
    switcher.textContent = isPlaying ? "Pause" : "Play";
    begun = performance.now();
    cancelAnimationFrame(request);
    if (isPlaying) request = requestAnimationFrame(step);
  }, { class: "small", "aria-label": `${isPlaying ? "Pause" : "Play"}: ${name}` });
  switcher.addEventListener("click", () =>
    switcher.setAttribute("aria-label", `${isPlaying ? "Pause" : "Play"}: ${name}`));
  draw(Math.floor(times.length / 2));
  if (isPlaying) request = requestAnimationFrame(step);
  return {
    element: make("div", { class: "player" }, canvas, switcher),
    stop: () => cancelAnimationFrame(request),
  };
}
