//! The plain parts a chart is made of, and what of them a tape ranks. Knows neither charts nor tapes.

use std::ops::Range;
use std::sync::Arc;

/// Millionths of the chart's unit of length.
pub type Micro = i64;

/// How a section is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Rows of named seats.
    Seated,
    /// Numbered places without a position.
    General,
}

impl Kind {
    /// The word that the API uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Seated => "seated",
            Self::General => "general",
        }
    }
}

/// A rectangle or an ellipse around a point, turned about it: a stage, a table, the floor of a standing section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its middle.
    pub centre: (Micro, Micro),
    /// Its extent before it is turned; both above 0.
    pub size: (Micro, Micro),
    /// Clockwise as it is drawn, in millionths of a degree.
    pub turn: Micro,
    /// An ellipse.
    pub round: bool,
}

/// A section of the house.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its place in the chart.
    pub index: u32,
    /// Unique in the chart, without `/`.
    pub name: Arc<str>,
    /// Seated or general.
    pub kind: Kind,
    /// What a seat's category defaults to.
    pub category: Arc<str>,
    /// Its lowest unit.
    pub first_unit: u32,
    /// How many units it has.
    pub units: u32,
    /// Where a general section is, if the chart says so; for drawing only.
    pub area: Option<Shape>,
    pub(crate) rows: Range<u32>,
    pub(crate) segments: Range<u32>,
}

impl Section {
    /// Its units.
    #[must_use]
    pub fn unit_range(&self) -> Range<u32> {
        self.first_unit..self.first_unit + self.units
    }

    pub(crate) fn segment_range(&self) -> Range<usize> {
        self.segments.start as usize..self.segments.end as usize
    }
}

/// A row of seats.
#[derive(Clone, Debug)]
pub struct Row {
    /// Unique in its section, without `/`.
    pub name: Arc<str>,
    /// Its section.
    pub section: u32,
    /// Its distance along the house's axis, in millionths; seats of a curve or a table have their own.
    pub y: Micro,
    /// The table that its seats stand around; for drawing only.
    pub table: Option<Shape>,
    /// Its first seat.
    pub first_unit: u32,
    /// How many seats it has.
    pub units: u32,
    pub(crate) segments: Range<u32>,
}

impl Row {
    /// Its seats, in physical order.
    #[must_use]
    pub fn unit_range(&self) -> Range<u32> {
        self.first_unit..self.first_unit + self.units
    }
}

/// A stretch of a row without an aisle inside: seats in it that are listed next to each other touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the row in the house.
    pub row: u32,
    /// First seat.
    pub first: u32,
    /// One past the last seat.
    pub end: u32,
}

/// Where the seats of a house, or of one section, stand.
#[derive(Clone, Copy, Debug)]
pub struct Seating<'a> {
    /// The point every seat would like to be near.
    pub focal_point: (Micro, Micro),
    /// The x of every unit of the house, 0 for general admission.
    pub xs: &'a [Micro],
    /// The y of every unit of the house, 0 for general admission.
    pub ys: &'a [Micro],
    /// One category index per unit of the house.
    pub category_map: &'a [u8],
    /// The stretches to look at, in unit order.
    pub segments: &'a [Segment],
}

/// A set of category indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CategorySet([u64; 4]);

impl CategorySet {
    /// Is this category in the set?
    #[must_use]
    #[inline]
    pub fn contains(self, category: u8) -> bool {
        self.0[(category >> 6) as usize] >> (category & 63) & 1 == 1
    }

    /// The highest member.
    #[must_use]
    pub fn highest(self) -> Option<u8> {
        let word = self.0.iter().rposition(|word| *word != 0)?;
        u8::try_from(word as u32 * 64 + self.0[word].ilog2()).ok()
    }

    /// Add one.
    pub fn insert(&mut self, category: u8) {
        self.0[(category >> 6) as usize] |= 1 << (category & 63);
    }
}

impl FromIterator<u8> for CategorySet {
    fn from_iter<I: IntoIterator<Item = u8>>(categories: I) -> Self {
        let mut set = Self::default();
        for category in categories {
            set.insert(category);
        }
        set
    }
}
