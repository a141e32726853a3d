/** Places set apart for those who have a code: which of them are free, asked again for as long as the code stands. */

import { post } from "../api.js";

const ASK_AGAIN_MS = 5_000;

export class SetApart {
  /** @param on {changed(units), refused(error)} */
  constructor(eventId, on) {
    this.path = `/v1/events/${encodeURIComponent(eventId)}/seat-status/set-apart`;
    this.on = on;
    this.code = "";
    this.units = new Set();
    this.round = 0;
  }

  has(unit) { return this.units.has(unit); }

  /** Show what this code opens, exactly as it was typed: the server knows its other spellings. */
  open(typed) {
    const code = typed.trim();
    if (code === this.code) return;
    this.code = code;
    this.ask();
  }

  async ask() {
    clearTimeout(this.timer);
    const round = this.round += 1;
    if (!this.code) { this.#take([]); return; }
    try {
      const { units } = await post(this.path, { promo_code: this.code });
      if (round !== this.round) return;
      this.#take(units);
      if (units.length) this.timer = setTimeout(() => this.ask(), ASK_AGAIN_MS);
    } catch (error) {
      if (round !== this.round) return;
      if (error.code?.startsWith("promo")) {
        this.#take([]);
        this.on.refused(error);
      } else {
        this.timer = setTimeout(() => this.ask(), ASK_AGAIN_MS); // away for a moment: what is shown stays
      }
    }
  }

  #take(runs) {
    const now = new Set(runs.flatMap(([first, count]) => Array.from({ length: count }, (_, at) => first + at)));
    const moved = [...now].filter((unit) => !this.units.has(unit)).concat([...this.units].filter((unit) => !now.has(unit)));
    this.units = now;
    if (moved.length) this.on.changed(moved);
  }
}
