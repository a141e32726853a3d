//! Steps 1 and 2: everybody side by side.

use crate::tape::{Centre, Entry, Tape};

use super::ask::Policy;
use super::blocks::{Block, blocks};
use super::orphans;
use super::scene::{Scene, View};

/// A block that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: u32,
    pub(super) step: u8,
    pub(super) orphans: u32,
}

/// Walk the tape from `from`. Also gives the first entry that was free at all: while units only get taken, nothing
/// before it can come back, so the next walk may start there.
pub(super) fn best(view: &View<'_>, tape: &Tape, from: usize) -> (Option<Found>, usize) {
    let (scene, quantity) = (&view.scene, view.party.quantity);
    let entries = tape.entries();
    let is_free =
        |entry: &Entry| (entry.start()..entry.start() + quantity).all(|unit| scene.is_general(unit));
    let Some(first_at) = entries.iter().skip(from).position(is_free).map(|skipped| from + skipped) else {
        return (None, entries.len());
    };
    let first = found(scene, entries[first_at], quantity);
    if first.orphans == 0 || view.policy == Policy::Off {
        return (Some(Found { step: 1, ..first }), first_at);
    }
    let rest = entries[first_at + 1..].iter().copied();
    let tied = |entry: &Entry| {
        view.policy == Policy::Strict || distance(view, *entry) == distance(view, entries[first_at])
    };
    let unorphaned = rest
        .take_while(tied)
        .filter(is_free)
        .map(|entry| found(scene, entry, quantity))
        .find(|found| found.orphans == 0);
    (Some(unorphaned.unwrap_or(first)), first_at)
}

/// The same choice measured from another point than the house's focal one, for which no tape exists.
pub(super) fn best_near(view: &View<'_>, focus: &Centre) -> Option<Found> {
    let quantity = view.party.quantity;
    let mut best: Option<(Rank, u32, u32)> = None;
    for block in blocks(view, view.party.section) {
        for window in block.windows(quantity) {
            let orphans = window_orphans(&view.scene, &window);
            let distance = window.centre(view.scene.chart).distance(focus);
            let key = rank(view.policy, orphans, distance);
            if best.is_none_or(|(least, ..)| key < least) {
                best = Some((key, window.start, orphans));
            }
        }
    }
    best.map(|(_, start, orphans)| Found { start, step: step(view.policy, orphans), orphans })
}

/// Smaller is better.
pub(super) type Rank = (bool, u128, bool);

/// What a policy minds first.
pub(super) fn rank(policy: Policy, orphans: u32, distance: u128) -> Rank {
    let orphaned = orphans > 0;
    match policy {
        Policy::Off => (false, distance, false),
        Policy::Lenient => (false, distance, orphaned),
        Policy::Strict | Policy::Auto => (orphaned, distance, false),
    }
}

/// The step that one block is on.
pub(super) fn step(policy: Policy, orphans: u32) -> u8 {
    if orphans == 0 || policy == Policy::Off { 1 } else { 2 }
}

/// New orphans after taking one contiguous run.
pub(super) fn window_orphans(scene: &Scene<'_>, window: &Block) -> u32 {
    scene.chart.segment(window.start).map_or(0, |segment| {
        found(scene, Entry::new(window.start, window.len(), &segment), window.len()).orphans
    })
}

#[inline]
fn found(scene: &Scene<'_>, entry: Entry, quantity: u32) -> Found {
    let start = entry.start();
    let left =
        entry.left() > 0 && scene.is_free(start - 1) && (entry.left() < 2 || !scene.is_free(start - 2));
    let end = start + quantity;
    let right = entry.right() > 0 && scene.is_free(end) && (entry.right() < 2 || !scene.is_free(end + 1));
    let orphans = u32::from(left) + u32::from(right);
    Found { start, step: if orphans == 0 { 1 } else { 2 }, orphans }
}

fn distance(view: &View<'_>, entry: Entry) -> u128 {
    let (chart, start) = (view.scene.chart, entry.start());
    let row = chart.segment(start).map_or(0, |segment| segment.row);
    let window = Block { start, end: start + view.party.quantity, row };
    window.centre(chart).distance(&Centre::point(chart.focal_point()))
}

/// New orphans after taking several runs, which may share a stretch.
pub(super) fn pieces_orphans(scene: &Scene<'_>, pieces: &[Block]) -> u32 {
    let mut units: Vec<u32> = pieces.iter().flat_map(|piece| piece.start..piece.end).collect();
    units.sort_unstable();
    orphans::of_units(scene, &units)
}
