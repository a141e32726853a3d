//! HMAC-SHA256 with the key already absorbed: two compressions for a short message instead of four.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::sha256::{
    self, BLOCK_BYTES, Block, DIGEST_BYTES, Digest, INITIAL, LANES, State, compress, last_block, mac_lanes,
    mac_one,
};

/// Bytes of the truncated MAC every token and ticket code carries (128 bits).
pub const TAG_BYTES: usize = 16;
/// A truncated MAC.
pub type Tag = [u8; TAG_BYTES];

/// The states of HMAC after its two pads; worth as much as the key, hence wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MacKey {
    inner: State,
    outer: State,
}

impl MacKey {
    /// Absorb a key of any length (a longer one than a block is hashed first, as RFC 2104 says).
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut padded = [0; BLOCK_BYTES];
        if key.len() > BLOCK_BYTES {
            padded[..DIGEST_BYTES].copy_from_slice(&sha256::digest(key));
        } else {
            padded[..key.len()].copy_from_slice(key);
        }
        let mut block = padded.map(|byte| byte ^ 0x36);
        let mut inner = INITIAL;
        compress(&mut inner, &block);
        block = padded.map(|byte| byte ^ 0x5c);
        let mut outer = INITIAL;
        compress(&mut outer, &block);
        padded.zeroize();
        block.zeroize();
        Self { inner, outer }
    }

    /// The full MAC of a message.
    #[inline]
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Digest {
        self.wrap(&sha256::finish(self.inner, message, BLOCK_BYTES))
    }

    /// The truncated MAC of a message.
    #[inline]
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> Tag {
        truncate(&self.mac(message))
    }

    /// The truncated MAC of a message that fits one block, already padded by
    /// [`sha256::seal_block`] as following the key's block.
    #[inline]
    #[must_use]
    pub fn tag_of_block(&self, block: &Block) -> Tag {
        truncate(&sha256::to_bytes(&mac_one(&self.inner, &self.outer, block)))
    }

    /// [`Self::tag_of_block`] of several messages side by side.
    #[inline]
    #[must_use]
    pub fn tags_of_blocks(&self, blocks: &[Block; LANES]) -> [Tag; LANES] {
        let outer = mac_lanes(&self.inner, &self.outer, blocks);
        outer.map(|state| truncate(&sha256::to_bytes(&state)))
    }

    #[inline]
    fn wrap(&self, inner: &State) -> Digest {
        let mut state = self.outer;
        compress(&mut state, &last_block(&sha256::to_bytes(inner), BLOCK_BYTES));
        sha256::to_bytes(&state)
    }
}

/// Whether two tags agree, in time that does not depend on where they differ.
#[inline]
#[must_use]
pub fn tags_equal(left: &Tag, right: &Tag) -> bool {
    // As one number: byte by byte the comparison costs a third of a verification.
    u128::from_ne_bytes(*left).ct_eq(&u128::from_ne_bytes(*right)).into()
}

#[inline]
fn truncate(mac: &Digest) -> Tag {
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&mac[..TAG_BYTES]);
    tag
}
