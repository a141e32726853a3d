/** What the drawing asks the server: whether a chart is in order, to keep it, what a file holds; the picture under it. */

import { documentOf } from "./plan/model.js";

const CHECK_AFTER_MS = 1200; // after the last change
const OWN_CHECK_SEATS_MAX = 30_000; // beyond, one presses the button: a check sends the whole chart

const saidPlace = ({ x, y, span, opacity, locked }) => ({ x, y, span, opacity, locked: String(locked) });

export class Server {
  /** @param at the address of the chart; token the form's; on {checking(), checked(answer, model), unreachable()} */
  constructor({ at, token, etag }, on) {
    Object.assign(this, { at, token, etag, on });
  }

  async #post(path, fields) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ ...fields, csrf: this.token })) body.append(name, value);
    const response = await fetch(this.at + path, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (response.status === 204) return { status: 204, answer: null };
    const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
    if (!isJson) throw new Error(`answered ${response.status}`); // a session that ended leads to a page
    return { status: response.status, answer: await response.json() };
  }

  #chart(model) { return new Blob([JSON.stringify(documentOf(model))], { type: "application/json" }); }

  /** Look for faults soon, once nobody has drawn for a moment. */
  checkSoon(model, seats) {
    clearTimeout(this.timer);
    if (!seats || seats > OWN_CHECK_SEATS_MAX) return;
    this.timer = setTimeout(() => this.check(model), CHECK_AFTER_MS);
  }

  async check(model) {
    clearTimeout(this.timer);
    this.latest = model;
    this.on.checking();
    try {
      const { answer } = await this.#post("/check", { file: this.#chart(model) });
      if (this.latest === model) this.on.checked(answer, model);
    } catch {
      this.on.unreachable();
    }
  }

  /** Keep it; {status, answer}. The etag says which chart this one replaces. */
  async keep(model) {
    const kept = await this.#post("/keep", { file: this.#chart(model), etag: this.etag });
    if (kept.status === 200) this.etag = kept.answer.etag;
    return kept;
  }

  /** The picture to trace from; {status, answer} with where its file is. `place`: {x, y, span, opacity, locked}. */
  putPlan(file, place) { return this.#post("/plan", { ...saidPlace(place), file }); }

  async movePlan(place) {
    const { status } = await this.#post("/plan/place", saidPlace(place));
    if (status !== 204) throw new Error(`answered ${status}`);
  }

  async removePlan() {
    const { status } = await this.#post("/plan/delete", {});
    if (status !== 204) throw new Error(`answered ${status}`);
  }

  read(file) { return this.#post("/import", { file }); }

  async kept() {
    const response = await fetch(`${this.at}.json`, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return response.json();
  }
}
