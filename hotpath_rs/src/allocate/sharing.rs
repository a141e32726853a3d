//! When parties with overlapping categories get in each other's way: share the free units out by count, so that
//! everybody has a place if that is possible at all. A maximum flow from parties to pools of like units.

use std::collections::{BTreeMap, VecDeque};

use super::ask::Party;
use super::ladder::Placed;
use super::scene::Scene;

/// Free units that no party tells apart.
struct Pool {
    section: u32,
    category: u8,
    units: Vec<u32>,
}

/// Places for all parties (step 4), or `None` when no assignment exists. Accessible needs are not for counting.
pub(super) fn share(scene: &Scene<'_>, parties: &[Party]) -> Option<Vec<Placed>> {
    if parties.iter().any(|party| party.accessible > 0) {
        return None;
    }
    let mut pools = pools(scene);
    let mut flow = Flow { used: vec![0; pools.len()], given: vec![vec![0; pools.len()]; parties.len()] };
    for (at, party) in parties.iter().enumerate() {
        for _ in 0..party.quantity {
            if !flow.one_more(at, parties, &pools) {
                return None;
            }
        }
    }
    let placed = flow.given.iter().map(|given| {
        let mut units: Vec<u32> = Vec::new();
        for (pool, count) in pools.iter_mut().zip(given) {
            units.extend(pool.units.drain(..*count));
        }
        units.sort_unstable();
        Placed::uncounted(units, 4, false)
    });
    Some(placed.collect())
}

fn pools(scene: &Scene<'_>) -> Vec<Pool> {
    let mut found: BTreeMap<(u32, u8), Vec<u32>> = BTreeMap::new();
    for section in scene.chart.sections() {
        for unit in section.unit_range().filter(|unit| scene.is_general(*unit)) {
            let category = scene.chart.category_map()[unit as usize];
            found.entry((section.index, category)).or_default().push(unit);
        }
    }
    found.into_iter().map(|((section, category), units)| Pool { section, category, units }).collect()
}

struct Flow {
    /// Units taken of each pool.
    used: Vec<usize>,
    /// By party, units taken of each pool.
    given: Vec<Vec<usize>>,
}

impl Flow {
    /// Find one more unit for a party, moving others to other pools where that frees one.
    fn one_more(&mut self, party: usize, parties: &[Party], pools: &[Pool]) -> bool {
        let mut asked_by: Vec<Option<(usize, usize)>> = vec![None; parties.len()];
        let mut queue = VecDeque::from([party]);
        while let Some(mut taker) = queue.pop_front() {
            for at in (0..pools.len()).filter(|at| accepts(&parties[taker], &pools[*at])) {
                if self.used[at] < pools[at].units.len() {
                    self.used[at] += 1;
                    self.given[taker][at] += 1;
                    // Hand back along the chain: each gives the unit it no longer needs to whoever asked for it.
                    while let Some((asker, pool)) = asked_by[taker].filter(|_| taker != party) {
                        self.given[taker][pool] -= 1;
                        self.given[asker][pool] += 1;
                        taker = asker;
                    }
                    return true;
                }
                for (other, asked) in asked_by.iter_mut().enumerate() {
                    if other != party && asked.is_none() && self.given[other][at] > 0 {
                        *asked = Some((taker, at));
                        queue.push_back(other);
                    }
                }
            }
        }
        false
    }
}

fn accepts(party: &Party, pool: &Pool) -> bool {
    party.categories.contains(pool.category) && party.section.is_none_or(|only| only == pool.section)
}
