/** The fields and lists next to the drawing: reads what is typed, shows what is there. */

import { bendOf } from "./plan/geometry.js";
import { counts, isGeneral } from "./plan/model.js";
import { rowNames } from "./plan/numbering.js";
import { WORDS, places } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const FAULTS_SHOWN_MAX = 30;

export const byId = (id) => document.getElementById(id);

/** Thrown at what cannot be meant; the message is for the person. */
export class Wrong extends Error {}

/** A number between its field's own bounds. Wrong otherwise. */
export function number(id) {
  const field = byId(id);
  const value = Number(field.value.replace(",", "."));
  const [min, max] = [Number(field.min), Number(field.max)];
  const whole = field.step === "1";
  const ok = field.value.trim() !== "" && Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value));
  field.toggleAttribute("aria-invalid", !ok);
  if (ok) return value;
  field.setAttribute("aria-invalid", "true");
  field.focus();
  throw new Wrong(WORDS.wrongNumber(field.labels[0].textContent.trim(), min, max));
}

export const text = (id) => byId(id).value.trim();

const element = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
};

function swatch(colour) {
  const svg = document.createElementNS(SVG, "svg");
  const dot = document.createElementNS(SVG, "circle");
  for (const [key, value] of Object.entries({ class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true", focusable: "false" })) svg.setAttribute(key, value);
  for (const [key, value] of Object.entries({ class: `dot-${colour}`, cx: 5, cy: 5, r: 4.5 })) dot.setAttribute(key, value);
  svg.append(dot);
  return svg;
}

/** What the fields say of new rows. Names leave out those that the section has. */
export function rowOptions(model) {
  const section = model.sections.find((each) => each.id === byId("rows-section").value);
  const taken = new Set((section?.rows ?? []).map((row) => row.name));
  const rows = number("rows-count");
  return {
    rows,
    seats: number("rows-seats"),
    pitch: number("rows-pitch"),
    rowPitch: number("rows-row-pitch"),
    bend: number("rows-bend"),
    more: number("rows-more"),
    stagger: byId("rows-stagger").checked,
    aisles: (text("rows-aisles").match(/\d+/g) ?? []).map(Number),
    names: rowNames(rows, { scheme: byId("rows-row-scheme").value, start: text("rows-row-start"), taken }),
    numbering: { scheme: byId("rows-seat-scheme").value, from: byId("rows-seat-from").value },
    section: section?.id ?? null,
  };
}

export class Panel {
  /** @param desk the builder */
  constructor(desk) {
    this.desk = desk;
    this.status = byId("chart-status");
  }

  say(words, tone = "") {
    this.status.textContent = words;
    this.status.className = `chart-status ${tone}`;
  }

  /** Everything that depends on the model, the choice or the tool. */
  show() {
    const { model } = this.desk;
    this.#tools();
    this.#totals(model);
    this.#parts(model);
    this.#categories(model);
    this.#sections(model);
    this.#choice(model);
  }

  #tools() {
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === this.desk.tool));
    for (const part of document.querySelectorAll("[data-for-tool]")) part.hidden = !part.dataset.forTool.split(" ").includes(this.desk.tool);
    byId("undo").disabled = !this.desk.history.canUndo;
    byId("redo").disabled = !this.desk.history.canRedo;
    byId("kept-state").textContent = this.desk.isKept ? WORDS.saved : WORDS.unsaved;
  }

  #totals(model) {
    const { units, accessible } = counts(model);
    byId("chart-total").textContent = WORDS.total(units, accessible);
  }

  /** Sections, standing areas and the stage as a list: the same choice without a mouse. */
  #parts(model) {
    const { choice } = this.desk;
    const items = model.sections.map((section) => {
      const rows = section.rows ?? [];
      const seats = rows.reduce((sum, row) => sum + row.seats.length, 0);
      const chosen = isGeneral(section) ? choice.floors.has(section.id) : rows.some((row) => choice.rows.has(row.id));
      const words = isGeneral(section) ? WORDS.floorLine(section.name, section.capacity) : WORDS.sectionLine(section.name, rows.length, seats);
      return element("li", {}, element("button", { type: "button", class: "chart-part", "aria-pressed": String(chosen), "data-part": section.id, onclick: (event) => this.desk.choosePart(section.id, event.shiftKey) },
        swatch(this.desk.colourOf(section.category)), words));
    });
    replace(byId("chart-parts"), items);
  }

  #categories(model) {
    const { categories } = counts(model);
    const names = [...new Set([...categories.keys(), ...this.desk.palette])];
    const field = byId("category");
    const before = this.desk.brush;
    replace(field, names.map((name) => element("option", { value: name }, name)));
    field.value = names.includes(before) ? before : names[0] ?? "";
    this.desk.brush = field.value;
    replace(byId("chart-key"), [...categories].map(([name, units]) => element("li", {}, swatch(this.desk.colourOf(name)), ` ${name}: ${units.toLocaleString("en")}`)));
  }

  #sections(model) {
    const field = byId("rows-section");
    const before = field.value;
    const seated = model.sections.filter((section) => !isGeneral(section));
    replace(field, [element("option", { value: "" }, WORDS.newSection), ...seated.map((section) => element("option", { value: section.id }, section.name))]);
    field.value = seated.some((section) => section.id === before) ? before : "";
    byId("rows-name-field").hidden = field.value !== "";
  }

  #choice(model) {
    const { choice } = this.desk;
    const chosen = model.sections.filter((section) => (isGeneral(section) ? choice.floors.has(section.id) : section.rows.some((row) => choice.rows.has(row.id) || choice.seats.has(row.id))));
    const rows = chosen.flatMap((section) => (section.rows ?? []).filter((row) => choice.rows.has(row.id)));
    const seats = [...choice.seats.values()].reduce((sum, places) => sum + places.size, 0);
    byId("choice-words").textContent = WORDS.selected(rows.length, seats, choice.floors.size, choice.stage);
    byId("choice-seat").textContent = seats === 1 ? this.#seatWords(chosen[0]) : "";
    for (const part of document.querySelectorAll("[data-for-choice]")) {
      const kinds = { any: !choice.isEmpty && !seats, rows: rows.length > 0, seats: seats > 0 || rows.length > 0, places: seats > 0 || rows.length > 0 || choice.floors.size > 0, section: chosen.length === 1 && !seats, floor: choice.floors.size === 1 && !rows.length && !choice.stage };
      part.hidden = !part.dataset.forChoice.split(" ").some((kind) => kinds[kind]);
    }
    if (chosen.length === 1) fill("section-name", chosen[0].name);
    if (choice.floors.size === 1) fill("floor-places", model.sections.find((section) => choice.floors.has(section.id)).capacity);
    const bends = rows.filter((row) => !row.table);
    if (bends.length) fill("bend", Math.round(bendOf(bends[0].seats)));
    if (rows.length === 1) fill("row-name", rows[0].name);
    byId("row-name-field").hidden = rows.length !== 1;
  }

  #seatWords(section) {
    const [[id, places]] = this.desk.choice.seats;
    const row = section.rows.find((each) => each.id === id);
    return WORDS.seat(section.name, row.name, row.seats[[...places][0]].name);
  }

  /** Faults and doubts, each a way to its place. */
  found(answer) {
    const { faults, warnings } = answer;
    const line = (fault, tone) => element("li", { class: tone }, element("button", { type: "button", class: "chart-fault", onclick: () => this.desk.goTo(fault) },
      element("b", {}, fault.place || fault.pointer || ""), ` ${fault.message}`));
    replace(byId("chart-faults"), [...faults.map((fault) => line(fault, "fault")), ...warnings.map((fault) => line(fault, "doubt"))].slice(0, FAULTS_SHOWN_MAX));
    byId("chart-faults-words").textContent = faults.length || warnings.length ? WORDS.faults(faults.length, warnings.length) : WORDS.inOrder;
  }

  checking() { byId("chart-faults-words").textContent = WORDS.checking; }
  hover(words) { byId("chart-hover").textContent = words; }
}

/** New children, without losing the focus to nowhere. */
function replace(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.part : null;
  parent.replaceChildren(...children);
  if (focused) parent.querySelector(`[data-part="${focused}"]`)?.focus();
}

/** A field shows what is; not while somebody is typing in it. */
function fill(id, value) {
  const field = byId(id);
  if (field && document.activeElement !== field) field.value = value; // somebody who only reads has no fields
}
