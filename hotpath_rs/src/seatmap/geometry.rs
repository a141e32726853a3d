//! The canonical document of a chart. Both row spellings end here as one form, whose SHA-256 is the etag.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Kind, Micro, Row, SeatMap, Section, Shape};

#[derive(Serialize)]
struct Document<'a> {
    focal_point: Point,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<ShapePart>,
    categories: Vec<&'a str>,
    sections: Vec<SectionPart<'a>>,
}

#[derive(Serialize)]
struct Point {
    x: f64,
    y: f64,
}

/// A turn of nothing and a rectangle are not said.
#[derive(Serialize)]
struct ShapePart {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    round: bool,
}

impl ShapePart {
    fn of(shape: Shape) -> Self {
        Self {
            x: units(shape.centre.0),
            y: units(shape.centre.1),
            width: units(shape.size.0),
            height: units(shape.size.1),
            turn: (shape.turn != 0).then(|| units(shape.turn)),
            round: shape.round,
        }
    }
}

#[derive(Serialize)]
struct SectionPart<'a> {
    name: &'a str,
    kind: &'static str,
    category: &'a str,
    first_unit: u32,
    units: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<ShapePart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowPart<'a>>>,
}

#[derive(Serialize)]
struct RowPart<'a> {
    name: &'a str,
    y: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<ShapePart>,
    first_unit: u32,
    seats: Vec<SeatPart<'a>>,
    aisle_after: Vec<&'a str>,
}

#[derive(Serialize)]
struct SeatPart<'a> {
    name: &'a str,
    x: f64,
    /// Only of a seat that stands off its row's y.
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<f64>,
    category: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    accessible: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    companion: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    obstructed: bool,
}

/// Hex SHA-256 of the document without its etag.
pub(super) fn etag(map: &SeatMap) -> String {
    Sha256::digest(body(map)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The document, etag first.
pub(super) fn document(map: &SeatMap) -> Vec<u8> {
    let body = body(map);
    let mut whole = format!("{{\"etag\":\"{}\",", map.etag).into_bytes();
    whole.extend_from_slice(body.get(1..).unwrap_or_default());
    whole
}

fn body(map: &SeatMap) -> Vec<u8> {
    let (x, y) = map.focal;
    let document = Document {
        focal_point: Point { x: units(x), y: units(y) },
        stage: map.stage.map(ShapePart::of),
        categories: map.categories.iter().map(AsRef::as_ref).collect(),
        sections: map.sections.iter().map(|section| section_part(map, section)).collect(),
    };
    // Plain structs of numbers and text: serialising them into memory has no way to fail.
    serde_json::to_vec(&document).unwrap_or_default()
}

fn section_part<'a>(map: &'a SeatMap, section: &'a Section) -> SectionPart<'a> {
    let rows = &map.rows[section.rows.start as usize..section.rows.end as usize];
    SectionPart {
        name: &section.name,
        kind: section.kind.word(),
        category: &section.category,
        first_unit: section.first_unit,
        units: section.units,
        area: section.area.map(ShapePart::of),
        rows: match section.kind {
            Kind::Seated => Some(rows.iter().map(|row| row_part(map, row)).collect()),
            Kind::General => None,
        },
    }
}

fn row_part<'a>(map: &'a SeatMap, row: &'a Row) -> RowPart<'a> {
    let name = |unit: u32| map.seat_names[unit as usize].as_ref();
    let segments = &map.segments[row.segments.start as usize..row.segments.end as usize];
    let row_end = row.first_unit + row.units;
    RowPart {
        name: &row.name,
        y: units(row.y),
        table: row.table.map(ShapePart::of),
        first_unit: row.first_unit,
        seats: row.unit_range().map(|unit| seat_part(map, row, unit)).collect(),
        aisle_after: segments
            .iter()
            .filter(|segment| segment.end < row_end)
            .map(|segment| name(segment.end - 1))
            .collect(),
    }
}

fn seat_part<'a>(map: &'a SeatMap, row: &Row, unit: u32) -> SeatPart<'a> {
    let at = unit as usize;
    SeatPart {
        name: map.seat_names[at].as_ref(),
        x: units(map.x[at]),
        y: (map.y[at] != row.y).then(|| units(map.y[at])),
        category: map.category_of[at],
        accessible: map.accessible[at],
        companion: map.companion[at],
        obstructed: map.obstructed[at],
    }
}

/// Millionths back to the chart's unit; exact to the last printed digit below `COORDINATE_MAX`.
#[allow(clippy::cast_precision_loss)]
fn units(micro: Micro) -> f64 {
    micro as f64 / 1e6
}
