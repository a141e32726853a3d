//! The tokens of the buyer's journey: queue ticket, admission, hold; and those of the platform: order, signed.

use crate::encoding::put_field;
use crate::envelope::{Draft, Kind, Opened};
use crate::error::{Error, Result, TokenFault, bad_argument};
use crate::keys::{EVENT_ID_BYTES_MAX, EventKeys, PlatformKeys};

/// Fewest and most bytes of an identity digest in a queue ticket.
pub const IDENTITY_DIGEST_BYTES: std::ops::RangeInclusive<usize> = 8..=32;
/// A device-key hash is absent (0 bytes) or at most a SHA-256 digest.
pub const DEVICE_KEY_HASH_BYTES: std::ops::RangeInclusive<usize> = 0..=32;
/// Bytes of a lease id.
pub const LEASE_ID_BYTES: usize = 16;
/// Bytes of a hold id.
pub const HOLD_ID_BYTES: usize = 16;
/// Bytes of an order id.
pub const ORDER_ID_BYTES: std::ops::RangeInclusive<usize> = 1..=64;
/// Bytes of the purpose of a signed token.
pub const PURPOSE_BYTES: std::ops::RangeInclusive<usize> = 1..=32;
/// Most bytes of the payload of a signed token.
pub const SIGNED_PAYLOAD_BYTES_MAX: usize = 1024;

const EVENT_ID_BYTES: std::ops::RangeInclusive<usize> = 1..=EVENT_ID_BYTES_MAX;

/// A place in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueTicket {
    /// The room's epoch in which the number was issued.
    pub epoch: u64,
    /// False: `number` is a registration index of the cohort. True: it is a queue number in order of arrival.
    pub live: bool,
    /// Registration index or queue number.
    pub number: u64,
    /// Whose place it is, 8 to 32 bytes.
    pub identity_digest: Vec<u8>,
    /// The device it is bound to, empty if none.
    pub device_key_hash: Vec<u8>,
    /// When the ticket was issued, Unix milliseconds.
    pub issued_at_ms: u64,
}

/// Proof of being let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The lease it stands on.
    pub lease_id: [u8; LEASE_ID_BYTES],
    /// The device it is bound to, empty if none.
    pub device_key_hash: Vec<u8>,
    /// First millisecond of validity.
    pub not_before_ms: u64,
    /// First millisecond after it.
    pub expires_at_ms: u64,
}

impl EventKeys {
    /// Sign a queue ticket.
    pub fn mint_queue_ticket(&self, ticket: &QueueTicket) -> Result<String> {
        let mut draft = self.draft(Kind::Queue);
        draft.bytes.extend_from_slice(&ticket.epoch.to_be_bytes());
        draft.bytes.push(u8::from(ticket.live));
        draft.bytes.extend_from_slice(&ticket.number.to_be_bytes());
        put_field(&mut draft.bytes, "identity_digest", &ticket.identity_digest, IDENTITY_DIGEST_BYTES)?;
        put_field(&mut draft.bytes, "device_key_hash", &ticket.device_key_hash, DEVICE_KEY_HASH_BYTES)?;
        draft.bytes.extend_from_slice(&ticket.issued_at_ms.to_be_bytes());
        Ok(draft.seal())
    }

    /// Believe a queue ticket, or say why not.
    pub fn verify_queue_ticket(&self, text: &str) -> Result<QueueTicket, TokenFault> {
        let opened = Opened::of_kind(Kind::Queue, text)?;
        let (event_id, ticket) = parse_queue_ticket(&opened)?;
        self.authenticate(&opened, event_id)?;
        Ok(ticket)
    }

    /// Sign an admission token.
    pub fn mint_admission(&self, admission: &Admission) -> Result<String> {
        ordered(admission.not_before_ms, admission.expires_at_ms)?;
        let mut draft = self.draft(Kind::Admission);
        draft.bytes.extend_from_slice(&admission.lease_id);
        put_field(&mut draft.bytes, "device_key_hash", &admission.device_key_hash, DEVICE_KEY_HASH_BYTES)?;
        draft.bytes.extend_from_slice(&admission.not_before_ms.to_be_bytes());
        draft.bytes.extend_from_slice(&admission.expires_at_ms.to_be_bytes());
        Ok(draft.seal())
    }

    /// Believe an admission token at a time, with `leeway_ms` on both ends.
    pub fn verify_admission(&self, text: &str, now_ms: u64, leeway_ms: u64) -> Result<Admission, TokenFault> {
        let opened = Opened::of_kind(Kind::Admission, text)?;
        let mut fields = opened.fields();
        let event_id = fields.text(EVENT_ID_BYTES)?;
        let admission = Admission {
            lease_id: fields.fixed()?,
            device_key_hash: fields.field(DEVICE_KEY_HASH_BYTES)?.to_vec(),
            not_before_ms: fields.number()?,
            expires_at_ms: fields.number()?,
        };
        fields.end()?;
        self.authenticate(&opened, event_id)?;
        within(admission.not_before_ms, admission.expires_at_ms, now_ms, leeway_ms)?;
        Ok(admission)
    }

    /// Sign the right to a hold.
    #[must_use]
    pub fn mint_hold_token(&self, hold_id: &[u8; HOLD_ID_BYTES]) -> String {
        let mut draft = self.draft(Kind::Hold);
        draft.bytes.extend_from_slice(hold_id);
        draft.seal()
    }

    /// The hold a token gives the right to.
    pub fn verify_hold_token(&self, text: &str) -> Result<[u8; HOLD_ID_BYTES], TokenFault> {
        let opened = Opened::of_kind(Kind::Hold, text)?;
        let mut fields = opened.fields();
        let event_id = fields.text(EVENT_ID_BYTES)?;
        let hold_id = fields.fixed()?;
        fields.end()?;
        self.authenticate(&opened, event_id)?;
        Ok(hold_id)
    }

    fn draft(&self, kind: Kind) -> Draft<'_> {
        let mut draft = Draft::new(kind, self.keys_of(kind));
        // `Keyring::event` refused any id whose length does not fit the byte.
        draft.bytes.push(self.event_id.len() as u8);
        draft.bytes.extend_from_slice(self.event_id.as_bytes());
        draft
    }

    fn authenticate(&self, opened: &Opened, event_id: &str) -> Result<(), TokenFault> {
        let mismatch = (event_id != self.event_id).then_some(TokenFault::WrongEvent);
        opened.authenticate(self.keys_of(opened.kind), mismatch)
    }

    fn keys_of(&self, kind: Kind) -> &crate::keys::KeySet {
        match kind {
            Kind::Queue => &self.queue,
            Kind::Admission => &self.admission,
            Kind::Hold | Kind::Order | Kind::Signed => &self.hold,
        }
    }
}

impl PlatformKeys {
    /// Sign the right to see and pay an order.
    pub fn mint_order_token(&self, order_id: &str) -> Result<String> {
        let mut draft = Draft::new(Kind::Order, &self.order);
        put_field(&mut draft.bytes, "order_id", order_id.as_bytes(), ORDER_ID_BYTES)?;
        Ok(draft.seal())
    }

    /// The order a token gives the right to.
    pub fn verify_order_token(&self, text: &str) -> Result<String, TokenFault> {
        let opened = Opened::of_kind(Kind::Order, text)?;
        let mut fields = opened.fields();
        let order_id = fields.text(ORDER_ID_BYTES)?;
        fields.end()?;
        opened.authenticate(&self.order, None)?;
        Ok(order_id.to_owned())
    }

    /// Sign a payload for one purpose until a time.
    pub fn mint_signed(&self, purpose: &str, payload: &[u8], expires_at_ms: u64) -> Result<String> {
        if payload.len() > SIGNED_PAYLOAD_BYTES_MAX {
            return Err(bad_argument(format!("a payload has at most {SIGNED_PAYLOAD_BYTES_MAX} bytes")));
        }
        let mut draft = Draft::new(Kind::Signed, &self.signed);
        put_field(&mut draft.bytes, "purpose", purpose.as_bytes(), PURPOSE_BYTES)?;
        draft.bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        draft.bytes.extend_from_slice(payload);
        draft.bytes.extend_from_slice(&expires_at_ms.to_be_bytes());
        Ok(draft.seal())
    }

    /// The payload signed for this purpose, while it lasts.
    pub fn verify_signed(&self, purpose: &str, text: &str, now_ms: u64) -> Result<Vec<u8>, TokenFault> {
        let opened = Opened::of_kind(Kind::Signed, text)?;
        let mut fields = opened.fields();
        let stated_purpose = fields.text(PURPOSE_BYTES)?;
        let payload_bytes = usize::from(u16::from_be_bytes(fields.fixed()?));
        if payload_bytes > SIGNED_PAYLOAD_BYTES_MAX {
            return Err(TokenFault::Malformed);
        }
        let payload = fields.bytes(payload_bytes)?;
        let expires_at_ms = fields.number()?;
        fields.end()?;
        let mismatch = (stated_purpose != purpose).then_some(TokenFault::WrongKind);
        opened.authenticate(&self.signed, mismatch)?;
        within(0, expires_at_ms, now_ms, 0)?;
        Ok(payload.to_vec())
    }
}

/// The event a queue ticket, admission or hold token names. **Not authenticated**: only good for choosing the key.
pub fn peek_event(text: &str) -> Result<String, TokenFault> {
    let opened = Opened::of_any_kind(text)?;
    if !opened.kind.names_an_event() {
        return Err(TokenFault::WrongKind);
    }
    Ok(opened.fields().text(EVENT_ID_BYTES)?.to_owned())
}

/// What a queue ticket says, **not authenticated**: for the public check of a draw, which knows no key.
pub fn peek_queue_ticket(text: &str) -> Result<(String, QueueTicket), TokenFault> {
    let opened = Opened::of_kind(Kind::Queue, text)?;
    parse_queue_ticket(&opened).map(|(event_id, ticket)| (event_id.to_owned(), ticket))
}

fn parse_queue_ticket(opened: &Opened) -> Result<(&str, QueueTicket), TokenFault> {
    let mut fields = opened.fields();
    let event_id = fields.text(EVENT_ID_BYTES)?;
    let ticket = QueueTicket {
        epoch: fields.number()?,
        live: match fields.byte()? {
            0 => false,
            1 => true,
            _ => return Err(TokenFault::Malformed),
        },
        number: fields.number()?,
        identity_digest: fields.field(IDENTITY_DIGEST_BYTES)?.to_vec(),
        device_key_hash: fields.field(DEVICE_KEY_HASH_BYTES)?.to_vec(),
        issued_at_ms: fields.number()?,
    };
    fields.end()?;
    Ok((event_id, ticket))
}

/// Validity is the half-open interval `[not_before, expires_at)`, widened by `leeway` on both ends.
pub(crate) fn within(not_before: u64, expires_at: u64, now: u64, leeway: u64) -> Result<(), TokenFault> {
    if now.saturating_add(leeway) < not_before {
        return Err(TokenFault::NotYetValid);
    }
    if now >= expires_at.saturating_add(leeway) {
        return Err(TokenFault::Expired);
    }
    Ok(())
}

/// A validity that would be empty is a mistake of the caller.
pub(crate) fn ordered(not_before: u64, expires_at: u64) -> Result<(), Error> {
    if not_before < expires_at {
        Ok(())
    } else {
        Err(bad_argument("the expiry must lie after the not-before time"))
    }
}
