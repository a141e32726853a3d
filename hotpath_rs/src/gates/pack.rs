//! A packed row of the ledger, opened: see `packer.rs`.

use crate::error::{Result, bad_argument};

use super::judge::{REASONS, RESULTS, ResultWord};
use super::line::{Line, Shown};
use super::moment::Clock;
use super::nonces::Firsts;
use super::packer::{EXIT, FLAGGED, FORMAT, NONCE, ONLINE, PREVIOUS, RIGHT_GATES};
use super::wire::{Reader, broken};

/// A piece of the body: where it begins, and its bytes.
type Part = (u32, u32);
const NO_PART: Part = (u32::MAX, 0);

/// A packed row, opened.
pub struct Pack {
    body: Vec<u8>,
    base_us: i64,
    texts: Vec<Part>,
    tickets: Vec<[Part; 5]>,
    lines: Vec<u32>,
    nonces: Vec<Part>,
    firsts: Firsts,
}

impl Pack {
    /// Open a packed row. Refused: bytes of another shape.
    pub fn open(body: Vec<u8>) -> Result<Self> {
        if u32::try_from(body.len()).is_err() {
            return Err(broken());
        }
        let mut reader = Reader { body: &body, at: 0 };
        if reader.byte()? != FORMAT {
            return Err(bad_argument("a pack of another format"));
        }
        let base_us = reader.signed()?;
        let texts = (0..reader.count()?).map(|_| next_part(&mut reader)).collect::<Result<Vec<_>>>()?;
        let known = |number: u64| {
            usize::try_from(number).ok().and_then(|at| texts.get(at)).copied().ok_or_else(broken)
        };
        let mut tickets = Vec::new();
        for _ in 0..reader.count()? {
            let id = next_part(&mut reader)?;
            let (attendee, place, type_id) =
                (known(reader.unsigned()?)?, known(reader.unsigned()?)?, known(reader.unsigned()?)?);
            let name = match reader.unsigned()? {
                0 => NO_PART,
                number => known(number - 1)?,
            };
            tickets.push([id, attendee, place, type_id, name]);
        }
        let count = reader.count()?;
        let firsts = Firsts::default();
        let mut pack =
            Self { body: Vec::new(), base_us, texts, tickets, lines: Vec::new(), nonces: Vec::new(), firsts };
        let mut firsts = Firsts::with_capacity(count.min(body.len()));
        for number in 0..count {
            pack.lines.push(reader.at as u32);
            let (line, at) = pack.line_at(&mut reader)?;
            pack.nonces.push(at);
            if let Some(nonce) = line.nonce {
                firsts.first(nonce, number, |other| part(&body, pack.nonces[other]).ok());
            }
        }
        pack.firsts = firsts;
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

    /// The line under a nonce.
    #[must_use]
    pub fn line_of(&self, nonce: &str) -> Option<usize> {
        self.firsts.find(nonce, |other| part(&self.body, self.nonces[other]).ok())
    }

    /// Write the answer of a line; its result. Refused: no such line.
    pub(crate) fn told(&self, number: usize, clock: &mut Clock, into: &mut Vec<u8>) -> Result<ResultWord> {
        let line = self.line(number)?;
        line.answer(clock, into);
        Ok(line.result)
    }

    /// The answer that was given under a nonce.
    pub fn given(&self, nonce: &str) -> Result<Option<Vec<u8>>> {
        let Some(number) = self.line_of(nonce) else { return Ok(None) };
        let mut answer = Vec::new();
        self.told(number, &mut Clock::default(), &mut answer)?;
        Ok(Some(answer))
    }

    /// The rows of the lines from `start` up to, and without, `end`: a JSON array of what the log keeps of each, the
    /// number of the line among it.
    pub fn rows(&self, start: usize, end: usize) -> Result<Vec<u8>> {
        let (mut out, mut clock) = (vec![b'['], Clock::default());
        for number in start..end.min(self.lines.len()) {
            if number > start {
                out.push(b',');
            }
            self.row(number, &mut clock, &mut out)?;
        }
        out.push(b']');
        Ok(out)
    }

    fn row(&self, number: usize, clock: &mut Clock, out: &mut Vec<u8>) -> Result<()> {
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
        line.answer(clock, out);
        out.push(b'}');
        Ok(())
    }

    fn line(&self, number: usize) -> Result<Line<'_>> {
        let at = *self.lines.get(number).ok_or_else(broken)?;
        Ok(self.line_at(&mut Reader { body: &self.body, at: at as usize })?.0)
    }

    /// A line, and where its nonce stands.
    fn line_at<'b>(&self, reader: &mut Reader<'b>) -> Result<(Line<'b>, Part)> {
        let body = reader.body;
        let (flags, reason) = (reader.byte()?, reader.byte()?);
        let text = |number: u64| {
            let place = usize::try_from(number).ok().and_then(|at| self.texts.get(at)).ok_or_else(broken)?;
            part(body, *place)
        };
        let ticket = match reader.unsigned()? {
            0 => None,
            number => {
                let [id, attendee, place, type_id, name] = *usize::try_from(number - 1)
                    .ok()
                    .and_then(|at| self.tickets.get(at))
                    .ok_or_else(broken)?;
                Some(Shown {
                    id: part(body, id)?,
                    attendee: part(body, attendee)?,
                    place: part(body, place)?,
                    type_id: part(body, type_id)?,
                    type_name: if name == NO_PART { None } else { Some(part(body, name)?) },
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
        let nonce_at = if flags & NONCE > 0 { next_part(reader)? } else { NO_PART };
        let nonce = if nonce_at == NO_PART { None } else { Some(part(body, nonce_at)?) };
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
        let line = Line {
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
        };
        Ok((line, nonce_at))
    }
}

fn next_part(reader: &mut Reader<'_>) -> Result<Part> {
    let (at, size) = reader.range()?;
    Ok((at as u32, size as u32))
}

fn part(body: &[u8], (at, size): Part) -> Result<&str> {
    let (at, size) = (at as usize, size as usize);
    std::str::from_utf8(body.get(at..at + size).ok_or_else(broken)?).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::super::judge::Reason;
    use super::super::packer::Packer;
    use super::*;

    fn lines() -> Vec<Line<'static>> {
        let ticket = Shown {
            id: "tkt_1",
            attendee: "Ada \"A\"",
            place: "Floor",
            type_id: "tt",
            type_name: Some("Adult"),
        };
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
            Line {
                result: ResultWord::Duplicate,
                reason: Reason::AlreadyUsed,
                previous: Some((5, None)),
                nonce: None,
                ticket: Some(Shown { attendee: "Bob", ..ticket }),
                ..plain.clone()
            },
            Line {
                ticket: None,
                unit: None,
                checked_in_at: None,
                result: ResultWord::Reject,
                reason: Reason::WrongGate,
                right_gates: vec!["South", "North"],
                is_exit: true,
                online: false,
                clock_flagged: true,
                nonce: Some("é"),
                ..plain.clone()
            },
            Line {
                result: ResultWord::ExitOk,
                previous: Some((-9, Some("South"))),
                unit: Some(u32::MAX),
                ..plain
            },
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
        let answer = pack.given("é").unwrap().unwrap();
        assert!(
            String::from_utf8(answer)
                .unwrap()
                .contains("\"right_gates\":[\"South\",\"North\"],\"nonce\":\"é\"")
        );
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
