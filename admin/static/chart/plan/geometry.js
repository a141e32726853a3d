/** Where seats stand: lines, arcs, tables, turning, mirroring, snapping. Knows points, not charts. */

const RADIANS = Math.PI / 180;
const STRAIGHT_DEGREES = 0.05; // less of a bend is none
const FULL_DEGREES = 350; // of a bend: the ends of a row do not meet
const ARC_ROUNDS = 6; // until arcs and radius agree to a millionth

export const distance = (one, two) => Math.hypot(one.x - two.x, one.y - two.y);
export const middle = (one, two) => ({ x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 });

/** {left, top, right, bottom, width, height, x, y} of points; null without any. */
export function boundsOf(points) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (left > right) return null;
  return { left, top, right, bottom, width: right - left, height: bottom - top, x: (left + right) / 2, y: (top + bottom) / 2 };
}

export const moved = ({ x, y }, dx, dy) => ({ x: x + dx, y: y + dy });

/** Turned about a centre, clockwise as it is drawn. */
export function turned({ x, y }, centre, degrees) {
  const [sin, cos] = [Math.sin(degrees * RADIANS), Math.cos(degrees * RADIANS)];
  const [dx, dy] = [x - centre.x, y - centre.y];
  return { x: centre.x + dx * cos - dy * sin, y: centre.y + dx * sin + dy * cos };
}

export const mirrored = ({ x, y }, axisX) => ({ x: 2 * axisX - x, y });
export const snapped = (value, step) => (step ? Math.round(value / step) * step : value);

/** A straight row: `count` points from a start, `pitch` apart, towards `degrees`; a wider step after the places named. */
export function line({ start, count, pitch, degrees = 0, gaps = new Set(), gap = 1 }) {
  const [dx, dy] = [Math.cos(degrees * RADIANS), Math.sin(degrees * RADIANS)];
  let along = 0;
  return Array.from({ length: count }, (_, n) => {
    if (n) along += pitch * (gaps.has(n - 1) ? 1 + gap : 1);
    return { x: start.x + dx * along, y: start.y + dy * along };
  });
}

/** How far apart the points stand one after the other. */
export const steps = (points) => points.slice(1).map((point, n) => distance(points[n], point));

/**
 * The points on an arc about the same middle, the same steps apart: `degrees` from the first to the last, 0 a line.
 * Positive bends lift the ends: towards a stage above.
 */
export function bent(points, degrees) {
  if (points.length < 2) return points;
  const chords = steps(points);
  const [first, last] = [points[0], points.at(-1)];
  const heading = Math.atan2(last.y - first.y, last.x - first.x);
  const centre = middleOf(points);
  const arc = Math.max(-FULL_DEGREES, Math.min(FULL_DEGREES, degrees)) * RADIANS;
  const straight = Math.abs(degrees) < STRAIGHT_DEGREES;
  const [lengths, radius] = straight ? [chords, Infinity] : arcsOf(chords, arc);
  const along = [0];
  for (const length of lengths) along.push(along.at(-1) + length);
  const half = along.at(-1) / 2;
  const [sin, cos] = [Math.sin(heading), Math.cos(heading)];
  return along.map((s) => {
    const angle = (s - half) / radius;
    const x = straight ? s - half : radius * Math.sin(angle);
    const y = straight ? 0 : radius * (Math.cos(angle) - 1);
    return { x: centre.x + x * cos - y * sin, y: centre.y + x * sin + y * cos };
  });
}

/** How long the arcs over these chords are if all together are `arc` radians, and their radius: chords keep their length. */
function arcsOf(chords, arc) {
  let lengths = chords;
  let radius = 0;
  for (let n = 0; n < ARC_ROUNDS; n += 1) {
    radius = lengths.reduce((sum, length) => sum + length, 0) / arc;
    const across = 2 * Math.abs(radius);
    lengths = chords.map((chord) => across * Math.asin(Math.min(1, chord / across)));
  }
  return [lengths, radius];
}

/** The point half-way along a row: what stays where it is when the row is bent. */
function middleOf(points) {
  const apart = steps(points);
  const half = apart.reduce((sum, step) => sum + step, 0) / 2;
  let along = 0;
  for (let n = 0; n < apart.length; n += 1) {
    if (along + apart[n] >= half) {
      const part = apart[n] ? (half - along) / apart[n] : 0;
      return { x: points[n].x + (points[n + 1].x - points[n].x) * part, y: points[n].y + (points[n + 1].y - points[n].y) * part };
    }
    along += apart[n];
  }
  return points.at(-1);
}

/** The bend that points have: degrees between their first and their last step, 0 of fewer than three. */
export function bendOf(points) {
  if (points.length < 3) return 0;
  let sum = 0;
  for (let n = 2; n < points.length; n += 1) {
    const [a, b, c] = [points[n - 2], points[n - 1], points[n]];
    const turn = Math.atan2(c.y - b.y, c.x - b.x) - Math.atan2(b.y - a.y, b.x - a.x);
    sum += Math.atan2(Math.sin(turn), Math.cos(turn));
  }
  const whole = (sum * (points.length - 1)) / (points.length - 2); // half a step is missing at each end
  return -whole / RADIANS;
}

/**
 * Rows bent about one centre, as in a theatre: `degrees` is the bend of the first row, and each other row keeps its
 * distance to it. A row that would have to be bent further than is possible stays as it is.
 */
export function bentTogether(rows, degrees) {
  if (!rows.length || rows[0].length < 2 || Math.abs(degrees) < STRAIGHT_DEGREES) return rows.map((row) => bent(row, 0));
  const front = rows[0];
  const length = steps(front).reduce((sum, step) => sum + step, 0);
  const radius = length / (degrees * RADIANS);
  const heading = Math.atan2(front.at(-1).y - front[0].y, front.at(-1).x - front[0].x);
  const normal = { x: -Math.sin(heading), y: Math.cos(heading) };
  const origin = middleOf(front);
  return rows.map((row) => {
    if (row.length < 2) return row;
    const own = middleOf(row);
    const away = (own.x - origin.x) * normal.x + (own.y - origin.y) * normal.y;
    const ownLength = steps(row).reduce((sum, step) => sum + step, 0);
    const arc = ownLength / (radius + away) / RADIANS;
    return Math.sign(arc) === Math.sign(degrees) && Math.abs(arc) < FULL_DEGREES ? bent(row, arc) : row;
  });
}

/** Points around a table, clockwise from the top left; a long table has seats on its two long sides. */
export function around({ x, y, width, height, round, turn = 0 }, count, clear) {
  const centre = { x, y };
  if (round) {
    const [rx, ry] = [width / 2 + clear, height / 2 + clear];
    return Array.from({ length: count }, (_, n) => {
      const angle = ((n + 0.5) / count) * 2 * Math.PI - Math.PI / 2;
      return turned({ x: x + rx * Math.cos(angle), y: y + ry * Math.sin(angle) }, centre, turn);
    });
  }
  const above = Math.ceil(count / 2);
  const side = (seats, n) => x - width / 2 + ((n + 0.5) / seats) * width;
  return Array.from({ length: count }, (_, n) => {
    const place = n < above
      ? { x: side(above, n), y: y - height / 2 - clear }
      : { x: side(count - above, count - 1 - n), y: y + height / 2 + clear };
    return turned(place, centre, turn);
  });
}

/** Is a point inside a shape? */
export function inside(shape, point) {
  const { x, y } = turned(point, shape, -shape.turn);
  const [dx, dy] = [(x - shape.x) / (shape.width / 2), (y - shape.y) / (shape.height / 2)];
  return shape.round ? dx * dx + dy * dy <= 1 : Math.abs(dx) <= 1 && Math.abs(dy) <= 1;
}

/** The corners of a shape's box, turned. */
export function corners({ x, y, width, height, turn }) {
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([across, down]) =>
    turned({ x: x + (across * width) / 2, y: y + (down * height) / 2 }, { x, y }, turn));
}

/** Finds what is near a point: items by cells of a grid. */
export class Grid {
  constructor(cell) {
    this.cell = cell;
    this.cells = new Map();
  }

  add(item, x, y) {
    const key = `${Math.floor(x / this.cell)}:${Math.floor(y / this.cell)}`;
    const here = this.cells.get(key);
    if (here) here.push(item);
    else this.cells.set(key, [item]);
  }

  /** The items of all cells that a box touches. */
  *within({ left, top, right, bottom }) {
    const columns = Math.floor(right / this.cell) - Math.floor(left / this.cell) + 1;
    const lines = Math.floor(bottom / this.cell) - Math.floor(top / this.cell) + 1;
    if (columns * lines > this.cells.size) { // the box is larger than the house
      for (const items of this.cells.values()) yield* items;
      return;
    }
    for (let i = Math.floor(left / this.cell); i <= Math.floor(right / this.cell); i += 1) {
      for (let j = Math.floor(top / this.cell); j <= Math.floor(bottom / this.cell); j += 1) {
        yield* this.cells.get(`${i}:${j}`) ?? [];
      }
    }
  }
}
