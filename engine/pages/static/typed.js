/** What was typed into a form, kept in this tab until the order stands: a reload loses nothing. */

const CHARS_MAX = 40_000;

/** Puts back what was typed for this key where the server sent nothing, and keeps what is typed from now on. Answers what keeps it now. */
export function keepTyped(form, key) {
  const fields = () => [...form.elements].filter((field) => field.name && field.type !== "hidden");
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    for (const field of fields()) {
      if (!(field.name in kept)) continue;
      if (field.type === "checkbox") field.checked = kept[field.name] === true;
      else if (!field.value || field.value === "0") field.value = String(kept[field.name]);
    }
  } catch { /* storage is switched off, or holds something else */ }
  const keep = () => {
    const typed = fields().map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]);
    const text = JSON.stringify(Object.fromEntries(typed));
    try {
      if (text.length <= CHARS_MAX) sessionStorage.setItem(key, text);
    } catch { /* the same */ }
  };
  form.addEventListener("input", keep);
  return keep;
}

/** Forgets it. */
export function forgetTyped(key) {
  try { sessionStorage.removeItem(key); } catch { /* the same */ }
}
