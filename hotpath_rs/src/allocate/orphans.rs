//! Orphans: single free seats that a selection leaves between taken ones, aisles and the ends of a row.

use crate::error::Result;
use crate::seatmap::SeatMap;

use super::ask::check_allotments;
use super::scene::{Lots, Scene, check_units};

/// How many new orphans taking these units leaves, seen by a buyer with these allotments open.
pub fn orphans(chart: &SeatMap, before: &[u8], units: &[u32], open_allotments: &[u8]) -> Result<u32> {
    check_units(chart, before, units)?;
    check_allotments(open_allotments)?;
    let lots = Lots::open_to(open_allotments);
    let mut units = units.to_vec();
    units.sort_unstable();
    units.dedup();
    Ok(of_units(&Scene { chart, map: before, lots: &lots }, &units))
}

/// New orphans after taking these units, which are sorted.
pub(super) fn of_units(scene: &Scene<'_>, units: &[u32]) -> u32 {
    let mut found = left_by(scene, units);
    found.dedup();
    u32::try_from(found.len()).unwrap_or(u32::MAX)
}

/// The seats left alone, ascending; one between two taken units is listed twice in a row.
pub(super) fn left_by(scene: &Scene<'_>, units: &[u32]) -> Vec<u32> {
    let mut found = Vec::new();
    for &unit in units {
        let Some(segment) = scene.chart.segment(unit).filter(|_| scene.is_free(unit)) else { continue };
        let is_left = |seat: u32| {
            (segment.first..segment.end).contains(&seat)
                && scene.is_free(seat)
                && units.binary_search(&seat).is_err()
        };
        // A neighbour of a unit taken now shared its run, so the run was longer than one before.
        let is_alone = |seat: u32| is_left(seat) && !is_left(seat + 1) && (seat == 0 || !is_left(seat - 1));
        if let Some(before) = unit.checked_sub(1).filter(|seat| is_alone(*seat)) {
            found.push(before);
        }
        if is_alone(unit + 1) {
            found.push(unit + 1);
        }
    }
    found
}
