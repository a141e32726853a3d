// Tables that are whole on their page are sorted by their columns: one press up, another down.
const key = (cell) => {
  const time = cell.querySelector("time")?.dateTime;
  if (time) return Date.parse(time);
  const text = cell.textContent.trim();
  if (!cell.classList.contains("number")) return text.toLocaleLowerCase();
  const digits = text.replace(/[^\d.-]/g, "");
  return digits === "" ? -Infinity : Number(digits);
};
const compare = (one, other) => (typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), undefined, { numeric: true }));

for (const table of document.querySelectorAll("table[data-sort]")) {
  const body = table.tBodies[0];
  for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
    if (head.querySelector(".visually-hidden") || !head.textContent.trim() || body.rows.length < 2) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-button sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((one, other) => compare(key(one.cells[at]), key(other.cells[at])));
      body.append(...(down ? rows.reverse() : rows));
    });
  }
}
