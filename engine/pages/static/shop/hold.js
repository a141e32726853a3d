/** Places a hold and carries its token to the checkout. Says in words what stood in the way. */

import { newKey, post } from "../api.js";
import { phrase, refusalIn } from "../words.js";

export const HELD_KEY = "onsale:hold";

let kept = { body: null, headers: null };

/** POST /v1/holds; the same body is sent under the same key, so that pressing twice holds once. */
export async function place(request) {
  const body = JSON.stringify(request);
  if (kept.body !== body) kept = { body, headers: newKey() };
  try {
    return await post("/v1/holds", request, { headers: kept.headers });
  } catch (error) {
    kept = { body: null, headers: null };
    throw error;
  }
}

/** Hand the token to the server in a form, which keeps it out of scripts and addresses, and go to pay. */
export function enter(hold) {
  sessionStorage.setItem(HELD_KEY, JSON.stringify({ id: hold.id, event_id: hold.event_id, expires_at_ms: hold.expires_at_ms }));
  const form = document.getElementById("enter");
  form.action = `/checkout/${encodeURIComponent(hold.id)}/enter`;
  form.elements.hold_token.value = hold.hold_token;
  form.submit();
}

/** What to tell the visitor about a refusal. */
export function words(problem, data) {
  if (problem.code === "switched_off") return phrase("Selling is paused. Nothing was taken from you: look again in a few minutes.");
  if (problem.status === 503) return phrase("Very busy just now. Nothing was taken from you: press once more in a few seconds.");
  switch (problem.code) {
    case "sold_out": return problem.facts.free ? phrase("Only %(num)s left. Try fewer.", { num: problem.facts.free }) : phrase("Nothing left of that just now. Seats come back when payments fail, so look again in a moment.");
    case "best_available_not_found": return phrase("No seats fit that together. Try fewer, another section, or let us seat you near each other.");
    case "sales_not_open": return phrase("Sales have not opened yet.");
    case "sales_closed": return phrase("Sales are closed.");
    case "admission_required":
    case "admission_expired": return data.room_url ? phrase("Your time in the shop is over. The queue lets you back in.") : refusalIn(problem);
    default: {
      const said = refusalIn(problem);
      return said.endsWith(".") ? said : `${said}.`;
    }
  }
}
