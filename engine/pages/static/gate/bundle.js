/** Judges codes without the network, from the event's signed bundle (engine/services/gates/gate_bundles.py says its layout). */

import * as store from "./store.js";

const ROW_BYTES = 20;
const text = new TextEncoder();

const fromBase64 = (value) => Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
const fromBase64Url = (value) => fromBase64(value.replaceAll("-", "+").replaceAll("_", "/"));
const sha256 = async (...parts) => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
};

/** Whether the bundle is the server's: Ed25519 over the payload's bytes. null where this browser cannot check. */
async function signed(document, pinnedKey) {
  if (document.public_key !== pinnedKey) return false;
  try {
    const key = await crypto.subtle.importKey("raw", fromBase64Url(pinnedKey), { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, fromBase64Url(document.signature), text.encode(document.payload));
  } catch (error) {
    if (error.name === "NotSupportedError") return null;
    throw error;
  }
}

export class Bundle {
  constructor() {
    this.payload = null;
    this.etag = "";
    this.syncedAtMs = 0;
    this.revoked = new Map();
    this.cursor = 0;
    this.used = new Map(); // unit -> {at, gate} of the entry, or null where that is not known
  }

  /** Bring back what an earlier visit kept. */
  async restore() {
    const kept = await store.open(await store.read("kept", "bundle"));
    if (!kept) return;
    this.take(kept.document, kept.etag);
    this.cursor = kept.cursor;
    this.revoked = new Map(kept.revoked);
    this.used = new Map(kept.used.map((entry) => (Array.isArray(entry) ? entry : [entry, null])));
    this.syncedAtMs = kept.syncedAtMs;
  }

  async keep() {
    if (!this.document) return;
    const { document, etag, cursor, syncedAtMs } = this;
    const value = { document, etag, cursor, syncedAtMs, revoked: [...this.revoked], used: [...this.used] };
    await store.write("kept", "bundle", await store.seal(value));
  }

  /** Fetch the bundle where it changed, then the revocations since. */
  async sync(server, eventId) {
    const headers = this.etag ? { "If-None-Match": this.etag } : {};
    const answer = await server.ask("GET", `/v1/events/${eventId}/gate-bundle`, { headers });
    if (answer.status !== 304) {
      const pinned = (await store.read("kept", "bundle_key")) || answer.value.public_key;
      if ((await signed(answer.value, pinned)) === false) throw new Error("The bundle's signature is not the server's");
      await store.write("kept", "bundle_key", pinned);
      this.take(answer.value, answer.headers.get("ETag"));
    }
    for (let more = true; more; ) {
      const feed = (await server.ask("GET", `/v1/events/${eventId}/revocations?since=${this.cursor}`)).value;
      feed.data.forEach((change) => this.revoked.set(change.unit, change));
      this.cursor = feed.cursor;
      more = feed.has_more;
    }
    this.syncedAtMs = Date.now();
    await this.keep();
  }

  take(document, etag) {
    this.document = document;
    this.etag = etag || "";
    this.payload = JSON.parse(document.payload);
    this.codes = fromBase64(this.payload.codes);
    this.names = fromBase64(this.payload.names);
    this.salt = fromBase64Url(this.payload.salt);
    this.cursor = this.payload.cursor;
    this.revoked = new Map();
    this.nameStarts = null;
  }

  get ready() {
    return this.payload !== null && Date.now() < this.payload.valid_until_ms;
  }

  /** The verdict this device can give alone, in the shape of the server's. */
  async judge(code, direction, shownGate) {
    const verdict = (result, reason, more = {}) => ({ result, reason, direction, gate: shownGate, offline: true, ...more });
    if (!this.ready) return verdict("reject", "no_bundle");
    const place = this.find((await sha256(this.salt, text.encode(code))).subarray(0, this.payload.hash_bytes));
    if (place < 0) return verdict("reject", "not_in_bundle");
    const view = new DataView(this.codes.buffer, place * ROW_BYTES + this.payload.hash_bytes, 8);
    const unit = view.getUint32(0);
    const [attendee, seat] = await this.name(place, code);
    const facts = { attendee, seat, unit };
    const change = this.revoked.get(unit);
    if (change && view.getUint16(4) < change.min_version) return verdict("reject", change.reason, facts);
    if (this.payload.event.status === "cancelled") return verdict("reject", "cancelled", facts);
    if (direction === "exit") return this.leave(unit, verdict, facts);
    if (this.used.has(unit)) return verdict("duplicate", "already_used", { ...facts, previous: this.used.get(unit) });
    this.used.set(unit, { at: new Date().toISOString(), gate: shownGate });
    await this.keep();
    return verdict("admit", "ok", facts);
  }

  async leave(unit, verdict, facts) {
    if (this.payload.rules.allow_reentry) {
      this.used.delete(unit);
      await this.keep();
    }
    return verdict("exit_ok", "ok", facts);
  }

  /** Remember what the server decided, so that this device knows it when the network goes. */
  async note(code, verdict, gate) {
    if (!this.ready || (verdict.result !== "admit" && verdict.result !== "exit_ok" && verdict.result !== "duplicate")) return;
    const place = this.find((await sha256(this.salt, text.encode(code))).subarray(0, this.payload.hash_bytes));
    if (place < 0) return;
    const unit = new DataView(this.codes.buffer, place * ROW_BYTES + this.payload.hash_bytes, 4).getUint32(0);
    if (verdict.result === "exit_ok" && this.payload.rules.allow_reentry) this.used.delete(unit);
    else if (verdict.result === "duplicate") this.used.set(unit, verdict.previous || null);
    else if (!this.used.has(unit)) this.used.set(unit, { at: new Date().toISOString(), gate });
    await this.keep();
  }

  /** Binary search in the sorted table; -1 where the code is not in it. */
  find(hash) {
    let low = 0;
    let high = this.payload.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = this.compare(hash, middle * ROW_BYTES);
      if (order === 0) return middle;
      if (order < 0) high = middle - 1;
      else low = middle + 1;
    }
    return -1;
  }

  compare(hash, start) {
    for (let index = 0; index < hash.length; index += 1) {
      const difference = hash[index] - this.codes[start + index];
      if (difference) return difference;
    }
    return 0;
  }

  /** [name, place] of a row, which only the ticket's own code opens. */
  async name(place, code) {
    if (!this.nameStarts) {
      this.nameStarts = [];
      for (let at = 0; at < this.names.length; at += 2 + (this.names[at] << 8 | this.names[at + 1])) this.nameStarts.push(at);
    }
    const at = this.nameStarts[place];
    const sealed = this.names.subarray(at + 2, at + 2 + (this.names[at] << 8 | this.names[at + 1]));
    const raw = (await sha256(text.encode("name"), this.salt, text.encode(code))).subarray(0, 16);
    const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, sealed);
    return JSON.parse(new TextDecoder().decode(opened));
  }
}
