//! A seating chart as one dense array of units: sections laid end to end, seated ones row by row in physical
//! order, general-admission ones as plain numbers. Immutable once parsed; every event of a venue shares it.
//!
//! Positions are kept in integer millionths of the chart's own unit, so distances compare exactly and two seats
//! that mirror each other tie on every machine.

mod chart;
mod faults;
mod geometry;
mod shapes;
mod values;

use std::collections::HashMap;
use std::sync::Arc;

pub use crate::seating::{CategorySet, Kind, Micro, Row, Section, Segment, Shape};
pub use chart::{
    CATEGORIES_MAX, CHART_BYTES_MAX, COORDINATE_MAX, NAME_CHARS_MAX, ROWS_MAX, SEATS_MAX, SECTIONS_MAX,
    UNITS_MAX,
};
pub use faults::{CHART_ERRORS_MAX, ChartFault, ChartFaults};

use crate::seating::Seating;
use crate::tape::{Centre, Tape, TapeKey, Tapes};

/// The free byte of an open-house unit that anybody may buy.
pub const FREE: u8 = 0x40;
/// The free byte of an open-house seat that is still protected for people who need an accessible one.
pub const FREE_ACCESSIBLE: u8 = 0x41;

/// `segment_of` for a general-admission unit: it stands in no row.
const NO_SEGMENT: u32 = u32::MAX;

/// A parsed seating chart.
#[derive(Debug)]
pub struct SeatMap {
    etag: String,
    focal: (Micro, Micro),
    stage: Option<Shape>,
    sections: Vec<Section>,
    rows: Vec<Row>,
    segments: Vec<Segment>,
    categories: Vec<Arc<str>>,
    seat_names: Vec<Arc<str>>,
    x: Vec<Micro>,
    y: Vec<Micro>,
    category_of: Vec<u8>,
    accessible: Vec<bool>,
    companion: Vec<bool>,
    obstructed: Vec<bool>,
    segment_of: Vec<u32>,
    section_by_name: HashMap<Arc<str>, u32>,
    row_by_name: Vec<HashMap<Arc<str>, u32>>,
    tapes: Tapes,
}

impl SeatMap {
    /// Parse a chart (both row spellings). All faults are reported together, at most [`CHART_ERRORS_MAX`].
    pub fn parse(chart_json: &[u8]) -> Result<Self, ChartFaults> {
        let mut map = chart::read(chart_json)?;
        map.etag = geometry::etag(&map);
        Ok(map)
    }

    /// How many units the chart has; they are numbered `0..units`.
    #[must_use]
    pub fn units(&self) -> u32 {
        u32::try_from(self.category_of.len()).unwrap_or(u32::MAX)
    }

    /// Hex SHA-256 of the canonical form: equal for both spellings of the same chart.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// Category names in the order in which units first use them; a category's index points here.
    #[must_use]
    pub fn categories(&self) -> &[Arc<str>] {
        &self.categories
    }

    /// Sections in chart order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Rows of all sections, front to back as the chart lists them.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Stretches of a row without an aisle inside, in unit order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The stretch a seat stands in; `None` for general admission and for units that do not exist.
    #[must_use]
    pub fn segment(&self, unit: u32) -> Option<Segment> {
        let index = *self.segment_of.get(unit as usize)?;
        self.segments.get(index as usize).copied()
    }

    /// The row a seat stands in.
    #[must_use]
    pub fn row(&self, unit: u32) -> Option<&Row> {
        self.rows.get(self.segment(unit)?.row as usize)
    }

    /// The segments of one section, or of the whole house.
    #[must_use]
    pub fn segments_in(&self, section: Option<u32>) -> &[Segment] {
        let range = match section {
            None => 0..self.segments.len(),
            Some(index) => self.sections.get(index as usize).map_or(0..0, Section::segment_range),
        };
        self.segments.get(range).unwrap_or_default()
    }

    /// The section of a unit.
    #[must_use]
    pub fn section_index(&self, unit: u32) -> Option<u32> {
        if unit >= self.units() {
            return None;
        }
        let after = self.sections.partition_point(|section| section.first_unit <= unit);
        u32::try_from(after).ok()?.checked_sub(1)
    }

    /// The category of a unit.
    #[must_use]
    pub fn category_index(&self, unit: u32) -> Option<u8> {
        self.category_of.get(unit as usize).copied()
    }

    /// `Stalls/A/5`; `None` for general admission and for units that do not exist.
    #[must_use]
    pub fn seat(&self, unit: u32) -> Option<String> {
        let row = self.row(unit)?;
        let section = self.sections.get(row.section as usize)?;
        let seat = self.seat_names.get(unit as usize)?;
        Some(format!("{}/{}/{seat}", section.name, row.name))
    }

    /// The unit of a seat written `Section/Row/Seat`.
    #[must_use]
    pub fn unit(&self, label: &str) -> Option<u32> {
        let mut parts = label.split('/');
        let (section, row, seat) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let section = *self.section_by_name.get(section)?;
        let row = *self.row_by_name.get(section as usize)?.get(row)?;
        self.rows.get(row as usize)?.unit_range().find(|unit| &*self.seat_names[*unit as usize] == seat)
    }

    /// One byte per unit: the map when nothing is taken and no allotment is set apart.
    #[must_use]
    pub fn base_map(&self) -> Vec<u8> {
        self.accessible.iter().map(|accessible| if *accessible { FREE_ACCESSIBLE } else { FREE }).collect()
    }

    /// One category index per unit.
    #[must_use]
    pub fn category_map(&self) -> &[u8] {
        &self.category_of
    }

    /// One section index per unit.
    pub fn section_map(&self) -> impl Iterator<Item = u16> {
        self.sections.iter().flat_map(|section| {
            std::iter::repeat_n(u16::try_from(section.index).unwrap_or(u16::MAX), section.units as usize)
        })
    }

    /// Is this seat built for people who need an accessible one (released to general sale or not)?
    #[must_use]
    pub fn is_accessible(&self, unit: u32) -> bool {
        self.accessible.get(unit as usize).copied().unwrap_or(false)
    }

    /// The document the seat picker draws from. Immutable: it changes only with the etag.
    #[must_use]
    pub fn geometry_json(&self) -> Vec<u8> {
        geometry::document(self)
    }

    /// The point every seat would like to be near, in millionths.
    #[must_use]
    pub fn focal_point(&self) -> (Micro, Micro) {
        self.focal
    }

    /// Where a seat stands, in millionths; general-admission units stand nowhere (`None`).
    #[must_use]
    pub fn position(&self, unit: u32) -> Option<(Micro, Micro)> {
        self.segment(unit)?;
        Some((self.x[unit as usize], self.y[unit as usize]))
    }

    /// The x of every unit (0 for general admission), to sum over ranges.
    pub(crate) fn xs(&self) -> &[Micro] {
        &self.x
    }

    /// The y of every unit (0 for general admission), to sum over ranges.
    pub(crate) fn ys(&self) -> &[Micro] {
        &self.y
    }

    /// Where the seats of one section, or of the whole house, stand.
    #[must_use]
    pub fn seating(&self, section: Option<u32>) -> Seating<'_> {
        Seating {
            focal_point: self.focal,
            xs: &self.x,
            ys: &self.y,
            category_map: &self.category_of,
            segments: self.segments_in(section),
        }
    }

    /// Ranked starts, built on first use.
    pub(crate) fn tape(&self, key: TapeKey) -> Arc<Tape> {
        self.tapes.get(key, || Tape::build(&self.seating(key.section), key.quantity, key.categories))
    }

    /// The centroid of these seats; units without a place are left out.
    pub(crate) fn centre_of(&self, units: &[u32]) -> Centre {
        units
            .iter()
            .filter_map(|unit| self.position(*unit))
            .fold(Centre::default(), |centre, position| centre.with(&Centre::point(position)))
    }

    /// The general-admission sections that sell one of these categories, lowest first.
    pub(crate) fn general_sections(
        &self,
        categories: CategorySet,
        only: Option<u32>,
    ) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| {
            section.kind == Kind::General
                && only.is_none_or(|index| index == section.index)
                && self.category_index(section.first_unit).is_some_and(|index| categories.contains(index))
        })
    }
}
