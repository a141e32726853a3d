/** Try a call against this very server: its parameters as fields, its body as JSON, the answer as it came. */

import { element, newKey } from "../api.js";
import { example } from "./schema.js";

const ANSWER_CHARS_MAX = 100_000;

/** A form that sends the call. */
export function trial({ path, method, operation }, contract) {
  const takes = operation.requestBody?.content?.["application/json"]?.schema;
  const fields = (operation.parameters || []).map((parameter) => ({ parameter, input: field(operation, parameter) }));
  const body = takes ? element("textarea", { class: "textarea", name: "body", spellcheck: "false", "aria-label": "Body" }) : null;
  if (body) body.value = JSON.stringify(example(takes, contract), null, 2);
  const answer = element("pre", { class: "docs-answer", hidden: true, tabindex: "0", "aria-live": "polite" });
  const form = element(
    "form",
    { class: "docs-trial" },
    ...fields.map(({ input }) => input.node),
    body,
    element("p", {}, element("button", { class: "button button-solid button-small" }, `Send ${method}`)),
    answer,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.hidden = false;
    answer.textContent = "…";
    answer.textContent = await send(method, address(path, fields), headersOf(fields, body), body?.value);
  });
  return form;
}

function field(operation, parameter) {
  const id = `${operation.operationId}-${parameter.name}`;
  const input = element("input", { class: "input", id, name: parameter.name, autocomplete: "off" });
  if (parameter.name === "Idempotency-Key") input.value = newKey()["Idempotency-Key"];
  const label = element("label", { for: id }, parameter.name + (parameter.required ? "" : " (may be empty)"));
  return { input, node: element("div", { class: "field" }, label, input) };
}

function address(path, fields) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, input } of fields) {
    const value = input.input.value.trim();
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value) query.append(parameter.name, value);
  }
  return query.size ? `${filled}?${query}` : filled;
}

function headersOf(fields, body) {
  const headers = { Accept: "application/json" };
  const credential = document.getElementById("docs-credential").value.trim();
  if (credential) headers.Authorization = credential;
  if (body) headers["Content-Type"] = "application/json";
  for (const { parameter, input } of fields) {
    if (parameter.in === "header" && input.input.value.trim()) headers[parameter.name] = input.input.value.trim();
  }
  return headers;
}

/** The answer as text: status, the headers that matter, the body. Whatever goes wrong is said in its place. */
async function send(method, url, headers, body) {
  const started = performance.now();
  try {
    const response = await fetch(url, { method, headers, body, credentials: "same-origin" });
    const text = await response.text();
    const told = ["content-type", "etag", "retry-after", "idempotent-replayed", "x-request-id"]
      .filter((name) => response.headers.has(name))
      .map((name) => `${name}: ${response.headers.get(name)}`);
    const head = `${method} ${url}\n${response.status} ${response.statusText} in ${Math.round(performance.now() - started)} ms`;
    return [head, ...told, "", pretty(text).slice(0, ANSWER_CHARS_MAX)].join("\n");
  } catch (error) {
    return `${method} ${url}\n${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
