//! The master keys, and what is derived from them: one MAC key per purpose, event and key id.
//!
//! `HKDF-SHA256(salt = "onsale/1", ikm = master, info = len(label) label len(context) context)`, 32 bytes.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Result, TokenFault, bad_argument};
use crate::mac::MacKey;
use crate::sha256;

/// Bytes of a master key.
pub const MASTER_BYTES: usize = 32;
/// Master keys held at once: the one that signs and, during a rotation, the one that only verifies.
pub const KEYS_MAX: usize = 2;
/// Most bytes of an event id.
pub const EVENT_ID_BYTES_MAX: usize = 64;
/// Bytes by which a ticket code names its event.
pub const EVENT_TAG_BYTES: usize = 8;

const SALT: &[u8] = b"onsale/1";

/// The master keys: the first signs, all verify.
pub struct Keyring {
    masters: Vec<Master>,
}

struct Master {
    id: u8,
    key: Zeroizing<[u8; MASTER_BYTES]>,
}

impl Keyring {
    /// One or two `(key id, 32-byte master)` pairs with distinct ids.
    pub fn new(keys: &[(u8, &[u8])]) -> Result<Self> {
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(bad_argument(format!("a keyring holds 1 to {KEYS_MAX} keys, not {}", keys.len())));
        }
        let mut masters: Vec<Master> = Vec::with_capacity(keys.len());
        for &(id, key) in keys {
            let key = <[u8; MASTER_BYTES]>::try_from(key)
                .map_err(|_| bad_argument(format!("master key {id} must have {MASTER_BYTES} bytes")))?;
            if masters.iter().any(|master| master.id == id) {
                return Err(bad_argument(format!("key id {id} is given twice")));
            }
            masters.push(Master { id, key: Zeroizing::new(key) });
        }
        Ok(Self { masters })
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn signing_key_id(&self) -> u8 {
        self.masters[0].id
    }

    /// Everything one event needs.
    pub fn event(&self, event_id: &str) -> Result<EventKeys> {
        if !(1..=EVENT_ID_BYTES_MAX).contains(&event_id.len()) {
            return Err(bad_argument(format!("an event id has 1 to {EVENT_ID_BYTES_MAX} bytes")));
        }
        let mut tag = [0; EVENT_TAG_BYTES];
        tag.copy_from_slice(&sha256::digest(event_id.as_bytes())[..EVENT_TAG_BYTES]);
        Ok(EventKeys {
            event_id: event_id.to_owned(),
            tag,
            queue: self.derive("wr1|queue", event_id),
            admission: self.derive("wr1|admission", event_id),
            hold: self.derive("wr1|hold", event_id),
            ticket_code: self.derive("tc1|code", event_id),
            lease: self.derive_stable("wr1|lease", event_id),
            identity: self.derive_stable("wr1|identity", event_id),
        })
    }

    /// What belongs to no event.
    #[must_use]
    pub fn platform(&self) -> PlatformKeys {
        PlatformKeys { order: self.derive("pl1|order", ""), signed: self.derive("pl1|signed", "") }
    }

    fn derive(&self, label: &str, context: &str) -> KeySet {
        KeySet {
            keys: self.masters.iter().map(|master| (master.id, master.derive(label, context))).collect(),
        }
    }

    /// A key that names things instead of signing them. It comes from the lowest key id of the ring, so the names
    /// stay the same through a rotation, in whatever order its steps list the keys, until the old key leaves.
    fn derive_stable(&self, label: &str, context: &str) -> MacKey {
        let lowest = self.masters.iter().min_by_key(|master| master.id).unwrap_or(&self.masters[0]);
        lowest.derive(label, context)
    }
}

impl Master {
    fn derive(&self, label: &str, context: &str) -> MacKey {
        let mut key = [0; MASTER_BYTES];
        // Both lengths fit a byte: labels are constants of this file and a context is a checked event id.
        let lengths = [label.len() as u8, context.len() as u8];
        let info = [&lengths[..1], label.as_bytes(), &lengths[1..], context.as_bytes()];
        let expanded =
            Hkdf::<Sha256>::new(Some(SALT), self.key.as_slice()).expand_multi_info(&info, &mut key);
        debug_assert!(expanded.is_ok(), "HKDF refuses only more than 255 digests of output");
        let mac_key = MacKey::new(&key);
        key.zeroize();
        mac_key
    }
}

/// The keys of one purpose, by key id; the first signs.
pub struct KeySet {
    keys: Vec<(u8, MacKey)>,
}

impl KeySet {
    /// The key id to write and the key to sign with.
    #[inline]
    #[must_use]
    pub fn signing(&self) -> (u8, &MacKey) {
        let (id, key) = &self.keys[0];
        (*id, key)
    }

    /// The key a token names.
    #[inline]
    pub fn named(&self, id: u8) -> Result<&MacKey, TokenFault> {
        self.place(id).map(|place| self.at(place))
    }

    /// Where the key a token names stands in this set.
    #[inline]
    pub fn place(&self, id: u8) -> Result<usize, TokenFault> {
        self.keys.iter().position(|(known, _)| *known == id).ok_or(TokenFault::UnknownKey)
    }

    /// The key at a place given by [`Self::place`].
    #[inline]
    #[must_use]
    pub fn at(&self, place: usize) -> &MacKey {
        &self.keys[place].1
    }

    /// All keys, in the order of their places.
    pub fn all(&self) -> impl Iterator<Item = &MacKey> {
        self.keys.iter().map(|(_, key)| key)
    }
}

/// Everything of one event, its MAC states computed once.
pub struct EventKeys {
    pub(crate) event_id: String,
    pub(crate) tag: [u8; EVENT_TAG_BYTES],
    pub(crate) queue: KeySet,
    pub(crate) admission: KeySet,
    pub(crate) hold: KeySet,
    pub(crate) ticket_code: KeySet,
    lease: MacKey,
    identity: MacKey,
}

impl EventKeys {
    /// The event these keys belong to.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event_id
    }

    /// The one lease of a queue number: the same on every server and every retry.
    #[must_use]
    pub fn lease_id(&self, epoch: u64, number: u64) -> [u8; 16] {
        let mut message = [0; 16];
        message[..8].copy_from_slice(&epoch.to_be_bytes());
        message[8..].copy_from_slice(&number.to_be_bytes());
        self.lease.tag(&message)
    }

    /// A pseudonym for an identity, of use within this event alone.
    #[must_use]
    pub fn identity_digest(&self, identity: &[u8]) -> sha256::Digest {
        self.identity.mac(identity)
    }
}

/// The keys of what belongs to no event.
pub struct PlatformKeys {
    pub(crate) order: KeySet,
    pub(crate) signed: KeySet,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_refuses_no_key_three_keys_short_keys_and_a_repeated_id() {
        let key: &[u8] = &[7; 32];
        assert!(Keyring::new(&[]).is_err());
        assert!(Keyring::new(&[(1, key), (2, key), (3, key)]).is_err());
        assert!(Keyring::new(&[(1, &key[..31])]).is_err());
        assert!(Keyring::new(&[(1, key), (1, key)]).is_err());
        assert!(Keyring::new(&[(1, key), (2, key)]).is_ok());
    }

    #[test]
    fn names_stay_the_same_through_a_rotation_until_the_old_key_leaves() {
        let (old, new): (&[u8], &[u8]) = (&[1; 32], &[2; 32]);
        let steps: [&[(u8, &[u8])]; 4] =
            [&[(1, old)], &[(1, old), (2, new)], &[(2, new), (1, old)], &[(2, new)]];
        let names = steps.map(|keys| {
            let keys = Keyring::new(keys).unwrap().event("evt_1").unwrap();
            (keys.identity_digest(b"ada@example.org"), keys.lease_id(1, 2))
        });
        assert_eq!(names[0], names[1]);
        assert_eq!(names[1], names[2]);
        assert_ne!(names[2], names[3]);
    }

    #[test]
    fn event_ids_outside_1_to_64_bytes_are_refused() {
        let ring = Keyring::new(&[(1, &[1; 32])]).unwrap();
        assert!(ring.event("").is_err());
        assert!(ring.event(&"x".repeat(64)).is_ok());
        assert!(ring.event(&"x".repeat(65)).is_err());
    }
}
