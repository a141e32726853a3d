/** The picture that a chart is traced from: under the seats, on this page alone. Where it lies is saved by itself. */

import { byId, number } from "./panel.js";
import { WORDS } from "./words.js";

const SAVE_AFTER_MS = 600;
const SPAN = 40; // of a new one, in seats
const MAX = 100_000; // as the server takes it

/** @param desk the builder */
export class Plan {
  constructor(desk) {
    this.desk = desk;
    this.place = null; // {x, y, span, opacity, locked}
    this.image = null;
    this.height = 0; // of its width
  }

  get isThere() { return this.place !== null; }
  get isMovable() { return this.isThere && !this.place.locked && this.desk.mayWrite; }

  /** What the painter draws, in units of the chart; null without a picture. */
  get shape() {
    if (!this.image) return null;
    const { x, y, span, opacity } = this.place;
    return { image: this.image, x, y, width: span, height: span * this.height, opacity };
  }

  async open({ path, width, height, ...place }) {
    const image = new Image();
    image.src = path;
    this.place = place;
    this.height = height / width;
    this.show();
    await image.decode();
    this.image = image;
    this.desk.painter.repaint();
  }

  /** Its fields say where it lies. */
  show() {
    const fields = byId("plan-fields");
    if (!fields) return; // somebody who only reads has no fields
    fields.hidden = !this.isThere;
    if (!this.isThere) return;
    byId("plan-opacity").value = this.place.opacity;
    byId("plan-span").value = Math.round(this.place.span * 100) / 100;
    byId("plan-locked").checked = this.place.locked;
  }

  /** Another place, opacity or lock; seen at once and saved soon. */
  change(part) {
    if (!this.isThere) return;
    this.place = { ...this.place, ...part };
    this.show();
    this.desk.painter.repaint();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#save(), SAVE_AFTER_MS);
  }

  move(dx, dy) {
    if (!this.isMovable) return;
    const within = (value) => Math.min(MAX, Math.max(-MAX, value));
    this.change({ x: within(this.place.x + dx), y: within(this.place.y + dy) });
  }

  async #save() {
    try {
      await this.desk.server.movePlan(this.place);
    } catch {
      this.desk.say(WORDS.planNotSaved, "bad");
    }
  }

  /** A new picture lies where the one before did, else in the middle of what is seen. */
  async put(file) {
    this.desk.say(WORDS.planSent);
    try {
      const { status, answer } = await this.desk.server.putPlan(file, this.place ?? this.#middle());
      if (status !== 201) {
        this.desk.say(WORDS.planNotTaken(answer.errors?.[0]?.message ?? answer.detail ?? answer.title ?? ""), "bad");
        return;
      }
      this.image = null;
      await this.open(answer);
      this.desk.say(WORDS.planSet, "good");
    } catch {
      this.desk.say(WORDS.notReached, "bad");
    }
  }

  #middle() {
    const { left, top, right, bottom } = this.desk.camera.view;
    return { x: (left + right) / 2, y: (top + bottom) / 2, span: Math.max(1, Math.min(SPAN, right - left)), opacity: 0.5, locked: false };
  }

  async remove() {
    if (!this.isThere) return;
    clearTimeout(this.timer);
    try {
      await this.desk.server.removePlan();
    } catch {
      this.desk.say(WORDS.notReached, "bad");
      return;
    }
    [this.place, this.image] = [null, null];
    this.show();
    this.desk.painter.repaint();
    this.desk.say(WORDS.planRemoved);
  }

  /** Ties its fields to it. */
  listen() {
    byId("plan-file")?.addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (file) await this.put(file);
      event.target.value = "";
    });
    byId("plan-opacity")?.addEventListener("input", (event) => this.change({ opacity: Number(event.target.value) }));
    byId("plan-span")?.addEventListener("change", () => this.desk.safely(() => this.change({ span: number("plan-span") })));
    byId("plan-locked")?.addEventListener("change", (event) => this.change({ locked: event.target.checked }));
  }
}
