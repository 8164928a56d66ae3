// What is shown when there is nothing to show.

import { config } from "../api.js";
import { h } from "../dom.js";
import { show } from "../router.js";

export function notFound() {
  return {
    title: "Not found",
    kind: "narrow",
    content: [
      h("p", { class: "eyebrow" }, "404"),
      h("h1", {}, "There is nothing here"),
      h("p", {}, "The address may be wrong, what was here may have been deleted, or it is not shared with you."),
      h("p", {}, h("a", { href: "/", class: "button" }, "To your workspaces")),
    ],
  };
}

/** Show the page once more; where not even the addresses could be read, from the beginning. */
function again() {
  if (Object.keys(config).length) show();
  else location.reload();
}

/** @param {any} error */
export function failure(error) {
  const known = typeof error?.status === "number";
  return {
    title: "Not available",
    kind: "narrow",
    content: [
      h("h1", { "data-again": "" }, "This did not work"),
      h("p", {}, known ? error.message : "Something went wrong in this page."),
      h("p", {}, h("button", { type: "button", class: "primary", onclick: again }, "Try again")),
    ],
  };
}
