//! What is wrong with a chart: every fault with the place it was found, so an organizer can mend them in one go.

use std::fmt;

/// A chart with more faults than this is told about the first ones only.
pub const CHART_ERRORS_MAX: usize = 100;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFault {
    /// RFC 6901 pointer to the value, or to the object that misses one.
    pub pointer: String,
    /// `malformed_json`, `wrong_type`, `missing`, `empty`, `too_many`, `duplicate`, `invalid_name`,
    /// `out_of_range`, `unknown_seat`, `unknown_kind` or `ambiguous`.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

/// All faults of a chart; never empty when it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartFaults(pub Vec<ChartFault>);

impl ChartFaults {
    pub(super) fn add(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.0.len() < CHART_ERRORS_MAX {
            self.0.push(ChartFault { pointer: pointer.into(), code, message: message.into() });
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= CHART_ERRORS_MAX
    }
}

impl fmt::Display for ChartFaults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.first() {
            None => out.write_str("the chart is in order"),
            Some(first) => {
                write!(out, "{} ({}): {}", first.pointer, first.code, first.message)?;
                match self.0.len() - 1 {
                    0 => Ok(()),
                    more => write!(out, " (and {more} more)"),
                }
            }
        }
    }
}

impl std::error::Error for ChartFaults {}
