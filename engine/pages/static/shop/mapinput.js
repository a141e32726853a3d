/** Hands and keys on the map: press a seat, drag, pinch, wheel, arrow keys. Speaks in units, knows no prices. */

const CLICK_SLOP_PX = 8;
const WHEEL_STEP = 1.0018;
const KEY_ZOOM = 1.5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class MapInput {
  /**
   * @param map a MapView
   * @param on {choose(unit), hover(unit, pixels), walk(unit), general(sectionName)}
   */
  constructor(map, on) {
    this.map = map;
    this.on = on;
    this.pointers = new Map();
    this.unit = -1;
    const { root } = map;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointercancel", (event) => this.#forget(event));
    root.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") on.hover(-1); });
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("blur", () => on.hover(-1));
  }

  #seatAt(event) {
    const { x, y } = this.map.point(event);
    return this.map.chart.at(x, y, this.map.chart.pitch * 0.62);
  }

  #down(event) {
    this.map.root.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, fromX: event.clientX, fromY: event.clientY, moved: this.pointers.size > 0 });
    if (this.pointers.size === 2) for (const pointer of this.pointers.values()) pointer.moved = true;
  }

  #move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) {
      const unit = this.map.near || event.pointerType === "mouse" ? this.#seatAt(event) : -1;
      this.on.hover(unit);
      return;
    }
    const [dx, dy] = [event.clientX - pointer.x, event.clientY - pointer.y];
    if (Math.hypot(event.clientX - pointer.fromX, event.clientY - pointer.fromY) > CLICK_SLOP_PX) pointer.moved = true;
    if (this.pointers.size === 2) this.#pinch(event, pointer);
    else if (pointer.moved) this.map.pan(dx, dy);
    [pointer.x, pointer.y] = [event.clientX, event.clientY];
  }

  #pinch(event, pointer) {
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
    const before = Math.hypot(pointer.x - other.x, pointer.y - other.y);
    const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    if (before > 0) this.map.zoom(after / before, this.map.point({ clientX: (event.clientX + other.x) / 2, clientY: (event.clientY + other.y) / 2 }));
  }

  #up(event) {
    const pointer = this.pointers.get(event.pointerId);
    this.#forget(event);
    if (!pointer || pointer.moved) return;
    const block = document.elementFromPoint(event.clientX, event.clientY)?.dataset?.section;
    if (block) { this.on.general(block); return; }
    if (!this.map.near && event.pointerType !== "mouse") { // too small for a thumb: come nearer first
      this.map.zoom(22 / this.map.seatPx, this.map.point(event));
      return;
    }
    const unit = this.#seatAt(event);
    if (unit >= 0) {
      this.unit = unit;
      this.on.choose(unit);
    }
  }

  #forget(event) {
    this.pointers.delete(event.pointerId);
  }

  #wheel(event) {
    event.preventDefault();
    this.map.zoom(WHEEL_STEP ** -event.deltaY, this.map.point(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#walk(arrow);
    else if (event.key === "Enter" || event.key === " ") { if (this.unit >= 0) this.on.choose(this.unit); }
    else if (event.key === "+" || event.key === "=") this.map.zoom(KEY_ZOOM);
    else if (event.key === "-") this.map.zoom(1 / KEY_ZOOM);
    else if (event.key === "0" || event.key === "Escape") this.map.all();
    else return;
    event.preventDefault();
  }

  #walk([dx, dy]) {
    const { chart } = this.map;
    const first = this.unit < 0;
    const next = first ? chart.seated[0].first_unit : chart.step(this.unit, dx, dy);
    if (next < 0) return;
    this.unit = next;
    this.map.reveal(next);
    this.on.walk(next);
  }
}
