//! What is asked and what is answered.

use thiserror::Error as ThisError;

use crate::error::{Result, bad_argument};
use crate::seatmap::{CategorySet, SeatMap};

/// Units of one party.
pub const QUANTITY_MAX: u32 = 200;
/// Parties of one ask.
pub const PARTIES_MAX: usize = 20;
/// Accessible seats of one party.
pub const ACCESSIBLE_MAX: u32 = 20;
/// Units that a growing hold may already have.
pub const BESIDE_MAX: usize = 400;
/// Highest allotment that a byte of the map can name (`0x40 + (allotment << 1 | accessible)`).
pub const ALLOTMENTS_MAX: u8 = 95;

/// How much a new orphan weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A block that leaves an orphan only where no other block exists anywhere in the categories.
    Strict,
    /// The distance decides; orphans break ties.
    Lenient,
    /// No rule.
    Off,
    /// `Strict` until 85 % of the party's categories are sold, `Lenient` after.
    Auto,
}

impl Policy {
    /// From the word that the API uses.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "strict" => Some(Self::Strict),
            "lenient" => Some(Self::Lenient),
            "off" => Some(Self::Off),
            "auto" => Some(Self::Auto),
            _ => None,
        }
    }

    /// The word that the API uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lenient => "lenient",
            Self::Off => "off",
            Self::Auto => "auto",
        }
    }
}

/// People who sit together and whose tickets sell from the same categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// How many, 1 to [`QUANTITY_MAX`].
    pub quantity: u32,
    /// Where their tickets are valid.
    pub categories: CategorySet,
    /// Only in this section.
    pub section: Option<u32>,
    /// How many of them need an accessible seat; the others are their companions.
    pub accessible: u32,
}

/// Everything one hold asks for; it is given whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// In the order in which they are planned.
    pub parties: Vec<Party>,
    /// The orphan rule.
    pub policy: Policy,
    /// May a party be seated in pieces?
    pub split: bool,
    /// Allotments open to this buyer besides the open house.
    pub open_allotments: Vec<u8>,
    /// Units the group holds already.
    pub beside: Vec<u32>,
}

impl Ask {
    /// Refuse what no chart could mean; the planner relies on it.
    pub fn check(&self, chart: &SeatMap) -> Result<()> {
        if self.parties.is_empty() || self.parties.len() > PARTIES_MAX {
            return Err(bad_argument(format!("an ask has 1 to {PARTIES_MAX} parties")));
        }
        check_allotments(&self.open_allotments)?;
        if self.beside.len() > BESIDE_MAX {
            return Err(bad_argument(format!("a hold that grows has at most {BESIDE_MAX} units")));
        }
        if self.beside.iter().any(|unit| *unit >= chart.units()) {
            return Err(bad_argument("beside: no such unit"));
        }
        self.parties.iter().try_for_each(|party| party.check(chart))
    }
}

impl Party {
    fn check(&self, chart: &SeatMap) -> Result<()> {
        if !(1..=QUANTITY_MAX).contains(&self.quantity) {
            return Err(bad_argument(format!("a party has 1 to {QUANTITY_MAX} people")));
        }
        if self.accessible > self.quantity.min(ACCESSIBLE_MAX) {
            return Err(bad_argument(format!(
                "at most {ACCESSIBLE_MAX} accessible seats, and not more than people"
            )));
        }
        if self.categories.highest().is_some_and(|index| usize::from(index) >= chart.categories().len()) {
            return Err(bad_argument("categories: no such category"));
        }
        if self.section.is_some_and(|index| index as usize >= chart.sections().len()) {
            return Err(bad_argument("section: no such section"));
        }
        Ok(())
    }
}

/// Refuse an allotment that no byte can name.
pub(super) fn check_allotments(open: &[u8]) -> Result<()> {
    if open.iter().any(|allotment| *allotment > ALLOTMENTS_MAX) {
        return Err(bad_argument(format!("allotments are numbered 0 to {ALLOTMENTS_MAX}")));
    }
    Ok(())
}

/// The units an ask gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Party after party, ascending within one.
    pub units: Vec<u32>,
    /// Every party sits in one block (general admission always does).
    pub adjacent: bool,
    /// Different rows touched; general admission has none.
    pub rows_used: u32,
    /// The highest step of the ladder that a party needed, 1 to 4.
    pub step: u8,
    /// New single seats that the whole plan leaves behind.
    pub orphans_created: u32,
}

/// Why an ask gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCode {
    /// Enough is free, but not in a shape this ask allows.
    BestAvailableNotFound,
    /// Fewer units are free than a party has people.
    SoldOut,
}

impl RefusalCode {
    /// The word that the API uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BestAvailableNotFound => "best_available_not_found",
            Self::SoldOut => "sold_out",
        }
    }
}

/// A refused ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("{}: {free} free", code.word())]
pub struct Refused {
    /// Why.
    pub code: RefusalCode,
    /// Units free in the categories of the party that could not be placed, protected seats included.
    pub free: u32,
}
