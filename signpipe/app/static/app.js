// signpipe app's page.

import { showPages } from "./pages.js";
import { ServerSource } from "./source.js";

const VIEWS = [
  { name: "live", title: "Live", load: () => import("./views/live.js") },
  { name: "teach", title: "Teach", load: () => import("./views/teach.js") },
  { name: "clips", title: "Clips", load: () => import("./views/clips.js") },
  { name: "search", title: "Search", load: () => import("./views/search.js") },
  { name: "results", title: "Results", load: () => import("./views/results.js") },
];

// The token has done its work; it need not stand in the address any more.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);
showPages(VIEWS, new ServerSource());
