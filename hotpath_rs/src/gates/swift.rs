//! What makes a hundred thousand small steps cheap: a hasher for short keys that nobody outside chooses an attack by
//! (they are the ledger's own), and whole numbers as text.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by the ledger's own keys.
pub(crate) type SwiftMap<K, V> = HashMap<K, V, BuildHasherDefault<Swift>>;

/// Multiply and rotate, a word at a time.
#[derive(Default)]
pub(crate) struct Swift(u64);

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl Swift {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for Swift {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(word.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)));
        }
        self.mix(words.remainder().iter().fold(bytes.len() as u64, |sum, &byte| sum << 8 | u64::from(byte)));
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(u64::from(word));
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// Write a whole number.
pub(crate) fn number(value: i64, into: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        into.push(b'-');
    }
    into.extend_from_slice(&digits[at..]);
}

/// Write a number below 10^`width` with zeros in front.
pub(crate) fn padded(value: i64, width: usize, into: &mut Vec<u8>) {
    let mut digits = [b'0'; 4];
    let mut rest = value;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    into.extend_from_slice(&digits[digits.len() - width..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_everybody_writes_them() {
        for value in [0, 7, -1, 10, 1_234_567, i64::MAX, i64::MIN] {
            let mut text = Vec::new();
            number(value, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), value.to_string());
        }
        let mut text = Vec::new();
        padded(7, 2, &mut text);
        padded(42, 3, &mut text);
        padded(1970, 4, &mut text);
        assert_eq!(text, b"070421970");
    }
}
