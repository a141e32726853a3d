//! A hold's record as the scripts keep it in Redis: the one layout, named here for Rust.
//!
//! A head of [`HEAD_BYTES`], whom it counts for (as long as the head's last byte says), and runs of [`RUN_BYTES`] each to the
//! end; numbers are big-endian. `engine/stores/lua/lib/inventory.lua` writes it, `engine/stores/sale/hold_records.py`
//! names it for Python, and `tests/stores/sale/test_hold_records.py` holds the three together.

use std::ops::Range;

const STATE: usize = 0;
const PLACED_AT_MS: Range<usize> = 1..7;
const LIFE_MS: Range<usize> = 7..10;
// Body hash and total stand in 10..18; nobody reads them here.
const ALLOCATION: usize = 18;
const PROMO: usize = 19;
const COUNTED_FOR_BYTES: usize = 20;
const HEAD_BYTES: usize = 21;
const RUN_BYTES: usize = 5;

/// Longest life of a hold that its 23 bits carry, in ms; the bit above says whether its units count for somebody.
pub const LIFE_MS_MAX: u32 = 0x007F_FFFF;

/// What the desk reads of a record.
pub(super) struct Record<'a> {
    pub(super) state: &'static str,
    pub(super) placed_at_ms: u64,
    pub(super) life_ms: u64,
    /// In which step the units were found.
    pub(super) step: u8,
    pub(super) adjacent: bool,
    pub(super) orphans_created: u8,
    /// The promo code's number, 0 for none.
    pub(super) promo: u8,
    runs: &'a [u8],
}

/// Neighbouring units of one ticket type.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) kind: u8,
    pub(super) unit: u32,
    pub(super) length: u8,
}

impl<'a> Record<'a> {
    /// `None` if the bytes are no record.
    pub(super) fn read(raw: &'a [u8]) -> Option<Self> {
        let head = raw.get(..HEAD_BYTES)?;
        let runs = raw.get(HEAD_BYTES + usize::from(head[COUNTED_FOR_BYTES])..)?;
        let allocation = head[ALLOCATION];
        Some(Self {
            state: match head[STATE] {
                1 => "held",
                2 => "ordering",
                3 => "ordered",
                _ => "ended",
            },
            placed_at_ms: number(&head[PLACED_AT_MS]),
            life_ms: number(&head[LIFE_MS]) & u64::from(LIFE_MS_MAX),
            step: allocation >> 5,
            adjacent: allocation & 16 != 0,
            orphans_created: allocation & 15,
            promo: head[PROMO],
            runs,
        })
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = Run> {
        self.runs.chunks_exact(RUN_BYTES).map(|run| Run {
            kind: run[0],
            unit: u32::from_be_bytes([0, run[1], run[2], run[3]]),
            length: run[4],
        })
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::Record;

    const RAW: &[u8] = b"\x02\x00\x00\x01\x02\x03\x04\x80\x00\x09hash\x00\x00\x0b\xb8\x52\x07\x02LL\x03\x00\x01\x00\x02\x03\x00\x02\x00\x01";

    #[test]
    fn every_field_of_a_record_is_read_from_its_place() {
        let record = Record::read(RAW).unwrap();
        assert_eq!((record.state, record.placed_at_ms, record.life_ms), ("ordering", 0x0102_0304, 9));
        assert_eq!((record.step, record.adjacent, record.orphans_created, record.promo), (2, true, 2, 7));
        let runs: Vec<_> = record.runs().map(|run| (run.kind, run.unit, run.length)).collect();
        assert_eq!(runs, [(3, 256, 2), (3, 512, 1)]);
    }

    #[test]
    fn bytes_that_break_off_are_no_record() {
        assert!((0..23).all(|end| Record::read(&RAW[..end]).is_none()));
    }
}
