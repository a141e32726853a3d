/** The time left to pay, by the server's clock: figures, a bar, and a spoken warning near the end. */

import { clockOffsetMs, countDown, minutesAndSeconds } from "../countdown.js";
import { phrase } from "../words.js";

const WARN_MS = 60_000;

/** Starts the clocks of the page; `over()` once when time is up. `until(ms)` moves the end. */
export function startClock(data, over) {
  const offsetMs = clockOffsetMs(data.server_now_ms);
  const wholeMs = Math.max(1, data.expires_at_ms - data.server_now_ms);
  const texts = document.querySelectorAll("[data-clock]");
  const bar = document.getElementById("clock-bar");
  let warned = false;
  let stop = () => {};
  const until = (untilMs) => {
    stop();
    stop = countDown(untilMs, offsetMs, (leftMs) => {
      for (const text of texts) text.textContent = minutesAndSeconds(leftMs);
      if (bar) bar.value = Math.min(100, (leftMs / wholeMs) * 100);
      if (leftMs > 0 && leftMs < WARN_MS && !warned) {
        warned = true;
        document.getElementById("clock")?.classList.add("is-late");
        const state = document.getElementById("pay-state");
        if (state && !state.textContent) state.textContent = phrase("Less than a minute left.");
      }
    }, over);
  };
  until(data.expires_at_ms);
  return { until };
}
