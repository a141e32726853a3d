//! Numbers and texts of a packed row, byte by byte.

use crate::error::{Error, Result, bad_argument};

/// Most lines of one pack.
pub(crate) const LINES_MAX: usize = 100_000;

/// A row that ends too early or says what cannot be.
pub(crate) fn broken() -> Error {
    bad_argument("a pack that is not whole")
}

/// LEB128.
pub(crate) fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag.
pub(crate) fn signed(out: &mut Vec<u8>, value: i64) {
    unsigned(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// The length, then the bytes.
pub(crate) fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    unsigned(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Reads them back.
pub(crate) struct Reader<'a> {
    pub body: &'a [u8],
    pub at: usize,
}

impl Reader<'_> {
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let byte = *self.body.get(self.at).ok_or_else(broken)?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(broken())
    }

    pub(crate) fn signed(&mut self) -> Result<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn size(&mut self) -> Result<usize> {
        usize::try_from(self.unsigned()?).map_err(|_| broken())
    }

    pub(crate) fn count(&mut self) -> Result<usize> {
        let count = self.size()?;
        if count > LINES_MAX * 4 { Err(broken()) } else { Ok(count) }
    }

    pub(crate) fn range(&mut self) -> Result<(usize, usize)> {
        let size = self.count()?;
        let at = self.at;
        if at + size > self.body.len() {
            return Err(broken());
        }
        self.at += size;
        Ok((at, size))
    }
}
