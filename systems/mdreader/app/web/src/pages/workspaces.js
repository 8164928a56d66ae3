// The workspaces of a person, and the documents of a workspace.

import { get, post } from "../api.js";
import { h, icon, ICONS } from "../dom.js";
import { attempt, field, form, openDialog } from "../forms.js";
import { faces, share } from "../people.js";
import { go } from "../router.js";

export async function workspaces() {
  const found = await get("/workspaces");
  return {
    title: "Workspaces",
    kind: "shelf",
    content: [
      h("div", { class: "head" }, h("h1", {}, "Workspaces"), newButton("New workspace", newWorkspace)),
      found.length
        ? h("ul", { class: "rows" }, ...found.map(workspaceRow))
        : empty(ICONS.folder, "No workspace yet", "A workspace holds documents and the people who write them."),
    ],
  };
}

/** @param {any} workspace */
function workspaceRow(workspace) {
  const about = [count(workspace.documents, "document"), count(workspace.members, "person", "people")].join(" · ");
  return h(
    "li",
    {},
    icon(ICONS.folder),
    h(
      "div",
      {},
      h("a", { href: `/workspaces/${workspace.id}` }, workspace.name),
      workspace.description && h("p", {}, workspace.description),
    ),
    h("span", { class: "about" }, about),
  );
}

function newWorkspace() {
  openDialog("New workspace", (close) => [
    form(
      {
        submit: "Create workspace",
        cancel: close,
        send: async (values) => {
          const made = await post("/workspaces", values);
          close();
          await go(`/workspaces/${made.id}`);
        },
      },
      field({ label: "Name", name: "name", required: true, maxLength: 200, autocomplete: "off" }),
      field({ label: "Description", name: "description", maxLength: 2000, multiline: true, rows: 3 }),
    ),
  ]);
}

/** @param {string[]} parts */
export async function workspace([id]) {
  const [found, documents, members] = await Promise.all([
    get(`/workspaces/${id}`),
    get(`/documents?workspace_id=${id}`),
    get(`/workspaces/${id}/members`),
  ]);
  const people = h("div", { class: "people" }, faces(members));
  const create = async () => {
    const made = await post("/documents", { workspace_id: id, title: "Untitled" });
    await go(`/documents/${made.id}`);
  };
  return {
    title: found.name,
    kind: "shelf",
    content: [
      h(
        "nav",
        { "aria-label": "Breadcrumb", class: "crumbs" },
        h("a", { href: "/workspaces" }, icon(ICONS.back), "Workspaces"),
      ),
      h(
        "div",
        { class: "head" },
        h("h1", {}, found.name),
        people,
        h(
          "button",
          { type: "button", onclick: () => attempt(() => share(id, (all) => people.replaceChildren(faces(all)))) },
          icon(ICONS.share),
          "Share",
        ),
        newButton("New document", create),
      ),
      found.description && h("p", { class: "lead" }, found.description),
      documents.length
        ? h("ul", { class: "rows" }, ...documents.map(documentRow))
        : empty(
            ICONS.page,
            "No document yet",
            "Everything that you write here is seen by the people of this workspace.",
          ),
    ].filter(Boolean),
  };
}

/** @param {any} document */
function documentRow(document) {
  const changed = new Date(document.updated_at);
  return h(
    "li",
    {},
    icon(ICONS.page),
    h("div", {}, h("a", { href: `/documents/${document.id}` }, document.title)),
    h("time", { class: "about", dateTime: document.updated_at, title: changed.toLocaleString() }, ago(changed)),
  );
}

/** @param {string} label @param {() => any} action */
function newButton(label, action) {
  const button = h("button", { type: "button", class: "primary" }, icon(ICONS.plus), label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true"); // not "disabled", which would take the focus away
    await attempt(action).finally(() => button.removeAttribute("aria-disabled"));
  });
  return button;
}

/** @param {string} drawing @param {string} title @param {string} text */
function empty(drawing, title, text) {
  return h("div", { class: "empty" }, icon(drawing), h("p", { class: "as-heading" }, title), h("p", {}, text));
}

/** @param {number} number @param {string} one @param {string} [many] */
function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

/** @param {Date} when */
function ago(when) {
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const seconds = (when.getTime() - Date.now()) / 1000;
  if (seconds > -60) return "just now";
  if (seconds > -3600) return format.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return format.format(Math.round(seconds / 3600), "hour");
  if (seconds > -30 * 86_400) return format.format(Math.round(seconds / 86_400), "day");
  return when.toLocaleDateString("en", { dateStyle: "medium" });
}
