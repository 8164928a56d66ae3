// The API: requests with the person's token, and its problems as errors.

import { endSession, session } from "./session.js";

/** @type {Record<string, string>} */
export const config = {};

/** An answer that is not what was asked for; `fields` maps field names to what is wrong with them. */
export class Problem extends Error {
  /** @param {number} status @param {string} detail @param {Record<string, string>} fields */
  constructor(status, detail, fields = {}) {
    super(detail);
    this.status = status;
    this.fields = fields;
  }
}

const UNREACHABLE = "MDReader cannot be reached right now.";

/** @type {Record<number, string>} */
const REFUSALS = {
  401: "Please sign in again.",
  403: "This was refused on its way. Text that looks like an attack is not let through.",
  429: "Too many requests from here. Try again in a few minutes.",
};

export async function loadConfig() {
  const answer = await fetch("/config.json");
  if (!answer.ok) throw new Problem(answer.status, UNREACHABLE);
  Object.assign(config, await answer.json());
}

/** @param {string} name */
export function fault(name) {
  return (config.MDREADER_FAULT ?? "")
    .split(",")
    .map((part) => part.trim())
    .includes(name);
}

/** @param {string} document */
export function socketAddress(document) {
  const here = location.origin.replace(/^http/, "ws");
  return `${(config.VITE_WS_URL || here).replace(/\/$/, "")}/ws/documents/${document}`;
}

/** @param {string} path @param {any} [body] @returns {Promise<any>} */
export const post = (path, body) => request("POST", path, body);
/** @param {string} path @param {any} body @returns {Promise<any>} */
export const put = (path, body) => request("PUT", path, body);
/** @param {string} path @returns {Promise<any>} */
export const get = (path) => request("GET", path);
/** @param {string} path @returns {Promise<any>} */
export const remove = (path) => request("DELETE", path);

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {any} [body]
 * @returns {Promise<any>}
 */
async function request(method, path, body) {
  const token = session()?.token;
  /** @type {Record<string, string>} */
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer;
  try {
    answer = await fetch(`${address()}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  } catch {
    reachable(false);
    throw new Problem(0, UNREACHABLE);
  }
  reachable(answer.status < 500);
  if (answer.status === 204) return undefined;
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  if (answer.status === 401 && token) endSession("Please sign in again.");
  const detail = content.detail ?? REFUSALS[answer.status] ?? UNREACHABLE; // what stands before the API has no words
  throw new Problem(answer.status, detail, fieldsOf(content.errors ?? []));
}

/** @param {{field: string, message: string}[]} errors */
function fieldsOf(errors) {
  return Object.fromEntries(
    errors.map(({ field, message }) => [field.replace(/^body\./, ""), message.replace(/^(Value error, |String )/, "")]),
  );
}

function address() {
  return (config.VITE_API_URL ?? "").replace(/\/$/, "");
}

// --- whether it answers -----------------------------------------------------------------------------------------

let waiting = 0;

/** Show or hide the banner, and look again while it shows. @param {boolean} answers */
function reachable(answers) {
  const banner = /** @type {HTMLElement} */ (document.getElementById("banner"));
  banner.textContent = answers ? "" : `${UNREACHABLE} Trying again…`;
  clearTimeout(waiting);
  if (!answers) waiting = window.setTimeout(look, 3000);
}

async function look() {
  const answer = await fetch(`${address()}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  reachable(answer?.status === 200);
  if (answer?.status === 200) window.dispatchEvent(new Event("reachable-again"));
}
