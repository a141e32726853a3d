/** The scanner's page: sign-in, then camera, keyboard and search feed one check; the server judges, the bundle stands in. */

import { Bundle } from "./bundle.js";
import { Camera } from "./camera.js";
import * as door from "./door.js";
import * as losses from "./losses.js";
import * as queue from "./queue.js";
import { Search } from "./search.js";
import { Away, Refused, Server } from "./server.js";
import * as sound from "./sound.js";
import * as store from "./store.js";
import * as tabs from "./tabs.js";
import { VerdictBoard } from "./verdict.js";
import { phrase, phrases } from "../words.js";
import { trouble, useZone } from "./words.js";

const SYNC_EVERY_MS = 30_000;
const SYNC_AGAIN_MS = 3_000; // after another tab's turn
const SYNC_AFTER_FAULT_MS = 6_000;
const HINT_EVERY_MS = 500;
const HINT_AFTER_MS = 5_000;
const CODE_CHARS_MAX = 512;
const byId = (id) => document.getElementById(id);

const board = new VerdictBoard();
const camera = new Camera(byId("video"), (text) => onCode(text), () => showCamera());
const bundle = new Bundle();
let scanner = null;
let server = null;
let search = null;
let direction = "entry";
let online = navigator.onLine;
let busy = false;
let syncing = null;
let leaving = false;
let persisted = null;
let lookingFor = "";
let onCode = () => {};

const where = () => {
  const gate = scanner.gate || scanner.bound_to?.[0] || null;
  return { gate, shownGate: gate || scanner.name, boundTo: scanner.bound_to };
};

/* One check at a time: what arrives while a verdict is awaited is dropped, the camera sees it again. */
async function check(work) {
  if (busy) return;
  busy = true;
  camera.paused = true;
  byId("scanner").setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    refuse(error);
  } finally {
    busy = false;
    byId("scanner").removeAttribute("aria-busy");
    showState();
  }
}

function checkCode(code) {
  const scan = { code, nonce: queue.newNonce(), direction, gate: scanner.gate || undefined };
  return check(async () => {
    if (code.length > CODE_CHARS_MAX) return board.show({ result: "reject", reason: "malformed", direction });
    const verdict = (await ask(scan)) ?? (await judgeAlone(scan));
    const letIn = verdict.may_pass ? () => check(async () => board.show(await judgeAlone(scan, { decided: true }))) : null;
    board.show(verdict, letIn);
  });
}

function checkTicket(ticketId) {
  const scan = { ticketId, nonce: queue.newNonce(), direction, gate: scanner.gate || undefined };
  return check(async () => board.show((await ask(scan)) ?? { result: "unsure", reason: "needs_network", direction }));
}

/** The server's verdict; null where it does not answer. What this device remembers of it never delays or changes it. */
async function ask(scan) {
  try {
    const verdict = await server.validate({ ...scan, scannedAt: new Date().toISOString() });
    online = true;
    if (scan.code) bundle.note(scan.code, verdict, where()).catch(() => {});
    if (verdict.result === "exit_ok" && bundle.payload && !bundle.payload.rules.allow_reentry) verdict.goodbye_for_good = true;
    return verdict;
  } catch (error) {
    if (!(error instanceof Away)) throw error;
    online = false;
    return null;
  }
}

/* The nonce is the one the server may have seen already: if it did apply the scan, the upload only repeats its verdict.
   All tabs of this device take turns, so that one of them is the first. */
function judgeAlone(scan, { decided = false } = {}) {
  const here = where();
  const scannedAt = new Date().toISOString();
  return tabs.alone(async () => {
    const verdict = await bundle.judge(scan.code, scan.direction, here, { decided });
    if (verdict.result !== "admit" && verdict.result !== "exit_ok") return verdict;
    const sent = { ...scan, scanned_at: scannedAt, offline: true, cursor: bundle.cursor };
    const record = {
      scan: sent,
      unit: verdict.unit,
      shown: { attendee: verdict.attendee, seat: verdict.seat },
      credential: scanner.credential,
      eventId: scanner.event_id,
      offsetMs: bundle.offsetMs,
    };
    try {
      verdict.unsaved = !(await queue.keep(record));
    } catch (error) {
      if (error instanceof queue.QueueFull) return { ...verdict, result: "reject", reason: "queue_full" };
      throw error;
    }
    await bundle.moved(verdict.unit, verdict.state);
    return verdict;
  });
}

function refuse(error) {
  if (error instanceof Refused && error.status === 401) return leave(trouble(error));
  board.show({ result: "unsure", reason: trouble(error), direction });
}

/** Send what waits, then hear what is new. One tab at a time; a tab that is frozen in its turn is passed over. */
function sync() {
  const passed = bundle.syncedAtMs && bundle.ageMs > 3 * SYNC_EVERY_MS;
  syncing ??= Promise.resolve(passed ? exchange() : tabs.oneOf("sync", exchange)).then((mine) => {
    syncing = null;
    const due = navigator.onLine && !leaving && (queue.state().waiting || !bundle.syncedAtMs);
    if (due) setTimeout(sync, mine ? SYNC_AFTER_FAULT_MS : SYNC_AGAIN_MS);
    showState();
  });
  return syncing;
}

async function exchange() {
  let unsent = null; // what cannot be sent keeps nobody from hearing what is new
  try {
    await deliver().catch((error) => (unsent = error));
    if (!scanner.bound_to) await learnGates();
    await bundle.sync(server, { eventId: scanner.event_id, bundleKey: scanner.bundle_key }, queue.units);
    if (unsent) throw unsent;
    online = true;
    byId("menu-error").textContent = "";
  } catch (error) {
    if (error instanceof Refused && error.status === 401) await leave(trouble(error));
    else if (error instanceof Away) online = false;
    else byId("menu-error").textContent = trouble(error);
  }
  return true;
}

async function deliver() {
  await store.keepKey().catch(() => {});
  if (queue.state().unsaved) await queue.keepAnew();
  const fallback = server && Object.assign(server, { eventId: scanner.event_id });
  await losses.add(await queue.upload(fallback));
}

/** A scanner that signed in before its release knew of gates it is bound to. */
async function learnGates() {
  const { value } = await server.ask("GET", "/v1/devices/me");
  scanner = { ...value, credential: scanner.credential, gate: scanner.gate };
  await door.remember(scanner);
}

function showState() {
  const { waiting } = queue.state();
  chip("chip-net", online ? phrase("Online") : phrase("Offline"), online ? "good" : "warn");
  byId("chip-queue").hidden = waiting === 0;
  chip("chip-queue", phrases("%(num)s to send", "%(num)s to send", waiting), "warn");
  const ageMs = bundle.ageMs;
  const age = Number.isFinite(ageMs) ? Math.floor(ageMs / 60_000) : null;
  const limits = bundle.payload || { amber_after_s: 900, red_after_s: 3600 };
  const state = ageMs > limits.red_after_s * 1000 ? "bad" : ageMs > limits.amber_after_s * 1000 ? "warn" : "good";
  byId("chip-sync").hidden = !scanner;
  chip("chip-sync", age === null ? phrase("Not synced") : age < 1 ? phrase("Synced just now") : phrase("Synced %(minutes)s min ago", { minutes: age }), state);
  losses.show(persisted);
}

function chip(id, text, state) {
  const node = byId(id);
  node.textContent = text;
  node.dataset.state = state;
}

async function enter(found) {
  scanner = found;
  server = new Server(scanner.credential);
  search = new Search(server, scanner.event_id, (ticket) => checkTicket(ticket.ticketId));
  useZone(scanner.timezone);
  await bundle.restore().catch(() => {});
  byId("sign-in").hidden = true;
  byId("scanner").hidden = false;
  byId("menu-button").hidden = false;
  byId("event-title").textContent = scanner.event_title;
  byId("gate-list").replaceChildren(...scanner.gates.map((gate) => Object.assign(document.createElement("option"), { value: gate })));
  nameGate();
  onCode = (text) => checkCode(text.trim());
  board.onClear = () => {
    camera.paused = false;
  };
  store.persist().then((promised) => {
    persisted = promised;
    showState();
  });
  await Promise.all([look(phrase("Hold the code into the frame")), sync()]);
  setInterval(sync, SYNC_EVERY_MS);
}

/** The scanner's right is over. What it scanned before is sent first, or stays and is sent from the sign-in page. */
async function leave(words) {
  if (leaving) return;
  leaving = true;
  camera.stop();
  await deliver().catch(() => {});
  if (queue.state().unsaved) {
    leaving = false; // only this page has them: it must not go
    board.show({ result: "reject", reason: words, direction });
    return;
  }
  await door.signOut();
  sessionStorage.setItem("gate-words", words);
  location.reload();
}

function nameGate() {
  byId("gate-name").textContent = [scanner.gate, scanner.name].filter(Boolean).join(" · ");
}

async function look(words) {
  lookingFor = words;
  await camera.start();
  showTorch(false);
  byId("flip").hidden = camera.devices.length < 2;
}

const CAMERA_WORDS = {
  starting: phrase("Starting the camera…"),
  refused: phrase("The camera was refused. Allow it in the browser, or type the code below."),
  busy: phrase("Another app has the camera. Close it; this page tries again by itself."),
  none: phrase("No camera here. Type the code, use a hand scanner, or find people by name."),
  lost: phrase("The camera was lost. This page asks for it again."),
};

function showCamera() {
  const { live, state } = camera;
  byId("finder").dataset.live = String(live);
  byId("camera-again").hidden = live || state === "starting" || !state;
  const hint = live ? lookingWords() : CAMERA_WORDS[state];
  if (hint && byId("finder-hint").textContent !== hint) byId("finder-hint").textContent = hint;
  if (!live) byId("torch").hidden = true;
}

function lookingWords() {
  if (camera.idleMs < HINT_AFTER_MS || document.body.dataset.mode === "pairing") return lookingFor;
  if (camera.dark) return camera.hasTorch ? phrase("Too dark to read: switch the torch on") : phrase("Too dark to read: find some light, or type the code");
  return phrase("No code seen. Hold it flat, closer and without glare, or type it below");
}

function askToSignIn() {
  byId("sign-in").hidden = false;
  byId("credential-error").textContent = sessionStorage.getItem("gate-words") || "";
  sessionStorage.removeItem("gate-words");
  const left = setInterval(() => (scanner ? clearInterval(left) : deliver().catch(() => {}).then(showState)), SYNC_EVERY_MS);
  deliver().catch(() => {}).then(showState);
  byId("sign-in-form").addEventListener("submit", (event) => {
    event.preventDefault();
    sound.wake();
    tryToSignIn(byId("credential").value);
  });
  byId("sign-in-scan").addEventListener("click", async () => {
    onCode = (text) => {
      stopPairing();
      tryToSignIn(text);
    };
    document.body.dataset.mode = "pairing";
    byId("sign-in").hidden = true;
    byId("scanner").hidden = false;
    byId("pair-back").focus();
    await look(phrase("Hold the scanner’s code into the frame"));
  });
  byId("pair-back").addEventListener("click", () => {
    stopPairing();
    byId("credential").focus();
  });
}

/* Until it knows its event the scanner has a camera only: no directions, no search, no list. */
function stopPairing() {
  onCode = () => {};
  camera.stop();
  delete document.body.dataset.mode;
  byId("scanner").hidden = true;
  byId("sign-in").hidden = false;
}

async function tryToSignIn(text) {
  const error = byId("credential-error");
  const input = byId("credential");
  error.textContent = "";
  try {
    const found = await door.signIn(text);
    input.value = "";
    await enter(found);
  } catch (problem) {
    error.textContent = trouble(problem);
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
}

function listen() {
  document.addEventListener("pointerdown", () => sound.wake(), { once: true });
  byId("type-in").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("code").value.trim();
    if (busy) return; // the code stays in the field: nothing that was typed is lost
    if (text) onCode(text);
    byId("code").value = "";
  });
  for (const button of document.querySelectorAll("[data-direction]")) {
    button.addEventListener("click", () => {
      direction = button.dataset.direction;
      document.body.dataset.direction = direction;
      for (const other of document.querySelectorAll("[data-direction]")) {
        if (other !== document.body) other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
  document.addEventListener("keydown", (event) => {
    const free = event.target === document.body && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (free && event.key.length === 1 && event.key !== " " && !document.querySelector("dialog[open]")) byId("code").focus();
  });
  byId("search-button").addEventListener("click", () => search.open());
  byId("menu-button").addEventListener("click", openMenu);
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  byId("gate-input").addEventListener("change", async (event) => {
    scanner.gate = event.target.value.trim();
    nameGate();
    await door.remember(scanner);
  });
  byId("sound-on").addEventListener("change", (event) => sound.setOn(event.target.checked));
  byId("sync-now").addEventListener("click", () => sync());
  byId("sign-out").addEventListener("click", signOut);
  byId("torch").addEventListener("click", async () => {
    const on = byId("torch").getAttribute("aria-pressed") !== "true";
    await camera.torch(on).then(() => showTorch(on), () => showTorch(false));
  });
  byId("flip").addEventListener("click", async () => {
    await camera.flip();
    showTorch(false); // the other camera begins in the dark, or has no torch at all
  });
  byId("camera-again").addEventListener("click", async () => {
    await camera.start();
    showTorch(false);
  });
  setInterval(() => camera.wanted && showCamera(), HINT_EVERY_MS);
  window.addEventListener("online", () => scanner && sync());
  window.addEventListener("offline", () => {
    online = false;
    showState();
  });
  window.addEventListener("beforeunload", (event) => queue.state().unsaved && event.preventDefault());
  document.addEventListener("visibilitychange", () => !document.hidden && scanner && sync());
  losses.listen(() => showState());
  store.whenReopened(() => keepAnew().catch(() => {}));
  tabs.hear({
    scanner: () => scanner && !leaving && !queue.state().unsaved && location.reload(),
    synced: () => {
      online = true;
      setTimeout(showState);
    },
    sent: () => setTimeout(showState),
  });
}

/** The database was closed under us, or emptied: what this page knows is kept again. */
async function keepAnew() {
  await store.keepKey();
  await queue.keepAnew();
  if (!scanner) return;
  await door.remember(scanner);
  await bundle.keepAnew();
}

function showTorch(on) {
  byId("torch").hidden = !camera.hasTorch;
  byId("torch").setAttribute("aria-pressed", String(on));
}

async function openMenu() {
  byId("gate-input").value = scanner.gate;
  byId("menu-dialog").showModal();
  showFacts([]);
  try {
    const counts = (await server.ask("GET", `/v1/events/${scanner.event_id}/attendance`)).value;
    showFacts([[phrase("Inside now"), phrase("%(inside)s of %(issued)s", counts)]]);
  } catch (error) {
    showFacts([[phrase("Inside now"), error instanceof Away ? phrase("unknown without the network") : trouble(error)]]);
  }
}

function showFacts(more) {
  const board = bundle.payload ? String(bundle.payload.count) : phrase("none yet");
  const facts = [[phrase("Scanner"), scanner.name], [phrase("Event"), scanner.event_title], [phrase("Tickets on board"), board], ...more];
  byId("menu-facts").replaceChildren(
    ...facts.map(([label, value]) => {
      const row = document.createElement("div");
      row.append(Object.assign(document.createElement("dt"), { textContent: label }), Object.assign(document.createElement("dd"), { textContent: value }));
      return row;
    }),
  );
}

async function signOut() {
  if (queue.state().waiting > 0) {
    byId("menu-error").textContent = phrase("Scans are waiting to be sent. Connect and sync before signing out.");
    byId("menu-error").scrollIntoView({ block: "nearest" });
    return;
  }
  const question = phrase("Sign this scanner out? It needs its credential to come back, and the organizer saw that only once.");
  if (window.confirm(question)) await leave("");
}

listen();
await queue.wake();
await losses.restore();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/gate/sw.js", { scope: "/gate" }).catch(() => {});
const known = await door.remembered();
if (known) await enter(known);
else askToSignIn();
showState();
