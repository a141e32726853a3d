//! Blocks: maximal runs of eligible seats that touch.

use crate::seatmap::{Micro, SeatMap, Segment};
use crate::tape::Centre;

use super::scene::View;

/// A run of eligible seats in one aisle-free stretch, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// First seat.
    pub(super) start: u32,
    /// One past the last seat.
    pub(super) end: u32,
    /// Index of the row in the house.
    pub(super) row: u32,
}

impl Block {
    pub(super) fn len(&self) -> u32 {
        self.end - self.start
    }

    /// Every part of the block that has this many seats, from the left.
    pub(super) fn windows(self, quantity: u32) -> impl Iterator<Item = Self> {
        let starts = if quantity == 0 {
            0..0
        } else {
            self.start..(self.end + 1).saturating_sub(quantity).max(self.start)
        };
        starts.map(move |start| Self { start, end: start + quantity, row: self.row })
    }

    pub(super) fn centre(&self, chart: &SeatMap) -> Centre {
        let sum = |places: &[Micro]| places[self.start as usize..self.end as usize].iter().sum::<Micro>();
        Centre::of_sums(sum(chart.xs()), sum(chart.ys()), self.len())
    }

    /// Leftmost and rightmost x.
    pub(super) fn span(&self, chart: &SeatMap) -> (Micro, Micro) {
        let xs = &chart.xs()[self.start as usize..self.end as usize];
        let least = xs.iter().copied().min().unwrap_or(0);
        (least, xs.iter().copied().max().unwrap_or(0))
    }
}

/// All blocks of a section, or of every section the party may sit in, in unit order.
pub(super) fn blocks(view: &View<'_>, section: Option<u32>) -> Vec<Block> {
    let mut found = Vec::new();
    for segment in view.scene.chart.segments_in(section) {
        in_segment(segment, |unit| view.is_eligible(unit), &mut found);
    }
    found
}

/// The maximal runs of one stretch whose seats all pass.
pub(super) fn in_segment(segment: &Segment, passes: impl Fn(u32) -> bool, found: &mut Vec<Block>) {
    let mut start = None;
    for unit in segment.first..segment.end {
        match (passes(unit), start) {
            (true, None) => start = Some(unit),
            (false, Some(first)) => {
                found.push(Block { start: first, end: unit, row: segment.row });
                start = None;
            }
            _ => {}
        }
    }
    if let Some(first) = start {
        found.push(Block { start: first, end: segment.end, row: segment.row });
    }
}
