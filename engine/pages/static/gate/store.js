/** What the scanner remembers: one IndexedDB with two shelves. Secrets and scans lie in it encrypted only.
 *
 * It helps and never decides: every call may fail or hang, ends within STORE_PATIENCE_MS, and opens the database anew
 * where the browser closed it. */

import { phrase } from "../words.js";

const NAME = "onsale-gate";
const VERSION = 1;
const SHELVES = ["kept", "queue"];
const STORE_PATIENCE_MS = 1500;
const REST_AFTER_HANG_MS = 10_000;

let opening = null;
let restUntil = 0;
const faults = { readonly: "", readwrite: "" };
let onReopened = () => {};
let opened = 0;

/** Why nothing can be kept right now; "" where all is well. */
export const trouble = () => faults.readwrite || faults.readonly;

/** `work()` after the database was closed or deleted under us and is open again: what memory has should be kept anew. */
export function whenReopened(work) {
  onReopened = work;
}

/** Ask the browser not to clear this away when room is scarce. Whether it promised, or null where it cannot say. */
export async function persist() {
  try {
    return (await navigator.storage?.persist?.()) ?? null;
  } catch {
    return null;
  }
}

function patiently(promise) {
  let timer;
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => {
      restUntil = Date.now() + REST_AFTER_HANG_MS;
      reject(new DOMException("The device's storage does not answer", "TimeoutError"));
    }, STORE_PATIENCE_MS);
  });
  return Promise.race([promise, hung]).finally(() => clearTimeout(timer));
}

function database() {
  if (opening) return opening;
  const mine = patiently(
    new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => SHELVES.forEach((shelf) => request.result.createObjectStore(shelf));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    }),
  );
  opening = mine;
  const forget = () => {
    if (opening === mine) opening = null;
  };
  mine.then((db) => {
    db.onclose = forget;
    db.onversionchange = () => {
      db.close();
      forget();
    };
    opened += 1;
    if (opened > 1) onReopened();
  }, forget);
  return mine;
}

async function attempt(shelf, mode, work) {
  const db = await database();
  return patiently(
    new Promise((resolve, reject) => {
      const transaction = db.transaction(shelf, mode);
      const request = work(transaction.objectStore(shelf));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error || new DOMException("The transaction was given up", "AbortError"));
    }),
  );
}

async function run(shelf, mode, work) {
  if (Date.now() < restUntil) throw new DOMException("The device's storage does not answer", "TimeoutError");
  try {
    let value;
    try {
      value = await attempt(shelf, mode, work);
    } catch (error) {
      opening?.then((db) => db.close(), () => {});
      opening = null;
      if (error.name === "TimeoutError" || error.name === "QuotaExceededError") throw error;
      value = await attempt(shelf, mode, work);
    }
    faults[mode] = "";
    return value;
  } catch (error) {
    faults[mode] = error?.name === "QuotaExceededError" ? phrase("This device has no room left.") : phrase("This device does not keep what it is told to.");
    throw error;
  }
}

export const read = (shelf, key) => run(shelf, "readonly", (store) => store.get(key));
export const write = (shelf, key, value) => run(shelf, "readwrite", (store) => store.put(value, key));
export const remove = (shelf, ...keys) => run(shelf, "readwrite", (store) => keys.forEach((key) => store.delete(key)));
export const keys = (shelf, prefix = "") => run(shelf, "readonly", (store) => store.getAllKeys(IDBKeyRange.bound(prefix, `${prefix}\uffff`)));

const text = new TextEncoder();
let sealing = null;

/** A key that can seal and open on this device but never be read out of it. The first tab to make one makes it for all. */
async function sealingKey() {
  if (sealing) return sealing;
  const kept = await read("kept", "key");
  if (kept) return (sealing = kept);
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await run("kept", "readwrite", (store) => {
    const asked = store.get("key");
    asked.onsuccess = () => asked.result || store.put(made, "key");
  });
  return (sealing = await read("kept", "key"));
}

/** Put the key back where the database was emptied under us. */
export async function keepKey() {
  if (sealing && !(await read("kept", "key"))) await write("kept", "key", sealing);
}

export async function seal(value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const raw = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealingKey(), text.encode(JSON.stringify(value)));
  return { iv, raw };
}

/** The value; undefined where there was none, null where it was sealed with a key that is gone. */
export async function open(sealed) {
  if (!sealed) return undefined;
  const key = await sealingKey();
  try {
    const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, key, sealed.raw);
    return JSON.parse(new TextDecoder().decode(raw));
  } catch {
    return null;
  }
}
