//! Growing a hold: new seats that touch the ones the group already has.

use crate::tape::Centre;

use super::ask::Policy;
use super::blocks::{Block, in_segment};
use super::orphans;
use super::scene::View;

/// Seats that touch the group's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grown {
    pub(super) units: Vec<u32>,
    pub(super) orphans: u32,
    /// The whole group, old and new, is one block.
    pub(super) whole: bool,
}

/// The party's seats in one run with some of `own` (sorted), whichever side of them; the group's common centroid
/// decides between runs as in step 1.
pub(super) fn best(view: &View<'_>, own: &[u32], focus: &Centre) -> Option<Grown> {
    let chart = view.scene.chart;
    let is_own = |unit: u32| own.binary_search(&unit).is_ok();
    let held = chart.centre_of(own);
    let mut best = None;
    for run in runs_around(view, own) {
        let free: Vec<u32> = (run.start..run.end).filter(|unit| !is_own(*unit)).collect();
        for new in free.windows(view.party.quantity as usize) {
            let (Some(&first), Some(&last)) = (new.first(), new.last()) else { continue };
            // The gaps between new seats are the group's own, and so may be the seats just outside.
            let from = (run.start..first).rev().take_while(|unit| is_own(*unit)).last().unwrap_or(first);
            let to = (last + 1..run.end).take_while(|unit| is_own(*unit)).last().unwrap_or(last);
            let joined = (to - from + 1) as usize - new.len();
            if joined == 0 {
                continue;
            }
            let orphans = orphans::of_units(&view.scene, new);
            let distance = held.with(&chart.centre_of(new)).distance(focus);
            let key = (own.len() - joined, super::one_block::rank(view.policy, orphans, distance), first);
            if best.as_ref().is_none_or(|(least, _)| key < *least) {
                let whole = joined == own.len();
                best = Some((key, Grown { units: new.to_vec(), orphans, whole }));
            }
        }
    }
    best.map(|(_, grown)| grown)
}

/// Runs of seats that are the group's own or eligible, with at least one of its own.
fn runs_around(view: &View<'_>, own: &[u32]) -> Vec<Block> {
    let mut runs = Vec::new();
    let mut last = None;
    for segment in own.iter().filter_map(|unit| view.scene.chart.segment(*unit)) {
        if last != Some(segment)
            && view.party.section.is_none_or(|only| section(view, segment.row) == Some(only))
        {
            in_segment(
                &segment,
                |unit| own.binary_search(&unit).is_ok() || view.is_eligible(unit),
                &mut runs,
            );
        }
        last = Some(segment);
    }
    runs
}

fn section(view: &View<'_>, row: u32) -> Option<u32> {
    view.scene.chart.rows().get(row as usize).map(|row| row.section)
}

impl Grown {
    /// The step of the ladder that this counts as.
    pub(super) fn step(&self, policy: Policy) -> u8 {
        super::one_block::step(policy, self.orphans)
    }
}
