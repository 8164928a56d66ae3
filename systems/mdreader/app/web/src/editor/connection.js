// The connection to the collaboration server: Yjs's sync and awareness protocols, coming back when it is lost, and
// knowing what is stored.

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as awarenessProtocol from "y-protocols/awareness";
import * as syncProtocol from "y-protocols/sync";

const SYNC = 0;
const AWARENESS = 1;
const STORED = 100; // the server's own: how many edits of this connection are stored
const ENDED = { 4401: "signed-out", 4404: "gone" };
const ASK_EVERY = 20_000; // milliseconds; the answer shows that the connection is alive
const ANSWER_WITHIN = 10_000;

/** @typedef {"connecting" | "saving" | "saved" | "offline" | "signed-out" | "gone"} State */

export class Connection {
  /**
   * @param {{address: string, token: string, document: import("yjs").Doc, awareness: awarenessProtocol.Awareness,
   *   changed: (state: State) => void}} options
   */
  constructor({ address, token, document, awareness, changed }) {
    this.address = address;
    this.token = token;
    this.document = document;
    this.awareness = awareness;
    this.changed = changed;
    /** @type {WebSocket | undefined} */
    this.socket = undefined;
    /** @type {State} */
    this.state = "connecting";
    this.synced = false;
    this.sent = 0;
    this.stored = 0;
    this.attempts = 0;
    this.timers = /** @type {Record<string, number>} */ ({});
    this.ended = false;
    this.onUpdate = (/** @type {Uint8Array} */ update, /** @type {any} */ origin) =>
      origin !== this && this.#sendEdit(update);
    this.onAwareness = (/** @type {any} */ changes, /** @type {any} */ origin) =>
      origin === "local" && this.#sendAwareness(changes);
    this.onOnline = () => this.#open();
    document.on("update", this.onUpdate);
    awareness.on("update", this.onAwareness);
    window.addEventListener("online", this.onOnline);
    this.#open();
  }

  /** Whether everything that was written here is stored. */
  get saved() {
    return this.synced && this.stored >= this.sent;
  }

  close() {
    this.#end();
    awarenessProtocol.removeAwarenessStates(this.awareness, [this.document.clientID], "local");
    this.socket?.close(1000);
  }

  #end() {
    this.ended = true;
    this.document.off("update", this.onUpdate);
    window.removeEventListener("online", this.onOnline);
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
  }

  #open() {
    if (this.ended || (this.socket && this.socket.readyState < WebSocket.CLOSING)) return;
    clearTimeout(this.timers.again);
    const socket = new WebSocket(this.address, ["mdreader", this.token]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.sent = this.stored = 0;
      this.#ask();
      const mine = this.awareness.getLocalState();
      if (mine) this.awareness.setLocalState(mine); // said anew: the others may have been told that we are gone
    });
    socket.addEventListener("message", (event) => this.#hear(new Uint8Array(event.data)));
    socket.addEventListener("close", (event) => this.socket === socket && this.#lost(event.code));
  }

  /** @param {number} code */
  #lost(code) {
    this.synced = false;
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.document.clientID);
    awarenessProtocol.removeAwarenessStates(this.awareness, others, this);
    clearTimeout(this.timers.ask);
    clearTimeout(this.timers.answer);
    if (this.ended) return;
    const ended = ENDED[/** @type {keyof typeof ENDED} */ (code)];
    if (ended) {
      this.#end();
      this.#become(/** @type {State} */ (ended));
      return;
    }
    if (this.attempts > 0) this.#become("offline"); // the first loss is mostly over before anybody could read it
    const wait = Math.min(300 * 1.5 ** this.attempts++, 4000) * (0.75 + Math.random() / 2);
    this.timers.again = window.setTimeout(() => this.#open(), wait);
    this.timers.offline = window.setTimeout(() => !this.synced && this.#become("offline"), 1500);
  }

  /** Send what we know, so that the server answers with what we lack. */
  #ask() {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, SYNC);
    syncProtocol.writeSyncStep1(encoder, this.document);
    this.#send(encoder);
    clearTimeout(this.timers.answer);
    this.timers.answer = window.setTimeout(() => this.#giveUp(), ANSWER_WITHIN);
    this.timers.ask = window.setTimeout(() => this.#ask(), ASK_EVERY);
  }

  /** A connection that does not answer is dead, though nobody said so. */
  #giveUp() {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    this.#lost(1006);
  }

  /** @param {Uint8Array} message */
  #hear(message) {
    const decoder = decoding.createDecoder(message);
    const kind = decoding.readVarUint(decoder);
    if (kind === SYNC) this.#hearSync(decoder);
    else if (kind === AWARENESS)
      awarenessProtocol.applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
    else if (kind === STORED) {
      this.stored = decoding.readVarUint(decoder);
      this.#look();
    }
  }

  /** @param {decoding.Decoder} decoder */
  #hearSync(decoder) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, SYNC);
    const kind = syncProtocol.readSyncMessage(decoder, encoder, this.document, this);
    if (kind === syncProtocol.messageYjsSyncStep1) {
      this.sent += 1; // our answer holds whatever the server lacks
      this.#send(encoder);
    } else if (kind === syncProtocol.messageYjsSyncStep2) {
      clearTimeout(this.timers.answer);
      this.synced = true;
      this.attempts = 0;
      this.#look();
    }
  }

  /** @param {Uint8Array} update */
  #sendEdit(update) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, SYNC);
    syncProtocol.writeUpdate(encoder, update);
    if (this.#send(encoder)) this.sent += 1; // else it goes with the next answer to the server's question
    this.#look();
  }

  /** @param {{added: number[], updated: number[], removed: number[]}} changes */
  #sendAwareness({ added, updated, removed }) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, AWARENESS);
    const clients = [...added, ...updated, ...removed];
    encoding.writeVarUint8Array(encoder, awarenessProtocol.encodeAwarenessUpdate(this.awareness, clients));
    this.#send(encoder);
  }

  /** @param {encoding.Encoder} encoder */
  #send(encoder) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(encoding.toUint8Array(encoder));
    return true;
  }

  #look() {
    if (!this.synced) return;
    clearTimeout(this.timers.offline);
    this.#become(this.saved ? "saved" : "saving");
  }

  /** @param {State} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.changed(state);
  }
}
