/** What can be done to a model: each edit answers the new one, and leaves what it does not touch as it was. */

import * as geo from "./geometry.js";
import { FLAGS, isGeneral, newId, rounded } from "./model.js";
import { rowNames, seatNames, unlike } from "./numbering.js";

export const SEATS_PER_ROW_MAX = 2000;
export const UNITS_MAX = 200_000;
const PLAIN = Object.fromEntries(["aisle", ...FLAGS].map((flag) => [flag, false]));

const place = (seat, point) => {
  const [x, y] = [rounded(point.x), rounded(point.y)];
  return x === seat.x && y === seat.y ? seat : { ...seat, x, y };
};
const shapeAt = (shape, point, turn = 0) => ({ ...shape, x: rounded(point.x), y: rounded(point.y), turn: rounded((shape.turn + turn) % 360) });

/** The model with these rows (ids) changed by `change(row, section)`; a row for which it answers null goes. */
export function mapRows(model, ids, change) {
  if (!ids.size) return model;
  const sections = model.sections.map((section) => {
    if (isGeneral(section) || !section.rows.some((row) => ids.has(row.id))) return section;
    return { ...section, rows: section.rows.map((row) => (ids.has(row.id) ? change(row, section) : row)).filter(Boolean) };
  });
  return { ...model, sections: sections.filter((section) => isGeneral(section) || section.rows.length) };
}

/** The model with this section changed; it goes if `change` answers null. */
export function mapSection(model, id, change) {
  return { ...model, sections: model.sections.map((section) => (section.id === id ? change(section) : section)).filter(Boolean) };
}

/** The rows of these ids with their sections, in the order of the chart. */
export function rowsOf(model, ids) {
  return model.sections.flatMap((section) => (section.rows ?? []).filter((row) => ids.has(row.id)).map((row) => ({ section, row })));
}

/** A new section of rows, or more rows in a section that is there. Answers {model, rows: ids}. */
export function addRows(model, rows, { section: id = null, name = "", category = "" }) {
  const known = model.sections.find((section) => section.id === id && !isGeneral(section));
  const ids = new Set(rows.map((row) => row.id));
  if (known) return { model: mapSection(model, known.id, (section) => ({ ...section, rows: [...section.rows, ...rows] })), rows: ids };
  const called = unlike(name || "Section 1", new Set(model.sections.map((section) => section.name)));
  const made = { id: newId(), name: called, kind: "seated", category: category || called, rows };
  return { model: { ...model, sections: [...model.sections, made] }, rows: ids };
}

/**
 * A block of rows: the first begins at `start` towards `degrees`, the others follow it on its right hand.
 * `aisles`: places after which an aisle lies, counted from 1. `more`: seats that each row has more than the one before.
 * `stagger`: every second row stands half a seat further along.
 */
export function block({ start, degrees = 0, rows, seats, pitch = 1, rowPitch = 1.25, aisles = [], bend = 0, more = 0, stagger = false, names, numbering, category }) {
  const gaps = new Set(aisles.map((after) => after - 1));
  const away = geo.turned({ x: 0, y: rowPitch }, { x: 0, y: 0 }, degrees);
  const lines = Array.from({ length: rows }, (_, n) => {
    const count = Math.max(1, seats + n * more);
    const spare = ((count - seats) * pitch) / 2 - (stagger && n % 2 ? pitch / 2 : 0);
    const back = geo.turned({ x: -spare, y: 0 }, { x: 0, y: 0 }, degrees);
    return geo.line({ start: { x: start.x + away.x * n + back.x, y: start.y + away.y * n + back.y }, count, pitch, degrees, gaps });
  });
  return geo.bentTogether(lines, bend).map((points, n) => rowAt(points, names[n], { numbering, category, gaps }));
}

function rowAt(points, name, { numbering, category, gaps = new Set(), table = null }) {
  const named = seatNames(points.length, numbering);
  const seats = points.map((point, n) => ({ ...PLAIN, name: named[n], x: rounded(point.x), y: rounded(point.y), category, aisle: gaps.has(n) && n < points.length - 1 }));
  return { id: newId(), name, table, seats };
}

/** A table with seats around it, as a row. */
export function tableRow(table, count, name, category, clear = 0.6) {
  return rowAt(geo.around(table, count, clear), name, { category, table });
}

export function addFloor(model, { name, capacity, category, area }) {
  const called = unlike(name, new Set(model.sections.map((section) => section.name)));
  const made = { id: newId(), name: called, kind: "general", category: category || called, capacity, area };
  return { model: { ...model, sections: [...model.sections, made] }, id: made.id };
}

/** What is selected, changed point by point: seats, tables, standing floors and the stage. */
function mapPlaces(model, { rows, floors, stage }, change, turn = 0) {
  let next = mapRows(model, rows, (row) => ({
    ...row,
    table: row.table && shapeAt(row.table, change(row.table), turn),
    seats: row.seats.map((seat) => place(seat, change(seat))),
  }));
  for (const id of floors) next = mapSection(next, id, (section) => ({ ...section, area: shapeAt(section.area, change(section.area), turn) }));
  if (stage && next.stage) {
    const moved = shapeAt(next.stage, change(next.stage), turn);
    next = { ...next, stage: moved, focal: { x: moved.x, y: moved.y } };
  }
  return next;
}

export const move = (model, what, dx, dy) => mapPlaces(model, what, (point) => geo.moved(point, dx, dy));

/** Turned about the middle of what is selected. */
export function turn(model, what, degrees) {
  const centre = geo.boundsOf(pointsOf(model, what));
  return centre ? mapPlaces(model, what, (point) => geo.turned(point, centre, degrees), degrees) : model;
}

/** Left and right change places, about the middle of what is selected. */
export function mirror(model, what, axisX = geo.boundsOf(pointsOf(model, what))?.x) {
  if (axisX === undefined) return model;
  const flipped = mapPlaces(model, what, (point) => geo.mirrored(point, axisX));
  const back = (shape) => (shape ? { ...shape, turn: rounded(-shape.turn) } : shape);
  let next = mapRows(flipped, what.rows, (row) => ({ ...row, table: back(row.table) }));
  for (const id of what.floors) next = mapSection(next, id, (section) => ({ ...section, area: back(section.area) }));
  return next;
}

/** Rows bent together; tables stay. */
export function bend(model, ids, degrees) {
  const chosen = rowsOf(model, ids).filter(({ row }) => !row.table).map(({ row }) => row);
  const lines = new Map(geo.bentTogether(chosen.map((row) => row.seats.map(({ x, y }) => ({ x, y }))), degrees).map((points, n) => [chosen[n].id, points]));
  return mapRows(model, new Set(lines.keys()), (row) => ({ ...row, seats: row.seats.map((seat, n) => place(seat, lines.get(row.id)[n])) }));
}

/** Rows whose left ends, middles or right ends stand in one line: `to` is "left", "centre" or "right". */
export function align(model, ids, to) {
  const boxes = new Map(rowsOf(model, ids).map(({ row }) => [row.id, geo.boundsOf(row.seats)]));
  const edge = { left: (box) => box.left, centre: (box) => box.x, right: (box) => box.right }[to];
  const all = [...boxes.values()];
  if (!all.length) return model;
  const aim = { left: Math.min(...all.map(edge)), centre: all.reduce((sum, box) => sum + box.x, 0) / all.length, right: Math.max(...all.map(edge)) }[to];
  return mapRows(model, ids, (row) => shifted(row, aim - edge(boxes.get(row.id)), 0));
}

/** The same distance between the rows, the first and the last stay. */
export function distribute(model, ids) {
  const rows = rowsOf(model, ids).map(({ row }) => ({ row, y: geo.boundsOf(row.seats).y })).sort((one, other) => one.y - other.y);
  if (rows.length < 3) return model;
  const step = (rows.at(-1).y - rows[0].y) / (rows.length - 1);
  const aims = new Map(rows.map(({ row, y }, n) => [row.id, rows[0].y + n * step - y]));
  return mapRows(model, ids, (row) => shifted(row, 0, aims.get(row.id)));
}

function shifted(row, dx, dy) {
  return { ...row, table: row.table && shapeAt(row.table, geo.moved(row.table, dx, dy)), seats: row.seats.map((seat) => place(seat, geo.moved(seat, dx, dy))) };
}

/** Copies of what is selected, moved. Each section's rows come into a section of their own. Answers {model, what}. */
export function duplicate(model, what, dx, dy) {
  const taken = new Set(model.sections.map((section) => section.name));
  const called = (name) => {
    const free = unlike(name, taken);
    taken.add(free);
    return free;
  };
  const made = [];
  for (const section of model.sections) {
    if (isGeneral(section) && what.floors.has(section.id)) made.push({ ...section, id: newId(), name: called(section.name) });
    const rows = (section.rows ?? []).filter((row) => what.rows.has(row.id)).map((row) => ({ ...row, id: newId() }));
    if (rows.length) made.push({ ...section, id: newId(), name: called(section.name), rows });
  }
  const copy = {
    rows: new Set(made.flatMap((section) => (section.rows ?? []).map((row) => row.id))),
    floors: new Set(made.filter(isGeneral).map((section) => section.id)),
    stage: false,
  };
  return { model: move({ ...model, sections: [...model.sections, ...made] }, copy, dx, dy), what: copy };
}

export function remove(model, what) {
  const kept = mapRows(model, what.rows, () => null);
  const sections = kept.sections.filter((section) => !what.floors.has(section.id));
  return { ...kept, sections, stage: what.stage ? null : kept.stage };
}

/** Seats that go one by one: `seats` has the places by row id. A row without seats goes. */
export function removeSeats(model, seats) {
  return mapRows(model, new Set(seats.keys()), (row) => {
    const left = row.seats.filter((_, n) => !seats.get(row.id).has(n));
    return left.length ? { ...row, seats: left } : null;
  });
}

/** Seats changed one by one; `change(seat)` answers what is different. */
export function mapSeats(model, seats, change) {
  return mapRows(model, new Set(seats.keys()), (row) => ({
    ...row,
    seats: row.seats.map((seat, n) => (seats.get(row.id).has(n) ? { ...seat, ...change(seat) } : seat)),
  }));
}

export const paint = (model, seats, category) => mapSeats(model, seats, () => ({ category }));

export function paintFloors(model, ids, category) {
  let next = model;
  for (const id of ids) next = mapSection(next, id, (section) => ({ ...section, category }));
  return next;
}

/** Seats called by a scheme, row by row, in the order in which they are listed. */
export function renumber(model, ids, scheme) {
  return mapRows(model, ids, (row) => {
    const names = seatNames(row.seats.length, scheme);
    return { ...row, seats: row.seats.map((seat, n) => ({ ...seat, name: names[n] })) };
  });
}

/** Rows called by a scheme in the order of the chart; names of other rows of their sections are left out. */
export function renameRows(model, ids, scheme) {
  const sections = model.sections.map((section) => {
    const chosen = (section.rows ?? []).filter((row) => ids.has(row.id));
    if (!chosen.length) return section;
    const taken = new Set(section.rows.filter((row) => !ids.has(row.id)).map((row) => row.name));
    const names = rowNames(chosen.length, { ...scheme, taken });
    return { ...section, rows: section.rows.map((row) => (ids.has(row.id) ? { ...row, name: names[chosen.indexOf(row)] } : row)) };
  });
  return { ...model, sections };
}

/** A section called otherwise; a category that had its name keeps in step. */
export function renameSection(model, id, name) {
  const before = model.sections.find((section) => section.id === id)?.name;
  const own = (category) => (category === before && !categoryElsewhere(model, id, before) ? name : category);
  return mapSection(model, id, (section) => ({
    ...section,
    name,
    category: own(section.category),
    ...(isGeneral(section) ? {} : { rows: section.rows.map((row) => ({ ...row, seats: row.seats.map((seat) => ({ ...seat, category: own(seat.category) })) })) }),
  }));
}

const categoryElsewhere = (model, id, category) => model.sections.some((section) => section.id !== id
  && (section.category === category || (section.rows ?? []).some((row) => row.seats.some((seat) => seat.category === category))));

/** Every point of what is selected. */
export function* pointsOf(model, { rows, floors, stage }) {
  for (const section of model.sections) {
    if (isGeneral(section)) {
      if (floors.has(section.id) && section.area) yield* geo.corners(section.area);
      continue;
    }
    for (const row of section.rows) {
      if (!rows.has(row.id)) continue;
      yield* row.seats;
      if (row.table) yield* geo.corners(row.table);
    }
  }
  if (stage && model.stage) yield* geo.corners(model.stage);
}

/** Everything there is, to be selected. */
export function everything(model) {
  return {
    rows: new Set(model.sections.flatMap((section) => (section.rows ?? []).map((row) => row.id))),
    floors: new Set(model.sections.filter(isGeneral).map((section) => section.id)),
    stage: Boolean(model.stage),
  };
}
