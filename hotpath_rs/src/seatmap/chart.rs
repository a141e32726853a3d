//! Reading a chart from JSON: every value is checked, every fault is kept with its pointer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::faults::ChartFaults;
use super::values::micro;
use super::{Micro, NO_SEGMENT, SeatMap};
use crate::seating::{Kind, Row, Section, Segment, Shape};
use crate::tape::Tapes;

/// Units of one chart.
pub const UNITS_MAX: usize = 200_000;
/// Sections of one chart.
pub const SECTIONS_MAX: usize = 500;
/// Rows of one section.
pub const ROWS_MAX: usize = 1_000;
/// Seats of one row.
pub const SEATS_MAX: usize = 2_000;
/// Categories of one chart: an index fits a byte.
pub const CATEGORIES_MAX: usize = 255;
/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 64;
/// Coordinates lie within plus and minus this, in the chart's own unit of length.
pub const COORDINATE_MAX: f64 = 1e6;
/// Bytes of a chart: the longest spelling of `UNITS_MAX` seats with room to spare.
pub const CHART_BYTES_MAX: usize = 32 << 20;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Read a chart. The result has no etag yet.
pub(super) fn read(chart_json: &[u8]) -> Result<SeatMap, ChartFaults> {
    let mut reader = Reader::default();
    if chart_json.len() > CHART_BYTES_MAX {
        reader.faults.add("", "too_many", format!("a chart has at most {CHART_BYTES_MAX} bytes"));
        return Err(reader.faults);
    }
    match serde_json::from_slice::<Value>(chart_json) {
        Ok(chart) => reader.chart(&chart),
        Err(error) => reader.faults.add("", "malformed_json", error.to_string()),
    }
    if reader.faults.0.is_empty() { Ok(reader.finish()) } else { Err(reader.faults) }
}

/// A seat before it becomes a unit.
struct Seat {
    name: Arc<str>,
    x: Micro,
    y: Micro,
    category: Arc<str>,
    accessible: bool,
    companion: bool,
    obstructed: bool,
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) faults: ChartFaults,
    names: HashSet<Arc<str>>,
    focal: (Micro, Micro),
    stage: Option<Shape>,
    sections: Vec<Section>,
    rows: Vec<Row>,
    segments: Vec<Segment>,
    categories: Vec<Arc<str>>,
    category_by_name: HashMap<Arc<str>, u8>,
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
    units_refused: bool,
    categories_refused: bool,
}

impl Reader {
    fn chart(&mut self, chart: &Value) {
        let Some(chart) = self.object(chart, "") else { return };
        if let Some(focal) = self.field(chart, "", "focal_point")
            && let Some(focal) = self.object(focal, "/focal_point")
        {
            let x = self.coordinate(focal, "/focal_point", "x").unwrap_or(0);
            let y = self.coordinate(focal, "/focal_point", "y").unwrap_or(0);
            self.focal = (x, y);
        }
        self.stage = self.shape(chart, "", "stage");
        let Some(sections) = self.list(chart, "", "sections", SECTIONS_MAX) else { return };
        for (index, section) in sections.iter().enumerate() {
            if self.faults.is_full() {
                return;
            }
            self.section(section, &format!("/sections/{index}"));
        }
    }

    fn section(&mut self, section: &Value, at: &str) {
        let Some(section) = self.object(section, at) else { return };
        let name = self.name(section, at).unwrap_or_else(|| self.intern(""));
        let index = count(self.sections.len());
        if !name.is_empty() && self.section_by_name.insert(name.clone(), index).is_some() {
            self.faults.add(
                format!("{at}/name"),
                "duplicate",
                format!("another section is called {name:?} too"),
            );
        }
        let category = self.category(section, at).unwrap_or_else(|| name.clone());
        let (first_unit, first_row, first_segment) =
            (self.category_of.len(), self.rows.len(), self.segments.len());
        self.row_by_name.push(HashMap::new());
        let area = self.shape(section, at, "area");
        let kind = match self.text(section, at, "kind") {
            Some("seated") => self.seated(section, at, index, &category),
            Some("general") => self.general(section, at, &category),
            Some(other) => {
                self.faults.add(
                    format!("{at}/kind"),
                    "unknown_kind",
                    format!("a section is \"seated\" or \"general\", not {other:?}"),
                );
                Kind::General
            }
            None => Kind::General,
        };
        self.sections.push(Section {
            index,
            name,
            kind,
            category,
            first_unit: count(first_unit),
            units: count(self.category_of.len() - first_unit),
            area,
            rows: count(first_row)..count(self.rows.len()),
            segments: count(first_segment)..count(self.segments.len()),
        });
    }

    fn general(&mut self, section: &Object, at: &str, category: &Arc<str>) -> Kind {
        if let Some(capacity) = self.whole(section, at, "capacity", 1, UNITS_MAX)
            && self.room_for(capacity)
        {
            let (category, nameless) = (self.category_index(category), self.intern(""));
            let units = self.category_of.len() + capacity;
            self.category_of.resize(units, category);
            self.x.resize(units, 0);
            self.y.resize(units, 0);
            self.accessible.resize(units, false);
            self.companion.resize(units, false);
            self.obstructed.resize(units, false);
            self.segment_of.resize(units, NO_SEGMENT);
            self.seat_names.resize(units, nameless);
        }
        Kind::General
    }

    fn seated(&mut self, section: &Object, at: &str, index: u32, category: &Arc<str>) -> Kind {
        let rows = self.list(section, at, "rows", ROWS_MAX).unwrap_or_default();
        for (place, row) in rows.iter().enumerate() {
            if self.faults.is_full() {
                break;
            }
            self.row(row, &format!("{at}/rows/{place}"), index, category);
        }
        Kind::Seated
    }

    fn row(&mut self, row: &Value, at: &str, section: u32, category: &Arc<str>) {
        let Some(row) = self.object(row, at) else { return };
        let name = self.name(row, at).unwrap_or_else(|| self.intern(""));
        let index = count(self.rows.len());
        let rows = self.row_by_name.last_mut();
        if !name.is_empty() && rows.and_then(|rows| rows.insert(name.clone(), index)).is_some() {
            self.faults.add(
                format!("{at}/name"),
                "duplicate",
                format!("another row of the section is called {name:?} too"),
            );
        }
        let y = self.row_y(row, at);
        let table = self.shape(row, at, "table");
        let seats = match (row.contains_key("seats"), row.contains_key("count")) {
            (true, false) => self.listed_seats(row, at, y, category),
            (false, true) => self.counted_seats(row, at, y, category),
            (true, true) => {
                self.faults.add(at, "ambiguous", "a row lists its \"seats\" or says \"count\", not both");
                return;
            }
            (false, false) => {
                self.faults.add(
                    at,
                    "missing",
                    "a row needs \"seats\", or \"first\", \"count\", \"x0\", \"pitch\"",
                );
                return;
            }
        };
        let aisles = self.seat_list(row, at, "aisle_after", &seats);
        if self.room_for(seats.len()) {
            let (units, first_segment) = (count(seats.len()), count(self.segments.len()));
            self.lay(index, &seats, &aisles);
            self.rows.push(Row {
                name,
                section,
                y,
                table,
                first_unit: count(self.category_of.len()) - units,
                units,
                segments: first_segment..count(self.segments.len()),
            });
        }
    }

    /// Turn a row's seats into units and its aisles into segments.
    fn lay(&mut self, row: u32, seats: &[Seat], aisles: &HashSet<usize>) {
        let mut first = count(self.category_of.len());
        for (place, seat) in seats.iter().enumerate() {
            let category = self.category_index(&seat.category);
            self.category_of.push(category);
            self.seat_names.push(seat.name.clone());
            self.x.push(seat.x);
            self.y.push(seat.y);
            self.accessible.push(seat.accessible);
            self.companion.push(seat.companion);
            self.obstructed.push(seat.obstructed);
            self.segment_of.push(count(self.segments.len()));
            if aisles.contains(&place) || place + 1 == seats.len() {
                let end = count(self.category_of.len());
                self.segments.push(Segment { row, first, end });
                first = end;
            }
        }
    }

    /// Where a row stands; one whose seats all say their own y stands where its first seat does.
    fn row_y(&mut self, row: &Object, at: &str) -> Micro {
        if !row.contains_key("y")
            && let Some(seats) = row.get("seats").and_then(Value::as_array)
            && seats.iter().all(|seat| seat.as_object().is_some_and(|seat| has(seat, "y")))
        {
            let first = seats.first().and_then(|seat| seat.get("y")).and_then(Value::as_f64);
            return first.and_then(micro).unwrap_or(0);
        }
        self.coordinate(row, at, "y").unwrap_or(0)
    }

    fn listed_seats(&mut self, row: &Object, at: &str, y: Micro, category: &Arc<str>) -> Vec<Seat> {
        let mut seen = HashSet::new();
        let mut seats = Vec::new();
        let listed = self.list(row, at, "seats", SEATS_MAX).unwrap_or_default();
        for (place, seat) in listed.iter().enumerate() {
            let at = format!("{at}/seats/{place}");
            let Some(seat) = self.object(seat, &at) else { continue };
            let name = self.name(seat, &at).unwrap_or_else(|| self.intern(""));
            if !name.is_empty() && !seen.insert(name.clone()) {
                self.faults.add(
                    format!("{at}/name"),
                    "duplicate",
                    format!("another seat of the row is called {name:?} too"),
                );
            }
            seats.push(Seat {
                name,
                x: self.coordinate(seat, &at, "x").unwrap_or(0),
                y: if has(seat, "y") { self.coordinate(seat, &at, "y").unwrap_or(y) } else { y },
                category: self.category(seat, &at).unwrap_or_else(|| category.clone()),
                accessible: self.flag(seat, &at, "accessible"),
                companion: self.flag(seat, &at, "companion"),
                obstructed: self.flag(seat, &at, "obstructed"),
            });
        }
        seats
    }

    fn counted_seats(&mut self, row: &Object, at: &str, y: Micro, category: &Arc<str>) -> Vec<Seat> {
        let first = self.whole(row, at, "first", 0, 1_000_000);
        let seats_count = self.whole(row, at, "count", 1, SEATS_MAX);
        let (x0, pitch) = (self.number(row, at, "x0"), self.number(row, at, "pitch"));
        let (Some(first), Some(seats_count), Some(x0), Some(pitch)) = (first, seats_count, x0, pitch) else {
            return Vec::new();
        };
        if pitch == 0.0 {
            self.faults.add(format!("{at}/pitch"), "out_of_range", "seats do not stand on top of each other");
        }
        let mut seats = Vec::with_capacity(seats_count);
        for place in 0..seats_count {
            // The count is at most SEATS_MAX, far below where f64 loses whole numbers.
            #[allow(clippy::cast_precision_loss)]
            let Some(x) = micro(x0 + pitch * place as f64) else {
                self.faults.add(
                    format!("{at}/pitch"),
                    "out_of_range",
                    format!("seat {} stands more than {COORDINATE_MAX} away", first + place),
                );
                return Vec::new();
            };
            let name = self.intern(&(first + place).to_string());
            let (category, none) = (category.clone(), false);
            seats.push(Seat { name, x, y, category, accessible: none, companion: none, obstructed: none });
        }
        for place in self.seat_list(row, at, "accessible", &seats) {
            seats[place].accessible = true;
        }
        for place in self.seat_list(row, at, "companion", &seats) {
            seats[place].companion = true;
        }
        for place in self.seat_list(row, at, "obstructed", &seats) {
            seats[place].obstructed = true;
        }
        seats
    }

    /// Places in the row of the seats that an optional list names, by text or by number.
    fn seat_list(&mut self, row: &Object, at: &str, field: &str, seats: &[Seat]) -> HashSet<usize> {
        let mut places = HashSet::new();
        let Some(listed) = row.get(field).filter(|value| !value.is_null()) else { return places };
        let at = format!("{at}/{field}");
        let Some(listed) = listed.as_array() else {
            self.faults.add(at, "wrong_type", "must be a list of seat names");
            return places;
        };
        if listed.is_empty() {
            return places;
        }
        if listed.len() > SEATS_MAX {
            self.faults.add(at, "too_many", format!("at most {SEATS_MAX}"));
            return places;
        }
        let by_name: HashMap<&str, usize> =
            seats.iter().enumerate().map(|(place, seat)| (seat.name.as_ref(), place)).collect();
        for (index, value) in listed.iter().enumerate() {
            let name = match value {
                Value::String(name) => name.clone(),
                Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
                _ => {
                    self.faults.add(format!("{at}/{index}"), "wrong_type", "must be a seat's name or number");
                    continue;
                }
            };
            match by_name.get(name.as_str()) {
                Some(place) => {
                    places.insert(*place);
                }
                None => self.faults.add(
                    format!("{at}/{index}"),
                    "unknown_seat",
                    format!("the row has no seat {name:?}"),
                ),
            }
        }
        places
    }

    /// False, told once, when this many more units would not fit.
    fn room_for(&mut self, units: usize) -> bool {
        let fits = self.category_of.len() + units <= UNITS_MAX;
        if !fits && !self.units_refused {
            self.units_refused = true;
            self.faults.add("/sections", "too_many", format!("a chart has at most {UNITS_MAX} units"));
        }
        fits
    }

    fn category_index(&mut self, name: &Arc<str>) -> u8 {
        if let Some(index) = self.category_by_name.get(name) {
            return *index;
        }
        if self.categories.len() == CATEGORIES_MAX {
            if !self.categories_refused {
                self.categories_refused = true;
                self.faults.add(
                    "/sections",
                    "too_many",
                    format!("a chart has at most {CATEGORIES_MAX} categories"),
                );
            }
            return 0;
        }
        let index = u8::try_from(self.categories.len()).unwrap_or(u8::MAX);
        self.categories.push(name.clone());
        self.category_by_name.insert(name.clone(), index);
        index
    }

    /// One allocation per distinct name: a house repeats "1" to "50" in every row.
    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone());
        name
    }

    fn finish(self) -> SeatMap {
        SeatMap {
            etag: String::new(),
            focal: self.focal,
            stage: self.stage,
            sections: self.sections,
            rows: self.rows,
            segments: self.segments,
            categories: self.categories,
            seat_names: self.seat_names,
            x: self.x,
            y: self.y,
            category_of: self.category_of,
            accessible: self.accessible,
            companion: self.companion,
            obstructed: self.obstructed,
            segment_of: self.segment_of,
            section_by_name: self.section_by_name,
            row_by_name: self.row_by_name,
            tapes: Tapes::default(),
        }
    }
}

/// Does an object say this (null says nothing)?
pub(super) fn has(object: &Object, field: &str) -> bool {
    object.get(field).is_some_and(|value| !value.is_null())
}

/// Lengths here are bounded by `UNITS_MAX`.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
