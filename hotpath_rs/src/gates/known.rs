//! The tickets of an event that this process has read before and that plainly admit: a guess, never the truth. Their
//! rows' places and writers are asked of the ledger in the transaction that answers; one that was written since has
//! others. So a ticket that nobody wrote is looked for, not read and sent again.
//!
//! Only what nothing but its own row and its order's row can change is remembered: a ticket whose unit has a newer one
//! is refunded or cancelled (`tickets_one_live_per_unit`), and the number of a revocation is asked for no ticket that
//! admits.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Result, bad_argument};

use super::columns::Column;
use super::judge::{Terms, Ticket};
use super::records::{Records, Row, ticket_of};
use super::swift::SwiftMap;

/// Most tickets of one event; when there are more all are forgotten.
const TICKETS_MAX: usize = 60_000;

/// One ticket as it was read.
#[derive(Debug)]
pub(crate) struct Remembered {
    unit: u32,
    record: Box<[u8]>,
    row: Row,
    order: Row,
}

impl Remembered {
    /// What was read. Refused: never, of what was read once.
    pub(crate) fn ticket(&self) -> Result<Ticket<'_>> {
        let mut records = Records::new(&self.record);
        let mut columns = records.next()?.ok_or_else(|| bad_argument("a record that is empty"))?;
        ticket_of(&mut columns).map(|(ticket, _)| ticket)
    }

    pub(crate) fn unit(&self) -> u32 {
        self.unit
    }
}

/// The tickets of an event that were read before.
#[derive(Default)]
pub struct Known {
    tickets: SwiftMap<u32, Arc<Remembered>>,
}

/// What the ledger is asked about tickets that were read before: whether each row still has its writer.
#[derive(Debug, Default)]
pub struct Asked {
    /// Places and writers of tickets.
    pub tickets: [String; 2],
    /// How many those are.
    pub ticket_count: usize,
    /// Places and writers of their orders.
    pub orders: [String; 2],
    /// How many those are.
    pub order_count: usize,
}

impl Known {
    /// What was read of a unit's ticket.
    pub(crate) fn get(&self, unit: u32) -> Option<Arc<Remembered>> {
        self.tickets.get(&unit).cloned()
    }

    /// Forget a ticket: it moves, or was written by somebody else.
    pub(crate) fn forget(&mut self, unit: u32) {
        self.tickets.remove(&unit);
    }

    /// Remember a ticket that was read, if it plainly admits.
    pub(crate) fn learn(&mut self, ticket: &Ticket<'_>, order: Row, record: &[u8], terms: &Terms) {
        if !terms.plainly_admits(ticket) {
            return;
        }
        if self.tickets.len() >= TICKETS_MAX {
            self.tickets.clear();
        }
        let row = Row { place: ticket.row, writer: ticket.writer };
        self.tickets.insert(
            ticket.unit,
            Arc::new(Remembered { unit: ticket.unit, record: record.into(), row, order }),
        );
    }

    /// How many it remembers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tickets.len()
    }

    /// Whether it remembers none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }
}

/// The question whether these were written since.
pub(crate) fn asked(remembered: &[Arc<Remembered>]) -> Asked {
    let mut orders: HashMap<(u32, u16), u32> = HashMap::new();
    let mut tickets = [Column::new(), Column::new()];
    for one in remembered {
        one.row.write(&mut tickets);
        orders.insert(one.order.place, one.order.writer);
    }
    let mut order_columns = [Column::new(), Column::new()];
    let order_count = orders.len();
    for (place, writer) in orders {
        Row { place, writer }.write(&mut order_columns);
    }
    Asked {
        tickets: tickets.map(Column::done),
        ticket_count: remembered.len(),
        orders: order_columns.map(Column::done),
        order_count,
    }
}
