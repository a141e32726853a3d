//! Placed pages as PDF 1.7, tagged: sections, headings, paragraphs, lists of named values, codes with a description.

use std::collections::HashMap;
use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{ConfigurationBuilder, PdfVersion};
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, SpanTag, Tag, TagGroup, TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use skrifa::MetadataProvider;
use skrifa::instance::Size;
use skrifa::metrics::GlyphMetrics;
use unicode_bidi::{BidiClass, Level, bidi_class};

use super::flow::{At, Mark, PlacedPage, Role};
use super::fonts::{Face, FontBook};
use super::lines::Line;
use super::shaped::{Piece, Shaped};
use super::sheet::{Color, Sheet};
use crate::error::{Error, Result, bad_argument};
use crate::qr::Qr;

/// A bold that a face does not have is drawn by a stroke of this many ems around each letter.
const THICKEN: f32 = 0.028;
/// "What follows is written from the right", unseen.
const MARK: char = '\u{200f}';

/// Write the document.
pub(super) fn pdf(book: &FontBook, sheet: &Sheet, pages: &[PlacedPage]) -> Result<Vec<u8>> {
    let configuration = ConfigurationBuilder::new().with_version(PdfVersion::Pdf17).finish();
    let configuration = configuration.map_err(|error| lost(&error))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let mut tree = TagTree::new().with_lang(Some(sheet.language.clone()));
    let mut sections: Vec<(usize, Section)> = Vec::new();
    let mut stand_ins = StandIns::default();
    for page in pages {
        if sections.last().is_none_or(|(source, _)| *source != page.source) {
            sections.push((page.source, Section::default()));
        }
        let settings = PageSettings::from_wh(sheet.paper.width, sheet.paper.height);
        let mut drawn =
            document.start_page_with(settings.ok_or_else(|| bad_argument("a page needs a size"))?);
        let mut surface = drawn.surface();
        if let Some((_, section)) = sections.last_mut() {
            for mark in &page.marks {
                section.draw(book, &mut surface, mark, &mut stand_ins);
            }
        }
        surface.finish();
        drawn.finish();
    }
    for (_, section) in sections {
        tree.push(section.closed());
    }
    document.set_tag_tree(tree);
    document.set_metadata(
        Metadata::new()
            .title(sheet.title.clone())
            .authors(vec![sheet.author.clone()])
            .description(sheet.subject.clone())
            .language(sheet.language.clone()),
    );
    document.finish().map_err(|error| lost(&error))
}

fn lost(error: &impl std::fmt::Debug) -> Error {
    bad_argument(format!("the document could not be written: {error:?}"))
}

/// The tags of one page of the sheet, in reading order.
#[derive(Default)]
struct Section {
    groups: Vec<Group>,
}

struct Group {
    number: Option<usize>,
    role: Role,
    alt: Option<String>,
    parts: Vec<Identifier>,
}

impl Section {
    fn draw(&mut self, book: &FontBook, surface: &mut Surface<'_>, mark: &Mark, stand_ins: &mut StandIns) {
        match mark {
            Mark::Ground { x, y, width, height, fill } => {
                let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else { return };
                let mut path = PathBuilder::new();
                path.push_rect(rect);
                let artifact = Artifact::new(ArtifactType::Background, Some(rect));
                surface.start_tagged(ContentTag::Artifact(artifact));
                fill_path(surface, path.finish(), *fill);
                surface.end_tagged();
            }
            Mark::Text { role: Role::Again, at, text, line, .. } => {
                surface
                    .start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)));
                for Spot { face, piece, at, .. } in spots(book, line, *at) {
                    show(face, surface, text, piece, at);
                }
                surface.end_tagged();
            }
            Mark::Text { role, group, at, text, line } => {
                let parts = draw_line(book, surface, stand_ins, text, line, *at);
                match self.groups.last_mut() {
                    Some(last) if last.number == Some(*group) => last.parts.extend(parts),
                    _ => self.groups.push(Group { number: Some(*group), role: *role, alt: None, parts }),
                }
            }
            Mark::Code { code, alt, x, y, side } => {
                let part = surface.start_tagged(ContentTag::Other);
                // Corners are whole modules: a third of the bytes that the same corners have in points.
                let module = side / f32::from(code.side());
                surface.push_transform(&Transform::from_row(module, 0.0, 0.0, module, *x, *y));
                fill_path(surface, outline(code), Color([0, 0, 0]));
                surface.pop();
                surface.end_tagged();
                let alt = Some(alt.clone());
                self.groups.push(Group { number: None, role: Role::Paragraph, alt, parts: vec![part] });
            }
        }
    }

    fn closed(self) -> TagGroup {
        let mut section = TagGroup::new(Tag::Section);
        let mut list: Option<TagGroup> = None;
        let mut item: Option<TagGroup> = None;
        for group in self.groups {
            if matches!(group.role, Role::Label | Role::Value) {
                let list = list.get_or_insert_with(|| TagGroup::new(Tag::L(ListNumbering::None)));
                if group.role == Role::Label {
                    list.children.extend(item.take().map(Into::into));
                }
                item.get_or_insert_with(|| TagGroup::new(Tag::LI)).push(group.closed());
                continue;
            }
            close_list(&mut section, &mut list, &mut item);
            section.push(group.closed());
        }
        close_list(&mut section, &mut list, &mut item);
        section
    }
}

fn close_list(section: &mut TagGroup, list: &mut Option<TagGroup>, item: &mut Option<TagGroup>) {
    if let Some(mut list) = list.take() {
        list.children.extend(item.take().map(Into::into));
        section.push(list);
    }
}

impl Group {
    fn closed(self) -> TagGroup {
        let mut group = match (self.alt, self.role) {
            (Some(alt), _) => TagGroup::new(Tag::Figure(Some(alt))),
            (None, Role::Heading(level)) => {
                TagGroup::new(Tag::Hn(NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN), None))
            }
            (None, Role::Label) => TagGroup::new(Tag::Lbl),
            (None, Role::Value) => TagGroup::new(Tag::LBody),
            (None, Role::Paragraph | Role::Again) => TagGroup::new(Tag::P),
        };
        for part in self.parts {
            group.push(part);
        }
        group
    }
}

/// Draw a line, its pieces in reading order; the parts that a reader is told.
fn draw_line(
    book: &FontBook,
    surface: &mut Surface<'_>,
    stand_ins: &mut StandIns,
    text: &Shaped,
    line: &Line,
    at: At,
) -> Vec<Identifier> {
    let mut parts = Vec::new();
    for spot in spots(book, line, at) {
        let Spot { face, piece, at, .. } = spot;
        let (seen, read) = (ContentTag::Artifact(Artifact::default()), ContentTag::Span(SpanTag::empty()));
        let mut part = surface.start_tagged(if piece.plain { read } else { seen });
        show(face, surface, text, piece, at);
        surface.end_tagged();
        if !piece.plain {
            part = surface.start_tagged(read);
            spell(stand_ins, surface, text, &spot);
            surface.end_tagged();
        }
        parts.push(part);
    }
    parts
}

/// A piece at its place on a line.
struct Spot<'a> {
    face: &'a Face,
    piece: &'a Piece,
    at: At,
    width: f32,
}

/// In reading order.
fn spots<'a>(book: &'a FontBook, line: &'a Line, at: At) -> Vec<Spot<'a>> {
    let mut x = at.x;
    let mut spots = Vec::new();
    for piece in &line.pieces {
        let width = piece.clusters.iter().map(|cluster| cluster.width).sum::<f32>() * at.size;
        if let Some(face) = book.face(piece.slot) {
            spots.push(Spot { face, piece, at: At { x, ..at }, width });
        }
        x += width;
    }
    spots.sort_by_key(|spot| spot.piece.clusters.first().map(|cluster| cluster.range.start));
    spots
}

/// Draw what is seen of a piece: as text if its glyphs tell the text, else as outlines.
fn show(face: &Face, surface: &mut Surface<'_>, text: &Shaped, piece: &Piece, at: At) {
    surface.set_fill(Some(paint(at.ink)));
    let stroke = Stroke { paint: color(at.ink).into(), width: THICKEN * at.size, ..Stroke::default() };
    surface.set_stroke((at.bold && face.thicken).then_some(stroke));
    let (font, start) = (face.weight(at.bold).font.clone(), Point::from_xy(at.x, at.base));
    surface.draw_glyphs(start, &glyphs(piece), font, &text.text, at.size, !piece.plain);
    surface.set_stroke(None);
}

/// From left to right.
fn glyphs(piece: &Piece) -> Vec<KrillaGlyph> {
    if piece.level.is_rtl() {
        piece.clusters.iter().rev().flat_map(|cluster| cluster.glyphs.iter().cloned()).collect()
    } else {
        piece.clusters.iter().flat_map(|cluster| cluster.glyphs.iter().cloned()).collect()
    }
}

/// Lay the text over shapes that do not tell it, unseen and letter by letter, as scanned books do.
///
/// A shaped glyph stands for several characters, for a part of one, or for another one elsewhere. PDF can say so, but
/// most readers do not listen; each would find another name. Every reader understands one glyph a character in order.
fn spell(stand_ins: &mut StandIns, surface: &mut Surface<'_>, text: &Shaped, spot: &Spot<'_>) {
    let Spot { face, piece, at, width } = *spot;
    let (Some(first), Some(last), Some(font)) =
        (piece.clusters.first(), piece.clusters.last(), face.font_ref())
    else {
        return;
    };
    let weight = face.weight(at.bold);
    let charmap = font.charmap();
    let metrics = font.glyph_metrics(Size::new(1.0), weight.location());
    let seen = as_seen(&text.text[first.range.start..last.range.end], piece.level);
    let mut letters = Vec::with_capacity(seen.len());
    let mut natural = 0.0;
    for (start, char) in seen.char_indices() {
        let glyph = charmap.map(char).unwrap_or_else(|| stand_ins.of(piece.slot, at.bold, char, &metrics));
        let advance = if char == MARK { 0.0 } else { metrics.advance_width(glyph).unwrap_or(0.0) };
        natural += advance * at.size;
        letters.push((glyph, advance, start..start + char.len_utf8()));
    }
    // One size on the whole line: readers take letters of another size for another line.
    let ratio = if natural > 0.0 { width / natural } else { 1.0 };
    let unseen: Vec<_> = letters
        .into_iter()
        .map(|(glyph, advance, range)| {
            KrillaGlyph::new(GlyphId::new(glyph.to_u32()), advance * ratio, 0.0, 0.0, 0.0, range, None)
        })
        .collect();
    surface.set_fill(Some(Fill { opacity: NormalizedF32::ZERO, ..Fill::default() }));
    let (start, font) = (Point::from_xy(at.x, at.base), weight.font.clone());
    surface.draw_glyphs(start, &unseen, font, &seen, at.size, false);
}

/// Glyphs for characters that a face does not have. Any will do, they are not seen; but each stands for one character
/// in the whole document.
#[derive(Default)]
struct StandIns {
    known: HashMap<(usize, bool, char), skrifa::GlyphId>,
    last: HashMap<(usize, bool), u32>,
}

impl StandIns {
    /// The next glyph from the end, if it has a width: one without would stand on its neighbour and be passed over.
    fn of(&mut self, slot: usize, bold: bool, char: char, metrics: &GlyphMetrics<'_>) -> skrifa::GlyphId {
        let last = self.last.entry((slot, bold)).or_insert_with(|| metrics.glyph_count());
        *self.known.entry((slot, bold, char)).or_insert_with(|| {
            let has_width = |glyph: &u32| metrics.advance_width((*glyph).into()) > Some(0.0);
            *last = (1..*last).rev().find(has_width).unwrap_or(0);
            skrifa::GlyphId::new(*last)
        })
    }
}

/// A text in the order in which readers expect it on paper: what is written from the right they turn round themselves.
///
/// A sign at its left end belongs to it by a mark of direction; alone it would be taken for the end of what is before.
fn as_seen(text: &str, level: Level) -> String {
    let is_strong = |char: char| matches!(bidi_class(char), BidiClass::R | BidiClass::AL);
    if level.is_ltr() || !text.contains(is_strong) {
        return text.to_owned();
    }
    let ends_open = |char: &char| !is_strong(*char) && !char.is_whitespace();
    let mark = text.chars().next_back().filter(ends_open).map(|_| MARK);
    mark.into_iter().chain(text.chars().rev()).collect()
}

/// In modules.
fn outline(code: &Qr) -> Option<Path> {
    let mut path = PathBuilder::new();
    for corners in code.outlines() {
        for (number, (x, y)) in corners.into_iter().enumerate() {
            let (x, y) = (f32::from(x), f32::from(y));
            if number == 0 {
                path.move_to(x, y);
            } else {
                path.line_to(x, y);
            }
        }
        path.close();
    }
    path.finish()
}

fn fill_path(surface: &mut Surface<'_>, path: Option<Path>, ink: Color) {
    if let Some(path) = path {
        surface.set_fill(Some(paint(ink)));
        surface.set_stroke(None);
        surface.draw_path(&path);
    }
}

fn color(Color([red, green, blue]): Color) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

fn paint(ink: Color) -> Fill {
    Fill { paint: color(ink).into(), ..Fill::default() }
}
