/** A code may show ticket types that nobody else sees: then the page is loaded again with them. */

import { post } from "../api.js";

/** @param data {event_id, offers} of the page; fields the inputs that take a code */
export function unlockBy(data, fields) {
  const shown = new Set(data.offers.map((offer) => offer.id));
  for (const field of fields) field.addEventListener("change", () => look(data.event_id, shown, field.value.trim()));
}

async function look(eventId, shown, code) {
  if (!code) return;
  try {
    const { unlocks = [] } = await post(`/v1/events/${encodeURIComponent(eventId)}/promo-codes/validate`, { code });
    if (unlocks.every((kind) => shown.has(kind.id))) return;
    const there = new URL(location.href);
    there.searchParams.set("code", code);
    location.assign(there);
  } catch { /* no code of this kind: the shop says what it thinks of it */ }
}
