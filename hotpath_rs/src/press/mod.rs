//! Documents on paper: a [`Sheet`] of plain values becomes a tagged PDF, in any script that the fonts know.
//!
//! The caller says what stands on a page and in which order; this module shapes, wraps, shrinks and places it, so
//! that nothing is cut off and nothing is printed over something else, at any length. The same sheet gives the same
//! bytes. Text goes through five rooms: [`fonts`] know which face has which character, [`shaped`] cuts a text into
//! pieces of one script, direction and face and shapes them once, [`lines`] breaks it to a width, [`flow`] places
//! blocks on pages, [`draw`] writes the PDF and its tags.

mod draw;
mod flow;
mod fonts;
mod lines;
mod shaped;
mod sheet;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use fonts::{FaceSource, FontBook};
pub use sheet::{Band, Block, Color, Fact, Foot, Page, Paper, Sheet, Words};

use crate::error::{Result, bad_argument};

/// Pages that a caller may ask for in one document.
pub const PAGES_MAX: usize = 1_000;
/// Letters of one text; anything longer is refused, not cut.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// Prints sheets with one book of fonts. Safe to share between threads.
pub struct Press {
    book: FontBook,
}

impl Press {
    /// A press over these faces; the first one is the usual face and must be readable.
    ///
    /// # Errors
    /// If there is no face, or the first cannot be read.
    pub fn new(faces: Vec<FaceSource>) -> Result<Self> {
        Ok(Self { book: FontBook::new(faces)? })
    }

    /// The document.
    ///
    /// # Errors
    /// If a limit is passed or a measure makes no page.
    pub fn print(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        if sheet.pages.is_empty() || sheet.pages.len() > PAGES_MAX {
            return Err(bad_argument(format!("a document has 1 to {PAGES_MAX} pages")));
        }
        sheet.check()?;
        // What people type meets a million lines of others' code here. Should one of them fail on a text, that
        // document is lost, and neither the process nor the press.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            let placed = flow::place(&self.book, sheet)?;
            draw::pdf(&self.book, sheet, &placed)
        }));
        drawn.unwrap_or_else(|_| Err(bad_argument("the document could not be set")))
    }
}
