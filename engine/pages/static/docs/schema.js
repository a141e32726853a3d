/** JSON Schema for people: a schema's name in one line, its fields as rows, and an example to begin with. */

const DEPTH_MAX = 4;

export function resolve(schema, contract) {
  const name = schema?.$ref?.split("/").pop();
  return name ? contract.components.schemas[name] : schema || {};
}

/** `string, 1 to 64 long`, `array of HoldItem`, `integer or null`. */
export function schemaName(schema) {
  if (!schema) return "anything";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(schemaName).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.type === "array") return `array of ${schemaName(schema.items)}`;
  return [schema.type || "anything", schema.format, limits(schema)].filter(Boolean).join(", ");
}

function limits(schema) {
  const [low, high, unit] =
    schema.type === "string" ? [schema.minLength, schema.maxLength, " long"] : [schema.minimum, schema.maximum ?? schema.exclusiveMaximum, ""];
  if (low === undefined && high === undefined) return "";
  if (low === undefined) return `at most ${high}${unit}`;
  return high === undefined ? `at least ${low}${unit}` : `${low} to ${high}${unit}`;
}

/** What stands inside: an object's own schema, an array's items, the one that is not null. */
function inner(schema, contract) {
  const found = resolve(schema, contract);
  if (found.anyOf) return inner(found.anyOf.find((one) => one.type !== "null"), contract);
  return found.type === "array" ? inner(found.items, contract) : found;
}

/** `{name, kind, required, depth}` for every field, nested ones below their parent. */
export function fieldRows(schema, contract, depth = 0, seen = []) {
  const found = inner(schema, contract);
  if (!found.properties || depth >= DEPTH_MAX || seen.includes(found)) return [];
  const required = new Set(found.required || []);
  return Object.entries(found.properties).flatMap(([name, field]) => [
    { name, kind: schemaName(field), required: required.has(name), depth },
    ...fieldRows(field, contract, depth + 1, [...seen, found]),
  ]);
}

/** A value of the schema's shape: required fields, with the smallest sensible contents. */
export function example(schema, contract, depth = 0) {
  const found = resolve(schema, contract);
  if (found.anyOf) return example(found.anyOf[0], contract, depth);
  if (found.default !== undefined) return found.default;
  if (found.enum) return found.enum[0];
  if (found.properties) {
    const required = found.required || [];
    return Object.fromEntries(required.map((name) => [name, depth > DEPTH_MAX ? null : example(found.properties[name], contract, depth + 1)]));
  }
  if (found.type === "array") return depth > DEPTH_MAX ? [] : [example(found.items, contract, depth + 1)];
  if (found.type === "integer" || found.type === "number") return found.minimum ?? 0;
  if (found.type === "boolean") return false;
  return found.type === "string" ? "" : null;
}
