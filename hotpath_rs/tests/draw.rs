//! The draw against golden vectors of the Python twin, and bundles that lie.
#![allow(clippy::unwrap_used, clippy::panic)] // a test's helpers may stop it where it stands

use hotpath_rs::draw::{draw_seed, merkle_root, shuffle_all, shuffle_index, unshuffle_index, verify_draw};
use hotpath_rs::error::Error;
use hotpath_rs::keys::Keyring;
use hotpath_rs::token::QueueTicket;
use proptest::prelude::*;
use serde_json::{Value, json};

fn golden() -> Value {
    serde_json::from_str(include_str!("vectors/draw.json")).unwrap()
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn digest_of(value: &Value) -> [u8; 32] {
    bytes_of(value).try_into().unwrap()
}

fn number_of(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn ticket(event_id: &str, index: u64, live: bool, identity_digest: Vec<u8>) -> String {
    let keys = Keyring::new(&[(1, &[1; 32])]).unwrap().event(event_id).unwrap();
    let device_key_hash = Vec::new();
    keys.mint_queue_ticket(&QueueTicket {
        epoch: 1,
        live,
        number: index,
        identity_digest,
        device_key_hash,
        issued_at_ms: 1,
    })
    .unwrap()
}

fn code_of(bundle: &Value, tickets: &[&str]) -> Option<&'static str> {
    match verify_draw(bundle.to_string().as_bytes(), tickets) {
        Ok(_) => None,
        Err(Error::Draw { code, .. }) => Some(code),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_shuffle_is_the_specifications() {
    let golden = golden();
    for case in golden["shuffles"].as_array().unwrap() {
        let (seed, count) = (digest_of(&case["seed"]), number_of(&case["count"]));
        let numbers: Vec<u32> = case["numbers"].as_array().unwrap().iter().map(number_of).collect();
        assert_eq!(shuffle_all(&seed, count).unwrap(), numbers);
    }
    let large = &golden["large"];
    let (seed, count) = (digest_of(&large["seed"]), number_of(&large["count"]));
    for (index, number) in large["numbers"].as_object().unwrap() {
        let index = index.parse().unwrap();
        assert_eq!(shuffle_index(&seed, index, count).unwrap(), number_of(number));
        assert_eq!(unshuffle_index(&seed, number_of(number), count).unwrap(), index);
    }
}

#[test]
fn the_tree_and_the_seed_are_the_twins() {
    let golden = golden();
    for case in golden["trees"].as_array().unwrap() {
        let length = case["length"].as_u64().unwrap() as usize;
        assert_eq!(merkle_root(&bytes_of(&case["digests"]), length).unwrap(), digest_of(&case["root"]));
    }
    let bundle = &golden["bundle"];
    let root = digest_of(&bundle["merkle_root"]);
    let beacon = bundle["beacon"].as_str().unwrap().as_bytes();
    let seed =
        draw_seed(&bytes_of(&bundle["secret"]), &root, bundle["cohort_size"].as_u64().unwrap(), beacon);
    assert_eq!(seed.unwrap(), digest_of(&bundle["seed"]));
}

#[test]
fn an_honest_bundle_proves_its_draw_and_each_tickets_number() {
    let bundle = &golden()["bundle"];
    let identity = bytes_of(&bundle["identities"][4]);
    let full = ticket("evt_draw", 4, false, identity.clone());
    let short = ticket("evt_draw", 4, false, identity[..8].to_vec());
    let report = verify_draw(bundle.to_string().as_bytes(), &[&full, &short]).unwrap();
    let number = shuffle_index(&report.seed, 4, 21).unwrap();
    assert_eq!((report.cohort_size, report.duplicate_identities), (21, 0));
    assert!(report.tickets.iter().all(|ticket| (ticket.index, ticket.number) == (4, number)));
}

#[test]
fn an_empty_cohort_is_a_draw_too() {
    let secret = "00".repeat(32);
    let commit = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
    let root = "00".repeat(32);
    let seed = draw_seed(&[0; 32], &[0; 32], 0, b"").unwrap();
    let seed: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let bundle = json!({"event_id": "e", "cohort_size": 0, "commit": commit, "secret": secret, "merkle_root": root,
        "seed": seed, "beacon": "", "rounds": 90, "identities": []});
    assert_eq!(code_of(&bundle, &[]), None);
}

#[test]
fn each_lie_is_named() {
    let honest = golden()["bundle"].clone();
    let with = |name: &str, value: Value| {
        let mut bundle = honest.clone();
        bundle[name] = value;
        code_of(&bundle, &[])
    };
    assert_eq!(with("commit", json!("00".repeat(32))), Some("wrong_commit"));
    assert_eq!(with("secret", json!("00".repeat(32))), Some("wrong_commit"));
    assert_eq!(with("merkle_root", json!("00".repeat(32))), Some("wrong_merkle_root"));
    assert_eq!(with("seed", json!("00".repeat(32))), Some("wrong_seed"));
    assert_eq!(with("beacon", json!("another round")), Some("wrong_seed"));
    assert_eq!(with("rounds", json!(89)), Some("wrong_rounds"));
    assert_eq!(with("cohort_size", json!(20)), Some("wrong_cohort_size"));
    assert_eq!(with("seed", json!(honest["seed"].as_str().unwrap().to_uppercase())), Some("wrong_seed"));
    assert_eq!(with("secret", json!("0")), Some("malformed_bundle"));
    assert_eq!(with("identities", json!(["zz"])), Some("wrong_cohort_size"));
    let mut swapped = honest["identities"].as_array().unwrap().clone();
    swapped.swap(3, 4);
    assert_eq!(with("identities", json!(swapped)), Some("wrong_merkle_root"));
    swapped[0] = json!("ZZ");
    assert_eq!(with("identities", json!(swapped)), Some("malformed_bundle"));
    assert_eq!(code_of(&json!({}), &[]), Some("malformed_bundle"));
}

#[test]
fn a_ticket_of_another_event_index_identity_or_time_is_refused() {
    let bundle = golden()["bundle"].clone();
    let identity = bytes_of(&bundle["identities"][4]);
    for ticket in [
        ticket("evt_other", 4, false, identity.clone()),
        ticket("evt_draw", 5, false, identity.clone()),
        ticket("evt_draw", 21, false, identity.clone()),
        ticket("evt_draw", u64::MAX, false, identity.clone()),
        ticket("evt_draw", 4, true, identity),
        ticket("evt_draw", 4, false, vec![0; 8]),
        "no ticket".to_owned(),
    ] {
        assert_eq!(code_of(&bundle, &[&ticket]), Some("wrong_ticket"));
    }
}

/// Registration order must carry no advantage: over many seeds, every index's number is uniform, and index and
/// number do not correlate. (One permutation proves nothing: the identity has a perfect histogram too.)
#[test]
fn over_two_thousand_seeds_numbers_are_uniform_and_independent_of_the_index() {
    const COHORT: u32 = 20;
    const SEEDS: u32 = 4_000;
    let mut counts = vec![[0f64; COHORT as usize]; COHORT as usize];
    let mut correlation_sum = 0.0;
    for seed in 0..SEEDS {
        let seed = hotpath_rs::sha256::digest(&seed.to_be_bytes());
        let mean = f64::from(COHORT - 1) / 2.0;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (index, number) in shuffle_all(&seed, COHORT).unwrap().into_iter().enumerate() {
            counts[index][number as usize] += 1.0;
            covariance += (index as f64 - mean) * (f64::from(number) - mean);
            variance += (index as f64 - mean).powi(2);
        }
        correlation_sum += covariance / variance;
    }
    let expected = f64::from(SEEDS) / f64::from(COHORT);
    let statistic: f64 = counts.iter().flatten().map(|count| (count - expected).powi(2) / expected).sum();
    // 361 degrees of freedom: mean 361, deviation 27; five deviations either way.
    assert!((statistic - 361.0).abs() < 5.0 * 27.0, "chi-squared {statistic}");
    // The mean of 4,000 correlations, each of deviation 1 / sqrt(19), has deviation 0.0036.
    let correlation = correlation_sum / f64::from(SEEDS);
    assert!(correlation.abs() < 5.0 * 0.0036, "correlation {correlation}");
}

proptest! {
    #[test]
    fn every_number_is_drawn_once_and_leads_back(seed in any::<[u8; 32]>(), count in 1u32..2_000) {
        let numbers = shuffle_all(&seed, count).unwrap();
        let mut seen = vec![false; count as usize];
        for (index, &number) in numbers.iter().enumerate() {
            prop_assert!(!std::mem::replace(&mut seen[number as usize], true));
            if index % 97 == 0 {
                prop_assert_eq!(shuffle_index(&seed, index as u32, count).unwrap(), number);
                prop_assert_eq!(unshuffle_index(&seed, number, count).unwrap(), index as u32);
            }
        }
    }

    #[test]
    fn no_bytes_at_all_make_the_auditor_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify_draw(&bytes, &[]).is_err());
    }
}
