/** Everything in the words of the door: results, reasons, places, times, and what went wrong. */

import { LOCALE, phrase } from "../words.js";

export const WORDS = {
  admit: phrase("Welcome"),
  exit_ok: phrase("Goodbye"),
  duplicate: phrase("Already in"),
  reject: phrase("No entry"),
  unsure: phrase("Cannot tell"),
};

const REASONS = {
  ok: "",
  malformed: phrase("This is not one of our tickets"),
  unknown_key: phrase("This code was signed with a key that is no longer in use"),
  bad_signature: phrase("This code is forged or damaged"),
  wrong_event: phrase("This ticket is for another event"),
  not_found: phrase("There is no such ticket"),
  stale_version: phrase("This code was replaced by a newer one: ask for the latest ticket"),
  transfer_pending: phrase("This ticket is being transferred to somebody else"),
  refunded: phrase("This ticket was refunded"),
  cancelled: phrase("This ticket was cancelled"),
  blocked: phrase("This ticket is blocked: send them to the help desk"),
  unpaid: phrase("The order behind this ticket is not paid"),
  not_yet_valid: phrase("This ticket is not valid yet"),
  expired: phrase("This ticket is no longer valid"),
  wrong_gate: phrase("This ticket belongs to another gate"),
  already_used: phrase("This ticket was used before"),
  not_inside: phrase("Nobody is inside with this ticket"),
  reissued: phrase("This code was replaced by a newer one"),
  revoked_device: phrase("Scanned after this scanner was revoked"),
  duplicate_offline_conflict: phrase("Somebody came in with this ticket at another gate"),
  offline_earlier: phrase("Somebody else came in later with the same ticket"),
  admitted_on_stale_bundle: phrase("It had lost its standing before this scanner could hear of it"),
  queue_full: phrase("Too many scans wait to be sent: bring this scanner back to the network"),
  no_bundle: phrase("No network, and this scanner has no list of tickets"),
  list_over: phrase("No network, and this scanner's list is more than a day old"),
  not_in_bundle: phrase("Not in this scanner's list: sold or replaced since, refunded, or forged. Only the network can tell"),
  list_too_old: phrase("This scanner has heard nothing for too long: the ticket may have been refunded or used elsewhere since"),
  entry_unknown: phrase("No entry is known to this scanner; another gate may have let them in"),
  needs_network: phrase("Without the network only codes can be checked"),
};

/** Why, in a sentence; a reason of a later server is read out as it is spelled. */
export const reason = (code) => REASONS[code] ?? code.replaceAll("_", " ");

const STANDINGS = {
  valid: phrase("Check in"),
  used: phrase("Used"),
  transfer_pending: phrase("Being transferred"),
  refunded: phrase("Refunded"),
  cancelled: phrase("Cancelled"),
  blocked: phrase("Blocked"),
};

/** What a found ticket is good for: the button's word for one that admits, else how it stands. */
export const standing = (status) => STANDINGS[status] ?? status.replaceAll("_", " ");

const EITHER = new Intl.ListFormat(LOCALE, { type: "disjunction" });
let zone;

/** From here on times are the venue's. What this browser does not know leaves the device's own. */
export function useZone(name) {
  try {
    new Intl.DateTimeFormat(LOCALE, { timeZone: name });
    zone = name;
  } catch {
    zone = undefined;
  }
}

/** The venue's time of day, with its day where that is not today's there. */
export function clock(moment) {
  const at = new Date(moment);
  const day = (when) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(when);
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone };
  const far = day(at) === day(new Date()) ? {} : { weekday: "short", day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(LOCALE, { ...far, ...time }).format(at);
}

/** `Stalls, row J, seat 14`; the section where places are not numbered. */
export function place(text) {
  const parts = (text || "").split("/");
  const [section, row, seat] = parts;
  return parts.length === 3 ? phrase("%(section)s, row\u00a0%(row)s, seat\u00a0%(seat)s", { section, row, seat }) : text || "";
}

/** The lines under a verdict's word. */
export function why(verdict) {
  const lines = [reason(verdict.reason)];
  if (verdict.previous) lines.push([phrase("At %(clock)s", { clock: clock(verdict.previous.at) }), verdict.previous.gate].filter(Boolean).join(", "));
  if (verdict.right_gates?.length) lines.push(phrase("Send them to %(gates)s", { gates: EITHER.format(verdict.right_gates) }));
  if (verdict.goodbye_for_good) lines.push(phrase("There is no way back in: this event has no re-entry"));
  if (verdict.unsaved) lines.push(phrase("Kept in memory only: leave this page open until it is sent"));
  return lines.filter(Boolean);
}

const REFUSALS = {
  revoked_device: phrase("This scanner was revoked by the organizer."),
  unauthenticated: phrase("The server does not know this scanner any more: it needs a new credential."),
  forbidden: phrase("This scanner belongs to another event."),
  not_found: phrase("This event is gone from the server."),
};

/** What went wrong, for a steward: never the server's own words, never a fault's. */
export function trouble(error) {
  if (error.code in REFUSALS) return REFUSALS[error.code];
  if (error.plain) return error.message;
  if (error.name === "Away") return phrase("The server does not answer.");
  if (error.name === "Refused") return phrase("The server could not read this. Try once more; then tell the organizer.");
  return phrase("Something went wrong in this scanner. Scan again; if it stays so, reload the page.");
}
