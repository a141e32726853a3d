//! The answers of an upload: written as they are judged, given out in input order, with where each can be found again.

use crate::error::{Result, bad_argument};

use super::judge::ResultWord;
use super::recipe::{HEAD, Joined, Told, Writer};

/// Room for a usual answer.
const ANSWER_BYTES: usize = 320;

/// Where an answer stands, its result, and where it can be found again.
#[derive(Clone, Copy)]
struct Answer {
    at: usize,
    size: usize,
    result: ResultWord,
    told: Told,
}

/// The answers that there are; a comma stands after each.
#[derive(Default)]
pub(crate) struct Answers {
    out: Vec<u8>,
    by_place: Vec<Option<Answer>>,
    staged: Vec<(usize, Answer)>,
    packs: Vec<u64>,
    recipe: Writer,
}

/// The answers of a chunk that was judged: a line of its pack each, in their order.
pub(crate) struct Staged {
    out: Vec<u8>,
    answers: Vec<(usize, Answer)>,
}

impl Staged {
    pub(crate) fn with_capacity(scans: usize) -> Self {
        Self { out: Vec::with_capacity(scans * ANSWER_BYTES), answers: Vec::with_capacity(scans) }
    }

    pub(crate) fn add(&mut self, place: usize, result: ResultWord, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.out.len();
        write(&mut self.out);
        let told = Told { source: 0, line: self.answers.len() as u32 };
        self.answers.push((place, Answer { at, size: self.out.len() - at, result, told }));
        self.out.push(b',');
    }

    pub(crate) fn len(&self) -> usize {
        self.answers.len()
    }
}

impl Answers {
    /// None yet, of this many scans.
    pub(crate) fn of(scans: usize) -> Self {
        Self { out: HEAD.to_vec(), by_place: vec![None; scans], ..Self::default() }
    }

    pub(crate) fn has(&self, place: usize) -> bool {
        self.by_place[place].is_some()
    }

    /// An answer of the log.
    pub(crate) fn give(&mut self, place: usize, result: ResultWord, answer: &[u8]) {
        let told = self.recipe.keep(result, answer);
        self.put(place, result, answer, told);
    }

    /// An answer that a line of a pack says.
    pub(crate) fn give_from(
        &mut self,
        number: u64,
        line: usize,
        place: usize,
        result: ResultWord,
        answer: &[u8],
    ) {
        let told = Told { source: self.source(number), line: line as u32 };
        self.put(place, result, answer, told);
    }

    /// These are the answers if what they say becomes durable, and not those that were staged before.
    pub(crate) fn stage(&mut self, staged: Staged) {
        let base = self.out.len();
        self.out.extend_from_slice(&staged.out);
        let moved = |(place, one): (usize, Answer)| (place, Answer { at: base + one.at, ..one });
        self.staged = staged.answers.into_iter().map(moved).collect();
    }

    /// What was staged is durable, in the pack of this number.
    pub(crate) fn commit(&mut self, number: u64) {
        let source = self.source(number);
        for (place, answer) in self.staged.drain(..) {
            let told = Told { source, ..answer.told };
            self.by_place[place] = Some(Answer { told, ..answer });
        }
    }

    /// The document of the answers of these places in their order, and its recipe. Refused: a place without an answer.
    pub(crate) fn document(self, places: &[usize]) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut said = Vec::with_capacity(places.len());
        for &place in places {
            said.push(self.by_place[place].ok_or_else(|| bad_argument("a scan has no answer"))?);
        }
        // Mostly they were judged in their order, and stand there as they are sent.
        let mut end = HEAD.len();
        let ready = said.iter().all(|one| std::mem::replace(&mut end, one.at + one.size + 1) == one.at);
        let mut joined = if ready && end == self.out.len() {
            Joined::of(self.out)
        } else {
            let mut joined = Joined::with_capacity(self.out.len());
            said.iter().for_each(|one| joined.put(&self.out[one.at..one.at + one.size]));
            joined
        };
        let mut recipe = self.recipe;
        for one in said {
            joined.count(one.result);
            recipe.next(one.told);
        }
        Ok((joined.done(), recipe.done(&self.packs)))
    }

    fn put(&mut self, place: usize, result: ResultWord, answer: &[u8], told: Told) {
        let at = self.out.len();
        self.out.extend_from_slice(answer);
        self.out.push(b',');
        self.by_place[place] = Some(Answer { at, size: answer.len(), result, told });
    }

    /// How recipes speak of a pack: its place among those of this upload, from 1.
    fn source(&mut self, number: u64) -> u32 {
        let known = self.packs.iter().rposition(|&pack| pack == number);
        let place = known.unwrap_or_else(|| {
            self.packs.push(number);
            self.packs.len() - 1
        });
        place as u32 + 1
    }
}
