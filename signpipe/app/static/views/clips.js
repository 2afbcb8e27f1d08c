// Clips: what is in the workspace, to look at, to name, to throw away; and what is made of it.

import { ask, button, make, tell, warn } from "../dom.js";
import { clipPanel } from "../clip_panel.js";
import { gallery } from "../gallery.js";
import { trainingPanel } from "../training.js";
import { uploadPanel } from "../upload.js";
import { count } from "../words.js";

const PAGE = 48;
const FILTERS = [["label", "Sign"], ["signer", "Signer"], ["status", "Outcome"], ["split", "Split"]];
const NARROW = "(max-width: 69.99rem)"; // as in views.css
const ANY = "*"; // of no sign, so that "" can mean those without one

export function show(place) {
  const wanted = { values: {}, text: "", order: "label", bin: false, start: 0 };
  let page = { clips: [], fitting: 0, total: 0, in_bin: 0, facets: {} };
  let turn = 0;
  let isFirst = true;
  const undos = [];

  const grid = gallery(() => drawChosen());
  const panel = clipPanel({ change, remove, restore, close: () => { grid.mark([]); grid.leave(); } });
  const training = trainingPanel(() => load());
  const upload = uploadPanel(() => training.look());
  const selects = new Map(FILTERS.map(([name, text]) => [name, makeSelect(name, text)]));
  const order = make("select", { id: "order", onchange: () => renew({ order: order.value }) },
    make("option", { value: "label" }, "sign"), make("option", { value: "signer" }, "signer"));
  const search = make("input", { type: "search", id: "clip-search", oninput: () => {
    clearTimeout(search.timer);
    search.timer = setTimeout(() => renew({ text: search.value.trim() }), 250);
  } });
  const bin = button("Bin", () => renew({ bin: !wanted.bin }), { "aria-pressed": "false" });
  const counted = make("p", { role: "status", class: "counted" });
  const [above, below] = [pager(), pager()];
  const all = button("Mark all", markAll);
  const none = button("Mark none", () => grid.mark([]));
  const undone = make("div", { class: "undo", hidden: true });
  const empty = make("p", { hidden: true });
  const lists = ["signs", "signers", "splits"].map((name) => make("datalist", { id: `known-${name}` }));
  const clips = make("section", { "aria-label": "The workspace's clips", class: "clips" },
    make("div", { class: "filters" },
      [...selects.values()].map(({ element }) => element),
      make("div", { class: "field" }, make("label", { for: "order" }, "Sorted by"), order),
      make("div", { class: "field" }, make("label", { for: "clip-search" }, "Name has"), search)),
    make("div", { class: "row between" }, counted, make("div", { class: "row" }, above.buttons, all, none, bin)),
    make("p", { class: "quiet small-text keys" }, "Arrow keys move, Space marks, Delete throws into the bin, Ctrl+Z takes it back."),
    undone, empty, grid.element, make("div", { class: "row" }, below.buttons), lists);
  place.append(make("div", { class: "clips-view" },
    make("div", { class: "side" }, upload.element, training.element), clips, panel.element));

  function pager() {
    const turnTo = (start) => {
      renew({ start }, true);
      clips.scrollIntoView({ block: "start" });
    };
    const earlier = button("Earlier", () => turnTo(Math.max(0, page.start - PAGE)));
    const later = button("Later", () => turnTo(page.start + PAGE));
    return { buttons: [earlier, later], draw: (isFirst, isLast) => { earlier.disabled = isFirst; later.disabled = isLast; } };
  }

  function makeSelect(name, text) {
    const select = make("select", { id: `by-${name}`, onchange: () => {
      const values = { ...wanted.values };
      if (select.value === ANY) delete values[name];
      else values[name] = select.value.slice(1);
      renew({ values });
    } });
    return { element: make("div", { class: "field" }, make("label", { for: select.id }, text), select), select };
  }

  function query(more = {}) {
    return new URLSearchParams({ ...wanted.values, text: wanted.text, order: wanted.order, bin: wanted.bin ? "1" : "0", ...more });
  }

  function renew(change, isPage = false) {
    Object.assign(wanted, isPage ? {} : { start: 0 }, change);
    grid.mark([]);
    grid.leave();
    load();
  }

  async function load() {
    const mine = ++turn;
    try {
      const found = await ask(`/clips?${query({ start: wanted.start, count: PAGE })}`);
      if (mine !== turn) return;
      page = found;
    } catch (error) {
      if (mine === turn) warn(error.message);
      return;
    }
    wanted.start = page.start;
    for (const [name, { select }] of selects) fillSelect(select, page.facets[name], wanted.values[name]);
    for (const [i, name] of ["label", "signer", "split"].entries()) {
      lists[i].replaceChildren(...page.facets[name].filter(([value]) => value).map(([value]) => make("option", { value })));
    }
    const last = page.start + page.clips.length;
    const of = page.fitting === page.total ? "" : ` (of ${page.total.toLocaleString("en")})`;
    counted.textContent = page.clips.length
      ? `${(page.start + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${count(page.fitting.toLocaleString("en"), "clip")}${of}` : "No clips";
    above.draw(page.start === 0, last >= page.fitting);
    below.draw(page.start === 0, last >= page.fitting);
    for (const one of below.buttons) one.hidden = page.fitting <= PAGE;
    if (isFirst && page.total && matchMedia(NARROW).matches) {
      upload.element.open = false;
      training.fold();
    }
    isFirst = false;
    all.textContent = `Mark all ${page.fitting.toLocaleString("en")}`;
    all.disabled = !page.fitting;
    bin.textContent = wanted.bin ? "Back to the clips" : `Bin (${page.in_bin.toLocaleString("en")})`;
    bin.setAttribute("aria-pressed", String(wanted.bin));
    empty.hidden = page.clips.length > 0;
    empty.textContent = wanted.bin ? "The bin is empty." : page.total ? "No clip fits. Choose otherwise above." : "There are no clips yet. Add videos under “Add clips”, then press “Do all of it”. Signs that you teach are kept here, too.";
    grid.fill(page.clips, wanted.order);
  }

  function fillSelect(select, counts, value) {
    const known = counts.map(([name, number]) => make("option", { value: `=${name}` }, `${name || "none"} (${number.toLocaleString("en")})`));
    if (value !== undefined && !counts.some(([name]) => name === value)) known.push(make("option", { value: `=${value}` }, `${value || "none"} (0)`));
    select.replaceChildren(make("option", { value: ANY }, "all"), ...known);
    select.value = value === undefined ? ANY : `=${value}`;
  }

  function chosen() {
    const marked = grid.marked();
    return marked.length ? marked : grid.current() ? [grid.current().id] : [];
  }

  function drawChosen() {
    const ids = new Set(chosen());
    const known = grid.clips().filter((clip) => ids.has(clip.id));
    none.disabled = !grid.marked().length;
    panel.show(known, ids.size, wanted.bin);
  }

  async function markAll() {
    await trying(async () => grid.mark((await ask(`/clips/ids?${query()}`)).clips));
  }

  async function change(values) {
    const ids = chosen();
    await trying(async () => {
      const { undo } = await ask("/clips/change", { method: "POST", json: { changes: ids.map((clip) => ({ clip, ...values })) } });
      done(`${count(ids.length, "clip")} changed.`, () => ask("/clips/change", { method: "POST", json: { changes: undo } }));
    });
  }

  async function remove() {
    const ids = chosen();
    if (!ids.length || wanted.bin) return;
    await trying(async () => {
      await ask("/clips/forget", { method: "POST", json: { clips: ids } });
      done(`${count(ids.length, "clip is", "clips are")} in the bin now.`, () => ask("/clips/restore", { method: "POST", json: { clips: ids } }));
    });
  }

  async function restore() {
    const ids = chosen();
    await trying(async () => {
      await ask("/clips/restore", { method: "POST", json: { clips: ids } });
      done(`${count(ids.length, "clip is", "clips are")} back.`, () => ask("/clips/forget", { method: "POST", json: { clips: ids } }));
    });
  }

  async function trying(work) {
    warn("");
    try {
      await work();
    } catch (error) {
      warn(error.message);
    }
  }

  async function done(text, undo) {
    undos.push({ text, undo });
    tell(text);
    await again();
  }

  async function undoLast() {
    const last = undos.pop();
    if (!last) return;
    await trying(async () => {
      await last.undo();
      tell("Undone.");
    });
    await again();
  }

  async function again() {
    const last = undos.at(-1);
    undone.hidden = !last;
    undone.replaceChildren(...(last ? [make("span", {}, last.text), button("Undo", undoLast, { class: "small" })] : []));
    grid.mark([]);
    const hadFocus = clips.contains(document.activeElement) || panel.element.contains(document.activeElement);
    await load();
    if (hadFocus && page.clips.length) grid.focus();
    training.look();
  }

  const keys = (event) => {
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "Delete") remove();
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) undoLast();
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", keys);
  load();
  return () => {
    turn += 1;
    removeEventListener("keydown", keys);
    grid.stop();
    panel.stop();
    upload.stop();
    training.stop();
  };
}
