// Teach: name a sign, show it, keep what was recorded.

import { make } from "../dom.js";
import { showStage } from "../stage.js";

export function show(place, source) {
  const columns = make("div", { class: "columns" });
  place.append(columns);
  const stage = showStage(columns, source);
  return () => stage.stop();
}
