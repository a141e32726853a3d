//! Seats that a buyer chose by name: the strict rule refuses a selection that leaves a new orphan, with a better one
//! at hand, unless every selection in that run leaves one.

use crate::error::Result;
use crate::seatmap::SeatMap;

use super::ask::{Policy, check_allotments};
use super::blocks::{Block, in_segment};
use super::orphans;
use super::scene::{Lots, Scene, check_units, settle};

/// `None`: the selection may stand. Else as many units, near the chosen ones, in the same categories, that leave no
/// orphan which could have been avoided. Units that are not free are left to the caller.
pub fn check_named(
    chart: &SeatMap,
    map: &[u8],
    units: &[u32],
    open_allotments: &[u8],
    policy: Policy,
) -> Result<Option<Vec<u32>>> {
    check_units(chart, map, units)?;
    check_allotments(open_allotments)?;
    let categories = units.iter().filter_map(|unit| chart.category_index(*unit)).collect();
    if settle(policy, chart, map, categories) != Policy::Strict {
        return Ok(None);
    }
    let lots = Lots::open_to(open_allotments);
    let scene = Scene { chart, map, lots: &lots };
    let mut chosen = units.to_vec();
    chosen.sort_unstable();
    chosen.dedup();
    let lonely = orphans::left_by(&scene, &chosen);
    let mut suggestion = chosen.clone();
    let mut mended = false;
    for run in runs(&scene, &lonely) {
        let (inside, outside): (Vec<u32>, Vec<u32>) =
            suggestion.iter().partition(|unit| (run.start..run.end).contains(unit));
        if let Some(window) = better(&scene, &run, &inside) {
            suggestion = outside;
            suggestion.extend(window.start..window.end);
            mended = true;
        }
    }
    suggestion.sort_unstable();
    Ok(mended.then_some(suggestion))
}

/// The runs of free seats, before anything is taken, in which the orphans lie.
fn runs(scene: &Scene<'_>, lonely: &[u32]) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    for seat in lonely {
        if found.iter().any(|run| (run.start..run.end).contains(seat)) {
            continue;
        }
        let Some(segment) = scene.chart.segment(*seat) else { continue };
        let mut runs = Vec::new();
        in_segment(&segment, |unit| scene.is_free(unit), &mut runs);
        found.extend(runs.into_iter().filter(|run| (run.start..run.end).contains(seat)));
    }
    found
}

/// The contiguous selection of the run that is nearest to the chosen seats, sells at the same prices and leaves no
/// orphan in it.
fn better(scene: &Scene<'_>, run: &Block, chosen: &[u32]) -> Option<Block> {
    let chart = scene.chart;
    let centre = chart.centre_of(chosen);
    let wanted = prices(scene, chosen.iter().copied());
    run.windows(u32::try_from(chosen.len()).unwrap_or(u32::MAX))
        .filter(|window| window.start != run.start + 1 && window.end + 1 != run.end)
        .filter(|window| prices(scene, window.start..window.end) == wanted)
        .min_by_key(|window| (window.centre(chart).distance(&centre), window.start))
}

/// What a selection sells: its categories and protected seats, in any order.
fn prices(scene: &Scene<'_>, units: impl Iterator<Item = u32>) -> Vec<(u8, bool)> {
    let mut prices: Vec<(u8, bool)> =
        units.map(|unit| (scene.chart.category_map()[unit as usize], scene.is_general(unit))).collect();
    prices.sort_unstable();
    prices
}
