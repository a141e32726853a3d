//! A text cut into pieces of one script, one direction and one face, each shaped once, in ems.
//!
//! Lengths do not depend on the size of the letters, so a text can be wrapped at several sizes without shaping again.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use harfrust::{ShapeOptions, UnicodeBuffer};
use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{GraphemeClusterSegmenter, LineSegmenter};
use krilla::text::{GlyphId, KrillaGlyph};
use skrifa::MetadataProvider;
use skrifa::instance::{LocationRef, Size};
use unicode_bidi::{BidiInfo, Level};
use unicode_script::{Script, UnicodeScript};

use super::fonts::{FontBook, is_real, shaping_script};

/// A shaped text.
pub(super) struct Shaped {
    pub(super) text: String,
    /// Whether it is read from the right.
    pub(super) rtl: bool,
    /// In reading order; a line may end after each.
    pub(super) segments: Vec<Segment>,
}

/// What stays together on a line if it can.
pub(super) struct Segment {
    pub(super) pieces: Vec<Piece>,
    pub(super) width: f32,
    /// How much of the width is white space at its end, which hangs over the edge of a line.
    pub(super) blank: f32,
    /// Whether the line must end here.
    pub(super) ends_line: bool,
}

/// Glyphs of one face, script and direction.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) slot: usize,
    pub(super) level: Level,
    /// In reading order.
    pub(super) clusters: Vec<Cluster>,
    /// Whether each character is one glyph, always the same one, from left to right: then the glyphs tell the text.
    pub(super) plain: bool,
}

impl Piece {
    /// Whether the next piece may be drawn with this one: its glyphs tell its text, too, and it follows at once.
    pub(super) fn goes_on_with(&self, next: &Self) -> bool {
        let ends = self.clusters.last().map(|cluster| cluster.range.end);
        let begins = next.clusters.first().map(|cluster| cluster.range.start);
        self.plain && next.plain && self.slot == next.slot && self.level == next.level && ends == begins
    }
}

/// The smallest part of a text that may be drawn on its own.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) range: Range<usize>,
    pub(super) glyphs: Vec<KrillaGlyph>,
    pub(super) width: f32,
    pub(super) blank: bool,
    /// How far marks reach above and below the line, in ems; 0 if there are none.
    pub(super) above: f32,
    pub(super) below: f32,
}

/// The texts of one document, each shaped once: most of what a page says is said by the next one, too.
pub(super) struct Shapes<'a> {
    book: &'a FontBook,
    known: HashMap<(&'a str, bool), Rc<Shaped>>,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(book: &'a FontBook) -> Self {
        Self { book, known: HashMap::new() }
    }

    pub(super) fn of(&mut self, text: &'a str, bold: bool) -> Rc<Shaped> {
        Rc::clone(self.known.entry((text, bold)).or_insert_with(|| Rc::new(shape(self.book, text, bold))))
    }
}

/// Shape a text in one weight. What ends a line in it (a line feed) ends a line on paper.
fn shape(book: &FontBook, text: &str, bold: bool) -> Shaped {
    let text: String = text.chars().map(printable).collect();
    let bidi = BidiInfo::new(&text, None);
    let rtl = bidi.paragraphs.first().is_some_and(|paragraph| paragraph.level.is_rtl());
    let (text, levels) = without_isolates(&text, &bidi.levels);
    let han = Han::of(&text);
    let mut buffer = UnicodeBuffer::new();
    let mut segments = Vec::new();
    let mut start = 0;
    for end in LineSegmenter::new_dictionary(LineBreakOptions::default()).segment_str(&text) {
        if end == start {
            continue;
        }
        let ends_line = text[start..end].ends_with('\n');
        let mut segment = Segment { pieces: Vec::new(), width: 0.0, blank: 0.0, ends_line };
        for item in items(book, &text, start..end, &levels, han) {
            let piece;
            (piece, buffer) = shape_item(book, &text, &item, bold, buffer);
            segment.pieces.push(piece);
        }
        segment.measure();
        segments.push(segment);
        start = end;
    }
    Shaped { rtl, segments, text }
}

impl Segment {
    fn measure(&mut self) {
        let clusters = || self.pieces.iter().flat_map(|piece| &piece.clusters);
        self.width = clusters().map(|cluster| cluster.width).sum();
        let hanging = self.pieces.iter().rev().flat_map(|piece| piece.clusters.iter().rev());
        self.blank = hanging.take_while(|cluster| cluster.blank).map(|cluster| cluster.width).sum();
    }
}

/// What isolates a part of a text has been heard once the levels are known; on paper it would only be in the way.
fn without_isolates(text: &str, levels: &[Level]) -> (String, Vec<Level>) {
    let is_kept = |char: char| !matches!(char, '\u{2066}'..='\u{2069}');
    let kept = text.char_indices().filter(|(_, char)| is_kept(*char));
    let levels =
        kept.flat_map(|(at, char)| levels.get(at..at + char.len_utf8()).unwrap_or_default().to_vec());
    let levels = levels.collect();
    (text.chars().filter(|char| is_kept(*char)).collect(), levels)
}

/// Control characters have no shape; line feeds are kept.
fn printable(char: char) -> char {
    match char {
        '\n' => '\n',
        '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        char if char.is_control() => ' ',
        char => char,
    }
}

struct Item {
    range: Range<usize>,
    slot: usize,
    script: Script,
    level: Level,
}

fn items(book: &FontBook, text: &str, range: Range<usize>, levels: &[Level], han: Han) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let part = &text[range.clone()];
    let mut start = 0;
    for end in GraphemeClusterSegmenter::new().segment_str(part) {
        if end == start {
            continue;
        }
        let at = range.start + start;
        let chars: Vec<char> = part[start..end].chars().filter(|char| !has_no_shape(*char)).collect();
        let script = chars.iter().map(unicode_script::UnicodeScript::script).find(|script| is_real(*script));
        let level = levels.get(at).copied().unwrap_or_else(Level::ltr);
        let last = items.last();
        let slot = face(book, &part[start..end], &chars, script, last, han);
        match items.last_mut() {
            Some(last) if last.level == level && last.slot == slot && joins(last.script, script) => {
                last.range.end = range.start + end;
                if !is_real(last.script) {
                    last.script = script.unwrap_or(last.script);
                }
            }
            _ => items.push(Item {
                range: at..range.start + end,
                slot,
                script: script.unwrap_or(Script::Common),
                level,
            }),
        }
        start = end;
    }
    items
}

fn joins(last: Script, next: Option<Script>) -> bool {
    next.is_none_or(|next| next == last || !is_real(last))
}

fn face(
    book: &FontBook,
    cluster: &str,
    chars: &[char],
    script: Option<Script>,
    last: Option<&Item>,
    han: Han,
) -> usize {
    if is_emoji(cluster)
        && let Some(slot) = book.face_for("Zsye", chars)
    {
        return slot;
    }
    if script.is_none()
        && let Some(last) = last.filter(|last| is_real(last.script) && book.has(last.slot, chars))
    {
        return last.slot;
    }
    if script == Some(Script::Han)
        && let Some(slot) = book.face_for(han.code(), chars)
    {
        return slot;
    }
    book.face_of(chars, last.map(|last| last.script)).unwrap_or(0)
}

/// Whose way to write Han a text asks for, told by its company.
#[derive(Clone, Copy)]
enum Han {
    Chinese,
    Japanese,
    Korean,
}

impl Han {
    fn of(text: &str) -> Self {
        let mut found = Self::Chinese;
        for char in text.chars().filter(|char| *char >= '\u{1100}') {
            match char.script() {
                Script::Hiragana | Script::Katakana => return Self::Japanese,
                Script::Hangul => found = Self::Korean,
                _ => {}
            }
        }
        found
    }

    fn code(self) -> &'static str {
        match self {
            Self::Chinese => "Hani",
            Self::Japanese => "Hira",
            Self::Korean => "Hang",
        }
    }
}

fn is_emoji(cluster: &str) -> bool {
    cluster.chars().any(
        |char| matches!(char, '\u{fe0f}' | '\u{20e3}' | '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}'),
    ) && !cluster.contains('\u{fe0e}')
}

/// Characters that steer others and are not seen themselves.
fn has_no_shape(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}' | '\n')
}

fn shape_item(
    book: &FontBook,
    text: &str,
    item: &Item,
    bold: bool,
    mut buffer: UnicodeBuffer,
) -> (Piece, UnicodeBuffer) {
    let rtl = item.level.is_rtl();
    let mut piece = Piece { slot: item.slot, level: item.level, clusters: Vec::new(), plain: !rtl };
    let Some((face, font)) = book.face(item.slot).and_then(|face| Some((face, face.font_ref()?))) else {
        return (piece, buffer);
    };
    let shaper = face.shaper.shaper(&font).instance(Some(&face.weight(bold).instance)).build();
    let plan = book.plan(item.slot, bold, item.script, rtl, |direction, script| {
        harfrust::ShapePlan::new(&shaper, direction, script, None, &[])
    });
    buffer.set_pre_context(&text[..item.range.start]);
    buffer.push_str(&text[item.range.clone()]);
    buffer.set_post_context(&text[item.range.end..]);
    buffer.set_direction(plan.direction());
    if let Some(script) = shaping_script(item.script) {
        buffer.set_script(script);
    }
    let shaped = shaper.shape(buffer, ShapeOptions::new().plan(Some(&plan)));
    #[expect(clippy::cast_precision_loss, reason = "font units are below 2^24")]
    let em = |units: i32| units as f32 / shaper.units_per_em() as f32;
    let bounds = font.glyph_metrics(Size::new(1.0), LocationRef::default());
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    for (info, position) in glyphs {
        let at = item.range.start + info.cluster as usize;
        let glyph = KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            em(position.x_advance),
            em(position.x_offset),
            em(position.y_offset),
            0.0,
            at..at,
            None,
        );
        let reach =
            if position.y_offset == 0 { None } else { bounds.bounds(skrifa::GlyphId::new(info.glyph_id)) };
        match piece.clusters.last_mut() {
            Some(last) if last.range.start == at => {}
            _ => piece.clusters.push(Cluster::at(at)),
        }
        if let Some(last) = piece.clusters.last_mut() {
            if let Some(reach) = reach {
                last.above = last.above.max(reach.y_max + em(position.y_offset));
                last.below = last.below.max(-reach.y_min - em(position.y_offset));
            }
            last.width += glyph.x_advance;
            last.glyphs.push(glyph);
        }
    }
    if rtl {
        piece.clusters.reverse();
    }
    close(&mut piece.clusters, text, item.range.end);
    let charmap = font.charmap();
    piece.plain &= piece.clusters.iter().all(|cluster| {
        let mut chars = text[cluster.range.clone()].chars();
        let (char, glyph) = (chars.next(), cluster.glyphs.first());
        let nominal = char.and_then(|char| charmap.map(char)).map(skrifa::GlyphId::to_u32);
        let shown = glyph.map(|glyph| glyph.glyph_id.to_u32());
        cluster.glyphs.is_empty() || (nominal == shown && cluster.glyphs.len() == 1 && chars.next().is_none())
    });
    (piece, shaped.clear())
}

impl Cluster {
    fn at(at: usize) -> Self {
        Self { range: at..at, glyphs: Vec::new(), width: 0.0, blank: false, above: 0.0, below: 0.0 }
    }
}

/// Give every cluster the text up to the next one.
fn close(clusters: &mut [Cluster], text: &str, end: usize) {
    let mut end = end;
    for cluster in clusters.iter_mut().rev() {
        cluster.range.end = end;
        end = cluster.range.start;
        cluster.blank = text[cluster.range.clone()].chars().all(char::is_whitespace);
        for glyph in &mut cluster.glyphs {
            glyph.text_range = cluster.range.clone();
        }
        if text[cluster.range.clone()].starts_with('\n') {
            cluster.glyphs.clear();
            cluster.width = 0.0;
        }
    }
}
