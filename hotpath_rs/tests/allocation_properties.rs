//! What holds for every chart, map and ask.

#![allow(clippy::unwrap_used, reason = "a test may assert by unwrapping")]

use std::sync::Arc;

use hotpath_rs::allocate::{Ask, Party, Plan, Policy, Refused, check_named, orphans, plan, plan_many};
use hotpath_rs::seatmap::{CategorySet, SeatMap};
use proptest::collection::vec;
use proptest::prelude::*;

const POLICIES: [Policy; 4] = [Policy::Strict, Policy::Lenient, Policy::Off, Policy::Auto];
/// Taken in every way, and free for the house and two allotments.
const STATES: [u8; 10] = [0x01, 0x02, 0x03, 0x04, 0x40, 0x41, 0x42, 0x43, 0x44, 0x3f];

/// One character a seat: category, accessible, aisle after.
type Seat = (u8, bool, bool);

fn chart_json(seated: &[Vec<Vec<Seat>>], capacity: u32) -> String {
    let section = |(index, rows): (usize, &Vec<Vec<Seat>>)| {
        let row = |(index, seats): (usize, &Vec<Seat>)| {
            let seat = |(place, (category, accessible, _)): (usize, &Seat)| {
                let x = place as f64 - seats.len() as f64 / 2.0;
                serde_json::json!({"name": place.to_string(), "x": x, "category": format!("c{category}"),
                                   "accessible": accessible})
            };
            let aisles: Vec<usize> =
                seats.iter().enumerate().filter(|(_, seat)| seat.2).map(|(place, _)| place).collect();
            serde_json::json!({"name": index.to_string(), "y": index, "aisle_after": aisles,
                               "seats": seats.iter().enumerate().map(seat).collect::<Vec<_>>()})
        };
        serde_json::json!({"name": index.to_string(), "kind": "seated",
                           "rows": rows.iter().enumerate().map(row).collect::<Vec<_>>()})
    };
    let mut sections: Vec<_> = seated.iter().enumerate().map(section).collect();
    sections.push(
        serde_json::json!({"name": "floor", "kind": "general", "category": "c0", "capacity": capacity}),
    );
    serde_json::json!({"focal_point": {"x": 0, "y": -1}, "sections": sections}).to_string()
}

fn houses() -> impl Strategy<Value = Arc<SeatMap>> {
    let seat = (0..3_u8, prop::bool::weighted(0.15), prop::bool::weighted(0.15));
    let rows = vec(vec(seat, 1..9), 1..4);
    (vec(rows, 1..3), 1..5_u32).prop_map(|(seated, capacity)| {
        Arc::new(SeatMap::parse(chart_json(&seated, capacity).as_bytes()).unwrap())
    })
}

fn parties() -> impl Strategy<Value = Party> {
    (1..7_u32, vec(0..4_u8, 0..4), prop::option::weighted(0.2, 0..3_u32), 0..3_u32).prop_map(
        |(quantity, categories, section, accessible)| {
            let categories: CategorySet = categories.into_iter().collect();
            Party { quantity, categories, section, accessible: if accessible == 2 { 1 } else { 0 } }
        },
    )
}

fn asks() -> impl Strategy<Value = Ask> {
    let open = vec(0..3_u8, 0..3);
    (vec(parties(), 1..4), 0..4_usize, prop::bool::weighted(0.7), open, vec(0..20_u32, 0..4)).prop_map(
        |(parties, policy, split, open_allotments, beside)| Ask {
            parties,
            policy: POLICIES[policy],
            split,
            open_allotments,
            beside,
        },
    )
}

fn maps(chart: Arc<SeatMap>) -> impl Strategy<Value = (Arc<SeatMap>, Vec<u8>)> {
    let units = chart.units() as usize;
    let byte =
        prop_oneof![4 => Just(0x40_u8), 2 => Just(0x03_u8), 2 => prop::sample::select(STATES.to_vec())];
    (Just(chart), vec(byte, units))
}

fn is_open(ask: &Ask, byte: u8) -> bool {
    let lot = byte.wrapping_sub(0x40) >> 1;
    byte >= 0x40 && (lot == 0 || ask.open_allotments.contains(&lot))
}

/// May an ordinary member of this party be given this unit?
fn is_eligible(chart: &SeatMap, map: &[u8], ask: &Ask, party: &Party, unit: u32) -> bool {
    let byte = map[unit as usize];
    is_open(ask, byte)
        && byte & 1 == 0
        && party.categories.contains(chart.category_index(unit).unwrap())
        && party.section.is_none_or(|section| chart.section_index(unit) == Some(section))
}

/// The plan gives each party exactly what it asked for, out of what it may have.
fn assert_lawful(chart: &SeatMap, map: &[u8], ask: &Ask, plan: &Plan) {
    let mut units = plan.units.as_slice();
    for party in &ask.parties {
        let (ours, rest) = units.split_at(party.quantity as usize);
        units = rest;
        assert!(ours.is_sorted_by(|one, other| one < other), "{plan:?}");
        let protected = ours.iter().filter(|unit| !is_eligible(chart, map, ask, party, **unit)).count();
        assert!(protected <= party.accessible as usize, "{plan:?}");
        let fit =
            ours.iter().filter(|unit| chart.is_accessible(**unit) || map[**unit as usize] & 1 == 1).count();
        assert!(fit >= party.accessible as usize, "{plan:?}");
        for unit in ours {
            let general = Ask { parties: vec![], ..ask.clone() };
            assert!(is_open(&general, map[*unit as usize]));
            assert!(party.categories.contains(chart.category_index(*unit).unwrap()));
            assert!(party.section.is_none_or(|section| chart.section_index(*unit) == Some(section)));
        }
    }
    assert!(units.is_empty());
    let mut distinct = plan.units.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), plan.units.len(), "a unit twice");
    assert!((1..=4).contains(&plan.step));
    assert!(ask.split || plan.step <= 2);
    assert_eq!(plan.orphans_created, orphans(chart, map, &plan.units, &ask.open_allotments).unwrap());
}

fn answer(chart: &SeatMap, map: &[u8], ask: &Ask) -> Option<Result<Plan, Refused>> {
    plan(chart, map, ask).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_is_lawful((chart, map) in houses().prop_flat_map(maps), ask in asks()) {
        if let Some(Ok(plan)) = answer(&chart, &map, &ask) {
            assert_lawful(&chart, &map, &ask, &plan);
        }
    }

    #[test]
    fn nobody_is_refused_while_enough_is_free(
        (chart, map) in houses().prop_flat_map(maps),
        ask in asks(),
        party in parties(),
    ) {
        let party = Party { accessible: 0, ..party };
        let ask = Ask { parties: vec![party], split: true, ..ask };
        let eligible =
            (0..chart.units()).filter(|unit| is_eligible(&chart, &map, &ask, &party, *unit)).count();
        if let Some(answer) = answer(&chart, &map, &ask) {
            prop_assert_eq!(answer.is_ok(), eligible >= party.quantity as usize, "{:?} {:?}", answer, ask);
        }
    }

    #[test]
    fn many_is_one_after_the_other(
        (chart, map) in houses().prop_flat_map(maps),
        asks in vec(asks(), 1..6),
        order in vec(0..6_usize, 1..12),
    ) {
        let asks: Vec<&Ask> = order.iter().filter_map(|at| asks.get(*at)).collect();
        let mut map = map;
        if let Ok(many) = plan_many(&chart, &map, &asks) {
            for (ask, got) in asks.into_iter().zip(many) {
                prop_assert_eq!(&answer(&chart, &map, ask), &Some(got.clone()));
                for unit in got.map(|plan| plan.units).unwrap_or_default() {
                    map[unit as usize] = 0x01;
                }
            }
        }
    }

    #[test]
    fn a_suggestion_can_be_taken_and_ends_the_matter(
        (chart, map) in houses().prop_flat_map(maps),
        chosen in vec(0..40_u32, 1..5),
    ) {
        let mut chosen: Vec<u32> =
            chosen.into_iter().filter(|unit| map.get(*unit as usize).is_some_and(|byte| byte & 0xfe == 0x40)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        if let Some(better) = check_named(&chart, &map, &chosen, &[], Policy::Strict).unwrap() {
            prop_assert_eq!(better.len(), chosen.len());
            prop_assert!(better.iter().all(|unit| map[*unit as usize] & 0xfe == 0x40));
            let count = |units: &[u32]| orphans(&chart, &map, units, &[]).unwrap();
            prop_assert!(count(&better) < count(&chosen));
            prop_assert_eq!(check_named(&chart, &map, &better, &[], Policy::Strict).unwrap(), None);
        }
    }

    #[test]
    fn no_bytes_panic_the_parser(bytes in vec(any::<u8>(), 0..200)) {
        let _ = SeatMap::parse(&bytes);
    }

    #[test]
    fn no_damaged_chart_panics_the_parser(at in any::<usize>(), with in any::<[u8; 2]>()) {
        let mut json = chart_json(&[vec![vec![(0, false, true), (1, true, false)]]], 3).into_bytes();
        let at = at % (json.len() - 1);
        json[at..at + 2].copy_from_slice(&with);
        let _ = SeatMap::parse(&json);
    }
}
