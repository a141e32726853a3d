/** The time left to pay, by the server's clock: figures, a bar, and a spoken warning at five, two and one minutes. */

import { clockOffsetMs, countDown, minutesAndSeconds } from "../countdown.js";
import { phrase } from "../words.js";

const SPOKEN = [[120_000, phrase("Two minutes left.")], [300_000, phrase("Five minutes left.")]];
const WARN_MS = 60_000;

/** Starts the clocks of the page; `over()` once when time is up. `until(ms)` moves the end. */
export function startClock(data, over) {
  const offsetMs = clockOffsetMs(data.server_now_ms);
  const wholeMs = Math.max(1, data.expires_at_ms - data.server_now_ms);
  const texts = document.querySelectorAll("[data-clock]");
  const bar = document.getElementById("clock-bar");
  let warned = false;
  let spokenMs = Infinity;
  let stop = () => {};
  const until = (untilMs) => {
    stop();
    stop = countDown(untilMs, offsetMs, (leftMs) => {
      for (const text of texts) text.textContent = minutesAndSeconds(leftMs);
      if (bar) bar.value = Math.min(100, (leftMs / wholeMs) * 100);
      const late = leftMs > 0 && leftMs < WARN_MS;
      document.getElementById("clock")?.classList.toggle("is-late", late);
      if (late && !warned) {
        const state = document.getElementById("pay-state");
        if (state && !state.textContent) state.textContent = phrase("Less than a minute left.");
      }
      warned = late;
      const [stepMs, text] = SPOKEN.find(([ms]) => leftMs < ms) ?? [Infinity, ""];
      const spoken = document.getElementById("clock-spoken");
      if (spoken && stepMs < Math.min(spokenMs, wholeMs)) spoken.textContent = text;
      spokenMs = stepMs;
    }, over);
  };
  until(data.expires_at_ms);
  return { until };
}
