// Who is signed in, kept in this browser until the token ends.

const KEY = "mdreader.session";

/** @typedef {{id: string, email: string, username: string, full_name: string}} Person */
/** @typedef {{token: string, until: number, user: Person}} Session */

/** @returns {Session | null} */
export function session() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return kept && kept.until > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

/** @param {{access_token: string, expires_in: number, user: Person}} answer */
export function beginSession(answer) {
  const kept = { token: answer.access_token, until: Date.now() + answer.expires_in * 1000, user: answer.user };
  localStorage.setItem(KEY, JSON.stringify(kept));
}

/** Forget who is signed in, and show the sign-in page with a word why. @param {string} [why] */
export function endSession(why = "") {
  localStorage.removeItem(KEY);
  window.dispatchEvent(new CustomEvent("session-ended", { detail: why }));
}

window.addEventListener("storage", (event) => {
  if (event.key === KEY && !event.newValue) window.dispatchEvent(new CustomEvent("session-ended", { detail: "" }));
});
