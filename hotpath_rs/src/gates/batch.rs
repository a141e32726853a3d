//! An upload on its way: read, placed in time, its codes verified, judged chunk by chunk, answered in input order.

use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Result, bad_argument};
use crate::keys::EventKeys;
use crate::ticket_code::VERDICT_BYTES;

use super::answers::{Answers, Staged};
use super::attempts::{Attempt, Scanner, placed, verified};
use super::body::{Body, Item, LINES_MAX, Span};
use super::columns::Column;
use super::judge::{Gates, Outcome, Reason, ResultWord, Scan, Terms, Ticket, judge};
use super::known::{Asked, Known, Remembered, asked};
use super::line::{Line, Shown};
use super::moment::{Clock, SECOND_US};
use super::moves::{Judged, moves};
use super::nonces::Firsts;
use super::pack::Pack;
use super::packer::Packer;
use super::records::{Records, Row, ticket_of};
use super::swift::SwiftMap;

/// What a code's times are given on both ends.
const LEEWAY_S: u64 = 30;

/// An upload.
pub struct Batch {
    body: Body,
    scanner: Option<Scanner>,
    received_us: i64,
    attempts: Vec<Attempt>,
    firsts: Firsts,
    twins: Vec<usize>,
    answers: Answers,
    remembered: Vec<Arc<Remembered>>,
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
            firsts: Firsts::default(),
            twins: Vec::new(),
            answers: Answers::default(),
            remembered: Vec::new(),
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
        let mut firsts = Firsts::with_capacity(self.len());
        let nonce_at = |place: usize| self.body.items[place].nonce.of(texts);
        for place in 0..self.len() {
            let first = nonce_at(place).map(|nonce| firsts.first(nonce, place, nonce_at));
            self.twins.push(first.unwrap_or(place));
        }
        self.firsts = firsts;
        self.answers = Answers::of(self.len());
        self.scanner = Some(scanner);
        Ok(())
    }

    /// How many nonces of a chunk have no answer yet.
    #[must_use]
    pub fn open_nonces(&self, start: usize, end: usize) -> usize {
        self.open(start, end).filter(|&place| self.nonce(place).is_some()).count()
    }

    /// The nonces of a chunk that have no answer yet, as a column; None if there are none.
    #[must_use]
    pub fn nonces(&self, start: usize, end: usize) -> Option<String> {
        column_of(self.open(start, end).filter_map(|place| self.nonce(place)))
    }

    /// As [`Self::nonces`], those among `known` (a zero byte after each) alone.
    #[must_use]
    pub fn nonces_among(&self, start: usize, end: usize, known: &[u8]) -> Option<String> {
        let asked = |nonce: &&str| {
            let place = self.firsts.find(nonce, |other| self.nonce(other));
            place.is_some_and(|place| (start..end).contains(&place) && !self.answers.has(place))
        };
        column_of(
            known.split(|&byte| byte == 0).filter_map(|raw| std::str::from_utf8(raw).ok()).filter(asked),
        )
    }

    /// Take the answers that the log has under nonces: records of nonce, result, answer.
    pub fn given(&mut self, records: &[u8]) -> Result<()> {
        let mut records = Records::new(records);
        while let Some(mut columns) = records.next()? {
            let (nonce, result, answer) = (columns.said()?, columns.said()?, columns.said()?);
            columns.end()?;
            let result = ResultWord::of(result).ok_or_else(|| bad_argument("a result of another kind"))?;
            if let Some(place) = self.firsts.find(nonce, |other| self.nonce(other)) {
                self.answers.give(place, result, answer.as_bytes());
            }
        }
        Ok(())
    }

    /// Take the answers of a chunk that a pack has under their nonces; `number` is the pack's in the ledger.
    pub fn given_in(&mut self, pack: &Pack, number: u64, start: usize, end: usize) -> Result<()> {
        let places: Vec<usize> = self.open(start, end).collect();
        let (mut answer, mut clock) = (Vec::new(), Clock::default());
        for place in places {
            let Some(line) = self.nonce(place).and_then(|nonce| pack.line_of(nonce)) else { continue };
            answer.clear();
            let result = pack.told(line, &mut clock, &mut answer)?;
            self.answers.give_from(number, line, place, result, &answer);
        }
        Ok(())
    }

    /// The units that a chunk's verdicts depend on and whose tickets must be read, as a column; None if there are none.
    /// Those that `known` remembers are to be [`asked`](Self::asked) about instead.
    #[must_use]
    pub fn units(&mut self, start: usize, end: usize, known: Option<&Known>) -> Option<String> {
        let mut units: Vec<u32> = self.open(start, end).filter_map(|place| self.unit(place)).collect();
        units.sort_unstable();
        units.dedup();
        self.remembered.clear();
        let mut column = Column::new();
        let mut any = false;
        for &unit in &units {
            if let Some(one) = known.and_then(|known| known.get(unit)) {
                self.remembered.push(one);
            } else {
                column.number(i64::from(unit));
                any = true;
            }
        }
        any.then(|| column.done())
    }

    /// What must be true of the tickets that were remembered; None if none was.
    #[must_use]
    pub fn asked(&self) -> Option<Asked> {
        (!self.remembered.is_empty()).then(|| asked(&self.remembered))
    }

    /// It is not: they are forgotten, and to be read.
    pub fn distrust(&mut self, known: &mut Known) {
        for one in self.remembered.drain(..) {
            known.forget(one.unit());
        }
    }

    /// Judge a chunk on its tickets: a record each (see [`ticket_of`]), and those that were remembered. Nothing is
    /// answered before [`Self::commit`].
    pub fn judge(
        &mut self,
        start: usize,
        end: usize,
        records: &[u8],
        terms: &Terms,
        known: Option<&Mutex<Known>>,
    ) -> Result<Judged> {
        let mut tickets: Vec<(Ticket<'_>, bool)> = Vec::new();
        let mut read: Vec<(Row, &[u8])> = Vec::new();
        let mut rows = Records::new(records);
        loop {
            let begin = rows.rest();
            let Some(mut columns) = rows.next()? else { break };
            let (ticket, order) = ticket_of(&mut columns)?;
            tickets.push((ticket, false));
            read.push((order, &begin[..begin.len() - rows.rest().len()]));
        }
        for one in &self.remembered {
            tickets.push((one.ticket()?, false));
        }
        let mut by_unit = SwiftMap::with_capacity_and_hasher(tickets.len(), BuildHasherDefault::default());
        by_unit.extend(tickets.iter().enumerate().map(|(number, (ticket, _))| (ticket.unit, number)));
        let scanner =
            self.scanner.as_ref().ok_or_else(|| bad_argument("a batch is placed before it is judged"))?;
        let mut packer = Packer::new(self.received_us);
        let mut staged = Staged::with_capacity((end - start).min(self.len()));
        let mut clock = Clock::default();
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
            staged.add(place, outcome.result, |into| line.answer(&mut clock, into));
        }
        let mut judged = Judged { lines: staged.len(), ..Judged::default() };
        moves(&mut judged, &tickets, terms, self.received_us);
        if let Some(known) = known {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for (number, (ticket, moved)) in tickets.iter().enumerate() {
                match read.get(number) {
                    _ if *moved => known.forget(ticket.unit),
                    Some((order, record)) => known.learn(ticket, *order, record, terms),
                    None => {}
                }
            }
        }
        if judged.lines > 0 {
            judged.pack = packer.done();
        }
        self.answers.stage(staged);
        Ok(judged)
    }

    /// What was judged last is durable now, in the pack of this number.
    pub fn commit(&mut self, number: u64) {
        self.answers.commit(number);
    }

    /// `{"results": [..], "counts": {..}}` in input order, and the recipe to make it again by. Once. Refused: a scan
    /// that has no answer.
    pub fn answer(&mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        std::mem::take(&mut self.answers).document(&self.twins)
    }

    /// The places of a chunk that are to be judged: without an answer, and the first of their nonce.
    fn open(&self, start: usize, end: usize) -> impl Iterator<Item = usize> + '_ {
        (start..end.min(self.twins.len()))
            .filter(|&place| self.twins[place] == place && !self.answers.has(place))
    }

    fn nonce(&self, place: usize) -> Option<&str> {
        self.body.items[place].nonce.of(&self.body.texts)
    }

    fn unit(&self, place: usize) -> Option<u32> {
        let attempt = &self.attempts[place];
        if attempt.failed.is_none() { attempt.unit } else { None }
    }
}

fn column_of<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut column = Column::new();
    let mut any = false;
    for word in words {
        column.word(word);
        any = true;
    }
    any.then(|| column.done())
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
