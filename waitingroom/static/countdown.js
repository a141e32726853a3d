/** Countdowns by the room's clock: the visitor's own may be wrong by minutes. */

const HOUR_MS = 3_600_000;
const PARTS = [["days", 86_400_000, 1e9], ["hours", 3_600_000, 24], ["minutes", 60_000, 60], ["seconds", 1_000, 60]];

export class Clock {
  #ahead = 0;
  #known = false;

  /** Take the room's clock from an answer; the latest one that claims to be furthest is the freshest. */
  set(serverNowMs) {
    const ahead = serverNowMs - Date.now();
    // A cached document is old: it can only make the room's clock look late.
    if (!this.#known || ahead > this.#ahead || ahead < this.#ahead - 60_000) this.#ahead = ahead;
    this.#known = true;
  }

  now() { return Date.now() + this.#ahead; }
}

export function showCountdowns(clock, status) {
  for (const timer of document.querySelectorAll("[data-countdown]")) {
    const face = timer.closest("[data-show]");
    const due = face.dataset.show === "scheduled" ? status.prequeue_opens_at_ms : status.opens_at_ms;
    const left = Math.max(0, due - clock.now());
    for (const [name, size, wrap] of PARTS) {
      const value = String(Math.floor(left / size) % wrap).padStart(2, "0");
      const part = timer.querySelector(`[data-part="${name}"]`);
      part.parentElement.hidden = size >= HOUR_MS && left < size; // noughts in front say nothing
      if (part.textContent !== value) part.textContent = value;
    }
  }
}
