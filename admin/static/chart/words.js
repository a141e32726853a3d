/** What the drawing page says by itself; everything else stands in its template. */

export const places = (n) => `${n.toLocaleString("en")} place${n === 1 ? "" : "s"}`;
const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const WORDS = {
  stage: "Stage",
  section: (n) => `Section ${n}`,
  tables: "Tables",
  standing: "Standing",
  rowsAdded: (rows, seats) => `${plural(rows, "row")} with ${plural(seats, "seat")} added.`,
  tableAdded: (name, seats) => `Table ${name} with ${plural(seats, "seat")} added.`,
  floorAdded: (name) => `${name} added.`,
  stageSet: "The stage stands.",
  selected: (rows, seats, floors, stage) => {
    const parts = [
      rows ? plural(rows, "row") : "",
      seats ? plural(seats, "seat") : "",
      floors ? plural(floors, "standing area") : "",
      stage ? "the stage" : "",
    ].filter(Boolean);
    return parts.length ? `Selected: ${parts.join(", ")}` : "Nothing is selected";
  },
  seat: (section, row, seat) => `${section}, row ${row}, seat ${seat}`,
  undone: "Undone.",
  redone: "Done again.",
  removed: "Removed.",
  copied: "Copied. Arrow keys move the copy.",
  mirrored: "Mirrored.",
  numbered: (rows) => `${plural(rows, "row")} numbered.`,
  painted: (seats, category) => `${plural(seats, "place")} in ${category}.`,
  marked: (seats) => `${plural(seats, "seat")} marked.`,
  total: (units, accessible) => `${places(units)}${accessible ? `, ${accessible} for wheelchairs` : ""}`,
  checking: "Looking for faults…",
  inOrder: "No faults.",
  faults: (faults, warnings) => [faults ? plural(faults, "fault") : "", warnings ? plural(warnings, "thing to look at again", "things to look at again") : ""].filter(Boolean).join(", "),
  kept: (units, sections) => `The chart is kept: ${places(units)} in ${plural(sections, "section")}.`,
  notKept: "Nothing was kept: the chart has faults.",
  changedElsewhere: "Somebody else kept another chart meanwhile. Export yours, then reload the page.",
  notReached: "The server was not reached. Try again.",
  imported: (units, format) => `${places(units)} read from ${{ csv: "a table", pretix: "a seating plan of pretix", onsale: "a chart" }[format]}. It is not kept yet.`,
  notImported: (first) => `The file was not taken: ${first}`,
  unsaved: "Changes are not kept yet",
  saved: "Everything is kept",
  tooMany: (max) => `A chart has at most ${places(max)}.`,
  wrongNumber: (label, min, max) => `${label}: a number from ${min} to ${max}.`,
  nothingSelected: "Select rows, tables or areas first.",
  noRows: "Select rows first.",
  floorOn: (name, capacity) => `${name}: ${capacity.toLocaleString("en")}`,
  floorLine: (name, capacity) => `${name} (standing, ${capacity})`,
  sectionLine: (name, rows, seats) => `${name} (${plural(rows, "row")}, ${plural(seats, "seat")})`,
  newSection: "A new section",
};
