//! The ladder for one party: the first step that yields.

use std::sync::Arc;

use crate::seatmap::SeatMap;
use crate::tape::{Centre, Tape, TapeKey};

use super::ask::Policy;
use super::scene::{Scene, View, settle};
use super::{accessible, any_pieces, beside, general, one_block, two_pieces};

/// Where one party sits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Ascending.
    pub(super) units: Vec<u32>,
    pub(super) step: u8,
    pub(super) adjacent: bool,
    /// New orphans, where the step counted them anyway.
    pub(super) orphans: Option<u32>,
}

impl Placed {
    /// Found without counting orphans.
    pub(super) fn uncounted(units: Vec<u32>, step: u8, adjacent: bool) -> Self {
        Self { units, step, adjacent, orphans: None }
    }
}

/// What the asks before this one found out. Valid while the map only loses units and the buyer's lots stay the same.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    pub(super) key: TapeKey,
    tape: Arc<Tape>,
    /// No run before this entry of the tape is free.
    tape_from: usize,
    /// No general-admission unit of the categories below this one is free.
    general_from: u32,
    /// What `Policy::Auto` means here: planning holds units, it sells none.
    auto: Option<Policy>,
}

impl Trail {
    pub(super) fn start(chart: &SeatMap, key: TapeKey) -> Self {
        let tape = chart.tape(key);
        Self { key, tape, tape_from: 0, general_from: 0, auto: None }
    }

    /// The rule that holds now, never `Auto`.
    pub(super) fn settle(&mut self, policy: Policy, scene: &Scene<'_>) -> Policy {
        match policy {
            Policy::Auto => {
                *self.auto.get_or_insert_with(|| settle(policy, scene.chart, scene.map, self.key.categories))
            }
            settled => settled,
        }
    }
}

/// Who the party belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    /// May the party be seated in pieces?
    pub(super) split: bool,
    /// Seats the group holds already, ascending.
    pub(super) held: &'a [u32],
    /// Seats that parties before this one were just given, ascending.
    pub(super) given: &'a [u32],
}

/// The best places for a party, or `None` when the ladder ends without any.
pub(super) fn place(view: &View<'_>, group: &Group<'_>, trail: &mut Trail) -> Option<Placed> {
    let chart = view.scene.chart;
    let house = Centre::point(chart.focal_point());
    let held = chart.centre_of(group.held);
    let focus = if held.is_empty() { house } else { held };
    if view.party.accessible > 0 {
        return accessible::best(view, group.split, &focus)
            .map(|seated| Placed::uncounted(seated.units, seated.step, seated.adjacent));
    }
    if let Some(placed) = grow(view, group, &house) {
        return Some(placed);
    }
    seated(view, group, trail, &focus)
        .or_else(|| numbered(view, group, trail))
        .or_else(|| group.split.then(|| mixed(view, &focus)).flatten())
}

/// Beside the group's own seats. Next to seats that were only just given, never at the price of an orphan.
fn grow(view: &View<'_>, group: &Group<'_>, house: &Centre) -> Option<Placed> {
    let mut own = [group.held, group.given].concat();
    own.sort_unstable();
    own.dedup();
    if own.is_empty() {
        return None;
    }
    let grown = beside::best(view, &own, house)?;
    let step = grown.step(view.policy);
    let growing = !group.held.is_empty();
    let (adjacent, orphans) = (grown.whole || !growing, Some(grown.orphans));
    (step == 1 || growing).then_some(Placed { units: grown.units, step, adjacent, orphans })
}

/// Steps 1 to 4 among seats.
fn seated(view: &View<'_>, group: &Group<'_>, trail: &mut Trail, focus: &Centre) -> Option<Placed> {
    let found = if group.held.is_empty() {
        let (found, tape_from) = one_block::best(view, &trail.tape, trail.tape_from);
        trail.tape_from = tape_from;
        found
    } else {
        one_block::best_near(view, focus)
    };
    if let Some(found) = found {
        let units = (found.start..found.start + view.party.quantity).collect();
        let (step, orphans) = (found.step, Some(found.orphans));
        return Some(Placed { units, step, adjacent: group.held.is_empty(), orphans });
    }
    if !group.split {
        return None;
    }
    if let Some(pieces) = two_pieces::best(view, focus) {
        let units = pieces.iter().flat_map(|piece| piece.start..piece.end).collect();
        return Some(Placed::uncounted(units, 3, false));
    }
    let units = any_pieces::best(view, view.party.quantity, focus)?;
    Some(Placed::uncounted(units, 4, false))
}

/// General admission.
fn numbered(view: &View<'_>, group: &Group<'_>, trail: &mut Trail) -> Option<Placed> {
    let (found, first_free) = general::best(view, view.party.quantity, group.split, trail.general_from);
    trail.general_from = first_free;
    let found = found?;
    let step = if found.together { 1 } else { 4 };
    Some(Placed { units: found.units, step, adjacent: found.together, orphans: Some(0) })
}

/// Every seat that is left, and numbers for the rest.
fn mixed(view: &View<'_>, focus: &Centre) -> Option<Placed> {
    let seats = any_pieces::count(view);
    let wanted = view.party.quantity.checked_sub(seats)?;
    let mut units = any_pieces::best(view, seats, focus)?;
    let numbers = general::lowest(view, wanted);
    if numbers.len() < wanted as usize {
        return None;
    }
    units.extend(numbers);
    units.sort_unstable();
    Some(Placed::uncounted(units, 4, false))
}
