// Clips from this computer into the workspace: files, or whole folders, chosen or dropped.

import { ask, button, make, tell, warn } from "./dom.js";
import { count } from "./words.js";

const LAYOUTS = [
  ["sign", "the folder's name is the sign"],
  ["sign/signer", "sign, and in it folders of signers"],
  ["signer/sign", "signer, and in it folders of signs"],
  ["none", "say nothing"],
];

/** The panel; `added` is called when files have come; gives { element, stop }. */
export function uploadPanel(added) {
  const field = (id, text, attributes) =>
    make("div", { class: "field" }, make("label", { for: id }, text), make("input", { type: "text", id, autocomplete: "off", maxlength: "100", ...attributes }));
  const sign = field("upload-sign", "Sign (empty: as the folders say)", { list: "known-signs" });
  const signer = field("upload-signer", "Signer (may stay empty)", { list: "known-signers" });
  const layout = make("select", { id: "layout" }, LAYOUTS.map(([value, text]) => make("option", { value }, text)));
  const files = make("input", { type: "file", multiple: true, accept: "video/*,.pose,.mkv,.avi", "aria-label": "Video files", hidden: true });
  const folder = make("input", { type: "file", webkitdirectory: true, "aria-label": "A folder of videos", hidden: true });
  const bar = make("progress", { hidden: true, "aria-label": "Files sent" });
  const state = make("p", { role: "status", class: "quiet" });
  const stopper = button("Stop", () => sending?.abort(), { hidden: true });
  const drop = make("div", { class: "drop" },
    make("p", {}, "Drop videos or a folder here, or"),
    make("div", { class: "row" }, button("Choose videos", () => files.click()), button("Choose a folder", () => folder.click())),
    files, folder);
  const element = make("details", { class: "panel", open: true },
    make("summary", {}, "Add clips"), drop, sign, signer,
    make("div", { class: "field" }, make("label", { for: "layout" }, "Folders are"), layout),
    bar, state, stopper,
    make("p", { class: "quiet small-text" }, "They are copied into the workspace, to videos/sign/signer/. Nothing leaves this computer."));
  let sending = null;

  async function send(found) {
    if (sending) return warn("Wait until the files before have come, or stop them.");
    const rules = await ask("/uploads");
    const fits = found.filter(({ path }) => rules.endings.some((ending) => path.toLowerCase().endsWith(ending)));
    const others = found.length - fits.length;
    const passed = others ? ` ${count(others, "other file")} passed over.` : "";
    if (!fits.length) return warn(found.length ? `There is no video or .pose file among ${count(found.length, "file")}.` : "There are no files in it.");
    warn("");
    sending = new AbortController();
    const { signal } = sending;
    Object.assign(bar, { hidden: false, max: fits.length, value: 0 });
    stopper.hidden = false;
    const refused = [];
    let kept = 0;
    for (const [i, { path, file }] of fits.entries()) {
      if (signal.aborted) break;
      state.textContent = `${i + 1} of ${fits.length}: ${file.name}`;
      try {
        if (file.size > rules.largest) throw new Error(`“${file.name}” is too large.`);
        await put(path, file, signal);
        kept += 1;
      } catch (error) {
        if (signal.aborted) break;
        refused.push(error.message);
        if (error.isFinal) break;
      }
      bar.value = i + 1;
    }
    sending = null;
    bar.hidden = stopper.hidden = true;
    const stopped = signal.aborted ? " Stopped; send the same again to go on." : "";
    state.textContent = `${count(kept, "file")} added.${passed}${stopped}`;
    if (refused.length) warn(refused.length > 1 ? `${refused[0]} (and ${refused.length - 1} more)` : refused[0]);
    tell(state.textContent);
    if (kept) added();
  }

  async function put(path, file, signal) {
    const query = new URLSearchParams({ path, layout: layout.value, sign: sign.lastChild.value.trim(), signer: signer.lastChild.value.trim() });
    let answer;
    try {
      answer = await fetch(`./uploads?${query}`, { method: "PUT", body: file, signal });
    } catch (error) {
      throw Object.assign(new Error("The file could not be sent. Is signpipe still running, and the file still there?"), { isFinal: true });
    }
    if (answer.ok) return;
    const { error } = await answer.json().catch(() => ({ error: answer.statusText }));
    throw Object.assign(new Error(error), { isFinal: answer.status === 507 });
  }

  const chosen = (input) => {
    const list = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    input.value = "";
    send(list).catch((error) => warn(error.message));
  };
  files.addEventListener("change", () => chosen(files));
  folder.addEventListener("change", () => chosen(folder));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files].map((file) => ({ path: file.name, file }));
    (entries.length ? walk(entries) : Promise.resolve(plain)).then(send).catch((error) => warn(error.message));
  });
  return { element, stop: () => sending?.abort() };
}

/** All files below dropped entries, with their paths. */
async function walk(entries) {
  const found = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.pop();
    if (entry.name.startsWith(".")) continue;
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    } else {
      const reader = entry.createReader();
      for (;;) { // a folder is given a hundred at a time
        const some = await new Promise((done, failed) => reader.readEntries(done, failed));
        if (!some.length) break;
        waiting.push(...some);
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
