// Starts the application: reads where the API is, and shows the page of the address.

import { config, fault, loadConfig, post } from "./api.js";
import { byId, h } from "./dom.js";
import { failure, notFound } from "./pages/failures.js";
import { signIn, signUp } from "./pages/sign-in.js";
import { workspace, workspaces } from "./pages/workspaces.js";
import { go, show, startRouter } from "./router.js";
import { endSession, session } from "./session.js";

const ID = "[0-9a-fA-F-]{36}";

/** A page for people who are signed in; others sign in first and come back. @param {any} page @returns {any} */
function forPeople(page) {
  return async (/** @type {string[]} */ parts) => {
    if (session()) return page(parts);
    const next = location.pathname === "/" ? "" : `?next=${encodeURIComponent(location.pathname)}`;
    history.replaceState(null, "", `/sign-in${next}`);
    return signIn();
  };
}

/** @param {string[]} parts */
async function document_(parts) {
  const { editor } = await import("./editor/page.js");
  return editor(parts);
}

function top() {
  const person = session()?.user;
  const logo = h("img", { src: "/logo.svg", width: 28, height: 28 });
  if (!fault("image-without-alt")) logo.alt = "MDReader";
  byId("top").replaceChildren(
    h("a", { href: "/", class: "brand" }, logo, h("span", { "aria-hidden": "true" }, "MDReader")),
    person
      ? h(
          "div",
          { class: "who" },
          h("span", { class: "name", title: person.email }, person.full_name),
          h("button", { type: "button", class: "quiet", onclick: signOut }, "Sign out"),
        )
      : h(
          "nav",
          { "aria-label": "Account" },
          h("a", { href: "/sign-in" }, "Sign in"),
          h("a", { href: "/sign-up" }, "Sign up"),
        ),
  );
}

async function signOut() {
  await post("/auth/logout").catch(() => undefined); // the token ends by itself soon; here it is forgotten in any case
  endSession("You are signed out.");
}

async function start() {
  await loadConfig();
  if (fault("slow-page")) await new Promise((resolve) => setTimeout(resolve, 5000));
  if (fault("console-error")) console.error("MDREADER_FAULT console-error");
  window.addEventListener("page-shown", top);
  window.addEventListener("session-ended", (event) => {
    const why = /** @type {CustomEvent} */ (event).detail;
    sessionStorage.setItem("mdreader.notice", why);
    go("/sign-in");
  });
  window.addEventListener("reachable-again", () => byId("main").querySelector("[data-again]") && show());
  await startRouter(
    [
      [/^\/$/, forPeople(workspaces)],
      [/^\/sign-in$/, signIn],
      [/^\/sign-up$/, signUp],
      [/^\/workspaces$/, forPeople(workspaces)],
      [new RegExp(`^/workspaces/(${ID})$`), forPeople(workspace)],
      [new RegExp(`^/documents/(${ID})$`), forPeople(document_)],
    ],
    (error) => (error.status === 404 ? notFound() : failure(error)),
  );
}

start().catch((error) => {
  const page = failure(error);
  byId("main").replaceChildren(...page.content);
  if (!Object.keys(config).length) top();
});
