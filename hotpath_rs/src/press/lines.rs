//! A shaped text broken to a width, each line in the order in which it is drawn.

use unicode_bidi::{BidiInfo, Level};

use super::shaped::{Cluster, Piece, Segment, Shaped};

/// One line; white space at its end is left out.
pub(super) struct Line {
    /// From left to right.
    pub(super) pieces: Vec<Piece>,
    /// In ems.
    pub(super) width: f32,
}

/// The width in ems that the text takes if it is broken only at its own line ends.
pub(super) fn natural_width(shaped: &Shaped) -> f32 {
    let (mut widest, mut width): (f32, f32) = (0.0, 0.0);
    for segment in &shaped.segments {
        widest = widest.max(width + segment.width - segment.blank);
        width = if segment.ends_line { 0.0 } else { width + segment.width };
    }
    widest
}

/// Lines of at most this many ems; what fits no line even alone is broken between its clusters.
pub(super) fn wrap(shaped: &Shaped, width: f32) -> Vec<Line> {
    let base = if shaped.rtl { Level::rtl() } else { Level::ltr() };
    let mut lines = Vec::new();
    let mut open: Vec<Piece> = Vec::new();
    let mut filled = 0.0;
    for segment in &shaped.segments {
        let core = segment.width - segment.blank;
        if filled > 0.0 && filled + core > width {
            lines.push(Line::of(std::mem::take(&mut open), base));
            filled = 0.0;
        }
        if core > width {
            filled = split(segment, width, base, &mut open, &mut lines);
        } else {
            open.extend(segment.pieces.iter().cloned());
            filled += segment.width;
        }
        if segment.ends_line {
            lines.push(Line::of(std::mem::take(&mut open), base));
            filled = 0.0;
        }
    }
    if !open.is_empty() || lines.is_empty() {
        lines.push(Line::of(open, base));
    }
    lines
}

/// Break a segment that is wider than a line; how far the last line is filled.
fn split(segment: &Segment, width: f32, base: Level, open: &mut Vec<Piece>, lines: &mut Vec<Line>) -> f32 {
    let mut filled = 0.0;
    for piece in &segment.pieces {
        let mut part = Piece { clusters: Vec::new(), ..piece.clone() };
        for cluster in &piece.clusters {
            if filled > 0.0 && filled + cluster.width > width && !cluster.blank {
                open.push(std::mem::replace(&mut part, Piece { clusters: Vec::new(), ..piece.clone() }));
                lines.push(Line::of(std::mem::take(open), base));
                filled = 0.0;
            }
            filled += cluster.width;
            part.clusters.push(cluster.clone());
        }
        open.push(part);
    }
    filled
}

impl Line {
    fn of(mut pieces: Vec<Piece>, base: Level) -> Self {
        while let Some(last) = pieces.last_mut() {
            while last.clusters.last().is_some_and(|cluster| cluster.blank) {
                last.clusters.pop();
            }
            if !last.clusters.is_empty() {
                break;
            }
            pieces.pop();
        }
        let width =
            pieces.iter().flat_map(|piece| &piece.clusters).map(|cluster: &Cluster| cluster.width).sum();
        let levels: Vec<Level> = pieces.iter().map(|piece| piece.level.max(base)).collect();
        let order = BidiInfo::reorder_visual(&levels);
        let mut pieces: Vec<Option<Piece>> = pieces.into_iter().map(Some).collect();
        let pieces = order.into_iter().filter_map(|at| pieces.get_mut(at).and_then(Option::take));
        Self { pieces: joined(pieces), width }
    }
}

/// Words that are drawn alike as one piece: each piece is a part of the document's structure, with its own tags.
fn joined(pieces: impl Iterator<Item = Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if last.goes_on_with(&piece) => last.clusters.extend(piece.clusters),
            _ => joined.push(piece),
        }
    }
    joined
}
