// Addresses to pages. A page is a function that gets the parts of its address and returns its elements.

import { announce, byId } from "./dom.js";

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {Node[]} content
 * @property {string} [kind] class of the main element
 * @property {() => void} [leave] called when the page is left
 */
/** @typedef {(parts: string[]) => Page | Promise<Page>} Show */

/** @type {[RegExp, Show][]} */
const routes = [];
/** @type {Show} */
let failed = () => ({ title: "", content: [] });
/** @type {(() => void) | undefined} */
let leave;
let turn = 0;

/** @param {[RegExp, Show][]} table @param {(error: any) => Page} failure */
export function startRouter(table, failure) {
  routes.push(...table);
  failed = /** @type {any} */ (failure);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.target || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  window.addEventListener("popstate", () => show());
  return show();
}

/** Go to an address of this application. @param {string} address @param {{replace?: boolean}} [how] */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  return show();
}

/** Show the page of the current address. */
export async function show() {
  const mine = ++turn;
  const path = location.pathname.replace(/\/+$/, "") || "/";
  const [pattern, page] = routes.find(([each]) => each.test(path)) ?? [];
  const parts = pattern?.exec(path)?.slice(1) ?? [];
  let shown;
  try {
    shown = page ? await page(parts) : failed(/** @type {any} */ ({ status: 404 }));
  } catch (error) {
    shown = failed(/** @type {any} */ (error));
  }
  const { title, content, kind = "", leave: next } = await shown;
  if (mine !== turn) {
    next?.(); // somebody has gone on meanwhile
    return;
  }
  const first = leave === undefined && !byId("main").hasAttribute("data-shown");
  leave?.();
  leave = next;
  document.title = title ? `${title} · MDReader` : "MDReader";
  const main = byId("main").cloneNode(false); // another page, not this one moved: what is new does not shift
  main.className = kind;
  main.setAttribute("data-shown", "");
  main.replaceChildren(...content);
  byId("main").replaceWith(main);
  window.dispatchEvent(new Event("page-shown"));
  if (!first) {
    window.scrollTo(0, 0);
    if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
    announce(title);
  }
}
