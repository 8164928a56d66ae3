// Signing in and signing up.

import { post, Problem } from "../api.js";
import { h } from "../dom.js";
import { field, form } from "../forms.js";
import { go } from "../router.js";
import { beginSession, session } from "../session.js";

export function signIn() {
  const notice = sessionStorage.getItem("mdreader.notice");
  sessionStorage.removeItem("mdreader.notice");
  return page(
    "Sign in",
    notice ? h("p", { class: "notice", role: "status" }, notice) : null,
    form(
      { submit: "Sign in", send: (values) => enter("/auth/login", values) },
      field({
        label: "E-mail",
        name: "email",
        type: "email",
        required: true,
        autocomplete: "username",
        maxLength: 254,
      }),
      field({
        label: "Password",
        name: "password",
        type: "password",
        required: true,
        autocomplete: "current-password",
        maxLength: 256,
      }),
    ),
    h("p", { class: "other" }, "New here? ", h("a", { href: `/sign-up${location.search}` }, "Create an account")),
  );
}

export function signUp() {
  return page(
    "Create an account",
    null,
    form(
      { submit: "Create account", send: (values) => enter("/auth/register", values) },
      field({ label: "Name", name: "full_name", required: true, autocomplete: "name", maxLength: 200 }),
      field({
        label: "E-mail",
        name: "email",
        type: "email",
        required: true,
        autocomplete: "username",
        maxLength: 254,
      }),
      field({
        label: "Password",
        name: "password",
        type: "password",
        required: true,
        autocomplete: "new-password",
        maxLength: 256,
        hint: "8 characters or more, with upper case, lower case, a number and a symbol.",
      }),
    ),
    h("p", { class: "other" }, "Have an account already? ", h("a", { href: `/sign-in${location.search}` }, "Sign in")),
  );
}

/** @param {string} path @param {any} values */
async function enter(path, values) {
  const answer = await post(path, values);
  if (!answer.access_token) throw new Problem(200, "MDReader answered without a token. Try again.");
  beginSession(answer);
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  await go(/^\/[^/\\]/.test(next) ? next : "/"); // an address of ours, never another site's
}

/** @param {string} title @param {...(Node | null)} content */
function page(title, ...content) {
  if (session()) history.replaceState(null, "", location.pathname); // signing in as somebody else is fine
  return {
    title,
    kind: "entrance",
    content: [
      h(
        "section",
        { class: "entry", "aria-labelledby": "entry-title" },
        h("h1", { id: "entry-title" }, title),
        ...content,
      ),
      specimen(),
    ],
  };
}

/** What MDReader does, shown instead of said. */
function specimen() {
  const written = [
    "# Field notes",
    "",
    "The river is *higher* than in March.",
    "",
    "- heron, twice",
    "- no otters **yet**",
    "",
    "> Ask Noor about the old gauge.",
  ];
  return h(
    "figure",
    { class: "specimen" },
    h("div", { class: "sheet written", "aria-hidden": "true" }, h("pre", {}, written.join("\n"))),
    h(
      "div",
      { class: "sheet prose", "aria-hidden": "true" },
      h("p", { class: "as-heading" }, "Field notes"),
      h("p", {}, "The river is ", h("em", {}, "higher"), " than in March."),
      h("ul", {}, h("li", {}, "heron, twice"), h("li", {}, "no otters ", h("strong", {}, "yet"))),
      h("blockquote", {}, h("p", {}, "Ask Noor about the old gauge.")),
    ),
    h("figcaption", {}, "Write Markdown together. Everybody sees every word, as it is written."),
  );
}
