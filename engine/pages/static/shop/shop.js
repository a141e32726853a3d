/** The shop page: brings map, list, best available and basket together. */

import { element, get, Problem } from "../api.js";
import { clockOffsetMs, countDown, minutesAndSeconds } from "../countdown.js";
import { startSteppers } from "../stepper.js";
import { startTabs } from "../tabs.js";
import { forgetTyped, keepTyped } from "../typed.js";
import { phrase, phrases } from "../words.js";
import { keepAdmission } from "./admission.js";
import { SetApart } from "./apart.js";
import { Basket, PHONE } from "./basket.js";
import { BestTotal, bestRequest, promoIn } from "./best.js";
import { Chart } from "./chart.js";
import { Held, recallHeld } from "./held.js";
import { enter, place, words } from "./hold.js";
import { MapInput } from "./mapinput.js";
import { MapView } from "./mapview.js";
import { Offers } from "./offers.js";
import { SeatList } from "./seatlist.js";
import { SeatStatus } from "./status.js";
import { unlockBy } from "./unlock.js";

const data = JSON.parse(document.getElementById("shop-data").textContent);
const $ = (id) => document.getElementById(id);

function tell(text, ...more) {
  const box = $("alert");
  box.replaceChildren(element("p", {}, text), ...more);
  box.hidden = !text;
  $("alert-server")?.remove();
  if (text) box.scrollIntoView({ block: "nearest" });
}

const say = (text) => { $("spoken").textContent = text; };
const held = data.held ? new Held(data, say) : null;
const bestKey = `onsale:best:${data.event_id}`;

/** Holds what was asked for, or adds it to what is held already; on to the checkout. */
async function take(request) {
  if (held) await held.add(request);
  else enter(await place(request));
}

/** Runs `work` once at a time while a button shows that it is busy. */
async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    tell("");
    await work();
  } catch (error) {
    refused(error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function refused(error) {
  if (!(error instanceof Problem)) { tell(phrase("The connection was lost. Nothing was taken: press once more.")); return; }
  const admission = error.code === "admission_required" || error.code === "admission_expired";
  tell(words(error, data), ...(admission && data.room_url ? [element("p", {}, element("a", { class: "button button-accent", href: data.room_url }, phrase("Join the queue")))] : []));
}

function startBest() {
  const form = $("best-form");
  const keep = keepTyped(form, bestKey);
  const total = new BestTotal(form, data, refused);
  startSteppers(form, () => {
    total.soon();
    keep();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = bestRequest(form, data);
    if (!request.items.length) { tell(phrase("How many tickets?")); return; }
    busy(form.querySelector('[type="submit"]'), async () => {
      forgetTyped(bestKey);
      await take({ ...request, ...promoIn(form.elements.promo_code) });
    });
  });
}

/** Whether somebody was quicker than the map and is saying how many: their form stays where it is. */
function bestIsBegun() {
  const counts = [...$("best-form").querySelectorAll('[name^="q-"]')];
  return $("best-form").contains(document.activeElement) || counts.some((input) => Number(input.value) > 0);
}

/** What was chosen steps back while the visitor looks elsewhere: on a phone it would cover the half of it. */
function leaveRoomFor(way) {
  $("shop").dataset.way = way;
  if (matchMedia(PHONE).matches) $("basket-more").open = false;
}

async function startSeats() {
  const geometry = await get(`/v1/events/${encodeURIComponent(data.event_id)}/seatmap`);
  const chart = new Chart(geometry);
  const offers = new Offers(data, chart.categories);
  const state = { map: null, list: null, basket: null };
  const apart = new SetApart(data.event_id, {
    changed(units) {
      for (const unit of units) state.map?.touch(unit);
      dropTaken(units);
      state.list?.draw();
    },
    refused(error) {
      for (const field of codeFields()) if (field.value) field.setAttribute("aria-invalid", "true");
      refused(error);
    },
  });
  const taken = (unit) => status.taken[unit] === 1 && !apart.has(unit);
  const dropTaken = (units) => {
    const gone = state.basket?.drop(units.filter(taken)) ?? 0;
    if (gone) tell(phrases("Somebody else took one of your seats before you held it.", "Somebody else took %(num)s of your seats before you held them.", gone));
  };
  const status = new SeatStatus(data.event_id, chart.units, {
    changed(units) {
      for (const unit of units) state.map?.touch(unit);
      dropTaken(units);
      state.list?.draw();
    },
    state(kind) {
      const line = $("live-state");
      line.toggleAttribute("data-stale", kind !== "live");
      line.textContent = { live: phrase("Live"), polling: phrase("Updated every few seconds"), away: phrase("Connection lost, trying again") }[kind];
    },
  });
  await status.start();
  const heldUnits = (held?.seats ?? []).map((label) => (label ? chart.unitOf(label) : -1)).filter((unit) => unit >= 0);
  const isHeld = (unit) => heldUnits.includes(unit);
  const look = {
    free: (unit) => !taken(unit) && offers.of(chart.categoryOf(unit)).length > 0,
    mine: (unit) => state.basket.has(unit) || isHeld(unit),
    colour: (unit) => offers.colour(chart.categoryOf(unit)),
    priceText: (unit) => offers.range(chart.categoryOf(unit)),
  };
  const stands = (unit) => (look.free(unit) ? look.priceText(unit) : isHeld(unit) ? phrase("You hold it") : phrase("Taken"));
  const wordsOf = (unit) => `${chart.spoken(unit)}. ${stands(unit)}${chart.notes(unit).map((note) => `, ${note}`).join("")}${state.basket.has(unit) ? `, ${phrase("chosen")}` : ""}.`;

  const choose = (unit) => {
    tell("");
    if (!look.free(unit)) { say(wordsOf(unit)); return; }
    if (held?.moving !== null && held) { busy($("hold"), () => held.swap(chart.label(unit))); return; }
    const refusal = state.basket.toggle(unit);
    if (refusal) tell(refusal);
    else say(wordsOf(unit));
  };

  const tabs = startTabs($("ways"), (way) => { leaveRoomFor(way); state.map?.apply(); state.list?.draw(); });
  tabs.select(bestIsBegun() ? "tab-best" : "tab-map");
  state.basket = new Basket(data, offers, chart, {
    changed(units) { state.map?.own([...units, ...heldUnits]); state.list?.draw(); },
    refused,
  });
  state.map = new MapView($("map"), chart, look);
  new MapInput(state.map, {
    choose,
    hover: (unit) => hover(state.map, chart, unit, unit < 0 ? "" : wordsOf(unit)),
    walk: (unit) => { hover(state.map, chart, unit, wordsOf(unit)); say(wordsOf(unit)); },
    general: () => { tabs.select("tab-best"); },
  });
  state.list = new SeatList($("panel-list"), chart, look, { choose });
  startCodes(apart);
  drawLegend(chart, offers, state.map);
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => ({ in: () => state.map.zoom(1.6), out: () => state.map.zoom(1 / 1.6), all: () => state.map.all() })[button.dataset.zoom]());
  }
  state.map.own(heldUnits);
  const lost = state.basket.restore((unit) => look.free(unit));
  if (lost) tell(phrases("Somebody else took one of your seats before you held it.", "Somebody else took %(num)s of your seats before you held them.", lost));
  held?.ready();
  $("hold").addEventListener("click", () => busy($("hold"), () => holdSeats(state, chart, status).finally(() => apart.ask())));
}

/** The two fields for a code, next to the basket and in the form. */
const codeFields = () => [$("promo"), $("promo-plain")];

/** A code typed in one field stands in the other too, and shows what it opens. */
function startCodes(apart) {
  for (const field of codeFields()) {
    field.addEventListener("change", () => {
      for (const other of codeFields()) {
        other.value = field.value;
        other.removeAttribute("aria-invalid");
      }
      tell("");
      apart.open(field.value);
    });
  }
  apart.open(codeFields().map((field) => field.value).find(Boolean) ?? "");
}

async function holdSeats(state, chart, status) {
  try {
    const request = state.basket.request();
    state.basket.forget();
    await take(request);
  } catch (error) {
    if (error.code === "seat_taken") {
      const units = (error.facts.seats ?? []).map((label) => chart.unitOf(label)).filter((unit) => unit >= 0);
      status.mark(units);
      if (!units.length) throw error;
    } else if (error.code === "orphan_seat" && error.facts.suggestion?.length) {
      const units = error.facts.suggestion.map((label) => chart.unitOf(label)).filter((unit) => unit >= 0);
      const take = element("button", { class: "button button-small", type: "button", onclick: () => { tell(""); state.basket.replace(units); } }, phrase("Take these instead"));
      tell(phrase("That choice would leave a single seat alone that nobody can use. Just beside it:"), element("p", {}, units.map((unit) => chart.spoken(unit)).join(" · ")), element("p", {}, take));
    } else {
      throw error;
    }
  }
}

function hover(map, chart, unit, text) {
  const tip = $("map-tip");
  map.pointOut(unit);
  map.root.classList.toggle("on-seat", unit >= 0);
  tip.hidden = unit < 0;
  if (unit < 0) return;
  tip.textContent = text;
  const at = map.pixels(chart.x[unit], chart.y[unit]);
  const left = Math.min(Math.max(8, at.x - tip.offsetWidth / 2), map.root.clientWidth - tip.offsetWidth - 8);
  const above = at.y - tip.offsetHeight - 14;
  tip.style.transform = `translate(${left}px, ${above > 4 ? above : at.y + 18}px)`;
}

function drawLegend(chart, offers, map) {
  let lit = null;
  const buttons = offers.priced.map((category) => {
    const colour = offers.colour(category);
    const button = element("button", { type: "button", class: `cat-${colour}`, "aria-pressed": "false", onclick: () => {
      lit = lit === colour ? null : colour;
      map.light(lit);
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button && lit !== null));
    } }, element("i", { "aria-hidden": "true" }), `${category} `, element("b", {}, offers.range(category)));
    return button;
  });
  const key = (kind, text) => element("li", {}, element("span", { class: `legend-${kind}` }, element("i", { "aria-hidden": "true" }), text));
  $("legend").replaceChildren(...buttons.map((button) => element("li", {}, button)), key("taken", phrase("Taken")), key("mine", phrase("Yours")),
    ...(chart.accessible.includes(1) ? [key("accessible", phrase("Wheelchair place"))] : []));
}

function startSession() {
  if (!data.session_until_ms) return;
  $("session").hidden = false;
  countDown(data.session_until_ms, clockOffsetMs(data.server_now_ms), (leftMs) => {
    document.querySelector("[data-session]").textContent = minutesAndSeconds(leftMs);
  });
}

addEventListener("pageshow", (event) => { if (event.persisted) recallHeld(data); });
if (!keepAdmission() && !recallHeld(data)) {
  startSession();
  startBest();
  unlockBy(data, codeFields().filter(Boolean));
  if (data.has_seats) {
    startSeats().catch((error) => { refused(error); $("panel-best").hidden = false; });
  } else {
    $("shop").classList.add("alone");
  }
}
