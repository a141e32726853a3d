//! General admission: the lowest free numbers of a section.

use std::ops::Range;

use crate::seatmap::FREE;

use super::scene::View;

/// Units looked at together.
const CHUNK_UNITS: usize = 64;

/// Numbers that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) units: Vec<u32>,
    /// All in one section.
    pub(super) together: bool,
}

/// The lowest numbers of the first section with room for all; in several sections where `split` allows it.
/// `from` skips units of which the caller knows that none is free; the second value is the first that is.
pub(super) fn best(view: &View<'_>, quantity: u32, split: bool, from: u32) -> (Option<Numbers>, u32) {
    let wanted = quantity as usize;
    let (mut scattered, mut first_free) = (Vec::new(), None);
    for section in view.scene.chart.general_sections(view.party.categories, view.party.section) {
        let range = section.unit_range();
        let found: Vec<u32> = free_numbers(view, range.start.max(from)..range.end).take(wanted).collect();
        first_free = first_free.or(found.first().copied());
        if found.len() == wanted {
            return (Some(Numbers { units: found, together: true }), first_free.unwrap_or(from));
        }
        scattered.extend(found);
    }
    let enough = split && scattered.len() >= wanted;
    scattered.truncate(wanted);
    let found = enough.then_some(Numbers { units: scattered, together: false });
    (found, first_free.unwrap_or_else(|| view.scene.chart.units()))
}

/// Every free number the party may take, lowest first, at most `most`.
pub(super) fn lowest(view: &View<'_>, most: u32) -> Vec<u32> {
    view.scene
        .chart
        .general_sections(view.party.categories, view.party.section)
        .flat_map(|section| free_numbers(view, section.unit_range()))
        .take(most as usize)
        .collect()
}

/// The free numbers of a range, lowest first. Near the end of a sale a floor of 100,000 is a long stretch of taken
/// bytes, so those are skipped a chunk at a time: a plan there costs 2.7 us.
fn free_numbers<'a>(view: &'a View<'a>, range: Range<u32>) -> impl Iterator<Item = u32> + 'a {
    let start = range.start.min(range.end);
    let bytes = &view.scene.map[start as usize..range.end as usize];
    let chunks = (start..range.end).step_by(CHUNK_UNITS).zip(bytes.chunks(CHUNK_UNITS));
    chunks
        .filter(|(_, chunk)| chunk.iter().fold(0, |all, byte| all | byte) >= FREE)
        .flat_map(|(first, chunk)| (first..).take(chunk.len()))
        .filter(|unit| view.scene.is_general(*unit))
}
