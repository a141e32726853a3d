/** What comes into the drawing: rows, tables, standing areas, the stage; from the fields, with or without a mouse. */

import * as edits from "./plan/edits.js";
import * as geo from "./plan/geometry.js";
import { isGeneral } from "./plan/model.js";
import { unlike } from "./plan/numbering.js";
import { byId, number, rowOptions, text } from "./panel.js";
import { WORDS } from "./words.js";

const TABLE_SHAPES = { round: { width: 1.8, height: 1.8, round: true }, long: { width: 4, height: 1.2, round: false } };
const FLOOR_SIZE = { width: 12, height: 6 };
const GAP = 3; // between what is there and what is added without a place

/** @param desk the builder */
export class Adding {
  constructor(desk) { this.desk = desk; }

  /** The rows that the fields describe, from a point; towards another if there is one, which also says how many seats. */
  rowsFrom(start, end) {
    const options = rowOptions(this.desk.model);
    let [{ seats }, degrees] = [options, 0];
    if (end) {
      degrees = (Math.atan2(end.y - start.y, end.x - start.x) * 180) / Math.PI;
      const gaps = options.aisles.length * options.pitch;
      seats = Math.max(1, Math.min(edits.SEATS_PER_ROW_MAX, Math.round((geo.distance(start, end) - gaps) / options.pitch) + 1));
    }
    const category = this.#categoryFor(options.section);
    return edits.block({ ...options, start, degrees, seats, category });
  }

  #categoryFor(sectionId) {
    const known = this.desk.model.sections.find((section) => section.id === sectionId);
    return text("rows-category") || known?.category || this.#newSectionName();
  }

  #newSectionName() { return unlike(text("rows-name") || WORDS.section(1), new Set(this.desk.model.sections.map((section) => section.name))); }

  rows(rows) {
    const options = rowOptions(this.desk.model);
    const category = this.#categoryFor(options.section);
    const added = edits.addRows(this.desk.model, rows, { section: options.section, name: this.#newSectionName(), category });
    this.desk.choice.set({ rows: added.rows });
    this.desk.push(added.model);
    this.desk.say(WORDS.rowsAdded(rows.length, rows.reduce((sum, row) => sum + row.seats.length, 0)));
  }

  /** Without a mouse: below all that is there, in the middle. */
  rowsBelow() {
    const options = rowOptions(this.desk.model);
    const width = (options.seats - 1 + options.aisles.filter((after) => after < options.seats).length) * options.pitch;
    const { x, y } = this.#below();
    this.rows(this.rowsFrom({ x: x - width / 2, y }, null));
    this.desk.fit();
  }

  #below() {
    const box = geo.boundsOf(edits.pointsOf(this.desk.model, edits.everything(this.desk.model)));
    return { x: this.desk.model.focal.x, y: box ? Math.ceil(box.bottom) + GAP : 0 };
  }

  table(point) {
    const shape = { ...TABLE_SHAPES[byId("table-shape").value], ...point, turn: 0 };
    const seats = number("table-seats");
    const section = this.desk.model.sections.find((each) => !isGeneral(each) && each.name === (text("table-section") || WORDS.tables));
    const taken = new Set((section?.rows ?? []).map((row) => row.name));
    let n = 1;
    while (taken.has(String(n))) n += 1;
    const wide = shape.round ? Math.max(shape.width, (seats * 0.9) / Math.PI - 1.2) : Math.max(shape.width, Math.ceil(seats / 2) * 1.1);
    const table = { ...shape, width: wide, height: shape.round ? wide : shape.height };
    const category = section?.category || text("table-section") || WORDS.tables;
    const added = edits.addRows(this.desk.model, [edits.tableRow(table, seats, String(n), category)], { section: section?.id ?? null, name: category, category });
    this.desk.choice.set({ rows: added.rows });
    this.desk.push(added.model);
    this.desk.say(WORDS.tableAdded(String(n), seats));
  }

  /** Next to the last table, else below all that is there. */
  tableSomewhere() {
    const tables = this.desk.model.sections.flatMap((section) => (section.rows ?? []).filter((row) => row.table).map((row) => row.table));
    const last = tables.at(-1);
    const start = this.#below();
    this.table(last ? { x: last.x + last.width + GAP, y: last.y } : { x: start.x, y: start.y + 2 });
    this.desk.fit();
  }

  floor(shape, at) {
    const area = shape ?? { ...at, ...FLOOR_SIZE, turn: 0, round: false };
    const name = text("floor-name") || WORDS.standing;
    const added = edits.addFloor(this.desk.model, { name, capacity: number("floor-capacity"), category: "", area });
    this.desk.choice.set({ floors: [added.id] });
    this.desk.push(added.model);
    this.desk.say(WORDS.floorAdded(name));
  }

  floorBelow() {
    const { x, y } = this.#below();
    this.floor(null, { x, y: y + FLOOR_SIZE.height / 2 });
    this.desk.fit();
  }

  stage(shape, at) {
    const before = this.desk.model.stage ?? { width: 14, height: 3, turn: 0, round: false };
    const stage = shape ?? { ...before, ...at };
    this.desk.choice.set({ stage: true });
    this.desk.push({ ...this.desk.model, stage, focal: { x: stage.x, y: stage.y } });
    this.desk.say(WORDS.stageSet);
  }
}
