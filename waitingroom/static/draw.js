/** The draw, recomputed: swap-or-not shuffle of 90 rounds, as the Ethereum consensus specification defines it. */

import { fromHex, sha256, toHex } from "./sha256.js";

export const ROUNDS = 90;

/** The queue number that registration index `index` of `count` drew. */
export function shuffle(seed, index, count) {
  for (let round = 0; round < ROUNDS; round++) {
    const start = sha256(concat(seed, [round]));
    const pivot = Number(new DataView(start.buffer).getBigUint64(0, true) % BigInt(count));
    const flip = (pivot + count - index) % count;
    const position = Math.max(index, flip);
    const block = new Uint8Array(4);
    new DataView(block.buffer).setUint32(0, Math.floor(position / 256), true);
    const bits = sha256(concat(seed, [round], block));
    if (bits[(position % 256) >> 3] >> position % 8 & 1) index = flip;
  }
  return index;
}

/** Whether the published secret is the promised one, and whether the seed follows from it. */
export function check(draw, count) {
  const secret = fromHex(draw.secret);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(count));
  const beacon = new TextEncoder().encode(draw.beacon ?? "");
  return {
    commit: toHex(sha256(secret)) === draw.commit,
    seed: toHex(sha256(concat(secret, fromHex(draw.merkle_root), size, beacon))) === draw.seed,
  };
}

/** The place in line of a ticket's number; null before the draw. */
export function placeOf(number, status) {
  if (!status.draw.seed) return null;
  return number < status.cohort_size ? shuffle(fromHex(status.draw.seed), number, status.cohort_size) : number;
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}
