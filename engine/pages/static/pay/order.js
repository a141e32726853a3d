/** An order's page: waits for its state to change, pays again where needed, remembers it in this browser. */

import { call, element, post } from "../api.js";
import { phrase } from "../words.js";
import { startClock } from "./clock.js";
import { remember } from "./memory.js";
import { providerFor } from "./provider.js";
import { WORDS } from "./words.js";

const POLL_FIRST_MS = 900;
const POLL_GROWTH = 1.3;
const POLL_MAX_MS = 10_000;
const WAIT_S = 20;
const WAITED_MS = 1_000; // an answer that took longer was waited for
const OPEN = ["pending", "processing"];

const data = JSON.parse(document.getElementById("pay-data").textContent);
const $ = (id) => document.getElementById(id);
const path = `/v1/orders/${encodeURIComponent(data.order_id)}`;

/** Back from the provider: ask the server to look there at once rather than wait for its messenger. */
async function hurry() {
  const query = new URLSearchParams(location.search);
  const came = query.get("paid") || query.get("payment_intent");
  if (!came || !OPEN.includes(data.status)) return;
  history.replaceState(null, "", location.pathname);
  settling();
  try {
    await post("/v1/payments/confirm", { order_id: data.order_id, payment_intent_id: data.payment_intent_id });
  } catch { /* the poll below tells what became of it */ }
}

/** While a payment is under way a second one is out of the question: the form goes away. */
function settling() {
  headed(false);
  const again = $("pay-again");
  if (again) again.hidden = true;
}

/** The heading that is true now: either the buyer has something to do, or the payment is under way. */
function headed(unpaid) {
  if (!$("head-unpaid")) return;
  $("head-unpaid").hidden = !unpaid;
  $("head-safe").hidden = unpaid;
}

/** The server answers when something changes. If it has no room to wait, or the page is hidden, we ask now and then. */
async function follow() {
  let etag = null;
  let pauseMs = POLL_FIRST_MS;
  for (;;) {
    const beganMs = performance.now();
    let rests = true;
    try {
      const wait = etag && !document.hidden ? `?wait_s=${WAIT_S}` : "";
      const { status, headers, value } = await call("GET", `${path}/status${wait}`, { headers: etag ? { "If-None-Match": etag } : {} });
      if (wait && performance.now() - beganMs > WAITED_MS) pauseMs = POLL_FIRST_MS;
      if (status === 200) {
        etag = headers.get("ETag");
        rests = Boolean(wait); // who has just asked goes on to wait
        pauseMs = POLL_FIRST_MS;
        show(value);
        if (value.status !== data.status || value.tickets.issued !== data.issued) {
          if (OPEN.includes(value.status)) data.status = value.status;
          else { location.replace(location.pathname); return; }
        }
      }
    } catch {
      etag = null; // the network is away, or something between cuts long answers: the next round asks without waiting
    }
    if (!rests) continue;
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (1 + Math.random() * 0.3)));
    pauseMs = Math.min(POLL_MAX_MS, pauseMs * POLL_GROWTH);
    if (document.hidden) pauseMs = POLL_MAX_MS;
  }
}

function show(status) {
  for (const [name, { state }] of [["hold", status.hold], ["payment", status.payment], ["tickets", status.tickets]]) {
    const row = document.querySelector(`[data-state="${name}"]`);
    if (row.dataset.value === state) continue;
    row.dataset.value = state;
    row.querySelector("[data-words]").textContent = WORDS[name][state] ?? state;
  }
  if (status.payment.state === "processing" || status.payment.state === "succeeded") settling();
  const failed = status.payment.state === "failed";
  if (failed && $("pay-again")) {
    $("pay-again").hidden = false;
    headed(true);
  }
}

function alertWith(text) {
  $("alert").replaceChildren(element("p", {}, text));
  $("alert").hidden = !text;
  if (text) $("alert").focus();
}

function startPaying() {
  const form = $("pay-form");
  if (!form) return;
  const provider = providerFor(data, form);
  const button = $("pay-button");
  startClock(data, () => {});
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true" || !(await provider.ready())) return;
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    alertWith("");
    $("pay-state").textContent = phrase("Paying. Please leave this page open…");
    try {
      const outcome = await provider.pay({ clientSecret: data.client_secret, returnUrl: new URL(location.pathname, location.href).href });
      if (outcome.kind === "done") { location.assign(`${location.pathname}?paid=1`); return; }
      if (outcome.kind === "away") return;
      alertWith(`${outcome.message} ${phrase("Nothing was charged: try again or use another card.")}`);
    } catch {
      alertWith(phrase("The connection to the payment provider was lost. The list below says whether the payment went through."));
    }
    $("pay-state").textContent = "";
    button.disabled = false;
    button.removeAttribute("aria-busy");
  });
}

remember({ id: data.order_id, number: data.order_number, title: data.event_title, starts: data.event_starts });
const print = $("print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
if (OPEN.includes(data.status) || (data.status === "paid" && !data.issued)) {
  startPaying();
  hurry().then(follow);
}
