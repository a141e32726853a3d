/** What may be bought: the ticket types of the page, found by category, with their all-in prices. */

import { money } from "../api.js";
import { phrase } from "../words.js";

const COLOURS = 8;

export class Offers {
  /** @param data the page's data: {offers: [{id, name, categories, total_cents, max_per_order, level}], currency, digits, ...} */
  constructor(data, categories) {
    this.all = data.offers;
    this.money = { currency: data.currency, digits: data.digits };
    this.buyerMax = data.max_tickets_per_buyer ?? Infinity;
    this.byId = new Map(this.all.map((offer) => [offer.id, offer]));
    this.byCategory = new Map(categories.map((name) => [name, this.all.filter((offer) => offer.categories.includes(name))]));
    const priced = categories.filter((name) => this.byCategory.get(name).length);
    this.colours = new Map(priced.map((name, index) => [name, index % COLOURS]));
    this.priced = priced;
  }

  /** The ticket types that sell a category, dearest first as the organizer sorted them. */
  of(category) { return this.byCategory.get(category) ?? []; }
  colour(category) { return this.colours.get(category) ?? 0; }
  price(offer) { return offer.total_cents ? money(offer.total_cents, this.money) : phrase("Free"); }

  /** `CA$45.00` or `CA$39.00 to CA$45.00` for a category. */
  range(category) {
    const cents = this.of(category).map((offer) => offer.total_cents);
    const [low, high] = [Math.min(...cents), Math.max(...cents)];
    return low === high ? money(low, this.money) : phrase("%(least)s to %(most)s", { least: money(low, this.money), most: money(high, this.money) });
  }
}
