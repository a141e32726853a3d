/** How rows and seats are called. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CLEAR_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"; // without I and O, which are read as 1 and 0

/** A, B ... Z, AA, AB ...: the name at a place of the endless list. */
export function lettersAt(place, letters = LETTERS) {
  let [name, rest] = ["", place];
  do {
    name = letters[rest % letters.length] + name;
    rest = Math.floor(rest / letters.length) - 1;
  } while (rest >= 0);
  return name;
}

/** The place of a name in that list, or -1. */
export function placeOf(name, letters = LETTERS) {
  let place = 0;
  for (const letter of name.toUpperCase()) {
    const at = letters.indexOf(letter);
    if (at < 0) return -1;
    place = place * letters.length + at + 1;
  }
  return place - 1;
}

const endless = (letters) => (start) => {
  const first = Math.max(0, placeOf(start || letters[0], letters));
  return (n) => lettersAt(first + n, letters);
};
const counted = (step, first) => (start) => {
  const from = Number.isSafeInteger(Number(start)) && start !== "" ? Number(start) : first;
  return (n) => String(from + n * step);
};

/** Names of seats: what a scheme calls the n-th from where it begins. */
export const SEAT_SCHEMES = {
  count: counted(1, 1),
  odd: counted(2, 1),
  even: counted(2, 2),
  letters: endless(LETTERS),
};
export const ROW_SCHEMES = { letters: endless(LETTERS), clear: endless(CLEAR_LETTERS), count: counted(1, 1) };

/**
 * The names of a row's seats in the order in which they are listed.
 * `scheme`: "count", "odd", "even", "letters", or "odd-even": odd numbers to the left of the middle, even to the right.
 * `from`: "start" or "end" of the row; `start`: the first name, else the scheme's own.
 */
export function seatNames(count, { scheme = "count", from = "start", start = "" } = {}) {
  if (scheme === "odd-even") return oddEven(count, from);
  const name = SEAT_SCHEMES[scheme](String(start).trim());
  return Array.from({ length: count }, (_, n) => name(from === "end" ? count - 1 - n : n));
}

/** As many theatres have it: 5 3 1 2 4 6, counted outwards from the middle aisle. */
function oddEven(count, from) {
  const left = Math.ceil(count / 2);
  const odd = Array.from({ length: left }, (_, n) => String(2 * (left - n) - 1));
  const even = Array.from({ length: count - left }, (_, n) => String(2 * (n + 1)));
  return from === "end" ? [...even.reverse(), ...odd.reverse()] : [...odd, ...even];
}

/** Names of rows, the first one first; none of those that are `taken`. */
export function rowNames(count, { scheme = "letters", start = "", taken = new Set(), backwards = false } = {}) {
  const name = ROW_SCHEMES[scheme](String(start).trim());
  const names = [];
  for (let n = 0; names.length < count; n += 1) if (!taken.has(name(n))) names.push(name(n));
  return backwards ? names.reverse() : names;
}

/** The name, or the name with the first number that nobody has. */
export function unlike(name, taken) {
  if (!taken.has(name)) return name;
  const stem = name.replace(/ \d+$/, "");
  let n = 2;
  while (taken.has(`${stem} ${n}`)) n += 1;
  return `${stem} ${n}`;
}
