/** The tickets a visitor holds already, in the shop: their clock, another seat for one of them, more of them. */

import { post } from "../api.js";
import { clockOffsetMs, countDown, minutesAndSeconds } from "../countdown.js";
import { phrase } from "../words.js";
import { HELD_KEY } from "./hold.js";

/** Remembers that this browser holds tickets, for the pages of their event. */
function remember(data) {
  sessionStorage.setItem(HELD_KEY, JSON.stringify({ id: data.held.id, event_id: data.event_id, expires_at_ms: data.held.expires_at_ms }));
}

/** True if this tab holds tickets of the event that the page does not show: it is about to show them. */
export function recallHeld(data) {
  const held = JSON.parse(sessionStorage.getItem(HELD_KEY) ?? "null");
  if (data.held) { remember(data); return false; }
  if (held?.event_id !== data.event_id) return false;
  const asked = new URLSearchParams(location.search).has("hold");
  if (asked || held.expires_at_ms <= data.server_now_ms) { sessionStorage.removeItem(HELD_KEY); return false; }
  location.replace(`${location.pathname}?hold=${encodeURIComponent(held.id)}`);
  return true;
}

export class Held {
  /** @param data the page's, with `held`; @param say(text) for those who listen */
  constructor(data, say) {
    Object.assign(this, { data, say, moving: null });
    this.seats = data.held.seats;
    this.path = `/v1/holds/${encodeURIComponent(data.held.id)}`;
    this.buttons = [...document.querySelectorAll("[data-swap]")];
    for (const button of this.buttons) button.addEventListener("click", () => this.#pick(Number(button.dataset.swap)));
    document.querySelector("[data-release]")?.form.addEventListener("submit", () => sessionStorage.removeItem(HELD_KEY));
    document.getElementById("held-clock").hidden = false;
    const text = document.querySelector("[data-held-clock]");
    countDown(data.held.expires_at_ms, clockOffsetMs(data.server_now_ms), (leftMs) => { text.textContent = minutesAndSeconds(leftMs); }, () => location.reload());
  }

  /** Seats can be pointed at now. */
  ready() { for (const button of this.buttons) button.hidden = false; }

  /** More tickets in the same hold; on to the checkout. */
  async add(request) {
    await post(`${this.path}/items`, { items: request.items });
    location.assign(`/checkout/${encodeURIComponent(this.data.held.id)}`);
  }

  /** The seat that was pointed out, instead of the one that is being changed. */
  async swap(label) {
    const seats = this.seats.map((seat, index) => (index === this.moving ? label : seat));
    await post(`${this.path}/swap`, { seats });
    location.reload();
  }

  #pick(index) {
    this.moving = this.moving === index ? null : index;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.swap) === this.moving));
    const hint = document.getElementById("held-hint");
    this.hint ??= hint.textContent;
    hint.textContent = this.moving === null ? this.hint : phrase("Now choose the other seat, on the map or in the list.");
    this.say(hint.textContent);
  }
}
