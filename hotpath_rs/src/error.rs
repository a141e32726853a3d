//! Every way this crate says no, in one enum; the binding maps each arm onto one Python exception.

use thiserror::Error as ThisError;

use crate::allocate::Refused;
use crate::seatmap::ChartFaults;

/// Why a token or a ticket code was not accepted. The code is part of the public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ThisError)]
pub enum TokenFault {
    /// Not the one canonical encoding of anything this kind could mean.
    #[error("malformed")]
    Malformed,
    /// Signed with a key id that this ring does not hold (any more).
    #[error("unknown_key")]
    UnknownKey,
    /// The MAC is not ours.
    #[error("bad_signature")]
    BadSignature,
    /// It names another event.
    #[error("wrong_event")]
    WrongEvent,
    /// A well-formed token of another kind, or of another purpose.
    #[error("wrong_kind")]
    WrongKind,
    /// Its time is over, leeway included.
    #[error("expired")]
    Expired,
    /// Its time has not begun, leeway included.
    #[error("not_yet_valid")]
    NotYetValid,
}

impl TokenFault {
    /// The stable word for this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongEvent => "wrong_event",
            Self::WrongKind => "wrong_kind",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

/// The crate's error.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum Error {
    /// A token or a ticket code was refused.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// An audit bundle does not prove what it claims.
    #[error("{code}: {message}")]
    Draw {
        /// Stable word for the check that failed.
        code: &'static str,
        /// What was expected and what was found.
        message: String,
    },
    /// A seating chart is not in order.
    #[error(transparent)]
    Chart(#[from] ChartFaults),
    /// No seats for an ask.
    #[error(transparent)]
    Allocation(#[from] Refused),
    /// The caller passed a value outside the documented range.
    #[error("{0}")]
    Argument(String),
}

/// Shorthand used across the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An [`Error::Argument`] from anything that reads as text.
pub fn bad_argument(message: impl Into<String>) -> Error {
    Error::Argument(message.into())
}
