// Live: the camera, and what is signed.

import { make } from "../dom.js";
import { showStage } from "../stage.js";

export function show(place, source) {
  const columns = make("div", { class: "columns" });
  place.append(columns);
  const stage = showStage(columns, source);
  return () => stage.stop();
}
