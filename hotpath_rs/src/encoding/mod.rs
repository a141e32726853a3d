//! Base64url in its one canonical spelling, and the length-prefixed fields inside a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Result, TokenFault, bad_argument};

#[cfg(target_arch = "x86_64")]
mod vbmi;

/// Most characters of any token; a longer text is refused before it is decoded.
pub const TOKEN_CHARS_MAX: usize = 2048;

/// Spell bytes as base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Append the bytes that `text` spells to `bytes`. Refused as malformed: another alphabet, padding, white space,
/// trailing bits that are not zero, and anything longer than [`TOKEN_CHARS_MAX`].
pub fn decode_onto(text: &str, bytes: &mut Vec<u8>) -> Result<(), TokenFault> {
    if text.len() > TOKEN_CHARS_MAX {
        return Err(TokenFault::Malformed);
    }
    URL_SAFE_NO_PAD.decode_vec(text, bytes).map_err(|_| TokenFault::Malformed)
}

/// Most bytes of [`decode_short`]: one character less than a register full of them.
pub const SHORT_BYTES_MAX: usize = 47;
/// Room for a short field, as wide as the widest register, so that it is written at once.
pub type ShortField = [u8; 64];

/// Fill the first `length` bytes from a text that must spell exactly that many, canonically. `length` is a constant
/// of a format, at most [`SHORT_BYTES_MAX`]; what stands after it is of no meaning.
#[inline]
pub fn decode_short(text: &[u8], length: usize, field: &mut ShortField) -> Result<(), TokenFault> {
    debug_assert!(length <= SHORT_BYTES_MAX);
    #[cfg(target_arch = "x86_64")]
    if vbmi::available() {
        return if vbmi::decode(text, length, field) { Ok(()) } else { Err(TokenFault::Malformed) };
    }
    decode_short_portable(text, length, field)
}

/// What [`decode_short`] does on any CPU.
pub fn decode_short_portable(text: &[u8], length: usize, field: &mut ShortField) -> Result<(), TokenFault> {
    match URL_SAFE_NO_PAD.decode_slice(text, &mut field[..length]) {
        Ok(decoded) if decoded == length => Ok(()),
        _ => Err(TokenFault::Malformed),
    }
}

/// Append a field that says its own length (one byte) and must stay within `range`.
pub fn put_field(
    bytes: &mut Vec<u8>,
    name: &str,
    field: &[u8],
    range: std::ops::RangeInclusive<usize>,
) -> Result<()> {
    match u8::try_from(field.len()) {
        Ok(length) if range.contains(&field.len()) => {
            bytes.push(length);
            bytes.extend_from_slice(field);
            Ok(())
        }
        _ => Err(bad_argument(format!(
            "{name} has {} bytes, allowed are {} to {}",
            field.len(),
            range.start(),
            range.end()
        ))),
    }
}

/// Reads fields in order; whatever does not fit is malformed.
pub struct FieldReader<'a> {
    rest: &'a [u8],
}

impl<'a> FieldReader<'a> {
    /// Read from the first field on.
    #[must_use]
    pub fn new(fields: &'a [u8]) -> Self {
        Self { rest: fields }
    }

    /// The next `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], TokenFault> {
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or(TokenFault::Malformed)?;
        self.rest = rest;
        Ok(*field)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, TokenFault> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    /// The next big-endian 64-bit number.
    pub fn number(&mut self) -> Result<u64, TokenFault> {
        self.fixed().map(u64::from_be_bytes)
    }

    /// The next length-prefixed field, whose length must be within `range`.
    pub fn field(&mut self, range: std::ops::RangeInclusive<usize>) -> Result<&'a [u8], TokenFault> {
        let length = usize::from(self.byte()?);
        if !range.contains(&length) {
            return Err(TokenFault::Malformed);
        }
        self.bytes(length)
    }

    /// The next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], TokenFault> {
        let (field, rest) = self.rest.split_at_checked(length).ok_or(TokenFault::Malformed)?;
        self.rest = rest;
        Ok(field)
    }

    /// Like [`Self::field`], as text.
    pub fn text(&mut self, range: std::ops::RangeInclusive<usize>) -> Result<&'a str, TokenFault> {
        std::str::from_utf8(self.field(range)?).map_err(|_| TokenFault::Malformed)
    }

    /// Nothing may be left over.
    pub fn end(self) -> Result<(), TokenFault> {
        if self.rest.is_empty() { Ok(()) } else { Err(TokenFault::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(text: &[u8], length: usize) -> Option<Vec<u8>> {
        let (mut fast, mut slow) = ([0; 64], [0; 64]);
        let verdict = decode_short(text, length, &mut fast);
        assert_eq!(verdict, decode_short_portable(text, length, &mut slow), "{text:?}");
        verdict.is_ok().then(|| {
            assert_eq!(fast[..length], slow[..length]);
            fast[..length].to_vec()
        })
    }

    #[test]
    fn one_wrong_byte_anywhere_is_refused_and_every_right_one_agrees() {
        for length in 0..=SHORT_BYTES_MAX {
            let bytes: Vec<u8> = (0..length as u8).map(|at| at.wrapping_mul(37)).collect();
            let text = encode(&bytes).into_bytes();
            assert_eq!(both(&text, length), Some(bytes));
            for at in 0..text.len() {
                for byte in 0..=255 {
                    let mut other = text.clone();
                    other[at] = byte;
                    both(&other, length);
                }
            }
            assert_eq!(both(&[&text[..], b"="].concat(), length), None);
            assert_eq!(both(&[&text[..], b"A"].concat(), length), None);
            assert_eq!(both(&text[..text.len().saturating_sub(1)], length + usize::from(length == 0)), None);
        }
    }

    proptest! {
        #[test]
        fn only_the_spelling_we_write_is_read(text in "[A-Za-z0-9_-]{54}") {
            if let Some(bytes) = both(text.as_bytes(), 40) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
