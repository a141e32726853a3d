/** What the scanner remembers: one IndexedDB with two shelves. Secrets and scans lie in it encrypted only. */

const NAME = "onsale-gate";
const VERSION = 1;
const SHELVES = ["kept", "queue"];

let opening = null;

function database() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => SHELVES.forEach((shelf) => request.result.createObjectStore(shelf));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function run(shelf, mode, work) {
  const transaction = (await database()).transaction(shelf, mode);
  const request = work(transaction.objectStore(shelf));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const read = (shelf, key) => run(shelf, "readonly", (store) => store.get(key));
export const write = (shelf, key, value) => run(shelf, "readwrite", (store) => store.put(value, key));
export const remove = (shelf, key) => run(shelf, "readwrite", (store) => store.delete(key));
export const keys = (shelf) => run(shelf, "readonly", (store) => store.getAllKeys());
export const count = (shelf) => run(shelf, "readonly", (store) => store.count());
export const clear = () => Promise.all(SHELVES.map((shelf) => run(shelf, "readwrite", (store) => store.clear())));

const text = new TextEncoder();

/** A key that can seal and open on this device but never be read out of it. */
export async function sealingKey() {
  let key = await read("kept", "key");
  if (!key) {
    key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await write("kept", "key", key);
  }
  return key;
}

export async function seal(value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const raw = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealingKey(), text.encode(JSON.stringify(value)));
  return { iv, raw };
}

/** The value, or null where it was sealed with a key that is gone. */
export async function open(sealed) {
  if (!sealed) return null;
  try {
    const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, await sealingKey(), sealed.raw);
    return JSON.parse(new TextDecoder().decode(raw));
  } catch {
    return null;
  }
}
