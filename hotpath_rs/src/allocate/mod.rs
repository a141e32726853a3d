//! Which seats a party gets: the ladder of "best available".
//!
//! Pure and deterministic: a chart, a map of one byte per unit and an ask go in, a plan or a refusal comes out.
//! The same three always give the same answer, on every worker.
//!
//! Reading order: `ask` (what is asked and answered), `planner` (parties in turn), `ladder` (the steps for one
//! party), then one file per step.

mod accessible;
mod any_pieces;
mod ask;
mod beside;
mod blocks;
mod general;
mod ladder;
mod named;
mod one_block;
mod orphans;
mod planner;
mod scene;
mod sharing;
mod two_pieces;

pub use ask::{
    ACCESSIBLE_MAX, ALLOTMENTS_MAX, Ask, BESIDE_MAX, PARTIES_MAX, Party, Plan, Policy, QUANTITY_MAX,
    RefusalCode, Refused,
};
pub use named::check_named;
pub use orphans::orphans;
pub use planner::{ASKS_MAX, plan, plan_many};
pub use scene::STRICT_UNTIL_SOLD_PERCENT;
pub use two_pieces::PAIRS_TRIED_MAX;
