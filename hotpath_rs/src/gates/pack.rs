//! What was judged and is not yet a row a scan: one packed row of the ledger.
//!
//! ```text
//! format 1 | texts: count, each length + bytes | tickets: count, each five texts (type name: 0 is none, else text + 1)
//! | lines: count, each
//!     flags (result 2 bits, exit, online, clock flagged, nonce, previous, right gates) | reason | ticket (0: none, else
//!     its number + 1) | unit (0: none, else + 1) | gate | checked in (0: never, else 1 + time) | scanned | counted |
//!     offset ms | [nonce: length + bytes] | [previous: time, gate (0: none, else text + 1)] | [right gates: count, texts]
//! ```
//! Numbers are LEB128, signed ones zigzag; times are microseconds after the pack's own (its first number).

use std::collections::HashMap;

use crate::error::{Result, bad_argument};

use super::judge::{REASONS, RESULTS};
use super::line::{Line, Shown};
use super::swift::SwiftMap;

const FORMAT: u8 = 1;
/// Most lines of one pack.
pub(crate) const LINES_MAX: usize = 100_000;

const EXIT: u8 = 1 << 2;
const ONLINE: u8 = 1 << 3;
const FLAGGED: u8 = 1 << 4;
const NONCE: u8 = 1 << 5;
const PREVIOUS: u8 = 1 << 6;
const RIGHT_GATES: u8 = 1 << 7;

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

/// A packed row, opened.
pub struct Pack {
    body: Vec<u8>,
    base_us: i64,
    texts: Vec<(usize, usize)>,
    tickets: Vec<[(usize, usize); 5]>,
    lines: Vec<usize>,
    by_nonce: HashMap<Box<str>, usize>, // devices choose nonces: no hasher that can be foreseen
}

impl Pack {
    /// Open a packed row. Refused: bytes of another shape.
    pub fn open(body: Vec<u8>) -> Result<Self> {
        let mut reader = Reader { body: &body, at: 0 };
        if reader.byte()? != FORMAT {
            return Err(bad_argument("a pack of another format"));
        }
        let base_us = reader.signed()?;
        let texts = (0..reader.count()?).map(|_| reader.range()).collect::<Result<Vec<_>>>()?;
        let known = |number: u64| {
            usize::try_from(number).ok().and_then(|at| texts.get(at)).copied().ok_or_else(broken)
        };
        let mut tickets = Vec::new();
        for _ in 0..reader.count()? {
            let id = reader.range()?;
            let (attendee, place, type_id) =
                (known(reader.unsigned()?)?, known(reader.unsigned()?)?, known(reader.unsigned()?)?);
            let name = match reader.unsigned()? {
                0 => (usize::MAX, 0),
                number => known(number - 1)?,
            };
            tickets.push([id, attendee, place, type_id, name]);
        }
        let mut pack =
            Self { base_us, texts, tickets, lines: Vec::new(), by_nonce: HashMap::new(), body: Vec::new() };
        for number in 0..reader.count()? {
            pack.lines.push(reader.at);
            if let Some(nonce) = pack.line_at(&mut reader)?.nonce {
                pack.by_nonce.entry(nonce.into()).or_insert(number);
            }
        }
        pack.body = body;
        Ok(pack)
    }

    /// How many scans it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The answer that was given under a nonce, and its result.
    pub fn given(&self, nonce: &str) -> Result<Option<(super::ResultWord, Vec<u8>)>> {
        let Some(&number) = self.by_nonce.get(nonce) else { return Ok(None) };
        let line = self.line(number)?;
        let mut answer = Vec::new();
        line.answer(&mut answer);
        Ok(Some((line.result, answer)))
    }

    /// The rows of the lines from `start` up to, and without, `end`: a JSON array of what the log keeps of each, the
    /// number of the line among it.
    pub fn rows(&self, start: usize, end: usize) -> Result<Vec<u8>> {
        let mut out = vec![b'['];
        for number in start..end.min(self.lines.len()) {
            if number > start {
                out.push(b',');
            }
            self.row(number, &mut out)?;
        }
        out.push(b']');
        Ok(out)
    }

    fn row(&self, number: usize, out: &mut Vec<u8>) -> Result<()> {
        use std::io::Write as _;
        let line = self.line(number)?;
        // Writing into memory does not fail.
        let _ = write!(
            out,
            "{{\"line\":{number},\"scanned_us\":{},\"counted_us\":{},\"clock_offset_ms\":{},\"online\":{},\"unit\":",
            line.scanned_at, line.counted_at, line.offset_ms, line.online
        );
        let _ = match line.unit {
            Some(unit) => write!(out, "{unit}"),
            None => write!(out, "null"),
        };
        for (name, value) in [
            ("ticket_id", line.ticket.map(|ticket| ticket.id)),
            ("gate", Some(line.gate)),
            ("nonce", line.nonce),
            ("direction", Some(line.direction())),
            ("result", Some(line.result.word())),
            ("reason", Some(line.reason.word())),
        ] {
            let _ = write!(out, ",\"{name}\":");
            match value {
                Some(value) => super::line::text(out, value),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b",\"verdict\":");
        line.answer(out);
        out.push(b'}');
        Ok(())
    }

    fn line(&self, number: usize) -> Result<Line<'_>> {
        let at = *self.lines.get(number).ok_or_else(broken)?;
        self.line_at(&mut Reader { body: &self.body, at })
    }

    fn line_at<'b>(&self, reader: &mut Reader<'b>) -> Result<Line<'b>> {
        let body = reader.body;
        let (flags, reason) = (reader.byte()?, reader.byte()?);
        let text = |number: u64| {
            let place = usize::try_from(number).ok().and_then(|at| self.texts.get(at)).ok_or_else(broken)?;
            part(body, *place)
        };
        let ticket = match reader.unsigned()? {
            0 => None,
            number => {
                let [id, attendee, place, type_id, name] =
                    *usize::try_from(number - 1).ok().and_then(|at| self.tickets.get(at)).ok_or_else(broken)?;
                Some(Shown {
                    id: part(body, id)?,
                    attendee: part(body, attendee)?,
                    place: part(body, place)?,
                    type_id: part(body, type_id)?,
                    type_name: if name.0 == usize::MAX { None } else { Some(part(body, name)?) },
                })
            }
        };
        let unit = match reader.unsigned()? {
            0 => None,
            unit => Some(u32::try_from(unit - 1).map_err(|_| broken())?),
        };
        let gate = text(reader.unsigned()?)?;
        let checked_in_at = match reader.byte()? {
            0 => None,
            _ => Some(self.base_us + reader.signed()?),
        };
        let scanned_at = self.base_us + reader.signed()?;
        let counted_at = self.base_us + reader.signed()?;
        let offset_ms = reader.signed()?;
        let nonce = if flags & NONCE > 0 {
            let range = reader.range()?;
            Some(part(body, range)?)
        } else {
            None
        };
        let previous = if flags & PREVIOUS > 0 {
            let at = self.base_us + reader.signed()?;
            let gate = match reader.unsigned()? {
                0 => None,
                number => Some(text(number - 1)?),
            };
            Some((at, gate))
        } else {
            None
        };
        let mut right_gates = Vec::new();
        if flags & RIGHT_GATES > 0 {
            for _ in 0..reader.count()? {
                right_gates.push(text(reader.unsigned()?)?);
            }
        }
        Ok(Line {
            ticket,
            unit,
            gate,
            is_exit: flags & EXIT > 0,
            result: RESULTS[usize::from(flags & 3)],
            reason: *REASONS.get(usize::from(reason)).ok_or_else(broken)?,
            checked_in_at,
            previous,
            right_gates,
            nonce,
            clock_flagged: flags & FLAGGED > 0,
            scanned_at,
            counted_at,
            offset_ms,
            online: flags & ONLINE > 0,
        })
    }
}

fn broken() -> crate::error::Error {
    bad_argument("a pack that is not whole")
}

fn part(body: &[u8], (at, size): (usize, usize)) -> Result<&str> {
    std::str::from_utf8(body.get(at..at + size).ok_or_else(broken)?).map_err(|_| broken())
}

fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn signed(out: &mut Vec<u8>, value: i64) {
    unsigned(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    unsigned(out, value.len() as u64);
    out.extend_from_slice(value);
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8> {
        let byte = *self.body.get(self.at).ok_or_else(broken)?;
        self.at += 1;
        Ok(byte)
    }

    fn unsigned(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(broken())
    }

    fn signed(&mut self) -> Result<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn count(&mut self) -> Result<usize> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| broken())?;
        if count > LINES_MAX * 4 { Err(broken()) } else { Ok(count) }
    }

    fn range(&mut self) -> Result<(usize, usize)> {
        let size = self.count()?;
        let at = self.at;
        if at + size > self.body.len() {
            return Err(broken());
        }
        self.at += size;
        Ok((at, size))
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge::{Reason, ResultWord};
    use super::*;

    fn lines() -> Vec<Line<'static>> {
        let ticket = Shown { id: "tkt_1", attendee: "Ada \"A\"", place: "Floor", type_id: "tt", type_name: Some("Adult") };
        let plain = Line {
            ticket: Some(ticket),
            unit: Some(0),
            gate: "North",
            is_exit: false,
            result: ResultWord::Admit,
            reason: Reason::Ok,
            checked_in_at: Some(1_800_000_000_000_000),
            previous: None,
            right_gates: Vec::new(),
            nonce: Some("n1"),
            clock_flagged: false,
            scanned_at: 1_799_999_999_000_001,
            counted_at: 1_800_000_000_000_000,
            offset_ms: -7,
            online: true,
        };
        vec![
            plain.clone(),
            Line { result: ResultWord::Duplicate, reason: Reason::AlreadyUsed, previous: Some((5, None)), nonce: None,
                   ticket: Some(Shown { attendee: "Bob", ..ticket }), ..plain.clone() },
            Line { ticket: None, unit: None, checked_in_at: None, result: ResultWord::Reject, reason: Reason::WrongGate,
                   right_gates: vec!["South", "North"], is_exit: true, online: false, clock_flagged: true,
                   nonce: Some("é"), ..plain.clone() },
            Line { result: ResultWord::ExitOk, previous: Some((-9, Some("South"))), unit: Some(u32::MAX), ..plain },
        ]
    }

    #[test]
    fn a_pack_gives_back_every_line_and_finds_it_by_its_nonce() {
        let lines = lines();
        let mut packer = Packer::new(1_800_000_000_000_000);
        for line in &lines {
            packer.add(line);
        }
        let pack = Pack::open(packer.done()).unwrap();
        assert_eq!(pack.len(), lines.len());
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(pack.line(number).unwrap(), *line);
        }
        assert!(pack.given("n2").unwrap().is_none());
        let (result, answer) = pack.given("é").unwrap().unwrap();
        assert_eq!(result, ResultWord::Reject);
        assert!(String::from_utf8(answer).unwrap().contains("\"right_gates\":[\"South\",\"North\"],\"nonce\":\"é\""));
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&pack.rows(1, 99).unwrap()).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["verdict"]["attendee"], "Bob");
    }

    #[test]
    fn a_pack_that_was_cut_or_is_no_pack_is_refused() {
        let mut packer = Packer::new(0);
        for line in &lines() {
            packer.add(line);
        }
        let whole = packer.done();
        assert!(Pack::open(Vec::new()).is_err());
        assert!(Pack::open(b"nonsense".to_vec()).is_err());
        for size in 0..whole.len() {
            assert!(Pack::open(whole[..size].to_vec()).is_err(), "{size}");
        }
    }
}
