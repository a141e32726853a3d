//! What is kept of an upload's answer: a hundred bytes instead of megabytes. The packed rows hold what the answer says
//! of each scan; this names the lines, in the order of the answer, and makes it again, byte for byte.
//!
//! ```text
//! format 1 | packs: count, each its number in the ledger
//! | answers that stand in no pack: count, their bytes before and after deflate; each is result, length + bytes
//! | runs: count, each source (0: of these answers, else the pack + 1), first line, lines
//! ```
//! Numbers are LEB128.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::error::{Result, bad_argument};

use super::body::LINES_MAX;
use super::judge::{RESULTS, ResultWord};
use super::moment::Clock;
use super::pack::Pack;
use super::wire::{Reader, broken, bytes, unsigned};

const FORMAT: u8 = 1;
/// Most bytes of answers that stand in no pack.
const LOOSE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Where an answer is said: `source` 0 is the answers that stand in no pack, else a pack by its place + 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub source: u32,
    pub line: u32,
}

/// Writes the recipe of an answer.
#[derive(Default)]
pub(crate) struct Writer {
    loose: Vec<u8>,
    loose_count: u64,
    runs: Vec<(Told, u64)>,
}

impl Writer {
    /// Keep an answer that stands in no pack.
    pub(crate) fn keep(&mut self, result: ResultWord, answer: &[u8]) -> Told {
        self.loose.push(result as u8);
        bytes(&mut self.loose, answer);
        self.loose_count += 1;
        Told { source: 0, line: (self.loose_count - 1) as u32 }
    }

    /// The next answer is that one.
    pub(crate) fn next(&mut self, told: Told) {
        match self.runs.last_mut() {
            Some((first, lines))
                if first.source == told.source && u64::from(first.line) + *lines == u64::from(told.line) =>
            {
                *lines += 1;
            }
            _ => self.runs.push((told, 1)),
        }
    }

    pub(crate) fn done(self, packs: &[u64]) -> Vec<u8> {
        let mut out = vec![FORMAT];
        unsigned(&mut out, packs.len() as u64);
        for &number in packs {
            unsigned(&mut out, number);
        }
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::fast());
        // Writing into memory does not fail.
        let _ = deflated.write_all(&self.loose);
        let deflated = deflated.finish().unwrap_or_default();
        unsigned(&mut out, self.loose_count);
        unsigned(&mut out, self.loose.len() as u64);
        unsigned(&mut out, deflated.len() as u64);
        out.extend_from_slice(&deflated);
        unsigned(&mut out, self.runs.len() as u64);
        for (first, lines) in self.runs {
            unsigned(&mut out, u64::from(first.source));
            unsigned(&mut out, u64::from(first.line));
            unsigned(&mut out, lines);
        }
        out
    }
}

/// A recipe that was read.
pub struct Recipe {
    packs: Vec<u64>,
    loose: Vec<u8>,
    loose_at: Vec<(ResultWord, usize, usize)>,
    runs: Vec<(Told, usize)>,
}

impl Recipe {
    /// Read a recipe. Refused: bytes of another shape.
    pub fn read(kept: &[u8]) -> Result<Self> {
        let mut reader = Reader { body: kept, at: 0 };
        if reader.byte()? != FORMAT {
            return Err(bad_argument("a recipe of another format"));
        }
        let packs = (0..reader.count()?).map(|_| reader.unsigned()).collect::<Result<Vec<_>>>()?;
        let loose_count = reader.count()?;
        let (size, deflated) = (reader.size()?, reader.size()?);
        let end = reader.at.checked_add(deflated).filter(|_| size <= LOOSE_BYTES_MAX).ok_or_else(broken)?;
        let mut loose = Vec::new();
        let deflated = kept.get(reader.at..end).ok_or_else(broken)?;
        ZlibDecoder::new(deflated).take(size as u64).read_to_end(&mut loose).map_err(|_| broken())?;
        reader.at = end;
        let mut loose_at = Vec::new();
        let mut inside = Reader { body: &loose, at: 0 };
        for _ in 0..loose_count {
            let result = *RESULTS.get(usize::from(inside.byte()?)).ok_or_else(broken)?;
            let (at, size) = inside.range()?;
            loose_at.push((result, at, size));
        }
        let mut runs = Vec::new();
        let mut places = 0;
        for _ in 0..reader.count()? {
            let (source, line, lines) = (reader.count()?, reader.count()?, reader.count()?);
            places += lines;
            let known = if source == 0 { line + lines <= loose_count } else { source <= packs.len() };
            if !known || places > LINES_MAX {
                return Err(broken());
            }
            runs.push((Told { source: source as u32, line: line as u32 }, lines));
        }
        Ok(Self { packs, loose, loose_at, runs })
    }

    /// The packed rows that it needs, by their numbers in the ledger.
    #[must_use]
    pub fn packs(&self) -> &[u64] {
        &self.packs
    }

    /// The answer, from those packs in their order. Refused: other packs.
    pub fn answer(&self, packs: &[&Pack]) -> Result<Vec<u8>> {
        if packs.len() != self.packs.len() {
            return Err(bad_argument("a recipe is made of its own packs"));
        }
        let mut joined = Joined::with_capacity(self.loose.len());
        let (mut said, mut clock) = (Vec::new(), Clock::default());
        for &(Told { source, line }, lines) in &self.runs {
            for line in line as usize..line as usize + lines {
                if source == 0 {
                    let (result, at, size) = self.loose_at[line];
                    joined.add(result, &self.loose[at..at + size]);
                } else {
                    said.clear();
                    let result = packs[source as usize - 1].told(line, &mut clock, &mut said)?;
                    joined.add(result, &said);
                }
            }
        }
        Ok(joined.done())
    }
}

/// `{"results": [..], "counts": {..}}` under way: the answers, a comma after each.
pub(crate) struct Joined {
    body: Vec<u8>,
    counts: Vec<(ResultWord, usize)>,
}

/// How the document begins.
pub(crate) const HEAD: &[u8] = b"{\"results\":[";

impl Joined {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut body = Vec::with_capacity(bytes + 128);
        body.extend_from_slice(HEAD);
        Self { body, counts: Vec::new() }
    }

    /// One whose answers stand there already.
    pub(crate) fn of(body: Vec<u8>) -> Self {
        Self { body, counts: Vec::new() }
    }

    pub(crate) fn add(&mut self, result: ResultWord, answer: &[u8]) {
        self.put(answer);
        self.count(result);
    }

    pub(crate) fn put(&mut self, answer: &[u8]) {
        self.body.extend_from_slice(answer);
        self.body.push(b',');
    }

    pub(crate) fn count(&mut self, result: ResultWord) {
        match self.counts.iter_mut().find(|(known, _)| *known == result) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((result, 1)),
        }
    }

    pub(crate) fn done(self) -> Vec<u8> {
        let Self { mut body, counts } = self;
        if !counts.is_empty() {
            body.pop();
        }
        body.extend_from_slice(b"],\"counts\":{");
        for (place, (result, count)) in counts.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            body.extend_from_slice(format!("{comma}\"{}\":{count}", result.word()).as_bytes());
        }
        body.extend_from_slice(b"}}");
        body
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::super::packer::Packer;
    use super::*;
    use crate::gates::Reason;

    fn line(result: ResultWord) -> Line<'static> {
        Line {
            ticket: None,
            unit: Some(1),
            gate: "North",
            is_exit: false,
            result,
            reason: Reason::Ok,
            checked_in_at: None,
            previous: None,
            right_gates: Vec::new(),
            nonce: None,
            clock_flagged: false,
            scanned_at: 0,
            counted_at: 0,
            offset_ms: 0,
            online: true,
        }
    }

    fn pack(results: &[ResultWord]) -> Pack {
        let mut packer = Packer::new(0);
        for &result in results {
            packer.add(&line(result));
        }
        Pack::open(packer.done()).unwrap()
    }

    #[test]
    fn an_answer_is_made_again_from_its_packs_and_from_what_stands_in_none() {
        let pack = pack(&[ResultWord::Admit, ResultWord::Reject]);
        let mut writer = Writer::default();
        let loose = writer.keep(ResultWord::Duplicate, b"{\"loose\":1}");
        for told in [
            Told { source: 1, line: 0 },
            Told { source: 1, line: 1 },
            loose,
            loose,
            Told { source: 1, line: 0 },
        ] {
            writer.next(told);
        }
        let kept = writer.done(&[7]);
        let recipe = Recipe::read(&kept).unwrap();
        assert_eq!(recipe.packs(), [7]);
        let raw = recipe.answer(&[&pack]).unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&raw).unwrap();
        let said: Vec<_> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["result"].as_str().unwrap_or("loose"))
            .collect();
        assert_eq!(said, ["admit", "reject", "loose", "loose", "admit"]);
        assert_eq!(answer["counts"], serde_json::json!({"admit": 2, "reject": 1, "duplicate": 2}));
        assert!(recipe.answer(&[]).is_err());
    }

    #[test]
    fn a_recipe_that_was_cut_or_names_what_there_is_not_is_refused() {
        let mut writer = Writer::default();
        let loose = writer.keep(ResultWord::Admit, b"{}");
        writer.next(loose);
        writer.next(Told { source: 1, line: 300 });
        let whole = writer.done(&[7, 300]);
        for size in 0..whole.len() {
            assert!(Recipe::read(&whole[..size]).is_err(), "{size}");
        }
        let beyond = Recipe::read(&whole).unwrap();
        let (one, two) = (pack(&[ResultWord::Admit]), pack(&[ResultWord::Admit]));
        assert!(beyond.answer(&[&one, &two]).is_err());
        let mut foreign = Writer::default();
        foreign.next(Told { source: 2, line: 0 });
        assert!(Recipe::read(&foreign.done(&[7])).is_err());
        assert!(Recipe::read(b"{\"results\":[]}").is_err());
    }
}
