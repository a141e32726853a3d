//! Shapes of a chart: a stage, a table, the floor of a standing section. They are drawn; nothing is sold by them.

use super::chart::{Object, Reader, has};
use super::values::micro;
use crate::seating::Shape;

/// Nothing is turned further than once around.
const TURN_DEGREES_MAX: f64 = 360.0;

impl Reader {
    /// An optional shape: its middle, its extent, how far it is turned, and whether it is round.
    pub(super) fn shape(&mut self, object: &Object, at: &str, field: &str) -> Option<Shape> {
        let shape = object.get(field).filter(|value| !value.is_null())?;
        let at = format!("{at}/{field}");
        let shape = self.object(shape, &at)?;
        let (x, y) = (self.coordinate(shape, &at, "x"), self.coordinate(shape, &at, "y"));
        let (width, height) = (self.extent(shape, &at, "width"), self.extent(shape, &at, "height"));
        let turn = if has(shape, "turn") { self.number(shape, &at, "turn")? } else { 0.0 };
        if turn.abs() > TURN_DEGREES_MAX {
            let message = format!("must be -{TURN_DEGREES_MAX} to {TURN_DEGREES_MAX} degrees");
            self.faults.add(format!("{at}/turn"), "out_of_range", message);
        }
        let round = self.flag(shape, &at, "round");
        Some(Shape { centre: (x?, y?), size: (width?, height?), turn: micro(turn)?, round })
    }

    /// A required length above 0, in millionths.
    fn extent(&mut self, object: &Object, at: &str, field: &str) -> Option<i64> {
        let extent = self.coordinate(object, at, field)?;
        if extent <= 0 {
            self.faults.add(format!("{at}/{field}"), "out_of_range", "must be more than 0");
            return None;
        }
        Some(extent)
    }
}
