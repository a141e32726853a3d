//! The published allocation cases.

#![allow(clippy::unwrap_used, reason = "a broken vector file should stop the test")]

use std::collections::BTreeSet;

use hotpath_rs::allocate::{Ask, Party, Policy, plan};
use hotpath_rs::seatmap::{CategorySet, SeatMap};
use serde_json::Value;

const CASES: &str = include_str!("vectors/allocation_cases.json");
const SOLD: u8 = 0x03;
/// Allotment 1, closed to everybody who does not name it.
const CLOSED: u8 = 0x42;

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_published_case_gets_the_seats_it_expects() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert!(cases.len() >= 12);
    for case in cases {
        let name = &case["name"];
        let chart = SeatMap::parse(case["chart"].to_string().as_bytes()).unwrap();
        let mut map = chart.base_map();
        for seat in texts(&case["taken"]) {
            map[chart.unit(&seat).unwrap() as usize] = SOLD;
        }
        for seat in texts(&case["closed_allotment"]) {
            map[chart.unit(&seat).unwrap() as usize] = CLOSED;
        }
        let ask = &case["ask"];
        let categories: CategorySet = (0..u8::try_from(chart.categories().len()).unwrap()).collect();
        let ask = Ask {
            parties: vec![Party {
                quantity: u32::try_from(ask["quantity"].as_u64().unwrap()).unwrap(),
                categories,
                section: None,
                accessible: u32::try_from(ask["accessible"].as_u64().unwrap_or(0)).unwrap(),
            }],
            policy: Policy::from_word(ask["orphan_policy"].as_str().unwrap_or("auto")).unwrap(),
            split: ask["split"].as_bool().unwrap_or(true),
            open_allotments: vec![],
            beside: vec![],
        };
        let expect = &case["expect"];
        match plan(&chart, &map, &ask).unwrap() {
            Ok(plan) => {
                let seats: BTreeSet<String> =
                    plan.units.iter().map(|unit| chart.seat(*unit).unwrap()).collect();
                assert_eq!(seats, texts(&expect["seats"]).into_iter().collect(), "{name}");
                assert_eq!(u64::from(plan.step), expect["step"].as_u64().unwrap(), "{name}");
                assert_eq!(plan.adjacent, expect["adjacent"].as_bool().unwrap(), "{name}");
            }
            Err(refused) => assert_eq!(refused.code.word(), expect["error"].as_str().unwrap(), "{name}"),
        }
    }
}
