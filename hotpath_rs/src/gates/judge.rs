//! What a gate answers to an authentic code: the rules of `engine/domain/gates/scans.py`, word for word.
//!
//! Times are microseconds; what needs a calendar (the local days, the daily emptyings) comes as instants, as scanners
//! without a network are told them. A test compares this with the rules in Python over thousands of histories.

use std::collections::HashMap;

use serde::Deserialize;

use super::moment::SECOND_US;

const LEEWAY_US: i64 = 30 * SECOND_US;

/// The words of a verdict's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum ResultWord {
    Admit,
    Duplicate,
    Reject,
    ExitOk,
}

/// Every result, by its number in a pack.
pub(crate) const RESULTS: [ResultWord; 4] =
    [ResultWord::Admit, ResultWord::Duplicate, ResultWord::Reject, ResultWord::ExitOk];

impl ResultWord {
    /// Its stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Duplicate => "duplicate",
            Self::Reject => "reject",
            Self::ExitOk => "exit_ok",
        }
    }

    /// The status that is derived from it.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Admit | Self::ExitOk => "VALID",
            Self::Duplicate => "ALREADY_CHECKED_IN",
            Self::Reject => "INVALID",
        }
    }

    /// The result that a word of the ledger names.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        RESULTS.into_iter().find(|result| result.word() == word)
    }
}

/// The words of a verdict's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Reason {
    Ok,
    Malformed,
    UnknownKey,
    BadSignature,
    WrongEvent,
    NotFound,
    StaleVersion,
    TransferPending,
    Refunded,
    Cancelled,
    Blocked,
    Unpaid,
    NotYetValid,
    Expired,
    WrongGate,
    AlreadyUsed,
    NotInside,
    RevokedDevice,
    DuplicateOfflineConflict,
    OfflineEarlier,
    AdmittedOnStaleBundle,
}

/// Every reason, by its number in a pack: new ones are added at the end.
pub(crate) const REASONS: [Reason; 21] = [
    Reason::Ok,
    Reason::Malformed,
    Reason::UnknownKey,
    Reason::BadSignature,
    Reason::WrongEvent,
    Reason::NotFound,
    Reason::StaleVersion,
    Reason::TransferPending,
    Reason::Refunded,
    Reason::Cancelled,
    Reason::Blocked,
    Reason::Unpaid,
    Reason::NotYetValid,
    Reason::Expired,
    Reason::WrongGate,
    Reason::AlreadyUsed,
    Reason::NotInside,
    Reason::RevokedDevice,
    Reason::DuplicateOfflineConflict,
    Reason::OfflineEarlier,
    Reason::AdmittedOnStaleBundle,
];

impl Reason {
    /// Its stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongEvent => "wrong_event",
            Self::NotFound => "not_found",
            Self::StaleVersion => "stale_version",
            Self::TransferPending => "transfer_pending",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Unpaid => "unpaid",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::WrongGate => "wrong_gate",
            Self::AlreadyUsed => "already_used",
            Self::NotInside => "not_inside",
            Self::RevokedDevice => "revoked_device",
            Self::DuplicateOfflineConflict => "duplicate_offline_conflict",
            Self::OfflineEarlier => "offline_earlier",
            Self::AdmittedOnStaleBundle => "admitted_on_stale_bundle",
        }
    }

    fn of_status(status: &str) -> Option<Self> {
        Some(match status {
            "transfer_pending" => Self::TransferPending,
            "blocked" => Self::Blocked,
            "refunded" => Self::Refunded,
            "cancelled" => Self::Cancelled,
            _ => return None,
        })
    }

    /// Whether a device may not have heard of it yet.
    fn is_of_a_status(self) -> bool {
        matches!(self, Self::TransferPending | Self::Blocked | Self::Refunded | Self::Cancelled)
    }
}

/// Whom a gate is for; both empty: everybody.
#[derive(Debug, Deserialize)]
pub struct GateRule {
    #[allow(missing_docs)]
    pub name: String,
    #[allow(missing_docs)]
    pub sections: Vec<String>,
    #[allow(missing_docs)]
    pub ticket_type_ids: Vec<String>,
}

/// What verdicts are judged by, for the times of one upload.
#[derive(Debug, Deserialize)]
pub struct Terms {
    /// The event is cancelled.
    pub cancelled: bool,
    /// The statuses of orders whose tickets admit.
    pub sold: Vec<String>,
    /// When its codes end; None: never.
    pub codes_end_us: Option<i64>,
    /// Whether people may come back.
    pub allow_reentry: bool,
    /// How often in all.
    pub max_entries: Option<i64>,
    /// How often a day.
    pub max_entries_per_day: Option<i64>,
    /// When everybody counted as gone, in order.
    pub emptied_us: Vec<i64>,
    /// (first instant, days since 1970) of the local days, in order.
    pub days: Vec<(i64, i64)>,
    /// The gates, in their order.
    pub gates: Vec<GateRule>,
    /// Names of ticket types by id.
    pub ticket_types: HashMap<String, String>,
    /// The gates of the device; empty: every gate.
    pub device_gates: Vec<String>,
}

/// A ticket as the ledger has it, and as it stands after the scans that were judged already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Ticket<'a> {
    pub id: &'a str,
    pub unit: u32,
    pub version: i32,
    pub status: &'a str,
    pub order_status: &'a str,
    pub ticket_type_id: &'a str,
    pub section: &'a str,
    pub seat: Option<&'a str>,
    pub holder_name: &'a str,
    pub checked_in_at: Option<i64>,
    pub checked_in_gate: Option<&'a str>,
    pub checked_in_device: Option<&'a str>,
    pub inside: bool,
    pub entries: i64,
    pub entries_on: Option<i64>,
    pub entries_today: i64,
    pub last_entry_at: Option<i64>,
    pub last_entry_gate: Option<&'a str>,
    /// The number of the last change in the unit's standing, if the ticket does not admit.
    pub revoked_seq: Option<i64>,
    /// The row's place and its writer: it moves only if both are as they were read.
    pub row: (u32, u16),
    pub writer: u32,
}

/// One authentic reading.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Scan<'a> {
    pub device_id: &'a str,
    pub gate: Option<&'a str>,
    pub shown_gate: &'a str,
    pub is_exit: bool,
    pub at: i64,
    pub version: u16,
    pub not_before_s: u32,
    pub offline: bool,
    pub cursor_seq: i64,
}

/// A verdict's words and the facts next to them; the ticket itself is changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Outcome<'a> {
    pub result: ResultWord,
    pub reason: Reason,
    pub previous: Option<(i64, Option<&'a str>)>,
    pub right_gates: Gates,
    pub moved: bool,
}

/// The gates a verdict names instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gates {
    /// None.
    Unsaid,
    /// The device's own.
    OfDevice,
    /// Those that name the ticket's section or type.
    OfPlace,
}

impl<'a> Outcome<'a> {
    pub(crate) fn plain(result: ResultWord, reason: Reason) -> Self {
        Self { result, reason, previous: None, right_gates: Gates::Unsaid, moved: false }
    }
}

/// The verdict on an authentic code of a known unit; `ticket` becomes what it is then.
pub fn judge<'a>(ticket: &mut Ticket<'a>, scan: &Scan<'a>, terms: &Terms) -> Outcome<'a> {
    if let Some(refused) = standing(ticket, scan.version, terms) {
        let unheard = scan.offline && ticket.revoked_seq.is_some_and(|seq| seq > scan.cursor_seq);
        if unheard && refused.is_of_a_status() {
            return enter(ticket, scan, terms, Reason::AdmittedOnStaleBundle);
        }
        return Outcome::plain(ResultWord::Reject, refused);
    }
    if scan.at < i64::from(scan.not_before_s) * SECOND_US - LEEWAY_US {
        return Outcome::plain(ResultWord::Reject, Reason::NotYetValid);
    }
    if terms.codes_end_us.is_some_and(|end| scan.at >= end + LEEWAY_US) {
        return Outcome::plain(ResultWord::Reject, Reason::Expired);
    }
    if let Some(right_gates) = wrong_gate(ticket, scan, terms) {
        return Outcome { right_gates, ..Outcome::plain(ResultWord::Reject, Reason::WrongGate) };
    }
    if scan.is_exit { leave(ticket, scan, terms) } else { come(ticket, scan, terms) }
}

fn standing(ticket: &Ticket<'_>, version: u16, terms: &Terms) -> Option<Reason> {
    if i32::from(version) != ticket.version {
        return Some(Reason::StaleVersion);
    }
    if let Some(reason) = Reason::of_status(ticket.status) {
        return Some(reason);
    }
    if terms.cancelled {
        return Some(Reason::Cancelled);
    }
    if ticket.order_status == "refunded" {
        return Some(Reason::Refunded);
    }
    if terms.sold.iter().any(|status| status == ticket.order_status) { None } else { Some(Reason::Unpaid) }
}

fn wrong_gate(ticket: &Ticket<'_>, scan: &Scan<'_>, terms: &Terms) -> Option<Gates> {
    if !terms.device_gates.is_empty()
        && !scan.gate.is_some_and(|gate| terms.device_gates.iter().any(|own| own == gate))
    {
        return Some(Gates::OfDevice);
    }
    (!terms.admits_at(scan.gate, ticket)).then_some(Gates::OfPlace)
}

fn come<'a>(ticket: &mut Ticket<'a>, scan: &Scan<'a>, terms: &Terms) -> Outcome<'a> {
    if terms.blocks_entry(ticket, scan.at) {
        return again(ticket, scan, terms);
    }
    if terms.allow_reentry {
        let today = if ticket.entries_on == terms.day_of(scan.at) { ticket.entries_today } else { 0 };
        let spent = terms.max_entries.is_some_and(|most| ticket.entries >= most);
        if spent || terms.max_entries_per_day.is_some_and(|most| today >= most) {
            return duplicate(ticket, Reason::AlreadyUsed);
        }
    }
    enter(ticket, scan, terms, Reason::Ok)
}

fn again<'a>(ticket: &mut Ticket<'a>, scan: &Scan<'a>, terms: &Terms) -> Outcome<'a> {
    match ticket.last_entry_at {
        Some(last) if scan.offline && ticket.checked_in_device != Some(scan.device_id) => {
            if scan.at >= last {
                return duplicate(ticket, Reason::DuplicateOfflineConflict);
            }
            enter(ticket, scan, terms, Reason::OfflineEarlier)
        }
        _ => duplicate(ticket, Reason::AlreadyUsed),
    }
}

fn duplicate<'a>(ticket: &Ticket<'a>, reason: Reason) -> Outcome<'a> {
    let previous = ticket.last_entry_at.map(|at| (at, ticket.last_entry_gate));
    Outcome { previous, ..Outcome::plain(ResultWord::Duplicate, reason) }
}

fn enter<'a>(ticket: &mut Ticket<'a>, scan: &Scan<'a>, terms: &Terms, reason: Reason) -> Outcome<'a> {
    let previous = ticket.last_entry_at.map(|at| (at, ticket.last_entry_gate));
    let day = terms.day_of(scan.at);
    ticket.inside = true;
    ticket.entries += 1;
    ticket.entries_today = if ticket.entries_on == day { ticket.entries_today + 1 } else { 1 };
    ticket.entries_on = day;
    ticket.last_entry_at = Some(scan.at);
    ticket.last_entry_gate = Some(scan.shown_gate);
    if ticket.checked_in_at.is_none_or(|first| scan.at < first) {
        ticket.checked_in_at = Some(scan.at);
        ticket.checked_in_gate = Some(scan.shown_gate);
        ticket.checked_in_device = Some(scan.device_id);
    }
    let previous = if reason == Reason::OfflineEarlier { previous } else { None };
    Outcome { previous, moved: true, ..Outcome::plain(ResultWord::Admit, reason) }
}

fn leave<'a>(ticket: &mut Ticket<'a>, scan: &Scan<'a>, terms: &Terms) -> Outcome<'a> {
    if !terms.is_inside(ticket, scan.at) {
        return Outcome::plain(ResultWord::Reject, Reason::NotInside);
    }
    ticket.inside = false;
    Outcome { moved: true, ..Outcome::plain(ResultWord::ExitOk, Reason::Ok) }
}

impl Terms {
    /// Whether nothing but its own scans keeps its holder out.
    pub(crate) fn plainly_admits(&self, ticket: &Ticket<'_>) -> bool {
        standing(ticket, u16::try_from(ticket.version).unwrap_or_default(), self).is_none()
    }

    /// Whether its holder counts as inside, after the event's daily emptying.
    fn is_inside(&self, ticket: &Ticket<'_>, at: i64) -> bool {
        if !ticket.inside {
            return false;
        }
        let emptied = self.emptied_us[..self.emptied_us.partition_point(|&moment| moment <= at)].last();
        match (emptied, ticket.last_entry_at) {
            (Some(&emptied), Some(last)) => last >= emptied,
            _ => true,
        }
    }

    /// The ticket's bit in the check-in map: a plain entry now would be a duplicate.
    #[must_use]
    pub fn blocks_entry(&self, ticket: &Ticket<'_>, at: i64) -> bool {
        if self.allow_reentry { self.is_inside(ticket, at) } else { ticket.entries > 0 }
    }

    /// The local day of a moment, in days since 1970.
    fn day_of(&self, at: i64) -> Option<i64> {
        let place = self.days.partition_point(|&(start, _)| start <= at);
        self.days[..place].last().or(self.days.first()).map(|&(_, day)| day)
    }

    /// The gates that name a ticket's place; empty if none does, and any gate will do.
    pub(crate) fn right_gates<'t>(
        &'t self,
        section: &str,
        ticket_type_id: &str,
    ) -> impl Iterator<Item = &'t str> {
        let named: Vec<&str> = self
            .gates
            .iter()
            .filter(|rule| rule.names(section, ticket_type_id))
            .map(|rule| rule.name.as_str())
            .collect();
        named.into_iter()
    }

    fn admits_at(&self, gate: Option<&str>, ticket: &Ticket<'_>) -> bool {
        let Some(gate) = gate else { return true };
        match self.gates.iter().find(|rule| rule.name == gate) {
            None => !self.gates.iter().any(|rule| rule.names(ticket.section, ticket.ticket_type_id)),
            Some(rule) if rule.sections.is_empty() && rule.ticket_type_ids.is_empty() => true,
            Some(rule) => rule.names(ticket.section, ticket.ticket_type_id),
        }
    }
}

impl GateRule {
    fn names(&self, section: &str, ticket_type_id: &str) -> bool {
        self.sections.iter().any(|one| one == section)
            || self.ticket_type_ids.iter().any(|one| one == ticket_type_id)
    }
}
