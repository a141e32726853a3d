//! Rows of the ledger as Postgres sends records, one after the other in one value (`string_agg(record_send(row), '')`).
//!
//! A record is its number of columns (i32), then for each column its type (u32), its length (i32, -1 for NULL) and its
//! bytes, all big-endian.

use crate::error::{Result, bad_argument};

use super::columns::Column;
use super::judge::Ticket;

const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000; // 2000-01-01
const POSTGRES_EPOCH_DAYS: i64 = 10_957;
/// Columns of a ticket: see [`ticket_of`].
const TICKET_COLUMNS: usize = 23;

/// Where a row stands in its table, and who wrote it: of two rows with both alike the second is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub place: (u32, u16),
    pub writer: u32,
}

impl Row {
    /// Write it into columns of places and of writers.
    pub(crate) fn write(self, [places, writers]: &mut [Column; 2]) {
        places.row(self.place);
        writers.number(i64::from(self.writer));
    }
}

/// Walks the records of one value.
pub(crate) struct Records<'a> {
    rest: &'a [u8],
}

/// The columns of one record, taken from the left, all of them.
pub(crate) struct Columns<'r, 'a> {
    rest: &'r mut &'a [u8],
    left: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    /// What is left to read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next record; None at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Columns<'_, 'a>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let left = be_i32(take(&mut self.rest, 4)?) as usize;
        Ok(Some(Columns { rest: &mut self.rest, left }))
    }
}

impl<'a> Columns<'_, 'a> {
    fn bytes(&mut self) -> Result<Option<&'a [u8]>> {
        if self.left == 0 {
            return Err(bad_argument("a record with too few columns"));
        }
        self.left -= 1;
        let length = be_i32(&take(self.rest, 8)?[4..]);
        if length < 0 { Ok(None) } else { take(self.rest, length as usize).map(Some) }
    }

    /// Refused: a record with more columns.
    pub(crate) fn end(&self) -> Result<()> {
        if self.left > 0 { Err(bad_argument("a record with too many columns")) } else { Ok(()) }
    }

    fn sized<const N: usize>(&mut self) -> Result<Option<[u8; N]>> {
        match self.bytes()? {
            None => Ok(None),
            Some(bytes) => bytes.try_into().map(Some).map_err(|_| bad_argument("a column of another size")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<Option<&'a str>> {
        match self.bytes()? {
            None => Ok(None),
            Some(bytes) => {
                std::str::from_utf8(bytes).map(Some).map_err(|_| bad_argument("a text that is no UTF-8"))
            }
        }
    }

    pub(crate) fn said(&mut self) -> Result<&'a str> {
        self.text()?.ok_or_else(|| bad_argument("a text that is missing"))
    }

    fn int(&mut self) -> Result<i32> {
        self.sized().map(|bytes| bytes.map_or(0, i32::from_be_bytes))
    }

    fn bigint(&mut self) -> Result<Option<i64>> {
        self.sized().map(|bytes| bytes.map(i64::from_be_bytes))
    }

    fn moment(&mut self) -> Result<Option<i64>> {
        Ok(self.bigint()?.map(|since| since + POSTGRES_EPOCH_US))
    }

    fn day(&mut self) -> Result<Option<i64>> {
        let days = self.sized()?.map(i32::from_be_bytes);
        Ok(days.map(|days| i64::from(days) + POSTGRES_EPOCH_DAYS))
    }

    fn truth(&mut self) -> Result<bool> {
        self.sized::<1>().map(|byte| byte == Some([1]))
    }

    fn xid(&mut self) -> Result<u32> {
        self.sized().map(|bytes| u32::from_be_bytes(bytes.unwrap_or_default()))
    }

    fn tid(&mut self) -> Result<(u32, u16)> {
        let [a, b, c, d, e, f] = self.sized()?.unwrap_or_default();
        Ok((u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, f])))
    }
}

/// A ticket from its record: ctid, xmin, unit, version, status, order_status, id, ticket_type_id, section, seat,
/// holder_name, checked_in_at, checked_in_gate, checked_in_device, inside, entries, entries_on, entries_today,
/// last_entry_at, last_entry_gate, revoked_seq; and its order's row, from that one's ctid, xmin.
pub(crate) fn ticket_of<'a>(columns: &mut Columns<'_, 'a>) -> Result<(Ticket<'a>, Row)> {
    if columns.left != TICKET_COLUMNS {
        return Err(bad_argument(format!("a ticket has {TICKET_COLUMNS} columns, not {}", columns.left)));
    }
    let ticket = Ticket {
        row: columns.tid()?,
        writer: columns.xid()?,
        unit: columns.int()? as u32,
        version: columns.int()?,
        status: columns.said()?,
        order_status: columns.said()?,
        id: columns.said()?,
        ticket_type_id: columns.said()?,
        section: columns.said()?,
        seat: columns.text()?,
        holder_name: columns.said()?,
        checked_in_at: columns.moment()?,
        checked_in_gate: columns.text()?,
        checked_in_device: columns.text()?,
        inside: columns.truth()?,
        entries: i64::from(columns.int()?),
        entries_on: columns.day()?,
        entries_today: i64::from(columns.int()?),
        last_entry_at: columns.moment()?,
        last_entry_gate: columns.text()?,
        revoked_seq: columns.bigint()?,
    };
    Ok((ticket, Row { place: columns.tid()?, writer: columns.xid()? }))
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Result<&'a [u8]> {
    let (taken, after) =
        rest.split_at_checked(size).ok_or_else(|| bad_argument("a record that ends too early"))?;
    *rest = after;
    Ok(taken)
}

fn be_i32(bytes: &[u8]) -> i32 {
    bytes.iter().fold(0_i32, |word, byte| word << 8 | i32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_ends_too_early_or_has_other_columns_is_refused() {
        assert!(Records::new(&[]).next().unwrap().is_none());
        assert!(Records::new(&[0, 0, 0]).next().is_err());
        let mut cut = Records::new(&[0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 9, 1]);
        assert!(cut.next().unwrap().unwrap().text().is_err());
        let mut records = Records::new(&[0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, b'h', b'i']);
        let mut columns = records.next().unwrap().unwrap();
        assert!(ticket_of(&mut columns).is_err());
        assert!(columns.end().is_err());
        assert_eq!(columns.text().unwrap(), Some("hi"));
        assert!(columns.text().is_err());
        assert!(columns.end().is_ok());
    }
}
