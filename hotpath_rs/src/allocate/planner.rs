//! Parties in turn, asks in turn: each success is taken off the map before the next is planned.

use crate::error::{Result, bad_argument};
use crate::seatmap::SeatMap;
use crate::tape::TapeKey;

use super::ask::{Ask, Party, Plan, RefusalCode, Refused};
use super::ladder::{Group, Placed, Trail, place};
use super::orphans;
use super::scene::{HELD, Lots, Scene, View, check_units};
use super::sharing;

/// Asks of one [`plan_many`] call.
pub const ASKS_MAX: usize = 10_000;

/// Different kinds of party whose trails are followed at once.
const TRAILS_MAX: usize = 8;

/// Plan one ask. The outer error is a broken ask, the inner one a "no".
pub fn plan(chart: &SeatMap, map: &[u8], ask: &Ask) -> Result<std::result::Result<Plan, Refused>> {
    check_map(chart, map)?;
    ask.check(chart)?;
    Ok(plan_one(chart, map, ask, &mut Trails::open_to(&ask.open_allotments)))
}

/// Plan asks one after the other on one map.
pub fn plan_many(
    chart: &SeatMap,
    map: &[u8],
    asks: &[&Ask],
) -> Result<Vec<std::result::Result<Plan, Refused>>> {
    check_map(chart, map)?;
    if asks.len() > ASKS_MAX {
        return Err(bad_argument(format!("at most {ASKS_MAX} asks at once")));
    }
    asks.iter().try_for_each(|ask| ask.check(chart))?;
    let mut map = map.to_vec();
    let mut trails = Trails::open_to(&[]);
    let answers = asks.iter().map(|ask| {
        if trails.open_allotments != ask.open_allotments {
            trails = Trails::open_to(&ask.open_allotments);
        }
        let answer = plan_one(chart, &map, ask, &mut trails);
        if let Ok(plan) = &answer {
            take(&mut map, &plan.units);
        }
        answer
    });
    Ok(answers.collect())
}

/// What earlier asks of the same buyers' kind found out about the map.
struct Trails {
    open_allotments: Vec<u8>,
    lots: Lots,
    trails: Vec<Trail>,
}

impl Trails {
    fn open_to(open_allotments: &[u8]) -> Self {
        Self {
            open_allotments: open_allotments.to_vec(),
            lots: Lots::open_to(open_allotments),
            trails: Vec::new(),
        }
    }

    fn of(&mut self, chart: &SeatMap, party: &Party) -> (&mut Trail, &Lots) {
        let key = TapeKey { quantity: party.quantity, categories: party.categories, section: party.section };
        let at = self.trails.iter().position(|trail| trail.key == key).unwrap_or_else(|| {
            if self.trails.len() == TRAILS_MAX {
                self.trails.remove(0);
            }
            self.trails.push(Trail::start(chart, key));
            self.trails.len() - 1
        });
        (&mut self.trails[at], &self.lots)
    }
}

fn plan_one(
    chart: &SeatMap,
    map: &[u8],
    ask: &Ask,
    trails: &mut Trails,
) -> std::result::Result<Plan, Refused> {
    let mut held: Vec<u32> =
        ask.beside.iter().copied().filter(|unit| chart.segment(*unit).is_some()).collect();
    held.sort_unstable();
    held.dedup();
    match ask.parties.as_slice() {
        [party] => {
            let (trail, lots) = trails.of(chart, party);
            let scene = Scene { chart, map, lots };
            let view = View { scene, party, policy: trail.settle(ask.policy, &scene) };
            let group = Group { split: ask.split, held: &held, given: &[] };
            let placed = place(&view, &group, trail).ok_or_else(|| refusal(&view, party))?;
            Ok(answer(&scene, placed))
        }
        parties => {
            let scene = Scene { chart, map, lots: &trails.lots };
            place_all(&scene, ask, parties, &held).map(|placed| joint_answer(&scene, placed))
        }
    }
}

/// Several parties. In the order given if that seats everybody; else the ones with the least choice first; else
/// shared out by count alone, so that overlapping categories never cost a booking that is possible.
fn place_all(
    scene: &Scene<'_>,
    ask: &Ask,
    parties: &[Party],
    held: &[u32],
) -> std::result::Result<Vec<Placed>, Refused> {
    let mut order: Vec<usize> = (0..parties.len()).collect();
    let refused = match in_order(scene, ask, parties, held, &order) {
        Ok(placed) => return Ok(placed),
        Err(refused) => refused,
    };
    order.sort_by_cached_key(|at| {
        let party = &parties[*at];
        let view = View { scene: *scene, party, policy: ask.policy };
        let eligible = (0..scene.chart.units()).filter(|unit| view.is_eligible(*unit)).count();
        (party.section.is_none(), party.accessible == 0, eligible)
    });
    in_order(scene, ask, parties, held, &order).or_else(|_| {
        let shared = if ask.split { sharing::share(scene, parties) } else { None };
        shared.ok_or(refused)
    })
}

fn in_order(
    scene: &Scene<'_>,
    ask: &Ask,
    parties: &[Party],
    held: &[u32],
    order: &[usize],
) -> std::result::Result<Vec<Placed>, Refused> {
    let mut map = scene.map.to_vec();
    let mut given: Vec<u32> = Vec::new();
    let mut placed: Vec<Option<Placed>> = vec![None; parties.len()];
    for at in order {
        let party = &parties[*at];
        let seen = Scene { map: &map, ..*scene };
        let key = TapeKey { quantity: party.quantity, categories: party.categories, section: party.section };
        let mut trail = Trail::start(scene.chart, key);
        let view = View { scene: seen, party, policy: trail.settle(ask.policy, scene) };
        let group = Group { split: ask.split, held, given: &given };
        let Some(found) = place(&view, &group, &mut trail) else { return Err(refusal(&view, party)) };
        take(&mut map, &found.units);
        given.extend(found.units.iter().filter(|unit| scene.chart.segment(**unit).is_some()));
        placed[*at] = Some(found);
    }
    Ok(placed.into_iter().flatten().collect())
}

fn refusal(view: &View<'_>, party: &Party) -> Refused {
    let free = view.count_free();
    let code = if free < party.quantity { RefusalCode::SoldOut } else { RefusalCode::BestAvailableNotFound };
    Refused { code, free }
}

/// One party's places as the answer.
fn answer(scene: &Scene<'_>, placed: Placed) -> Plan {
    let Placed { units, step, adjacent, orphans } = placed;
    let orphans_created = orphans.unwrap_or_else(|| orphans::of_units(scene, &units));
    Plan { adjacent, rows_used: rows_used(scene, &units), step, orphans_created, units }
}

/// Several parties' places as one answer.
fn joint_answer(scene: &Scene<'_>, placed: Vec<Placed>) -> Plan {
    let adjacent = placed.iter().all(|party| party.adjacent);
    let step = placed.iter().map(|party| party.step).max().unwrap_or(1);
    let units: Vec<u32> = placed.into_iter().flat_map(|party| party.units).collect();
    let mut sorted = units.clone();
    sorted.sort_unstable();
    let orphans_created = orphans::of_units(scene, &sorted);
    Plan { adjacent, rows_used: rows_used(scene, &sorted), step, orphans_created, units }
}

/// Different rows among units in ascending order.
fn rows_used(scene: &Scene<'_>, units: &[u32]) -> u32 {
    let (mut rows, mut last) = (0, None);
    for row in units.iter().filter_map(|unit| scene.chart.segment(*unit)).map(|segment| segment.row) {
        rows += u32::from(last != Some(row));
        last = Some(row);
    }
    rows
}

fn take(map: &mut [u8], units: &[u32]) {
    for unit in units {
        map[*unit as usize] = HELD;
    }
}

fn check_map(chart: &SeatMap, map: &[u8]) -> Result<()> {
    check_units(chart, map, &[])
}
