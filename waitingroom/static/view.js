/** What the page says. Everything is in the document already; faces are shown and hidden, facts are filled in. */

const words = JSON.parse(document.getElementById("words").textContent);
const main = document.querySelector("main");
const numbers = new Intl.NumberFormat(`${words.lang}-u-nu-latn`);
let spoken = "";

export function showFace(face) {
  main.dataset.face = face;
  for (const section of main.querySelectorAll("[data-show]")) section.hidden = section.dataset.show !== face;
}

export function fact(name, text) {
  for (const place of main.querySelectorAll(`[data-fact="${name}"]`)) {
    if (place.textContent !== String(text)) place.textContent = text;
  }
}

export function alertIf(name, shown) {
  const box = main.querySelector(`[data-alert="${name}"]`);
  if (box.hidden === shown) box.hidden = !shown;
}

/** Point out a field of a form, or no longer. */
export function faultIn(field, wrong) {
  if (!field) return;
  field.toggleAttribute("aria-invalid", wrong);
  if (wrong) field.setAttribute("aria-invalid", "true");
  document.getElementById(`${field.id}-error`).hidden = !wrong;
  if (wrong) field.focus();
}

/** Say that an address has a place, and that it was sent a link; null: no longer. */
export function known(address) {
  const box = document.getElementById("known");
  document.getElementById("known-address").textContent = address ?? "";
  box.hidden = address === null;
  if (address !== null) box.focus();
}

export function waitInWords(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return words.wait_unknown;
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return words.wait_less;
  if (minutes < 60) return words.wait_minutes.replace("{n}", minutes);
  return words.wait_hours.replace("{h}", Math.floor(minutes / 60)).replace("{m}", minutes % 60);
}

/** Say something to screen readers, once. */
export function announce(text) {
  if (text === spoken) return;
  spoken = text;
  document.getElementById("announce").textContent = text;
}

export function showPlace(position, ahead, seconds, progress) {
  fact("position", numbers.format(position));
  main.querySelector('[data-fact="position"]').dataset.digits = String(position).length;
  fact("ahead", numbers.format(ahead));
  main.querySelector('[data-fact="ahead"]').parentElement.hidden = !ahead;
  document.getElementById("next").hidden = Boolean(ahead);
  fact("wait", waitInWords(seconds));
  const bar = main.querySelector("progress");
  bar.value = progress;
  bar.textContent = `${progress} %`;
  document.title = `${numbers.format(position)} · ${main.querySelector("h1").textContent}`;
}

/** Headings of faces worth interrupting for, and the place at a calm pace. */
export function announceFace(face) {
  const heading = main.querySelector(`[data-show="${face}"] h2`);
  if (heading) announce(heading.textContent);
}
export const announcePlace = (position) => announce(words.announce_place.replace("{n}", numbers.format(position)));

export function showProof(facts) {
  for (const [name, value] of Object.entries(facts)) {
    const row = main.querySelector(`[data-proof="${name}"]`);
    row.hidden = value === null || value === undefined || value === "";
    if (!row.hidden) row.querySelector("dd").textContent = value;
  }
  document.getElementById("checks").hidden = !facts.seed;
}

export function showCheck(name, holds) {
  const line = main.querySelector(`[data-check="${name}"]`);
  line.hidden = holds === null;
  line.classList.toggle("bad", !holds);
  line.querySelector("b").textContent = holds ? words.check_good : words.check_bad;
}
