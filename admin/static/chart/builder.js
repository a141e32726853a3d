/** The drawing of a seating chart: what is there, what is chosen, and all that can be done to it. */

import { Adding } from "./adding.js";
import { Camera } from "./camera.js";
import { Choice, Places } from "./choice.js";
import { COLOURS, Painter } from "./draw.js";
import * as edits from "./plan/edits.js";
import * as geo from "./plan/geometry.js";
import { History } from "./plan/history.js";
import { listen } from "./keyboard.js";
import { counts, empty, everySeat, isGeneral, opened, pointedAt } from "./plan/model.js";
import { Panel, Wrong, byId } from "./panel.js";
import { Plan } from "./background.js";
import { Pointer } from "./pointer.js";
import { Server } from "./server.js";
import { Tools } from "./tools.js";
import { WORDS } from "./words.js";

const SNAP = 0.25;
const COPY_STEP = 2;
const EMPTY_SHEET = { x: 0, y: 4, width: 40, height: 24 }; // room for a theatre below its stage

export class Builder {
  constructor(root) {
    this.root = root;
    this.mayWrite = root.dataset.mayWrite === "yes";
    this.history = new History(empty());
    this.keptModel = this.history.state;
    this.choice = new Choice();
    this.chosen = this.choice.copy(); // as it was before the edit that is under way
    this.palette = new Set();
    this.brush = "";
    this.answer = { faults: [], warnings: [] };
    this.camera = new Camera();
    this.adding = new Adding(this);
    this.tools = new Tools(this, this.camera);
    this.plan = new Plan(this);
    const top = byId("chart-top");
    this.painter = new Painter(byId("chart-base"), top, this.camera, {
      colourOf: (category) => this.colourOf(category),
      lifted: () => this.tools.lifted,
      plan: () => this.plan.shape,
      paintTop: (context, painter) => this.#paintTop(context, painter),
    });
    this.pointer = new Pointer(top, this.camera, this.tools, { moved: (px) => this.#hover(px), changed: () => this.#redraw() });
    this.panel = new Panel(this);
    this.server = new Server({ at: root.dataset.at, token: root.dataset.csrf, etag: root.dataset.etag }, {
      checking: () => this.panel.checking(),
      checked: (answer, model) => this.#checked(answer, model),
      unreachable: () => this.panel.say(WORDS.notReached, "bad"),
    });
    listen(top, this.keys(), this.pointer);
    new ResizeObserver(() => this.painter.resize()).observe(top.parentElement);
  }

  get model() { return this.history.state; }
  get tool() { return this.tools.name; }
  get snap() { return byId("snap")?.checked ? SNAP : 0; }
  get isKept() { return this.history.state === this.keptModel; }
  get what() { return { rows: this.choice.rows, floors: this.choice.floors, stage: this.choice.stage }; }
  get hasChoice() { return !this.choice.isEmpty; }

  get places() {
    if (this.index?.model !== this.model) this.index = new Places(this.model);
    return this.index;
  }

  /** Colours by the order in which the chart names its categories, as everywhere else. */
  colourOf(category) {
    if (this.coloured !== this.model) {
      this.coloured = this.model;
      this.order = new Map([...counts(this.model).categories.keys()].map((name, n) => [name, n % COLOURS]));
    }
    return this.order.get(category) ?? this.order.size % COLOURS;
  }

  /** Show a chart; everything before it is forgotten if it is the kept one. */
  open(chart, { kept }) {
    const model = opened(chart);
    if (kept) {
      this.history = new History(model);
      this.keptModel = model;
    } else {
      this.history.push(model, null, this.chosen);
    }
    this.choice.clear();
    this.changed();
    this.fit();
  }

  /** One edit done. `merge`: edits of this name that follow each other are one step. */
  push(model, merge = null) {
    if (!this.mayWrite) return;
    const { units } = counts(model);
    if (units > edits.UNITS_MAX) throw new Wrong(WORDS.tooMany(edits.UNITS_MAX));
    this.history.push(model, merge, this.chosen);
    this.changed();
  }

  changed() {
    this.choice.keep(this.model);
    this.chosen = this.choice.copy();
    this.painter.show(this.model);
    this.panel.show();
    if (this.mayWrite) this.server.checkSoon(this.model, counts(this.model).units);
  }

  select() {
    this.history.settle();
    this.chosen = this.choice.copy();
    this.painter.repaint();
    this.panel.show();
  }

  say(words, tone) { this.panel.say(words, tone); }

  paint(seats, floors, category = this.brush) {
    if (!category) return;
    const painted = edits.paintFloors(edits.paint(this.model, seats, category), floors, category);
    const count = [...seats.values()].reduce((sum, places) => sum + places.size, 0);
    if (!count && !floors.size) return;
    this.push(painted);
    this.say(WORDS.painted(count, category));
  }

  toggleAisle(seats) {
    if (!seats.size) throw new Wrong(WORDS.noRows);
    this.push(edits.mapSeats(this.model, seats, (seat) => ({ aisle: !seat.aisle })));
  }

  /** A mark that all of them have goes; else all get it. */
  mark(flag) {
    const seats = this.choice.allSeats(this.model);
    if (!seats.size) throw new Wrong(WORDS.noRows);
    const all = [...everySeat(this.model)].filter(({ row, n }) => seats.get(row.id)?.has(n));
    const on = !all.every(({ seat }) => seat[flag]);
    this.push(edits.mapSeats(this.model, seats, () => ({ [flag]: on })));
    this.say(WORDS.marked(all.length));
  }

  /* What is done to the choice. */

  act(edit, words, merge = null) {
    if (this.choice.isEmpty) throw new Wrong(WORDS.nothingSelected);
    this.push(edit(this.model, this.what), merge);
    if (words) this.say(words);
  }

  actOnRows(edit, words) {
    if (!this.choice.rows.size) throw new Wrong(WORDS.noRows);
    this.push(edit(this.model, this.choice.rows));
    if (words) this.say(words(this.choice.rows.size));
  }

  duplicate() {
    this.act((model, what) => {
      const copy = edits.duplicate(model, what, COPY_STEP, COPY_STEP);
      this.choice.set(copy.what);
      return copy.model;
    }, WORDS.copied);
  }

  /** A copy on the other side of the stage, as in a mirror. */
  mirrorCopy() {
    this.act((model, what) => {
      const copy = edits.duplicate(model, what, 0, 0);
      this.choice.set(copy.what);
      return edits.mirror(copy.model, copy.what, model.focal.x);
    }, WORDS.mirrored);
  }

  remove() {
    if (this.choice.seats.size) this.push(edits.removeSeats(this.model, this.choice.seats));
    else if (!this.choice.isEmpty) this.push(edits.remove(this.model, this.what));
    else return;
    this.say(WORDS.removed);
  }

  undo() { this.#travel("undo", WORDS.undone); }
  redo() { this.#travel("redo", WORDS.redone); }

  /** What was selected then is selected again. */
  #travel(way, words) {
    const before = this.model;
    const chosen = this.history[way](this.choice.copy());
    if (this.model === before) return;
    if (chosen) this.choice = chosen.copy();
    this.changed();
    this.say(words);
  }

  choosePart(id, more) {
    const section = this.model.sections.find((each) => each.id === id);
    const what = isGeneral(section) ? { floors: [id] } : { rows: section.rows.map((row) => row.id) };
    if (more) this.choice.add(what);
    else this.choice.set(what);
    this.select();
    const box = geo.boundsOf(edits.pointsOf(this.model, this.what));
    if (box) this.camera.reveal(box);
  }

  chooseTool(name) {
    this.tools.choose(name);
    this.select();
  }

  /* What is seen. */

  fit() {
    const box = this.model.sections.length ? geo.boundsOf(edits.pointsOf(this.model, edits.everything(this.model))) : null;
    this.camera.fit(box ? { ...box, width: box.width + 3, height: box.height + 3 } : this.plan.shape ?? EMPTY_SHEET);
    this.painter.repaint();
  }

  zoom(factor) {
    this.camera.zoom(factor);
    this.painter.request();
  }

  #redraw() {
    const lifted = this.tools.gesture?.lifted ?? null;
    if (lifted !== this.wasLifted) { // what is dragged leaves the base, and comes back
      this.wasLifted = lifted;
      this.painter.repaint();
    }
    this.painter.request();
  }

  #hover(px) {
    const found = this.places.seatAt(this.camera.world(px));
    this.panel.hover(found ? WORDS.seat(found.section.name, found.row.name, found.seat.name) : "");
  }

  #paintTop(context, painter) {
    const { model, choice } = this;
    const lifted = this.tools.lifted;
    const ringed = [];
    for (const section of model.sections) {
      if (isGeneral(section)) {
        if (choice.floors.has(section.id) && !lifted.floors.has(section.id)) painter.framed(context, section.area);
        continue;
      }
      for (const row of section.rows) {
        if (choice.rows.has(row.id) && !lifted.rows.has(row.id)) {
          ringed.push(...row.seats);
          if (row.table) painter.framed(context, row.table);
        }
        for (const n of choice.seats.get(row.id) ?? []) ringed.push(row.seats[n]);
      }
    }
    painter.rings(context, ringed, painter.ink.link);
    if (choice.stage && model.stage && !lifted.stage) painter.framed(context, model.stage);
    if (this.checkedModel === model) painter.rings(context, this.faulty ?? [], painter.ink.bad, 1.3);
    this.tools.paintGhost(context, painter);
  }

  /* Faults. */

  #checked(answer, model) {
    this.answer = answer;
    this.checkedModel = model;
    this.faulty = [...answer.faults, ...answer.warnings].flatMap(({ pointer }) => this.#seatsAt(pointer));
    this.panel.found(answer);
    this.painter.request();
  }

  /** The seats that a pointer speaks of: its own, or those of its row. */
  #seatsAt(pointer) {
    const found = pointedAt(this.checkedModel, pointer);
    if (!found?.row) return [];
    const section = this.checkedModel.sections.find((each) => each.id === found.section);
    const { seats } = section.rows.find((row) => row.id === found.row);
    return found.n === null ? seats : [seats[found.n]].filter(Boolean);
  }

  /** Select what a fault speaks of and bring it into view. */
  goTo({ pointer }) {
    const found = pointedAt(this.checkedModel, pointer);
    if (!found) return;
    this.choice.clear();
    if (found.n !== null && found.row) this.choice.addSeat(found.row, found.n);
    else if (found.row) this.choice.add({ rows: [found.row] });
    else return this.choosePart(found.section, false);
    this.choice.keep(this.model);
    const [seat] = this.#seatsAt(pointer);
    if (seat) this.camera.reveal(seat);
    this.select();
  }

  /* Files. */

  async keep() {
    try {
      const model = this.model;
      const { status, answer } = await this.server.keep(model);
      if (status === 200) {
        this.keptModel = model;
        this.say(WORDS.kept(answer.units, answer.sections), "good");
      } else {
        this.say(status === 412 ? WORDS.changedElsewhere : WORDS.notKept, "bad");
      }
      if (answer.faults) this.#checked(answer, model);
      this.panel.show();
    } catch {
      this.say(WORDS.notReached, "bad");
    }
  }

  async read(file) {
    try {
      const { status, answer } = await this.server.read(file);
      if (status !== 200) {
        const first = answer.faults?.[0];
        this.say(WORDS.notImported(first ? `${first.place} ${first.message}`.trim() : answer.detail ?? ""), "bad");
        return;
      }
      this.open(answer.chart, { kept: false });
      this.say([WORDS.imported(answer.units, answer.format), ...answer.notes].join(" "), "good");
    } catch {
      this.say(WORDS.notReached, "bad");
    }
  }

  /** What the keyboard can do. */
  keys() {
    const safely = (act) => (...args) => this.safely(() => act(...args));
    const desk = this;
    return {
      get mayWrite() { return desk.mayWrite; },
      get tool() { return desk.tool; },
      get hasChoice() { return desk.hasChoice; },
      undo: () => this.undo(),
      redo: () => this.redo(),
      duplicate: safely(() => this.duplicate()),
      remove: safely(() => this.remove()),
      mirror: safely(() => this.act(edits.mirror, WORDS.mirrored)),
      turn: safely((degrees) => this.act((model, what) => edits.turn(model, what, degrees), "", "turn")),
      movePlan: (dx, dy) => this.plan.move(dx, dy),
      nudge: safely((dx, dy) => this.act((model, what) => edits.move(model, what, dx, dy), "", "nudge")),
      step: (dx, dy, more) => this.#step(dx, dy, more),
      selectAll: () => { this.choice.set(edits.everything(this.model)); this.select(); },
      escape: () => { this.tools.cancel(); this.choice.clear(); this.chooseTool("select"); },
      enter: safely(() => ({ rows: () => this.adding.rowsBelow(), table: () => this.adding.tableSomewhere(), floor: () => this.adding.floorBelow() })[this.tool]?.()),
      choose: (name) => this.chooseTool(name),
      zoom: (factor) => this.zoom(factor),
      fit: () => this.fit(),
      pan: (dx, dy) => { this.camera.pan(dx, dy); this.painter.request(); },
      next: (by) => this.#next(by),
    };
  }

  /** From part to part, around. */
  #next(by) {
    const { sections } = this.model;
    if (!sections.length) return;
    const at = sections.findIndex((section) => this.choice.floors.has(section.id) || section.rows?.some((row) => this.choice.rows.has(row.id)));
    const next = at < 0 && by < 0 ? sections.length - 1 : (at + by + sections.length) % sections.length;
    this.choosePart(sections[next].id, false);
    this.say(`${sections[next].name}. ${WORDS.selected(this.choice.rows.size, 0, this.choice.floors.size, false)}`);
  }

  /** The seat next to the chosen one. */
  #step(dx, dy, more) {
    const [first] = this.choice.seats;
    const row = first && this.model.sections.flatMap((section) => section.rows ?? []).find((each) => each.id === first[0]);
    const found = row ? this.places.beside({ row, n: [...first[1]].at(-1) }, dx, dy) : everySeat(this.model).next().value;
    if (!found) return;
    if (!more) this.choice.clear();
    this.choice.addSeat(found.row.id, found.n);
    this.camera.reveal(found.seat);
    this.select();
    this.say(WORDS.seat(found.section.name, found.row.name, found.seat.name));
  }

  /** A mistake in a field is said; anything else is a fault of ours. */
  safely(act) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      this.say(error.message, "bad");
      return null;
    }
  }
}
