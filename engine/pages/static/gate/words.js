/** Everything in the words of the door: results, reasons, places, times, and what went wrong. */

export const WORDS = { admit: "Welcome", exit_ok: "Goodbye", duplicate: "Already in", reject: "No entry", unsure: "Cannot tell" };

const REASONS = {
  ok: "",
  malformed: "This is not one of our tickets",
  unknown_key: "This code was signed with a key that is no longer in use",
  bad_signature: "This code is forged or damaged",
  wrong_event: "This ticket is for another event",
  not_found: "There is no such ticket",
  stale_version: "This code was replaced by a newer one: ask for the latest ticket",
  transfer_pending: "This ticket is being transferred to somebody else",
  refunded: "This ticket was refunded",
  cancelled: "This ticket was cancelled",
  blocked: "This ticket is blocked: send them to the help desk",
  unpaid: "The order behind this ticket is not paid",
  not_yet_valid: "This ticket is not valid yet",
  expired: "This ticket is no longer valid",
  wrong_gate: "This ticket belongs to another gate",
  already_used: "This ticket was used before",
  not_inside: "Nobody is inside with this ticket",
  reissued: "This code was replaced by a newer one",
  revoked_device: "Scanned after this scanner was revoked",
  duplicate_offline_conflict: "Somebody came in with this ticket at another gate",
  offline_earlier: "Somebody else came in later with the same ticket",
  admitted_on_stale_bundle: "It had lost its standing before this scanner could hear of it",
  queue_full: "Too many scans wait to be sent: bring this scanner back to the network",
  no_bundle: "No network, and this scanner has no list of tickets",
  list_over: "No network, and this scanner's list is more than a day old",
  not_in_bundle: "Not in this scanner's list: sold or replaced since, refunded, or forged. Only the network can tell",
  list_too_old: "This scanner has heard nothing for too long: the ticket may have been refunded or used elsewhere since",
  entry_unknown: "No entry is known to this scanner; another gate may have let them in",
  needs_network: "Without the network only codes can be checked",
};

/** Why, in a sentence; a reason of a later server is read out as it is spelled. */
export const reason = (code) => REASONS[code] ?? code.replaceAll("_", " ");

let zone;

/** From here on times are the venue's. What this browser does not know leaves the device's own. */
export function useZone(name) {
  try {
    new Intl.DateTimeFormat(undefined, { timeZone: name });
    zone = name;
  } catch {
    zone = undefined;
  }
}

/** The venue's time of day, with its day where that is not today's there. */
export function clock(moment) {
  const at = new Date(moment);
  const day = (when) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(when);
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone };
  const far = day(at) === day(new Date()) ? {} : { weekday: "short", day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(undefined, { ...far, ...time }).format(at);
}

/** `Stalls, row J, seat 14`; the section where places are not numbered. */
export function place(seat) {
  const parts = (seat || "").split("/");
  return parts.length === 3 ? `${parts[0]}, row ${parts[1]}, seat ${parts[2]}` : seat || "";
}

/** The lines under a verdict's word. */
export function why(verdict) {
  const lines = [reason(verdict.reason)];
  if (verdict.previous) lines.push(`At ${clock(verdict.previous.at)}${verdict.previous.gate ? `, ${verdict.previous.gate}` : ""}`);
  if (verdict.right_gates?.length) lines.push(`Send them to ${verdict.right_gates.join(" or ")}`);
  if (verdict.goodbye_for_good) lines.push("There is no way back in: this event has no re-entry");
  if (verdict.unsaved) lines.push("Kept in memory only: leave this page open until it is sent");
  return lines.filter(Boolean);
}

const REFUSALS = {
  revoked_device: "This scanner was revoked by the organizer.",
  unauthenticated: "The server does not know this scanner any more: it needs a new credential.",
  forbidden: "This scanner belongs to another event.",
  not_found: "This event is gone from the server.",
};

/** What went wrong, for a steward: never the server's own words, never a fault's. */
export function trouble(error) {
  if (error.code in REFUSALS) return REFUSALS[error.code];
  if (error.plain) return error.message;
  if (error.name === "Away") return "The server does not answer.";
  if (error.name === "Refused") return "The server could not read this. Try once more; then tell the organizer.";
  return "Something went wrong in this scanner. Scan again; if it stays so, reload the page.";
}
