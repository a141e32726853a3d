/** Finding a ticket by name, e-mail or order number, for people whose phone is flat. Such entries are logged as manual. */

import { phrase, phrases } from "../words.js";
import { Away } from "./server.js";
import { place, standing, trouble } from "./words.js";

const TYPING_PAUSE_MS = 250;
const byId = (id) => document.getElementById(id);

export class Search {
  /** `onChosen(ticket)` checks the chosen ticket in. */
  constructor(server, eventId, onChosen) {
    this.server = server;
    this.eventId = eventId;
    this.onChosen = onChosen;
    this.asked = 0;
    this.dialog = byId("search-dialog");
    this.input = byId("search");
    this.input.addEventListener("input", () => this.later());
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.find();
    });
  }

  open() {
    this.input.value = "";
    byId("found").replaceChildren();
    byId("search-state").textContent = phrase("At least two letters.");
    this.dialog.showModal();
    this.input.focus();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.find(), TYPING_PAUSE_MS);
  }

  async find() {
    const text = this.input.value.trim();
    const asked = (this.asked += 1);
    if (text.length < 2) return this.show([], phrase("At least two letters."));
    try {
      const path = `/v1/events/${this.eventId}/attendees?q=${encodeURIComponent(text)}`;
      const { data } = (await this.server.ask("GET", path)).value;
      if (asked === this.asked) this.show(data, data.length ? phrases("%(num)s ticket found", "%(num)s tickets found", data.length) : phrase("Nobody by that name here."));
    } catch (error) {
      const words = error instanceof Away ? phrase("Names cannot be looked up without the network. Codes still can be scanned.") : trouble(error);
      if (asked === this.asked) this.show([], words);
    }
  }

  show(tickets, words) {
    byId("search-state").textContent = words;
    byId("found").replaceChildren(...tickets.map((ticket) => this.row(ticket)));
  }

  row(ticket) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const name = document.createElement("strong");
    name.textContent = ticket.attendee;
    const facts = document.createElement("span");
    facts.textContent = [place(ticket.seat), ticket.ticket_type, ticket.order_number, ticket.email].join(" · ");
    const status = document.createElement("em");
    status.textContent = standing(ticket.status);
    status.dataset.status = ticket.status;
    button.append(name, facts, status);
    button.addEventListener("click", () => {
      this.dialog.close();
      this.onChosen(ticket);
    });
    item.append(button);
    return item;
  }
}
