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
  stageSet: "The stage is set.",
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
  redone: "Redone.",
  removed: "Removed.",
  copied: "Copied. Arrow keys move the copy.",
  mirrored: "Mirrored.",
  numbered: (rows) => `${plural(rows, "row")} numbered.`,
  painted: (seats, category) => `${plural(seats, "place")} in ${category}.`,
  marked: (seats) => `${plural(seats, "seat")} marked.`,
  total: (units, accessible) => `${places(units)}${accessible ? `, ${accessible} for wheelchairs` : ""}`,
  checking: "Checking…",
  inOrder: "No faults.",
  faults: (faults, warnings) => [faults ? plural(faults, "fault") : "", warnings ? plural(warnings, "warning") : ""].filter(Boolean).join(", "),
  kept: (units, sections) => `The chart is saved: ${places(units)} in ${plural(sections, "section")}.`,
  notKept: "Nothing was saved: the chart has faults.",
  changedElsewhere: "Somebody else has saved this chart since you opened it. Export yours, then reload the page.",
  notReached: "The server could not be reached. Try again.",
  imported: (units, format) => `${places(units)} read from ${{ csv: "a table", pretix: "a pretix seating plan", onsale: "a chart" }[format]}. It is not saved yet.`,
  notImported: (first) => `The file could not be opened: ${first}`,
  unsaved: "Unsaved changes",
  saved: "All changes saved",
  tooMany: (max) => `A chart has at most ${places(max)}.`,
  wrongNumber: (label, min, max) => `${label}: enter a number from ${min} to ${max}.`,
  nothingSelected: "Select rows, tables or areas first.",
  noRows: "Select rows first.",
  floorOn: (name, capacity) => `${name}: ${capacity.toLocaleString("en")}`,
  floorLine: (name, capacity) => `${name} (standing, ${capacity})`,
  sectionLine: (name, rows, seats) => `${name} (${plural(rows, "row")}, ${plural(seats, "seat")})`,
  newSection: "A new section",
  planSent: "Sending the picture…",
  planSet: "The background is set.",
  planRemoved: "The background is removed.",
  planNotTaken: (why) => `The picture was not accepted. ${why}`,
  planNotSaved: "The position of the background was not saved.",
};
