/** Shows a verdict: colour, sign, one word, and why; then a line in the list of the last scans. */

import * as sound from "./sound.js";

const SHOWN_MS = { admit: 2200, exit_ok: 1800, duplicate: 6000, reject: 6000 };
const RECENT_MAX = 30;

const SIGNS = {
  admit: "M12 34l14 14 26-32",
  exit_ok: "M12 32h36M36 18l14 14-14 14",
  duplicate: "M32 12v26M32 50v2",
  reject: "M14 14l36 36M50 14L14 50",
};
const WORDS = { admit: "Welcome", exit_ok: "Goodbye", duplicate: "Already in", reject: "No entry" };
export const REASONS = {
  ok: "",
  malformed: "This is not one of our tickets",
  unknown_key: "This code was signed with a key that is no longer in use",
  bad_signature: "This code is forged or damaged",
  wrong_event: "This ticket is for another event",
  not_found: "There is no such ticket",
  stale_version: "This code was replaced by a newer one: ask for the latest ticket",
  transfer_pending: "This ticket is being transferred to somebody else",
  refunded: "This ticket was refunded",
  cancelled: "This ticket was cancelled",
  blocked: "This ticket is blocked: send them to the help desk",
  unpaid: "The order behind this ticket is not paid",
  not_yet_valid: "This ticket is not valid yet",
  expired: "This ticket is no longer valid",
  wrong_gate: "This ticket belongs to another gate",
  already_used: "This ticket was used before",
  not_inside: "This ticket is not inside",
  reissued: "This code was replaced by a newer one",
  duplicate_offline_conflict: "Somebody came in with this ticket while a scanner was offline",
  offline_earlier: "Somebody else came in later with the same ticket",
  admitted_on_stale_bundle: "Let in before the revocation reached this scanner",
  no_bundle: "No network, and this scanner has no list of tickets yet",
  queue_full: "Too many scans wait to be sent: bring this scanner back to the network",
  not_in_bundle: "Not in this scanner's list; it may have been sold since the last sync",
};

const clock = (iso) => new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));
const byId = (id) => document.getElementById(id);

export function why(verdict) {
  const parts = [REASONS[verdict.reason] ?? verdict.reason.replaceAll("_", " ")];
  if (verdict.previous) parts.push(`At ${clock(verdict.previous.at)}${verdict.previous.gate ? `, ${verdict.previous.gate}` : ""}`);
  if (verdict.right_gates?.length) parts.push(`Send them to ${verdict.right_gates.join(" or ")}`);
  return parts.filter(Boolean);
}

export class VerdictBoard {
  constructor() {
    this.panel = byId("verdict");
    this.timer = null;
    this.onClear = () => {};
    this.recent = [];
    this.counts = { admit: 0, exit_ok: 0, duplicate: 0, reject: 0 };
    byId("verdict-next").addEventListener("click", () => this.clear());
    this.panel.addEventListener("click", (event) => event.target === this.panel && this.clear());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.panel.hidden) this.clear();
    });
  }

  /** A verdict on the whole panel, for as long as a person needs to see it. */
  show(verdict) {
    clearTimeout(this.timer);
    const { result } = verdict;
    this.panel.dataset.result = result;
    byId("verdict-sign").setAttribute("d", SIGNS[result]);
    byId("verdict-word").textContent = WORDS[result];
    byId("verdict-why").replaceChildren(...why(verdict).flatMap((line, index) => (index ? [document.createElement("br"), line] : [line])));
    this.facts(verdict);
    this.panel.hidden = false;
    sound.play(result);
    this.note(verdict);
    this.timer = setTimeout(() => this.clear(), SHOWN_MS[result]);
  }

  facts(verdict) {
    const rows = [["Name", verdict.attendee], ["Place", verdict.seat]].filter(([, value]) => value);
    if (verdict.offline) rows.push(["Checked", "by this scanner, offline"]);
    byId("verdict-facts").replaceChildren(
      ...rows.map(([label, value]) => {
        const row = document.createElement("div");
        const term = document.createElement("dt");
        const description = document.createElement("dd");
        term.textContent = label;
        description.textContent = value;
        row.append(term, description);
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
    this.counts[verdict.result] += 1;
    this.recent.unshift({ ...verdict, at: Date.now() });
    this.recent.length = Math.min(this.recent.length, RECENT_MAX);
    byId("recent-empty").hidden = true;
    byId("counts").textContent = `${this.counts.admit} in · ${this.counts.duplicate + this.counts.reject} stopped`;
    const line = document.createElement("li");
    line.dataset.result = verdict.result;
    const word = document.createElement("strong");
    word.textContent = WORDS[verdict.result];
    const what = document.createElement("span");
    what.textContent = verdict.attendee ? `${verdict.attendee}${verdict.seat ? `, ${verdict.seat}` : ""}` : why(verdict)[0] || "";
    const time = document.createElement("time");
    time.dateTime = new Date().toISOString();
    time.textContent = `${clock(time.dateTime)}${verdict.offline ? " · offline" : ""}`;
    line.append(word, what, time);
    const list = byId("recent");
    list.prepend(line);
    while (list.children.length > RECENT_MAX) list.lastChild.remove();
  }
}
