/**
 * Draws the chart as SVG. All free seats of one section and category are one path of round dots, so that 20,000 seats
 * are some dozens of elements; a change redraws the sections it touches, once a frame.
 */

const NS = "http://www.w3.org/2000/svg";
const DOT = 0.78;          // diameters in pitches
const DOT_TAKEN = 0.34;
const NEAR_SEAT_PX = 15;   // from this size on seats are meant to be pressed one by one
const ZOOM_MAX_SEAT_PX = 56;
const LABEL_MIN_PX = 9, LABEL_MAX_PX = 13; // a section's name, whatever the section's width and the zoom
const LETTER_WIDTH = 0.62; // of the font size, on average

const svg = (name, attributes = {}, ...children) => {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

/** A rectangle or an ellipse in its box, turned about its middle. */
const shape = ({ x, y, width, height, turn, round }, corner, attributes) => {
  const middle = [x + width / 2, y + height / 2];
  if (turn) attributes.transform = `rotate(${turn} ${middle.join(" ")})`;
  return round
    ? svg("ellipse", { cx: middle[0], cy: middle[1], rx: width / 2, ry: height / 2, ...attributes })
    : svg("rect", { x, y, width, height, rx: corner, ...attributes });
};

/** The font size at which a name is as wide as `width`, with a little air. */
const widest = (name, width) => width / (name.length * LETTER_WIDTH + 1);

export class MapView {
  /**
   * @param root the <svg>
   * @param chart a Chart
   * @param look {free(unit): boolean, colour(unit): 0..7}
   */
  constructor(root, chart, look) {
    this.root = root;
    this.chart = chart;
    this.look = look;
    this.view = { ...chart.bounds };
    this.dirty = new Set();
    this.mine = new Map();
    this.layers = chart.seated.map(() => svg("g"));
    this.labels = svg("g", { "aria-hidden": "true" });
    this.names = []; // {node, fit}: labels that keep their size on the screen; fit is the largest that stays inside
    this.overlay = svg("g", { "aria-hidden": "true" });
    this.cursor = svg("circle", { class: "seat-cursor", r: chart.pitch * 0.58, "stroke-width": chart.pitch * 0.14, visibility: "hidden" });
    this.#drawStage();
    this.#drawTables();
    root.append(...this.layers);
    this.#drawBlocks();
    root.append(this.labels, this.overlay, this.cursor);
    this.#drawLabels();
    chart.seated.forEach((_, index) => this.#drawSection(index));
    root.style.setProperty("--map-ratio", chart.bounds.height / chart.bounds.width);
    new ResizeObserver(() => this.apply()).observe(root);
    this.apply();
  }

  /** Pixels of one seat pitch at the present zoom. */
  get seatPx() { return this.chart.pitch * this.scale; }
  get near() { return this.seatPx >= NEAR_SEAT_PX; }

  /** Where a pointer event is on the map, in map units. */
  point(event) {
    const box = this.root.getBoundingClientRect();
    return {
      x: this.view.x + (event.clientX - box.left) / this.scale - this.slack.x,
      y: this.view.y + (event.clientY - box.top) / this.scale - this.slack.y,
    };
  }

  /** Where a map point is in the box, in pixels. */
  pixels(x, y) {
    return { x: (x - this.view.x + this.slack.x) * this.scale, y: (y - this.view.y + this.slack.y) * this.scale };
  }

  all() {
    this.view = { ...this.chart.bounds };
    this.apply();
  }

  /** Zoom by a factor (> 1 is nearer) keeping one map point where it is. */
  zoom(factor, at = { x: this.view.x + this.view.width / 2, y: this.view.y + this.view.height / 2 }) {
    const whole = this.chart.bounds.width;
    const nearest = this.chart.pitch * (this.scale * this.view.width) / ZOOM_MAX_SEAT_PX;
    const width = Math.min(whole, Math.max(Math.min(nearest, whole), this.view.width / factor));
    const ratio = width / this.view.width;
    this.view = {
      x: at.x - (at.x - this.view.x) * ratio,
      y: at.y - (at.y - this.view.y) * ratio,
      width,
      height: this.view.height * ratio,
    };
    this.apply();
  }

  pan(dxPx, dyPx) {
    this.view.x -= dxPx / this.scale;
    this.view.y -= dyPx / this.scale;
    this.apply();
  }

  /** Bring a seat into view, near enough to press. */
  reveal(unit) {
    const { x, y } = { x: this.chart.x[unit], y: this.chart.y[unit] };
    if (!this.near) this.zoom(NEAR_SEAT_PX * 1.4 / this.seatPx, { x, y });
    const margin = this.chart.pitch * 2;
    const { view } = this;
    if (x < view.x + margin || x > view.x + view.width - margin) view.x = x - view.width / 2;
    if (y < view.y + margin || y > view.y + view.height - margin) view.y = y - view.height / 2;
    this.apply();
  }

  /** Set the viewBox, never losing the chart out of sight. */
  apply() {
    const { bounds } = this.chart;
    const { view } = this;
    view.x = Math.min(Math.max(view.x, bounds.x - view.width * 0.25), bounds.x + bounds.width - view.width * 0.75);
    view.y = Math.min(Math.max(view.y, bounds.y - view.height * 0.25), bounds.y + bounds.height - view.height * 0.75);
    this.root.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    const width = this.root.clientWidth || 1;
    const height = this.root.clientHeight || 1;
    this.scale = Math.min(width / view.width, height / view.height);
    this.slack = { x: (width / this.scale - view.width) / 2, y: (height / this.scale - view.height) / 2 };
    this.root.classList.toggle("near", this.near);
    this.#sizeNames();
  }

  /** A seat changed: its section is drawn again in the next frame. */
  touch(unit) {
    if (!this.chart.isSeat(unit)) return;
    if (!this.dirty.size) requestAnimationFrame(() => this.#flush());
    this.dirty.add(this.chart.seated.indexOf(this.chart.sectionOf(unit)));
  }

  /** Mark the visitor's own seats. */
  own(units) {
    const { chart } = this;
    const wanted = new Set(units);
    for (const [unit, node] of this.mine) {
      if (!wanted.has(unit)) {
        node.remove();
        this.mine.delete(unit);
      }
    }
    for (const unit of wanted) {
      if (this.mine.has(unit) || !chart.isSeat(unit)) continue;
      const r = chart.pitch * 0.46;
      const [x, y] = [chart.x[unit], chart.y[unit]];
      const node = svg("g", {},
        svg("circle", { class: "seat-mine", cx: x, cy: y, r, "stroke-width": r * 0.22 }),
        svg("path", { class: "seat-mine-mark", d: `M${x - r * 0.42} ${y + r * 0.02}l${r * 0.3} ${r * 0.32} ${r * 0.54} ${-r * 0.62}`, "stroke-width": r * 0.24 }));
      this.mine.set(unit, node);
      this.overlay.append(node);
    }
  }

  /** Put the keyboard's and pointer's ring on a seat, or hide it with -1. */
  pointOut(unit) {
    this.cursor.setAttribute("visibility", unit < 0 ? "hidden" : "visible");
    if (unit < 0) return;
    this.cursor.setAttribute("cx", this.chart.x[unit]);
    this.cursor.setAttribute("cy", this.chart.y[unit]);
  }

  /** Let one colour stand out; null for all. */
  light(colour) {
    this.root.classList.toggle("dimmed", colour !== null);
    this.lit = colour;
    for (const path of this.root.querySelectorAll(".seats")) path.classList.toggle("lit", path.classList.contains(`cat-${colour}`));
  }

  #flush() {
    const sections = [...this.dirty];
    this.dirty.clear();
    for (const index of sections) this.#drawSection(index);
  }

  #drawSection(index) {
    const { chart, look } = this;
    const section = chart.seated[index];
    const round = new Map();
    const square = new Map();
    let taken = "";
    for (let unit = section.first_unit; unit < section.first_unit + section.units; unit += 1) {
      const dot = `M${chart.x[unit].toFixed(2)} ${chart.y[unit].toFixed(2)}h0`;
      if (!look.free(unit)) { taken += dot; continue; }
      const paths = chart.accessible[unit] ? square : round;
      const colour = look.colour(unit);
      paths.set(colour, (paths.get(colour) ?? "") + dot);
    }
    const draw = (paths, extra, width) => [...paths].map(([colour, d]) =>
      svg("path", { class: `seats cat-${colour}${extra}${this.lit === colour ? " lit" : ""}`, d, "stroke-width": width }));
    this.layers[index].replaceChildren(
      ...(taken ? [svg("path", { class: "seats seats-taken", d: taken, "stroke-width": chart.pitch * DOT_TAKEN })] : []),
      ...draw(round, "", chart.pitch * DOT),
      ...draw(square, " seats-square", chart.pitch * DOT * 0.9),
    );
  }

  #drawStage() {
    const { stage, pitch } = this.chart;
    const text = svg("text", { class: "map-stage-text", x: stage.x + stage.width / 2, y: stage.y + stage.height / 2 }, "Stage");
    this.names.push({ node: text, fit: stage.height * 0.6 });
    this.root.append(shape(stage, pitch * 0.6, { class: "map-stage" }), text);
  }

  #drawTables() {
    const { chart } = this;
    this.root.append(...chart.rows.filter((row) => row.table).map(({ table }) =>
      shape({ ...table, x: table.x - table.width / 2, y: table.y - table.height / 2 }, chart.pitch * 0.2, { class: "map-table" })));
  }

  #drawBlocks() {
    for (const block of this.chart.blocks) {
      const colour = this.look.colour(block.section.first_unit);
      const { name } = block.section;
      const text = svg("text", { class: "map-general-text", x: block.x + block.width / 2, y: block.y + block.height / 2 }, name);
      this.names.push({ node: text, fit: Math.min(block.height * 0.7, widest(name, block.width)) });
      this.root.append(
        shape(block, this.chart.pitch, { class: `map-general cat-${colour}`, "stroke-width": this.chart.pitch * 0.18, "data-section": name }),
        text,
      );
    }
  }

  /** Names as large as they fit, within LABEL_*_PX; one that does not fit even small is left out until one zooms in. */
  #sizeNames() {
    if (this.named === this.scale) return;
    this.named = this.scale;
    for (const { node, fit } of this.names) {
      const px = Math.max(LABEL_MIN_PX, Math.min(LABEL_MAX_PX, fit * this.scale));
      const shown = px <= fit * this.scale * 1.5;
      node.setAttribute("visibility", shown ? "visible" : "hidden");
      node.setAttribute("font-size", px / this.scale);
      node.setAttribute("stroke-width", (px / this.scale) * 0.28);
    }
  }

  #drawLabels() {
    const { chart } = this;
    for (const section of chart.seated) {
      const box = chart.boxOf(section);
      const text = svg("text", { class: "map-section-text", x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }, section.name);
      this.names.push({ node: text, fit: widest(section.name, box.right - box.left) });
      this.labels.append(text);
    }
    for (const row of chart.rows) {
      if (row.table) {
        this.labels.append(svg("text", { class: "map-row-text", x: row.table.x, y: row.table.y, "font-size": chart.pitch * 0.55 }, row.name));
        continue;
      }
      for (const [unit, side] of [[row.first, -1], [row.end - 1, 1]]) {
        const neighbour = chart.at(chart.x[unit] + side * chart.pitch * 2.4, chart.y[unit], chart.pitch * 1.2);
        if (side > 0 && neighbour >= 0) continue; // the next section's own label stands there
        this.labels.append(svg("text", { class: "map-row-text", x: chart.x[unit] + side * chart.pitch, y: chart.y[unit], "font-size": chart.pitch * 0.55 }, row.name));
      }
    }
  }
}
