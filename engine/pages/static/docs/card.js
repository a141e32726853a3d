/** One call as a card: who may, what it takes, gives and refuses, its other addresses, a trial. Filled when opened. */

import { element } from "../api.js";
import { fieldRows, schemaName } from "./schema.js";
import { trial } from "./trial.js";

const WHO = {
  bearer: "a signed-in person (Bearer)",
  device: "a scanner (Device)",
  admission: "an admitted buyer (Admission)",
  capability: "whoever holds the order's or the hold's token (X-Order-Token)",
};

/** `{node, text}`: the card, and what a filter finds it by. */
export function callCard({ path, method, operation }, contract) {
  const node = element(
    "details",
    { class: "docs-call", id: operation.operationId },
    element(
      "summary",
      {},
      element("span", { class: "docs-method" }, method),
      element("span", { class: "docs-path" }, path),
      element("span", { class: "soft" }, ...marked(operation.summary)),
    ),
  );
  node.addEventListener("toggle", () => node.childElementCount === 1 && node.append(body({ path, method, operation }, contract)));
  return { node, text: searchText({ path, method, operation }, contract) };
}

function body(call, contract) {
  const { operation } = call;
  const takes = operation.requestBody?.content?.["application/json"]?.schema;
  const aliases = operation["x-aliases"] || [];
  return element(
    "div",
    { class: "docs-body" },
    operation.description ? element("p", { class: "prose" }, ...marked(operation.description)) : null,
    element("p", {}, element("strong", {}, "Who: "), who(operation.security)),
    section("Parameters", parameterTable(operation.parameters || [])),
    takes ? section("Takes", fieldTable(takes, contract)) : null,
    ...answers(operation, contract),
    section("Refuses", refusalTable(operation.responses)),
    aliases.length ? section("Also reached at", element("ul", {}, ...aliases.map((alias) => element("li", {}, element("code", {}, alias))))) : null,
    section("Try it", trial(call, contract)),
  );
}

/** A sentence of the contract: what stands between double backticks is code. */
function marked(text) {
  return text.split("``").map((part, at) => (at % 2 ? element("code", {}, part) : part));
}

function section(title, content) {
  return content ? element("section", {}, element("h3", {}, title), content) : null;
}

function who(security) {
  const kinds = (security || []).flatMap((one) => Object.keys(one));
  if (!kinds.length) return "anybody";
  const names = kinds.map((kind) => WHO[kind] || kind).join(", or ");
  return (security || []).some((one) => !Object.keys(one).length) ? `${names}, or anybody where the event has no room` : names;
}

function answers(operation, contract) {
  return Object.entries(operation.responses)
    .filter(([status]) => /^[23]/.test(status))
    .map(([status, answer]) => {
      const [type, content] = Object.entries(answer.content || {})[0] || ["no body", {}];
      const table = type === "application/json" ? fieldTable(content.schema, contract) : null;
      return section(`Gives ${status}`, table || element("p", { class: "docs-type" }, type));
    });
}

function parameterTable(parameters) {
  if (!parameters.length) return null;
  return table(
    ["Name", "In", "Kind"],
    parameters.map((parameter) => [
      element("code", {}, parameter.name + (parameter.required ? "" : " ?")),
      parameter.in,
      element("span", { class: "docs-type" }, schemaName(parameter.schema)),
    ]),
  );
}

function fieldTable(schema, contract) {
  const rows = fieldRows(schema, contract);
  if (!rows.length) return element("p", { class: "docs-type" }, schemaName(schema));
  return table(
    ["Field", "Kind"],
    rows.map((row) => [
      element("code", {}, "· ".repeat(row.depth) + row.name + (row.required ? "" : " ?")),
      element("span", { class: "docs-type" }, row.kind),
    ]),
  );
}

function refusalTable(responses) {
  const rows = [];
  for (const [status, answer] of Object.entries(responses)) {
    if (!answer["x-codes"]) continue;
    for (const said of answer.description.split("; ")) {
      const [code, title] = said.split(/: (.*)/s);
      rows.push([status, element("code", {}, code), title || ""]);
    }
  }
  return rows.length ? table(["Status", "Code", "Means"], rows) : null;
}

function table(heads, rows) {
  return element(
    "div",
    { class: "table-scroll", tabindex: "0" },
    element(
      "table",
      { class: "table" },
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))))),
    ),
  );
}

function searchText({ path, method, operation }, contract) {
  const takes = operation.requestBody?.content?.["application/json"]?.schema;
  const fields = takes ? fieldRows(takes, contract).map((row) => row.name) : [];
  const codes = Object.values(operation.responses).flatMap((answer) => answer["x-codes"] || []);
  const names = (operation.parameters || []).map((parameter) => parameter.name);
  const aliases = operation["x-aliases"] || [];
  return [method, path, operation.operationId, operation.summary, ...fields, ...codes, ...names, ...aliases].join(" ").toLowerCase();
}
