//! The canonical document of a chart. Both row spellings end here as one form, whose SHA-256 is the etag.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Kind, Micro, Row, SeatMap, Section};

#[derive(Serialize)]
struct Document<'a> {
    focal_point: Point,
    categories: Vec<&'a str>,
    sections: Vec<SectionPart<'a>>,
}

#[derive(Serialize)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Serialize)]
struct SectionPart<'a> {
    name: &'a str,
    kind: &'static str,
    category: &'a str,
    first_unit: u32,
    units: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowPart<'a>>>,
}

#[derive(Serialize)]
struct RowPart<'a> {
    name: &'a str,
    y: f64,
    first_unit: u32,
    seats: Vec<SeatPart<'a>>,
    aisle_after: Vec<&'a str>,
}

#[derive(Serialize)]
struct SeatPart<'a> {
    name: &'a str,
    x: f64,
    category: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    accessible: bool,
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
        first_unit: row.first_unit,
        seats: row
            .unit_range()
            .map(|unit| SeatPart {
                name: name(unit),
                x: units(map.x[unit as usize]),
                category: map.category_of[unit as usize],
                accessible: map.accessible[unit as usize],
            })
            .collect(),
        aisle_after: segments
            .iter()
            .filter(|segment| segment.end < row_end)
            .map(|segment| name(segment.end - 1))
            .collect(),
    }
}

/// Millionths back to the chart's unit; exact to the last printed digit below `COORDINATE_MAX`.
#[allow(clippy::cast_precision_loss)]
fn units(micro: Micro) -> f64 {
    micro as f64 / 1e6
}
