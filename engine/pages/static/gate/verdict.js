/** Shows a verdict: colour, sign, one word, the ticket's type, and why; then a line in the list of the last scans. */

import * as sound from "./sound.js";
import { phrase } from "../words.js";
import { WORDS, clock, place, why } from "./words.js";

const SHOWN_MS = { admit: 2200, exit_ok: 1800, duplicate: 6000, reject: 6000, unsure: 15_000 };
const RECENT_MAX = 30;

const SIGNS = {
  admit: "M12 34l14 14 26-32",
  exit_ok: "M12 32h36M36 18l14 14-14 14",
  duplicate: "M32 12v26M32 50v2",
  reject: "M14 14l36 36M50 14L14 50",
  unsure: "M20 24c0-16 24-16 24 0 0 10-12 9-12 18M32 52v2",
};
const byId = (id) => document.getElementById(id);
const made = (tag, textContent) => Object.assign(document.createElement(tag), { textContent });

export class VerdictBoard {
  constructor() {
    this.panel = byId("verdict");
    this.timer = null;
    this.onClear = () => {};
    this.recent = [];
    this.counts = { admit: 0, exit_ok: 0, duplicate: 0, reject: 0, unsure: 0 };
    byId("verdict-next").addEventListener("click", () => this.clear());
    byId("verdict-pass").addEventListener("click", () => this.letIn?.());
    this.panel.addEventListener("click", (event) => event.target === this.panel && this.clear());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.panel.hidden) this.clear();
    });
  }

  /** A verdict on the whole panel, for as long as a person needs to see it. `letIn`: what a person may decide instead. */
  show(verdict, letIn = null) {
    clearTimeout(this.timer);
    const { result } = verdict;
    this.letIn = letIn;
    this.panel.dataset.result = result;
    byId("verdict-sign").setAttribute("d", SIGNS[result]);
    byId("verdict-word").textContent = WORDS[result];
    byId("verdict-type").textContent = verdict.ticket_type || "";
    byId("verdict-why").replaceChildren(...why(verdict).flatMap((line, index) => (index ? [document.createElement("br"), line] : [line])));
    this.facts(verdict);
    byId("verdict-pass").hidden = !letIn;
    this.panel.hidden = false;
    sound.play(result);
    this.note(verdict);
    this.timer = setTimeout(() => this.clear(), SHOWN_MS[result]);
  }

  facts(verdict) {
    const rows = [[phrase("Name"), verdict.attendee], [phrase("Place"), place(verdict.seat)]].filter(([, value]) => value);
    if (verdict.offline) rows.push([phrase("Checked"), phrase("by this scanner, offline, %(clock)s", { clock: clock(Date.now()) })]);
    byId("verdict-facts").replaceChildren(
      ...rows.map(([label, value]) => {
        const row = document.createElement("div");
        row.append(made("dt", label), made("dd", value));
        return row;
      }),
    );
  }

  clear() {
    clearTimeout(this.timer);
    this.panel.hidden = true;
    this.onClear();
  }

  note(verdict) {
    const { result } = verdict;
    this.counts[result] += 1;
    this.recent.unshift({ ...verdict, at: Date.now() });
    this.recent.length = Math.min(this.recent.length, RECENT_MAX);
    byId("recent-empty").hidden = true;
    const stopped = this.counts.duplicate + this.counts.reject + this.counts.unsure;
    byId("counts").textContent = phrase("%(in)s in · %(stopped)s stopped", { in: this.counts.admit, stopped });
    const line = document.createElement("li");
    line.dataset.result = result;
    const what = [verdict.attendee, verdict.ticket_type, place(verdict.seat)].filter(Boolean).join(", ") || why(verdict)[0] || "";
    const time = made("time", [clock(Date.now()), verdict.offline && phrase("offline")].filter(Boolean).join(" · "));
    time.dateTime = new Date().toISOString();
    line.append(made("strong", WORDS[result]), made("span", what), time);
    const list = byId("recent");
    list.prepend(line);
    while (list.children.length > RECENT_MAX) list.lastChild.remove();
  }
}
