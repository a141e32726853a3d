//! SHA-256 one block at a time, for messages whose shape we know: precomputed states in, states out.
//!
//! The hot path hashes many short independent messages (ticket codes, shuffle rounds, Merkle leaves). One SHA-NI
//! chain leaves the unit idle while it waits for its own result, so [`compress_lanes`] runs [`LANES`] chains side
//! by side where the CPU can, and falls back to the `sha2` crate, one chain after the other, where it cannot.

use sha2::block_api::compress256;

#[cfg(target_arch = "x86_64")]
mod lanes_x86;

/// A chaining value.
pub type State = [u32; 8];
/// One message block.
pub type Block = [u8; BLOCK_BYTES];
/// A digest.
pub type Digest = [u8; DIGEST_BYTES];

/// Bytes SHA-256 takes at once.
pub const BLOCK_BYTES: usize = 64;
/// Bytes of a digest.
pub const DIGEST_BYTES: usize = 32;
/// Longest message that fits one block together with its padding.
pub const SHORT_MESSAGE_BYTES_MAX: usize = 55;
/// Independent messages hashed side by side; four were the fastest of 1, 2, 4 and 8 on Zen 4.
pub const LANES: usize = 4;
/// The initial chaining value of FIPS 180-4.
pub const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Mix one block into one state.
#[inline]
pub fn compress(state: &mut State, block: &Block) {
    compress256(state, std::slice::from_ref(block));
}

/// Mix `blocks[i]` into `states[i]` for every lane.
#[inline]
pub fn compress_lanes(states: &mut [State; LANES], blocks: &[Block; LANES]) {
    #[cfg(target_arch = "x86_64")]
    if lanes_x86::available() {
        lanes_x86::compress_lanes(states, blocks);
        return;
    }
    compress_lanes_portable(states, blocks);
}

/// What [`compress_lanes`] does on a CPU without SHA instructions.
pub fn compress_lanes_portable(states: &mut [State; LANES], blocks: &[Block; LANES]) {
    for (state, block) in states.iter_mut().zip(blocks) {
        compress(state, block);
    }
}

/// The last block of a message: `tail` is what remains after `hashed_bytes` full-block bytes.
///
/// `tail` must not exceed [`SHORT_MESSAGE_BYTES_MAX`]; every caller's length is a constant of its format.
#[inline]
#[must_use]
pub fn last_block(tail: &[u8], hashed_bytes: usize) -> Block {
    debug_assert!(tail.len() <= SHORT_MESSAGE_BYTES_MAX);
    let mut block = [0; BLOCK_BYTES];
    block[..tail.len()].copy_from_slice(tail);
    seal_block(&mut block, tail.len(), hashed_bytes);
    block
}

/// Write the padding after `tail_bytes` bytes that already stand in `block`.
#[inline]
pub fn seal_block(block: &mut Block, tail_bytes: usize, hashed_bytes: usize) {
    block[tail_bytes] = 0x80;
    let message_bits = ((hashed_bytes + tail_bytes) as u64) * 8;
    block[BLOCK_BYTES - 8..].copy_from_slice(&message_bits.to_be_bytes());
}

/// Digest of a message of any length.
#[must_use]
pub fn digest(message: &[u8]) -> Digest {
    to_bytes(&finish(INITIAL, message, 0))
}

/// Absorb `message` and its padding into `state`, which has seen `hashed_bytes` (whole blocks) before.
#[inline]
#[must_use]
pub fn finish(mut state: State, message: &[u8], hashed_bytes: usize) -> State {
    let (blocks, tail) = message.as_chunks::<BLOCK_BYTES>();
    compress256(&mut state, blocks);
    let hashed_bytes = hashed_bytes + blocks.len() * BLOCK_BYTES;
    if tail.len() <= SHORT_MESSAGE_BYTES_MAX {
        compress(&mut state, &last_block(tail, hashed_bytes));
    } else {
        let mut last = [[0; BLOCK_BYTES]; 2];
        last[0][..tail.len()].copy_from_slice(tail);
        last[0][tail.len()] = 0x80;
        let message_bits = ((hashed_bytes + tail.len()) as u64) * 8;
        last[1][BLOCK_BYTES - 8..].copy_from_slice(&message_bits.to_be_bytes());
        compress256(&mut state, &last);
    }
    state
}

/// The big-endian bytes of a state.
#[inline]
#[must_use]
pub fn to_bytes(state: &State) -> Digest {
    let mut bytes = [0; DIGEST_BYTES];
    for (chunk, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *chunk = word.to_be_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn every_length_around_the_padding_agrees_with_the_sha2_crate() {
        let message: Vec<u8> = (0..=255).collect();
        for length in 0..message.len() {
            assert_eq!(
                digest(&message[..length])[..],
                Sha256::digest(&message[..length])[..],
                "{length} bytes"
            );
        }
    }

    #[test]
    fn the_lanes_agree_with_one_chain_after_the_other() {
        let mut seed = digest(b"lanes");
        for _ in 0..500 {
            let mut blocks = [[0; BLOCK_BYTES]; LANES];
            let mut states = [INITIAL; LANES];
            for lane in 0..LANES {
                seed = digest(&seed);
                blocks[lane][..32].copy_from_slice(&seed);
                seed = digest(&seed);
                blocks[lane][32..].copy_from_slice(&seed);
                states[lane][lane] ^= u32::from(seed[0]);
            }
            let mut portable = states;
            compress_lanes(&mut states, &blocks);
            compress_lanes_portable(&mut portable, &blocks);
            assert_eq!(states, portable);
        }
    }
}
