//! What a chunk's verdicts ask of the ledger: the tickets that move, as columns of one statement.

use super::columns::Column;
use super::judge::{Terms, Ticket};
use super::swift::SwiftMap;

/// What a chunk's verdicts ask of the ledger.
#[derive(Debug, Default)]
pub struct Judged {
    /// How many scans it logs.
    pub lines: usize,
    /// They, packed.
    pub pack: Vec<u8>,
    /// How many tickets move.
    pub moves: usize,
    /// They all come to stand alike: all columns but row and writer have one value.
    pub alike: bool,
    /// Columns of the tickets that move: row, writer, inside, entries, entries_on (days), entries_today,
    /// last_entry_at (us), last_entry_gate, checked_in_at (us), checked_in_gate, checked_in_device (numbers from 1 of
    /// `names`).
    pub columns: Vec<String>,
    /// The gates and devices that `columns` name.
    pub names: String,
    /// The units that an entry would now find taken, as a bitmap in Redis's order; empty if there are none.
    pub taken: Vec<u8>,
    /// The units that are free again.
    pub free: Vec<u32>,
}

/// The columns of the tickets that move, in the order of their rows, so that uploads never wait for each other in turn.
pub(crate) fn moves(judged: &mut Judged, tickets: &[(Ticket<'_>, bool)], terms: &Terms, now_us: i64) {
    let mut moved: Vec<&Ticket<'_>> =
        tickets.iter().filter(|(_, moved)| *moved).map(|(ticket, _)| ticket).collect();
    moved.sort_unstable_by_key(|ticket| ticket.row);
    judged.moves = moved.len();
    let mut names = Names { numbers: SwiftMap::default(), column: Column::new() };
    let mut columns: [Column; 11] = std::array::from_fn(|_| Column::new());
    judged.alike = moved.windows(2).all(|pair| standing(pair[0]) == standing(pair[1]));
    for (number, ticket) in moved.iter().enumerate() {
        let [row, writer, inside, entries, on, today, last_at, last_gate, first_at, first_gate, device] =
            &mut columns;
        row.row(ticket.row);
        writer.number(i64::from(ticket.writer));
        if number == 0 || !judged.alike {
            inside.truth(ticket.inside);
            entries.number(ticket.entries);
            on.number(ticket.entries_on);
            today.number(ticket.entries_today);
            last_at.number(ticket.last_entry_at);
            last_gate.number(names.number(ticket.last_entry_gate));
            first_at.number(ticket.checked_in_at);
            first_gate.number(names.number(ticket.checked_in_gate));
            device.number(names.number(ticket.checked_in_device));
        }
        if terms.blocks_entry(ticket, now_us) {
            let byte = (ticket.unit >> 3) as usize;
            if judged.taken.len() <= byte {
                judged.taken.resize(byte + 1, 0);
            }
            judged.taken[byte] |= 0x80 >> (ticket.unit & 7);
        } else {
            judged.free.push(ticket.unit);
        }
    }
    judged.columns = columns.into_iter().map(Column::done).collect();
    judged.names = names.column.done();
}

/// All that a move writes.
fn standing<'a>(ticket: &Ticket<'a>) -> impl PartialEq + use<'a> {
    let Ticket { inside, entries, entries_on, entries_today, last_entry_at, last_entry_gate, .. } = *ticket;
    let Ticket { checked_in_at, checked_in_gate, checked_in_device, .. } = *ticket;
    let times = (entries_on, last_entry_at, checked_in_at);
    (inside, entries, entries_today, times, last_entry_gate, checked_in_gate, checked_in_device)
}

/// Names that columns speak of by number.
struct Names<'a> {
    numbers: SwiftMap<&'a str, i64>,
    column: Column,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: Option<&'a str>) -> Option<i64> {
        let name = name?;
        let next = self.numbers.len() as i64 + 1;
        Some(*self.numbers.entry(name).or_insert_with(|| {
            self.column.word(name);
            next
        }))
    }
}
