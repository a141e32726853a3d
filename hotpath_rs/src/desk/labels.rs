//! Seat and section of every unit as ready JSON, made once per chart and shared by its events.

use crate::seatmap::SeatMap;

/// `"seat":"A/1/2","section":"A"` and the row of each unit.
pub struct Labels {
    text: Vec<String>,
    row: Vec<u32>,
}

impl Labels {
    /// For this chart.
    #[must_use]
    pub fn new(chart: &SeatMap) -> Self {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut labels = Self { text: Vec::with_capacity(chart.units() as usize), row: Vec::new() };
        let mut row_text = String::new();
        let mut row_number = 0;
        for unit in 0..chart.units() {
            let section = chart.section_index(unit).and_then(|i| chart.sections().get(i as usize));
            let name = section.map_or("", |section| section.name.as_ref());
            let seat = chart.seat(unit);
            let row = seat.as_deref().and_then(|seat| seat.rsplit_once('/')).map_or("", |(row, _)| row);
            if row != row_text {
                row_text = row.to_owned();
                row_number += 1;
            }
            labels.row.push(if seat.is_some() { row_number } else { 0 });
            let seat = seat.map_or_else(|| "null".to_owned(), |seat| quoted(&seat));
            labels.text.push(format!("\"seat\":{seat},\"section\":{}", quoted(name)));
        }
        labels
    }

    /// The ready fragment of a unit.
    #[must_use]
    pub fn text(&self, unit: u32) -> Option<&str> {
        self.text.get(unit as usize).map(String::as_str)
    }

    /// A number for the unit's row, 0 in general admission.
    #[must_use]
    pub fn row(&self, unit: u32) -> u32 {
        self.row.get(unit as usize).copied().unwrap_or(0)
    }
}
