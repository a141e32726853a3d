/** The API explorer: draws the contract, group by group, and filters it. */

import { element, get } from "../api.js";
import { callCard } from "./card.js";

const status = document.getElementById("docs-status");
const filter = document.getElementById("docs-filter");

/** Calls by tag, in the contract's order. */
function groupsOf(contract) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(contract.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push({ path, method: method.toUpperCase(), operation });
    }
  }
  return new Map([...groups].sort(([left], [right]) => left.localeCompare(right)));
}

function draw(contract) {
  const cards = [];
  for (const [tag, calls] of groupsOf(contract)) {
    const title = tag.replaceAll("_", " ");
    const group = element("section", { class: "docs-group", id: `group-${tag}` }, element("h2", {}, title));
    for (const call of calls) {
      const card = callCard(call, contract);
      group.append(card.node);
      cards.push({ ...card, group });
    }
    document.getElementById("docs-calls").append(group);
    document.getElementById("docs-contents").append(element("a", { href: `#group-${tag}` }, title));
  }
  return cards;
}

function show(cards, wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const card of cards) {
    card.node.hidden = !words.every((word) => card.text.includes(word));
    shown += card.node.hidden ? 0 : 1;
  }
  for (const group of new Set(cards.map((card) => card.group))) {
    group.hidden = cards.every((card) => card.group !== group || card.node.hidden);
  }
  status.textContent = words.length ? `${shown} of ${cards.length} calls` : `${cards.length} calls`;
}

/** The call that the address names, opened: `/docs#place_hold`. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

try {
  const cards = draw(await get("/openapi.json"));
  const tools = document.getElementById("docs-tools");
  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", () => show(cards, filter.value));
  show(cards, filter.value);
  addEventListener("hashchange", openNamed);
  openNamed();
} catch (error) {
  status.textContent = `The contract could not be read: ${error.message}`;
}
