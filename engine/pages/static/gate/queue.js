/** Scans admitted without the network, sealed on the device until the server has them. Uploads repeat safely: every scan
 * carries its nonce, every batch its own key. */

import * as store from "./store.js";
import { Refused } from "./server.js";

export const UPLOAD_SCANS_MAX = 500;
export const QUEUE_MAX = 50000;

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const newNonce = () => hex(crypto.getRandomValues(new Uint8Array(12)));

/** Keep a scan for later. False where the queue is full: the scanner must say so. */
export async function keep(scan) {
  if ((await store.count("queue")) >= QUEUE_MAX) return false;
  const key = `${String(Date.now()).padStart(15, "0")}-${scan.nonce}`;
  await store.write("queue", key, await store.seal(scan));
  return true;
}

export const length = () => store.count("queue");

/** The key of a batch is made from the nonces in it: the same batch again is the same request. */
async function batchKey(scans) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(scans.map((scan) => scan.nonce).join()));
  return hex(new Uint8Array(digest)).slice(0, 40);
}

/** Send what waits, oldest first. Answers how many went and the verdicts that differ from what the door was told. */
export async function upload(server, eventId) {
  let sent = 0;
  const surprises = [];
  for (;;) {
    const keys = (await store.keys("queue")).slice(0, UPLOAD_SCANS_MAX);
    if (!keys.length) return { sent, surprises };
    const opened = await Promise.all(keys.map(async (key) => store.open(await store.read("queue", key))));
    const scans = opened.filter(Boolean);
    if (scans.length) {
      const body = { scans, clock_offset_ms: server.offsetMs };
      const headers = { "Idempotency-Key": await batchKey(scans) };
      const { value } = await server.ask("POST", `/v1/events/${eventId}/checkins/batch`, { body, headers });
      if (value.results.length !== scans.length) throw new Refused(500, { detail: "The server lost count" });
      value.results.forEach((verdict, index) => {
        if (verdict.result !== "admit" && verdict.result !== "exit_ok") surprises.push({ scan: scans[index], verdict });
      });
    }
    for (const key of keys) await store.remove("queue", key);
    sent += scans.length;
  }
}
