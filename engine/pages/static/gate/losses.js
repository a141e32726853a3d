/** What did not go as this scanner said, and what it could not send: told until somebody has read it. */

import { phrase, phrases } from "../words.js";
import * as queue from "./queue.js";
import * as store from "./store.js";
import { clock, place, reason } from "./words.js";

const TOLD_MAX = 50;
const byId = (id) => document.getElementById(id);

let told = []; // lines: offline scans that the server judged otherwise
let read = ""; // the notice that was understood

/** Bring back what nobody has read yet. */
export async function restore() {
  try {
    told = (await store.open(await store.read("kept", "told"))) || [];
  } catch {
    told = [];
  }
}

/** The server's answers to offline scans, where they differ from what the door was told. */
export async function add(answers) {
  if (!answers.length) return;
  const lines = answers.map(({ record, verdict }) => {
    const shown = record.shown || {};
    const who = [verdict.attendee || shown.attendee, place(verdict.seat || shown.seat)].filter(Boolean).join(", ");
    return { at: record.scan.scanned_at, who: who || phrase("A ticket"), out: record.scan.direction === "exit", reason: verdict.reason };
  });
  told = [...lines, ...told].slice(0, TOLD_MAX);
  await keep();
}

async function keep() {
  try {
    if (told.length) await store.write("kept", "told", await store.seal(told));
    else await store.remove("kept", "told");
  } catch {
    // This page shows them all the same.
  }
}

function line({ at, who, out, reason: code }) {
  const facts = { clock: clock(at), who, why: reason(code) };
  return out ? phrase("%(clock)s: %(who)s was let out. %(why)s.", facts) : phrase("%(clock)s: %(who)s was let in. %(why)s.", facts);
}

function lines() {
  const { unreadable, undeliverable, gone } = queue.state();
  const found = [];
  if (gone) {
    found.push(
      phrases(
        "%(num)s scan that waited here to be sent is gone: the browser's data was cleared. That person came in, but is not counted. Tell the organizer.",
        "%(num)s scans that waited here to be sent are gone: the browser's data was cleared. Those people came in, but are not counted. Tell the organizer.",
        gone,
      ),
    );
  }
  if (unreadable) {
    found.push(
      phrases(
        "%(num)s scan on this device cannot be opened any more: its key was lost. That person came in, but is not counted. Tell the organizer.",
        "%(num)s scans on this device cannot be opened any more: their key was lost. Those people came in, but are not counted. Tell the organizer.",
        unreadable,
      ),
    );
  }
  if (undeliverable) {
    found.push(
      phrases(
        "The server does not take %(num)s scan of this device. It stays here. Tell the organizer.",
        "The server does not take %(num)s scans of this device. They stay here. Tell the organizer.",
        undeliverable,
      ),
    );
  }
  return found;
}

function notices() {
  if (!told.length) return lines();
  const otherwise = phrases(
    "%(num)s scan made offline turned out otherwise. The list is under “This scanner”.",
    "%(num)s scans made offline turned out otherwise. The list is under “This scanner”.",
    told.length,
  );
  return [...lines(), otherwise];
}

/** `persisted`: whether the browser promised to keep what is here. */
export function show(persisted) {
  const found = notices();
  byId("notice").hidden = !found.length || read === found.join();
  byId("notice-text").textContent = found.join(" ");
  const { unsaved } = queue.state();
  const storage = [];
  if (store.trouble()) storage.push(store.trouble(), phrase("Scanning goes on; keep this page open."));
  if (unsaved) storage.push(phrases("%(num)s scan is only in this page until it is sent.", "%(num)s scans are only in this page until they are sent.", unsaved));
  if (persisted === false) storage.push(phrase("The browser may clear scans that wait here when room is scarce: stay near the network."));
  byId("menu-storage").textContent = storage.join(" ");
  byId("menu-losses").textContent = lines().join(" ");
  byId("menu-told").hidden = !told.length;
  byId("menu-told").replaceChildren(...told.map((one) => Object.assign(document.createElement("li"), { textContent: line(one) })));
}

/** `onRead()` after somebody has understood the notice. */
export function listen(onRead) {
  byId("notice-read").addEventListener("click", () => {
    queue.acknowledge();
    read = notices().join();
    onRead();
  });
}
