//! The body of an answered hold request.

use std::fmt::Write as _;

use super::record::Record;
use super::{Desk, Labels};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The JSON of a hold, for the caller who asked for it.
pub struct Rendered {
    /// The body of the answer.
    pub json: Vec<u8>,
    /// The same key and body placed the hold before.
    pub replayed: bool,
}

impl Desk {
    /// The hold's JSON from the script's answer: `H` held or `R` replayed, then the record. None if the answer is
    /// a refusal, or the hold is of a shape this desk has no price for.
    #[must_use]
    pub fn render(&self, labels: &Labels, hold_id: &[u8; 16], answer: &[u8]) -> Option<Rendered> {
        let (letter, record) = answer.split_first()?;
        let replayed = match letter {
            b'H' => false,
            b'R' => true,
            _ => return None,
        };
        let record = Record::read(record)?;
        let first = record.runs().next()?;
        if record.promo != 0 || first.length == 0 || record.runs().any(|run| run.kind != first.kind) {
            return None;
        }
        let kind = self.terms.types.iter().find(|kind| kind.number == first.kind)?;
        let quantity: u16 = record.runs().map(|run| u16::from(run.length)).sum();
        let prices = self.prices.read().ok()?;
        let price = prices.get(&(first.kind, quantity))?;

        let (placed_at_ms, expires_at_ms) = (record.placed_at_ms, record.placed_at_ms + record.life_ms);
        let mut out = String::with_capacity(640 + price.json.len());
        out.push_str("{\"id\":\"hld_");
        push_ulid(&mut out, hold_id);
        let token = self.keys.mint_hold_token(hold_id);
        let _ = write!(
            out,
            "\",\"hold_token\":\"{token}\",\"event_id\":\"{}\",\"status\":\"{}\",\"expires_at\":\"",
            self.terms.event_id, record.state
        );
        push_rfc3339(&mut out, expires_at_ms);
        let _ =
            write!(out, "\",\"expires_at_ms\":{expires_at_ms},\"server_now_ms\":{placed_at_ms},\"items\":[");
        let mut rows: Vec<u32> = Vec::new();
        for (number, unit) in
            record.runs().flat_map(|run| run.unit..run.unit + u32::from(run.length)).enumerate()
        {
            let row = labels.row(unit);
            if row != 0 && !rows.contains(&row) {
                rows.push(row);
            }
            if number > 0 {
                out.push(',');
            }
            let _ = write!(
                out,
                "{{\"ticket_type_id\":\"{}\",\"unit\":{unit},{},\"price_cents\":{}}}",
                kind.id,
                labels.text(unit)?,
                kind.price_cents
            );
        }
        let _ = write!(
            out,
            "],\"allocation\":{{\"adjacent\":{},\"rows_used\":{},\"step\":{},\"orphans_created\":{}}},\"price\":{},\"promo_code\":null}}",
            record.adjacent,
            rows.len(),
            record.step,
            record.orphans_created,
            price.json
        );
        Some(Rendered { json: out.into_bytes(), replayed })
    }
}

/// 16 bytes as the 26 characters of a ULID.
fn push_ulid(out: &mut String, raw: &[u8; 16]) {
    let number = u128::from_be_bytes(*raw);
    for shift in (0..26).rev() {
        out.push(char::from(ALPHABET[(number >> (shift * 5) & 31) as usize]));
    }
}

/// Epoch ms as RFC 3339 in UTC with milliseconds.
fn push_rfc3339(out: &mut String, moment_ms: u64) {
    let (seconds, millis) = (moment_ms / 1000, moment_ms % 1000);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from days since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms").
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    );
}

#[cfg(test)]
mod tests {
    use super::{push_rfc3339, push_ulid};

    #[test]
    fn times_are_written_as_rfc3339() {
        for (moment_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_795_182_510_999, "2026-11-20T13:48:30.999Z"),
        ] {
            let mut out = String::new();
            push_rfc3339(&mut out, moment_ms);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn ids_are_written_in_crockford_base_32() {
        let mut out = String::new();
        push_ulid(&mut out, &[0xFF; 16]);
        assert_eq!(out, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    }
}
