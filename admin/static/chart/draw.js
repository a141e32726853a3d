/**
 * Paints the house on two canvases: the base has what stands, painted once for a model and a camera and only shifted
 * while one pans; the top has what moves: selection, ghosts, faults. 20,000 seats are one path a category.
 */

import { boundsOf } from "./plan/geometry.js";
import { isGeneral } from "./plan/model.js";
import { WORDS } from "./words.js";

const SEAT = 0.78; // a seat's width where neighbours stand 1 apart
const SQUARE_BELOW_PX = 4; // a seat smaller than this is a square: nobody sees the corners, and squares cost a third
const NAME_FROM_PX = 20;
const NAME_MAX_PX = 26; // of a section's name, however near one is
const ROW_NAME_FROM_PX = 7;
const SETTLE_MS = 90; // after the last movement the base is painted sharply again
const FONT = "system-ui, sans-serif";
export const COLOURS = 8;

export class Painter {
  /** @param look {colourOf(category): 0..7, lifted(): what is being dragged, plan(): the picture to trace from} */
  constructor(base, top, camera, look) {
    Object.assign(this, { base, top, camera, look });
    this.layer = document.createElement("canvas");
    this.painted = null; // the camera that the layer was painted with
    this.readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.readColours(); this.repaint(); });
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    this.colours = Array.from({ length: COLOURS }, (_, n) => value(`--seat-${n}`));
    this.ink = Object.fromEntries(["surface", "surface-sunk", "ink", "ink-soft", "line", "line-strong", "link", "bad", "night", "on-night"].map((name) => [name, value(`--${name}`)]));
  }

  /** The canvases follow the size of their box. */
  resize() {
    const box = this.top.parentElement.getBoundingClientRect();
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    for (const canvas of [this.base, this.top, this.layer]) {
      canvas.width = Math.round(box.width * this.ratio);
      canvas.height = Math.round(box.height * this.ratio);
    }
    this.camera.resize(box.width, box.height);
    this.repaint();
  }

  show(model) {
    this.model = model;
    this.repaint();
  }

  /** The model or its look changed: paint the base in the next frame. */
  repaint() {
    this.painted = null;
    this.request();
  }

  /** Something of the top, or the camera, changed. */
  request() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#paint();
    });
  }

  #paint() {
    if (!this.model) return;
    if (!this.painted) this.#paintLayer();
    const context = this.base.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.ink.surface;
    context.fillRect(0, 0, this.base.width, this.base.height);
    const then = this.painted;
    const now = this.camera;
    if (then.x === now.x && then.y === now.y && then.scale === now.scale) {
      context.drawImage(this.layer, 0, 0);
    } else {
      const factor = now.scale / then.scale;
      const corner = now.screen({ x: then.x, y: then.y });
      context.drawImage(this.layer, corner.x * this.ratio, corner.y * this.ratio, this.layer.width * factor, this.layer.height * factor);
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.repaint(), SETTLE_MS);
    }
    const top = this.top.getContext("2d");
    top.setTransform(1, 0, 0, 1, 0, 0);
    top.clearRect(0, 0, this.top.width, this.top.height);
    this.#scaled(top);
    this.look.paintTop?.(top, this);
  }

  #scaled(context) {
    const { camera, ratio } = this;
    const scale = camera.scale * ratio;
    context.setTransform(scale, 0, 0, scale, -camera.x * scale, -camera.y * scale);
  }

  #paintLayer() {
    this.painted = this.camera.copy();
    const context = this.layer.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.layer.width, this.layer.height);
    this.#scaled(context);
    const lifted = this.look.lifted();
    this.#plan(context, this.look.plan?.());
    this.stage(context, lifted.stage ? null : this.model.stage);
    for (const section of this.model.sections) {
      if (isGeneral(section)) {
        if (!lifted.floors.has(section.id)) this.floor(context, section);
      } else {
        this.rows(context, section.rows.filter((row) => !lifted.rows.has(row.id)));
      }
    }
    this.#names(context, lifted);
  }

  /** The picture to trace from, below everything. */
  #plan(context, plan) {
    if (!plan) return;
    const { image, x, y, width, height, opacity } = plan;
    context.globalAlpha = opacity;
    context.drawImage(image, x - width / 2, y - height / 2, width, height);
    context.globalAlpha = 1;
  }

  stage(context, stage) {
    if (!stage) return;
    this.outline(context, stage);
    context.fillStyle = this.ink.night;
    context.fill();
    this.text(context, WORDS.stage, stage, { colour: this.ink["on-night"], size: Math.min(stage.height * 0.35, stage.width / 6, NAME_MAX_PX / this.camera.scale), halo: false });
  }

  floor(context, section) {
    if (!section.area) return;
    const colour = this.colours[this.look.colourOf(section.category)];
    this.outline(context, section.area);
    context.globalAlpha = 0.22;
    context.fillStyle = colour;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 2 / this.camera.scale;
    context.stroke();
    const text = WORDS.floorOn(section.name, section.capacity);
    this.text(context, text, section.area, { size: Math.min(section.area.height * 0.3, section.area.width / (text.length * 0.7), NAME_MAX_PX / this.camera.scale) });
  }

  /** The path of a shape. */
  outline(context, { x, y, width, height, turn, round }) {
    context.save();
    context.translate(x, y);
    context.rotate((turn * Math.PI) / 180);
    context.beginPath();
    if (round) context.ellipse(0, 0, width / 2, height / 2, 0, 0, 2 * Math.PI);
    else context.rect(-width / 2, -height / 2, width, height);
    context.restore();
  }

  /** Rows that are being dragged: seen where they are going, not where they stand. */
  ghostRows(context, rows, by) {
    const { left, top, right, bottom } = this.camera.view;
    this.rows(context, rows, { left: left - by.x, top: top - by.y, right: right - by.x, bottom: bottom - by.y });
  }

  /** Rows with their tables and marks. */
  rows(context, rows, view = this.camera.view) {
    const { scale } = this.camera;
    const seen = ({ x, y }) => x > view.left - 1 && x < view.right + 1 && y > view.top - 1 && y < view.bottom + 1;
    const byColour = new Map();
    const marked = [];
    for (const row of rows) {
      if (row.table) this.#table(context, row);
      for (const seat of row.seats) {
        if (!seen(seat)) continue;
        const colour = this.look.colourOf(seat.category);
        const seats = byColour.get(colour);
        if (seats) seats.push(seat);
        else byColour.set(colour, [seat]);
        if (seat.accessible || seat.companion || seat.obstructed) marked.push(seat);
      }
    }
    for (const [colour, seats] of byColour) this.dots(context, seats, this.colours[colour]);
    if (scale >= SQUARE_BELOW_PX) for (const seat of marked) this.#marks(context, seat);
    if (scale >= NAME_FROM_PX) this.#seatNames(context, rows, seen);
    if (scale >= ROW_NAME_FROM_PX) this.#aisles(context, rows, seen);
  }

  dots(context, seats, colour, size = SEAT) {
    context.fillStyle = colour;
    if (this.camera.scale < SQUARE_BELOW_PX / SEAT) {
      for (const { x, y } of seats) context.fillRect(x - size / 2, y - size / 2, size, size);
      return;
    }
    context.beginPath();
    for (const { x, y } of seats) {
      context.moveTo(x + size / 2, y);
      context.arc(x, y, size / 2, 0, 2 * Math.PI);
    }
    context.fill();
  }

  #table(context, { table }) {
    this.outline(context, table);
    context.fillStyle = this.ink["surface-sunk"];
    context.fill();
    context.strokeStyle = this.ink["line-strong"];
    context.lineWidth = 1.5 / this.camera.scale;
    context.stroke();
  }

  /** Told by shape, not by colour: a white dot, a white ring, a bar across. */
  #marks(context, { x, y, accessible, companion, obstructed }) {
    context.fillStyle = context.strokeStyle = this.ink.surface;
    context.lineWidth = 0.1;
    context.beginPath();
    if (accessible) context.arc(x, y, 0.2, 0, 2 * Math.PI);
    context.fill();
    context.beginPath();
    if (companion) context.arc(x, y, 0.24, 0, 2 * Math.PI);
    if (obstructed) {
      context.moveTo(x - 0.3, y + 0.3);
      context.lineTo(x + 0.3, y - 0.3);
    }
    context.stroke();
  }

  #seatNames(context, rows, seen) {
    for (const row of rows) {
      for (const seat of row.seats) {
        if (!seen(seat) || seat.accessible || seat.companion) continue;
        const size = seat.name.length > 2 ? 0.26 : 0.34;
        this.text(context, seat.name, seat, { size, colour: this.ink.surface, halo: false });
      }
    }
  }

  #aisles(context, rows, seen) {
    context.strokeStyle = this.ink["ink-soft"];
    context.lineWidth = 0.07;
    context.beginPath();
    for (const row of rows) {
      row.seats.forEach((seat, n) => {
        const next = row.seats[n + 1];
        if (!seat.aisle || !next || !seen(seat)) return;
        const [x, y] = [(seat.x + next.x) / 2, (seat.y + next.y) / 2];
        const away = Math.atan2(next.y - seat.y, next.x - seat.x) + Math.PI / 2;
        const [dx, dy] = [0.5 * Math.cos(away), 0.5 * Math.sin(away)];
        context.moveTo(x - dx, y - dy);
        context.lineTo(x + dx, y + dy);
      });
    }
    context.stroke();
  }

  #names(context, lifted) {
    const px = 1 / this.camera.scale;
    for (const section of this.model.sections) {
      if (isGeneral(section)) continue;
      const rows = section.rows.filter((row) => !lifted.rows.has(row.id));
      if (this.camera.scale >= ROW_NAME_FROM_PX) {
        for (const row of rows) this.#rowName(context, row, Math.min(0.7, 13 * px));
      }
      if (this.camera.scale >= NAME_FROM_PX || !rows.length) continue;
      const [first, last] = [rows[0], rows.at(-1)];
      const box = boundsOf([...first.seats, ...last.seats]);
      const size = Math.max(11 * px, Math.min(NAME_MAX_PX * px, (box.width + 1) / (section.name.length * 0.62)));
      this.text(context, section.name, box, { size });
    }
  }

  #rowName(context, row, size) {
    if (row.table) {
      this.text(context, row.name, row.table, { size, halo: false, colour: this.ink["ink-soft"] });
      return;
    }
    const { seats } = row;
    for (const [seat, inner, side] of [[seats[0], seats[1], -1], [seats.at(-1), seats.at(-2), 1]]) {
      const heading = inner ? Math.atan2(seat.y - inner.y, seat.x - inner.x) : side > 0 ? 0 : Math.PI;
      this.text(context, row.name, { x: seat.x + Math.cos(heading), y: seat.y + Math.sin(heading) }, { size, halo: false, colour: this.ink["ink-soft"] });
    }
  }

  /** Written in pixels: browsers space letters badly whose size is a fraction of one. */
  text(context, text, { x, y }, { size, colour = this.ink.ink, halo = true }) {
    const { a, b, c, d, e, f } = context.getTransform();
    context.save();
    context.setTransform(1, 0, 0, 1, a * x + c * y + e, b * x + d * y + f);
    const px = size * a;
    context.font = `650 ${px}px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (halo) {
      context.strokeStyle = this.ink.surface;
      context.lineWidth = px * 0.3;
      context.lineJoin = "round";
      context.strokeText(text, 0, 0);
    }
    context.fillStyle = colour;
    context.fillText(text, 0, 0);
    context.restore();
  }

  /** Rings around seats: chosen ones, or those with a fault. */
  rings(context, seats, colour, size = 0.95) {
    context.strokeStyle = colour;
    context.lineWidth = Math.max(0.1, 2 / this.camera.scale);
    context.beginPath();
    for (const { x, y } of seats) {
      context.moveTo(x + size / 2, y);
      context.arc(x, y, size / 2, 0, 2 * Math.PI);
    }
    context.stroke();
  }

  /** A line around a shape or along a row, for what is selected. */
  framed(context, shape) {
    this.outline(context, { ...shape, width: shape.width + 0.6, height: shape.height + 0.6 });
    context.strokeStyle = this.ink.link;
    context.lineWidth = Math.max(0.08, 2.5 / this.camera.scale);
    context.stroke();
  }
}
