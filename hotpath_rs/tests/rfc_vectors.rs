//! The primitives against published answers: RFC 4231 (HMAC), RFC 5869 (HKDF), FIPS 180-4 (SHA-256).
#![allow(clippy::unwrap_used, clippy::panic)] // a test's helpers may stop it where it stands

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use hotpath_rs::mac::MacKey;
use hotpath_rs::sha256;
use proptest::prelude::*;
use sha2::Sha256;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hmac_gives_the_answers_of_rfc_4231() {
    let counting: Vec<u8> = (1..=25).collect();
    let cases: [(&[u8], &[u8], &str); 6] = [
        (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. \
              The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (key, message, answer) in cases {
        assert_eq!(hex(&MacKey::new(key).mac(message)), answer);
    }
    let truncated = MacKey::new(&[0x0c; 20]).tag(b"Test With Truncation");
    assert_eq!(hex(&truncated), "a3b6167473100ee06e0c796c2955552b");
}

#[test]
fn hkdf_gives_the_answers_of_rfc_5869() {
    let salt: Vec<u8> = (0x00..=0x0c).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    let mut output = [0; 42];
    Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut output).unwrap();
    assert_eq!(
        hex(&output),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
    Hkdf::<Sha256>::new(None, &[0x0b; 22]).expand(&[], &mut output).unwrap();
    assert_eq!(
        hex(&output),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
}

#[test]
fn sha256_gives_the_answers_of_fips_180_4() {
    assert_eq!(
        hex(&sha256::digest(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        hex(&sha256::digest(&vec![b'a'; 1_000_000])),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    );
}

proptest! {
    #[test]
    fn our_hmac_is_the_hmac_crates(
        key in proptest::collection::vec(any::<u8>(), 0..150),
        message in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        theirs.update(&message);
        prop_assert_eq!(&MacKey::new(&key).mac(&message)[..], &theirs.finalize().into_bytes()[..]);
    }
}
