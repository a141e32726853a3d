/** The page of the drawing: ties its buttons and fields to the builder, and opens what is kept. */

import { Builder } from "./builder.js";
import * as edits from "./plan/edits.js";
import { byId, number, text } from "./panel.js";
import { WORDS } from "./words.js";

const root = byId("chart-builder");
const builder = new Builder(root);

const scheme = () => ({ scheme: byId("seat-scheme").value, from: byId("seat-from").value, start: text("seat-start") });
const rowScheme = () => ({ scheme: byId("row-scheme").value, start: text("row-start"), backwards: byId("row-backwards").checked });
const onlySection = () => builder.model.sections.find((section) => builder.choice.floors.has(section.id) || section.rows?.some((row) => builder.choice.rows.has(row.id)));

const ACTS = {
  undo: () => builder.undo(),
  redo: () => builder.redo(),
  fit: () => builder.fit(),
  nearer: () => builder.zoom(1.4),
  farther: () => builder.zoom(1 / 1.4),
  "add-rows": () => builder.adding.rowsBelow(),
  "add-table": () => builder.adding.tableSomewhere(),
  "add-floor": () => builder.adding.floorBelow(),
  "set-stage": () => builder.adding.stage({ ...(builder.model.stage ?? { x: 0, y: -4, turn: 0 }), width: number("stage-width"), height: number("stage-height"), round: byId("stage-round").checked }),
  duplicate: () => builder.duplicate(),
  mirror: () => builder.act(edits.mirror, WORDS.mirrored),
  "mirror-copy": () => builder.mirrorCopy(),
  remove: () => builder.remove(),
  "align-left": () => builder.actOnRows((model, rows) => edits.align(model, rows, "left")),
  "align-centre": () => builder.actOnRows((model, rows) => edits.align(model, rows, "centre")),
  "align-right": () => builder.actOnRows((model, rows) => edits.align(model, rows, "right")),
  distribute: () => builder.actOnRows(edits.distribute),
  bend: () => builder.actOnRows((model, rows) => edits.bend(model, rows, number("bend"))),
  turn: () => builder.act((model, what) => edits.turn(model, what, number("turn"))),
  "number-seats": () => builder.actOnRows((model, rows) => edits.renumber(model, rows, scheme()), WORDS.numbered),
  "name-rows": () => builder.actOnRows((model, rows) => edits.renameRows(model, rows, rowScheme()), WORDS.numbered),
  "name-section": () => { if (text("section-name")) builder.push(edits.renameSection(builder.model, onlySection().id, text("section-name"))); },
  "name-row": () => { if (text("row-name")) builder.push(edits.mapRows(builder.model, builder.choice.rows, (row) => ({ ...row, name: text("row-name") }))); },
  "floor-places": () => builder.push(edits.mapSection(builder.model, onlySection().id, (section) => ({ ...section, capacity: number("floor-places") }))),
  "paint-choice": () => builder.paint(builder.choice.allSeats(builder.model), builder.choice.floors),
  "new-category": () => {
    const name = text("category-new");
    if (!name) return;
    builder.palette.add(name);
    builder.brush = name;
    byId("category-new").value = "";
    builder.panel.show();
  },
  accessible: () => builder.mark("accessible"),
  companion: () => builder.mark("companion"),
  obstructed: () => builder.mark("obstructed"),
  aisle: () => builder.toggleAisle(builder.choice.seats),
  "remove-plan": () => builder.plan.remove(),
  check: () => builder.server.check(builder.model),
  keep: () => builder.keep(),
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.tool) builder.chooseTool(button.dataset.tool);
  if (button.dataset.act) builder.safely(ACTS[button.dataset.act]);
});
root.addEventListener("submit", (event) => event.preventDefault()); // Enter in a field presses the button of its form
byId("category")?.addEventListener("change", (event) => { builder.brush = event.target.value; });
byId("rows-section")?.addEventListener("change", () => builder.panel.show());
byId("chart-file")?.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) await builder.read(file);
  event.target.value = "";
});
window.addEventListener("beforeunload", (event) => { if (!builder.isKept) event.preventDefault(); });

builder.plan.listen();

async function begin() {
  const [sample, plan] = [byId("chart-sample"), byId("chart-plan")];
  builder.painter.resize();
  builder.changed();
  builder.fit();
  try {
    if (sample) builder.open(JSON.parse(sample.textContent), { kept: false });
    else if (root.dataset.etag) builder.open(await builder.server.kept(), { kept: true });
  } catch {
    builder.say(WORDS.notReached, "bad");
  }
  if (plan) {
    await builder.plan.open(JSON.parse(plan.textContent)).catch(() => builder.say(WORDS.notReached, "bad"));
    if (!builder.model.sections.length) builder.fit();
  }
  root.dataset.ready = "yes";
}

begin();
