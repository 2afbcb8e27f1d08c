// Takes: what was taught here, saved to a file and read from one.

import { button, make, tell, warn } from "../dom.js";
import { taughtSigns } from "../taught.js";
import { count } from "../words.js";

export function show(place, source) {
  const input = make("input", { type: "file", id: "takes-file", accept: ".json,application/json" });
  const save = button("Save all takes to a file", () => {
    const url = URL.createObjectURL(new Blob([source.takesFile()], { type: "application/json" }));
    make("a", { href: url, download: "takes.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  });
  const none = make("p", { class: "quiet" }, "Nothing is taught yet.");
  const taught = taughtSigns(source);
  input.addEventListener("change", async () => {
    try {
      const read = await source.readTakes(await input.files[0].text());
      warn("");
      tell(`${count(read, "take")} read.`);
    } catch (error) {
      warn(error.message);
    }
    input.value = "";
  });
  const off = source.on("signs", (message) => {
    none.hidden = message.signs.length > 0;
    save.disabled = !message.signs.length && !message.idle;
  });
  place.append(make("section", { class: "panel", "aria-label": "File of takes" },
    make("p", {}, "Takes are kept in this browser alone: landmarks, no pictures. A file brings them to another browser, or to signpipe on a computer."),
    none, make("div", { class: "row" }, save),
    make("div", { class: "field" }, make("label", { for: "takes-file" }, "Read takes from a file"), input)), taught.element);
  source.tellSigns();
  return () => {
    off();
    taught.stop();
  };
}
