/** Best available: reads its form as a hold request, and says what the tickets cost together. */

import { money, post } from "../api.js";
import { phrase } from "../words.js";

const QUOTE_AFTER_MS = 450;

export function bestRequest(form, data) {
  const fields = form.elements;
  const accessible = Number(fields.accessible?.value) || 0;
  const items = data.offers
    .map((offer) => ({ offer, quantity: Number(fields[`q-${offer.id}`]?.value) || 0 }))
    .filter(({ quantity }) => quantity > 0);
  let places = accessible; // wheelchair places are asked for with the first tickets that can have them
  return {
    event_id: data.event_id,
    items: items.map(({ offer, quantity }) => {
      const item = { ticket_type_id: offer.id, quantity };
      if (offer.seated) {
        const here = Math.min(places, quantity);
        places -= here;
        if (here) item.accessible = here;
        if (fields.section?.value) item.section = fields.section.value;
        item.split = fields.split?.checked ?? true;
      }
      return item;
    }),
  };
}

/** The code that stands in a field, as it was typed, as a part of a request: the server knows its other spellings. */
export function promoIn(field) {
  const code = field.value.trim();
  return code ? { promo_code: code } : {};
}

/** What the form's tickets cost together. The server says it: taxes are rounded over the order, not over each ticket. */
export class BestTotal {
  constructor(form, data, refused) {
    Object.assign(this, { form, data, refused, timer: 0, round: 0 });
    this.box = form.querySelector("#best-total");
    this.box.hidden = false;
    form.elements.promo_code.addEventListener("change", () => this.soon());
    this.soon();
  }

  /** Ask once the visitor has stopped counting. One ticket costs what its line says. */
  soon() {
    clearTimeout(this.timer);
    this.round += 1;
    const items = bestRequest(this.form, this.data).items.map(({ ticket_type_id, quantity }) => ({ ticket_type_id, quantity }));
    const promo = promoIn(this.form.elements.promo_code);
    if (!items.length) { this.#show(null); return; }
    if (items.length === 1 && items[0].quantity === 1 && !promo.promo_code) {
      this.#show(this.data.offers.find((offer) => offer.id === items[0].ticket_type_id).total_cents);
      return;
    }
    this.box.setAttribute("aria-busy", "true");
    this.timer = setTimeout(() => this.#ask({ event_id: this.data.event_id, items, ...promo }, this.round), QUOTE_AFTER_MS);
  }

  async #ask(wanted, round) {
    try {
      const answer = await post("/v1/orders/quote", wanted);
      this.form.elements.promo_code.removeAttribute("aria-invalid");
      const price = answer.price ?? answer;
      if (round === this.round) this.#show(price.total_cents, price.discount_cents ? 0 : price.total_cents - this.#listed(wanted.items));
    } catch (error) {
      if (round !== this.round) return;
      this.#show(null); // the checkout says what it costs before anything is paid
      if (!error.code?.startsWith("promo")) return;
      this.form.elements.promo_code.setAttribute("aria-invalid", "true");
      this.refused(error);
    }
  }

  /** The tickets at the prices of their lines. */
  #listed(items) {
    return items.reduce((sum, item) => sum + item.quantity * this.data.offers.find((offer) => offer.id === item.ticket_type_id).total_cents, 0);
  }

  #show(cents, rounding = 0) {
    this.box.removeAttribute("aria-busy");
    const note = document.getElementById("best-rounding");
    note.hidden = !rounding;
    note.textContent = rounding ? phrase("Rounding %(amount)s: fees and taxes are rounded once for all tickets.", { amount: money(rounding, this.data) }) : "";
    this.box.querySelector("dd").textContent = cents === null ? "–" : cents ? money(cents, this.data) : phrase("Free");
  }
}
