//! The audit of a draw: a bundle that anyone can check without a key.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;

use super::{COHORT_MAX, DIGEST_BYTES_ALLOWED, ROUNDS, draw_seed, merkle_root, shuffle_all, shuffle_index};
use crate::error::{Error, Result};
use crate::sha256::{self, Digest};
use crate::token::peek_queue_ticket;

/// Most bytes of a bundle: about seven million people with 32-byte digests.
pub const BUNDLE_BYTES_MAX: usize = 512 << 20;
/// Single indexes recomputed by the other algorithm, spread over the cohort.
const SPOT_CHECKS: u32 = 64;

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawReport {
    /// The event drawn for.
    pub event_id: String,
    /// People in the draw.
    pub cohort_size: u32,
    /// The seed, recomputed.
    pub seed: Digest,
    /// The Merkle root, recomputed.
    pub merkle_root: Digest,
    /// The public value named in advance, empty if none was.
    pub beacon: String,
    /// Identity digests that occur more than once: 0 where everybody has one place.
    pub duplicate_identities: u32,
    /// The number of each ticket given, in order.
    pub tickets: Vec<TicketNumber>,
}

/// What one queue ticket drew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketNumber {
    /// Registration index stated by the ticket.
    pub index: u32,
    /// Queue number it drew.
    pub number: u32,
}

#[derive(Deserialize)]
struct Bundle<'a> {
    event_id: String,
    cohort_size: u64,
    #[serde(borrow)]
    commit: Cow<'a, str>,
    #[serde(borrow)]
    secret: Cow<'a, str>,
    #[serde(borrow)]
    merkle_root: Cow<'a, str>,
    #[serde(borrow)]
    seed: Cow<'a, str>,
    beacon: String,
    rounds: u64,
    #[serde(borrow)]
    identities: Vec<&'a str>,
}

/// Check commit, root, seed and bijection of a bundle, and the place of each ticket in it.
///
/// Tickets are read without authentication: their MAC needs the event's key, which an auditor does not have. What
/// is proven is that a ticket with this content has this number.
pub fn verify_draw(bundle_json: &[u8], tickets: &[&str]) -> Result<DrawReport> {
    if bundle_json.len() > BUNDLE_BYTES_MAX {
        return Err(wrong("malformed_bundle", format!("a bundle has at most {BUNDLE_BYTES_MAX} bytes")));
    }
    let bundle: Bundle<'_> =
        serde_json::from_slice(bundle_json).map_err(|error| wrong("malformed_bundle", error.to_string()))?;
    if bundle.rounds != u64::from(ROUNDS) {
        return Err(wrong("wrong_rounds", format!("{} rounds, the draw has {ROUNDS}", bundle.rounds)));
    }
    let cohort_size = cohort_size(&bundle)?;
    let secret = hex("secret", &bundle.secret)?;
    same("wrong_commit", "commit", &bundle.commit, &sha256::digest(&secret))?;
    let identities = Identities::parse(&bundle.identities)?;
    let root = merkle_root(&identities.bytes, identities.digest_bytes)?;
    same("wrong_merkle_root", "merkle_root", &bundle.merkle_root, &root)?;
    let seed = draw_seed(&secret, &root, bundle.cohort_size, bundle.beacon.as_bytes())
        .map_err(|error| wrong("malformed_bundle", error.to_string()))?;
    same("wrong_seed", "seed", &bundle.seed, &seed)?;
    let numbers = shuffle_all(&seed, cohort_size)?;
    check_bijection(&seed, &numbers)?;
    let tickets = tickets
        .iter()
        .enumerate()
        .map(|(at, ticket)| place(at, ticket, &bundle.event_id, &identities, &numbers))
        .collect::<Result<_>>()?;
    Ok(DrawReport {
        duplicate_identities: identities.duplicates(),
        event_id: bundle.event_id,
        cohort_size,
        seed,
        merkle_root: root,
        beacon: bundle.beacon,
        tickets,
    })
}

fn cohort_size(bundle: &Bundle<'_>) -> Result<u32> {
    let stated = bundle.cohort_size;
    if stated != bundle.identities.len() as u64 {
        let listed = bundle.identities.len();
        return Err(wrong(
            "wrong_cohort_size",
            format!("cohort_size is {stated}, {listed} identities are listed"),
        ));
    }
    u32::try_from(stated)
        .ok()
        .filter(|size| *size <= COHORT_MAX)
        .ok_or_else(|| wrong("wrong_cohort_size", format!("a cohort has at most {COHORT_MAX} people")))
}

/// Everybody has exactly one number, and the list agrees with the per-index definition where it is sampled.
fn check_bijection(seed: &Digest, numbers: &[u32]) -> Result<()> {
    let count = numbers.len() as u32;
    let mut seen = vec![false; numbers.len()];
    for &number in numbers {
        match seen.get_mut(number as usize) {
            Some(place) if !*place => *place = true,
            _ => {
                return Err(wrong(
                    "not_a_bijection",
                    format!("number {number} is drawn twice or out of range"),
                ));
            }
        }
    }
    for index in (0..count).step_by((count / SPOT_CHECKS).max(1) as usize) {
        if shuffle_index(seed, index, count)? != numbers[index as usize] {
            return Err(wrong("not_a_bijection", format!("index {index} has two numbers")));
        }
    }
    Ok(())
}

fn place(
    at: usize,
    ticket: &str,
    event_id: &str,
    cohort: &Identities,
    numbers: &[u32],
) -> Result<TicketNumber> {
    let refuse = |reason: &str| wrong("wrong_ticket", format!("ticket {at} {reason}"));
    let (ticket_event, ticket) = peek_queue_ticket(ticket).map_err(|_| refuse("is no queue ticket"))?;
    if ticket_event != event_id {
        return Err(refuse("is for another event"));
    }
    if ticket.live {
        return Err(refuse("was issued after the draw"));
    }
    let index = usize::try_from(ticket.number).unwrap_or(usize::MAX);
    let Some(&number) = numbers.get(index) else {
        return Err(refuse("has a registration index outside the cohort"));
    };
    if !cohort.belongs(index, &ticket.identity_digest) {
        return Err(refuse("is not the identity listed at its registration index"));
    }
    Ok(TicketNumber { index: index as u32, number })
}

/// The cohort's digests, end to end, all of one length.
struct Identities {
    bytes: Vec<u8>,
    digest_bytes: usize,
}

impl Identities {
    fn parse(texts: &[&str]) -> Result<Self> {
        let digest_bytes = texts.first().map_or(sha256::DIGEST_BYTES, |text| text.len() / 2);
        if !DIGEST_BYTES_ALLOWED.contains(&digest_bytes) {
            return Err(wrong("malformed_bundle", "an identity digest has 1 to 32 bytes".to_owned()));
        }
        let mut bytes = vec![0; texts.len() * digest_bytes];
        for (at, (text, digest)) in texts.iter().zip(bytes.chunks_exact_mut(digest_bytes)).enumerate() {
            decode_hex(text, digest).ok_or_else(|| {
                wrong(
                    "malformed_bundle",
                    format!("identities[{at}] is not {digest_bytes} bytes of lower-case hex"),
                )
            })?;
        }
        Ok(Self { bytes, digest_bytes })
    }

    fn at(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.digest_bytes..][..self.digest_bytes]
    }

    /// Bundle and ticket may truncate the same digest to different lengths; the shorter must begin the longer.
    fn belongs(&self, index: usize, digest: &[u8]) -> bool {
        let listed = self.at(index);
        listed.starts_with(digest) || digest.starts_with(listed)
    }

    fn duplicates(&self) -> u32 {
        let digests = self.bytes.chunks_exact(self.digest_bytes);
        let people = digests.len();
        (people - digests.collect::<HashSet<_>>().len()) as u32
    }
}

fn same(code: &'static str, name: &str, stated: &str, computed: &Digest) -> Result<()> {
    let computed = to_hex(computed);
    if stated == computed {
        Ok(())
    } else {
        Err(wrong(code, format!("{name} is {stated:.80}, computed {computed}")))
    }
}

fn hex(name: &str, text: &str) -> Result<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    decode_hex(text, &mut bytes)
        .map(|()| bytes)
        .ok_or_else(|| wrong("malformed_bundle", format!("{name} is not lower-case hex")))
}

/// Fill `bytes` from lower-case hex of exactly that length.
fn decode_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != bytes.len() {
        return None;
    }
    for ([high, low], byte) in pairs.iter().zip(bytes) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(())
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn wrong(code: &'static str, message: String) -> Error {
    Error::Draw { code, message }
}
