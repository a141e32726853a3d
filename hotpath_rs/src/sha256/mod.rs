//! SHA-256 one block at a time, for messages whose shape we know: precomputed states in, states out.
//!
//! The hot path hashes many short independent messages (ticket codes, shuffle rounds, Merkle leaves) from one
//! starting state. [`hash_lanes`] does [`LANES`] of them side by side: AVX-512 (one message a lane) where the CPU has
//! it, else interleaved SHA-NI chains, else the `sha2` crate one after the other. The choice never shows in a result.

use sha2::block_api::compress256;

#[cfg(target_arch = "x86_64")]
mod lanes_avx512;
#[cfg(target_arch = "x86_64")]
mod lanes_sha_ni;

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
/// Independent messages hashed side by side: the 32-bit words of an AVX-512 register.
pub const LANES: usize = 16;
/// The initial chaining value of FIPS 180-4.
pub const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The second half of HMAC's outer block: padding, and the length of a block and a digest in bits.
#[cfg(target_arch = "x86_64")]
const AFTER_A_DIGEST: [u32; 8] = [0x8000_0000, 0, 0, 0, 0, 0, 0, 8 * (BLOCK_BYTES + DIGEST_BYTES) as u32];

#[cfg(target_arch = "x86_64")]
/// The round constants of FIPS 180-4, 4.2.2.
#[rustfmt::skip]
const ROUND_CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Mix one block into one state.
#[inline]
pub fn compress(state: &mut State, block: &Block) {
    compress256(state, std::slice::from_ref(block));
}

/// The state of every lane after `groups[0][lane]`, `groups[1][lane]`, ..., each lane starting from `start`.
#[inline]
#[must_use]
pub fn hash_lanes(start: &State, groups: &[[Block; LANES]]) -> [State; LANES] {
    #[cfg(target_arch = "x86_64")]
    {
        if lanes_avx512::available() {
            return lanes_avx512::hash(start, groups);
        }
        if lanes_sha_ni::available() {
            return hash_lanes_by(lanes_sha_ni::compress, start, groups);
        }
    }
    hash_lanes_portable(start, groups)
}

/// HMAC of one padded block in every lane, between the inner and the outer state of a key.
#[inline]
#[must_use]
pub fn mac_lanes(inner: &State, outer: &State, blocks: &[Block; LANES]) -> [State; LANES] {
    #[cfg(target_arch = "x86_64")]
    {
        if lanes_avx512::available() {
            return lanes_avx512::mac(inner, outer, blocks);
        }
        if lanes_sha_ni::available() {
            return lanes_sha_ni::mac(inner, outer, blocks);
        }
    }
    blocks.each_ref().map(|block| mac_portable(inner, outer, block))
}

/// [`mac_lanes`] of a single block.
#[inline]
#[must_use]
pub fn mac_one(inner: &State, outer: &State, block: &Block) -> State {
    #[cfg(target_arch = "x86_64")]
    if lanes_sha_ni::available() {
        return lanes_sha_ni::mac_one(inner, outer, block);
    }
    mac_portable(inner, outer, block)
}

/// What [`mac_one`] does on any CPU.
#[must_use]
pub fn mac_portable(inner: &State, outer: &State, block: &Block) -> State {
    let (mut digest, mut state) = (*inner, *outer);
    compress(&mut digest, block);
    compress(&mut state, &last_block(&to_bytes(&digest), BLOCK_BYTES));
    state
}

/// What [`hash_lanes`] does on any CPU.
#[must_use]
pub fn hash_lanes_portable(start: &State, groups: &[[Block; LANES]]) -> [State; LANES] {
    let each = |states: &mut [State; LANES], blocks: &[Block; LANES]| {
        for (state, block) in states.iter_mut().zip(blocks) {
            compress(state, block);
        }
    };
    hash_lanes_by(each, start, groups)
}

#[inline]
fn hash_lanes_by(
    compress_all: impl Fn(&mut [State; LANES], &[Block; LANES]),
    start: &State,
    groups: &[[Block; LANES]],
) -> [State; LANES] {
    let mut states = [*start; LANES];
    for blocks in groups {
        compress_all(&mut states, blocks);
    }
    states
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
    fn every_kind_of_lane_agrees_with_one_chain_after_the_other() {
        let mut seed = digest(b"lanes");
        let mut start = INITIAL;
        for round in 0..300 {
            let mut groups = vec![[[0; BLOCK_BYTES]; LANES]; round % 3 + 1];
            for half in groups.iter_mut().flatten().flat_map(|block| block.as_chunks_mut::<32>().0) {
                seed = digest(&seed);
                *half = seed;
            }
            let expected = hash_lanes_portable(&start, &groups);
            assert_eq!(hash_lanes(&start, &groups), expected);
            #[cfg(target_arch = "x86_64")]
            if lanes_sha_ni::available() {
                assert_eq!(hash_lanes_by(lanes_sha_ni::compress, &start, &groups), expected);
            }
            let blocks = &groups[0];
            let macs = blocks.each_ref().map(|block| mac_portable(&start, &expected[0], block));
            assert_eq!(mac_lanes(&start, &expected[0], blocks), macs);
            assert_eq!(blocks.each_ref().map(|block| mac_one(&start, &expected[0], block)), macs);
            #[cfg(target_arch = "x86_64")]
            if lanes_sha_ni::available() {
                assert_eq!(lanes_sha_ni::mac(&start, &expected[0], blocks), macs);
            }
            start = expected[round % LANES];
        }
    }
}
