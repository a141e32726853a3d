/** Which units are taken, live: told by a stream where it stands, by asking where it does not. */

import { get } from "../api.js";
import { Live } from "./live.js";

const POLL_S = 4;
const POLL_SPREAD = 0.5;

export class SeatStatus {
  /**
   * @param eventId
   * @param units how many the chart has
   * @param on {changed(units), state("live" | "polling" | "away")}
   */
  constructor(eventId, units, on) {
    this.path = `/v1/events/${encodeURIComponent(eventId)}/seat-status`;
    this.taken = new Uint8Array(units);
    this.version = null;
    this.on = on;
    this.live = new Live(`onsale-seats-${eventId}`, {
      address: () => `${this.path}/stream${this.version === null ? "" : `?since=${this.version}`}`,
      told: (news) => this.#hear(news),
      silent: () => this.#pollOn(),
    });
  }

  /** Reads the whole map once, then follows it. */
  async start() {
    await this.#poll();
    this.live.start();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
      else this.#resume();
    });
  }

  stop() {
    this.live.stop();
    this.#pollNoMore();
  }

  /** A refusal told us that these are gone: do not wait for the stream. */
  mark(units) {
    this.#apply(units.map((unit) => [unit, 1]));
  }

  /** What happened meanwhile is asked for: the tab that listens told it while this one did not. */
  #resume() {
    this.stop();
    this.#catchUp();
    this.live.start();
  }

  #hear({ kind, data, live }) {
    this.on.state(live ? "live" : "polling");
    if (live) this.#pollNoMore();
    else this.#pollOn();
    if (kind === "snapshot") this.#take(data);
    else if (kind === "beat" ? data.version !== this.version : data.since > this.version) this.#catchUp();
    else if (kind === "changes" && data.version > this.version) this.#take(data);
  }

  #catchUp() {
    this.#poll().catch(() => { /* the next beat or question finds it out */ });
  }

  #pollNoMore() {
    this.polls = false;
    clearTimeout(this.timer);
  }

  #pollOn() {
    clearTimeout(this.timer);
    this.polls = true;
    this.timer = setTimeout(async () => {
      const found = await this.#poll().catch(() => null);
      if (!this.polls) return; // told meanwhile, or not looked at any more
      if (found) this.live.tell(found);
      this.on.state(found ? "polling" : "away");
      this.#pollOn();
    }, POLL_S * 1000 * (1 + Math.random() * POLL_SPREAD));
  }

  async #poll() {
    const found = await get(this.version === null ? this.path : `${this.path}?since=${this.version}`);
    this.#take(found);
    return found;
  }

  #take(document) {
    this.version = document.version;
    if (document.changes) { this.#apply(document.changes); return; }
    const bytes = Uint8Array.from(atob(document.taken), (char) => char.charCodeAt(0));
    const changes = [];
    for (let unit = 0; unit < this.taken.length; unit += 1) {
      const now = (bytes[unit >> 3] >> (unit & 7)) & 1;
      if (now !== this.taken[unit]) changes.push([unit, now]);
    }
    this.#apply(changes);
  }

  #apply(changes) {
    const moved = [];
    for (const [unit, now] of changes) {
      if (this.taken[unit] === now) continue;
      this.taken[unit] = now;
      moved.push(unit);
    }
    if (moved.length) this.on.changed(moved);
  }
}
