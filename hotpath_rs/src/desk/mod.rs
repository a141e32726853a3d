//! The hold desk: what one process needs to answer the usual hold request in a few microseconds.
//!
//! A usual request names one ticket type and a quantity. [`Desk::prepare`] reads it, checks it against the event's
//! terms and packs it for the script `hold_place`; [`Desk::render`] turns the script's answer into the JSON body.
//! Whatever is not usual, or would be refused, is `None`: the caller then takes the long way, which explains itself.

mod labels;
mod record;
mod render;
mod terms;

use std::collections::HashMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU8, Ordering};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use labels::Labels;
pub use record::LIFE_MS_MAX;
pub use render::Rendered;
pub use terms::{Pick, Terms, TypeTerms};

use crate::keys::EventKeys;

/// Bytes of a hold's reference: the first of its id.
pub const REF_BYTES: usize = 8;
const HASH_BYTES: usize = 4;
const PRICES_MAX: usize = 512;
const FREE: u8 = 0x40;
const PERSON: &[u8] = b"person:";
const PERSON_BYTES: usize = 8;

/// The price of `quantity` tickets of one type: the total and the ready `price` object of the answer.
#[derive(Clone, Debug)]
pub struct Price {
    /// Total in cents.
    pub total_cents: u32,
    /// JSON of the `price` object.
    pub json: String,
}

/// One event's desk. Terms never change (a change makes another desk); prices are learnt, the orphan policy is set.
pub struct Desk {
    terms: Terms,
    keys: EventKeys,
    types: HashMap<String, usize>,
    policies: Vec<AtomicU8>,
    prices: RwLock<HashMap<(u8, u16), Price>>,
}

/// A request ready for the script.
#[derive(Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The hold's id; its first 8 bytes are the reference.
    pub hold_id: [u8; 16],
    /// The item as `hold_place` reads it.
    pub item: Vec<u8>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    items: Vec<RequestItem<'a>>,
    #[serde(default)]
    promo_code: Option<&'a str>,
}

#[derive(Deserialize)]
struct RequestItem<'a> {
    #[serde(borrow)]
    ticket_type_id: &'a str,
    quantity: u16,
    #[serde(default)]
    seats: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    accessible: u16,
    #[serde(default)]
    section: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    split: Option<bool>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    event_id: &'a str,
}

/// The event a hold request names, where the body is JSON with a plain string there.
#[must_use]
pub fn event_of(body: &[u8]) -> Option<&str> {
    serde_json::from_slice::<Named<'_>>(body).ok().map(|named| named.event_id)
}

impl Desk {
    /// A desk for these terms.
    #[must_use]
    pub fn new(terms: Terms, keys: EventKeys) -> Self {
        let types = terms.types.iter().enumerate().map(|(i, kind)| (kind.id.clone(), i)).collect();
        let policies = terms.types.iter().map(|kind| AtomicU8::new(kind.policy)).collect();
        Self { terms, keys, types, policies, prices: RwLock::default() }
    }

    /// Keep a price; `total_cents` must fit 32 bits.
    pub fn learn(&self, type_number: u8, quantity: u16, price: Price) {
        if let Ok(mut prices) = self.prices.write()
            && prices.len() < PRICES_MAX
        {
            prices.insert((type_number, quantity), price);
        }
    }

    /// The orphan policy of a ticket type from now on: 0 off, 1 strict, 2 lenient.
    pub fn set_policy(&self, type_number: u8, policy: u8) {
        for (kind, kept) in self.terms.types.iter().zip(&self.policies) {
            if kind.number == type_number {
                kept.store(policy.min(2), Ordering::Relaxed);
            }
        }
    }

    /// Read, check and pack a usual request at `now_ms`; `block` are the bytes that the caller's part of the network
    /// is counted under, none if it is not.
    #[must_use]
    pub fn prepare(
        &self,
        body: &[u8],
        principal: &[u8],
        key: &[u8],
        admission: Option<&str>,
        block: &[u8],
        now_ms: u64,
    ) -> Option<Prepared> {
        let terms = &self.terms;
        // Where there is a room, it decides the opening: who was let in may buy.
        if now_ms >= terms.closes_at_ms || (now_ms < terms.opens_at_ms && !terms.room_enabled) {
            return None;
        }
        let request: Request<'_> = serde_json::from_slice(body).ok()?;
        let [item] = request.items.as_slice() else { return None };
        let plain = item.seats.is_none()
            && item.section.is_none()
            && item.accessible == 0
            && item.split != Some(false);
        if !plain || request.promo_code.is_some() || item.quantity == 0 {
            return None;
        }
        let place = *self.types.get(item.ticket_type_id)?;
        let kind = &terms.types[place];
        let open = now_ms >= kind.sales_start_at_ms && now_ms < kind.sales_end_at_ms;
        if !open || item.quantity > kind.max_per_order || item.quantity > terms.max_per_buyer {
            return None;
        }
        let mut counted_for = match (terms.room_enabled, admission) {
            (false, _) => self.person(principal),
            (true, None) => return None,
            (true, Some(token)) => {
                self.keys.verify_admission(token, now_ms, terms.admission_leeway_ms).ok()?.lease_id.to_vec()
            }
        };
        counted_for.extend_from_slice(block);
        let total_cents = self.prices.read().ok()?.get(&(kind.number, item.quantity))?.total_cents;
        let hold_id = self.hold_id(principal, key);
        let item = self.pack(kind, place, item.quantity, hold_id, body, total_cents, &counted_for)?;
        Some(Prepared { hold_id, item })
    }

    /// The bytes that a signed-in person's units are counted under, none for anybody else.
    fn person(&self, principal: &[u8]) -> Vec<u8> {
        if !principal.starts_with(PERSON) {
            return Vec::with_capacity(PERSON_BYTES);
        }
        let digest = self.keys.identity_digest(&[b"buyer\0", principal].concat());
        digest[..PERSON_BYTES].to_vec()
    }

    /// A hold's id: the principal and the idempotency key under the event's own key, so nobody can guess another's.
    #[must_use]
    pub fn hold_id(&self, principal: &[u8], key: &[u8]) -> [u8; 16] {
        let mut message = Vec::with_capacity(6 + principal.len() + key.len());
        message.extend_from_slice(b"hold\0");
        message.extend_from_slice(principal);
        message.push(0);
        message.extend_from_slice(key);
        let digest = self.keys.identity_digest(&message);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        id
    }

    #[allow(clippy::too_many_arguments)] // the fields of one packed item, in its order
    fn pack(
        &self,
        kind: &TypeTerms,
        place: usize,
        quantity: u16,
        hold_id: [u8; 16],
        body: &[u8],
        total_cents: u32,
        counted_for: &[u8],
    ) -> Option<Vec<u8>> {
        let count = u8::try_from(quantity).ok()?;
        let mut out = Vec::with_capacity(96);
        out.extend_from_slice(&hold_id[..REF_BYTES]);
        out.extend_from_slice(&body_hash(body));
        out.extend_from_slice(&self.terms.hold_ttl_ms.min(LIFE_MS_MAX).to_be_bytes()[1..]);
        out.extend_from_slice(&total_cents.to_be_bytes());
        out.extend_from_slice(&[0, 0, 0, 0]); // no promo code
        out.push(u8::try_from(counted_for.len()).ok()?);
        out.extend_from_slice(counted_for);
        out.extend_from_slice(&self.terms.max_per_buyer.to_be_bytes());
        out.extend_from_slice(&[1, FREE]);
        match kind.capacity {
            Some(most) => {
                out.extend_from_slice(&[1, kind.number]);
                out.extend_from_slice(&most.min(0x00FF_FFFF).to_be_bytes()[1..]);
            }
            None => out.push(0),
        }
        out.push(1);
        match &kind.pick {
            Pick::General { first, size } => {
                out.push(1);
                out.extend_from_slice(&first.to_be_bytes()[1..]);
                out.extend_from_slice(&size.to_be_bytes()[1..]);
            }
            Pick::Tape { names } => {
                let name = names.get(usize::from(quantity).checked_sub(1)?)?;
                out.push(2);
                out.push(u8::try_from(name.len()).ok()?);
                out.extend_from_slice(name.as_bytes());
                out.push(self.policies[place].load(Ordering::Relaxed));
            }
            Pick::Planned => return None,
        }
        out.extend_from_slice(&[1, kind.number, count]);
        Some(out)
    }
}

/// Four bytes that tell two bodies under one idempotency key apart.
#[must_use]
pub fn body_hash(body: &[u8]) -> [u8; HASH_BYTES] {
    let digest = Sha256::digest(body);
    [digest[0], digest[1], digest[2], digest[3]]
}
