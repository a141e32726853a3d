//! The rules of the ladder, one sentence each.

#![allow(clippy::unwrap_used, reason = "a test may assert by unwrapping")]

use std::fmt::Write as _;

use hotpath_rs::allocate::{Ask, Party, Plan, Policy, RefusalCode, check_named, orphans, plan, plan_many};
use hotpath_rs::seatmap::{CategorySet, SeatMap};

/// Rows of the section, front to back: `.` a seat, `a` an accessible one, `v` one of category V, `|` an aisle.
fn section(name: &str, rows: &[&str]) -> String {
    let mut json = String::new();
    for (index, row) in rows.iter().enumerate() {
        let seats: Vec<char> = row.chars().filter(|c| *c != '|').collect();
        let x0 = -(seats.len() as f64 - 1.0) / 2.0;
        let mut listed = Vec::new();
        for (place, kind) in seats.iter().enumerate() {
            let mut seat = format!("{{\"name\":\"{}\",\"x\":{}", place + 1, x0 + place as f64);
            match kind {
                'a' => seat.push_str(",\"accessible\":true"),
                'v' => seat.push_str(",\"category\":\"V\""),
                _ => {}
            }
            listed.push(seat + "}");
        }
        let aisles: Vec<String> = row
            .match_indices('|')
            .enumerate()
            .map(|(before, (at, _))| format!("\"{}\"", at - before))
            .collect();
        let letter = char::from(b'A' + u8::try_from(index).unwrap());
        let y = 1.25 * index as f64;
        let comma = if index > 0 { "," } else { "" };
        write!(
            json,
            "{comma}{{\"name\":\"{letter}\",\"y\":{y},\"seats\":[{}],\"aisle_after\":[{}]}}",
            listed.join(","),
            aisles.join(",")
        )
        .unwrap();
    }
    format!("{{\"name\":\"{name}\",\"kind\":\"seated\",\"category\":\"P\",\"rows\":[{json}]}}")
}

fn general(name: &str, capacity: u32) -> String {
    format!("{{\"name\":\"{name}\",\"kind\":\"general\",\"category\":\"P\",\"capacity\":{capacity}}}")
}

fn chart(sections: &[String]) -> SeatMap {
    let json = format!("{{\"focal_point\":{{\"x\":0,\"y\":-2}},\"sections\":[{}]}}", sections.join(","));
    SeatMap::parse(json.as_bytes()).unwrap()
}

fn house(rows: &[&str]) -> SeatMap {
    chart(&[section("S", rows)])
}

/// The base map with these seats (`A4 A5`) written over.
fn with(chart: &SeatMap, mut map: Vec<u8>, seats: &str, state: u8) -> Vec<u8> {
    for unit in units(chart, seats) {
        map[unit as usize] = state;
    }
    map
}

fn sold(chart: &SeatMap, seats: &str) -> Vec<u8> {
    with(chart, chart.base_map(), seats, 0x03)
}

/// `A4` is in section S, `T:A4` in section T.
fn units(chart: &SeatMap, seats: &str) -> Vec<u32> {
    let find = |seat: &str| {
        let (section, seat) = seat.split_once(':').unwrap_or(("S", seat));
        chart.unit(&format!("{section}/{}/{}", &seat[..1], &seat[1..])).unwrap()
    };
    seats.split_whitespace().map(find).collect()
}

fn named(chart: &SeatMap, units: &[u32]) -> String {
    let seat = |unit: &u32| match chart.seat(*unit) {
        Some(seat) => {
            let seat = seat.replacen('/', ":", 1).replace('/', "");
            seat.strip_prefix("S:").unwrap_or(&seat).to_owned()
        }
        None => format!("#{unit}"),
    };
    units.iter().map(seat).collect::<Vec<_>>().join(" ")
}

fn party(quantity: u32) -> Party {
    let categories = [0].into_iter().collect();
    Party { quantity, categories, section: None, accessible: 0 }
}

fn ask(parties: Vec<Party>) -> Ask {
    Ask { parties, policy: Policy::Strict, split: true, open_allotments: vec![], beside: vec![] }
}

fn planned(chart: &SeatMap, map: &[u8], ask: &Ask) -> Plan {
    plan(chart, map, ask).unwrap().unwrap()
}

fn refused(chart: &SeatMap, map: &[u8], ask: &Ask) -> (&'static str, u32) {
    let refused = plan(chart, map, ask).unwrap().unwrap_err();
    (refused.code.word(), refused.free)
}

/// Seats and step of the answer to one party.
fn seats(chart: &SeatMap, map: &[u8], ask: &Ask) -> (String, u8) {
    let plan = planned(chart, map, ask);
    (named(chart, &plan.units), plan.step)
}

fn expect(chart: &SeatMap, map: &[u8], ask: &Ask, wanted: &str, step: u8) {
    assert_eq!(seats(chart, map, ask), (wanted.to_owned(), step));
}

#[test]
fn the_table_of_the_design_holds() {
    let four_rows = house(&[".........."; 4]);
    expect(&four_rows, &four_rows.base_map(), &ask(vec![party(4)]), "A4 A5 A6 A7", 1);
    expect(&four_rows, &sold(&four_rows, "A4 A5 A6 A7"), &ask(vec![party(2)]), "B5 B6", 1);
    let one_row = house(&[".........."]);
    expect(&one_row, &sold(&one_row, "A4 A5 A6 A7"), &ask(vec![party(2)]), "A2 A3", 2);
    let aisle = house(&[".....|....."]);
    expect(&aisle, &aisle.base_map(), &ask(vec![party(4)]), "A2 A3 A4 A5", 2);
    expect(&aisle, &aisle.base_map(), &ask(vec![party(6)]), "A3 A4 A5 A6 A7 A8", 3);
    assert!(!planned(&aisle, &aisle.base_map(), &ask(vec![party(6)])).adjacent);
    let six = house(&["......", "......"]);
    let map = sold(&six, "A1 A2 A5 A6 B1 B2 B5 B6");
    expect(&six, &map, &ask(vec![party(4)]), "A3 A4 B3 B4", 3);
    assert_eq!(planned(&six, &map, &ask(vec![party(4)])).rows_used, 2);
    let allotted = house(&["......"]);
    let map = with(&allotted, allotted.base_map(), "A4", 0x42);
    expect(&allotted, &map, &ask(vec![party(2)]), "A5 A6", 1);
    let protected = house(&["aaaa"]);
    assert_eq!(
        refused(&protected, &protected.base_map(), &ask(vec![party(2)])),
        ("best_available_not_found", 4)
    );
}

#[test]
fn an_allotment_is_for_those_it_is_open_to() {
    let chart = house(&["......"]);
    let map = with(&chart, chart.base_map(), "A3 A4", 0x42);
    expect(&chart, &map, &ask(vec![party(2)]), "A1 A2", 1);
    let invited = Ask { open_allotments: vec![1], ..ask(vec![party(2)]) };
    expect(&chart, &map, &invited, "A3 A4", 1);
    let stranger = Ask { open_allotments: vec![2], ..ask(vec![party(2)]) };
    expect(&chart, &map, &stranger, "A1 A2", 1);
}

#[test]
fn fewer_free_units_than_people_is_sold_out_and_says_how_many() {
    let chart = house(&["......"]);
    let map = sold(&chart, "A1 A2 A3 A4");
    assert_eq!(refused(&chart, &map, &ask(vec![party(3)])), ("sold_out", 2));
    let other_section = chart_of_two();
    let mut full_section = party(2);
    full_section.section = Some(0);
    let map = sold(&other_section, "A1 A2 A3 A4");
    assert_eq!(refused(&other_section, &map, &ask(vec![full_section])), ("best_available_not_found", 4));
}

fn chart_of_two() -> SeatMap {
    chart(&[section("S", &["...."]), section("T", &["...."])])
}

#[test]
fn a_block_in_another_section_comes_before_a_split() {
    let chart = chart_of_two();
    let map = sold(&chart, "A2");
    expect(&chart, &map, &ask(vec![party(4)]), "T:A1 T:A2 T:A3 T:A4", 1);
    expect(&chart, &sold(&chart, "A2 T:A2"), &ask(vec![party(3)]), "A1 A3 A4", 4);
}

#[test]
fn strict_prefers_a_worse_seat_anywhere_and_lenient_does_not() {
    let chart = house(&[".....", ".........."]);
    let strict = ask(vec![party(3)]);
    let map = sold(&chart, "A1");
    // A2-A4 would leave A5 alone, A3-A5 would leave A2 alone.
    expect(&chart, &map, &strict, "B4 B5 B6", 1);
    let lenient = Ask { policy: Policy::Lenient, ..strict.clone() };
    expect(&chart, &map, &lenient, "A2 A3 A4", 2);
    let off = Ask { policy: Policy::Off, ..strict };
    expect(&chart, &map, &off, "A2 A3 A4", 1);
}

#[test]
fn the_default_rule_turns_lenient_at_85_percent_sold() {
    let chart = house(&[".....", ".........."]);
    let auto = Ask { policy: Policy::Auto, ..ask(vec![party(1)]) };
    // 12 of 15 are sold: still strict, so nobody breaks up A2 A3 while the single B5 is free.
    let map = sold(&chart, "A1 A4 A5 B1 B2 B3 B4 B6 B7 B8 B9 B10");
    expect(&chart, &map, &auto, "B5", 1);
    // 13 of 15 are sold.
    let map = sold(&chart, "A1 A4 A5 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10");
    expect(&chart, &map, &auto, "A3", 2);
}

#[test]
fn accessible_seats_go_with_companions_to_those_who_ask() {
    let chart = house(&["aa....", "......"]);
    let needs = |quantity, accessible| ask(vec![Party { accessible, ..party(quantity) }]);
    expect(&chart, &chart.base_map(), &needs(1, 1), "A1", 1);
    expect(&chart, &chart.base_map(), &needs(3, 1), "A2 A3 A4", 2);
    expect(&chart, &chart.base_map(), &needs(4, 2), "A1 A2 A3 A4", 1);
    assert_eq!(refused(&chart, &chart.base_map(), &needs(3, 3)), ("best_available_not_found", 12));
    // Released: an ordinary seat now, and still one for those who need it.
    let map = with(&chart, chart.base_map(), "A1 A2", 0x40);
    expect(&chart, &map, &needs(2, 2), "A1 A2", 1);
    expect(&chart, &map, &ask(vec![party(6)]), "A1 A2 A3 A4 A5 A6", 1);
}

#[test]
fn accessible_seats_in_two_rows_share_the_companions() {
    let chart = house(&["a.......", "a......."]);
    let two = Party { accessible: 2, ..party(6) };
    let plan = planned(&chart, &chart.base_map(), &ask(vec![two]));
    assert_eq!(named(&chart, &plan.units), "A1 A2 A3 B1 B2 B3");
    assert_eq!((plan.step, plan.adjacent, plan.rows_used), (4, false, 2));
    let whole = Ask { split: false, ..ask(vec![two]) };
    assert_eq!(refused(&chart, &chart.base_map(), &whole).0, "best_available_not_found");
}

#[test]
fn companions_beyond_three_sit_near_by() {
    let chart = house(&["a..", "......", "......"]);
    let plan = planned(&chart, &chart.base_map(), &ask(vec![Party { accessible: 1, ..party(5) }]));
    assert_eq!(&named(&chart, &plan.units)[..8], "A1 A2 A3");
    assert_eq!(plan.units.len(), 5);
}

#[test]
fn a_growing_hold_stays_together() {
    let chart = house(&[".........."; 2]);
    let map = with(&chart, chart.base_map(), "A5 A6", 0x01);
    let grow = |quantity, beside| Ask { beside: units(&chart, beside), ..ask(vec![party(quantity)]) };
    expect(&chart, &map, &grow(2, "A5 A6"), "A4 A7", 1);
    assert!(planned(&chart, &map, &grow(2, "A5 A6")).adjacent);
    // The neighbours are gone: as near as it gets, and the answer says so.
    let map = with(&chart, map, "A3 A4 A7 A8", 0x03);
    let plan = planned(&chart, &map, &grow(2, "A5 A6"));
    assert_eq!((named(&chart, &plan.units).as_str(), plan.adjacent), ("B5 B6", false));
    // A seat that leaves an orphan is better than a seat elsewhere, for those who want to sit together.
    let map = with(&chart, chart.base_map(), "A2 A3 A6 A7 A8 A9 A10", 0x03);
    let map = with(&chart, map, "A2 A3", 0x01);
    let plan = planned(&chart, &map, &grow(1, "A2 A3"));
    assert_eq!((named(&chart, &plan.units).as_str(), plan.step), ("A1", 1));
    let map = with(&chart, map, "A1", 0x03);
    let plan = planned(&chart, &map, &grow(1, "A2 A3"));
    assert_eq!((named(&chart, &plan.units).as_str(), plan.step), ("A4", 2));
}

#[test]
fn general_admission_takes_the_lowest_free_numbers() {
    let chart = chart(&[general("Floor", 5), general("Balcony", 5)]);
    let mut map = chart.base_map();
    map[1] = 0x03;
    expect(&chart, &map, &ask(vec![party(3)]), "#0 #2 #3", 1);
    expect(&chart, &map, &ask(vec![party(5)]), "#5 #6 #7 #8 #9", 1);
    expect(&chart, &map, &ask(vec![party(6)]), "#0 #2 #3 #4 #5 #6", 4);
    let whole = Ask { split: false, ..ask(vec![party(6)]) };
    assert_eq!(refused(&chart, &map, &whole), ("best_available_not_found", 9));
    assert_eq!(refused(&chart, &map, &ask(vec![party(10)])), ("sold_out", 9));
}

#[test]
fn seats_come_before_numbers_and_both_before_a_refusal() {
    let chart = chart(&[general("Floor", 3), section("S", &["..."])]);
    expect(&chart, &chart.base_map(), &ask(vec![party(3)]), "A1 A2 A3", 1);
    let plan = planned(&chart, &sold(&chart, "A2"), &ask(vec![party(5)]));
    assert_eq!(named(&chart, &plan.units), "#0 #1 #2 A1 A3");
    assert_eq!((plan.step, plan.adjacent), (4, false));
}

#[test]
fn parties_of_one_ask_sit_beside_each_other_where_their_categories_meet() {
    let chart = house(&["....vvvv"]);
    let both = vec![party(2), Party { categories: [1].into_iter().collect(), ..party(2) }];
    let plan = planned(&chart, &chart.base_map(), &ask(both));
    assert_eq!(named(&chart, &plan.units), "A3 A4 A5 A6");
    assert_eq!((plan.step, plan.orphans_created), (1, 0));
}

#[test]
fn parties_with_overlapping_categories_never_cost_a_possible_booking() {
    let chart = house(&["..", "vv"]);
    let sets: [CategorySet; 2] = [[0, 1].into_iter().collect(), [0].into_iter().collect()];
    let parties = sets.map(|categories| Party { categories, ..party(2) });
    let plan = planned(&chart, &chart.base_map(), &ask(parties.to_vec()));
    assert_eq!(named(&chart, &plan.units), "B1 B2 A1 A2");
}

#[test]
fn a_herd_of_pairs_fills_the_house_and_leaves_nothing() {
    let chart = house(&["....................|...................."; 20]);
    let pair = ask(vec![party(2)]);
    let answers = plan_many(&chart, &chart.base_map(), &vec![&pair; 500]).unwrap();
    let mut units: Vec<u32> =
        answers.into_iter().take(400).flat_map(|answer| answer.unwrap().units).collect();
    units.sort_unstable();
    assert_eq!(units, (0..800).collect::<Vec<u32>>());
    let answers = plan_many(&chart, &chart.base_map(), &vec![&pair; 401]).unwrap();
    assert_eq!(answers[400].clone().unwrap_err().code, RefusalCode::SoldOut);
}

#[test]
fn planning_many_is_planning_one_after_the_other() {
    let chart = chart(&[section("S", &["....|.......", ".....a.....", "...vv......"]), general("Floor", 9)]);
    let kinds: Vec<Ask> = [
        ask(vec![party(2)]),
        ask(vec![party(3), party(1)]),
        Ask { policy: Policy::Auto, ..ask(vec![party(4)]) },
        Ask { open_allotments: vec![1], ..ask(vec![party(1)]) },
        Ask { split: false, ..ask(vec![party(5)]) },
    ]
    .to_vec();
    let mut map = with(&chart, chart.base_map(), "B1 B2", 0x42);
    let asks: Vec<&Ask> = (0..25).map(|at| &kinds[at * 7 % kinds.len()]).collect();
    let many = plan_many(&chart, &map, &asks).unwrap();
    for (ask, answer) in asks.into_iter().zip(many) {
        let alone = plan(&chart, &map, ask).unwrap();
        assert_eq!(alone, answer);
        for unit in alone.map(|plan| plan.units).unwrap_or_default() {
            map[unit as usize] = 0x01;
        }
    }
}

#[test]
fn a_named_selection_that_strands_a_seat_gets_a_better_one() {
    let chart = house(&["......"]);
    let check = |map: &[u8], seats: &str, policy| {
        let better = check_named(&chart, map, &units(&chart, seats), &[], policy).unwrap();
        better.map(|units| named(&chart, &units))
    };
    let map = chart.base_map();
    assert_eq!(check(&map, "A2 A3", Policy::Strict).as_deref(), Some("A1 A2"));
    assert_eq!(check(&map, "A4 A5", Policy::Strict).as_deref(), Some("A3 A4"));
    assert_eq!(check(&map, "A2 A3", Policy::Lenient), None);
    assert_eq!(check(&map, "A2 A3", Policy::Off), None);
    assert_eq!(check(&map, "A1 A2", Policy::Strict), None);
    // Five of six leave one whatever is chosen.
    assert_eq!(check(&map, "A1 A2 A3 A4 A5", Policy::Strict), None);
    // Filling a single makes no orphan.
    let map = sold(&chart, "A2");
    assert_eq!(check(&map, "A1", Policy::Strict), None);
    // Pieces of one run are mended together.
    assert_eq!(check(&chart.base_map(), "A2 A5", Policy::Strict).as_deref(), Some("A3 A4"));
}

#[test]
fn a_suggestion_keeps_the_prices() {
    let chart = house(&["..vv.."]);
    let strict =
        |seats: &str| check_named(&chart, &chart.base_map(), &units(&chart, seats), &[], Policy::Strict);
    // A1 A2 and A5 A6 sell the same; the V seats between them do not.
    assert_eq!(strict("A2").unwrap().map(|units| named(&chart, &units)).as_deref(), Some("A1"));
    assert_eq!(strict("A3 A4").unwrap(), None);
}

#[test]
fn orphans_are_counted_once_and_only_when_new() {
    let chart = house(&["......."]);
    let count = |map: &[u8], seats: &str| orphans(&chart, map, &units(&chart, seats), &[]).unwrap();
    assert_eq!(count(&chart.base_map(), "A2 A4 A6"), 4);
    assert_eq!(count(&chart.base_map(), "A2 A2 A4"), 2);
    assert_eq!(count(&sold(&chart, "A2"), "A4"), 1);
    assert_eq!(count(&with(&chart, chart.base_map(), "A3", 0x42), "A2"), 1);
    assert_eq!(count(&with(&chart, chart.base_map(), "A3", 0x41), "A2"), 1);
}

#[test]
fn an_ask_no_chart_could_mean_is_refused_and_never_panics() {
    let chart = house(&["......"]);
    let map = chart.base_map();
    let broken = [
        ask(vec![]),
        ask(vec![party(0)]),
        ask(vec![party(201)]),
        ask(vec![party(1); 21]),
        ask(vec![Party { accessible: 2, ..party(1) }]),
        ask(vec![Party { section: Some(1), ..party(1) }]),
        ask(vec![Party { categories: [200].into_iter().collect(), ..party(1) }]),
        Ask { open_allotments: vec![96], ..ask(vec![party(1)]) },
        Ask { beside: vec![6], ..ask(vec![party(1)]) },
    ];
    for ask in broken {
        assert!(plan(&chart, &map, &ask).is_err(), "{ask:?}");
    }
    assert!(plan(&chart, &map[1..], &ask(vec![party(1)])).is_err());
    assert!(check_named(&chart, &map, &[6], &[], Policy::Strict).is_err());
    assert!(orphans(&chart, &map, &[6], &[]).is_err());
    let nowhere = Party { categories: CategorySet::default(), ..party(1) };
    assert_eq!(refused(&chart, &map, &ask(vec![nowhere])), ("sold_out", 0));
}
