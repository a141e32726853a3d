//! Single values of a chart: each is checked, a fault is kept with its pointer and nothing is given back.

use std::sync::Arc;

use serde_json::Value;

use super::Micro;
use super::chart::{COORDINATE_MAX, NAME_CHARS_MAX, Object, Reader};

impl Reader {
    pub(super) fn object<'a>(&mut self, value: &'a Value, at: &str) -> Option<&'a Object> {
        let object = value.as_object();
        if object.is_none() {
            self.faults.add(at, "wrong_type", "must be an object");
        }
        object
    }

    pub(super) fn field<'a>(&mut self, object: &'a Object, at: &str, field: &str) -> Option<&'a Value> {
        let value = object.get(field);
        if value.is_none() {
            self.faults.add(format!("{at}/{field}"), "missing", format!("{field:?} is required"));
        }
        value
    }

    /// A required list of 1 to `max` values.
    pub(super) fn list<'a>(
        &mut self,
        object: &'a Object,
        at: &str,
        field: &str,
        max: usize,
    ) -> Option<&'a [Value]> {
        let value = self.field(object, at, field)?;
        let at = format!("{at}/{field}");
        let Some(list) = value.as_array() else {
            self.faults.add(at, "wrong_type", "must be a list");
            return None;
        };
        if list.is_empty() {
            self.faults.add(at, "empty", "needs at least one");
            return None;
        }
        if list.len() > max {
            self.faults.add(at, "too_many", format!("at most {max}, not {}", list.len()));
            return None;
        }
        Some(list)
    }

    pub(super) fn text<'a>(&mut self, object: &'a Object, at: &str, field: &str) -> Option<&'a str> {
        let text = self.field(object, at, field)?.as_str();
        if text.is_none() {
            self.faults.add(format!("{at}/{field}"), "wrong_type", "must be text");
        }
        text
    }

    /// A required name: it becomes a part of `Section/Row/Seat`.
    pub(super) fn name(&mut self, object: &Object, at: &str) -> Option<Arc<str>> {
        let name = self.text(object, at, "name")?;
        if !is_name(name) || name.contains('/') {
            self.faults.add(
                format!("{at}/name"),
                "invalid_name",
                format!("a name has 1 to {NAME_CHARS_MAX} characters, no \"/\" and no control character"),
            );
            return None;
        }
        Some(self.intern(name))
    }

    /// An optional category.
    pub(super) fn category(&mut self, object: &Object, at: &str) -> Option<Arc<str>> {
        let category = object.get("category").filter(|value| !value.is_null())?;
        match category.as_str() {
            None => self.faults.add(format!("{at}/category"), "wrong_type", "must be text"),
            Some(name) if is_name(name) => return Some(self.intern(name)),
            Some(_) => self.faults.add(
                format!("{at}/category"),
                "invalid_name",
                format!("a category has 1 to {NAME_CHARS_MAX} characters"),
            ),
        }
        None
    }

    pub(super) fn flag(&mut self, object: &Object, at: &str, field: &str) -> bool {
        match object.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.faults.add(format!("{at}/{field}"), "wrong_type", "must be true or false");
                false
            }
        }
    }

    pub(super) fn whole(
        &mut self,
        object: &Object,
        at: &str,
        field: &str,
        min: usize,
        max: usize,
    ) -> Option<usize> {
        let value = self.field(object, at, field)?;
        let at = format!("{at}/{field}");
        if !value.is_i64() && !value.is_u64() {
            self.faults.add(at, "wrong_type", "must be a whole number");
            return None;
        }
        let whole = value.as_u64().and_then(|whole| usize::try_from(whole).ok());
        let whole = whole.filter(|whole| (min..=max).contains(whole));
        if whole.is_none() {
            self.faults.add(at, "out_of_range", format!("must be {min} to {max}"));
        }
        whole
    }

    /// A required coordinate, in millionths.
    pub(super) fn coordinate(&mut self, object: &Object, at: &str, field: &str) -> Option<Micro> {
        self.number(object, at, field).and_then(micro)
    }

    /// A required finite number within `COORDINATE_MAX`.
    pub(super) fn number(&mut self, object: &Object, at: &str, field: &str) -> Option<f64> {
        let value = self.field(object, at, field)?;
        let at = format!("{at}/{field}");
        let Some(number) = value.as_f64().filter(|_| value.is_number()) else {
            self.faults.add(at, "wrong_type", "must be a number");
            return None;
        };
        if micro(number).is_none() {
            self.faults.add(at, "out_of_range", format!("must lie within {COORDINATE_MAX} of zero"));
            return None;
        }
        Some(number)
    }
}

fn is_name(name: &str) -> bool {
    let chars = name.chars().count();
    (1..=NAME_CHARS_MAX).contains(&chars) && !name.trim().is_empty() && !name.chars().any(char::is_control)
}

/// Nearest millionth, or `None` where the number is no place in a house.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn micro(number: f64) -> Option<Micro> {
    (number.is_finite() && number.abs() <= COORDINATE_MAX).then(|| (number * 1e6).round() as Micro)
}
