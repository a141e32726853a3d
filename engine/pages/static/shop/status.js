/** Which units are taken, live: a stream of changes where it stands, polling where it does not. */

import { get } from "../api.js";

const POLL_S = 4;
const POLL_SPREAD = 0.5;
const STREAM_FAILURES_MAX = 2;

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
    this.failures = 0;
  }

  /** Reads the whole map once, then follows it. */
  async start() {
    await this.#poll();
    this.#stream();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
      else this.#stream();
    });
  }

  stop() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
  }

  /** A refusal told us that these are gone: do not wait for the stream. */
  mark(units) {
    this.#apply(units.map((unit) => [unit, 1]));
  }

  #stream() {
    this.stop();
    if (!window.EventSource || this.failures > STREAM_FAILURES_MAX) { this.#pollOn(); return; }
    const since = this.version === null ? "" : `?since=${this.version}`;
    const source = this.source = new EventSource(`${this.path}/stream${since}`);
    source.addEventListener("open", () => { this.on.state("live"); });
    for (const kind of ["snapshot", "changes"]) {
      source.addEventListener(kind, (event) => {
        this.failures = 0;
        this.#take(JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      source.close();
      this.failures += 1;
      this.#pollOn();
      if (this.failures <= STREAM_FAILURES_MAX) this.timer = setTimeout(() => this.#stream(), this.#pauseMs());
    });
  }

  #pollOn() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      try {
        await this.#poll();
        this.on.state("polling");
      } catch {
        this.on.state("away");
      }
      this.#pollOn();
    }, this.#pauseMs());
  }

  #pauseMs() {
    return POLL_S * 1000 * (1 + Math.random() * POLL_SPREAD);
  }

  async #poll() {
    this.#take(await get(this.version === null ? this.path : `${this.path}?since=${this.version}`));
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
