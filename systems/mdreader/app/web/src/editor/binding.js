// Keeps a textarea and a Yjs text alike, whoever writes.

import { UndoManager } from "yjs";

/** What the smallest replacement is that makes one text of another, never cutting a character in two. @param {string} old @param {string} now */
export function difference(old, now) {
  const most = Math.min(old.length, now.length);
  let start = 0;
  while (start < most && old[start] === now[start]) start++;
  if (start > 0 && isHigh(old.charCodeAt(start - 1))) start--;
  let end = 0;
  while (end < most - start && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  if (end > 0 && isLow(old.charCodeAt(old.length - end))) end--;
  return { at: start, removed: old.length - start - end, inserted: now.slice(start, now.length - end) };
}

/** @param {number} unit */
const isHigh = (unit) => unit >= 0xd800 && unit < 0xdc00;
/** @param {number} unit */
const isLow = (unit) => unit >= 0xdc00 && unit < 0xe000;

/**
 * @param {HTMLTextAreaElement} area
 * @param {import("yjs").Text} text
 * @param {() => void} typed called after each edit that was made here
 * @returns {() => void} ends it
 */
export function bind(area, text, typed) {
  const origin = { area };
  const undo = new UndoManager(text, { trackedOrigins: new Set([origin]), captureTimeout: 400 });
  let known = text.toString();
  area.value = known;

  function input() {
    const { at, removed, inserted } = difference(known, area.value);
    known = area.value;
    text.doc?.transact(() => {
      if (removed) text.delete(at, removed);
      if (inserted) text.insert(at, inserted);
    }, origin);
    typed();
  }

  /** @param {import("yjs").YTextEvent} event @param {import("yjs").Transaction} transaction */
  function changed(event, transaction) {
    if (transaction.origin === origin) return;
    const selection =
      transaction.origin === undo
        ? [endOf(event.delta), endOf(event.delta)]
        : [area.selectionStart, area.selectionEnd].map((place) => moved(place, event.delta));
    const { scrollTop } = area;
    known = text.toString();
    area.value = known;
    area.setSelectionRange(selection[0], selection[1]);
    area.scrollTop = scrollTop;
  }

  /** The browser's own undo knows nothing of what others write. @param {KeyboardEvent} event */
  function keydown(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) undo.redo();
    else undo.undo();
  }

  area.addEventListener("input", input);
  area.addEventListener("keydown", keydown);
  text.observe(changed);
  return () => {
    area.removeEventListener("input", input);
    area.removeEventListener("keydown", keydown);
    text.unobserve(changed);
    undo.destroy();
  };
}

/** Where a change ends. @param {any[]} delta */
function endOf(delta) {
  return delta.reduce((at, part) => at + (part.retain ?? part.insert?.length ?? 0), 0);
}

/** Where a place in the text is after a change. @param {number} place @param {any[]} delta */
export function moved(place, delta) {
  let at = 0;
  let now = place;
  for (const part of delta) {
    if (part.retain) at += part.retain;
    else if (part.insert) {
      if (at < now) now += part.insert.length;
      at += part.insert.length;
    } else if (part.delete) now -= Math.max(0, Math.min(part.delete, now - at));
    if (at > now) break;
  }
  return now;
}
