// The editor: one document, written by several people at once.

import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { get, put, remove, socketAddress } from "../api.js";
import { announce, byId, h, icon, ICONS } from "../dom.js";
import { attempt, form, openDialog } from "../forms.js";
import { face, share } from "../people.js";
import { go } from "../router.js";
import { endSession, session } from "../session.js";
import { bind } from "./binding.js";
import { Connection } from "./connection.js";
import { toolbar } from "./format.js";
import { render, words } from "./preview.js";

const WORDS = {
  connecting: "Opening…",
  saving: "Saving…",
  saved: "Saved",
  offline: "Offline. What you write is kept here, and sent when you are back.",
  gone: "This document was deleted, or is not shared with you any more.",
  "signed-out": "",
};

/** @param {string[]} parts */
export async function editor([id]) {
  const [row] = await Promise.all([get(`/documents/${id}`)]);
  const document_ = new Y.Doc();
  const text = document_.getText("content");
  const awareness = new Awareness(document_);
  const area = h("textarea", {
    class: "written",
    id: "source",
    "aria-label": "Markdown",
    spellcheck: true,
    readOnly: true,
    value: row.content,
  });
  const preview = h("div", { class: "prose", id: "preview", tabIndex: 0, role: "region", "aria-label": "Preview" });
  const state = h("span", { class: "state", role: "status", "data-state": "connecting" }, WORDS.connecting);
  const length = h("span", { class: "about" });
  const here = h("ul", { class: "faces", id: "here", "aria-label": "People here now" });
  const heading = h("h1", { class: "visually-hidden" }, row.title);

  const draw = painter(preview, length);
  draw(row.content);
  text.observe(() => draw(text.toString()));
  const typing = typingNote(awareness);
  awareness.on("change", (/** @type {any} */ changes) => showPeople(here, awareness, changes));

  /** @type {(() => void) | undefined} */
  let unbind;
  const connection = new Connection({
    address: socketAddress(id),
    token: session()?.token ?? "",
    document: document_,
    awareness,
    changed: (now) => {
      if (connection?.synced && !unbind) {
        unbind = bind(area, text, typing);
        area.readOnly = false;
      }
      if (now === "gone") area.readOnly = true;
      if (now === "signed-out") endSession("Please sign in again.");
      showState(state, now);
    },
  });
  const warn = (/** @type {BeforeUnloadEvent} */ event) => unbind && !connection.saved && event.preventDefault();
  window.addEventListener("beforeunload", warn);

  return {
    title: row.title,
    kind: "desk",
    content: [
      heading,
      h(
        "div",
        { class: "bar" },
        h(
          "a",
          {
            href: `/workspaces/${row.workspace_id}`,
            class: "back",
            "aria-label": "Back to the workspace",
            title: "Back to the workspace",
          },
          icon(ICONS.back),
        ),
        titleField(row, heading),
        here,
        h(
          "button",
          { type: "button", onclick: () => attempt(() => share(row.workspace_id)) },
          icon(ICONS.share),
          "Share",
        ),
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": "Delete document",
            title: "Delete document",
            onclick: () => confirmDelete(row),
          },
          icon(ICONS.trash),
        ),
      ),
      h("div", { class: "under" }, toolbar(area), switcher(), h("div", { class: "facts" }, state, length)),
      h("div", { class: "panes" }, area, preview),
    ],
    leave: () => {
      window.removeEventListener("beforeunload", warn);
      unbind?.();
      connection.close();
      awareness.destroy();
      document_.destroy();
    },
  };
}

/** Draws the preview, at most once for each picture on the screen. @param {HTMLElement} preview @param {HTMLElement} length */
function painter(preview, length) {
  let next = "";
  let planned = false;
  return (/** @type {string} */ text) => {
    next = text;
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      preview.replaceChildren(next.trim() ? render(next) : h("p", { class: "hint" }, "What you write appears here."));
      const number = words(next);
      length.textContent = `${number} ${number === 1 ? "word" : "words"}`;
    });
  };
}

/** Lets others see that one is writing. @param {Awareness} awareness */
function typingNote(awareness) {
  let timer = 0;
  awareness.setLocalState({ typing: false });
  return () => {
    clearTimeout(timer);
    if (!awareness.getLocalState()?.typing) awareness.setLocalStateField("typing", true);
    timer = window.setTimeout(() => awareness.getLocalState() && awareness.setLocalStateField("typing", false), 1500);
  };
}

/** Shows the others, once each; who they are, the server says. @param {HTMLElement} list @param {Awareness} awareness @param {any} changes */
function showPeople(list, awareness, changes) {
  const me = awareness.clientID;
  const people = new Map();
  for (const [client, { user, typing }] of awareness.getStates())
    if (client !== me && user) people.set(user.id, { ...user, typing: typing || people.get(user.id)?.typing });
  const before = new Set([...list.children].map((item) => /** @type {HTMLElement} */ (item).dataset.person));
  list.replaceChildren(
    ...[...people.values()].map((person) => {
      const item = face(person);
      item.dataset.person = person.id;
      return item;
    }),
  );
  for (const client of changes.added) {
    const user = awareness.getStates().get(client)?.user;
    if (user && client !== me && !before.has(user.id)) announce(`${user.name} is here`);
  }
}

/** @type {number} */
let later = 0;

/** "Saving" is only worth showing when it takes a while. @param {HTMLElement} place @param {keyof typeof WORDS} now */
function showState(place, now) {
  clearTimeout(later);
  place.dataset.state = now;
  const write = () => {
    place.textContent = WORDS[now];
    place.title = WORDS[now];
  };
  if (now === "saving") later = window.setTimeout(write, 700);
  else if (place.textContent !== WORDS[now]) write();
}

/** @param {any} row @param {HTMLElement} heading */
function titleField(row, heading) {
  const input = h("input", {
    class: "title",
    "aria-label": "Title",
    value: row.title,
    maxLength: 200,
    required: true,
    autocomplete: "off",
    spellcheck: true,
  });
  let timer = 0;
  const save = async () => {
    clearTimeout(timer);
    const title = input.value.trim();
    if (!title || title === row.title) return;
    row.title = title;
    await put(`/documents/${row.id}`, { title }).catch(() => (row.title = ""));
    heading.textContent = title;
    document.title = `${title} · MDReader`;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(save, 600);
  });
  input.addEventListener("change", save);
  input.addEventListener("blur", () => (input.value ||= row.title));
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // else it would begin a line in the text
    byId("source").focus();
  });
  if (row.title === "Untitled" && !row.content) requestAnimationFrame(() => input.select());
  return input;
}

/** On a narrow screen one sees either the text or the preview. */
function switcher() {
  const show = (/** @type {string} */ pane) => byId("main").setAttribute("data-pane", pane);
  show("write");
  const option = (/** @type {string} */ value, /** @type {string} */ label) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name: "pane", value, checked: value === "write", onchange: () => show(value) }),
      h("span", {}, label),
    );
  return h(
    "div",
    { class: "switch", role: "radiogroup", "aria-label": "View" },
    option("write", "Write"),
    option("read", "Preview"),
  );
}

/** @param {any} row */
function confirmDelete(row) {
  openDialog("Delete this document?", (close) => [
    h("p", {}, `“${row.title}” is deleted for everybody. This cannot be undone.`),
    form({
      submit: "Delete document",
      danger: true,
      cancel: close,
      send: async () => {
        await remove(`/documents/${row.id}`);
        close();
        await go(`/workspaces/${row.workspace_id}`);
      },
    }),
  ]);
}
