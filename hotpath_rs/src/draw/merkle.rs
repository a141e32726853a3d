//! The Merkle tree over the cohort's identity digests, in registration order.
//!
//! leaf = SHA-256(0x00 || digest), node = SHA-256(0x01 || left || right), an odd node is carried up unchanged,
//! an empty tree is 32 zero bytes.

use crate::error::{Result, bad_argument};
use crate::sha256::{self, BLOCK_BYTES, Block, DIGEST_BYTES, Digest, INITIAL, LANES, hash_lanes, last_block};

/// Lengths of identity digest a tree is built over.
pub const DIGEST_BYTES_ALLOWED: std::ops::RangeInclusive<usize> = 1..=32;

const LEAF: u8 = 0;
const NODE: u8 = 1;
const NODE_BYTES: usize = 1 + 2 * DIGEST_BYTES;

/// The root over digests of `digest_bytes` each, laid end to end.
pub fn merkle_root(digests: &[u8], digest_bytes: usize) -> Result<Digest> {
    if !DIGEST_BYTES_ALLOWED.contains(&digest_bytes) || !digests.len().is_multiple_of(digest_bytes) {
        return Err(bad_argument("digests must be whole digests of 1 to 32 bytes each"));
    }
    let mut level = leaves(digests, digest_bytes);
    while level.len() > 1 {
        fold(&mut level);
    }
    Ok(level.first().copied().unwrap_or([0; DIGEST_BYTES]))
}

fn leaves(digests: &[u8], digest_bytes: usize) -> Vec<Digest> {
    let mut leaves = Vec::with_capacity(digests.len() / digest_bytes + LANES);
    let mut blocks: [Block; LANES] = [last_block(&[LEAF; DIGEST_BYTES + 1][..=digest_bytes], 0); LANES];
    for group in digests.chunks(digest_bytes * LANES) {
        for (block, digest) in blocks.iter_mut().zip(group.chunks_exact(digest_bytes)) {
            block[1..=digest_bytes].copy_from_slice(digest);
        }
        let states = hash_lanes(&INITIAL, std::slice::from_ref(&blocks));
        leaves.extend(states.iter().take(group.len() / digest_bytes).map(sha256::to_bytes));
    }
    leaves
}

/// Replace a level by the one above it, in place.
fn fold(level: &mut Vec<Digest>) {
    let parents = level.len() / 2;
    let odd = (!level.len().is_multiple_of(2)).then(|| level[level.len() - 1]);
    let mut blocks: [[Block; LANES]; 2] = [[[0; BLOCK_BYTES]; LANES], [last_block(&[0], BLOCK_BYTES); LANES]];
    for first in (0..parents).step_by(LANES) {
        let lanes = LANES.min(parents - first);
        let [heads, tails] = &mut blocks;
        for (lane, children) in level[2 * first..2 * (first + lanes)].as_chunks::<2>().0.iter().enumerate() {
            heads[lane][0] = NODE;
            heads[lane][1..=DIGEST_BYTES].copy_from_slice(&children[0]);
            heads[lane][1 + DIGEST_BYTES..].copy_from_slice(&children[1][..DIGEST_BYTES - 1]);
            tails[lane][0] = children[1][DIGEST_BYTES - 1];
        }
        let states = hash_lanes(&INITIAL, &blocks);
        for (parent, state) in level[first..first + lanes].iter_mut().zip(&states) {
            *parent = sha256::to_bytes(state);
        }
    }
    level.truncate(parents);
    level.extend(odd);
}

const _: () = assert!(NODE_BYTES == BLOCK_BYTES + 1, "a node is one block and one byte");

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, read off the design.
    fn slow_root(digests: &[Vec<u8>]) -> Digest {
        let mut level: Vec<Digest> =
            digests.iter().map(|digest| sha256::digest(&[&[LEAF], &digest[..]].concat())).collect();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => sha256::digest(&[&[NODE], &left[..], &right[..]].concat()),
                    _ => pair[0],
                })
                .collect();
        }
        level.first().copied().unwrap_or([0; 32])
    }

    #[test]
    fn the_root_is_the_definition_at_every_size_and_digest_length() {
        for digest_bytes in [1usize, 8, 16, 20, 31, 32] {
            for count in 0..40usize {
                let digests: Vec<Vec<u8>> =
                    (0..count).map(|at| sha256::digest(&[at as u8])[..digest_bytes].to_vec()).collect();
                assert_eq!(merkle_root(&digests.concat(), digest_bytes).unwrap(), slow_root(&digests));
            }
        }
    }

    #[test]
    fn half_a_digest_is_refused() {
        assert!(merkle_root(&[0; 33], 32).is_err());
        assert!(merkle_root(&[], 0).is_err());
        assert!(merkle_root(&[0; 33], 33).is_err());
    }
}
