/** Names while the visitor types: a combobox whose list comes from the engine. Without scripts it is a plain field. */

import { phrase } from "./words.js";

const SETTLE_MS = 120; // after the last key
const CHARS_MIN = 2;
const KINDS = { event: phrase("Event"), city: phrase("City"), venue: phrase("Venue") };

const box = document.querySelector("[data-suggest]");
const input = box.querySelector("input");
const list = box.querySelector("[role=listbox]");
let timer = 0;
let asked = null;
let active = -1;

input.setAttribute("role", "combobox");
input.setAttribute("aria-expanded", "false");
input.setAttribute("aria-autocomplete", "list");
input.setAttribute("aria-controls", list.id);

function address(found) {
  if (found.kind === "event") return `/e/${encodeURIComponent(found.slug)}`;
  if (found.kind === "city") return `/cities/${encodeURIComponent(found.slug)}`;
  return `/venues/${encodeURIComponent(found.id)}`;
}

function close() {
  list.hidden = true;
  active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function option(found, place) {
  const item = document.createElement("li");
  item.id = `suggestion-${place}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.address = address(found);
  const kind = document.createElement("span");
  kind.className = "soft";
  kind.textContent = KINDS[found.kind];
  const title = document.createElement("span");
  title.dir = "auto";
  title.textContent = found.title;
  item.append(title, " ", kind);
  return item;
}

function show(names) {
  list.replaceChildren(...names.map(option));
  active = -1;
  input.removeAttribute("aria-activedescendant");
  list.hidden = names.length === 0;
  input.setAttribute("aria-expanded", String(names.length > 0));
}

function move(step) {
  const options = [...list.children];
  if (list.hidden || options.length === 0) return;
  options[active]?.setAttribute("aria-selected", "false");
  active = active < 0 && step < 0 ? options.length - 1 : (active + step + options.length) % options.length;
  options[active].setAttribute("aria-selected", "true");
  options[active].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", options[active].id);
}

async function ask() {
  const typed = input.value.trim();
  asked?.abort();
  if (typed.length < CHARS_MIN) return close();
  asked = new AbortController();
  try {
    const query = new URLSearchParams({ q: typed });
    const response = await fetch(`/v1/search/autocomplete?${query}`, { signal: asked.signal });
    if (response.ok && document.activeElement === input) show((await response.json()).data);
  } catch (error) {
    if (error.name !== "AbortError") close(); // the list below still narrows
  }
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, SETTLE_MS);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    close();
  } else if (event.key === "Enter" && active >= 0) {
    event.preventDefault();
    location.assign(list.children[active].dataset.address);
  } else if (event.key === "Enter") {
    clearTimeout(timer);
    asked?.abort();
    close();
  }
});
input.addEventListener("blur", close);
list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
list.addEventListener("click", (event) => {
  const chosen = event.target.closest("[role=option]");
  if (chosen) location.assign(chosen.dataset.address);
});
