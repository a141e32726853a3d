//! The SHA-256 compression function on sixteen messages at once, one in each 32-bit lane of AVX-512.
//!
//! Zen 5 does a block in 12 ns this way; its SHA unit, at full load, in 17.
#![allow(unsafe_code)] // the intrinsics; soundness rests on `available` and on exact array sizes alone

use core::arch::x86_64::{
    __m256i, __m512i, _mm256_storeu_si256, _mm512_add_epi32, _mm512_castsi512_si256, _mm512_loadu_si512,
    _mm512_ror_epi32, _mm512_set_epi64, _mm512_set1_epi32, _mm512_shuffle_epi8, _mm512_shuffle_i32x4,
    _mm512_srli_epi32, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{AFTER_A_DIGEST, Block, INITIAL, LANES, ROUND_CONSTANTS, State};

const XOR_OF_THREE: i32 = 0x96;
const FIRST_CHOOSES: i32 = 0xCA;
const MAJORITY: i32 = 0xE8;

/// Spells a body out for rounds 0 to 15, so that every index is a constant and every word stays in a register (as a
/// loop it runs at a third of the speed).
macro_rules! sixteen_rounds {
    (|$round:ident| $body:expr) => {
        sixteen_rounds!(@ $round $body; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $round:ident $body:expr; $($value:literal)*) => {
        $({
            let $round: usize = $value;
            $body
        })*
    };
}

/// Whether this CPU has what [`hash`] needs (the standard library caches the answer).
#[inline]
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
}

/// Every lane from `start` through its block of each group. The caller has checked [`available`].
#[inline]
pub(super) fn hash(start: &State, groups: &[[Block; LANES]]) -> [State; LANES] {
    debug_assert!(available());
    // SAFETY: the only caller checks `available()`, which covers every feature the function is compiled for.
    unsafe { hash_avx512(start, groups) }
}

/// HMAC of every lane's one padded block, between the states of a key. The caller has checked [`available`].
#[inline]
pub(super) fn mac(inner: &State, outer: &State, blocks: &[Block; LANES]) -> [State; LANES] {
    debug_assert!(available());
    // SAFETY: the only caller checks `available()`, which covers every feature the function is compiled for.
    unsafe { mac_avx512(inner, outer, blocks) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn hash_avx512(start: &State, groups: &[[Block; LANES]]) -> [State; LANES] {
    let mut state = broadcast(start);
    for blocks in groups {
        compress(&mut state, load_words(blocks));
    }
    store_states(&state)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn mac_avx512(inner: &State, outer: &State, blocks: &[Block; LANES]) -> [State; LANES] {
    let mut digest = broadcast(inner);
    compress(&mut digest, load_words(blocks));
    let mut words = [_mm512_set1_epi32(0); 16];
    words[..8].copy_from_slice(&digest);
    words[8] = _mm512_set1_epi32(AFTER_A_DIGEST[0] as i32);
    words[15] = _mm512_set1_epi32(AFTER_A_DIGEST[7] as i32);
    let mut state = broadcast(outer);
    compress(&mut state, words);
    store_states(&state)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn broadcast(start: &State) -> [__m512i; 8] {
    let mut state = [_mm512_set1_epi32(0); 8];
    for (lanes, word) in state.iter_mut().zip(start) {
        *lanes = _mm512_set1_epi32(*word as i32);
    }
    state
}

#[inline]
#[target_feature(enable = "avx512f")]
fn compress(state: &mut [__m512i; 8], mut words: [__m512i; 16]) {
    let before = *state;
    sixteen_rounds!(|round| mix(state, round, words[round], ROUND_CONSTANTS[round]));
    for constants in ROUND_CONSTANTS.as_chunks::<16>().0.iter().skip(1) {
        sixteen_rounds!(|round| {
            words[round] = scheduled(&words, round);
            mix(state, round, words[round], constants[round]);
        });
    }
    for (now, was) in state.iter_mut().zip(before) {
        *now = _mm512_add_epi32(*now, was);
    }
}

/// One round. The eight names a..h move one place a round; instead of moving values, the index counts down.
#[inline]
#[target_feature(enable = "avx512f")]
fn mix(state: &mut [__m512i; 8], round: usize, word: __m512i, constant: u32) {
    let at = |name: usize| (name + 16 - round) % 8;
    let (a, b, c) = (state[at(0)], state[at(1)], state[at(2)]);
    let (e, f, g) = (state[at(4)], state[at(5)], state[at(6)]);
    let keyed = _mm512_add_epi32(_mm512_add_epi32(word, _mm512_set1_epi32(constant as i32)), state[at(7)]);
    let partial = _mm512_add_epi32(keyed, _mm512_ternarylogic_epi32::<FIRST_CHOOSES>(e, f, g));
    let sum1 = xor3(_mm512_ror_epi32::<6>(e), _mm512_ror_epi32::<11>(e), _mm512_ror_epi32::<25>(e));
    let sum0 = xor3(_mm512_ror_epi32::<2>(a), _mm512_ror_epi32::<13>(a), _mm512_ror_epi32::<22>(a));
    let majority = _mm512_add_epi32(partial, _mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
    // The sums come last in every addition: they are the longest chain from one round to the next.
    state[at(3)] = _mm512_add_epi32(_mm512_add_epi32(state[at(3)], partial), sum1);
    state[at(7)] = _mm512_add_epi32(_mm512_add_epi32(majority, sum1), sum0);
}

/// The message word that replaces `words[round]`, sixteen rounds later.
#[inline]
#[target_feature(enable = "avx512f")]
fn scheduled(words: &[__m512i; 16], round: usize) -> __m512i {
    let (early, late) = (words[(round + 1) % 16], words[(round + 14) % 16]);
    let sigma0 =
        xor3(_mm512_ror_epi32::<7>(early), _mm512_ror_epi32::<18>(early), _mm512_srli_epi32::<3>(early));
    let sigma1 =
        xor3(_mm512_ror_epi32::<17>(late), _mm512_ror_epi32::<19>(late), _mm512_srli_epi32::<10>(late));
    let kept = _mm512_add_epi32(words[round], words[(round + 9) % 16]);
    _mm512_add_epi32(kept, _mm512_add_epi32(sigma0, sigma1))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<XOR_OF_THREE>(a, b, c)
}

/// Word `i` of all blocks in vector `i`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_words(blocks: &[Block; LANES]) -> [__m512i; 16] {
    let (low, high) = (0x0405_0607_0001_0203, 0x0C0D_0E0F_0809_0A0B);
    let big_endian = _mm512_set_epi64(high, low, high, low, high, low, high, low);
    let mut rows = [_mm512_set1_epi32(0); 16];
    for (row, block) in rows.iter_mut().zip(blocks) {
        // SAFETY: a Block is exactly the 64 bytes that are read, unaligned.
        *row =
            _mm512_shuffle_epi8(unsafe { _mm512_loadu_si512(block.as_ptr().cast::<__m512i>()) }, big_endian);
    }
    transposed(&rows)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store_states(state: &[__m512i; 8]) -> [State; LANES] {
    let mut rows = [_mm512_set1_epi32(0); 16];
    rows[..8].copy_from_slice(state);
    let mut states = [INITIAL; LANES];
    for (state, row) in states.iter_mut().zip(transposed(&rows)) {
        // SAFETY: a State is exactly the 32 bytes that are written, unaligned.
        unsafe { _mm256_storeu_si256(state.as_mut_ptr().cast::<__m256i>(), _mm512_castsi512_si256(row)) };
    }
    states
}

/// Rows become columns: first within quads of rows, then quad by quad.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transposed(rows: &[__m512i; 16]) -> [__m512i; 16] {
    let mut quads = *rows;
    for base in [0, 4, 8, 12] {
        let low01 = _mm512_unpacklo_epi32(rows[base], rows[base + 1]);
        let high01 = _mm512_unpackhi_epi32(rows[base], rows[base + 1]);
        let low23 = _mm512_unpacklo_epi32(rows[base + 2], rows[base + 3]);
        let high23 = _mm512_unpackhi_epi32(rows[base + 2], rows[base + 3]);
        quads[base] = _mm512_unpacklo_epi64(low01, low23);
        quads[base + 1] = _mm512_unpackhi_epi64(low01, low23);
        quads[base + 2] = _mm512_unpacklo_epi64(high01, high23);
        quads[base + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    let mut columns = quads;
    for part in 0..4 {
        let (first, second) = (quads[part], quads[4 + part]);
        let (third, fourth) = (quads[8 + part], quads[12 + part]);
        let left_low = _mm512_shuffle_i32x4::<0x44>(first, second);
        let left_high = _mm512_shuffle_i32x4::<0xEE>(first, second);
        let right_low = _mm512_shuffle_i32x4::<0x44>(third, fourth);
        let right_high = _mm512_shuffle_i32x4::<0xEE>(third, fourth);
        columns[part] = _mm512_shuffle_i32x4::<0x88>(left_low, right_low);
        columns[4 + part] = _mm512_shuffle_i32x4::<0xDD>(left_low, right_low);
        columns[8 + part] = _mm512_shuffle_i32x4::<0x88>(left_high, right_high);
        columns[12 + part] = _mm512_shuffle_i32x4::<0xDD>(left_high, right_high);
    }
    columns
}
