//! Accessible seats: each person who needs one gets one, with up to three companions in the same block.

use crate::tape::Centre;

use super::any_pieces;
use super::blocks::{Block, in_segment};
use super::one_block::{Rank, rank, step, window_orphans};
use super::scene::{HELD, Scene, View};

/// Companions that one accessible seat keeps beside it when the group cannot sit in one block.
const COMPANIONS_BESIDE_MAX: u32 = 3;

/// Where a party with accessible seats sits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seated {
    pub(super) units: Vec<u32>,
    pub(super) step: u8,
    pub(super) adjacent: bool,
}

/// One block for all; else, where the party may be split, accessible seats with their companions in several places.
pub(super) fn best(view: &View<'_>, split: bool, focus: &Centre) -> Option<Seated> {
    let party = view.party;
    if let Some((block, orphans)) = cluster(view, party.quantity, party.accessible, focus) {
        let units = (block.start..block.end).collect();
        return Some(Seated { units, step: step(view.policy, orphans), adjacent: true });
    }
    if !split {
        return None;
    }
    let units = clusters(view, focus).or_else(|| anywhere(view, focus))?;
    Some(Seated { units, step: 4, adjacent: false })
}

/// The best run of `size` seats with room for exactly `accessible` people who need it: at most that many protected
/// seats, so companions take none.
fn cluster(view: &View<'_>, size: u32, accessible: u32, focus: &Centre) -> Option<(Block, u32)> {
    let mut best: Option<((Rank, u32), Block, u32)> = None;
    let mut runs = Vec::new();
    for segment in view.scene.chart.segments_in(view.party.section) {
        runs.clear();
        in_segment(segment, |unit| view.is_eligible(unit) || view.is_accessible(unit), &mut runs);
        for window in runs.iter().flat_map(|run| run.windows(size)) {
            let seats = window.start..window.end;
            let fit = seats.clone().filter(|unit| view.is_accessible(*unit)).count();
            let protected = seats.filter(|unit| !view.is_eligible(*unit)).count();
            if fit < accessible as usize || protected > accessible as usize {
                continue;
            }
            let orphans = window_orphans(&view.scene, &window);
            let distance = window.centre(view.scene.chart).distance(focus);
            let key = (rank(view.policy, orphans, distance), window.start);
            if best.is_none_or(|(least, ..)| key < least) {
                best = Some((key, window, orphans));
            }
        }
    }
    best.map(|(_, window, orphans)| (window, orphans))
}

/// Several clusters, companions shared out evenly; people left over sit as near as they can.
fn clusters(view: &View<'_>, focus: &Centre) -> Option<Vec<u32>> {
    let mut map = view.scene.map.to_vec();
    let (mut need, mut companions) = (view.party.accessible, view.party.quantity - view.party.accessible);
    let (mut units, mut centre) = (Vec::new(), Centre::default());
    while need > 0 {
        let near = if centre.is_empty() { *focus } else { centre };
        let seen = View { scene: Scene { map: &map, ..view.scene }, ..*view };
        let (block, seated) = largest_cluster(&seen, need, companions, &near)?;
        need -= seated;
        companions -= block.len() - seated;
        centre = centre.with(&block.centre(view.scene.chart));
        units.extend(block.start..block.end);
        map[block.start as usize..block.end as usize].fill(HELD);
    }
    if companions > 0 {
        let seen = View { scene: Scene { map: &map, ..view.scene }, ..*view };
        units.extend(any_pieces::best(&seen, companions, &centre)?);
    }
    units.sort_unstable();
    Some(units)
}

/// The cluster that keeps the most companions beside their people, then serves the most people.
fn largest_cluster(view: &View<'_>, need: u32, companions: u32, near: &Centre) -> Option<(Block, u32)> {
    for alone in 0..=companions.min(COMPANIONS_BESIDE_MAX * need) {
        for seated in (1..=need).rev() {
            let share = (companions * seated).div_ceil(need).min(COMPANIONS_BESIDE_MAX * seated);
            let Some(beside) = share.checked_sub(alone) else { continue };
            if let Some((block, _)) = cluster(view, seated + beside, seated, near) {
                return Some((block, seated));
            }
        }
    }
    None
}

/// The last resort: enough seats of both kinds, nearest first, wherever they are. Protected seats go before released
/// ones, which companions may take too, so this fails only when there are too few.
fn anywhere(view: &View<'_>, focus: &Centre) -> Option<Vec<u32>> {
    let chart = view.scene.chart;
    let nearest = |unit: &u32| (chart.centre_of(&[*unit]).distance(focus), *unit);
    let seats =
        || chart.segments_in(view.party.section).iter().flat_map(|segment| segment.first..segment.end);
    let mut fit: Vec<u32> = seats().filter(|unit| view.is_accessible(*unit)).collect();
    fit.sort_by_cached_key(|unit| (view.is_eligible(*unit), nearest(unit)));
    fit.truncate(view.party.accessible as usize);
    if fit.len() < view.party.accessible as usize {
        return None;
    }
    let companions = (view.party.quantity - view.party.accessible) as usize;
    let mut others: Vec<u32> =
        seats().filter(|unit| view.is_eligible(*unit) && !fit.contains(unit)).collect();
    others.sort_by_cached_key(nearest);
    others.truncate(companions);
    if others.len() < companions {
        return None;
    }
    fit.extend(others);
    fit.sort_unstable();
    Some(fit)
}
