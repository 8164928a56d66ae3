// Buttons and keys that write Markdown's marks.

import { h, icon, ICONS } from "../dom.js";

/** @typedef {{label: string, face: string | (() => Node), key?: string, act: (area: HTMLTextAreaElement) => void}} Action */

/** @type {Action[]} */
const ACTIONS = [
  { label: "Heading", face: "H", act: (area) => lines(area, "## ") },
  { label: "Bold", face: "B", key: "b", act: (area) => around(area, "**", "bold") },
  { label: "Italic", face: "I", key: "i", act: (area) => around(area, "*", "italic") },
  { label: "Link", face: () => icon(ICONS.link), key: "k", act: link },
  { label: "List", face: () => icon(ICONS.list), act: (area) => lines(area, "- ") },
  { label: "Quote", face: () => icon(ICONS.quote), act: (area) => lines(area, "> ") },
  { label: "Code", face: () => icon(ICONS.code), act: (area) => around(area, "`", "code") },
];

/** @param {HTMLTextAreaElement} area */
export function toolbar(area) {
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const action = ACTIONS.find(({ key }) => key === event.key.toLowerCase());
    if (!action) return;
    event.preventDefault();
    action.act(area);
  });
  return h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Formatting" },
    ...ACTIONS.map(({ label, face, key, act }) => {
      const title = key ? `${label} (Ctrl+${key.toUpperCase()})` : label;
      const look = typeof face === "string" ? face : face();
      return h(
        "button",
        {
          type: "button",
          class: `quiet mark-${label.toLowerCase()}`,
          title,
          "aria-label": label,
          onclick: () => act(area),
        },
        look,
      );
    }),
  );
}

/** @param {HTMLTextAreaElement} area @param {string} text @param {number} from @param {number} to */
function replace(area, text, from, to) {
  area.focus();
  area.setRangeText(text, from, to, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** @param {HTMLTextAreaElement} area @param {string} mark @param {string} sample */
function around(area, mark, sample) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to) || sample;
  replace(area, mark + chosen + mark, from, to);
  area.setSelectionRange(from + mark.length, from + mark.length + chosen.length);
}

/** @param {HTMLTextAreaElement} area @param {string} mark */
function lines(area, mark) {
  const { selectionStart, selectionEnd: to, value } = area;
  const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const chosen = value.slice(from, to).split("\n");
  const has = chosen.every((line) => line.startsWith(mark));
  replace(area, chosen.map((line) => (has ? line.slice(mark.length) : mark + line)).join("\n"), from, to);
}

/** @param {HTMLTextAreaElement} area */
function link(area) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to) || "text";
  replace(area, `[${chosen}](https://)`, from, to);
  const at = from + chosen.length + 3;
  area.setSelectionRange(at, at + 8);
}
