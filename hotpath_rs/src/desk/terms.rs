//! What a desk knows of its event, as the service hands it over.

use serde::Deserialize;

/// The event's terms. Times are epoch ms; "never" is the largest number.
#[derive(Clone, Debug, Deserialize)]
pub struct Terms {
    /// The event.
    pub event_id: String,
    /// How long a hold lives, ms.
    pub hold_ttl_ms: u32,
    /// Selling opens; where there is a room, whoever it let in may buy whatever this says.
    pub opens_at_ms: u64,
    /// Selling closes.
    pub closes_at_ms: u64,
    /// Whether an admission is needed.
    pub room_enabled: bool,
    /// How long after its expiry an admission still counts, ms.
    pub admission_leeway_ms: u64,
    /// Most tickets one buyer may have; whoever holds them, the script counts up to this.
    pub max_per_buyer: u16,
    /// The ticket types.
    pub types: Vec<TypeTerms>,
}

/// A ticket type's terms.
#[derive(Clone, Debug, Deserialize)]
pub struct TypeTerms {
    /// Its id.
    pub id: String,
    /// Its byte in the map's records.
    pub number: u8,
    /// Price of one, cents.
    pub price_cents: u64,
    /// Most in one order.
    pub max_per_order: u16,
    /// Its own window, epoch ms.
    pub sales_start_at_ms: u64,
    /// First ms after it.
    pub sales_end_at_ms: u64,
    /// Its own cap.
    pub capacity: Option<u32>,
    /// Orphan policy at first: 0 off, 1 strict, 2 lenient.
    pub policy: u8,
    /// How the script picks its units.
    pub pick: Pick,
}

/// How units of a ticket type are found.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The lowest free numbers of one general-admission section.
    General {
        /// First unit.
        first: u32,
        /// Units.
        size: u32,
    },
    /// The best block on a tape; `names[n - 1]` is the tape for n seats.
    Tape {
        /// Tape names by party size.
        names: Vec<String>,
    },
    /// Only a plan finds them.
    Planned,
}
