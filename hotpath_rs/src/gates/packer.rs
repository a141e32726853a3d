//! Packs what was judged and is not yet a row a scan: one row of the ledger.
//!
//! ```text
//! format 1 | texts: count, each length + bytes | tickets: count, each five texts (type name: 0 is none, else text + 1)
//! | lines: count, each
//!     flags (result 2 bits, exit, online, clock flagged, nonce, previous, right gates) | reason | ticket (0: none, else
//!     its number + 1) | unit (0: none, else + 1) | gate | checked in (0: never, else 1 + time) | scanned | counted |
//!     offset ms | [nonce: length + bytes] | [previous: time, gate (0: none, else text + 1)] | [right gates: count, texts]
//! ```
//! Numbers are LEB128, signed ones zigzag; times are microseconds after the pack's own (its first number).

use super::line::{Line, Shown};
use super::swift::SwiftMap;
use super::wire::{bytes, signed, unsigned};

/// The shape of the row.
pub(crate) const FORMAT: u8 = 1;
pub(crate) const EXIT: u8 = 1 << 2;
pub(crate) const ONLINE: u8 = 1 << 3;
pub(crate) const FLAGGED: u8 = 1 << 4;
pub(crate) const NONCE: u8 = 1 << 5;
pub(crate) const PREVIOUS: u8 = 1 << 6;
pub(crate) const RIGHT_GATES: u8 = 1 << 7;

/// Packs lines as they are judged.
pub(crate) struct Packer<'a> {
    base_us: i64,
    texts: SwiftMap<&'a str, u64>,
    text_order: Vec<&'a str>,
    tickets: SwiftMap<Shown<'a>, u64>,
    ticket_count: u64,
    ticket_bytes: Vec<u8>,
    lines: Vec<u8>,
    count: u64,
}

impl<'a> Packer<'a> {
    pub(crate) fn new(base_us: i64) -> Self {
        Self {
            base_us,
            texts: SwiftMap::default(),
            text_order: Vec::new(),
            tickets: SwiftMap::default(),
            ticket_count: 0,
            ticket_bytes: Vec::new(),
            lines: Vec::new(),
            count: 0,
        }
    }

    pub(crate) fn add(&mut self, line: &Line<'a>) {
        let ticket = line.ticket.map_or(0, |ticket| self.ticket(ticket) + 1);
        let gate = self.text(line.gate);
        let mut flags = line.result as u8;
        for (flag, is_set) in [
            (EXIT, line.is_exit),
            (ONLINE, line.online),
            (FLAGGED, line.clock_flagged),
            (NONCE, line.nonce.is_some()),
            (PREVIOUS, line.previous.is_some()),
            (RIGHT_GATES, !line.right_gates.is_empty()),
        ] {
            if is_set {
                flags |= flag;
            }
        }
        let base_us = self.base_us;
        let previous = line.previous.map(|(at, gate)| (at, gate.map_or(0, |gate| self.text(gate) + 1)));
        let right_gates: Vec<u64> = line.right_gates.iter().map(|gate| self.text(gate)).collect();
        let out = &mut self.lines;
        out.push(flags);
        out.push(line.reason as u8);
        unsigned(out, ticket);
        unsigned(out, line.unit.map_or(0, |unit| u64::from(unit) + 1));
        unsigned(out, gate);
        match line.checked_in_at {
            None => out.push(0),
            Some(at) => {
                out.push(1);
                signed(out, at - base_us);
            }
        }
        signed(out, line.scanned_at - base_us);
        signed(out, line.counted_at - base_us);
        signed(out, line.offset_ms);
        if let Some(nonce) = line.nonce {
            bytes(out, nonce.as_bytes());
        }
        if let Some((at, gate)) = previous {
            signed(out, at - base_us);
            unsigned(out, gate);
        }
        if !right_gates.is_empty() {
            unsigned(out, right_gates.len() as u64);
            for gate in right_gates {
                unsigned(out, gate);
            }
        }
        self.count += 1;
    }

    pub(crate) fn done(self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.lines.len() + self.ticket_bytes.len() + 1024);
        packed.push(FORMAT);
        signed(&mut packed, self.base_us);
        unsigned(&mut packed, self.text_order.len() as u64);
        for text in &self.text_order {
            bytes(&mut packed, text.as_bytes());
        }
        unsigned(&mut packed, self.ticket_count);
        packed.extend_from_slice(&self.ticket_bytes);
        unsigned(&mut packed, self.count);
        packed.extend_from_slice(&self.lines);
        packed
    }

    fn text(&mut self, text: &'a str) -> u64 {
        let next = self.text_order.len() as u64;
        *self.texts.entry(text).or_insert_with(|| {
            self.text_order.push(text);
            next
        })
    }

    /// Tickets are many and their ids differ: these are written next to them, not among the texts.
    fn ticket(&mut self, ticket: Shown<'a>) -> u64 {
        if let Some(&number) = self.tickets.get(&ticket) {
            return number;
        }
        let words = [ticket.attendee, ticket.place, ticket.type_id].map(|text| self.text(text));
        let type_name = ticket.type_name.map_or(0, |name| self.text(name) + 1);
        bytes(&mut self.ticket_bytes, ticket.id.as_bytes());
        for word in words {
            unsigned(&mut self.ticket_bytes, word);
        }
        unsigned(&mut self.ticket_bytes, type_name);
        let number = self.ticket_count;
        self.tickets.insert(ticket, number);
        self.ticket_count += 1;
        number
    }
}
