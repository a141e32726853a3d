/** What this scanner knows without the network: the event's signed bundle (engine/services/gates/gate_bundles.py says its
 * layout), the changes since, who came in and left as far as the server told, and what happened at this device itself.
 *
 * It judges as the server does (judge.js), and says "unsure" where it cannot know: a ticket that is not in its list, a list
 * too old, an exit whose entry may have been at another gate. That another gate let somebody in since the last sync
 * cannot be known either; such a pair is told to the organizer as a conflict. */

import * as store from "./store.js";
import * as tabs from "./tabs.js";
import { entered, isInside, judge, read, UNSEEN } from "./judge.js";

const ROW_BYTES = 20;
const EVERY_VERSION = 65536;
const MOVE = "move:"; // one record a unit that moved at this device, next to the whole as of the last sync
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

/** A ticket's state from the server's feed. */
const told = (row) => ({
  inside: row.inside,
  entries: row.entries,
  on: row.entries_on,
  today: row.entries_today,
  lastAt: row.last_entry_at === null ? null : Date.parse(row.last_entry_at),
  lastGate: row.last_entry_gate,
});

export class Bundle {
  constructor() {
    this.payload = null;
    this.etag = "";
    this.syncedAtMs = 0; // by the server's clock
    this.offsetMs = 0;
    this.cursor = 0;
    this.entriesCursor = 0;
    this.revoked = new Map();
    this.states = new Map(); // unit -> state, as the server told
    this.moves = new Map(); // unit -> {state, at} of this device, not yet told back by the server
    tabs.hear({
      move: ([unit, move]) => this.moves.set(unit, move),
      synced: () => this.restore().catch(() => {}),
    });
  }

  /** Bring back what an earlier visit, or another tab, kept. */
  async restore() {
    const kept = await store.open(await store.read("kept", "bundle"));
    if (!kept?.states) return;
    if (kept.syncedAtMs >= this.syncedAtMs) {
      this.take(kept.document, kept.etag);
      this.cursor = kept.cursor;
      this.entriesCursor = kept.entriesCursor;
      this.revoked = new Map(kept.revoked);
      this.states = new Map(kept.states);
      this.synced(kept.syncedAtMs, kept.offsetMs);
    }
    for (const key of await store.keys("kept", MOVE)) {
      const move = await store.open(await store.read("kept", key));
      if (move) this.moves.set(Number(key.slice(MOVE.length)), move);
    }
  }

  async keep() {
    if (!this.document) return;
    const { document, etag, cursor, entriesCursor, syncedAtMs, offsetMs } = this;
    const value = { document, etag, cursor, entriesCursor, syncedAtMs, offsetMs, revoked: [...this.revoked], states: [...this.states] };
    await store.write("kept", "bundle", await store.seal(value));
  }

  /** Fetch what changed: the bundle, the changes in standing, the entries. `waiting()` are the units whose own move the
   * server has not heard of yet: theirs stay. */
  async sync(server, { eventId, bundleKey }, waiting) {
    const begunAt = this.now();
    const headers = this.etag ? { "If-None-Match": this.etag } : {};
    const answer = await server.ask("GET", `/v1/events/${eventId}/gate-bundle`, { headers });
    if (answer.status !== 304) {
      if ((await signed(answer.value, bundleKey)) === false) {
        throw Object.assign(new Error("The list of tickets is not signed by the server: it was not taken."), { plain: true });
      }
      this.take(answer.value, answer.headers.get("ETag"));
    }
    for (let more = true; more; ) {
      const feed = (await server.ask("GET", `/v1/events/${eventId}/revocations?since=${this.cursor}`)).value;
      feed.data.forEach((change) => this.revoked.set(change.unit, change));
      this.cursor = feed.cursor;
      more = feed.has_more;
    }
    for (let more = true, since = this.entriesCursor; more; ) {
      const feed = (await server.ask("GET", `/v1/events/${eventId}/entries?since=${since}`)).value;
      feed.data.forEach((row) => this.states.set(row.unit, told(row)));
      since = feed.cursor;
      this.entriesCursor = feed.again_from;
      more = feed.has_more;
    }
    this.synced(Date.now() + (server.offsetMs ?? 0), server.offsetMs ?? this.offsetMs);
    const open = waiting();
    const done = [...this.moves].filter(([unit, move]) => move.at < begunAt && !open.has(unit)).map(([unit]) => unit);
    done.forEach((unit) => this.moves.delete(unit));
    try {
      await this.keep();
      if (done.length) await store.remove("kept", ...done.map((unit) => MOVE + unit));
      tabs.tell("synced");
    } catch {
      // The device keeps nothing: this page knows it all the same.
    }
  }

  synced(atMs, offsetMs) {
    this.syncedAtMs = atMs;
    this.offsetMs = offsetMs;
    this.syncedTick = performance.now();
    this.syncedAge = Math.max(0, Date.now() + offsetMs - atMs);
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

  /** The server's time as far as this device can tell: never before the last sync, whatever its clock says. */
  now() {
    return Math.max(Date.now() + this.offsetMs, this.syncedAtMs);
  }

  /** Since the last sync; a clock that was set back makes it no younger. */
  get ageMs() {
    if (!this.syncedAtMs) return Infinity;
    return Math.max(Date.now() + this.offsetMs - this.syncedAtMs, this.syncedAge + performance.now() - this.syncedTick);
  }

  get tooOld() {
    return this.ageMs > this.payload.red_after_s * 1000;
  }

  /** The verdict this device can give alone, in the shape of the server's, with the unit and the state it leads to.
   * `where`: {gate, shownGate, boundTo}; `decided`: a person let them in though the list is too old. */
  async judge(code, direction, where, { decided = false } = {}) {
    const at = this.now();
    const verdict = (result, reason, more = {}) => ({ result, reason, direction, gate: where.shownGate, offline: true, ...more });
    if (!this.payload) return verdict("unsure", "no_bundle");
    const said = read(code);
    if (!said) return verdict("reject", "malformed");
    if (this.payload.event_tag && said.tag !== this.payload.event_tag) return verdict("reject", "wrong_event");
    if (at >= this.payload.valid_until_ms) return verdict("unsure", "list_over");
    const row = await this.row(code);
    if (!row) return verdict("unsure", "not_in_bundle");
    const terms = this.terms(where);
    const scan = { direction, gate: where.gate, shownGate: where.shownGate, at, notBeforeS: said.notBeforeS };
    const { result, reason, previous, rightGates, state } = judge(row, await this.state(row.unit), scan, terms);
    const facts = { ...row.facts, unit: row.unit, state };
    if (previous) facts.previous = { at: new Date(previous.at).toISOString(), gate: previous.gate };
    if (rightGates) facts.right_gates = rightGates;
    if (result === "exit_ok" && !this.payload.rules.allow_reentry) facts.goodbye_for_good = true;
    if (result === "admit" && this.tooOld && !decided) return verdict("unsure", "list_too_old", { ...facts, may_pass: true });
    if (reason === "not_inside") return verdict("unsure", "entry_unknown", facts);
    return verdict(result, reason, facts);
  }

  terms({ boundTo }) {
    const { rules, codes_end_at_ms: codesEndAt = Infinity, emptied_at_ms: emptiedAt = [], days = [] } = this.payload;
    return { rules, boundTo: boundTo || [], codesEndAt, emptiedAt, days };
  }

  /** The newest that any tab of this device knows of a ticket. */
  async state(unit) {
    let move = this.moves.get(unit);
    try {
      move = (await store.open(await store.read("kept", MOVE + unit))) || move;
    } catch {
      // What this page knows is all there is.
    }
    return move?.state ?? this.states.get(unit) ?? UNSEEN;
  }

  /** Somebody passed here. Never throws: the page remembers it, and the device where it can. */
  async moved(unit, state) {
    const move = { state, at: this.now() };
    this.moves.set(unit, move);
    tabs.tell("move", [unit, move]);
    try {
      await store.write("kept", MOVE + unit, await store.seal(move));
    } catch {
      // Other tabs were told.
    }
  }

  /** Keep on the device what this page knows: the database was cleared. */
  async keepAnew() {
    await this.keep();
    for (const [unit, move] of this.moves) await store.write("kept", MOVE + unit, await store.seal(move));
  }

  /** Remember what the server decided, so that this device knows it when the network goes. */
  async note(code, verdict, where) {
    if (!this.payload || verdict.result === "reject") return;
    const row = await this.row(code);
    if (!row) return;
    const before = this.moves.get(row.unit)?.state ?? this.states.get(row.unit) ?? UNSEEN;
    const at = this.now();
    if (verdict.result === "exit_ok") return this.moved(row.unit, { ...before, inside: false });
    if (verdict.result === "admit") return this.moved(row.unit, entered(before, at, where.shownGate, this.terms(where)));
    const last = verdict.previous ? { lastAt: Date.parse(verdict.previous.at), lastGate: verdict.previous.gate } : {};
    const inside = before.inside || !isInside(before, at, this.terms(where));
    return this.moved(row.unit, { ...before, ...last, inside, entries: Math.max(1, before.entries) });
  }

  /** What the list says of a code, or null where it is not in it. */
  async row(code) {
    const place = this.find((await sha256(this.salt, text.encode(code))).subarray(0, this.payload.hash_bytes));
    if (place < 0) return null;
    const view = new DataView(this.codes.buffer, place * ROW_BYTES + this.payload.hash_bytes, 8);
    const unit = view.getUint32(0);
    const version = view.getUint16(4);
    const type = view.getUint16(6);
    const [attendee, seat, section = seat.split("/")[0]] = await this.name(place, code);
    const change = this.revoked.get(unit);
    const dead = change && version < change.min_version;
    const standing = this.payload.event.status === "cancelled" ? "cancelled" : null;
    const refused = dead ? (change.min_version < EVERY_VERSION ? "stale_version" : change.reason) : standing;
    const facts = { attendee, seat, ticket_type: this.payload.ticket_type_names?.[type] };
    return { unit, section, typeId: this.payload.ticket_types[type], refused, facts };
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

  /** [name, place, section] of a row, which only the ticket's own code opens. */
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
