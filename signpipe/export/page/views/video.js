// Video file: its landmarks and the answer to it, all in this browser.

import { make, tell, warn } from "../dom.js";
import { drawableClip } from "../picture.js";
import { player } from "../player.js";
import { clipOf } from "../video_frames.js";
import { percent, worded } from "../words.js";

const NAMED = 5;

export function show(place, source) {
  const input = make("input", { type: "file", id: "file", accept: "video/*" });
  const bar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "How far the video is" });
  const state = make("p", { class: "quiet", role: "status" });
  const answer = make("div", { class: "answer" });
  const bars = make("ol", { class: "bars" });
  const drawn = make("div");
  place.append(make("section", { class: "panel drop", "aria-label": "Video file" },
    make("label", { for: "file" }, "A video of one sign, from rest to rest. It stays on this device."),
    input, bar, state, answer, bars, drawn));
  const end = new AbortController();
  let playing = null;

  async function look(file) {
    input.disabled = true;
    warn("");
    [answer, bars, drawn, state].forEach((one) => one.replaceChildren());
    playing?.stop();
    bar.hidden = false;
    bar.value = 0;
    const begun = performance.now();
    try {
      const clip = await clipOf(source.recognizer, file, (share) => (bar.value = share), end.signal);
      if (end.signal.aborted) return;
      if (!clip.frames.some((frame) => frame.pose)) throw new Error("Nobody is seen in this video.");
      const found = await source.answer(clip);
      answer.textContent = worded(found.answer);
      bars.replaceChildren(...found.signs.slice(0, NAMED).map(([sign, share]) =>
        make("li", {}, make("span", { class: "sign" }, sign), make("span", { class: "share" }, percent(share)))));
      const rate = (1000 * clip.frames.length) / (performance.now() - begun);
      state.textContent = `${clip.frames.length} pictures, ${rate.toFixed(1)} a second.`;
      tell(`${file.name}: ${worded(found.answer)}`);
      playing = player(drawableClip(clip.times, clip.frames, clip.width, clip.height), `Landmarks of ${file.name}`, false);
      drawn.append(playing.element);
    } catch (error) {
      warn(error.message);
    } finally {
      bar.hidden = true;
      input.disabled = false;
    }
  }

  input.addEventListener("change", () => input.files[0] && look(input.files[0]));
  return () => {
    end.abort();
    playing?.stop();
  };
}
