// Markdown as it will be read. What others write is not trusted: it is made safe before it is shown.

import DOMPurify from "dompurify";
import { Marked } from "marked";

const marked = new Marked({ gfm: true });
marked.use({
  renderer: {
    // the page has its own first heading
    heading({ tokens, depth }) {
      const level = Math.min(depth + 1, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
    checkbox({ checked }) {
      return `<span class="task" role="img" aria-label="${checked ? "done" : "to do"}">${checked ? "☑" : "☐"}</span> `;
    },
  },
});

const RULES = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "option", "dialog", "audio", "video"],
  FORBID_ATTR: ["style", "id", "name", "tabindex", "contenteditable", "autofocus"],
};

/** @param {string} text @returns {DocumentFragment} */
export function render(text) {
  const html = /** @type {string} */ (marked.parse(text, { async: false }));
  const made = /** @type {DocumentFragment} */ (
    /** @type {unknown} */ (DOMPurify.sanitize(html, { ...RULES, RETURN_DOM_FRAGMENT: true }))
  );
  made.querySelectorAll("a[href]").forEach((link) => {
    link.setAttribute("rel", "noopener noreferrer");
    link.setAttribute("target", "_blank");
  });
  made.querySelectorAll("img").forEach(showImage);
  made.querySelectorAll("pre").forEach((block) => {
    block.tabIndex = 0; // long lines are scrolled to, by keyboard too
    block.setAttribute("role", "region");
    block.setAttribute("aria-label", "Code");
  });
  made.querySelectorAll("table").forEach(wrap);
  return made;
}

/** An image of another site would tell that site who reads; it becomes a link. @param {HTMLImageElement} image */
function showImage(image) {
  const source = image.getAttribute("src") ?? "";
  image.alt ||= "";
  if (/^data:image\//.test(source) || new URL(source, location.origin).origin === location.origin) return;
  const link = document.createElement("a");
  link.href = source;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.textContent = `Image: ${image.alt || source}`;
  image.replaceWith(link);
}

/** @param {HTMLTableElement} table */
function wrap(table) {
  const around = document.createElement("div");
  around.className = "wide";
  around.tabIndex = 0;
  around.setAttribute("role", "region");
  around.setAttribute("aria-label", "Table");
  table.replaceWith(around);
  around.append(table);
}

/** @param {string} text */
export function words(text) {
  return text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
}
