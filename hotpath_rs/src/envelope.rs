//! What all tokens share: `version kind key-id fields tag`, and the MAC over `domain version kind key-id fields`.
//!
//! The domain text and the key both depend on the kind, so no token can pass for another kind even if their
//! fields read alike. Inside the fields, whatever varies in length says its length.

use crate::encoding::{self, FieldReader};
use crate::error::TokenFault;
use crate::keys::KeySet;
use crate::mac::{TAG_BYTES, tags_equal};

/// First byte of every token. A ticket code starts with another byte, so neither reads as the other.
pub(crate) const TOKEN_VERSION: u8 = 1;
const HEADER_BYTES: usize = 3;
/// Room for a typical token, so that it is written without growing.
const TOKEN_BYTES_TYPICAL: usize = 192;

/// What a token is for; the number is its second byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Queue = 1,
    Admission = 2,
    Hold = 3,
    Order = 4,
    Signed = 5,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Queue, Self::Admission, Self::Hold, Self::Order, Self::Signed]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }

    /// Whether the first field of this kind is the event id.
    pub(crate) fn names_an_event(self) -> bool {
        matches!(self, Self::Queue | Self::Admission | Self::Hold)
    }

    fn domain(self) -> &'static [u8] {
        match self {
            Self::Queue => b"wr1|queue",
            Self::Admission => b"wr1|admission",
            Self::Hold => b"wr1|hold",
            Self::Order => b"pl1|order",
            Self::Signed => b"pl1|signed",
        }
    }
}

/// A token being written: the domain, then the token's own bytes.
pub(crate) struct Draft<'a> {
    keys: &'a KeySet,
    domain_bytes: usize,
    /// Append the fields here.
    pub(crate) bytes: Vec<u8>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(kind: Kind, keys: &'a KeySet) -> Self {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES_TYPICAL);
        bytes.extend_from_slice(kind.domain());
        bytes.extend_from_slice(&[TOKEN_VERSION, kind as u8, keys.signing().0]);
        Self { keys, domain_bytes: kind.domain().len(), bytes }
    }

    pub(crate) fn seal(mut self) -> String {
        let tag = self.keys.signing().1.tag(&self.bytes);
        self.bytes.extend_from_slice(&tag);
        encoding::encode(&self.bytes[self.domain_bytes..])
    }
}

/// A token being read: canonical, of this version and of a known kind, but **not yet authenticated**.
pub(crate) struct Opened {
    pub(crate) kind: Kind,
    domain_bytes: usize,
    bytes: Vec<u8>,
}

impl Opened {
    /// Read a token that must be of `kind`.
    pub(crate) fn of_kind(kind: Kind, text: &str) -> Result<Self, TokenFault> {
        let opened = Self::with_domain(kind, text)?;
        match opened.stated_kind() {
            Some(stated) if stated == kind => Ok(opened),
            Some(_) => Err(TokenFault::WrongKind),
            None => Err(TokenFault::Malformed),
        }
    }

    /// Read a token of whatever kind it says it is.
    pub(crate) fn of_any_kind(text: &str) -> Result<Self, TokenFault> {
        let mut opened = Self::with_domain(Kind::Queue, text)?;
        opened.kind = opened.stated_kind().ok_or(TokenFault::Malformed)?;
        Ok(opened)
    }

    fn with_domain(kind: Kind, text: &str) -> Result<Self, TokenFault> {
        let domain_bytes = kind.domain().len();
        let mut bytes = Vec::with_capacity(domain_bytes + text.len());
        bytes.extend_from_slice(kind.domain());
        encoding::decode_onto(text, &mut bytes)?;
        if bytes.len() < domain_bytes + HEADER_BYTES + TAG_BYTES || bytes[domain_bytes] != TOKEN_VERSION {
            return Err(TokenFault::Malformed);
        }
        Ok(Self { kind, domain_bytes, bytes })
    }

    fn stated_kind(&self) -> Option<Kind> {
        Kind::of(self.bytes[self.domain_bytes + 1])
    }

    /// The fields, to be parsed to their end.
    pub(crate) fn fields(&self) -> FieldReader<'_> {
        FieldReader::new(&self.bytes[self.domain_bytes + HEADER_BYTES..self.bytes.len() - TAG_BYTES])
    }

    /// Believe the token, or say why not. `mismatch` is what its parsed fields already contradict, reported
    /// once the key is known to exist and before a MAC that could not match anyway.
    pub(crate) fn authenticate(&self, keys: &KeySet, mismatch: Option<TokenFault>) -> Result<(), TokenFault> {
        let key = keys.named(self.bytes[self.domain_bytes + 2])?;
        if let Some(fault) = mismatch {
            return Err(fault);
        }
        let Some((message, tag)) = self.bytes.split_last_chunk::<TAG_BYTES>() else {
            return Err(TokenFault::Malformed);
        };
        if tags_equal(&key.tag(message), tag) { Ok(()) } else { Err(TokenFault::BadSignature) }
    }
}
