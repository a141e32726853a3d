/** The scanner's page: sign-in, then camera, keyboard and search feed one check; the server judges, the bundle stands in. */

import { Bundle } from "./bundle.js";
import { Camera } from "./camera.js";
import * as door from "./door.js";
import * as queue from "./queue.js";
import { Search } from "./search.js";
import { Away, Refused, Server } from "./server.js";
import * as sound from "./sound.js";
import { VerdictBoard } from "./verdict.js";

const SYNC_EVERY_MS = 30_000;
const CODE_CHARS_MAX = 512;
const byId = (id) => document.getElementById(id);

const board = new VerdictBoard();
const camera = new Camera(byId("video"), (text) => onCode(text));
const bundle = new Bundle();
let scanner = null;
let server = null;
let search = null;
let direction = "entry";
let online = navigator.onLine;
let busy = false;
let syncing = null;
let onCode = () => {};

/* One check at a time: what arrives while a verdict is awaited is dropped, the camera sees it again. */
async function check(scan, local) {
  if (busy) return;
  busy = true;
  camera.paused = true;
  byId("scanner").setAttribute("aria-busy", "true");
  try {
    const nonce = queue.newNonce();
    board.show(await judge({ ...scan, nonce, direction, gate: scanner.gate || undefined }, local));
  } catch (error) {
    refuse(error);
  } finally {
    busy = false;
    byId("scanner").removeAttribute("aria-busy");
    await showState();
  }
}

async function judge(scan, local) {
  const scannedAt = new Date().toISOString();
  try {
    const verdict = await server.validate({ ...scan, scannedAt });
    setOnline(true);
    if (scan.code) await bundle.note(scan.code, verdict, scan.gate || scanner.name);
    return verdict;
  } catch (error) {
    if (!(error instanceof Away)) throw error;
    setOnline(false);
    if (!local) throw new Error("The server does not answer: without the network only codes can be checked.", { cause: error });
    return judgeAlone(scan, scannedAt);
  }
}

/* The nonce is the one the server may have seen already: if it did apply the scan, the upload only repeats its verdict. */
async function judgeAlone({ code, nonce, gate }, scannedAt) {
  const verdict = await bundle.judge(code, direction, gate || scanner.name);
  if (verdict.result !== "admit" && verdict.result !== "exit_ok") return verdict;
  const kept = await queue.keep({ code, nonce, gate, direction, scanned_at: scannedAt, offline: true, cursor: bundle.cursor });
  return kept ? verdict : { ...verdict, result: "reject", reason: "queue_full" };
}

function refuse(error) {
  if (error instanceof Refused && error.status === 401) return leave(error.message);
  board.show({ result: "reject", reason: error.message, direction });
}

async function sync() {
  syncing ??= (async () => {
    try {
      await bundle.sync(server, scanner.event_id);
      const { surprises } = await queue.upload(server, scanner.event_id);
      setOnline(true);
      byId("menu-error").textContent = surprises.length ? `${surprises.length} offline scans collided with other gates; the organizer sees them.` : "";
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return leave(error.message);
      if (error instanceof Away) setOnline(false);
      else byId("menu-error").textContent = error.message;
    } finally {
      syncing = null;
      await showState();
    }
  })();
  return syncing;
}

function setOnline(value) {
  online = value;
}

async function showState() {
  const waiting = await queue.length();
  chip("chip-net", online ? "Online" : "Offline", online ? "good" : "warn");
  const queueChip = byId("chip-queue");
  queueChip.hidden = waiting === 0;
  chip("chip-queue", `${waiting} to send`, "warn");
  const ageMs = Date.now() - bundle.syncedAtMs;
  const age = bundle.syncedAtMs ? Math.floor(ageMs / 60_000) : null;
  const limits = bundle.payload || { amber_after_s: 900, red_after_s: 3600 };
  const state = age === null || ageMs > limits.red_after_s * 1000 ? "bad" : ageMs > limits.amber_after_s * 1000 ? "warn" : "good";
  byId("chip-sync").hidden = !scanner;
  chip("chip-sync", age === null ? "Not synced" : age < 1 ? "Synced just now" : `Synced ${age} min ago`, state);
}

function chip(id, text, state) {
  const node = byId(id);
  node.textContent = text;
  node.dataset.state = state;
}

async function enter(found) {
  scanner = found;
  server = new Server(scanner.credential);
  search = new Search(server, scanner.event_id, (ticket) => check({ ticketId: ticket.ticketId }, false));
  await bundle.restore();
  byId("sign-in").hidden = true;
  byId("scanner").hidden = false;
  byId("menu-button").hidden = false;
  byId("event-title").textContent = scanner.event_title;
  byId("gate-list").replaceChildren(...scanner.gates.map((gate) => Object.assign(document.createElement("option"), { value: gate })));
  nameGate();
  onCode = (text) => text.length <= CODE_CHARS_MAX && check({ code: text.trim() }, true);
  board.onClear = () => {
    camera.paused = false;
  };
  await Promise.all([look(), sync()]);
  setInterval(sync, SYNC_EVERY_MS);
}

async function leave(words) {
  camera.stop();
  await door.signOut();
  sessionStorage.setItem("gate-words", words);
  location.reload();
}

function nameGate() {
  byId("gate-name").textContent = [scanner.gate, scanner.name].filter(Boolean).join(" · ");
}

async function look(words = "Hold the code into the frame") {
  const hint = byId("finder-hint");
  try {
    await camera.start();
    hint.textContent = words;
    byId("finder").dataset.live = "true";
    showTorch(false);
    byId("flip").hidden = camera.devices.length < 2;
  } catch (error) {
    hint.textContent = error.name === "NotAllowedError"
      ? "The camera was refused. Allow it in the browser, or type the code below."
      : "No camera here. Type the code, use a hand scanner, or find people by name.";
  }
}

function askToSignIn() {
  byId("sign-in").hidden = false;
  byId("credential-error").textContent = sessionStorage.getItem("gate-words") || "";
  sessionStorage.removeItem("gate-words");
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
    await look("Hold the scanner’s code into the frame");
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
    error.textContent = problem.message;
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
  window.addEventListener("online", () => scanner && sync());
  window.addEventListener("offline", () => {
    setOnline(false);
    showState();
  });
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
    showFacts([["Inside now", `${counts.inside} of ${counts.issued}`]]);
  } catch (error) {
    showFacts([["Inside now", error instanceof Away ? "unknown without the network" : error.message]]);
  }
}

function showFacts(more) {
  const board = bundle.payload ? String(bundle.payload.count) : "none yet";
  const facts = [["Scanner", scanner.name], ["Event", scanner.event_title], ["Tickets on board", board], ...more];
  byId("menu-facts").replaceChildren(
    ...facts.map(([label, value]) => {
      const row = document.createElement("div");
      row.append(Object.assign(document.createElement("dt"), { textContent: label }), Object.assign(document.createElement("dd"), { textContent: value }));
      return row;
    }),
  );
}

async function signOut() {
  if ((await queue.length()) > 0) {
    byId("menu-error").textContent = "Scans are waiting to be sent. Connect and sync before signing out.";
    byId("menu-error").scrollIntoView({ block: "nearest" });
    return;
  }
  const question = "Sign this scanner out? It needs its credential to come back, and the organizer saw that only once.";
  if (window.confirm(question)) await leave("");
}

listen();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/gate/sw.js", { scope: "/gate" }).catch(() => {});
const known = await door.remembered();
if (known) await enter(known);
else askToSignIn();
await showState();
