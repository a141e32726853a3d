//! Planning on a house of 2,000 seats, empty and in shreds; parsing and ranking a house of 200,000.

#![allow(missing_docs, reason = "the macros write undocumented items")]
#![allow(clippy::unwrap_used, reason = "a benchmark of a broken chart measures nothing")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hotpath_rs::allocate::{Ask, Party, Policy, plan, plan_many};
use hotpath_rs::seatmap::SeatMap;
use hotpath_rs::tape::Tape;

/// Asks of one batch, as the engine sends them.
const BATCH: usize = 64;

fn chart_json(rows: u32, seats: u32) -> String {
    let rows: Vec<_> = (0..rows)
        .map(|row| {
            serde_json::json!({"name": row.to_string(), "y": row, "first": 1, "count": seats,
                               "x0": -f64::from(seats) / 2.0 + 0.5, "pitch": 1.0, "aisle_after": [seats / 2]})
        })
        .collect();
    let section = serde_json::json!({"name": "S", "kind": "seated", "rows": rows});
    serde_json::json!({"focal_point": {"x": 0, "y": -2}, "sections": [section]}).to_string()
}

fn house(rows: u32, seats: u32) -> SeatMap {
    SeatMap::parse(chart_json(rows, seats).as_bytes()).unwrap()
}

fn ask(quantity: u32) -> Ask {
    let categories = [0].into_iter().collect();
    Ask {
        parties: vec![Party { quantity, categories, section: None, accessible: 0 }],
        policy: Policy::Strict,
        split: true,
        open_allotments: vec![],
        beside: vec![],
    }
}

/// Four seats in five are sold, without a pattern.
fn shreds(chart: &SeatMap) -> Vec<u8> {
    let mut state = 1_u64;
    let mut is_sold = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33 & 1023 < 820
    };
    chart.base_map().into_iter().map(|free| if is_sold() { 0x03 } else { free }).collect()
}

fn planning(criterion: &mut Criterion) {
    let chart = house(40, 50);
    let mut group = criterion.benchmark_group("plan_2000");
    for (name, map) in [("empty", chart.base_map()), ("shreds", shreds(&chart))] {
        for quantity in [1, 2, 4, 8] {
            let ask = ask(quantity);
            group.bench_function(BenchmarkId::new(name, quantity), |bencher| {
                bencher.iter(|| plan(&chart, black_box(&map), &ask));
            });
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("plan_many_2000");
    group.throughput(Throughput::Elements(BATCH as u64));
    for quantity in [1, 2, 4] {
        let (ask, map) = (ask(quantity), chart.base_map());
        let asks = vec![&ask; BATCH];
        group.bench_function(BenchmarkId::new("batch_of_64", quantity), |bencher| {
            bencher.iter(|| plan_many(&chart, black_box(&map), &asks));
        });
    }
    let (two, map) = (ask(2), chart.base_map());
    let herd = vec![&two; 1_000];
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("herd_of_1000_pairs", |bencher| {
        bencher.iter(|| plan_many(&chart, black_box(&map), &herd));
    });
    group.finish();
}

fn charts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("chart_200000");
    group.sample_size(10);
    let json = chart_json(1_000, 200);
    group.bench_function("parse", |bencher| bencher.iter(|| SeatMap::parse(black_box(json.as_bytes()))));
    let chart = house(1_000, 200);
    let categories = [0].into_iter().collect();
    group.bench_function("tape", |bencher| {
        bencher.iter(|| Tape::build(&black_box(&chart).seating(None), 4, categories));
    });
    group.finish();
}

criterion_group!(benches, planning, charts);
criterion_main!(benches);
