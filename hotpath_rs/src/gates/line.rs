//! One judged scan: what its answer says and what the ledger keeps of it. Written as JSON here, and nowhere else.

use super::judge::{Reason, ResultWord};
use super::moment::Clock;

/// What the answer says of the ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub id: &'a str,
    pub attendee: &'a str,
    pub place: &'a str,
    pub type_id: &'a str,
    pub type_name: Option<&'a str>,
}

impl std::hash::Hash for Shown<'_> {
    /// By its id: two that differ in more are rare.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// A judged scan. Times are microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub ticket: Option<Shown<'a>>,
    pub unit: Option<u32>,
    pub gate: &'a str,
    pub is_exit: bool,
    pub result: ResultWord,
    pub reason: Reason,
    pub checked_in_at: Option<i64>,
    pub previous: Option<(i64, Option<&'a str>)>,
    pub right_gates: Vec<&'a str>,
    pub nonce: Option<&'a str>,
    pub clock_flagged: bool,
    pub scanned_at: i64,
    pub counted_at: i64,
    pub offset_ms: i64,
    pub online: bool,
}

impl Line<'_> {
    pub(crate) fn direction(&self) -> &'static str {
        if self.is_exit { "exit" } else { "entry" }
    }

    /// The answer as it is sent, logged and repeated: `engine/domain/gates/attempts.py` **answer**.
    pub(crate) fn answer(&self, clock: &mut Clock, into: &mut Vec<u8>) {
        field(into, b"{\"result\":", self.result.word());
        field(into, b",\"reason\":", self.reason.word());
        field(into, b",\"status\":", self.result.status());
        into.extend_from_slice(b",\"ticketId\":");
        text_or_null(into, self.ticket.map(|ticket| ticket.id));
        into.extend_from_slice(b",\"checkedInAt\":");
        match self.checked_in_at {
            Some(at) => time(into, clock, at),
            None => into.extend_from_slice(b"null"),
        }
        field(into, b",\"direction\":", self.direction());
        field(into, b",\"gate\":", self.gate);
        if let Some(ticket) = self.ticket {
            field(into, b",\"attendee\":", ticket.attendee);
            field(into, b",\"seat\":", ticket.place);
            field(into, b",\"ticket_type_id\":", ticket.type_id);
            if let Some(name) = ticket.type_name {
                field(into, b",\"ticket_type\":", name);
            }
        }
        if let Some((at, gate)) = self.previous {
            into.extend_from_slice(b",\"previous\":{\"at\":");
            time(into, clock, at);
            into.extend_from_slice(b",\"gate\":");
            text_or_null(into, gate);
            into.push(b'}');
        }
        if !self.right_gates.is_empty() {
            into.extend_from_slice(b",\"right_gates\":[");
            for (place, gate) in self.right_gates.iter().enumerate() {
                if place > 0 {
                    into.push(b',');
                }
                text(into, gate);
            }
            into.push(b']');
        }
        if let Some(nonce) = self.nonce {
            field(into, b",\"nonce\":", nonce);
        }
        if self.clock_flagged {
            into.extend_from_slice(b",\"clock_flagged\":true");
        }
        into.push(b'}');
    }
}

fn field(into: &mut Vec<u8>, name: &[u8], value: &str) {
    into.extend_from_slice(name);
    text(into, value);
}

fn time(into: &mut Vec<u8>, clock: &mut Clock, at: i64) {
    into.push(b'"');
    clock.write(at, into);
    into.push(b'"');
}

fn text_or_null(into: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => text(into, value),
        None => into.extend_from_slice(b"null"),
    }
}

/// A JSON string.
pub(crate) fn text(into: &mut Vec<u8>, value: &str) {
    // All of it is looked at, whatever the first byte says: so many bytes are compared at a time.
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let plain = !value.bytes().fold(false, |found, byte| found | special(byte));
    if plain {
        into.push(b'"');
        into.extend_from_slice(value.as_bytes());
        into.push(b'"');
    } else {
        // Writing a string into memory does not fail.
        let _ = serde_json::to_writer(into, value);
    }
}
