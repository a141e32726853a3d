//! A ticket's code as a QR symbol: its outline once, drawn as SVG, PNG or a path in a PDF.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use fast_qr::{ECL, QRBuilder};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::error::{Result, bad_argument};

/// Light modules that a scanner needs around a symbol.
pub const QUIET_MODULES: u16 = 4;
/// Pixels of a module in a PNG.
pub const PNG_MODULE_PIXELS: usize = 12;
/// Bytes of a code; far below what a symbol holds, so that it stays coarse enough to read.
pub const TEXT_BYTES_MAX: usize = 512;

/// Symbols that are remembered. A mail needs each of its own twice: as a picture and on paper.
const RECENT_MAX: usize = 128;
static RECENT: Mutex<VecDeque<(String, Arc<Qr>)>> = Mutex::new(VecDeque::new());

/// A symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    side: usize,
    dark: Vec<bool>,
}

/// A corner of an outline, in modules from the top left.
type Corner = (u16, u16);

impl Qr {
    /// The symbol of a text, with error correction level M: 15 % may be torn or smudged.
    ///
    /// # Errors
    /// If the text is empty or longer than `TEXT_BYTES_MAX`.
    pub fn new(text: &str) -> Result<Self> {
        let wrong = || bad_argument(format!("a code has 1 to {TEXT_BYTES_MAX} bytes"));
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return Err(wrong());
        }
        let symbol = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| wrong())?;
        let side = symbol.size;
        let dark = symbol.data.iter().take(side * side).map(|module| module.value()).collect();
        Ok(Self { side, dark })
    }

    /// The symbol of a text that was perhaps asked for a moment ago.
    ///
    /// # Errors
    /// As `new`.
    pub fn recent(text: &str) -> Result<Arc<Self>> {
        let known = |recent: &VecDeque<(String, Arc<Self>)>| {
            recent.iter().rev().find(|(of, _)| of == text).map(|(_, symbol)| Arc::clone(symbol))
        };
        if let Some(symbol) = known(&RECENT.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(symbol);
        }
        let symbol = Arc::new(Self::new(text)?);
        let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back((text.to_owned(), Arc::clone(&symbol)));
        Ok(symbol)
    }

    /// Modules on a side, without the quiet zone.
    #[must_use]
    pub fn side(&self) -> u16 {
        u16::try_from(self.side).unwrap_or(u16::MAX)
    }

    /// Whether a module is dark; outside the symbol all are light.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && y < self.side && self.dark[y * self.side + x]
    }

    /// The closed outlines of all dark modules; filled together they leave no seams between modules.
    #[must_use]
    pub fn outlines(&self) -> Vec<Vec<Corner>> {
        let mut edges = Edges::of(self);
        let mut outlines = Vec::new();
        while let Some(outline) = edges.follow() {
            outlines.push(outline);
        }
        outlines
    }

    /// An SVG in module units with its quiet zone, one path; it scales to any size and needs no style.
    #[must_use]
    pub fn svg(&self) -> String {
        let size = self.side() + 2 * QUIET_MODULES;
        let mut path = String::new();
        for outline in self.outlines() {
            for (number, (x, y)) in outline.into_iter().enumerate() {
                let (x, y) = (x + QUIET_MODULES, y + QUIET_MODULES);
                let _ = match number {
                    0 => write!(path, "M{x} {y}"),
                    number if number % 2 == 1 => write!(path, "H{x}"),
                    _ => write!(path, "V{y}"),
                };
            }
            path.push('z');
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" role=\"img\" \
             aria-label=\"Ticket code\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" \
             d=\"M0 0h{size}v{size}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }

    /// A one-bit PNG with its quiet zone.
    ///
    /// # Errors
    /// None that memory does not run out of.
    pub fn png(&self) -> Result<Vec<u8>> {
        let quiet = usize::from(QUIET_MODULES);
        let pixels = (self.side + 2 * quiet) * PNG_MODULE_PIXELS;
        let mut raw = ZlibEncoder::new(Vec::new(), Compression::fast());
        let lost = |_| bad_argument("a picture could not be written");
        let mut row = vec![0u8; pixels.div_ceil(8) + 1];
        let same = {
            let mut same = row.clone();
            same[0] = 2;
            same
        }; // filter "up": no difference to the row above
        for y in 0..self.side + 2 * quiet {
            row.fill(0xff);
            row[0] = 0;
            for x in (0..self.side).filter(|x| y >= quiet && self.is_dark(*x, y - quiet)) {
                let first = (x + quiet) * PNG_MODULE_PIXELS;
                for pixel in first..first + PNG_MODULE_PIXELS {
                    row[1 + pixel / 8] &= !(0x80 >> (pixel % 8));
                }
            }
            raw.write_all(&row).map_err(lost)?;
            for _ in 1..PNG_MODULE_PIXELS {
                raw.write_all(&same).map_err(lost)?;
            }
        }
        let size = u32::try_from(pixels).unwrap_or(u32::MAX).to_be_bytes();
        let header = [&size[..], &size, &[1, 0, 0, 0, 0]].concat();
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in [(b"IHDR", header), (b"IDAT", raw.finish().map_err(lost)?), (b"IEND", vec![])] {
            chunk(&mut out, kind, &data);
        }
        Ok(out)
    }
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    out.extend(kind);
    out.extend(data);
    out.extend(sum.sum().to_be_bytes());
}

/// The edges between dark and light, by the corner where each begins, with the dark side on its right.
struct Edges {
    corners: usize,
    /// One bit for each direction: right, down, left, up.
    leaving: Vec<u8>,
    scanned: usize,
}

const RIGHT: u8 = 0;
const DOWN: u8 = 1;
const LEFT: u8 = 2;
const UP: u8 = 3;

impl Edges {
    fn of(qr: &Qr) -> Self {
        let corners = qr.side + 1;
        let mut edges = Self { corners, leaving: vec![0; corners * corners], scanned: 0 };
        for y in 0..qr.side {
            for x in (0..qr.side).filter(|x| qr.is_dark(*x, y)) {
                let light = |dark: bool| !dark;
                edges.add(light(y > 0 && qr.is_dark(x, y - 1)), x, y, RIGHT);
                edges.add(light(qr.is_dark(x + 1, y)), x + 1, y, DOWN);
                edges.add(light(qr.is_dark(x, y + 1)), x + 1, y + 1, LEFT);
                edges.add(light(x > 0 && qr.is_dark(x - 1, y)), x, y + 1, UP);
            }
        }
        edges
    }

    fn add(&mut self, is_edge: bool, x: usize, y: usize, direction: u8) {
        self.leaving[y * self.corners + x] |= u8::from(is_edge) << direction;
    }

    /// The next outline. It begins with an edge to the right, every corner turns, and modules that touch at a corner
    /// only stay apart: a right turn comes first.
    fn follow(&mut self) -> Option<Vec<Corner>> {
        let is_start = |leaving: &u8| leaving & (1 << RIGHT) != 0;
        let start = self.scanned + self.leaving[self.scanned..].iter().position(is_start)?;
        self.scanned = start;
        let mut outline = vec![self.corner(start)];
        let (mut at, mut direction) = (start, RIGHT);
        loop {
            self.leaving[at] &= !(1 << direction);
            at = match direction {
                RIGHT => at + 1,
                DOWN => at + self.corners,
                LEFT => at - 1,
                _ => at - self.corners,
            };
            let turns = [(direction + 1) % 4, direction, (direction + 3) % 4];
            let closes = |turn: u8| at == start && turn == RIGHT;
            let next = turns.into_iter().find(|turn| closes(*turn) || self.leaving[at] & (1 << turn) != 0)?;
            if closes(next) {
                return Some(outline);
            }
            if next != direction {
                outline.push(self.corner(at));
            }
            direction = next;
        }
    }

    fn corner(&self, at: usize) -> Corner {
        let small = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        (small(at % self.corners), small(at / self.corners))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a point is inside the outlines, by the number of edges to its left.
    fn is_inside(outlines: &[Vec<Corner>], x: u16, y: u16) -> bool {
        let mut crossed = 0;
        for outline in outlines {
            for (from, to) in outline.iter().zip(outline.iter().cycle().skip(1)) {
                let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
                crossed += i32::from(from.0 == to.0 && from.0 <= x && top <= y && y < bottom);
            }
        }
        crossed % 2 == 1
    }

    #[test]
    fn a_symbol_that_is_remembered_is_the_symbol_of_its_text() {
        for round in 0..2 {
            for number in 0..2 * RECENT_MAX {
                let text = format!("code {number}");
                assert_eq!(*Qr::recent(&text).unwrap(), Qr::new(&text).unwrap(), "{text} in round {round}");
            }
        }
        assert!(RECENT.lock().unwrap().len() <= RECENT_MAX);
    }

    #[test]
    fn outlines_hold_exactly_the_dark_modules() {
        for text in ["A", "https://example.test/tickets/1", &"0123456789abcdef".repeat(20)] {
            let qr = Qr::new(text).unwrap();
            let outlines = qr.outlines();
            for y in 0..qr.side() {
                for x in 0..qr.side() {
                    assert_eq!(
                        is_inside(&outlines, x, y),
                        qr.is_dark(x.into(), y.into()),
                        "{text} at {x}, {y}"
                    );
                }
            }
            assert!(outlines.iter().all(|outline| outline.len() % 2 == 0 && outline.len() >= 4));
        }
    }

    #[test]
    fn a_code_without_text_and_one_that_is_too_long_are_refused() {
        assert!(Qr::new("").is_err());
        assert!(Qr::recent("").is_err());
        assert!(Qr::new(&"x".repeat(TEXT_BYTES_MAX)).is_ok());
        assert!(Qr::new(&"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
    }
}
