// Loads the large files with a word on how far it is, and keeps them for use without a network.

const SMALL = 200_000; // bytes; what is smaller is loaded as it is needed, and kept at the end

/** The list of the page's files: { version, files: { path: bytes } }. */
export async function listFiles() {
  const answer = await fetch(new URL("files.json", import.meta.url));
  if (!answer.ok) throw new Error("The page is incomplete: files.json is missing. Copy the whole folder that signpipe has made.");
  return answer.json();
}

/** Whether the browser keeps files for this page: only where the address is https or this machine. */
export function keepsFiles() {
  return "serviceWorker" in navigator && "caches" in globalThis && isSecureContext;
}

/** Load every file; `tell(bytes, whole)` is called as they come. */
export async function loadFiles({ version, files }, tell) {
  const whole = Object.values(files).reduce((a, b) => a + b, 0);
  const cache = keepsFiles() ? await caches.open(`signpipe-${version}`) : null;
  let loaded = 0;
  tell(0, whole);
  for (const [path, size] of Object.entries(files).sort((a, b) => b[1] - a[1])) {
    const url = new URL(path, import.meta.url);
    const before = loaded;
    if (!(await cache?.match(url)) && (cache || size > SMALL)) {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${path} cannot be loaded (${answer.status}); reload the page.`);
      const counted = answer.body.pipeThrough(new TransformStream({
        transform(chunk, controller) {
          loaded += chunk.byteLength;
          tell(loaded, whole);
          controller.enqueue(chunk);
        },
      }));
      const bytes = new Response(counted, { headers: answer.headers });
      await (cache ? cache.put(url, bytes) : bytes.arrayBuffer());
    }
    loaded = before + size;
    tell(loaded, whole);
  }
  if (cache) {
    const index = new URL("./", import.meta.url);
    if (!(await cache.match(index))) await cache.put(index, await fetch(index));
    await cache.put(new URL("files.json", import.meta.url), new Response(JSON.stringify({ version, files })));
  }
}

/** Let the files be there without a network; a word where that cannot be. */
export async function workOffline() {
  if (!keepsFiles()) return "It needs the network each time: only over https, or from this machine, does a browser keep it.";
  try {
    await navigator.serviceWorker.register(new URL("worker.js", import.meta.url));
    return "";
  } catch (error) {
    return `It needs the network each time: this browser does not keep it (${error.message}).`;
  }
}

/** What this browser lacks to run the page at all; "" if it lacks nothing. */
export function lacks() {
  if (!("WebAssembly" in globalThis)) return "This browser has no WebAssembly. Use a newer one.";
  // A function of one SIMD instruction.
  const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  if (!WebAssembly.validate(new Uint8Array(simd))) {
    return "This browser has no SIMD in WebAssembly, without which finding hands takes too long. Use a newer one, of 2021 or later (iPhones: of 2023).";
  }
  return "";
}
