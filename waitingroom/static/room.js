/** The waiting page: poll, show the place, report presence near the front, claim, hand over to the shop. */

import { Refused, Room } from "./api.js";
import { Clock, showCountdowns } from "./countdown.js";
import { check, placeOf } from "./draw.js";
import { Stream } from "./stream.js";
import * as view from "./view.js";

const STREAM_WITHIN_S = 120, BEAT_WITHIN_S = 300, BEAT_EVERY_S = 20, SEEN_EVERY_S = 240, SPEAK_EVERY_MS = 60_000, DAY_S = 86_400, HIDDEN_FACTOR = 2;
const CROWDED = "crowded_block";
const main = document.querySelector("main");
const { event: eventId, shop } = main.dataset;
const room = new Room(eventId);
const clock = new Clock();
const KEPT = `onsale_queue_${eventId}`;
const tabs = "BroadcastChannel" in self ? new BroadcastChannel(KEPT) : null;
const stream = new Stream(`${room.base}/stream`, (news) => { apply(news); presence(); });

let status = JSON.parse(document.getElementById("status").textContent);
let place = readPlace();
let claiming = false, asking = false, handedOver = false, pollTimer = 0, beatenAt = 0, spokeAt = 0, fails = 0;

function readPlace() {
  const { ticket, number } = main.dataset, kept = readKept();
  if (!ticket) return kept;
  return kept?.ticket === ticket ? kept : store({ ticket, number: Number(number) });
}

function readKept() {
  try { return JSON.parse(localStorage.getItem(KEPT)); } catch { return null; /* no storage: the cookie is enough */ }
}

const keep = (next) => { place = store(next); return place; };

/** Does not touch `place`, which is not there yet when the page reads it for the first time. */
function store(next) {
  try { next ? localStorage.setItem(KEPT, JSON.stringify(next)) : localStorage.removeItem(KEPT); } catch { /* as above */ }
  return next;
}

/* -- What is shown --------------------------------------------------------------------------------------------- */

function apply(document) {
  status = document;
  clock.set(status.server_now_ms);
  for (const name of ["paused", "sold_out"]) view.alertIf(name, status.phase === name);
  view.alertIf("stale", status.stale === true);
  view.alertIf("message", status.message !== "");
  view.fact("message", status.message);
  view.fact("tail", new Intl.NumberFormat().format(Math.max(status.tail, place ? place.number + 1 : 0)));
  const when = ["prequeue", "sold_out"].includes(status.phase) ? status.phase : "open";
  for (const text of main.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== when;
  view.alertIf("keep", place !== null);
  if (place && place.epoch !== undefined && place.epoch !== status.epoch) setTimeout(recall, Math.random() * 5000);
  if (place && place.epoch !== status.epoch) keep({ ...place, epoch: status.epoch });
  show();
}

function show() {
  if (handedOver || main.dataset.face === "over" || main.dataset.face === "admitted") return;
  const number = place ? placeNumber() : null;
  const face = faceFor(number);
  if (face !== main.dataset.face) { view.showFace(face); view.announceFace(face); }
  if (face === "waiting") showWaiting(number);
  if (face === "called") claim();
  proof(number);
}

function faceFor(number) {
  if (status.phase === "closed" || status.phase === "scheduled") return status.phase;
  if (!place) return "join";
  if (number === null) return "registered";
  return number < status.serving && status.phase === "open" ? "called" : "waiting";
}

/** The place in line, computed here once: nobody tells this browser what it drew. */
function placeNumber() {
  if (!status.draw.seed) return null;
  if (status.draw.tail_cohort && place.told === undefined) { ask(); return null; }
  if (place.told !== undefined && place.told !== null) return place.told;
  if (place.drawn !== status.draw.seed) keep({ ...place, drawn: status.draw.seed, queueNumber: placeOf(place.number, status) });
  return place.queueNumber;
}

/** Some registrations were moved behind the drawn: whether ours was, the room tells. */
function ask() {
  if (asking) return;
  asking = true;
  room.beat(place.ticket).then(({ body }) => {
    keep({ ...place, told: body.moved ? body.queue_number : null });
    view.alertIf("crowded", false);
    view.alertIf("moved", Boolean(body.moved) && body.moved !== CROWDED);
    view.alertIf("moved_crowded", body.moved === CROWDED);
    show();
  }, lost /* else the next poll asks again */).finally(() => { asking = false; });
}

function waitSeconds(number) {
  const ahead = Math.max(0, number - status.serving);
  const seconds = status.pace_per_min > 0 ? (ahead + 1) * 60 / status.pace_per_min : Infinity;
  return seconds <= DAY_S ? seconds : null;
}

/** Neither position nor wait ever goes up: a later, larger estimate keeps the old words. While nobody is let in there is no estimate. */
function showWaiting(number) {
  const position = Math.min(place.position ?? Infinity, Math.max(1, number - status.serving + 1));
  const wait = waitSeconds(number);
  const halted = status.phase === "paused" || status.phase === "sold_out";
  const dueAt = halted ? null : wait === null ? place.dueAt ?? null : Math.min(place.dueAt ?? Infinity, clock.now() + wait * 1000);
  const first = place.first ?? position;
  const progress = first > 1 ? Math.round(100 * (1 - (position - 1) / first)) : 100;
  if (position !== place.position || dueAt !== place.dueAt) keep({ ...place, position, dueAt, first });
  view.showPlace(position, position - 1, dueAt === null ? null : Math.max(0, dueAt - clock.now()) / 1000, progress);
  if (Date.now() - spokeAt > SPEAK_EVERY_MS) { spokeAt = Date.now(); view.announcePlace(position); }
}

function proof(number) {
  const { draw } = status;
  const mine = place && place.number < status.cohort_size;
  view.showProof({
    commit: draw.commit, secret: draw.secret, merkle_root: draw.merkle_root, seed: draw.seed,
    beacon: draw.beacon || draw.beacon_name, count: draw.seed ? status.cohort_size : null,
    index: mine ? place.number : null, number: mine && number !== null ? number + 1 : null,
  });
}

document.getElementById("check").addEventListener("click", () => {
  const found = check(status.draw, status.cohort_size);
  view.showCheck("commit", found.commit);
  view.showCheck("seed", found.seed);
  view.showCheck("number", place && place.number < status.cohort_size ? placeOf(place.number, status) === place.queueNumber : null);
});

/* -- Asking ---------------------------------------------------------------------------------------------------- */

async function poll() {
  clearTimeout(pollTimer);
  try {
    const news = await room.status();
    fails = 0;
    if (news) apply(news); else show();
  } catch (error) {
    fails++;
    if (error instanceof Refused && error.status === 404) return location.assign(shop);
    view.alertIf("stale", true);
  }
  presence();
  listen();
  pollTimer = setTimeout(poll, 1000 * pause());
}

/** clamp(min, max, wait / divisor) x (1 + U(0, 0.3)); slower when hidden, and when the room does not answer. */
function pause() {
  const { min_s: min, max_s: max, divisor } = status.poll;
  const number = place ? placeNumber() : null;
  let wait = number === null ? Math.max(0, dueMs() - clock.now()) / 1000 : waitSeconds(number) ?? max;
  if (!place && status.phase !== "scheduled") wait = 10 * divisor;
  const calm = Math.min(max, Math.max(min, wait / divisor)) * (document.hidden ? HIDDEN_FACTOR : 1) * 2 ** Math.min(fails, 4);
  return Math.min(max, calm) * (1 + Math.random() * 0.3);
}

const dueMs = () => status.phase === "scheduled" ? status.prequeue_opens_at_ms : status.opens_at_ms;

/** Server-sent events for the last two minutes. */
function listen() {
  const number = place ? placeNumber() : null;
  const near = number !== null && status.phase === "open" && (waitSeconds(number) ?? Infinity) <= STREAM_WITHIN_S;
  if (near && !document.hidden) stream.open();
}

/** Near the front, say that somebody is there; nobody is waited for who has gone. Far from it, seldom: a mailed link that
    is merely fetched then takes the place from no open page. */
function presence(now = false) {
  const number = place ? placeNumber() : null;
  const near = number !== null && (waitSeconds(number) ?? Infinity) <= BEAT_WITHIN_S;
  const everyS = near ? BEAT_EVERY_S : main.dataset.identity === "email" ? SEEN_EVERY_S : Infinity;
  if (!place || (!now && (everyS === Infinity || Date.now() < beatenAt + everyS * 1000))) return;
  beatenAt = Date.now() + BEAT_EVERY_S * 1000 * 0.3 * Math.random();
  room.beat(place.ticket).catch(lost /* else the next one */);
}

/** The mailed link was opened elsewhere: this browser holds an ended ticket, unless another tab has the place again. */
function lost(error) {
  if (!(error instanceof Refused) || error.code !== "place_moved" || !place) return;
  const kept = readKept();
  if (kept && kept.ticket !== place.ticket) place = kept;
  else { keep(null); view.alertIf("elsewhere", true); view.alertIf("keep", false); }
  claiming = false;
  show();
}

async function claim() {
  if (claiming) return;
  claiming = true;
  let again = 2;
  try {
    const answer = await room.claim(place.ticket);
    if (answer.status === 200) return handOver(answer.body);
    for (const text of main.querySelectorAll("[data-called]")) text.hidden = text.dataset.called !== (answer.body.reason === "full" ? "full" : "yes");
    again = answer.body.retry_after_s;
  } catch (error) {
    if (error instanceof Refused && error.code === "turn_over") { view.showFace("over"); return view.announceFace("over"); }
    if (error instanceof Refused && error.code === "room_closed") return void poll();
    if (error instanceof Refused && error.code === "place_moved") return lost(error);
    if (error instanceof Refused && error.code === "queue_ticket_invalid") { keep(null); return show(); }
    again = error.problem?.retry_after_s ?? 3;
  }
  setTimeout(() => { claiming = false; show(); }, again * 1000 * (1 + Math.random() * 0.3));
}

/** In: the token goes along in the fragment, which no server's log ever sees. */
function handOver({ admission_token: token }) {
  handedOver = true;
  document.querySelector("#hand-over input").value = token;
  view.showFace("admitted");
  location.assign(`${shop}#admission=${token}`);
}

/** The room was restored from its records: show our ticket, so that it knows this place again. */
function recall() {
  if (place) room.join({ queue_ticket: place.ticket }).then(({ body }) => keep({ ...place, ticket: body.queue_ticket }), lost /* else the ticket is good all the same */);
}

/* -- Joining --------------------------------------------------------------------------------------------------- */

async function join(body) {
  view.alertIf("error", false);
  for (const name of ["elsewhere", "moved", "moved_crowded"]) view.alertIf(name, false);
  if (main.dataset.challenge === "pow" && !body.queue_ticket) body = { ...body, challenge: await work() };
  const { body: answer } = await room.join(body).catch(async (error) => {
    if (!(error instanceof Refused) || error.code !== "challenge_required") throw error;
    return room.join({ ...body, challenge: await work(error.problem.challenge) }); // it was too old, or is asked for since
  });
  keep({ ticket: answer.queue_ticket, number: answer.number });
  view.alertIf("crowded", answer.behind === CROWDED);
  claiming = false;
  view.showFace("join");
  presence(true);
  await poll();
}

function work(given = null) {
  document.getElementById("working").hidden = false;
  return (given ? Promise.resolve(given) : room.challenge()).then((challenge) => new Promise((done) => {
    const worker = new Worker(new URL("./work.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => { worker.terminate(); done(data); };
    worker.postMessage(challenge);
  })).finally(() => { document.getElementById("working").hidden = true; });
}

document.getElementById("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [field, code, trap] = ["identity", "code", "website"].map((id) => document.getElementById(id)), button = event.target.querySelector("button");
  button.disabled = true;
  view.faultIn(field, false);
  view.faultIn(code, false);
  view.known(null);
  try {
    await join({ ...(field && { identity: field.value }), ...(code && { code: code.value }), ...(trap.value && { website: trap.value }) });
  } catch (error) {
    const refused = error instanceof Refused ? error : { status: 0, code: "" };
    if (refused.code === "code_required" && !code) location.reload(); // asked for since this page was made
    else if (refused.code === "identity_known" && field) view.known(field.value.trim());
    else if (code && ["code_required", "code_invalid"].includes(refused.code)) view.faultIn(code, true);
    else if (field && refused.status === 422) view.faultIn(field, true);
    else view.alertIf("error", true);
  } finally { button.disabled = false; }
});

document.getElementById("again").addEventListener("submit", async (event) => {
  event.preventDefault();
  try { await join({ queue_ticket: place.ticket }); } catch (error) {
    if (error instanceof Refused && error.code === "place_moved") { main.dataset.face = "join"; view.showFace("join"); lost(error); }
    else view.alertIf("error", true);
  }
});

/* -- Coming and going ------------------------------------------------------------------------------------------ */

addEventListener("pagehide", () => {
  if (!place || handedOver || main.dataset.face === "registered") return;
  room.leave(place.ticket);
  tabs?.postMessage("left");
});
// Another tab said goodbye for both of us: say that somebody still is here.
tabs?.addEventListener("message", () => setTimeout(() => presence(true), 500 + Math.random() * 1000));
document.addEventListener("visibilitychange", () => { if (!document.hidden) { poll(); presence(true); } });
addEventListener("pageshow", (event) => { if (event.persisted) { handedOver = false; claiming = false; poll(); presence(true); } });
setInterval(() => { showCountdowns(clock, status); if (main.dataset.face === "waiting" && place) showWaiting(placeNumber()); }, 1000);

// A lost cookie: the place is still known here, and the room recognises its ticket.
if (place && !main.dataset.ticket && !["closed", "scheduled"].includes(status.phase)) {
  room.join({ queue_ticket: place.ticket }).then(({ body }) => keep({ ...place, ticket: body.queue_ticket }), (error) => { lost(error); keep(null); }).finally(() => poll());
} else {
  apply(status);
  showCountdowns(clock, status);
  presence(true);
  pollTimer = setTimeout(poll, 1000 * Math.min(3, pause()));
}
