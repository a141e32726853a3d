/** Which part of the house is seen: points of the chart to pixels and back. */

const SCALE_MIN = 0.05; // pixels of a seat's width: 20,000 places across a screen
const SCALE_MAX = 120;
const MARGIN = 0.06; // of the screen, when all is shown

export class Camera {
  constructor() {
    Object.assign(this, { x: 0, y: 0, scale: 12, width: 1, height: 1 });
  }

  /** The screen has this many CSS pixels now; its middle stays where it was. */
  resize(width, height) {
    const centre = this.world({ x: this.width / 2, y: this.height / 2 });
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.x = centre.x - this.width / 2 / this.scale;
    this.y = centre.y - this.height / 2 / this.scale;
  }

  world({ x, y }) { return { x: this.x + x / this.scale, y: this.y + y / this.scale }; }
  screen({ x, y }) { return { x: (x - this.x) * this.scale, y: (y - this.y) * this.scale }; }
  get view() { return { left: this.x, top: this.y, right: this.x + this.width / this.scale, bottom: this.y + this.height / this.scale }; }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** Nearer by a factor; the point under `at` (pixels) stays where it is. */
  zoom(factor, at = { x: this.width / 2, y: this.height / 2 }) {
    const before = this.world(at);
    this.scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, this.scale * factor));
    const after = this.world(at);
    this.x += before.x - after.x;
    this.y += before.y - after.y;
  }

  /** Show all of a box. */
  fit(box) {
    if (!box) return;
    const [width, height] = [Math.max(box.width, 12), Math.max(box.height, 8)];
    this.scale = Math.min(SCALE_MAX / 3, (this.width * (1 - 2 * MARGIN)) / width, (this.height * (1 - 2 * MARGIN)) / height);
    this.x = box.x - this.width / 2 / this.scale;
    this.y = box.y - this.height / 2 / this.scale;
  }

  /** Bring a point into view. */
  reveal(point) {
    const { left, top, right, bottom } = this.view;
    if (point.x > left && point.x < right && point.y > top && point.y < bottom) return;
    this.x = point.x - this.width / 2 / this.scale;
    this.y = point.y - this.height / 2 / this.scale;
  }

  copy() { return Object.assign(new Camera(), this); }
}
