//! Tapes: every place where a party of one size can sit side by side, best first.
//!
//! A tape depends on where the seats stand, never on what is taken, so one is built once for a chart and walked by
//! every caller: by the planner here and, as packed bytes, by the script that commits a hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::seating::{CategorySet, Micro, Seating, Segment};

/// Tapes kept per chart. A chart of 200,000 seats costs 0.8 MB for each; beyond this the cache starts over.
pub const TAPES_CACHED_MAX: usize = 64;
/// Bytes of an entry when packed.
pub const ENTRY_BYTES: usize = 4;

/// What a tape ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TapeKey {
    /// Seats side by side.
    pub quantity: u32,
    /// Every seat of a run is in one of these.
    pub categories: CategorySet,
    /// One section, or the whole house.
    pub section: Option<u32>,
}

/// One run: its start in the upper 24 bits; in bits 0-1 how many seats stand to its left in the same aisle-free
/// stretch (0, 1, or 2 for two and more), in bits 2-3 the same to its right, in bit 4 whether it is exactly as far from
/// the focal point as the run before it on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(u32);

impl Entry {
    pub(crate) fn new(start: u32, quantity: u32, segment: &Segment) -> Self {
        let left = (start - segment.first).min(2);
        let right = (segment.end - start - quantity).min(2);
        Self(start << 8 | right << 2 | left)
    }

    fn as_far_as_before(self) -> Self {
        Self(self.0 | 16)
    }

    /// The first seat of the run.
    #[must_use]
    #[inline]
    pub fn start(self) -> u32 {
        self.0 >> 8
    }

    /// Seats to the left: 0, 1, or 2 for two and more.
    #[must_use]
    #[inline]
    pub fn left(self) -> u32 {
        self.0 & 3
    }

    /// Seats to the right: 0, 1, or 2 for two and more.
    #[must_use]
    #[inline]
    pub fn right(self) -> u32 {
        self.0 >> 2 & 3
    }
}

/// Runs of one size, best first.
#[derive(Debug)]
pub struct Tape(Vec<Entry>);

impl Tape {
    /// Rank every run: centroid's distance to the focal point, then lower section, row, seat.
    #[must_use]
    pub fn build(seating: &Seating<'_>, quantity: u32, categories: CategorySet) -> Self {
        let (xs, ys, kinds) = (seating.xs, seating.ys, seating.category_map);
        let focal = Centre::point(seating.focal_point);
        let mut ranked = Vec::new();
        for segment in seating.segments {
            if quantity == 0 || segment.end - segment.first < quantity {
                continue;
            }
            let (mut sum_x, mut sum_y, mut run) = (0, 0, 0);
            for unit in segment.first..segment.end {
                let at = unit as usize;
                if !categories.contains(kinds[at]) {
                    (sum_x, sum_y, run) = (0, 0, 0);
                    continue;
                }
                sum_x += xs[at];
                sum_y += ys[at];
                run += 1;
                if run > quantity {
                    sum_x -= xs[at - quantity as usize];
                    sum_y -= ys[at - quantity as usize];
                    run = quantity;
                }
                if run == quantity {
                    let distance = focal.distance(&Centre::of_sums(sum_x, sum_y, quantity));
                    ranked.push((distance, Entry::new(unit + 1 - quantity, quantity, segment)));
                }
            }
        }
        // Units count sections, rows and seats in order, so the start is the whole tie-break.
        ranked.sort_unstable_by_key(|(distance, entry)| (*distance, entry.start()));
        let mut before = None;
        let mark = |(distance, entry): (u128, Entry)| {
            let tied = before.replace(distance) == Some(distance);
            if tied { entry.as_far_as_before() } else { entry }
        };
        Self(ranked.into_iter().map(mark).collect())
    }

    /// The runs, best first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// [`ENTRY_BYTES`] an entry: the start as an unsigned 24-bit big-endian number, then the flags.
    #[must_use]
    pub fn packed(&self) -> Vec<u8> {
        self.0.iter().flat_map(|entry| entry.0.to_be_bytes()).collect()
    }
}

/// A weighted point: the centroid of `weight` seats, kept as sums so that comparing two stays exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Centre {
    sum_x: Micro,
    sum_y: Micro,
    weight: u32,
}

impl Centre {
    /// One point.
    #[must_use]
    pub fn point((x, y): (Micro, Micro)) -> Self {
        Self { sum_x: x, sum_y: y, weight: 1 }
    }

    /// From sums over `weight` seats.
    #[must_use]
    pub fn of_sums(sum_x: Micro, sum_y: Micro, weight: u32) -> Self {
        Self { sum_x, sum_y, weight }
    }

    /// Both groups as one.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self {
            sum_x: self.sum_x + other.sum_x,
            sum_y: self.sum_y + other.sum_y,
            weight: self.weight + other.weight,
        }
    }

    /// No seat at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weight == 0
    }

    /// The square of the distance, times both weights squared: it orders groups of the same size exactly.
    #[must_use]
    pub fn distance(&self, other: &Self) -> u128 {
        let (ours, theirs) = (i128::from(self.weight), i128::from(other.weight));
        let dx = i128::from(self.sum_x) * theirs - i128::from(other.sum_x) * ours;
        let dy = i128::from(self.sum_y) * theirs - i128::from(other.sum_y) * ours;
        dx.unsigned_abs().pow(2) + dy.unsigned_abs().pow(2)
    }
}

/// The tapes of one chart, built on first use.
#[derive(Debug, Default)]
pub struct Tapes(Mutex<HashMap<TapeKey, Arc<Tape>>>);

impl Tapes {
    /// The tape for a key.
    pub fn get(&self, key: TapeKey, build: impl FnOnce() -> Tape) -> Arc<Tape> {
        // A panic cannot leave the map half written, so a poisoned lock is still good.
        if let Some(tape) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return tape.clone();
        }
        let tape = Arc::new(build());
        let mut tapes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tapes.len() >= TAPES_CACHED_MAX {
            tapes.clear();
        }
        tapes.insert(key, tape.clone());
        tape
    }
}
