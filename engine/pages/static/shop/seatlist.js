/** The same seats without a map: choose a section, then a row, then seats as buttons. For keyboards and screen readers. */

import { element } from "../api.js";
import { phrase } from "../words.js";

export class SeatList {
  /** @param on {choose(unit)} ; look {free(unit), mine(unit), colour(unit), priceText(unit)} */
  constructor(root, chart, look, on) {
    Object.assign(this, { root, chart, look, on });
    this.sections = element("select", { class: "select", id: "list-section", onchange: () => this.#rows() },
      ...chart.seated.map((section) => element("option", { value: section.name }, section.name)));
    this.rows = element("select", { class: "select", id: "list-row", onchange: () => this.draw() });
    this.summary = element("p", { class: "soft", "aria-live": "polite" });
    this.seats = element("ul", { class: "seat-list" });
    root.append(
      element("div", { class: "field-pair" },
        element("div", { class: "field" }, element("label", { for: "list-section" }, phrase("Section")), this.sections),
        element("div", { class: "field" }, element("label", { for: "list-row" }, phrase("Row")), this.rows)),
      this.summary, this.seats);
    this.#rows();
  }

  #rows() {
    const section = this.chart.sections.findIndex((each) => each.name === this.sections.value);
    this.rows.replaceChildren(...this.chart.rows.map((row, index) => [row, index]).filter(([row]) => row.section === section)
      .map(([row, index]) => element("option", { value: index }, this.#rowText(row))));
    this.draw();
  }

  /** What a screen reader hears before a seat's number: section and row. */
  #before(unit) {
    const { chart } = this;
    return phrase("%(section)s, row\u00a0%(row)s, seat\u00a0", { section: chart.sectionOf(unit).name, row: chart.rowOf(unit).name });
  }

  #rowText(row) {
    let free = 0;
    for (let unit = row.first; unit < row.end; unit += 1) free += this.look.free(unit) ? 1 : 0;
    return phrase("%(row)s (%(num)s free)", { row: row.name, num: free });
  }

  /** Draw the chosen row again, keeping the focus where it was. */
  draw() {
    const row = this.chart.rows[Number(this.rows.value)];
    if (!row || this.root.hidden) return;
    for (const option of this.rows.options) option.textContent = this.#rowText(this.chart.rows[Number(option.value)]);
    const focused = document.activeElement?.dataset?.unit;
    const buttons = [];
    let free = 0;
    for (let unit = row.first; unit < row.end; unit += 1) {
      const mine = this.look.mine(unit);
      const open = this.look.free(unit) || mine;
      free += open && !mine ? 1 : 0;
      const words = [this.look.priceText(unit), ...this.chart.notes(unit)];
      buttons.push(element("li", {}, element("button", {
        type: "button", class: `seat-button cat-${this.look.colour(unit)}`, "data-unit": unit, disabled: !open,
        "aria-pressed": String(mine), onclick: () => this.on.choose(unit),
      },
      element("b", {}, element("span", { class: "visually-hidden" }, this.#before(unit)), this.chart.names[unit]),
      element("span", {}, open ? words.join(" · ") : phrase("taken")))));
    }
    this.seats.replaceChildren(...buttons);
    this.summary.textContent = phrase("Row %(row)s: %(free)s of %(all)s seats free.", { row: row.name, free, all: row.end - row.first });
    if (focused) this.seats.querySelector(`[data-unit="${focused}"]`)?.focus();
  }
}
