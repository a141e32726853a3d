//! The SHA-256 compression function with Intel's SHA extensions, several independent chains interleaved.
//!
//! `sha256rnds2` has a latency of four cycles and can start every second one, so a single chain uses half the unit
//! and stalls on its own message schedule; independent chains fill those gaps (103 ns down to 44 ns per HMAC).
#![allow(clippy::needless_range_loop)] // every array has one entry a lane; the index says so
#![allow(unsafe_code)] // the intrinsics; soundness rests on `available` and on exact array sizes alone

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_loadu_si128, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
    _mm_storeu_si128,
};

use super::{Block, State};

/// Whether this CPU has what [`compress_lanes`] needs (the standard library caches the answer).
#[inline]
pub(super) fn available() -> bool {
    is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3")
}

/// Mix `blocks[i]` into `states[i]`. The caller has checked [`available`].
#[inline]
pub(super) fn compress_lanes<const N: usize>(states: &mut [State; N], blocks: &[Block; N]) {
    debug_assert!(available());
    // SAFETY: the only caller checks `available()`, which covers every feature the function is compiled for.
    unsafe { compress_sha_ni(states, blocks) }
}

#[target_feature(enable = "sha,sse4.1,ssse3,sse2")]
fn compress_sha_ni<const N: usize>(states: &mut [State; N], blocks: &[Block; N]) {
    // SAFETY of every load below: a State is 32 bytes and a Block 64, read as two and four unaligned vectors.
    let zero = _mm_set_epi64x(0, 0);
    let big_endian = _mm_set_epi64x(0x0C0D_0E0F_0809_0A0B, 0x0405_0607_0001_0203);
    let mut abef = [zero; N];
    let mut cdgh = [zero; N];
    let mut words = [[zero; N]; 4];
    for lane in 0..N {
        let state = states[lane].as_ptr().cast::<__m128i>();
        // SAFETY: see above.
        let (dcba, hgfe) = unsafe { (_mm_loadu_si128(state), _mm_loadu_si128(state.add(1))) };
        let cdab = _mm_shuffle_epi32(dcba, 0xB1);
        let efgh = _mm_shuffle_epi32(hgfe, 0x1B);
        abef[lane] = _mm_alignr_epi8(cdab, efgh, 8);
        cdgh[lane] = _mm_blend_epi16(efgh, cdab, 0xF0);
        let block = blocks[lane].as_ptr().cast::<__m128i>();
        for (part, word) in words.iter_mut().enumerate() {
            // SAFETY: see above; `part` is below four.
            word[lane] = _mm_shuffle_epi8(unsafe { _mm_loadu_si128(block.add(part)) }, big_endian);
        }
    }
    let (abef_before, cdgh_before) = (abef, cdgh);

    for (step, quad) in words.iter().enumerate() {
        four_rounds(step, &mut abef, &mut cdgh, quad);
    }
    for step in 4..16 {
        let part = step % 4;
        for lane in 0..N {
            let (w0, w1) = (words[part][lane], words[(part + 1) % 4][lane]);
            let (w2, w3) = (words[(part + 2) % 4][lane], words[(part + 3) % 4][lane]);
            let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
            words[part][lane] = _mm_sha256msg2_epu32(sum, w3);
        }
        four_rounds(step, &mut abef, &mut cdgh, &words[part]);
    }

    for lane in 0..N {
        let feba = _mm_shuffle_epi32(_mm_add_epi32(abef[lane], abef_before[lane]), 0x1B);
        let dchg = _mm_shuffle_epi32(_mm_add_epi32(cdgh[lane], cdgh_before[lane]), 0xB1);
        let state = states[lane].as_mut_ptr().cast::<__m128i>();
        // SAFETY: a State is 32 bytes, written as two unaligned vectors.
        unsafe {
            _mm_storeu_si128(state, _mm_blend_epi16(feba, dchg, 0xF0));
            _mm_storeu_si128(state.add(1), _mm_alignr_epi8(dchg, feba, 8));
        }
    }
}

/// Rounds `4 * step` to `4 * step + 3` of every lane.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3,sse2")]
fn four_rounds<const N: usize>(
    step: usize,
    abef: &mut [__m128i; N],
    cdgh: &mut [__m128i; N],
    words: &[__m128i; N],
) {
    // SAFETY: `step` is below sixteen and ROUND_CONSTANTS holds 64 words, so the 16 bytes are inside.
    let constants = unsafe { _mm_loadu_si128(ROUND_CONSTANTS.as_ptr().add(4 * step).cast::<__m128i>()) };
    let mut keyed = [constants; N];
    for lane in 0..N {
        keyed[lane] = _mm_add_epi32(words[lane], constants);
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], keyed[lane]);
    }
    for lane in 0..N {
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(keyed[lane], 0x0E));
    }
}

/// The round constants of FIPS 180-4, 4.2.2.
#[rustfmt::skip]
const ROUND_CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];
