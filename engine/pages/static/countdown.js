/** Counts down by the server's clock: what the visitor's own clock says makes no difference. */

const SECOND_MS = 1000;
const RELOAD_SPREAD_MS = 4000; // a crowd's pages reach zero together: they do not reload together

/** Milliseconds by which the server's clock is ahead of this one. */
export function clockOffsetMs(serverNowMs) {
  return serverNowMs - Date.now();
}

/** Splits a span into whole days, hours, minutes and seconds; never negative. */
export function parts(spanMs) {
  const seconds = Math.max(0, Math.ceil(spanMs / SECOND_MS));
  return {
    days: Math.floor(seconds / 86400),
    hours: Math.floor(seconds / 3600) % 24,
    minutes: Math.floor(seconds / 60) % 60,
    seconds: seconds % 60,
  };
}

/** `mm:ss` of a span. */
export function minutesAndSeconds(spanMs) {
  const seconds = Math.max(0, Math.ceil(spanMs / SECOND_MS));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Calls `tick(remainingMs)` now and every second until the moment has come, then `done()` once. Returns a stop. */
export function countDown(untilMs, offsetMs, tick, done) {
  let timer = 0;
  const step = () => {
    const remainingMs = untilMs - (Date.now() + offsetMs);
    tick(Math.max(0, remainingMs));
    if (remainingMs <= 0) {
      clearInterval(timer);
      done?.();
    }
  };
  timer = setInterval(step, SECOND_MS);
  step();
  return () => clearInterval(timer);
}

/** Brings the countdowns of a page to life. */
export function startCountdowns(root = document) {
  for (const box of root.querySelectorAll("[data-countdown]")) {
    const offsetMs = clockOffsetMs(Number(box.dataset.serverNowMs));
    const put = (name, text) => { box.querySelector(`[data-${name}]`).textContent = text; };
    const two = (number) => String(number).padStart(2, "0");
    box.hidden = false;
    countDown(Number(box.dataset.untilMs), offsetMs, (remainingMs) => {
      const left = parts(remainingMs);
      // Noughts in front say nothing: a sale a minute away counts minutes and seconds.
      box.querySelector("[data-days]").parentElement.hidden = !left.days;
      box.querySelector("[data-hours]").parentElement.hidden = !left.days && !left.hours;
      put("days", String(left.days));
      put("hours", two(left.hours));
      put("minutes", two(left.minutes));
      put("seconds", two(left.seconds));
    }, () => {
      if ("reload" in box.dataset) setTimeout(() => location.reload(), Math.random() * RELOAD_SPREAD_MS + SECOND_MS);
    });
  }
}
