/** What a gate answers, decided on the device: the order and the words of engine/domain/gates/scans.py, with which a test
 * compares every line of it. Pure: it has no clock, no storage, and imports nothing. Moments are milliseconds of Unix time. */

const LEEWAY_S = 30;
const CODE_CHARS = 54;
const CODE_FIRST_BYTE = 0xc1;

/** How a ticket stands that nobody has shown yet. `on` is the event's local day that `today` counts. */
export const UNSEEN = { inside: false, entries: 0, on: null, today: 0, lastAt: null, lastGate: null };

/** What a code says of itself, or null where it is none of ours. That it is authentic only its hash in the list tells. */
export function read(code) {
  if (code.length !== CODE_CHARS || !/^[A-Za-z0-9_-]+$/.test(code)) return null;
  const raw = atob(`${code.replaceAll("-", "+").replaceAll("_", "/")}==`);
  const bytes = Uint8Array.from(raw, (char) => char.charCodeAt(0));
  const canonical = btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === code;
  if (!canonical || bytes[0] !== CODE_FIRST_BYTE) return null;
  const view = new DataView(bytes.buffer);
  const tag = Array.from(bytes.subarray(2, 10), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { tag, unit: view.getUint32(10), version: view.getUint16(14), notBeforeS: view.getUint32(16), expiresAtS: view.getUint32(20) };
}

const lastNotAfter = (moments, at, momentOf) => {
  let found = null;
  for (const one of moments) {
    if (momentOf(one) > at) break;
    found = one;
  }
  return found;
};

/** Whether its holder counts as inside, after the event's daily emptying. */
export function isInside(state, at, terms) {
  if (!state.inside) return false;
  const emptied = lastNotAfter(terms.emptiedAt, at, (moment) => moment);
  return emptied === null || state.lastAt === null || state.lastAt >= emptied;
}

/** The calendar day at the event. */
const localDay = (at, terms) => lastNotAfter(terms.days, at, ([start]) => start)?.[1] ?? null;

function rightGates(ticket, rules) {
  const names = Object.entries(rules.gates || {}).filter(
    ([, rule]) => (rule.sections || []).includes(ticket.section) || (rule.ticket_type_ids || []).includes(ticket.typeId),
  );
  return names.map(([name]) => name);
}

function admitsAt(gate, ticket, rules) {
  const gates = rules.gates || {};
  if (gate === null || !Object.hasOwn(gates, gate)) return gate === null || rightGates(ticket, rules).length === 0;
  const { sections = [], ticket_type_ids: types = [] } = gates[gate];
  return (sections.length === 0 && types.length === 0) || sections.includes(ticket.section) || types.includes(ticket.typeId);
}

function outOfPlace(ticket, scan, terms) {
  if (scan.at < (scan.notBeforeS - LEEWAY_S) * 1000) return { result: "reject", reason: "not_yet_valid" };
  if (scan.at >= terms.codesEndAt + LEEWAY_S * 1000) return { result: "reject", reason: "expired" };
  if (terms.boundTo.length && !terms.boundTo.includes(scan.gate)) return { result: "reject", reason: "wrong_gate", rightGates: terms.boundTo };
  if (admitsAt(scan.gate, ticket, terms.rules)) return null;
  return { result: "reject", reason: "wrong_gate", rightGates: rightGates(ticket, terms.rules) };
}

/** The ticket once its holder came in. */
export function entered(state, at, shownGate, terms) {
  const on = localDay(at, terms);
  return { inside: true, entries: state.entries + 1, on, today: state.on === on ? state.today + 1 : 1, lastAt: at, lastGate: shownGate };
}

function come(state, scan, terms) {
  const { rules } = terms;
  const used = { result: "duplicate", reason: "already_used", previous: state.lastAt === null ? null : { at: state.lastAt, gate: state.lastGate } };
  if (rules.allow_reentry ? isInside(state, scan.at, terms) : state.entries > 0) return used;
  if (rules.allow_reentry) {
    const today = state.on === localDay(scan.at, terms) ? state.today : 0;
    if (rules.max_entries != null && state.entries >= rules.max_entries) return used;
    if (rules.max_entries_per_day != null && today >= rules.max_entries_per_day) return used;
  }
  return { result: "admit", reason: "ok", state: entered(state, scan.at, scan.shownGate, terms) };
}

function leave(state, scan, terms) {
  if (!isInside(state, scan.at, terms)) return { result: "reject", reason: "not_inside" };
  return { result: "exit_ok", reason: "ok", state: { ...state, inside: false } };
}

/**
 * The verdict on an authentic code of a known ticket; `state` is the ticket afterwards, where somebody passed.
 * ticket: {section, typeId, refused (why it admits nobody, or null)} · state: as UNSEEN
 * scan: {direction, gate, shownGate, at, notBeforeS}
 * terms: {rules, boundTo, codesEndAt (by the event's times, whatever the code says), emptiedAt: [moment],
 * days: [[start, day]]}, both in order.
 */
export function judge(ticket, state, scan, terms) {
  if (ticket.refused) return { result: "reject", reason: ticket.refused };
  return outOfPlace(ticket, scan, terms) || (scan.direction === "exit" ? leave(state, scan, terms) : come(state, scan, terms));
}
