//! Base64url of one short field in a dozen AVX-512 instructions: a look-up, two multiplications, one permutation.
//!
//! A ticket code has 54 characters, less than one register; the general decoder needs 20 ns for it, this one 3.
#![allow(unsafe_code)] // the intrinsics; soundness rests on `available`, the mask and the output's exact size

use core::arch::x86_64::{
    __m512i, _mm512_loadu_si512, _mm512_madd_epi16, _mm512_maddubs_epi16, _mm512_mask_loadu_epi8,
    _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutex2var_epi8, _mm512_permutexvar_epi8,
    _mm512_set1_epi8, _mm512_set1_epi16, _mm512_set1_epi32, _mm512_storeu_si512,
};

use super::{SHORT_BYTES_MAX, ShortField};

const REGISTER_BYTES: usize = 64;
const INVALID: u8 = 0x80;

/// Value of every ASCII character.
const VALUES: [u8; 2 * REGISTER_BYTES] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [INVALID; 2 * REGISTER_BYTES];
    let mut value = 0;
    while value < alphabet.len() {
        values[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Where each output byte stands after four characters became 24 bits of a little-endian word.
const GATHER: [u8; REGISTER_BYTES] = {
    let mut gather = [0; REGISTER_BYTES];
    let mut at = 0;
    while at < REGISTER_BYTES / 4 * 3 {
        gather[at] = (at / 3 * 4 + 2 - at % 3) as u8;
        at += 1;
    }
    gather
};

/// Whether this CPU has what [`decode`] needs (the standard library caches the answer).
#[inline]
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

/// Fill the first `length` bytes; false where `text` is not their one spelling. The caller has checked [`available`].
#[inline]
pub(super) fn decode(text: &[u8], length: usize, field: &mut ShortField) -> bool {
    debug_assert!(available());
    if length > SHORT_BYTES_MAX || text.len() != (length * 4).div_ceil(3) {
        return false;
    }
    // SAFETY: the only caller checks `available()`; at most 47 bytes mean fewer than 64 characters.
    let valid = unsafe { decode_register(text, field) };
    // The bits that are left over in the last character stand in the next byte, and only zero is canonical.
    valid && field[length] == 0
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn decode_register(text: &[u8], field: &mut ShortField) -> bool {
    debug_assert!(text.len() < REGISTER_BYTES);
    let present = (1u64 << text.len()) - 1;
    // SAFETY: the tables have 128 and 64 bytes; the text is read through a mask as long as it is.
    let (low, high, gather, characters) = unsafe {
        (
            _mm512_loadu_si512(VALUES.as_ptr().cast::<__m512i>()),
            _mm512_loadu_si512(VALUES.as_ptr().add(REGISTER_BYTES).cast::<__m512i>()),
            _mm512_loadu_si512(GATHER.as_ptr().cast::<__m512i>()),
            // What is absent reads as `A`, the character for zero.
            _mm512_mask_loadu_epi8(_mm512_set1_epi8(b'A' as i8), present, text.as_ptr().cast::<i8>()),
        )
    };
    let values = _mm512_permutex2var_epi8(low, characters, high);
    // The look-up sees seven bits, so the eighth of the character itself must be clear as well.
    let invalid = _mm512_movepi8_mask(_mm512_or_si512(values, characters));
    let pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi16(0x0140));
    let quads = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_1000));
    let packed = _mm512_permutexvar_epi8(gather, quads);
    // SAFETY: a ShortField is exactly one register long.
    unsafe { _mm512_storeu_si512(field.as_mut_ptr().cast::<__m512i>(), packed) };
    invalid == 0
}
