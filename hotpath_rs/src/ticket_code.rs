//! The code in a ticket's QR: fixed layout, no personal data, one inner hash block.
//!
//! ```text
//! version 1 | key id 1 | event 8 | unit 4 | ticket version 2 | not before 4 | expires 4 | tag 16   (big-endian)
//! tag = HMAC-SHA256("onsale|tc1|" || the 24 bytes before it), first 16 bytes
//! ```
//! 40 bytes, 54 characters of base64url. The MACed message has 35 bytes, at most 55 fit one inner block.

use crate::encoding::{self, SHORT_BYTES_MAX, ShortField};
use crate::error::{Result, TokenFault, bad_argument};
use crate::keys::{EVENT_TAG_BYTES, EventKeys};
use crate::mac::{MacKey, TAG_BYTES, Tag, tags_equal};
use crate::sha256::{BLOCK_BYTES, Block, LANES, SHORT_MESSAGE_BYTES_MAX, seal_block};
use crate::token::{ordered, within};

/// First byte of a ticket code: `C` for code, layout 1. A token starts with another byte.
pub const CODE_VERSION: u8 = 0xC1;
/// Characters of a ticket code.
pub const CODE_CHARS: usize = 54;
/// Bytes of one packed verdict of [`EventKeys::verify_ticket_codes`].
pub const VERDICT_BYTES: usize = 8;
/// Most codes in one call.
pub const CODES_MAX: usize = 100_000;

const DOMAIN: &[u8; 11] = b"onsale|tc1|";
const BODY_BYTES: usize = 24;
const CODE_BYTES: usize = BODY_BYTES + TAG_BYTES;
const MESSAGE_BYTES: usize = DOMAIN.len() + BODY_BYTES;
const _: () = assert!(MESSAGE_BYTES <= SHORT_MESSAGE_BYTES_MAX, "one inner block");
const _: () = assert!(CODE_BYTES <= SHORT_BYTES_MAX, "one register");
const _: () = assert!(BODY_BYTES == 2 + EVENT_TAG_BYTES + 4 + 2 + 4 + 4);

/// What an authentic code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketCode {
    /// The unit it admits to.
    pub unit: u32,
    /// The ticket's version; only the newest admits.
    pub version: u16,
    /// First second of validity, Unix time.
    pub not_before_s: u32,
    /// First second after it.
    pub expires_at_s: u32,
}

/// The verdict byte of a packed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// Authentic and within its times.
    Ok = 0,
    /// Not a ticket code in its canonical encoding.
    Malformed = 1,
    /// Signed with a key this ring does not hold.
    UnknownKey = 2,
    /// The MAC is not ours.
    BadSignature = 3,
    /// A code of another event.
    WrongEvent = 4,
    /// Authentic, but its time has not begun.
    NotYetValid = 5,
    /// Authentic, but its time is over.
    Expired = 6,
}

impl From<TokenFault> for Verdict {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Malformed | TokenFault::WrongKind => Self::Malformed,
            TokenFault::UnknownKey => Self::UnknownKey,
            TokenFault::BadSignature => Self::BadSignature,
            TokenFault::WrongEvent => Self::WrongEvent,
            TokenFault::NotYetValid => Self::NotYetValid,
            TokenFault::Expired => Self::Expired,
        }
    }
}

impl EventKeys {
    /// Sign a ticket code. Refused: an expiry that does not lie after the not-before time.
    pub fn mint_ticket_code(&self, ticket: &TicketCode) -> Result<String> {
        ordered(u64::from(ticket.not_before_s), u64::from(ticket.expires_at_s))?;
        let (key_id, key) = self.ticket_code.signing();
        let mut code = [0; 64];
        code[0] = CODE_VERSION;
        code[1] = key_id;
        code[2..10].copy_from_slice(&self.tag);
        code[10..14].copy_from_slice(&ticket.unit.to_be_bytes());
        code[14..16].copy_from_slice(&ticket.version.to_be_bytes());
        code[16..20].copy_from_slice(&ticket.not_before_s.to_be_bytes());
        code[20..24].copy_from_slice(&ticket.expires_at_s.to_be_bytes());
        let tag = key.tag_of_block(&message_block(&code));
        code[BODY_BYTES..CODE_BYTES].copy_from_slice(&tag);
        Ok(encoding::encode(&code[..CODE_BYTES]))
    }

    /// Believe a code, whatever the time is.
    pub fn read_ticket_code(&self, text: &[u8]) -> Result<TicketCode, TokenFault> {
        let mut code = [0; 64];
        let key = self.screen(text, &mut code)?;
        accept(&code, &self.ticket_code.at(key).tag_of_block(&message_block(&code)))
    }

    /// Believe a code at a time, with `leeway_s` on both ends.
    pub fn verify_ticket_code(
        &self,
        text: &[u8],
        now_s: u64,
        leeway_s: u64,
    ) -> Result<TicketCode, TokenFault> {
        let ticket = self.read_ticket_code(text)?;
        ticket.check_times(now_s, leeway_s)?;
        Ok(ticket)
    }

    /// Verdicts on many codes, in order: [`LANES`] MACs side by side, [`VERDICT_BYTES`] packed bytes a code.
    ///
    /// Layout: verdict u8, zero u8, ticket version u16 LE, unit u32 LE. Version and unit are filled for authentic
    /// codes (also those out of time) and zero for all others. Refused: more than [`CODES_MAX`] codes.
    pub fn verify_ticket_codes<'a>(
        &self,
        codes: impl IntoIterator<Item = &'a [u8]>,
        now_s: u64,
        leeway_s: u64,
    ) -> Result<Vec<u8>> {
        let codes = codes.into_iter();
        let mut verdicts = Vec::with_capacity(codes.size_hint().0.min(CODES_MAX) * VERDICT_BYTES);
        let mut lanes: Vec<Lanes<'_>> = self.ticket_code.all().map(Lanes::new).collect();
        let mut code = [0; 64];
        for text in codes {
            let place = verdicts.len();
            if place == CODES_MAX * VERDICT_BYTES {
                return Err(bad_argument(format!("at most {CODES_MAX} codes in one call")));
            }
            verdicts.extend_from_slice(&[0; VERDICT_BYTES]);
            match self.screen(text, &mut code) {
                Ok(key) => {
                    if lanes[key].take(&code, place) {
                        lanes[key].judge(now_s, leeway_s, &mut verdicts);
                    }
                }
                Err(fault) => verdicts[place] = Verdict::from(fault) as u8,
            }
        }
        for lanes in &mut lanes {
            lanes.judge(now_s, leeway_s, &mut verdicts);
        }
        Ok(verdicts)
    }

    /// [`Self::verify_ticket_codes`] of codes joined by newlines; an empty buffer holds no code.
    pub fn verify_ticket_code_lines(&self, codes: &[u8], now_s: u64, leeway_s: u64) -> Result<Vec<u8>> {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', codes).chain(std::iter::once(codes.len()));
        let lines = ends.map(|end| &codes[std::mem::replace(&mut start, end + 1)..end]);
        self.verify_ticket_codes(lines, now_s, leeway_s)
    }

    /// Decode into `code` and say everything that can be said before the MAC: the place of the key it must be made
    /// with. (Filled in place: passed by value, 40 bytes are copied at odd offsets and cost as much as a hash.)
    #[inline]
    fn screen(&self, text: &[u8], code: &mut ShortField) -> Result<usize, TokenFault> {
        encoding::decode_short(text, CODE_BYTES, code)?;
        if code[0] != CODE_VERSION {
            return Err(TokenFault::Malformed);
        }
        let key = self.ticket_code.place(code[1])?;
        if code[2..10] == self.tag { Ok(key) } else { Err(TokenFault::WrongEvent) }
    }
}

impl TicketCode {
    /// Whether the code's time is now, with `leeway_s` on both ends.
    pub fn check_times(&self, now_s: u64, leeway_s: u64) -> Result<(), TokenFault> {
        within(u64::from(self.not_before_s), u64::from(self.expires_at_s), now_s, leeway_s)
    }
}

/// Codes of one key, parsed and waiting until there are enough of them to hash side by side.
struct Lanes<'a> {
    key: &'a MacKey,
    filled: usize,
    codes: [ShortField; LANES],
    blocks: [Block; LANES],
    places: [usize; LANES],
}

impl<'a> Lanes<'a> {
    fn new(key: &'a MacKey) -> Self {
        let codes = [[0; 64]; LANES];
        Self { key, filled: 0, codes, blocks: codes.map(|code| message_block(&code)), places: [0; LANES] }
    }

    /// Add a code whose packed verdict belongs at `place`; true when no further one fits.
    #[inline]
    fn take(&mut self, code: &ShortField, place: usize) -> bool {
        let lane = self.filled;
        self.blocks[lane][DOMAIN.len()..MESSAGE_BYTES].copy_from_slice(&code[..BODY_BYTES]);
        self.codes[lane] = *code;
        self.places[lane] = place;
        self.filled += 1;
        self.filled == LANES
    }

    /// Judge what waits; lanes beyond it hash stale blocks that nobody looks at.
    #[inline]
    fn judge(&mut self, now_s: u64, leeway_s: u64, verdicts: &mut [u8]) {
        let tags = self.key.tags_of_blocks(&self.blocks);
        for ((code, tag), place) in self.codes.iter().zip(&tags).zip(self.places).take(self.filled) {
            if let Some(packed) = verdicts[place..].first_chunk_mut::<VERDICT_BYTES>() {
                *packed = packed_verdict(code, tag, now_s, leeway_s);
            }
        }
        self.filled = 0;
    }
}

#[inline]
fn packed_verdict(code: &ShortField, tag: &Tag, now_s: u64, leeway_s: u64) -> [u8; VERDICT_BYTES] {
    let mut packed = [0; VERDICT_BYTES];
    match accept(code, tag) {
        Ok(ticket) => {
            let verdict = ticket.check_times(now_s, leeway_s).map_or_else(Verdict::from, |()| Verdict::Ok);
            packed[0] = verdict as u8;
            packed[2..4].copy_from_slice(&ticket.version.to_le_bytes());
            packed[4..8].copy_from_slice(&ticket.unit.to_le_bytes());
        }
        Err(fault) => packed[0] = Verdict::from(fault) as u8,
    }
    packed
}

/// The padded inner block of a code's MAC.
#[inline]
fn message_block(code: &ShortField) -> Block {
    let mut block = [0; BLOCK_BYTES];
    block[..DOMAIN.len()].copy_from_slice(DOMAIN);
    block[DOMAIN.len()..MESSAGE_BYTES].copy_from_slice(&code[..BODY_BYTES]);
    seal_block(&mut block, MESSAGE_BYTES, BLOCK_BYTES);
    block
}

/// The content of a code whose tag is `tag`.
#[inline]
fn accept(code: &ShortField, tag: &Tag) -> Result<TicketCode, TokenFault> {
    let mut stated = [0; TAG_BYTES];
    stated.copy_from_slice(&code[BODY_BYTES..CODE_BYTES]);
    if !tags_equal(tag, &stated) {
        return Err(TokenFault::BadSignature);
    }
    let word = |at: usize| u32::from_be_bytes([code[at], code[at + 1], code[at + 2], code[at + 3]]);
    Ok(TicketCode {
        unit: word(10),
        version: u16::from_be_bytes([code[14], code[15]]),
        not_before_s: word(16),
        expires_at_s: word(20),
    })
}
