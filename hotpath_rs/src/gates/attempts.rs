//! A scan of an upload, placed in time and its code read.

use crate::error::TokenFault;
use crate::keys::EventKeys;
use crate::ticket_code::Verdict;

use super::body::Item;
use super::judge::Reason;
use super::moment::SECOND_US;

/// A device's clock may be ahead by this much before it is flagged.
const FUTURE_US_MAX: i64 = 120 * SECOND_US;
/// A scan that is older was never made.
const PAST_US_MAX: i64 = 72 * 3600 * SECOND_US;
/// An upload this old was judged by the device, if it had a bundle; and if we know of none.
const OFFLINE_AFTER_US: i64 = SECOND_US;
const OFFLINE_UNTOLD_AFTER_US: i64 = 10 * SECOND_US;
const OFFSET_MS_MAX: i64 = (1 << 31) - 1;

/// The device behind an upload.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Scanner {
    pub device_id: String,
    /// How people are told where a scan without a gate was: the device's name, else its id.
    pub shown_name: String,
    pub default_gate: Option<String>,
    pub bundle_us: Option<i64>,
    pub revoked_us: Option<i64>,
    pub cursor_seq: i64,
}

/// One reading, placed in time.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    pub failed: Option<Reason>,
    pub unit: Option<u32>,
    pub version: u16,
    pub not_before_s: u32,
    pub scanned_at: i64,
    pub counted_at: i64,
    pub offset_ms: i64,
    pub offline: bool,
    pub flagged: bool,
}

/// An uploaded reading: online, or judged by the device some time ago and then placed in time.
pub(crate) fn placed(item: &Item, scanner: &Scanner, received_us: i64) -> Attempt {
    let earliest = (received_us - PAST_US_MAX).max(scanner.bundle_us.unwrap_or(i64::MIN)).min(received_us);
    let (at, flagged) = match item.scanned_at.map(|said| said + item.offset_ms * 1000) {
        None => (received_us, true),
        Some(moment) if moment > received_us => (received_us, moment > received_us + FUTURE_US_MAX),
        Some(moment) if moment < received_us - PAST_US_MAX => (received_us, true),
        Some(moment) => (moment.max(earliest), false),
    };
    let (offline, failed) = match scanner.revoked_us {
        // Whatever it says of itself: it speaks of the past.
        Some(revoked_us) => (true, (at >= revoked_us).then_some(Reason::RevokedDevice)),
        None => {
            let after = if scanner.bundle_us.is_some() { OFFLINE_AFTER_US } else { OFFLINE_UNTOLD_AFTER_US };
            (item.offline.unwrap_or(at < received_us - after), None)
        }
    };
    Attempt {
        failed,
        unit: None,
        version: 0,
        not_before_s: 0,
        scanned_at: item.scanned_at.unwrap_or(received_us),
        counted_at: if offline { at } else { received_us },
        offset_ms: item.offset_ms.clamp(-OFFSET_MS_MAX, OFFSET_MS_MAX),
        offline,
        flagged,
    }
}

/// What its code says; `word` is its packed verdict.
pub(crate) fn verified(attempt: &mut Attempt, keys: &EventKeys, code: &[u8], word: &[u8]) {
    let [verdict, _, v1, v2, u1, u2, u3, u4] = *word else { return };
    attempt.failed = match verdict {
        1 => Some(Reason::Malformed),
        2 => Some(Reason::UnknownKey),
        3 => Some(Reason::BadSignature),
        4 => Some(Reason::WrongEvent),
        _ => None,
    };
    if attempt.failed.is_some() {
        return;
    }
    attempt.version = u16::from_le_bytes([v1, v2]);
    attempt.unit = Some(u32::from_le_bytes([u1, u2, u3, u4])).filter(|&unit| unit <= i32::MAX as u32);
    if verdict != Verdict::Ok as u8 {
        match keys.read_ticket_code(code) {
            Ok(read) => attempt.not_before_s = read.not_before_s,
            Err(TokenFault::UnknownKey) => attempt.failed = Some(Reason::UnknownKey),
            Err(_) => attempt.failed = Some(Reason::Malformed),
        }
    }
}
