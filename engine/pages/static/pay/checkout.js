/** The checkout: opens the order once, pays it, and leads to its page. A declined card may be tried again. */

import { element, money, post, Problem } from "../api.js";
import { phrase, refusalIn } from "../words.js";
import { HELD_KEY } from "../shop/hold.js";
import { startClock } from "./clock.js";
import { providerFor } from "./provider.js";
import { forgetTyped, keepTyped } from "../typed.js";

const OPEN_TRIES_MAX = 6;
const OPEN_PAUSE_MAX_S = 8;

const data = JSON.parse(document.getElementById("pay-data").textContent);
const typedKey = `onsale:typed:${data.hold_id}`;
const $ = (id) => document.getElementById(id);
const form = $("checkout-form");
const button = $("pay-button");
let opened = null;

const say = (text) => { $("pay-state").textContent = text; };

function alertWith(text) {
  $("alert").replaceChildren(element("p", {}, text));
  $("alert").hidden = !text;
  if (text) $("alert").focus();
}

function fieldFault(name, text) {
  $(`${name}-error`).textContent = text;
  if (text) form.elements[name]?.setAttribute("aria-invalid", "true");
  else form.elements[name]?.removeAttribute("aria-invalid");
}

/** Name, e-mail and what is asked as far as a browser can judge them; the server judges again. */
function fieldsReady() {
  const name = form.elements.name.value.trim() ? "" : phrase("Please tell us your name: it stands on the tickets.");
  const typed = form.elements.email;
  const email = !typed.value.trim() ? phrase("Write your e-mail address: your tickets are sent there.") : typed.validity.valid ? "" : phrase("This does not look like an e-mail address: your tickets are sent there.");
  fieldFault("name", name);
  fieldFault("email", email);
  $("asked-error").textContent = "";
  const left = [...form.querySelectorAll("[data-missing]")].filter((field) => {
    const missing = field.type === "checkbox" ? !field.checked : !field.value.trim();
    fieldFault(field.name, missing ? field.dataset.missing : "");
    return missing;
  });
  const first = name ? "name" : email ? "email" : left[0]?.name;
  if (first) form.elements[first].focus();
  return !first;
}

/** The order of this hold. Asking again continues the same one, so a lost answer costs nothing. */
async function open() {
  for (let attempt = 1; ; attempt += 1) {
    let retryAfterS = attempt;
    try {
      const response = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form)) });
      const answer = await response.json();
      if (response.ok) return answer;
      const problem = new Problem(response.status, answer, Number(response.headers.get("Retry-After")) || null);
      if (response.status !== 503 || attempt >= OPEN_TRIES_MAX) throw problem;
      retryAfterS = problem.retryAfterS ?? attempt;
    } catch (error) {
      if (error instanceof Problem || attempt >= OPEN_TRIES_MAX) throw error;
    }
    say(phrase("Many people are paying right now. Your tickets are kept while you wait in line…"));
    await new Promise((resolve) => setTimeout(resolve, Math.min(OPEN_PAUSE_MAX_S, retryAfterS) * 1000 * (1 + Math.random() / 2)));
  }
}

async function submit() {
  alertWith("");
  if (!fieldsReady() || (provider && !(await provider.ready()))) return;
  lock(true);
  try {
    say(phrase("Keeping your tickets…"));
    opened ??= await open();
    $("longer-form")?.remove(); // an order's time is its own
    sessionStorage.removeItem(HELD_KEY);
    forgetTyped(typedKey);
    clock.until(opened.expires_at_ms);
    const orderUrl = new URL(`/order/${opened.order_id}`, location.href);
    if (!opened.client_secret) { location.assign(orderUrl); return; }
    say(phrase("Paying. Please leave this page open…"));
    const outcome = await provider.pay({
      clientSecret: opened.client_secret,
      name: form.elements.name.value.trim(),
      email: form.elements.email.value.trim(),
      returnUrl: orderUrl.href,
    });
    if (outcome.kind === "done") location.assign(`${orderUrl.pathname}?paid=1`);
    if (outcome.kind !== "declined") return;
    alertWith(`${outcome.message} ${phrase("Nothing was charged, and your tickets are still yours until the time above: try again or use another card.")}`);
  } catch (error) {
    refused(error);
  }
  lock(false);
}

function refused(error) {
  if (error instanceof Problem && ["invalid", "address_not_carried"].includes(error.code)) {
    for (const fault of error.facts.errors ?? []) {
      const field = fault.pointer.split("/").pop();
      if ($(`${field}-error`)) fieldFault(field, fault.message);
    }
    alertWith(phrase("Please look at the fields marked below."));
  } else if (error instanceof Problem && [403, 410].includes(error.status)) {
    location.reload(); // given back, or out of time: its page says so
  } else if (error instanceof Problem) {
    alertWith(phrase("%(what)s. Nothing was charged.", { what: refusalIn(error) }));
  } else if (opened) {
    location.assign(`/order/${opened.order_id}?paid=1`); // we do not know whether it went through: its page does
  } else {
    alertWith(phrase("The connection was lost. Nothing was charged: press once more."));
  }
}

function lock(on) {
  button.disabled = on;
  button.setAttribute("aria-busy", String(on));
  for (const field of form.querySelectorAll(".card-fields")) field.disabled = on;
  if (!on) say("");
}

/** Another full life of the hold, as far as there is one. What was typed, card included, stays. */
async function longer(box) {
  try {
    const hold = await post(`/v1/holds/${encodeURIComponent(data.hold_id)}/extend`, {});
    clock.until(hold.expires_at_ms);
    sessionStorage.setItem(HELD_KEY, JSON.stringify({ id: hold.id, event_id: hold.event_id, expires_at_ms: hold.expires_at_ms }));
    if (hold.expires_at_ms >= data.longest_ms) {
      box.hidden = true;
      say(phrase("You have more time now. Longer than this they cannot be kept."));
    } else {
      say(phrase("You have more time now."));
    }
  } catch (error) {
    if (error instanceof Problem && error.code === "hold_lifetime_exceeded") { box.hidden = true; say(phrase("Longer than this they cannot be kept.")); }
    else refused(error);
  }
}

const provider = data.amount_cents ? providerFor(data, form) : null;
const clock = startClock(data, () => { if (!opened) location.reload(); });
button.disabled = false;
if (data.amount_cents) button.textContent = phrase("Pay %(amount)s", { amount: money(data.amount_cents, data) });
$("release-form").addEventListener("submit", () => sessionStorage.removeItem(HELD_KEY));
$("longer-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  longer(event.target);
});
keepTyped(form, typedKey);
form.elements.name.addEventListener("change", () => {
  const first = form.elements["n-0"];
  if (first && !first.value) first.value = form.elements.name.value.trim();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
