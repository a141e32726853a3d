//! The map as one buyer sees it: which units count as free, and which of those a party may take.

use crate::error::{Result, bad_argument};
use crate::seatmap::{CategorySet, SeatMap};

use super::ask::{Party, Policy};

/// `Policy::Auto` is strict until this share of the categories is sold.
pub const STRICT_UNTIL_SOLD_PERCENT: usize = 85;

/// What a planner writes over the units it has given away.
pub(super) const HELD: u8 = 0x01;
const ORDERED: u8 = 0x02;
const SOLD: u8 = 0x03;
const BLOCKED: u8 = 0x04;
const FIRST_FREE: u8 = 0x40;

/// Counts as free for the orphan rule: anybody could still buy it, or somebody who needs it.
const IS_FREE: u8 = 1;
/// Free and not protected.
const IS_GENERAL: u8 = 2;

/// What each byte of the map means to a buyer with certain allotments open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lots([u8; 256]);

impl Lots {
    pub(super) fn open_to(allotments: &[u8]) -> Self {
        let mut meaning = [0; 256];
        for allotment in allotments.iter().copied().chain([0]) {
            let first = usize::from(FIRST_FREE) + 2 * usize::from(allotment);
            if let Some([general, protected]) = meaning.get_mut(first..first + 2) {
                *general = IS_FREE | IS_GENERAL;
                *protected = IS_FREE;
            }
        }
        Self(meaning)
    }
}

/// Refuse a map of another chart and units that do not exist.
pub(super) fn check_units(chart: &SeatMap, map: &[u8], units: &[u32]) -> Result<()> {
    if map.len() != chart.units() as usize {
        return Err(bad_argument(format!("the map must have {} bytes, not {}", chart.units(), map.len())));
    }
    match units.iter().find(|unit| **unit >= chart.units()) {
        Some(unit) => Err(bad_argument(format!("unit {unit} does not exist"))),
        None => Ok(()),
    }
}

/// A chart, a map of it and a buyer's allotments.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) chart: &'a SeatMap,
    pub(super) map: &'a [u8],
    pub(super) lots: &'a Lots,
}

impl Scene<'_> {
    /// Free in the sense of the orphan rule.
    #[inline]
    pub(super) fn is_free(&self, unit: u32) -> bool {
        self.meaning(unit) & IS_FREE != 0
    }

    /// Free and open to anybody with the right ticket, category aside.
    #[inline]
    pub(super) fn is_general(&self, unit: u32) -> bool {
        self.meaning(unit) & IS_GENERAL != 0
    }

    #[inline]
    fn meaning(&self, unit: u32) -> u8 {
        self.lots.0[usize::from(self.map[unit as usize])]
    }
}

/// The scene through the eyes of one party.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) party: &'a Party,
    /// Never `Auto`.
    pub(super) policy: Policy,
}

impl View<'_> {
    /// May a person without special needs be given this unit?
    #[inline]
    pub(super) fn is_eligible(&self, unit: u32) -> bool {
        self.scene.is_general(unit) && self.sells(unit)
    }

    /// May somebody who needs an accessible seat be given this unit?
    pub(super) fn is_accessible(&self, unit: u32) -> bool {
        self.scene.is_free(unit)
            && self.sells(unit)
            && (!self.scene.is_general(unit) || self.scene.chart.is_accessible(unit))
    }

    #[inline]
    fn sells(&self, unit: u32) -> bool {
        self.party.categories.contains(self.scene.chart.category_map()[unit as usize])
    }

    /// How many orphans this many count as.
    pub(super) fn weigh(&self, orphans: u32) -> u32 {
        if self.policy == Policy::Off { 0 } else { orphans }
    }

    /// Units free in the party's categories, protected ones included, whatever its section.
    pub(super) fn count_free(&self) -> u32 {
        let free =
            (0..self.scene.chart.units()).filter(|unit| self.scene.is_free(*unit) && self.sells(*unit));
        u32::try_from(free.count()).unwrap_or(u32::MAX)
    }
}

/// The rule that holds for these categories now. Blocked units are for sale to nobody and count on neither side.
pub(super) fn settle(policy: Policy, chart: &SeatMap, map: &[u8], categories: CategorySet) -> Policy {
    if policy != Policy::Auto {
        return policy;
    }
    let (mut sold, mut for_sale) = (0, 0);
    for (state, category) in map.iter().zip(chart.category_map()) {
        if *state != BLOCKED && categories.contains(*category) {
            for_sale += 1;
            sold += usize::from(matches!(*state, ORDERED | SOLD));
        }
    }
    if sold * 100 < for_sale * STRICT_UNTIL_SOLD_PERCENT { Policy::Strict } else { Policy::Lenient }
}
