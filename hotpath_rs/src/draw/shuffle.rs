//! Swap-or-not, exactly as `compute_shuffled_index` of the Ethereum consensus specification (phase 0).
//!
//! Per round: `pivot = SHA-256(seed || round)[0..8] (little-endian) mod N`, `flip = (pivot + N - index) mod N`,
//! `position = max(index, flip)`; bit `position mod 256` of `SHA-256(seed || round || (position div 256) as u32 LE)`
//! decides whether `index` becomes `flip`.

use crate::error::{Result, bad_argument};
use crate::sha256::{self, Block, Digest, INITIAL, LANES, hash_lanes, last_block};

/// Rounds of the permutation; part of the public contract.
pub const ROUNDS: u8 = 90;
/// Most people in one draw (numbers are packed as u32, and the whole permutation must fit in memory).
pub const COHORT_MAX: u32 = 1 << 26;

const SEED_BYTES: usize = 32;
const SOURCE_BYTES: usize = SEED_BYTES + 1 + 4;
/// Bits one hash decides.
const SOURCE_BITS: u32 = 256;

/// The queue number of one registration index: about 180 hashes.
pub fn shuffle_index(seed: &Digest, index: u32, count: u32) -> Result<u32> {
    check_index(index, count)?;
    Ok((0..ROUNDS).fold(index, |at, round| step(seed, round, at, count)))
}

/// The registration index that drew a queue number: the same rounds, last one first.
pub fn unshuffle_index(seed: &Digest, number: u32, count: u32) -> Result<u32> {
    check_index(number, count)?;
    Ok((0..ROUNDS).rev().fold(number, |at, round| step(seed, round, at, count)))
}

/// The queue number of every registration index.
///
/// A round pairs every place with its mirror image around the pivot and swaps some of the pairs, so it is applied
/// to the whole list at once: each hash is computed once and memory is walked in order. Applying the rounds last
/// to first to the list `0..N` leaves the number of index `i` in place `i`.
pub fn shuffle_all(seed: &Digest, count: u32) -> Result<Vec<u32>> {
    check_count(count)?;
    let mut numbers: Vec<u32> = (0..count).collect();
    if count < 2 {
        return Ok(numbers);
    }
    let mut bits =
        vec![[0; sha256::DIGEST_BYTES]; count.div_ceil(SOURCE_BITS).next_multiple_of(LANES as u32) as usize];
    for round in (0..ROUNDS).rev() {
        fill_sources(seed, round, &mut bits);
        let pivot = pivot(seed, round, count);
        // Two mirrors: places 0..=pivot reflect around pivot / 2, the others around (pivot + count) / 2.
        let (low, high) = numbers.split_at_mut(pivot as usize + 1);
        swap_mirrored(low, 0, &bits);
        swap_mirrored(high, pivot + 1, &bits);
    }
    Ok(numbers)
}

/// Swap the pairs `(first + k, last - k)` of a reflected stretch where the bit of the higher place says so.
fn swap_mirrored(stretch: &mut [u32], first: u32, bits: &[Digest]) {
    let half = stretch.len() / 2;
    let last = first as usize + stretch.len() - 1;
    let upper_from = stretch.len() - half;
    let (lower, upper) = stretch.split_at_mut(upper_from);
    for (away, (left, right)) in lower.iter_mut().zip(upper.iter_mut().rev()).enumerate() {
        let position = last - away;
        let byte = bits[position / SOURCE_BITS as usize][position % SOURCE_BITS as usize / 8];
        // Without a branch: the bit is a coin toss, and a mispredicted one costs more than the exchange.
        let mask = 0u32.wrapping_sub(u32::from(byte >> (position % 8) & 1));
        let exchange = (*left ^ *right) & mask;
        *left ^= exchange;
        *right ^= exchange;
    }
}

fn step(seed: &Digest, round: u8, index: u32, count: u32) -> u32 {
    let flip = ((u64::from(pivot(seed, round, count)) + u64::from(count) - u64::from(index))
        % u64::from(count)) as u32;
    let position = index.max(flip);
    let source = sha256::digest(&source_message(seed, round, position / SOURCE_BITS));
    let byte = source[(position % SOURCE_BITS / 8) as usize];
    if byte >> (position % 8) & 1 == 1 { flip } else { index }
}

fn pivot(seed: &Digest, round: u8, count: u32) -> u32 {
    let source = source_message(seed, round, 0);
    let digest = sha256::digest(&source[..=SEED_BYTES]);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    (u64::from_le_bytes(first) % u64::from(count)) as u32
}

fn source_message(seed: &Digest, round: u8, window: u32) -> [u8; SOURCE_BYTES] {
    let mut message = [0; SOURCE_BYTES];
    message[..SEED_BYTES].copy_from_slice(seed);
    message[SEED_BYTES] = round;
    message[SEED_BYTES + 1..].copy_from_slice(&window.to_le_bytes());
    message
}

/// The decision bits of a round; the list's length is a multiple of the lanes.
fn fill_sources(seed: &Digest, round: u8, bits: &mut [Digest]) {
    let mut blocks: [Block; LANES] = [last_block(&source_message(seed, round, 0), 0); LANES];
    let mut window = 0u32;
    for sources in bits.as_chunks_mut::<LANES>().0 {
        for block in &mut blocks {
            block[SEED_BYTES + 1..SOURCE_BYTES].copy_from_slice(&window.to_le_bytes());
            window += 1;
        }
        let states = hash_lanes(&INITIAL, std::slice::from_ref(&blocks));
        *sources = states.map(|state| sha256::to_bytes(&state));
    }
}

fn check_index(index: u32, count: u32) -> Result<()> {
    check_count(count)?;
    if index < count {
        Ok(())
    } else {
        Err(bad_argument(format!("index {index} is outside a cohort of {count}")))
    }
}

fn check_count(count: u32) -> Result<()> {
    if count <= COHORT_MAX {
        Ok(())
    } else {
        Err(bad_argument(format!("a cohort has at most {COHORT_MAX} people")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_list_agrees_with_every_single_index_and_back() {
        for count in [1u32, 2, 3, 4, 5, 17, 255, 256, 257, 511, 512, 513, 1000] {
            let seed = sha256::digest(&count.to_be_bytes());
            let numbers = shuffle_all(&seed, count).unwrap();
            for index in 0..count {
                let number = shuffle_index(&seed, index, count).unwrap();
                assert_eq!(numbers[index as usize], number, "index {index} of {count}");
                assert_eq!(unshuffle_index(&seed, number, count).unwrap(), index);
            }
        }
    }

    #[test]
    fn nobody_is_drawn_from_an_empty_cohort() {
        assert_eq!(shuffle_all(&[0; 32], 0).unwrap(), Vec::<u32>::new());
        assert!(shuffle_index(&[0; 32], 0, 0).is_err());
        assert!(shuffle_index(&[0; 32], 5, 5).is_err());
        assert!(shuffle_all(&[0; 32], COHORT_MAX + 1).is_err());
    }
}
