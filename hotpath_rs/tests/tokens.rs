//! The token formats: golden vectors from the Python twin, and forgeries of every shape.
#![allow(clippy::unwrap_used, clippy::panic)] // a test's helpers may stop it where it stands

use hotpath_rs::encoding::encode;
use hotpath_rs::error::TokenFault;
use hotpath_rs::keys::{EventKeys, Keyring, PlatformKeys};
use hotpath_rs::ticket_code::{TicketCode, VERDICT_BYTES};
use hotpath_rs::token::{Admission, QueueTicket, peek_event};
use proptest::prelude::*;
use serde_json::Value;

const EVENT: &str = "evt_forged";
const NOW_MS: u64 = 50;
const NOW_S: u64 = 50;

fn ring() -> Keyring {
    Keyring::new(&[(1, &[1; 32]), (2, &[2; 32])]).unwrap()
}

fn queue_ticket() -> QueueTicket {
    QueueTicket {
        epoch: 1,
        live: true,
        number: 7,
        identity_digest: vec![3; 8],
        device_key_hash: vec![4; 5],
        issued_at_ms: 9,
    }
}

fn admission() -> Admission {
    Admission { lease_id: [5; 16], device_key_hash: vec![6; 4], not_before_ms: 10, expires_at_ms: 100 }
}

fn ticket() -> TicketCode {
    TicketCode { unit: 17, version: 2, not_before_s: 10, expires_at_s: 100 }
}

/// One of each, so that all can be tried where each belongs.
fn one_of_each(keys: &EventKeys, platform: &PlatformKeys) -> [String; 6] {
    [
        keys.mint_queue_ticket(&queue_ticket()).unwrap(),
        keys.mint_admission(&admission()).unwrap(),
        keys.mint_hold_token(&[8; 16]),
        platform.mint_order_token("ord_1").unwrap(),
        platform.mint_signed("link", b"payload", 1_000).unwrap(),
        keys.mint_ticket_code(&ticket()).unwrap(),
    ]
}

/// Every verification there is; true where one accepts.
fn accepted(keys: &EventKeys, platform: &PlatformKeys, text: &str) -> [bool; 6] {
    [
        keys.verify_queue_ticket(text).is_ok(),
        keys.verify_admission(text, NOW_MS, 0).is_ok(),
        keys.verify_hold_token(text).is_ok(),
        platform.verify_order_token(text).is_ok(),
        platform.verify_signed("link", text, NOW_MS).is_ok(),
        keys.verify_ticket_code(text.as_bytes(), NOW_S, 0).is_ok(),
    ]
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn raw(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn the_python_twin_and_the_crate_write_the_same_tokens() {
    let golden: Value = serde_json::from_str(include_str!("vectors/tokens.json")).unwrap();
    let key_id = golden["key_id"].as_u64().unwrap() as u8;
    let ring = Keyring::new(&[(key_id, &bytes_of(&golden["master"]))]).unwrap();
    let keys = ring.event(golden["event_id"].as_str().unwrap()).unwrap();
    let platform = ring.platform();
    for case in golden["queue_tickets"].as_array().unwrap() {
        let ticket = QueueTicket {
            epoch: case["epoch"].as_u64().unwrap(),
            live: case["live"].as_bool().unwrap(),
            number: case["number"].as_u64().unwrap(),
            identity_digest: bytes_of(&case["identity_digest"]),
            device_key_hash: bytes_of(&case["device_key_hash"]),
            issued_at_ms: case["issued_at_ms"].as_u64().unwrap(),
        };
        let token = case["token"].as_str().unwrap();
        assert_eq!(keys.mint_queue_ticket(&ticket).unwrap(), token);
        assert_eq!(keys.verify_queue_ticket(token).unwrap(), ticket);
        assert_eq!(peek_event(token).unwrap(), keys.event_id());
    }
    for case in golden["admissions"].as_array().unwrap() {
        let admission = Admission {
            lease_id: bytes_of(&case["lease_id"]).try_into().unwrap(),
            device_key_hash: bytes_of(&case["device_key_hash"]),
            not_before_ms: case["not_before_ms"].as_u64().unwrap(),
            expires_at_ms: case["expires_at_ms"].as_u64().unwrap(),
        };
        let token = case["token"].as_str().unwrap();
        assert_eq!(keys.mint_admission(&admission).unwrap(), token);
        assert_eq!(keys.verify_admission(token, admission.not_before_ms, 0).unwrap(), admission);
    }
    for case in golden["ticket_codes"].as_array().unwrap() {
        let number = |name: &str| u32::try_from(case[name].as_u64().unwrap()).unwrap();
        let ticket = TicketCode {
            unit: number("unit"),
            version: number("version") as u16,
            not_before_s: number("not_before_s"),
            expires_at_s: number("expires_at_s"),
        };
        let code = case["code"].as_str().unwrap();
        assert_eq!(keys.mint_ticket_code(&ticket).unwrap(), code);
        assert_eq!(keys.read_ticket_code(code.as_bytes()).unwrap(), ticket);
    }
    let hold = &golden["hold"];
    let hold_id: [u8; 16] = bytes_of(&hold["hold_id"]).try_into().unwrap();
    assert_eq!(keys.mint_hold_token(&hold_id), hold["token"].as_str().unwrap());
    assert_eq!(keys.verify_hold_token(hold["token"].as_str().unwrap()).unwrap(), hold_id);
    let order = &golden["order"];
    assert_eq!(platform.mint_order_token(order["order_id"].as_str().unwrap()).unwrap(), order["token"]);
    for case in golden["signed"].as_array().unwrap() {
        let (purpose, payload) = (case["purpose"].as_str().unwrap(), bytes_of(&case["payload"]));
        let token = platform.mint_signed(purpose, &payload, case["expires_at_ms"].as_u64().unwrap()).unwrap();
        assert_eq!(token, case["token"]);
        assert_eq!(platform.verify_signed(purpose, &token, 0).unwrap(), payload);
    }
    let lease = &golden["lease"];
    let named = keys.lease_id(lease["epoch"].as_u64().unwrap(), lease["number"].as_u64().unwrap());
    assert_eq!(named.to_vec(), bytes_of(&lease["lease_id"]));
    let identity = &golden["identity"];
    assert_eq!(
        keys.identity_digest(&bytes_of(&identity["identity"])).to_vec(),
        bytes_of(&identity["digest"])
    );
}

#[test]
fn a_token_is_accepted_only_as_what_it_is_only_in_its_event_and_only_under_its_keys() {
    let ring = ring();
    let (keys, platform) = (ring.event(EVENT).unwrap(), ring.platform());
    let other_event = ring.event("evt_other").unwrap();
    let other_ring = Keyring::new(&[(1, &[9; 32])]).unwrap();
    let (other_keys, other_platform) = (other_ring.event(EVENT).unwrap(), other_ring.platform());
    for (kind, text) in one_of_each(&keys, &platform).iter().enumerate() {
        let mut expected = [false; 6];
        expected[kind] = true;
        assert_eq!(accepted(&keys, &platform, text), expected, "{text}");
        assert_eq!(accepted(&other_keys, &other_platform, text), [false; 6], "{text}");
        let event_bound = kind != 3 && kind != 4;
        assert_eq!(accepted(&other_event, &platform, text).contains(&true), !event_bound, "{text}");
    }
}

#[test]
fn no_single_bit_and_no_single_character_may_change() {
    let ring = ring();
    let (keys, platform) = (ring.event(EVENT).unwrap(), ring.platform());
    for text in one_of_each(&keys, &platform) {
        let bytes = raw(&text);
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(accepted(&keys, &platform, &encode(&other)), [false; 6], "bit {bit} of {text}");
        }
        for at in 0..text.len() {
            for character in (0u8..128).map(char::from) {
                let mut other = text.clone();
                other.replace_range(at..=at, &character.to_string());
                if other != text {
                    assert_eq!(accepted(&keys, &platform, &other), [false; 6], "{other}");
                }
            }
            assert_eq!(accepted(&keys, &platform, &text[..at]), [false; 6]);
        }
        for tail in ["=", "==", "A", "AAAA", "\n", " "] {
            assert_eq!(accepted(&keys, &platform, &format!("{text}{tail}")), [false; 6]);
            assert_eq!(accepted(&keys, &platform, &format!("{tail}{text}")), [false; 6]);
        }
    }
}

/// Moves bytes across each field boundary while keeping the concatenation of the contents: the classic forgery
/// where fields are MACed without their lengths.
#[test]
fn bytes_spliced_across_a_field_boundary_are_refused() {
    let ring = ring();
    let keys = ring.event(EVENT).unwrap();
    let before = QueueTicket { identity_digest: vec![7; 12], device_key_hash: vec![7; 8], ..queue_ticket() };
    let token = raw(&keys.mint_queue_ticket(&before).unwrap());
    let identity_at = 3 + 1 + EVENT.len() + 8 + 1 + 8;
    for (identity, device) in [(8u8, 12u8), (9, 11), (10, 10), (11, 9), (13, 7), (16, 4), (20, 0)] {
        let mut spliced = token[..identity_at].to_vec();
        spliced.push(identity);
        spliced.extend(vec![7; usize::from(identity)]);
        spliced.push(device);
        spliced.extend(vec![7; usize::from(device)]);
        spliced.extend_from_slice(&token[identity_at + 22..]);
        assert_eq!(spliced.len(), token.len());
        assert_eq!(keys.verify_queue_ticket(&encode(&spliced)), Err(TokenFault::BadSignature));
    }
    for position in 0..token.len() - 1 {
        for change in [1u8, 0xff] {
            let mut spliced = token.clone();
            spliced[position] = spliced[position].wrapping_add(change);
            spliced[position + 1] = spliced[position + 1].wrapping_sub(change);
            assert!(keys.verify_queue_ticket(&encode(&spliced)).is_err());
        }
    }
}

/// An event whose id is a prefix of another's, so that event and next field could trade bytes.
#[test]
fn events_whose_ids_share_a_prefix_never_share_a_token() {
    let ring = ring();
    let (short, long) = (ring.event("evt_1").unwrap(), ring.event("evt_12").unwrap());
    let token = short.mint_hold_token(&[b'2'; 16]);
    assert_eq!(long.verify_hold_token(&token), Err(TokenFault::WrongEvent));
    assert_ne!(short.lease_id(1, 1), long.lease_id(1, 1));
    assert_ne!(short.identity_digest(b"a"), long.identity_digest(b"a"));
}

#[test]
fn validity_is_half_open_and_the_leeway_widens_both_ends() {
    let keys = ring().event(EVENT).unwrap();
    let token = keys.mint_admission(&admission()).unwrap();
    let verdict = |now_ms, leeway_ms| keys.verify_admission(&token, now_ms, leeway_ms).err();
    assert_eq!(verdict(9, 0), Some(TokenFault::NotYetValid));
    assert_eq!(verdict(10, 0), None);
    assert_eq!(verdict(99, 0), None);
    assert_eq!(verdict(100, 0), Some(TokenFault::Expired));
    assert_eq!(verdict(7, 3), None);
    assert_eq!(verdict(6, 3), Some(TokenFault::NotYetValid));
    assert_eq!(verdict(102, 3), None);
    assert_eq!(verdict(103, 3), Some(TokenFault::Expired));
    assert_eq!(verdict(u64::MAX, u64::MAX), Some(TokenFault::Expired));
    let backwards = Admission { not_before_ms: 5, expires_at_ms: 5, ..admission() };
    assert!(keys.mint_admission(&backwards).is_err());
}

#[test]
fn the_old_key_verifies_until_it_leaves_the_ring() {
    let old = Keyring::new(&[(1, &[1; 32])]).unwrap().event(EVENT).unwrap();
    let both = Keyring::new(&[(2, &[2; 32]), (1, &[1; 32])]).unwrap().event(EVENT).unwrap();
    let new = Keyring::new(&[(2, &[2; 32])]).unwrap().event(EVENT).unwrap();
    let (before, after) =
        (old.mint_ticket_code(&ticket()).unwrap(), both.mint_ticket_code(&ticket()).unwrap());
    assert!(both.read_ticket_code(before.as_bytes()).is_ok());
    assert!(both.read_ticket_code(after.as_bytes()).is_ok());
    assert!(new.read_ticket_code(after.as_bytes()).is_ok());
    assert_eq!(new.read_ticket_code(before.as_bytes()), Err(TokenFault::UnknownKey));
    assert_eq!(old.read_ticket_code(after.as_bytes()), Err(TokenFault::UnknownKey));
}

#[test]
fn a_batch_gives_every_code_the_verdict_it_gets_alone() {
    let both = Keyring::new(&[(2, &[2; 32]), (1, &[1; 32])]).unwrap();
    let keys = both.event(EVENT).unwrap();
    let old = Keyring::new(&[(1, &[1; 32])]).unwrap().event(EVENT).unwrap();
    let other = both.event("evt_other").unwrap();
    let stranger = Keyring::new(&[(9, &[9; 32])]).unwrap().event(EVENT).unwrap();
    let mut codes: Vec<String> = Vec::new();
    for unit in 0..100u32 {
        let from = [&keys, &old, &other, &stranger][unit as usize % 4];
        let times = [(0, 1_000), (900, 1_000), (0, 5)][unit as usize % 3];
        let ticket = TicketCode { unit, version: unit as u16, not_before_s: times.0, expires_at_s: times.1 };
        let mut code = from.mint_ticket_code(&ticket).unwrap();
        match unit % 7 {
            1 => code.replace_range(40..41, if &code[40..41] == "A" { "B" } else { "A" }),
            2 => code.push('A'),
            3 => code.replace_range(3..4, "+"),
            4 => code.clear(),
            _ => {}
        }
        codes.push(code);
    }
    for count in 0..codes.len() {
        let packed = keys.verify_ticket_code_lines(codes[..count].join("\n").as_bytes(), NOW_S, 0).unwrap();
        assert_eq!(packed.len(), count * VERDICT_BYTES);
        for (code, packed) in codes.iter().zip(packed.chunks(VERDICT_BYTES)) {
            let (verdict, ticket) = match keys.read_ticket_code(code.as_bytes()) {
                Ok(ticket) => match ticket.check_times(NOW_S, 0) {
                    Ok(()) => (0, Some(ticket)),
                    Err(TokenFault::NotYetValid) => (5, Some(ticket)),
                    Err(fault) => (if fault == TokenFault::Expired { 6 } else { 99 }, Some(ticket)),
                },
                Err(TokenFault::Malformed) => (1, None),
                Err(TokenFault::UnknownKey) => (2, None),
                Err(TokenFault::BadSignature) => (3, None),
                Err(TokenFault::WrongEvent) => (4, None),
                Err(_) => (99, None),
            };
            let (version, unit) = ticket.map_or((0, 0), |ticket| (ticket.version, ticket.unit));
            let expected = [&[verdict, 0], &version.to_le_bytes()[..], &unit.to_le_bytes()[..]].concat();
            assert_eq!(packed, expected, "{code}");
        }
    }
}

#[test]
fn codes_are_joined_by_newlines_and_an_empty_one_is_malformed() {
    let keys = ring().event(EVENT).unwrap();
    let code = keys.mint_ticket_code(&ticket()).unwrap();
    let verdicts = |lines: &str| -> Vec<u8> {
        let packed = keys.verify_ticket_code_lines(lines.as_bytes(), NOW_S, 0).unwrap();
        packed.iter().copied().step_by(VERDICT_BYTES).collect()
    };
    assert!(verdicts("").is_empty());
    assert_eq!(verdicts("\n"), [1, 1]);
    assert_eq!(verdicts(&format!("{code}\n")), [0, 1]);
    assert_eq!(verdicts(&format!("{code}\n\n{code}")), [0, 1, 0]);
    assert_eq!(verdicts(&format!("{code}\r\n{code}")), [1, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn two_tokens_spliced_anywhere_are_no_token(
        (first, second) in (0usize..6, 0usize..6), cut in any::<prop::sample::Index>(), drop in 0usize..4,
    ) {
        let ring = ring();
        let (keys, platform) = (ring.event(EVENT).unwrap(), ring.platform());
        let each = one_of_each(&keys, &platform).map(|text| raw(&text));
        let cut = cut.index(each[first].len());
        let rest = (cut + drop).min(each[second].len());
        let spliced = [&each[first][..cut], &each[second][rest..]].concat();
        if !each.contains(&spliced) {
            prop_assert_eq!(accepted(&keys, &platform, &encode(&spliced)), [false; 6]);
        }
    }

    #[test]
    fn no_text_at_all_makes_a_verifier_panic_or_accept(text in "\\PC{0,80}", raw in proptest::collection::vec(any::<u8>(), 0..120)) {
        let ring = ring();
        let (keys, platform) = (ring.event(EVENT).unwrap(), ring.platform());
        prop_assert_eq!(accepted(&keys, &platform, &text), [false; 6]);
        prop_assert_eq!(accepted(&keys, &platform, &encode(&raw)), [false; 6]);
        let _ = peek_event(&encode(&raw));
    }
}
