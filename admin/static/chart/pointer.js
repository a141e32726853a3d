/** Mouse, pen and fingers on the drawing: tools with one, panning and zooming with the wheel, the middle button, two. */

const WHEEL_STEP = 1.0015; // a zoom a pixel of the wheel

export class Pointer {
  /** @param on {moved(px), changed()}: where the pointer is without a button; something is to be painted again */
  constructor(canvas, camera, tools, on) {
    Object.assign(this, { canvas, camera, tools, on, down: new Map(), mode: null, space: false });
    canvas.addEventListener("pointerdown", (event) => this.#pressed(event));
    canvas.addEventListener("pointermove", (event) => this.#moved(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.#released(event, name));
    canvas.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #pressed(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, this.#at(event));
    if (this.down.size === 2) {
      this.tools.cancel();
      this.mode = "pinch";
    } else if (this.down.size === 1) {
      this.mode = event.button === 1 || event.button === 2 || this.space || this.#pansWithFinger(event) ? "pan" : "tool";
      if (this.mode === "tool") this.tools.down(this.#at(event), event);
    }
    this.on.changed();
  }

  /** A finger that begins on nothing moves the picture; a mouse draws a box there. */
  #pansWithFinger(event) {
    if (event.pointerType !== "touch") return false;
    return this.tools.name === "select" && !this.tools.desk.places.at(this.camera.world(this.#at(event)));
  }

  #moved(event) {
    const at = this.#at(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      this.on.moved(at);
      return;
    }
    if (this.mode === "pan") this.camera.pan(at.x - before.x, at.y - before.y);
    if (this.mode === "pinch") this.#pinched(event.pointerId, before, at);
    this.down.set(event.pointerId, at);
    if (this.mode === "tool") this.tools.drag(at, event);
    this.on.changed();
  }

  #pinched(id, before, at) {
    const other = [...this.down].find(([each]) => each !== id)?.[1];
    if (!other) return;
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    this.camera.zoom(apart(at) / apart(before), other);
    this.camera.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
  }

  #released(event, name) {
    if (!this.down.delete(event.pointerId)) return;
    if (this.mode === "tool") {
      if (name === "pointerup") this.tools.up(event);
      else this.tools.cancel();
    }
    if (!this.down.size) this.mode = null;
    this.on.changed();
  }

  #wheeled(event) {
    event.preventDefault();
    if (event.shiftKey) this.camera.pan(-event.deltaY, -event.deltaX);
    else this.camera.zoom(WHEEL_STEP ** -event.deltaY, this.#at(event));
    this.on.changed();
  }
}
