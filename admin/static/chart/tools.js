/** What pressing and dragging does on the drawing, by the tool that is chosen. Each gesture ends in one step of history. */

import * as edits from "./plan/edits.js";
import * as geo from "./plan/geometry.js";

const CLICK_PX = 5; // less than this is no drag
const BRUSH = 0.8;
const STROKE_STEPS_MAX = 400; // between two moves of the pointer
const NOTHING = { rows: new Set(), floors: new Set(), stage: false };

const box = (one, two) => ({ left: Math.min(one.x, two.x), top: Math.min(one.y, two.y), right: Math.max(one.x, two.x), bottom: Math.max(one.y, two.y) });
const shapeIn = ({ left, top, right, bottom }) => ({ x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top, turn: 0, round: false });

/** @param desk what the tools work on: {model, choice, places, options(tool), snap, push(model), say(text), select()} */
export class Tools {
  constructor(desk, camera) {
    Object.assign(this, { desk, camera, name: "select", gesture: null });
  }

  get lifted() { return this.gesture?.lifted ?? NOTHING; }

  choose(name) {
    this.cancel();
    this.name = name;
  }

  down(px, event) {
    const at = this.camera.world(px);
    this.gesture = { from: at, to: at, px, isDrag: false, shift: event.shiftKey };
    this.#run("Down");
  }

  drag(px) {
    const { gesture } = this;
    if (!gesture) return;
    gesture.to = this.camera.world(px);
    gesture.isDrag ||= geo.distance(px, gesture.px) >= CLICK_PX;
    this.#run("Drag");
  }

  up() {
    const { gesture } = this;
    this.gesture = null;
    this.#run("Up", gesture);
  }

  #run(part, gesture = this.gesture) {
    if (gesture) this.desk.safely(() => this[this.name + part]?.(gesture));
  }

  cancel() { this.gesture = null; }

  snapped(point) {
    return { x: geo.snapped(point.x, this.desk.snap), y: geo.snapped(point.y, this.desk.snap) };
  }

  /* Select: press takes a thing, drag moves what is selected, drag from nowhere takes what is in the box. */
  selectDown(gesture) {
    const { choice, places } = this.desk;
    const thing = places.at(gesture.from);
    gesture.thing = thing;
    if (!thing) {
      if (!gesture.shift) choice.clear();
    } else if (gesture.shift) {
      choice.toggle(thing);
    } else if (!choice.has(thing)) {
      choice.clear();
      choice.toggle(thing);
    }
    this.desk.select();
  }

  selectDrag(gesture) {
    if (gesture.isDrag && gesture.thing && this.desk.mayWrite) {
      gesture.lifted ??= { rows: new Set(this.desk.choice.rows), floors: new Set(this.desk.choice.floors), stage: this.desk.choice.stage };
      gesture.by = this.snapped({ x: gesture.to.x - gesture.from.x, y: gesture.to.y - gesture.from.y });
    } else if (gesture.isDrag && !gesture.thing) {
      gesture.box = box(gesture.from, gesture.to);
    }
  }

  selectUp({ lifted, by, box: around }) {
    const { desk } = this;
    if (lifted) desk.push(edits.move(desk.model, lifted, by.x, by.y));
    else if (around) desk.choice.add(desk.places.in(around));
    desk.select();
  }

  /* Seats: press takes one, drag takes those in the box. */
  seatsDown(gesture) {
    const { choice } = this.desk;
    choice.rows.clear();
    choice.floors.clear();
    choice.stage = false;
    if (!gesture.shift) choice.seats.clear();
  }

  seatsDrag(gesture) { if (gesture.isDrag) gesture.box = box(gesture.from, gesture.to); }

  seatsUp({ from, box: around }) {
    const { choice, places } = this.desk;
    if (around) for (const { row, n } of places.seatsIn(around)) choice.addSeat(row.id, n);
    else {
      const found = places.seatAt(from);
      if (found) choice.toggleSeat(found.row.id, found.n);
    }
    this.desk.select();
  }

  /* Rows: drag along the first one; the others follow on its right hand. */
  rowsDrag(gesture) { gesture.ghost = this.desk.adding.rowsFrom(this.snapped(gesture.from), gesture.isDrag ? this.snapped(gesture.to) : null); }

  rowsUp({ from, to, isDrag }) { this.desk.adding.rows(this.desk.adding.rowsFrom(this.snapped(from), isDrag ? this.snapped(to) : null)); }

  tableUp({ to }) { this.desk.adding.table(this.snapped(to)); }

  /* Areas and the stage: drag a box. */
  floorDrag(gesture) { gesture.shape = shapeIn(box(this.snapped(gesture.from), this.snapped(gesture.to))); }
  floorUp({ from, shape, isDrag }) { this.desk.adding.floor(isDrag && shape?.width && shape?.height ? shape : null, this.snapped(from)); }

  stageDrag(gesture) { this.floorDrag(gesture); }
  stageUp({ from, shape, isDrag }) { this.desk.adding.stage(isDrag && shape?.width && shape?.height ? shape : null, this.snapped(from)); }

  /* Paint: what the brush touches gets the category. */
  paintDown(gesture) {
    gesture.seats = new Map();
    gesture.touched = [];
    gesture.floors = new Set();
    this.paintDrag(gesture);
  }

  /* A fast pointer is seen at places far apart: what lies between them is painted too. */
  paintDrag(gesture) {
    const { to } = gesture;
    const from = gesture.painted ?? to;
    const reach = Math.max(BRUSH, 8 / this.camera.scale);
    const steps = Math.min(STROKE_STEPS_MAX, Math.ceil(geo.distance(from, to) / reach)) || 1;
    for (let step = 1; step <= steps; step += 1) {
      const part = step / steps;
      this.paintAt(gesture, { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }, reach);
    }
    gesture.painted = to;
  }

  paintAt({ seats, touched, floors }, to, reach) {
    const { places } = this.desk;
    for (const found of places.seatsIn({ left: to.x - reach, right: to.x + reach, top: to.y - reach, bottom: to.y + reach })) {
      if (geo.distance(found.seat, to) > reach) continue;
      if (!seats.has(found.row.id)) seats.set(found.row.id, new Set());
      if (!seats.get(found.row.id).has(found.n)) touched.push(found.seat);
      seats.get(found.row.id).add(found.n);
    }
    const under = places.at(to)?.floor;
    if (under) floors.add(under.id);
  }

  paintUp({ seats, floors }) { this.desk.paint(seats, floors); }

  /* Aisle: press a seat to open or close an aisle after it. */
  aisleUp({ to }) {
    const found = this.desk.places.seatAt(to, 1);
    if (found) this.desk.toggleAisle(new Map([[found.row.id, new Set([found.n])]]));
  }

  /* Background: drag moves the picture to trace from, as far as it is not locked. */
  planDrag(gesture) {
    const { from, to } = gesture;
    const last = gesture.last ?? from;
    this.desk.plan.move(to.x - last.x, to.y - last.y);
    gesture.last = to;
  }

  /** What the gesture shows while it lasts. */
  paintGhost(context, painter) {
    const { gesture, desk } = this;
    if (!gesture) return;
    if (gesture.by) {
      context.save();
      context.translate(gesture.by.x, gesture.by.y);
      context.globalAlpha = 0.8;
      if (gesture.lifted.stage) painter.stage(context, desk.model.stage);
      for (const section of desk.model.sections) {
        if (gesture.lifted.floors.has(section.id)) painter.floor(context, section);
        if (section.rows) painter.ghostRows(context, section.rows.filter((row) => gesture.lifted.rows.has(row.id)), gesture.by);
      }
      context.restore();
    }
    if (gesture.ghost) {
      context.globalAlpha = 0.6;
      for (const row of gesture.ghost) painter.dots(context, row.seats, painter.ink.link);
      context.globalAlpha = 1;
    }
    if (gesture.touched) painter.dots(context, gesture.touched, painter.colours[painter.look.colourOf(desk.brush)], 0.95);
    const frame = gesture.box ? shapeIn(gesture.box) : gesture.shape;
    if (frame) {
      painter.outline(context, frame);
      context.strokeStyle = painter.ink.link;
      context.lineWidth = 2 / this.camera.scale;
      context.setLineDash([6 / this.camera.scale, 4 / this.camera.scale]);
      context.stroke();
      context.setLineDash([]);
    }
  }
}
