//! What a caller hands to the press: measures in points, colours as `#rrggbb`, blocks in reading order.

use serde::Deserialize;

use super::TEXT_CHARS_MAX;
use crate::error::{Result, bad_argument};

/// One document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The document's title, as viewers show it.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// What it is, in a few words.
    pub subject: String,
    /// BCP 47 tag of its fixed words.
    pub language: String,
    /// The page.
    pub paper: Paper,
    /// What is printed; a page that is too full runs on to further ones.
    pub pages: Vec<Page>,
}

/// The page's measures.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Width in points.
    pub width: f32,
    /// Height in points.
    pub height: f32,
    /// White space left and right, in points.
    pub margin: f32,
}

/// One page of the caller's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The coloured head, repeated on every page that this one runs on to.
    pub band: Band,
    /// In reading order, from top to bottom.
    pub blocks: Vec<Block>,
    /// At the bottom, repeated as the head is.
    pub foot: Foot,
}

/// The head of a page: who speaks on the left, a reference on the right.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// In bold.
    pub left: String,
    /// Small.
    pub right: String,
    /// The ground.
    pub fill: Color,
    /// The stripe below it.
    pub accent: Color,
    /// The letters.
    pub ink: Color,
}

/// Small print at the foot of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foot {
    /// The words.
    pub text: String,
    /// The letters.
    pub ink: Color,
}

/// Something that stands on a page.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Block {
    /// A heading or a paragraph.
    Text(Words),
    /// Named values, as a list.
    Facts {
        /// In order.
        rows: Vec<Fact>,
        /// The names' letters.
        muted: Color,
        /// The values' letters.
        ink: Color,
    },
    /// A QR code with its quiet zone, in the middle, never scaled.
    Code {
        /// What a scanner reads.
        text: String,
        /// What a screen reader says.
        alt: String,
        /// Its side without the quiet zone, in points.
        side: f32,
    },
}

/// A text and how it looks. It is wrapped to the page; a text that nearly fits one line is set smaller first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The words.
    pub text: String,
    /// Size of the letters in points.
    pub size: f32,
    /// Whether it is bold.
    pub bold: bool,
    /// The letters.
    pub ink: Color,
    /// 1 is the title of the page, 0 a paragraph.
    pub heading: u16,
    /// Space below, in points.
    pub after: f32,
}

/// A name and a value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Printed small above the value.
    pub label: String,
    /// Printed bold.
    pub value: String,
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Color(pub [u8; 3]);

impl TryFrom<String> for Color {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] = value.ok_or("a colour is written #rrggbb")?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

const SIDE_MIN: f32 = 144.0;
const SIDE_MAX: f32 = 14_400.0;
const SIZE_MAX: f32 = 144.0;

impl Sheet {
    /// Refuse measures and lengths that no page can have.
    pub(super) fn check(&self) -> Result<()> {
        let paper = self.paper;
        for side in [paper.width, paper.height] {
            if !(SIDE_MIN..=SIDE_MAX).contains(&side) {
                return Err(bad_argument(format!("a page's side is {SIDE_MIN} to {SIDE_MAX} points")));
            }
        }
        if !(0.0..=paper.width / 4.0).contains(&paper.margin) {
            return Err(bad_argument("a margin is at most a quarter of the page's width"));
        }
        for page in &self.pages {
            page.check(paper)?;
        }
        Ok(())
    }
}

impl Page {
    fn check(&self, paper: Paper) -> Result<()> {
        short(&self.band.left)?;
        short(&self.band.right)?;
        short(&self.foot.text)?;
        let room = (paper.width - 2.0 * paper.margin).min(paper.height / 2.0);
        for block in &self.blocks {
            match block {
                Block::Text(words) => {
                    short(&words.text)?;
                    if !(1.0..=SIZE_MAX).contains(&words.size) || !(0.0..=SIZE_MAX).contains(&words.after) {
                        return Err(bad_argument(format!("letters are 1 to {SIZE_MAX} points high")));
                    }
                }
                Block::Facts { rows, .. } => {
                    for row in rows {
                        short(&row.label)?;
                        short(&row.value)?;
                    }
                }
                Block::Code { side, .. } => {
                    if !(36.0..=room).contains(side) {
                        return Err(bad_argument(format!("a code's side is 36 to {room} points here")));
                    }
                }
            }
        }
        Ok(())
    }
}

fn short(text: &str) -> Result<()> {
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(bad_argument(format!("a text has at most {TEXT_CHARS_MAX} letters")));
    }
    Ok(())
}
