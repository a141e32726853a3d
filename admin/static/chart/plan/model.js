/**
 * A chart while it is drawn. Values are never changed in place: each edit gives a new model that shares what stayed, so
 * that undoing is keeping the one before.
 *
 * A model: {focal: {x, y}, stage: shape | null, sections: [section]}.
 * A section: {id, name, kind: "seated", category, rows: [row]} or {id, name, kind: "general", category, capacity, area}.
 * A row: {id, name, table: shape | null, seats: [seat]}. A seat: {name, x, y, category, aisle, accessible, companion,
 * obstructed}; `aisle` says that an aisle follows it. A shape: {x, y, width, height, turn, round} around its middle.
 */

export const FLAGS = ["accessible", "companion", "obstructed"];
const DIGITS = 1e4; // a tenth of a millimetre where seats stand a metre apart
const FLOOR_HEIGHT = 6; // of a standing section that a file has no place for
const FLOOR_GAP = 2;

let made = 0;

/** An id that no section and no row of this page has. */
export const newId = () => `n${(made += 1)}`;
export const rounded = (value) => Math.round(value * DIGITS) / DIGITS || 0;
export const isGeneral = (section) => section.kind === "general";

export function empty() {
  return { focal: { x: 0, y: -4 }, stage: { x: 0, y: -4, width: 14, height: 3, turn: 0, round: false }, sections: [] };
}

const shapeOf = (given) => given && { x: given.x, y: given.y, width: given.width, height: given.height, turn: given.turn ?? 0, round: given.round ?? false };

/** The model of a chart that the server took, in either spelling of a row. */
export function opened(chart) {
  const model = {
    focal: { ...chart.focal_point },
    stage: shapeOf(chart.stage) ?? null,
    sections: (chart.sections ?? []).map(sectionOf),
  };
  return placed(model);
}

function sectionOf(given) {
  const category = given.category || given.name;
  const common = { id: newId(), name: given.name, kind: given.kind, category };
  if (given.kind === "general") return { ...common, capacity: given.capacity, area: shapeOf(given.area) ?? null };
  return { ...common, rows: (given.rows ?? []).map((row) => rowOf(row, category)) };
}

function rowOf(given, category) {
  const aisles = new Set((given.aisle_after ?? []).map(String));
  const marked = Object.fromEntries(FLAGS.map((flag) => [flag, new Set((given[flag] ?? []).map(String))]));
  const listed = given.seats ?? Array.from({ length: given.count }, (_, n) => ({ name: String(given.first + n), x: rounded(given.x0 + n * given.pitch) }));
  const seats = listed.map((seat) => ({
    name: seat.name,
    x: seat.x,
    y: seat.y ?? given.y,
    category: seat.category || category,
    aisle: aisles.has(seat.name),
    ...Object.fromEntries(FLAGS.map((flag) => [flag, Boolean(seat[flag]) || marked[flag].has(seat.name)])),
  }));
  return { id: newId(), name: given.name, table: shapeOf(given.table) ?? null, seats };
}

/** Standing sections that have no place yet are laid side by side beyond the rows. */
function placed(model) {
  const unplaced = model.sections.filter((section) => isGeneral(section) && !section.area);
  if (!unplaced.length) return model;
  const seats = [...everySeat(model)].map(({ seat }) => seat);
  const [left, right] = seats.length ? [Math.min(...spread(seats, "x")), Math.max(...spread(seats, "x"))] : [-10, 10];
  const top = (seats.length ? Math.max(...spread(seats, "y")) : 0) + FLOOR_GAP;
  const width = (right - left + 1) / unplaced.length;
  return {
    ...model,
    sections: model.sections.map((section) => {
      const at = unplaced.indexOf(section);
      if (at < 0) return section;
      const area = { x: rounded(left - 0.5 + (at + 0.5) * width), y: top + FLOOR_HEIGHT / 2, width: rounded(width * 0.95), height: FLOOR_HEIGHT, turn: 0, round: false };
      return { ...section, area };
    }),
  };
}

/** The lowest and the highest of one coordinate; a spread of 200,000 numbers is too long for an argument list. */
function spread(seats, axis) {
  let [least, most] = [Infinity, -Infinity];
  for (const seat of seats) {
    least = Math.min(least, seat[axis]);
    most = Math.max(most, seat[axis]);
  }
  return [least, most];
}

/** The chart as the server takes it. */
export function documentOf(model) {
  return {
    focal_point: point(model.focal),
    ...(model.stage ? { stage: shapeSaid(model.stage) } : {}),
    sections: model.sections.map((section) => (isGeneral(section) ? floorSaid(section) : seatedSaid(section))),
  };
}

const point = ({ x, y }) => ({ x: rounded(x), y: rounded(y) });

function shapeSaid({ x, y, width, height, turn, round }) {
  return { ...point({ x, y }), width: rounded(width), height: rounded(height), ...(turn ? { turn: rounded(turn) } : {}), ...(round ? { round } : {}) };
}

function floorSaid({ name, category, capacity, area }) {
  return { name, kind: "general", category, capacity, ...(area ? { area: shapeSaid(area) } : {}) };
}

function seatedSaid(section) {
  return { name: section.name, kind: "seated", category: section.category, rows: section.rows.map((row) => rowSaid(row, section.category)) };
}

function rowSaid(row, category) {
  const y = row.seats.length ? rounded(row.seats[0].y) : 0;
  const aisles = row.seats.slice(0, -1).filter((seat) => seat.aisle).map((seat) => seat.name);
  return {
    name: row.name,
    y,
    seats: row.seats.map((seat) => ({
      name: seat.name,
      x: rounded(seat.x),
      ...(rounded(seat.y) === y ? {} : { y: rounded(seat.y) }),
      ...(seat.category === category ? {} : { category: seat.category }),
      ...Object.fromEntries(FLAGS.filter((flag) => seat[flag]).map((flag) => [flag, true])),
    })),
    ...(aisles.length ? { aisle_after: aisles } : {}),
    ...(row.table ? { table: shapeSaid(row.table) } : {}),
  };
}

/** Every seat with its row, its section and its place in the row. */
export function* everySeat(model) {
  for (const section of model.sections) {
    for (const row of section.rows ?? []) {
      for (let n = 0; n < row.seats.length; n += 1) yield { section, row, n, seat: row.seats[n] };
    }
  }
}

/** How many places there are, and how many of each category in the order in which the chart names them. */
export function counts(model) {
  const categories = new Map();
  const add = (category, places) => categories.set(category, (categories.get(category) ?? 0) + places);
  let accessible = 0;
  for (const section of model.sections) {
    if (isGeneral(section)) add(section.category, section.capacity);
    for (const row of section.rows ?? []) {
      for (const seat of row.seats) {
        add(seat.category, 1);
        accessible += seat.accessible ? 1 : 0;
      }
    }
  }
  return { units: [...categories.values()].reduce((sum, places) => sum + places, 0), categories, accessible };
}

/** What a JSON pointer of the server's speaks of: {section, row?, n?} by ids, or null for the chart as a whole. */
export function pointedAt(model, pointer) {
  const [, sections, s, rows, r, seats, n] = pointer.split("/");
  const section = sections === "sections" ? model.sections[Number(s)] : undefined;
  if (!section) return null;
  const row = rows === "rows" ? section.rows?.[Number(r)] : undefined;
  const place = row && seats === "seats" && n !== undefined ? Number(n) : null;
  return { section: section.id, row: row?.id ?? null, n: place };
}
