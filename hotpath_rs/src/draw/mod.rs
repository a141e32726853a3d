//! The provably fair draw: a committed secret, a Merkle root over the cohort, and a published permutation.
//!
//! `design`: commit = SHA-256(secret); seed = SHA-256(secret || root || N as u64 big-endian || beacon); the queue
//! number of registration index `i` is the swap-or-not shuffle of the Ethereum consensus specification.

mod bundle;
mod merkle;
mod shuffle;

use crate::error::{Result, bad_argument};
use crate::sha256::{self, Digest};

pub use bundle::{BUNDLE_BYTES_MAX, DrawReport, TicketNumber, verify_draw};
pub use merkle::{DIGEST_BYTES_ALLOWED, merkle_root};
pub use shuffle::{COHORT_MAX, ROUNDS, shuffle_all, shuffle_index, unshuffle_index};

/// Most bytes of a secret or of a beacon.
pub const SEED_PART_BYTES_MAX: usize = 1024;

/// The seed of a draw. `beacon` is the public value named in advance, empty if none was.
pub fn draw_seed(secret: &[u8], root: &Digest, count: u64, beacon: &[u8]) -> Result<Digest> {
    if secret.is_empty() || secret.len() > SEED_PART_BYTES_MAX || beacon.len() > SEED_PART_BYTES_MAX {
        return Err(bad_argument(format!(
            "a secret has 1 to {SEED_PART_BYTES_MAX} bytes, a beacon at most {SEED_PART_BYTES_MAX}"
        )));
    }
    Ok(sha256::digest(&[secret, root, &count.to_be_bytes(), beacon].concat()))
}
