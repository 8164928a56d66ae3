// Forms: labelled fields, what is wrong beside the field, one request at a time.

import { Problem } from "./api.js";
import { announce, h, icon, ICONS } from "./dom.js";

let count = 0;

/**
 * A labelled field. Other properties go to the input.
 * @param {{label: string, name: string, hint?: string, multiline?: boolean} & Record<string, any>} options
 */
export function field({ label, name, hint, multiline = false, ...rest }) {
  const id = `field-${++count}`;
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const input = h(multiline ? "textarea" : "input", { id, name, ...rest, "aria-describedby": described });
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, rest.required ? null : h("span", { class: "optional" }, " optional")),
    rest.type === "password" ? h("div", { class: "reveal" }, input, reveal(input)) : input,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    h("p", { class: "error", id: `${id}-error`, role: "alert", hidden: true }),
  );
}

/** @param {any} input */
function reveal(input) {
  const button = h(
    "button",
    { type: "button", class: "quiet small", "aria-pressed": "false", "aria-label": "Show password" },
    "Show",
  );
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
  });
  return button;
}

/**
 * A form that sends its values and shows what is wrong with them.
 * @param {{submit: string, send: (values: any) => Promise<any>, cancel?: () => void, danger?: boolean}} options
 * @param {...Node} fields
 */
export function form({ submit, send, cancel, danger = false }, ...fields) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: danger ? "danger" : "primary" }, submit);
  const actions = h(
    "div",
    { class: "actions" },
    cancel && h("button", { type: "button", onclick: cancel }, "Cancel"),
    button,
  );
  const element = h("form", { noValidate: true }, problem, ...fields, actions);
  element.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true" || !complete(element)) return;
    button.setAttribute("aria-disabled", "true");
    problem.hidden = true;
    try {
      await send(Object.fromEntries(new FormData(element)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      complain(element, problem, error);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  return element;
}

/** Do something that may be refused; then the banner, or the one who listens, is told. @param {() => any} action */
export async function attempt(action) {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    announce(error.message);
  }
}

/** Whether every field is as its input wants it; the first that is not gets the focus. @param {HTMLFormElement} element */
function complete(element) {
  const wrong = inputs(element).filter((input) => {
    const valid = input.checkValidity();
    tell(input, valid ? "" : explain(input));
    return !valid;
  });
  wrong[0]?.focus();
  return wrong.length === 0;
}

/** @param {any} input */
function explain(input) {
  if (input.validity.valueMissing) return "Fill this in.";
  if (input.validity.typeMismatch) return "Enter an e-mail address, such as ann@example.com.";
  return input.validationMessage;
}

/** @param {HTMLFormElement} element @param {any} problem @param {Problem} error */
function complain(element, problem, error) {
  let first;
  for (const input of inputs(element)) {
    const message = error.fields[input.name] ?? "";
    tell(input, message && `${message[0].toUpperCase()}${message.slice(1)}.`);
    if (message) first ??= input;
  }
  problem.textContent = error.message;
  problem.hidden = first !== undefined; // what is said beside the field need not be said twice
  first?.focus();
}

/** @param {any} input @param {string} message */
function tell(input, message) {
  const place = input.closest(".field").querySelector(".error");
  place.textContent = message;
  place.hidden = !message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} element @returns {any[]} */
function inputs(element) {
  return [...element.querySelectorAll("input, textarea")];
}

/**
 * A dialog with a title; Escape and the cross close it, and the focus goes back to where it was.
 * @param {string} title
 * @param {(close: () => void) => Node[]} content
 */
export function openDialog(title, content) {
  const id = `dialog-${++count}`;
  const dialog = h("dialog", { "aria-labelledby": id });
  const close = () => dialog.close();
  dialog.append(
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id }, title),
      h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: close }, cross()),
    ),
    ...content(close),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input, textarea")?.focus();
  return dialog;
}

function cross() {
  const drawn = icon(ICONS.plus);
  drawn.classList.add("turned");
  return drawn;
}
