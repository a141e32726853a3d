//! A gate's upload, judged whole: its body is read, its codes are verified, its scans are judged and answered without
//! an object a scan, and what the ledger must keep of them becomes one packed row.
//!
//! [`Batch`] holds the upload, [`judge`] the rules (the same as `engine/domain/gates/scans.py`; a test binds them),
//! [`Pack`] what was judged and is not yet a row a scan, [`Recipe`] how an answer is made again from packs.

mod answers;
mod attempts;
mod batch;
mod body;
mod columns;
mod judge;
mod known;
mod line;
mod moment;
mod moves;
mod nonces;
mod pack;
mod packer;
mod recipe;
mod records;
mod swift;
mod wire;

pub use attempts::Scanner;
pub use batch::Batch;
pub use body::{JSON_SCANS_MAX, LINES_MAX};
pub use judge::{Outcome, Reason, ResultWord, Scan, Terms, Ticket, judge};
pub use known::{Asked, Known};
pub use moves::Judged;
pub use pack::Pack;
pub use recipe::Recipe;
