/** What is selected: whole rows, standing floors, the stage, or seats one by one. Also finds what is under a point. */

import { Grid, corners, inside } from "./plan/geometry.js";
import { everySeat, isGeneral } from "./plan/model.js";

const CELL = 4;
const REACH = 0.6; // of a seat's distance

export class Choice {
  constructor() { this.clear(); }

  clear() {
    this.rows = new Set();
    this.floors = new Set();
    this.stage = false;
    this.seats = new Map(); // row id -> places
  }

  copy() {
    const other = new Choice();
    other.rows = new Set(this.rows);
    other.floors = new Set(this.floors);
    other.stage = this.stage;
    for (const [row, places] of this.seats) other.seats.set(row, new Set(places));
    return other;
  }

  get isEmpty() { return !this.rows.size && !this.floors.size && !this.stage && !this.seats.size; }

  set(what) {
    this.clear();
    this.add(what);
  }

  add({ rows = [], floors = [], stage = false }) {
    for (const id of rows) this.rows.add(id);
    for (const id of floors) this.floors.add(id);
    this.stage ||= stage;
  }

  /** A thing found under the pointer: in if it was out, out if it was in. */
  toggle(thing) {
    const flip = (set, id) => { if (!set.delete(id)) set.add(id); };
    if (thing.seat !== undefined) this.toggleSeat(thing.row.id, thing.n);
    else if (thing.row) flip(this.rows, thing.row.id);
    else if (thing.floor) flip(this.floors, thing.floor.id);
    else this.stage = !this.stage;
  }

  has(thing) {
    if (thing.row) return this.rows.has(thing.row.id);
    return thing.floor ? this.floors.has(thing.floor.id) : this.stage;
  }

  addSeat(row, n) {
    if (!this.seats.has(row)) this.seats.set(row, new Set());
    this.seats.get(row).add(n);
  }

  toggleSeat(row, n) {
    const places = this.seats.get(row);
    if (!places?.has(n)) this.addSeat(row, n);
    else if (places.size === 1) this.seats.delete(row);
    else places.delete(n);
  }

  /** The seats that painting and marking mean: chosen ones, else all of the chosen rows. */
  allSeats(model) {
    if (this.seats.size) return this.seats;
    const all = new Map();
    for (const section of model.sections) {
      for (const row of section.rows ?? []) if (this.rows.has(row.id)) all.set(row.id, new Set(row.seats.keys()));
    }
    return all;
  }

  /** What an undone edit took away is not selected any more. */
  keep(model) {
    const rows = new Map(model.sections.flatMap((section) => (section.rows ?? []).map((row) => [row.id, row])));
    const floors = new Set(model.sections.filter(isGeneral).map((section) => section.id));
    for (const id of this.rows) if (!rows.has(id)) this.rows.delete(id);
    for (const id of this.floors) if (!floors.has(id)) this.floors.delete(id);
    for (const [id, places] of this.seats) {
      const length = rows.get(id)?.seats.length ?? 0;
      for (const n of places) if (n >= length) places.delete(n);
      if (!places.size) this.seats.delete(id);
    }
    this.stage &&= Boolean(model.stage);
  }
}

/** The things of one model by where they are. */
export class Places {
  constructor(model) {
    this.model = model;
    this.grid = new Grid(CELL);
    for (const found of everySeat(model)) this.grid.add(found, found.seat.x, found.seat.y);
  }

  /** The seat nearest to a point as {section, row, n, seat}, or null. */
  seatAt({ x, y }, reach = REACH) {
    let [best, least] = [null, reach];
    for (const found of this.grid.within({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach })) {
      const away = Math.hypot(found.seat.x - x, found.seat.y - y);
      if (away <= least) [best, least] = [found, away];
    }
    return best;
  }

  /** What is under a point: {row}, {floor} or {stage: true}, or null. */
  at(point, reach = REACH) {
    const seat = this.seatAt(point, reach);
    if (seat) return { row: seat.row };
    for (const section of this.model.sections) {
      for (const row of section.rows ?? []) if (row.table && inside(row.table, point)) return { row };
    }
    const floor = this.model.sections.findLast((section) => isGeneral(section) && section.area && inside(section.area, point));
    if (floor) return { floor };
    return this.model.stage && inside(this.model.stage, point) ? { stage: true } : null;
  }

  /** The seats in a box. */
  *seatsIn({ left, top, right, bottom }) {
    for (const found of this.grid.within({ left, top, right, bottom })) {
      const { x, y } = found.seat;
      if (x >= left && x <= right && y >= top && y <= bottom) yield found;
    }
  }

  /** Rows with a seat in a box, floors and the stage that lie in it with all their corners. */
  in(box) {
    const rows = new Set();
    for (const { row } of this.seatsIn(box)) rows.add(row.id);
    const holds = (shape) => corners(shape).every(({ x, y }) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
    const floors = this.model.sections.filter((section) => isGeneral(section) && section.area && holds(section.area)).map((section) => section.id);
    return { rows, floors, stage: Boolean(this.model.stage) && holds(this.model.stage) };
  }

  /** The seat next to one in a direction: along the row, else the nearest that way. */
  beside({ row, n }, dx, dy) {
    const from = row.seats[n];
    let [best, least] = [null, Infinity];
    const reach = CELL * 2;
    for (const found of this.grid.within({ left: from.x - reach, right: from.x + reach, top: from.y - reach, bottom: from.y + reach })) {
      const away = { x: found.seat.x - from.x, y: found.seat.y - from.y };
      const along = away.x * dx + away.y * dy;
      if (along <= 0.1) continue;
      const cost = along + 3 * (Math.abs(away.x * dy) + Math.abs(away.y * dx));
      if (cost < least) [best, least] = [found, cost];
    }
    return best;
  }
}
