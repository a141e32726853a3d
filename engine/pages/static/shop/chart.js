/** The seating chart in flat arrays, one place a unit: where each seat is, what it is called, which category it has. */

import { phrase } from "../words.js";

const GRID_CELLS_PER_PITCH = 2; // a grid cell is two seat pitches wide
const OVERLAP_SHARE = 0.3;
const GENERAL_HEIGHT_PITCHES = 6;

export class Chart {
  /** @param geometry the document of GET /v1/events/{id}/seatmap */
  constructor(geometry) {
    this.categories = geometry.categories;
    this.sections = geometry.sections;
    this.units = this.sections.reduce((end, section) => Math.max(end, section.first_unit + section.units), 0);
    this.x = new Float32Array(this.units).fill(NaN);
    this.y = new Float32Array(this.units).fill(NaN);
    this.category = new Uint8Array(this.units);
    this.section = new Uint16Array(this.units);
    this.row = new Int32Array(this.units).fill(-1);
    this.accessible = new Uint8Array(this.units);
    this.companion = new Uint8Array(this.units);
    this.obstructed = new Uint8Array(this.units);
    this.names = new Array(this.units).fill("");
    this.rows = [];
    this.seated = this.sections.filter((section) => section.kind === "seated");
    this.general = this.sections.filter((section) => section.kind === "general");
    this.sections.forEach((section, index) => this.#read(section, index));
    this.pitch = this.#pitch();
    this.#partOverlappingSections();
    this.focal = geometry.focal_point;
    this.stageShape = geometry.stage;
    this.#layGeneralSections();
    this.bounds = this.#bounds();
    this.#index();
  }

  isSeat(unit) { return this.row[unit] >= 0; }
  sectionOf(unit) { return this.sections[this.section[unit]]; }
  rowOf(unit) { return this.rows[this.row[unit]]; }
  categoryOf(unit) { return this.categories[this.category[unit]]; }

  /** What one should know of a seat before taking it. */
  notes(unit) {
    return [
      this.accessible[unit] ? phrase("wheelchair place") : "",
      this.companion[unit] ? phrase("companion place") : "",
      this.obstructed[unit] ? phrase("restricted view") : "",
    ].filter(Boolean);
  }

  /** `Section/Row/Seat`, as the API names it. */
  label(unit) {
    return `${this.sectionOf(unit).name}/${this.rowOf(unit).name}/${this.names[unit]}`;
  }

  /** `Stalls, row F, seat 12`, as people say it. */
  spoken(unit) {
    if (!this.isSeat(unit)) return this.sectionOf(unit).name;
    return phrase("%(section)s, row\u00a0%(row)s, seat\u00a0%(seat)s", { section: this.sectionOf(unit).name, row: this.rowOf(unit).name, seat: this.names[unit] });
  }

  /** The unit of a label, or -1. */
  unitOf(label) {
    const [sectionName, rowName, seatName] = label.split("/");
    const row = this.rows.find((each) => each.name === rowName && this.sections[each.section].name === sectionName);
    if (!row) return -1;
    for (let unit = row.first; unit < row.end; unit += 1) if (this.names[unit] === seatName) return unit;
    return -1;
  }

  /** The seat nearest to a point of the map within `reach` map units, or -1. */
  at(x, y, reach) {
    let best = -1;
    let bestSquared = reach * reach;
    const cells = Math.ceil(reach / this.cell);
    const column = Math.floor(x / this.cell);
    const line = Math.floor(y / this.cell);
    for (let i = column - cells; i <= column + cells; i += 1) {
      for (let j = line - cells; j <= line + cells; j += 1) {
        for (const unit of this.grid.get(`${i}:${j}`) ?? []) {
          const squared = (this.x[unit] - x) ** 2 + (this.y[unit] - y) ** 2;
          if (squared <= bestSquared) [best, bestSquared] = [unit, squared];
        }
      }
    }
    return best;
  }

  /** The seat one step away in a direction: along the row, or nearest in the rows above or below; -1 at the edge. */
  step(from, dx, dy) {
    let best = -1;
    let bestCost = Infinity;
    for (let unit = 0; unit < this.units; unit += 1) {
      if (unit === from || !this.isSeat(unit)) continue;
      const across = this.x[unit] - this.x[from];
      const down = this.y[unit] - this.y[from];
      const along = across * dx + down * dy;
      if (along <= this.pitch * 0.1) continue;
      const aside = Math.abs(across * dy) + Math.abs(down * dx);
      const cost = along + aside * (dx ? 6 : 2);
      if (cost < bestCost) [best, bestCost] = [unit, cost];
    }
    return best;
  }

  #read(section, index) {
    this.section.fill(index, section.first_unit, section.first_unit + section.units);
    const own = this.categories.indexOf(section.category);
    this.category.fill(Math.max(0, own), section.first_unit, section.first_unit + section.units);
    if (section.kind !== "seated") return;
    for (const row of section.rows) {
      const number = this.rows.push({ name: row.name, section: index, first: row.first_unit, end: row.first_unit + row.seats.length, table: row.table && { ...row.table } }) - 1;
      row.seats.forEach((seat, place) => {
        const unit = row.first_unit + place;
        this.x[unit] = seat.x;
        this.y[unit] = seat.y ?? row.y;
        this.row[unit] = number;
        this.names[unit] = seat.name;
        if (seat.category !== undefined) this.category[unit] = seat.category;
        if (seat.accessible) this.accessible[unit] = 1;
        if (seat.companion) this.companion[unit] = 1;
        if (seat.obstructed) this.obstructed[unit] = 1;
      });
    }
  }

  /** The usual distance of neighbours: the median over all rows. */
  #pitch() {
    const gaps = [];
    for (const row of this.rows) {
      for (let unit = row.first + 1; unit < row.end; unit += 1) {
        const gap = Math.hypot(this.x[unit] - this.x[unit - 1], this.y[unit] - this.y[unit - 1]);
        if (gap > 0) gaps.push(gap);
      }
    }
    gaps.sort((a, b) => a - b);
    return gaps.length ? gaps[gaps.length >> 1] : 1;
  }

  /** Charts whose sections reuse the same coordinates are drawn one below the other. */
  #partOverlappingSections() {
    const boxes = [];
    for (const section of this.seated) {
      const box = this.boxOf(section);
      let shift = 0;
      for (const other of boxes) {
        const wide = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const high = Math.min(box.bottom + shift, other.bottom) - Math.max(box.top + shift, other.top);
        if (wide < 0 || high < 0) continue;
        const area = Math.max(wide, this.pitch) * Math.max(high, this.pitch);
        const own = Math.max(box.right - box.left, this.pitch) * Math.max(box.bottom - box.top, this.pitch);
        if (area > own * OVERLAP_SHARE) shift = other.bottom - box.top + 3 * this.pitch;
      }
      if (shift) {
        for (let unit = section.first_unit; unit < section.first_unit + section.units; unit += 1) this.y[unit] += shift;
        for (const row of this.rows) if (row.table && this.sections[row.section] === section) row.table.y += shift;
      }
      boxes.push(this.boxOf(section));
    }
  }

  boxOf(section) {
    const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    for (let unit = section.first_unit; unit < section.first_unit + section.units; unit += 1) {
      box.left = Math.min(box.left, this.x[unit]);
      box.right = Math.max(box.right, this.x[unit]);
      box.top = Math.min(box.top, this.y[unit]);
      box.bottom = Math.max(box.bottom, this.y[unit]);
    }
    return box;
  }

  /** Places without seats are drawn where the chart says, else as blocks side by side beyond the rows. */
  #layGeneralSections() {
    this.blocks = this.general.filter((section) => section.area).map((section) => {
      const { x, y, width, height, turn = 0, round = false } = section.area;
      return { section, x: x - width / 2, y: y - height / 2, width, height, turn, round };
    });
    const unplaced = this.general.filter((section) => !section.area);
    if (!unplaced.length || !this.seated.length) return;
    const boxes = this.seated.map((section) => this.boxOf(section));
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    const bottom = Math.max(...boxes.map((box) => box.bottom));
    const width = (right - left + this.pitch) / unplaced.length;
    unplaced.forEach((section, index) => {
      this.blocks.push({
        section,
        x: left - this.pitch / 2 + index * width,
        y: bottom + 3 * this.pitch,
        width: width - this.pitch * 0.8,
        height: GENERAL_HEIGHT_PITCHES * this.pitch,
        turn: 0,
        round: false,
      });
    });
  }

  #bounds() {
    const boxes = this.seated.map((section) => this.boxOf(section));
    boxes.push(...this.blocks.map((block) => ({ left: block.x, right: block.x + block.width, top: block.y, bottom: block.y + block.height })));
    const box = {
      left: Math.min(...boxes.map((each) => each.left)),
      right: Math.max(...boxes.map((each) => each.right)),
      top: Math.min(...boxes.map((each) => each.top)),
      bottom: Math.max(...boxes.map((each) => each.bottom)),
    };
    this.stage = this.#stage(box);
    box.left = Math.min(box.left, this.stage.x);
    box.right = Math.max(box.right, this.stage.x + this.stage.width);
    box.top = Math.min(box.top, this.stage.y);
    box.bottom = Math.max(box.bottom, this.stage.y + this.stage.height);
    const margin = 2.2 * this.pitch;
    return { x: box.left - margin, y: box.top - margin, width: box.right - box.left + 2 * margin, height: box.bottom - box.top + 2 * margin };
  }

  /** The stage where the chart says; else a bar at the focal point, pushed clear of the nearest rows. */
  #stage(box) {
    if (this.stageShape) {
      const { x, y, width, height, turn = 0, round = false } = this.stageShape;
      return { x: x - width / 2, y: y - height / 2, width, height, turn, round, small: false };
    }
    const width = Math.max(6 * this.pitch, (box.right - box.left) * 0.42);
    const height = 2.6 * this.pitch;
    const inside = this.focal.y > box.top - this.pitch && this.focal.y < box.bottom + this.pitch;
    if (inside) { // in the round: a small stage where it really is
      return { x: this.focal.x - 2 * this.pitch, y: this.focal.y - height / 2, width: 4 * this.pitch, height, small: true };
    }
    const above = this.focal.y <= (box.top + box.bottom) / 2;
    const y = above ? box.top - height - 1.6 * this.pitch : box.bottom + 1.6 * this.pitch;
    return { x: this.focal.x - width / 2, y, width, height, small: false };
  }

  #index() {
    this.cell = this.pitch * GRID_CELLS_PER_PITCH;
    this.grid = new Map();
    for (let unit = 0; unit < this.units; unit += 1) {
      if (!this.isSeat(unit)) continue;
      const key = `${Math.floor(this.x[unit] / this.cell)}:${Math.floor(this.y[unit] / this.cell)}`;
      const cell = this.grid.get(key);
      if (cell) cell.push(unit);
      else this.grid.set(key, [unit]);
    }
  }
}
