/** Scans that let somebody pass without the network, until the server has them: sealed on the device, and in memory too.
 *
 * None is ever dropped: what the server does not take, or what cannot be opened any more, is counted and told. Every record
 * carries the credential it was made with, so that it can be delivered after the scanner was revoked or signed in as another.
 * Uploads repeat safely: every scan has its nonce, and the same batch is the same request. */

import * as store from "./store.js";
import * as tabs from "./tabs.js";
import { Refused, Server } from "./server.js";

const UPLOAD_SCANS_MAX = 500;
const QUEUE_MAX = 50000;
const WITNESS = "gate-waiting"; // outside the database: how many lay in it, should it be cleared

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const newNonce = () => hex(crypto.getRandomValues(new Uint8Array(12)));

const held = new Map(); // key -> record, of this tab, until the server has it
let stored = []; // keys, as last read
const unreadable = new Set();
let undeliverable = 0;
let gone = 0;

tabs.hear({
  sent: (keys) => {
    keys.forEach((key) => held.delete(key));
    stored = stored.filter((key) => !keys.includes(key));
  },
});

/** Whether the record is on the device, and not only in this page. Throws QueueFull. */
export class QueueFull extends Error {}

export async function keep(record) {
  if (waiting() >= QUEUE_MAX) throw new QueueFull();
  const key = `${String(Date.now()).padStart(15, "0")}-${record.scan.nonce}`;
  held.set(key, record);
  const saved = await save(key, record);
  if (saved) stored.push(key);
  witness();
  return saved;
}

async function save(key, record) {
  try {
    await store.write("queue", key, await store.seal(record));
    return true;
  } catch {
    return false;
  }
}

/** Keep on the device what only this page has: the database was cleared, or did not work before. */
export async function keepAnew() {
  await look();
  for (const [key, record] of held) if (!stored.includes(key)) await save(key, record);
  await look();
}

/** Read again what waits on the device. */
export async function look() {
  try {
    stored = await store.keys("queue");
  } catch {
    return;
  }
  witness();
}

const unsent = () => [...new Set([...stored, ...held.keys()])].filter((key) => !unreadable.has(key)).sort();
const waiting = () => unsent().length;

/** {waiting, unsaved, unreadable, undeliverable, gone}: scans to send, those only in this page, and those told as lost. */
export function state() {
  const unsaved = [...held.keys()].filter((key) => !stored.includes(key)).length;
  return { waiting: waiting(), unsaved, unreadable: unreadable.size, undeliverable, gone };
}

function witness() {
  try {
    localStorage.setItem(WITNESS, String(waiting() + unreadable.size));
  } catch {
    // A browser that keeps nothing at all: the page itself still has them.
  }
}

/** At the start: whether scans lay here that are no longer there. */
export async function wake() {
  let before = 0;
  try {
    before = Number(localStorage.getItem(WITNESS)) || 0;
    stored = await store.keys("queue");
  } catch {
    return;
  }
  gone = Math.max(0, before - stored.length);
}

/** Somebody has read that scans are gone. */
export function acknowledge() {
  gone = 0;
  witness();
}

/** Units whose last move the server does not know yet. */
export const units = () => new Set([...held.values()].map((record) => record.unit));

/** Send everything, oldest first, each with the credential it was made with. The answers that differ from what the door
 * was told: [{record, verdict}]. Throws Away. */
export async function upload(fallback) {
  await look();
  const told = [];
  undeliverable = 0;
  for (const [credential, batch] of await byCredential(fallback)) {
    const server = fallback?.credential === credential ? fallback : new Server(credential);
    for (let at = 0; at < batch.length; at += UPLOAD_SCANS_MAX) {
      const part = batch.slice(at, at + UPLOAD_SCANS_MAX);
      try {
        told.push(...(await send(server, part)));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        undeliverable += part.length;
      }
    }
  }
  witness();
  return told;
}

async function byCredential(fallback) {
  const groups = new Map();
  for (const key of unsent()) {
    const record = held.get(key) ?? (await load(key));
    if (!record) continue;
    const whole = record.scan ? record : { scan: record, unit: null, shown: {} }; // as an earlier release kept it
    const credential = whole.credential || fallback?.credential;
    const eventId = whole.eventId || fallback?.eventId;
    if (!credential || !eventId) {
      undeliverable += 1;
      continue;
    }
    if (!groups.has(credential)) groups.set(credential, []);
    groups.get(credential).push({ ...whole, key, eventId });
  }
  return groups;
}

async function load(key) {
  let record;
  try {
    record = await store.open(await store.read("queue", key));
  } catch {
    return undefined;
  }
  if (record) held.set(key, record);
  if (record === null) unreadable.add(key);
  return record;
}

async function send(server, part) {
  const body = { scans: part.map((record) => record.scan), clock_offset_ms: server.offsetMs ?? part[0].offsetMs ?? 0 };
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(body)));
  const headers = { "Idempotency-Key": hex(new Uint8Array(digest)).slice(0, 40) };
  const { value } = await server.ask("POST", `/v1/events/${part[0].eventId}/checkins/batch`, { body, headers });
  if (value.results?.length !== part.length) throw new Refused(500, {});
  const keys = part.map((record) => record.key);
  keys.forEach((key) => held.delete(key));
  tabs.tell("sent", keys);
  await store.remove("queue", ...keys).catch(() => {}); // sent again, it is answered the same
  stored = stored.filter((key) => !keys.includes(key));
  return value.results.flatMap((verdict, index) => (verdict.reason === "ok" ? [] : [{ record: part[index], verdict }]));
}
