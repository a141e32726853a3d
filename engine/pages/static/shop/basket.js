/** What the visitor has chosen so far: seats with their ticket types. Draws itself; asks the server for the exact sum. */

import { element, money, post } from "../api.js";
import { phrase, phrases } from "../words.js";
import { promoIn } from "./best.js";

const QUOTE_AFTER_MS = 450;
export const PHONE = "(max-width: 61.99rem)";

export class Basket {
  /**
   * @param offers Offers
   * @param chart Chart
   * @param on {changed(units)}
   */
  constructor(data, offers, chart, on) {
    Object.assign(this, { data, offers, chart, on });
    this.lines = new Map(); // unit -> ticket type id
    this.root = document.getElementById("basket");
    this.list = document.getElementById("basket-lines");
    this.button = document.getElementById("hold");
    this.promo = document.getElementById("promo");
    this.promo.addEventListener("change", () => this.#quoteSoon());
    this.root.hidden = false;
    if (matchMedia(PHONE).matches) document.getElementById("basket-more").open = false;
  }

  get units() { return [...this.lines.keys()]; }
  has(unit) { return this.lines.has(unit); }

  /** Choose or give up a seat. Answers a sentence where a limit forbids it, else null. */
  toggle(unit) {
    if (this.lines.delete(unit)) { this.draw(); return null; }
    const choices = this.offers.of(this.chart.categoryOf(unit));
    if (!choices.length) return phrase("This seat is not on sale.");
    if (this.lines.size >= this.offers.buyerMax) return phrases("At most %(num)s ticket a person.", "At most %(num)s tickets a person.", this.offers.buyerMax);
    const room = choices.find((offer) => this.#count(offer.id) < offer.max_per_order);
    if (!room) return phrases("At most %(num)s ticket of “%(name)s” in one order.", "At most %(num)s tickets of “%(name)s” in one order.", choices[0].max_per_order, { name: choices[0].name });
    this.lines.set(unit, room.id);
    this.draw();
    return null;
  }

  /** Seats that others took meanwhile leave the basket; how many did. */
  drop(units) {
    const gone = units.filter((unit) => this.lines.delete(unit)).length;
    if (gone) this.draw();
    return gone;
  }

  /** Replace seats one for one, keeping the ticket types. */
  replace(units) {
    const kinds = [...this.lines.values()];
    this.lines = new Map(units.map((unit, index) => [unit, kinds[index] ?? this.offers.of(this.chart.categoryOf(unit))[0].id]));
    this.draw();
  }

  /** What was chosen in this tab before it was loaded again, as far as it can be chosen still; how many cannot. */
  restore(free) {
    let lost = 0;
    try {
      for (const [label, kind] of JSON.parse(sessionStorage.getItem(this.#key) ?? "[]")) {
        const unit = this.chart.unitOf(label);
        if (unit >= 0 && free(unit) && this.offers.of(this.chart.categoryOf(unit)).some((offer) => offer.id === kind)) this.lines.set(unit, kind);
        else lost += 1;
      }
    } catch { /* storage is switched off, or holds something else */ }
    if (this.lines.size || lost) this.draw();
    return lost;
  }

  get #key() { return `onsale:chosen:${this.data.event_id}`; }

  #keep() {
    try {
      if (this.lines.size) sessionStorage.setItem(this.#key, JSON.stringify([...this.lines].map(([unit, kind]) => [this.chart.label(unit), kind])));
      else sessionStorage.removeItem(this.#key);
    } catch { /* the same */ }
  }

  /** They are held now: nothing is left to choose. */
  forget() {
    try { sessionStorage.removeItem(this.#key); } catch { /* the same */ }
  }

  /** The body of POST /v1/holds. */
  request() {
    const kinds = new Map();
    for (const [unit, kind] of this.lines) kinds.set(kind, [...(kinds.get(kind) ?? []), this.chart.label(unit)]);
    return {
      event_id: this.data.event_id,
      items: [...kinds].map(([kind, seats]) => ({ ticket_type_id: kind, quantity: seats.length, seats })),
      ...this.promoPart(),
    };
  }

  promoPart() { return promoIn(this.promo); }

  draw() {
    this.#keep();
    this.list.replaceChildren(...this.units.map((unit) => this.#line(unit)));
    const filled = this.lines.size > 0;
    this.root.toggleAttribute("data-filled", filled);
    document.getElementById("basket-empty").hidden = filled;
    document.getElementById("basket-sum").hidden = !filled;
    this.button.disabled = !filled;
    const count = Math.max(1, this.lines.size);
    this.button.textContent = this.data.held ? phrases("Add this seat", "Add these %(num)s seats", count) : phrases("Hold this seat", "Hold these %(num)s seats", count);
    this.#showSum(this.#sum(), []);
    this.#quoteSoon();
    this.on.changed(this.units);
  }

  #count(kind) { return [...this.lines.values()].filter((each) => each === kind).length; }

  #sum() { return [...this.lines.values()].reduce((sum, kind) => sum + this.offers.byId.get(kind).total_cents, 0); }

  #line(unit) {
    const { chart, offers } = this;
    const category = chart.categoryOf(unit);
    const choices = offers.of(category);
    const kind = this.lines.get(unit);
    const name = chart.spoken(unit);
    const swatch = element("i", { class: `swatch cat-${offers.colour(category)}`, "aria-hidden": "true" });
    const text = element("span", {},
      element("strong", {}, name),
      element("small", { class: "soft" }, `${choices.length > 1 ? "" : `${offers.byId.get(kind).name} · `}${offers.price(offers.byId.get(kind))} ${phrase("all in")}${chart.notes(unit).map((note) => ` · ${note}`).join("")}`));
    const remove = element("button", { class: "basket-remove", type: "button", "aria-label": phrase("Give up %(seat)s", { seat: name }), onclick: () => { this.lines.delete(unit); this.draw(); } }, "×");
    const line = element("li", { class: "basket-line" }, swatch, text, remove);
    if (choices.length > 1) {
      line.append(element("select", { class: "select", "aria-label": phrase("Ticket type of %(seat)s", { seat: name }), onchange: (event) => { this.lines.set(unit, event.target.value); this.draw(); } },
        ...choices.map((offer) => element("option", { value: offer.id, selected: offer.id === kind }, `${offer.name}, ${offers.price(offer)}`))));
    }
    return line;
  }

  #quoteSoon() {
    clearTimeout(this.timer);
    if (this.lines.size < 2 && !this.promo.value) return; // one ticket costs what its card says
    this.timer = setTimeout(() => this.#quote(), QUOTE_AFTER_MS);
  }

  async #quote() {
    const asked = this.request();
    try {
      const answer = await post("/v1/orders/quote", { ...asked, items: asked.items.map(({ ticket_type_id, quantity }) => ({ ticket_type_id, quantity })) });
      const price = answer.price ?? answer;
      this.promo.removeAttribute("aria-invalid");
      this.#showSum(price.total_cents, this.#parts(price).filter(([, cents]) => cents));
    } catch (error) {
      if (error.code?.startsWith("promo")) {
        this.promo.setAttribute("aria-invalid", "true");
        this.on.refused(error);
      }
    }
  }

  /** What the total is made of. Without a discount that is the tickets as the list prices them, and the rounding. */
  #parts(price) {
    const rounding = price.total_cents - this.#sum();
    const kinds = [...new Set(this.lines.values())].map((kind) => this.offers.byId.get(kind));
    if (price.discount_cents || !rounding || kinds.some((offer) => offer.stepped)) {
      const tax = price.tax_included ? phrase("Tax inside") : phrase("Tax");
      return [[phrase("Tickets"), price.face_cents], [phrase("Discount"), -price.discount_cents], [phrase("Fees"), price.fees_cents], [tax, price.tax_cents]];
    }
    return [
      ...kinds.map((offer) => [`${this.#count(offer.id)} × ${offer.name}, ${this.offers.price(offer)}`, this.#count(offer.id) * offer.total_cents]),
      [phrase("Rounding: fees and taxes are rounded once for all"), rounding],
    ];
  }

  #showSum(cents, parts) {
    document.getElementById("basket-summary").textContent = `${phrases("%(num)s ticket", "%(num)s tickets", this.lines.size)} · ${money(cents, this.offers.money)} ${phrase("all in")}`;
    const row = (name, value, kind) => element("div", kind ? { class: kind } : {}, element("dt", {}, name), element("dd", {}, money(value, this.offers.money)));
    document.getElementById("basket-price").replaceChildren(...parts.map(([name, value]) => row(name, value)), row(phrase("Total, all in"), cents, "total"));
  }
}
