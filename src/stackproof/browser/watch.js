// Runs in every document before the page's own scripts, and tells what the page is like: its load metrics as they
// change, and what axe finds once the page has become quiet. AXE stands for axe-core's own source.
(() => {
  const axe = () => {
    if (!window.axe) { AXE }
    return window.axe;
  };
  if (window !== window.top) {
    // axe in the page asks the frames for their part
    addEventListener("load", () => axe());
    return;
  }
  if (!/^https?:$/.test(location.protocol)) return;

  const QUIET = 150; // ms without a change of the document until it is examined
  const LONGEST = 2000; // ms until it is examined although it still changes
  const id = `${performance.timeOrigin}`;
  const vitals = { lcp: null, cls: 0, load: null, element: "", shifted: "" };
  const path = () => location.pathname + (location.hash.startsWith("#/") ? location.hash.split("?")[0] : "");
  const first = path(), opened_by = location.href;
  const named = (node) => {
    if (!node || !node.tagName) return "";
    const own = node.id ? `#${node.id}` : [...node.classList].slice(0, 2).map((name) => `.${name}`).join("");
    return node.tagName.toLowerCase() + own;
  };
  const tell = (kind, what) => {
    const told = window.__stackproof_tell;
    if (told) told(JSON.stringify({ kind, id, origin: location.origin, ...what })).catch(() => {});
  };
  const tellVitals = () => tell("vitals", { path: first, url: opened_by, ...vitals });

  const watch = (type, see) => {
    new PerformanceObserver((list) => {
      list.getEntries().forEach(see);
      tellVitals();
    }).observe({ type, buffered: true });
  };
  watch("largest-contentful-paint", (entry) => {
    vitals.lcp = entry.startTime;
    vitals.element = named(entry.element);
  });
  // As https://web.dev/articles/cls defines it: the largest window of shifts, each less than 1 s after the one before
  // it, and 5 s long at most; shifts right after the user did something do not count.
  let sum = 0, opened = 0, last = 0, largest = 0, shifted = "";
  watch("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const joins = sum && entry.startTime - last < 1000 && entry.startTime - opened < 5000;
    sum = joins ? sum + entry.value : entry.value;
    opened = joins ? opened : entry.startTime;
    last = entry.startTime;
    if (!joins || entry.value > largest) { // of several shifts, the largest one is worth naming
      largest = entry.value;
      shifted = [...new Set(entry.sources.map((source) => named(source.node)))].filter(Boolean).join(", ");
    }
    if (sum > vitals.cls) {
      vitals.cls = sum;
      vitals.shifted = shifted;
    }
  });
  watch("navigation", (entry) => {
    if (entry.loadEventEnd) vitals.load = entry.loadEventEnd;
  });

  let running = Promise.resolve();
  const examine = () => {
    running = running.catch(() => {}).then(async () => {
      const found = await axe().run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
        resultTypes: ["violations", "incomplete"],
        frameWaitTime: 3000,
      });
      const brief = (results) => results.map((result) => ({
        rule: result.id, impact: result.impact, help: result.help, more: result.helpUrl,
        nodes: result.nodes.map((node) => node.target.flat(3).join(" ")),
      }));
      return { violations: brief(found.violations), undecided: brief(found.incomplete), rules: found.passes.length };
    });
    return running;
  };

  const looks = new Map(); // by path: the examination that runs or has ended
  const done = new Set();
  let timer = 0, since = 0, changedAt = 0;
  const look = async (here) => {
    try {
      const found = await examine();
      if (path() !== here) return looks.delete(here);
      tell("examined", { path: here, ...found });
    } catch (error) {
      tell("unexamined", { path: here, why: String(error) });
    }
    done.add(here);
  };
  const begin = () => {
    const here = path();
    since = 0;
    if (!looks.has(here) && document.body) looks.set(here, look(here));
    return looks.get(here);
  };
  const changed = () => {
    changedAt = performance.now();
    if (document.readyState !== "complete" || looks.has(path())) return;
    since ||= changedAt;
    clearTimeout(timer);
    timer = setTimeout(begin, changedAt - since > LONGEST ? 0 : QUIET);
  };
  // A test's next action waits for this, so that no page is left unexamined because the test is quicker than axe.
  const due = () => Boolean(document.body) && !done.has(path());
  const soon = async () => {
    const until = performance.now() + LONGEST;
    const busy = () => document.readyState !== "complete" || performance.now() - changedAt < QUIET;
    while (busy() && performance.now() < until) await new Promise((go) => setTimeout(go, 20));
    await begin();
  };
  const seen = () => tell("seen", { path: path(), url: location.href });
  addEventListener("load", () => {
    seen();
    setTimeout(() => { // the event has its end only when its handlers have returned
      vitals.load = performance.getEntriesByType("navigation")[0]?.loadEventEnd || null;
      tellVitals();
      changed();
    });
  });
  window.navigation?.addEventListener("currententrychange", () => {
    if (document.readyState === "complete") seen();
    changed();
  });
  new MutationObserver(changed).observe(document, {
    subtree: true, childList: true, attributes: true, characterData: true,
  });
  Object.defineProperty(window, "__stackproof", {
    value: { id, path, examine, due, soon, vitals: () => ({ path: first, ...vitals }) },
  });
})();
