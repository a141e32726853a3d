/** The keys of the drawing while it has the focus. Every other key is the browser's. */

const TOOL_KEYS = { v: "select", s: "seats", r: "rows", t: "table", a: "floor", g: "stage", b: "paint", i: "aisle", p: "plan" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FINE = 0.25, COARSE = 5;
const PAN_PX = 60;

/** @param desk {undo, redo, duplicate, remove, selectAll, escape, nudge(dx, dy), step(dx, dy), choose(tool), zoom(factor), fit, pan(dx, dy), next(by)} */
export function listen(canvas, desk, pointer) {
  canvas.addEventListener("keydown", (event) => {
    if (pressed(event, desk, pointer)) event.preventDefault();
  });
  canvas.addEventListener("keyup", (event) => { if (event.key === " ") pointer.space = false; });
  document.addEventListener("keydown", (event) => { // taking back works from everywhere but in a field that has its own
    if (event.target === canvas || event.target.closest?.("input, textarea, select")) return;
    if ((event.ctrlKey || event.metaKey) && ["z", "y"].includes(event.key.toLowerCase()) && pressed(event, desk, pointer)) event.preventDefault();
  });
}

function pressed(event, desk, pointer) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return withControl(key, event.shiftKey, desk);
  if (event.altKey) return false;
  if (ARROWS[key]) return arrow(ARROWS[key], event, desk);
  const acts = {
    Delete: desk.remove, Backspace: desk.remove, Escape: desk.escape, Enter: desk.enter,
    "+": () => desk.zoom(1.25), "=": () => desk.zoom(1.25), "-": () => desk.zoom(0.8), 0: desk.fit,
    "[": () => desk.turn(-5), "]": () => desk.turn(5), m: desk.mirror, n: () => desk.next(event.shiftKey ? -1 : 1),
  };
  if (key === " ") {
    pointer.space = true;
    return true;
  }
  if (acts[key]) {
    acts[key]();
    return true;
  }
  if (TOOL_KEYS[key] && desk.mayWrite) {
    desk.choose(TOOL_KEYS[key]);
    return true;
  }
  return false;
}

function withControl(key, shift, desk) {
  const acts = { z: shift ? desk.redo : desk.undo, y: desk.redo, d: desk.duplicate, a: desk.selectAll };
  if (!acts[key]) return false;
  acts[key]();
  return true;
}

/** Arrows move what is selected, with Shift far; with nothing selected the picture. */
function arrow([dx, dy], event, desk) {
  if (desk.tool === "seats") desk.step(dx, dy, event.shiftKey);
  else if (desk.tool === "plan") desk.movePlan(dx * (event.shiftKey ? COARSE : FINE), dy * (event.shiftKey ? COARSE : FINE));
  else if (!desk.hasChoice) desk.pan(-dx * PAN_PX, -dy * PAN_PX);
  else desk.nudge(dx * (event.shiftKey ? COARSE : FINE), dy * (event.shiftKey ? COARSE : FINE));
  return true;
}
