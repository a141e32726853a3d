//! Nanoseconds of the hot path's own pieces, without Python. `cargo bench -p hotpath_rs --bench hotpath`.
#![allow(missing_docs)] // criterion's macros make public items
#![allow(clippy::unwrap_used)] // a bench may stop where it stands

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hotpath_rs::draw::{merkle_root, shuffle_all, shuffle_index};
use hotpath_rs::encoding::decode_short;
use hotpath_rs::keys::{EventKeys, Keyring};
use hotpath_rs::mac::MacKey;
use hotpath_rs::sha256::{BLOCK_BYTES, INITIAL, LANES, hash_lanes, hash_lanes_portable, last_block};
use hotpath_rs::ticket_code::TicketCode;
use hotpath_rs::token::Admission;

const CODES: usize = 10_000;
const COHORT: u32 = 1_000_000;

fn event() -> EventKeys {
    Keyring::new(&[(1, &[7; 32])]).and_then(|ring| ring.event("evt_bench")).unwrap()
}

fn code(keys: &EventKeys, unit: u32) -> String {
    let ticket = TicketCode { unit, version: 1, not_before_s: 0, expires_at_s: u32::MAX };
    keys.mint_ticket_code(&ticket).unwrap()
}

fn hashing(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("sha256");
    group.throughput(Throughput::Elements(LANES as u64));
    let blocks = [last_block(b"sixteen bytes...", BLOCK_BYTES); LANES];
    group.bench_function("hash_lanes", |bencher| bencher.iter(|| hash_lanes(&INITIAL, black_box(&[blocks]))));
    group.bench_function("hash_lanes_portable", |bencher| {
        bencher.iter(|| hash_lanes_portable(&INITIAL, black_box(&[blocks])));
    });
    let key = MacKey::new(b"bench");
    group.bench_function("hmac_lanes", |bencher| bencher.iter(|| key.tags_of_blocks(black_box(&blocks))));
    group.throughput(Throughput::Elements(1));
    group.bench_function("hmac_one", |bencher| bencher.iter(|| key.tag_of_block(black_box(&blocks[0]))));
}

fn codes(bench: &mut Criterion) {
    let keys = event();
    let one = code(&keys, 5);
    let many: Vec<String> = (0..CODES as u32).map(|unit| code(&keys, unit)).collect();
    let lines = many.join("\n");
    let mut group = bench.benchmark_group("ticket_code");
    group.bench_function("decode", |bencher| {
        let mut field = [0; 64];
        bencher.iter(|| decode_short(black_box(one.as_bytes()), 40, &mut field).is_ok());
    });
    group.bench_function("verify_one", |bencher| {
        bencher.iter(|| keys.verify_ticket_code(black_box(one.as_bytes()), 100, 30));
    });
    group.throughput(Throughput::Elements(CODES as u64));
    group.bench_function("verify_10k_lines", |bencher| {
        bencher.iter(|| keys.verify_ticket_code_lines(black_box(lines.as_bytes()), 100, 30));
    });
    group.bench_function("verify_10k_list", |bencher| {
        bencher
            .iter(|| keys.verify_ticket_codes(many.iter().map(|text| black_box(text.as_bytes())), 100, 30));
    });
}

fn tokens(bench: &mut Criterion) {
    let keys = event();
    let admission =
        Admission { lease_id: [1; 16], device_key_hash: Vec::new(), not_before_ms: 0, expires_at_ms: 1_000 };
    let text = keys.mint_admission(&admission).unwrap();
    bench.bench_function("admission/mint", |bencher| {
        bencher.iter(|| keys.mint_admission(black_box(&admission)));
    });
    bench.bench_function("admission/verify", |bencher| {
        bencher.iter(|| keys.verify_admission(black_box(&text), 5, 0));
    });
}

fn draw(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("draw");
    group.sample_size(10);
    group.bench_function("shuffle_index", |bencher| {
        bencher.iter(|| shuffle_index(&[3; 32], black_box(77), COHORT));
    });
    group.bench_function("shuffle_all_1M", |bencher| {
        bencher.iter(|| shuffle_all(black_box(&[3; 32]), COHORT));
    });
    let digests = vec![9; 32 * COHORT as usize];
    group.bench_function("merkle_root_1M", |bencher| bencher.iter(|| merkle_root(black_box(&digests), 32)));
}

criterion_group!(benches, hashing, codes, tokens, draw);
criterion_main!(benches);
