// Small helpers to make elements; text is never taken for HTML.

/** An element: `make("button", { type: "button", onclick: go, class: "main" }, "Go")`. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function button(text, onclick, attributes = {}) {
  return make("button", { type: "button", onclick, ...attributes }, text);
}

/** A labelled switch that remembers itself; `changed` is called with its state, at once as well. */
export function toggle(text, name, otherwise, changed) {
  const input = make("input", { type: "checkbox", role: "switch", checked: remembered(name, otherwise) });
  input.addEventListener("change", () => {
    remember(name, input.checked);
    changed(input.checked);
  });
  changed(input.checked);
  return make("label", { class: "toggle" }, input, make("span", {}, text));
}

/** What this browser remembers under a name. */
export function remembered(name, otherwise) {
  try {
    const text = localStorage.getItem(`signpipe.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`signpipe.${name}`, JSON.stringify(value));
  } catch {
    // Without storage it is asked again next time.
  }
}

/** Said aloud by screen readers and shown for a while. */
export function tell(text) {
  show("news", text);
}

/** What went wrong and what to do; stays until it is cleared by "". */
export function warn(text) {
  const place = show("trouble", text);
  if (text && !place.querySelector("button")) place.append(button("Close", () => warn(""), { class: "small" }));
}

const timers = {};

function show(id, text) {
  const place = document.getElementById(id);
  clearTimeout(timers[id]);
  if (place.firstChild?.textContent !== text) place.replaceChildren(...(text ? [make("span", {}, text)] : []));
  if (text && id === "news") timers[id] = setTimeout(() => place.replaceChildren(), 6000);
  return place;
}

/** Ask the server, whose paths lie in the page's own folder; the answer's JSON.
 * Throws an Error whose message a person can read. */
export async function ask(path, { method = "GET", json, body } = {}) {
  let answer;
  try {
    answer = await fetch(`.${path}`, {
      method,
      headers: json === undefined ? {} : { "Content-Type": "application/json" },
      body: json === undefined ? body : JSON.stringify(json),
    });
  } catch {
    throw new Error("signpipe does not answer. Is it still running? Start it again with: signpipe app");
  }
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  const found = isJson ? await answer.json() : { error: await answer.text() };
  if (!answer.ok) throw new Error(found.error || answer.statusText);
  return found;
}
