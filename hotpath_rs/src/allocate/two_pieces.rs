//! Step 3: two pieces of at least two people, in one section.

use std::cmp::Reverse;

use crate::seatmap::Micro;

use super::blocks::{Block, blocks};
use super::one_block::{pieces_orphans, window_orphans};
use super::scene::View;
use crate::tape::Centre;

/// Pairs of pieces weighed before the best one so far is taken. Only a large house in shreds has more; a pair costs
/// some 10 ns, so the bound is 20 ms.
pub const PAIRS_TRIED_MAX: usize = 2_000_000;

/// Neither piece is smaller than this.
const PIECE_MIN: u32 = 2;

/// Fewest orphans, most equal pieces, most overlap in x, smallest distance; then the lower seats.
type Key = (u32, u32, Reverse<Micro>, u128, u32, u32);

/// The best two pieces, ascending.
pub(super) fn best(view: &View<'_>, focus: &Centre) -> Option<[Block; 2]> {
    if view.party.quantity < 2 * PIECE_MIN {
        return None;
    }
    let mut search = Search { view, focus, tries_left: PAIRS_TRIED_MAX, best: None };
    let sections = section_blocks(view);
    // Adjacent rows come first, whatever else speaks for other pairs.
    for blocks in &sections {
        search.pairs(blocks, |row, other| other == row + 1);
    }
    if search.best.is_none() {
        for blocks in &sections {
            search.pairs(blocks, |row, other| other != row + 1);
        }
    }
    search.best.map(|(_, pieces)| pieces)
}

/// The blocks that can be a piece, section by section.
fn section_blocks(view: &View<'_>) -> Vec<Vec<Block>> {
    let mut found = blocks(view, view.party.section);
    found.retain(|block| block.len() >= PIECE_MIN);
    let rows = view.scene.chart.rows();
    let section = |block: &Block| rows.get(block.row as usize).map(|row| row.section);
    found.chunk_by(|one, other| section(one) == section(other)).map(<[Block]>::to_vec).collect()
}

struct Search<'a> {
    view: &'a View<'a>,
    focus: &'a Centre,
    tries_left: usize,
    best: Option<(Key, [Block; 2])>,
}

impl Search<'_> {
    /// Weigh every pair of blocks whose rows are right for each other.
    fn pairs(&mut self, blocks: &[Block], rows_fit: impl Fn(u32, u32) -> bool) {
        for (at, first) in blocks.iter().enumerate() {
            for second in &blocks[at + 1..] {
                if self.tries_left == 0 {
                    return;
                }
                if rows_fit(first.row, second.row) {
                    self.splits(*first, *second);
                } else if second.row > first.row + 1 {
                    break; // only adjacent rows fit, and rows only get farther
                }
            }
        }
    }

    /// Weigh every way to share the party between two blocks.
    fn splits(&mut self, first: Block, second: Block) {
        let quantity = self.view.party.quantity;
        let least = PIECE_MIN.max(quantity.saturating_sub(second.len()));
        self.tries_left = self.tries_left.saturating_sub(1);
        for size in least..=first.len().min(quantity - PIECE_MIN) {
            let inequality = size.abs_diff(quantity - size);
            if self.best.is_some_and(|((orphans, least, ..), _)| orphans == 0 && least < inequality) {
                continue;
            }
            for piece in first.windows(size) {
                let own_orphans = self.view.weigh(window_orphans(&self.view.scene, &piece));
                for other in second.windows(quantity - size) {
                    if self.tries_left == 0 {
                        return;
                    }
                    self.tries_left -= 1;
                    self.weigh(piece, own_orphans, other, inequality);
                }
            }
        }
    }

    fn weigh(&mut self, piece: Block, own_orphans: u32, other: Block, inequality: u32) {
        let Self { view, focus, .. } = *self;
        let orphans = match view.weigh(1) {
            0 => 0,
            _ if piece.row == other.row => pieces_orphans(&view.scene, &[piece, other]),
            _ => own_orphans + window_orphans(&view.scene, &other),
        };
        if self.best.is_some_and(|((least, equal, ..), _)| (least, equal) < (orphans, inequality)) {
            return;
        }
        let chart = view.scene.chart;
        let distance = piece.centre(chart).with(&other.centre(chart)).distance(focus);
        let key =
            (orphans, inequality, Reverse(overlap(view, &piece, &other)), distance, piece.start, other.start);
        if self.best.is_none_or(|(least, _)| key < least) {
            self.best = Some((key, [piece, other]));
        }
    }
}

/// How far two pieces overlap in x; where they do not, the gap between them as a negative number.
fn overlap(view: &View<'_>, piece: &Block, other: &Block) -> Micro {
    let ((from, to), (other_from, other_to)) = (piece.span(view.scene.chart), other.span(view.scene.chart));
    to.min(other_to) - from.max(other_from)
}
