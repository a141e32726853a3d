//! An upload on its way: read, placed in time, its codes verified, judged chunk by chunk, answered in input order.

use std::collections::HashMap;

use crate::error::{Result, bad_argument};
use crate::keys::EventKeys;
use crate::ticket_code::VERDICT_BYTES;

use super::attempts::{Attempt, Scanner, placed, verified};
use super::body::{Body, Item, LINES_MAX, Span};
use super::columns::Column;
use super::judge::{Gates, Outcome, Reason, ResultWord, Scan, Terms, Ticket, judge};
use super::line::{Line, Shown};
use super::moment::SECOND_US;
use super::moves::{Judged, moves};
use super::pack::Pack;
use super::packer::Packer;
use super::records::{Records, ticket_of};
use super::swift::SwiftMap;

/// What a code's times are given on both ends.
const LEEWAY_S: u64 = 30;

/// Where an answer stands, and its result.
#[derive(Clone, Copy)]
struct Answer {
    at: usize,
    size: usize,
    result: ResultWord,
}

/// An upload.
pub struct Batch {
    body: Body,
    scanner: Option<Scanner>,
    received_us: i64,
    attempts: Vec<Attempt>,
    firsts: HashMap<Box<str>, usize>,
    twins: Vec<usize>,
    answers: Vec<Option<Answer>>,
    out: Vec<u8>,
    staged: Vec<(usize, Answer)>,
}

impl Batch {
    /// Read a body with a scan a line. None: too many.
    #[must_use]
    pub fn of_lines(raw: &[u8], received_us: i64) -> Option<Self> {
        Body::of_lines(raw).map(|body| Self::new(body, received_us))
    }

    /// Read a JSON document. None: it is not in order as a whole.
    #[must_use]
    pub fn of_json(raw: &[u8], received_us: i64) -> Option<Self> {
        Body::of_json(raw, received_us).map(|body| Self::new(body, received_us))
    }

    /// An upload whose scans are all put by the caller. Refused: more than [`LINES_MAX`].
    pub fn blank(scans: usize, received_us: i64) -> Result<Self> {
        if scans > LINES_MAX {
            return Err(bad_argument(format!("at most {LINES_MAX} scans")));
        }
        Ok(Self::new(Body { items: vec![Item::JUNK; scans], ..Body::default() }, received_us))
    }

    fn new(body: Body, received_us: i64) -> Self {
        Self {
            body,
            scanner: None,
            received_us,
            attempts: Vec::new(),
            firsts: HashMap::new(),
            twins: Vec::new(),
            answers: Vec::new(),
            out: Vec::new(),
            staged: Vec::new(),
        }
    }

    /// How many scans it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.body.items.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.items.is_empty()
    }

    /// What is to be added to the times of scans that do not say themselves, and the revocations that the device knew.
    #[must_use]
    pub fn defaults(&self) -> (i64, Option<i64>) {
        (self.body.offset_ms, self.body.cursor)
    }

    /// The scans that ask for more patience: place, and how they were written. Until they are put they are junk.
    #[must_use]
    pub fn odd(&self) -> &[(usize, Vec<u8>)] {
        &self.body.odd
    }

    /// Put what a patient reader made of an odd scan. Refused: a place beyond the batch.
    #[allow(clippy::too_many_arguments)]
    pub fn put(
        &mut self,
        place: usize,
        code: Option<&str>,
        nonce: Option<&str>,
        gate: Option<&str>,
        scanned_at: Option<i64>,
        is_exit: bool,
        offline: Option<bool>,
        offset_ms: i64,
        cursor: Option<i64>,
    ) -> Result<()> {
        if place >= self.len() {
            return Err(bad_argument("no such scan"));
        }
        let mut keep = |text: Option<&str>| text.map_or(Span::NONE, |text| self.body.keep(text));
        let (code, nonce, gate) = (keep(code), keep(nonce.filter(|nonce| !nonce.is_empty())), keep(gate));
        self.body.items[place] = Item { code, nonce, gate, scanned_at, is_exit, offline, offset_ms, cursor };
        Ok(())
    }

    /// Whether any scan says when it was made.
    #[must_use]
    pub fn says_when(&self) -> bool {
        self.body.items.iter().any(|item| item.scanned_at.is_some())
    }

    /// Place the scans in time, verify their codes, find those that repeat a nonce of the batch.
    pub fn place(&mut self, keys: &EventKeys, scanner: Scanner) -> Result<()> {
        let now_s = (self.received_us / SECOND_US) as u64;
        let texts = self.body.texts.as_str();
        let codes = || self.body.items.iter().map(|item| item.code.of(texts).unwrap_or_default().as_bytes());
        let packed = keys.verify_ticket_codes(codes(), now_s, LEEWAY_S)?;
        self.attempts = Vec::with_capacity(self.len());
        for ((item, code), word) in
            self.body.items.iter().zip(codes()).zip(packed.chunks_exact(VERDICT_BYTES))
        {
            let mut attempt = placed(item, &scanner, self.received_us);
            if attempt.failed.is_none() {
                verified(&mut attempt, keys, code, word);
            }
            self.attempts.push(attempt);
        }
        self.twins = Vec::with_capacity(self.len());
        for (place, item) in self.body.items.iter().enumerate() {
            let first = match item.nonce.of(texts) {
                None => place,
                Some(nonce) => *self.firsts.entry(nonce.into()).or_insert(place),
            };
            self.twins.push(first);
        }
        self.answers = vec![None; self.len()];
        self.scanner = Some(scanner);
        Ok(())
    }

    /// The nonces of a chunk that have no answer yet, as a column; None if there are none.
    #[must_use]
    pub fn nonces(&self, start: usize, end: usize) -> Option<String> {
        let mut column = Column::new();
        let mut any = false;
        for place in self.open(start, end) {
            if let Some(nonce) = self.nonce(place) {
                column.word(nonce);
                any = true;
            }
        }
        any.then(|| column.done())
    }

    /// Take the answers that the log has under nonces: records of nonce, result, answer.
    pub fn given(&mut self, records: &[u8]) -> Result<()> {
        let mut records = Records::new(records);
        while let Some(mut columns) = records.next()? {
            let (nonce, result, answer) = (columns.said()?, columns.said()?, columns.said()?);
            let result = ResultWord::of(result).ok_or_else(|| bad_argument("a result of another kind"))?;
            if let Some(&place) = self.firsts.get(nonce) {
                let at = self.out.len();
                self.out.extend_from_slice(answer.as_bytes());
                self.answers[place] = Some(Answer { at, size: answer.len(), result });
            }
        }
        Ok(())
    }

    /// Take the answers of a chunk that a pack has under their nonces.
    pub fn given_in(&mut self, pack: &Pack, start: usize, end: usize) -> Result<()> {
        let places: Vec<usize> = self.open(start, end).collect();
        for place in places {
            let Some(nonce) = self.nonce(place) else { continue };
            if let Some((result, answer)) = pack.given(nonce)? {
                let at = self.out.len();
                self.out.extend_from_slice(&answer);
                self.answers[place] = Some(Answer { at, size: answer.len(), result });
            }
        }
        Ok(())
    }

    /// The units that a chunk's verdicts depend on, as a column; None if there are none.
    #[must_use]
    pub fn units(&self, start: usize, end: usize) -> Option<String> {
        let mut units: Vec<u32> = self.open(start, end).filter_map(|place| self.unit(place)).collect();
        units.sort_unstable();
        units.dedup();
        let mut column = Column::new();
        for &unit in &units {
            column.number(i64::from(unit));
        }
        (!units.is_empty()).then(|| column.done())
    }

    /// Judge a chunk on its tickets, one record each (see [`ticket_of`]). Nothing is answered before [`Self::commit`].
    pub fn judge(&mut self, start: usize, end: usize, records: &[u8], terms: &Terms) -> Result<Judged> {
        let mut tickets: Vec<(Ticket<'_>, bool)> = Vec::new();
        let mut rows = Records::new(records);
        while let Some(mut columns) = rows.next()? {
            tickets.push((ticket_of(&mut columns)?, false));
        }
        let by_unit: SwiftMap<u32, usize> =
            tickets.iter().enumerate().map(|(number, (ticket, _))| (ticket.unit, number)).collect();
        let scanner =
            self.scanner.as_ref().ok_or_else(|| bad_argument("a batch is placed before it is judged"))?;
        let mut packer = Packer::new(self.received_us);
        let mut staged = Vec::new();
        let mut answers = Vec::new();
        for place in self.open(start, end) {
            let (attempt, item) = (&self.attempts[place], &self.body.items[place]);
            let texts = self.body.texts.as_str();
            let gate = item.gate.of(texts).or(scanner.default_gate.as_deref());
            let shown_gate = gate.unwrap_or(&scanner.shown_name);
            let ticket = attempt
                .failed
                .is_none()
                .then_some(attempt.unit)
                .flatten()
                .and_then(|unit| by_unit.get(&unit));
            let outcome = match (attempt.failed, ticket) {
                (Some(reason), _) => Outcome::plain(ResultWord::Reject, reason),
                (None, None) => Outcome::plain(ResultWord::Reject, Reason::NotFound),
                (None, Some(&number)) => {
                    let scan = Scan {
                        device_id: &scanner.device_id,
                        gate,
                        shown_gate,
                        is_exit: item.is_exit,
                        at: attempt.counted_at,
                        version: attempt.version,
                        not_before_s: attempt.not_before_s,
                        offline: attempt.offline,
                        cursor_seq: item.cursor.or(self.body.cursor).unwrap_or(scanner.cursor_seq),
                    };
                    let (ticket, moved) = &mut tickets[number];
                    let outcome = judge(ticket, &scan, terms);
                    *moved |= outcome.moved;
                    outcome
                }
            };
            let ticket = ticket.map(|&number| &tickets[number].0);
            let line = Line {
                ticket: ticket.map(|ticket| shown(ticket, terms)),
                unit: attempt.unit,
                gate: shown_gate,
                is_exit: item.is_exit,
                result: outcome.result,
                reason: outcome.reason,
                checked_in_at: match outcome.result {
                    ResultWord::Admit => Some(attempt.counted_at),
                    _ => ticket.and_then(|ticket| ticket.checked_in_at),
                },
                previous: outcome.previous,
                right_gates: right_gates(outcome.right_gates, ticket, terms),
                nonce: item.nonce.of(texts),
                clock_flagged: attempt.flagged,
                scanned_at: attempt.scanned_at,
                counted_at: attempt.counted_at,
                offset_ms: attempt.offset_ms,
                online: !attempt.offline,
            };
            packer.add(&line);
            let at = answers.len();
            line.answer(&mut answers);
            staged.push((place, Answer { at, size: answers.len() - at, result: outcome.result }));
        }
        let mut judged = Judged { lines: staged.len(), ..Judged::default() };
        moves(&mut judged, &tickets, terms, self.received_us);
        if judged.lines > 0 {
            judged.pack = packer.done();
        }
        let base = self.out.len();
        self.out.extend_from_slice(&answers);
        self.staged =
            staged.into_iter().map(|(place, one)| (place, Answer { at: base + one.at, ..one })).collect();
        Ok(judged)
    }

    /// What was judged last is durable now.
    pub fn commit(&mut self) {
        for (place, answer) in self.staged.drain(..) {
            self.answers[place] = Some(answer);
        }
    }

    /// `{"results": [..], "counts": {..}}` in input order. Refused: a scan that has no answer.
    pub fn answer(&self) -> Result<Vec<u8>> {
        let mut body = Vec::with_capacity(self.out.len() + self.len() + 128);
        let mut counts: Vec<(ResultWord, usize)> = Vec::new();
        body.extend_from_slice(b"{\"results\":[");
        for (place, &first) in self.twins.iter().enumerate() {
            let answer = self.answers[first].ok_or_else(|| bad_argument("a scan has no answer"))?;
            if place > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&self.out[answer.at..answer.at + answer.size]);
            match counts.iter_mut().find(|(result, _)| *result == answer.result) {
                Some((_, count)) => *count += 1,
                None => counts.push((answer.result, 1)),
            }
        }
        body.extend_from_slice(b"],\"counts\":{");
        for (place, (result, count)) in counts.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            body.extend_from_slice(format!("{comma}\"{}\":{count}", result.word()).as_bytes());
        }
        body.extend_from_slice(b"}}");
        Ok(body)
    }

    /// The places of a chunk that are to be judged: without an answer, and the first of their nonce.
    fn open(&self, start: usize, end: usize) -> impl Iterator<Item = usize> + '_ {
        (start..end.min(self.twins.len()))
            .filter(|&place| self.twins[place] == place && self.answers[place].is_none())
    }

    fn nonce(&self, place: usize) -> Option<&str> {
        self.body.items[place].nonce.of(&self.body.texts)
    }

    fn unit(&self, place: usize) -> Option<u32> {
        let attempt = &self.attempts[place];
        if attempt.failed.is_none() { attempt.unit } else { None }
    }
}

fn shown<'a>(ticket: &Ticket<'a>, terms: &'a Terms) -> Shown<'a> {
    Shown {
        id: ticket.id,
        attendee: ticket.holder_name,
        place: ticket.seat.filter(|seat| !seat.is_empty()).unwrap_or(ticket.section),
        type_id: ticket.ticket_type_id,
        type_name: terms.ticket_types.get(ticket.ticket_type_id).map(String::as_str),
    }
}

fn right_gates<'a>(which: Gates, ticket: Option<&Ticket<'a>>, terms: &'a Terms) -> Vec<&'a str> {
    match (which, ticket) {
        (Gates::OfDevice, _) => terms.device_gates.iter().map(String::as_str).collect(),
        (Gates::OfPlace, Some(ticket)) => terms.right_gates(ticket.section, ticket.ticket_type_id).collect(),
        _ => Vec::new(),
    }
}
