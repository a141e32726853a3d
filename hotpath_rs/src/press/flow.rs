//! Blocks on pages: everything keeps its place, nothing overlaps, and what is too much for a page runs on to the next.
//!
//! A page is set in the largest of SCALES at which it holds all its blocks; below the smallest it is continued.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::fonts::FontBook;
use super::lines::{Line, natural_width, wrap};
use super::shaped::{Shaped, Shapes};
use super::sheet::{Block, Color, Page, Paper, Sheet};
use crate::error::{Result, bad_argument};
use crate::qr::{QUIET_MODULES, Qr};

/// Pages of a finished document, with those that were run on to.
const PAGES_PLACED_MAX: usize = 5_000;
const SCALES: [f32; 6] = [1.0, 0.93, 0.86, 0.79, 0.72, 0.66];
/// A text is set down to this part of its size if it then stands on one line.
const SHRINK_MIN: f32 = 0.7;
/// A text that needs several lines is set in this part of its size.
const SEVERAL_LINES: f32 = 0.88;
const BAND_SIZE: f32 = 13.0;
const REFERENCE_SIZE: f32 = 9.0;
const BAND_PAD: f32 = 16.0;
const BAND_GAP: f32 = 18.0;
const STRIPE: f32 = 4.0;
const BAND_AFTER: f32 = 22.0;
const FOOT_SIZE: f32 = 8.0;
const FOOT_PAD: f32 = 20.0;
const LABEL_SIZE: f32 = 7.5;
const VALUE_SIZE: f32 = 13.0;
const LABEL_AFTER: f32 = 0.5;
const FACT_AFTER: f32 = 7.0;
const CODE_AFTER: f32 = 10.0;
/// White space that is left over goes above and below a code, up to this much each.
const SLACK_MAX: f32 = 20.0;

/// What a mark is to somebody who hears the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Heading(u16),
    Paragraph,
    Label,
    Value,
    /// What was said on an earlier page and is only repeated.
    Again,
}

/// A page that is ready to be drawn.
pub(super) struct PlacedPage {
    /// Which page of the sheet it belongs to.
    pub(super) source: usize,
    pub(super) marks: Vec<Mark>,
}

/// Something at its place; measures in points from the top left.
pub(super) enum Mark {
    Ground { x: f32, y: f32, width: f32, height: f32, fill: Color },
    Text { role: Role, group: usize, at: At, text: Rc<Shaped>, line: Line },
    Code { code: Arc<Qr>, alt: String, x: f32, y: f32, side: f32 },
}

/// Where a line begins (its left end, its base line) and how it looks.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) x: f32,
    pub(super) base: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) ink: Color,
}

/// A mark that knows its height but not yet its place.
struct Strip {
    height: f32,
    after: f32,
    /// Strips of one number stay on one page if a page can hold them.
    together: usize,
    /// Whether left-over white space may go around it.
    roomy: bool,
    mark: Mark,
}

/// A text before it is set.
struct Type {
    role: Role,
    text: Rc<Shaped>,
    size: f32,
    bold: bool,
    ink: Color,
    after: f32,
}

enum Part {
    Text(Type),
    Code { code: Arc<Qr>, alt: String, side: f32 },
}

/// Place all pages of a sheet.
pub(super) fn place(book: &FontBook, sheet: &Sheet) -> Result<Vec<PlacedPage>> {
    let mut placed = Vec::new();
    let mut shapes = Shapes::new(book);
    for (source, page) in sheet.pages.iter().enumerate() {
        let frame = Frame::of(book, &mut shapes, sheet.paper, page);
        let parts = parts(&mut shapes, page)?;
        let room = frame.bottom - frame.top;
        let tried = SCALES.iter().map(|scale| strips(book, sheet.paper, &parts, *scale));
        let fits = |strips: &Vec<Strip>| height(strips) <= room;
        let strips = tried.into_iter().find(fits);
        let strips = strips.unwrap_or_else(|| strips_at_smallest(book, sheet.paper, &parts));
        fill(&frame, source, strips, &mut placed);
        if placed.len() > PAGES_PLACED_MAX {
            return Err(bad_argument(format!("a document runs to at most {PAGES_PLACED_MAX} pages")));
        }
    }
    Ok(placed)
}

fn strips_at_smallest(book: &FontBook, paper: Paper, parts: &[Part]) -> Vec<Strip> {
    strips(book, paper, parts, SCALES[SCALES.len() - 1])
}

fn height(strips: &[Strip]) -> f32 {
    let last = strips.last().map_or(0.0, |strip| strip.after);
    strips.iter().map(|strip| strip.height + strip.after).sum::<f32>() - last
}

/// Stack the strips; a new page begins if one does not fit.
fn fill(frame: &Frame<'_>, source: usize, strips: Vec<Strip>, placed: &mut Vec<PlacedPage>) {
    let slack = (frame.bottom - frame.top - height(&strips)).max(0.0);
    let share = (slack / 3.0).min(SLACK_MAX);
    let mut page = frame.page(source);
    let mut y = frame.top;
    let heights = together(&strips);
    let mut last = None;
    for strip in strips {
        let begins = last != Some(strip.together);
        let whole = heights.get(&strip.together).copied().unwrap_or(0.0);
        let needed = if begins && whole <= frame.bottom - frame.top { whole } else { strip.height };
        last = Some(strip.together);
        if y > frame.top && y + needed > frame.bottom {
            placed.push(std::mem::replace(&mut page, frame.page_again(source)));
            y = frame.top;
        }
        let around = if strip.roomy { share } else { 0.0 };
        page.marks.push(strip.mark.moved(y + around));
        y += strip.height + strip.after + 2.0 * around;
    }
    placed.push(page);
}

/// How high those are that stay together.
fn together(strips: &[Strip]) -> HashMap<usize, f32> {
    let mut heights: HashMap<usize, f32> = HashMap::new();
    for (strip, next) in strips.iter().zip(strips.iter().skip(1).map(Some).chain([None])) {
        let goes_on = next.is_some_and(|next| next.together == strip.together);
        let after = if goes_on { strip.after } else { 0.0 };
        *heights.entry(strip.together).or_default() += strip.height + after;
    }
    heights
}

impl Mark {
    fn moved(mut self, by: f32) -> Self {
        match &mut self {
            Self::Ground { y, .. } | Self::Code { y, .. } => *y += by,
            Self::Text { at, .. } => at.base += by,
        }
        self
    }
}

fn parts<'a>(shapes: &mut Shapes<'a>, page: &'a Page) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for block in &page.blocks {
        match block {
            Block::Text(words) => parts.push(Part::Text(Type {
                role: if words.heading == 0 { Role::Paragraph } else { Role::Heading(words.heading) },
                text: shapes.of(&words.text, words.bold),
                size: words.size,
                bold: words.bold,
                ink: words.ink,
                after: words.after,
            })),
            Block::Facts { rows, muted, ink } => {
                for row in rows {
                    let label = shapes.of(&row.label, false);
                    let value = shapes.of(&row.value, true);
                    parts.push(Part::Text(Type {
                        role: Role::Label,
                        text: label,
                        size: LABEL_SIZE,
                        bold: false,
                        ink: *muted,
                        after: LABEL_AFTER,
                    }));
                    parts.push(Part::Text(Type {
                        role: Role::Value,
                        text: value,
                        size: VALUE_SIZE,
                        bold: true,
                        ink: *ink,
                        after: FACT_AFTER,
                    }));
                }
            }
            Block::Code { text, alt, side } => {
                parts.push(Part::Code { code: Qr::recent(text)?, alt: alt.clone(), side: *side });
            }
        }
    }
    Ok(parts)
}

fn strips(book: &FontBook, paper: Paper, parts: &[Part], scale: f32) -> Vec<Strip> {
    let mut strips = Vec::new();
    let room = paper.width - 2.0 * paper.margin;
    let mut together = 0;
    for (group, part) in parts.iter().enumerate() {
        // A value stays with its name.
        if !matches!(part, Part::Text(Type { role: Role::Value, .. })) {
            together = group;
        }
        match part {
            Part::Text(words) => {
                let set = set(book, words, words.size * scale, room);
                let last = set.len().saturating_sub(1);
                for (number, line) in set.into_iter().enumerate() {
                    let after = if number == last { words.after * scale } else { 0.0 };
                    // One line stands with its neighbours; several that are read from the right begin there.
                    let aligns_right = words.text.rtl && last > 0;
                    let strip = line.strip(words, group, paper.margin, room, after, aligns_right);
                    strips.push(Strip { together, ..strip });
                }
            }
            Part::Code { code, alt, side } => {
                let (x, side) = ((paper.width - side) / 2.0, *side);
                let quiet = side / f32::from(code.side()) * f32::from(QUIET_MODULES);
                strips.push(Strip {
                    height: side + 2.0 * quiet,
                    after: CODE_AFTER * scale,
                    together,
                    roomy: true,
                    mark: Mark::Code { code: Arc::clone(code), alt: alt.clone(), x, y: quiet, side },
                });
            }
        }
    }
    strips
}

/// A line with its size and how far it reaches above and below its base line, in points.
struct SetLine {
    line: Line,
    size: f32,
    above: f32,
    below: f32,
}

/// The text's lines: on one line in a smaller size if that is enough, else wrapped.
fn set(book: &FontBook, words: &Type, size: f32, room: f32) -> Vec<SetLine> {
    let natural = natural_width(&words.text) * size;
    let fits = room / natural.max(f32::MIN_POSITIVE);
    let size = match fits {
        fits if fits >= 1.0 => size,
        fits if fits >= SHRINK_MIN => size * fits * 0.999,
        _ => size * SEVERAL_LINES,
    };
    let lines = wrap(&words.text, room / size);
    lines.into_iter().map(|line| SetLine::of(book, line, size)).collect()
}

impl SetLine {
    fn of(book: &FontBook, line: Line, size: f32) -> Self {
        let (mut above, mut below): (f32, f32) = (0.0, 0.0);
        for slot in line.pieces.iter().map(|piece| piece.slot).chain([0]) {
            if let Some(face) = book.face(slot) {
                above = above.max(face.ascent);
                below = below.max(face.descent);
            }
        }
        for cluster in line.pieces.iter().flat_map(|piece| &piece.clusters) {
            above = above.max(cluster.above);
            below = below.max(cluster.below);
        }
        Self { line, size, above: above * size, below: below * size }
    }

    fn height(&self) -> f32 {
        self.above + self.below
    }

    fn strip(
        self,
        words: &Type,
        group: usize,
        left: f32,
        room: f32,
        after: f32,
        aligns_right: bool,
    ) -> Strip {
        let x = if aligns_right { left + room - self.line.width * self.size } else { left };
        let at = At { x, base: self.above, size: self.size, bold: words.bold, ink: words.ink };
        let height = self.height();
        let mark = Mark::Text { role: words.role, group, at, text: Rc::clone(&words.text), line: self.line };
        Strip { height, after, together: group, roomy: false, mark }
    }
}

/// The head and the foot of a page, and the room between them.
struct Frame<'a> {
    book: &'a FontBook,
    paper: Paper,
    page: &'a Page,
    left: Type,
    right: Type,
    foot: Type,
    top: f32,
    bottom: f32,
    band: f32,
    beside: bool,
}

/// Marks of the frame have groups that no block has.
const FRAME_GROUP: usize = usize::MAX - 2;

impl<'a> Frame<'a> {
    fn of(book: &'a FontBook, shapes: &mut Shapes<'a>, paper: Paper, page: &'a Page) -> Self {
        let mut frame_text = |text: &'a str, size, bold, ink| Type {
            role: Role::Paragraph,
            text: shapes.of(text, bold),
            size,
            bold,
            ink,
            after: 0.0,
        };
        let left = frame_text(&page.band.left, BAND_SIZE, true, page.band.ink);
        let right = frame_text(&page.band.right, REFERENCE_SIZE, false, page.band.ink);
        let foot = frame_text(&page.foot.text, FOOT_SIZE, false, page.foot.ink);
        let room = paper.width - 2.0 * paper.margin;
        let needed = natural_width(&left.text) * left.size + natural_width(&right.text) * right.size;
        let beside = needed + BAND_GAP <= room;
        let mut frame =
            Self { book, paper, page, left, right, foot, top: 0.0, bottom: 0.0, band: 0.0, beside };
        let total = |lines: &[SetLine]| lines.iter().map(SetLine::height).sum::<f32>();
        let (name, reference) = (total(&frame.lines(&frame.left)), total(&frame.lines(&frame.right)));
        frame.band = 2.0 * BAND_PAD + if beside { name.max(reference) } else { name + reference };
        frame.top = frame.band + STRIPE + BAND_AFTER;
        frame.bottom = paper.height - FOOT_PAD - total(&frame.lines(&frame.foot)) - FOOT_PAD / 2.0;
        frame
    }

    fn lines(&self, words: &Type) -> Vec<SetLine> {
        set(self.book, words, words.size, self.paper.width - 2.0 * self.paper.margin)
    }

    /// A page that another one runs on to: its head and foot are there to be seen, not to be read again.
    fn page_again(&self, source: usize) -> PlacedPage {
        let mut page = self.page(source);
        for mark in &mut page.marks {
            if let Mark::Text { role, .. } = mark {
                *role = Role::Again;
            }
        }
        page
    }

    /// A fresh page with its head and foot.
    fn page(&self, source: usize) -> PlacedPage {
        let (width, margin) = (self.paper.width, self.paper.margin);
        let room = width - 2.0 * margin;
        let band = &self.page.band;
        let mut marks = vec![
            Mark::Ground { x: 0.0, y: 0.0, width, height: self.band, fill: band.fill },
            Mark::Ground { x: 0.0, y: self.band, width, height: STRIPE, fill: band.accent },
        ];
        let mut y = BAND_PAD;
        for line in self.lines(&self.left) {
            let height = line.height();
            marks.push(line.strip(&self.left, FRAME_GROUP, margin, room, 0.0, false).mark.moved(y));
            y += height;
        }
        for line in self.lines(&self.right) {
            let (height, length) = (line.height(), line.line.width * line.size);
            let top = if self.beside { (self.band - height) / 2.0 } else { y };
            let mut mark = line.strip(&self.right, FRAME_GROUP + 1, margin, room, 0.0, false).mark.moved(top);
            if let (Mark::Text { at, .. }, true) = (&mut mark, self.beside) {
                at.x = margin + room - length;
            }
            marks.push(mark);
            y += height;
        }
        let mut y = self.bottom + FOOT_PAD / 2.0;
        for line in self.lines(&self.foot) {
            let height = line.height();
            marks.push(line.strip(&self.foot, FRAME_GROUP + 2, margin, room, 0.0, false).mark.moved(y));
            y += height;
        }
        PlacedPage { source, marks }
    }
}
