//! A gate's upload, judged whole: its body is read, its codes are verified, its scans are judged and answered without
//! an object a scan, and what the ledger must keep of them becomes one packed row.
//!
//! [`Batch`] holds the upload, [`judge`] the rules (the same as `engine/domain/gates/scans.py`; a test binds them),
//! [`Pack`] what was judged and is not yet a row a scan.

mod batch;
mod body;
mod columns;
mod judge;
mod line;
mod moment;
mod pack;
mod records;
mod swift;

pub use batch::{Batch, Judged, Scanner};
pub use body::{JSON_SCANS_MAX, LINES_MAX};
pub use judge::{Outcome, Reason, ResultWord, Scan, Terms, Ticket, judge};
pub use pack::Pack;

