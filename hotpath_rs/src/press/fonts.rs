//! Which face has which character. Files are read when a text first needs them, once a process.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use harfrust::{Direction, FontRef, ShapePlan, ShaperData, ShaperInstance, Tag};
use krilla::text::{Font, Tag as AxisTag};
use skrifa::MetadataProvider;
use skrifa::instance::{Location, LocationRef, Size};
use skrifa::raw::TableProvider;
use subsetter::{GlyphRemapper, Tag as VariationTag, subset_with_variations};
use unicode_script::Script;

use crate::error::{Result, bad_argument};

const REGULAR: f32 = 400.0;
const BOLD: f32 = 700.0;
/// The script of signs that belong to no script, in ISO 15924.
const COMMON: &str = "Zyyy";

/// Where a face is and which scripts it is asked for first.
#[derive(Clone, Debug)]
pub struct FaceSource {
    /// An OpenType file or collection.
    pub path: PathBuf,
    /// Which face of a collection.
    pub index: u32,
    /// ISO 15924 codes; `Zyyy` for signs of no script.
    pub scripts: Vec<String>,
}

/// The faces in their order.
pub struct FontBook {
    slots: Vec<Slot>,
    by_script: HashMap<String, Vec<usize>>,
    files: Mutex<HashMap<PathBuf, Option<FileData>>>,
    plans: Mutex<HashMap<PlanKey, Arc<ShapePlan>>>,
}

type FileData = Arc<Vec<u8>>;
type PlanKey = (usize, bool, Script, bool);

struct Slot {
    source: FaceSource,
    face: OnceLock<Option<Face>>,
}

/// A face that was read, in two weights.
pub(super) struct Face {
    data: FileData,
    index: u32,
    pub(super) shaper: ShaperData,
    weights: [Weight; 2],
    /// A face without a bold of its own is thickened when it is drawn.
    pub(super) thicken: bool,
    /// Height above and depth below the line, in ems.
    pub(super) ascent: f32,
    pub(super) descent: f32,
}

/// A face at one weight.
pub(super) struct Weight {
    pub(super) font: Font,
    pub(super) instance: ShaperInstance,
    location: Location,
}

impl Weight {
    pub(super) fn location(&self) -> LocationRef<'_> {
        (&self.location).into()
    }
}

impl FontBook {
    pub(super) fn new(faces: Vec<FaceSource>) -> Result<Self> {
        let mut by_script: HashMap<String, Vec<usize>> = HashMap::new();
        for (slot, source) in faces.iter().enumerate() {
            for script in &source.scripts {
                by_script.entry(script.clone()).or_default().push(slot);
            }
        }
        let slots = faces.into_iter().map(|source| Slot { source, face: OnceLock::new() }).collect();
        let book = Self { slots, by_script, files: Mutex::default(), plans: Mutex::default() };
        match book.slots.first() {
            Some(first) if book.face(0).is_none() => {
                Err(bad_argument(format!("the face {} cannot be read", first.source.path.display())))
            }
            Some(_) => Ok(book),
            None => Err(bad_argument("a press needs a face")),
        }
    }

    /// The face in this slot; None if its file is not there or no font.
    pub(super) fn face(&self, slot: usize) -> Option<&Face> {
        let slot = self.slots.get(slot)?;
        slot.face.get_or_init(|| Face::read(self.file(&slot.source)?, slot.source.index)).as_ref()
    }

    fn file(&self, source: &FaceSource) -> Option<FileData> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || std::fs::read(&source.path).ok().map(Arc::new);
        files.entry(source.path.clone()).or_insert_with(read).clone()
    }

    /// The first face that has all of these characters: those of their script, those of signs, then any other.
    pub(super) fn face_of(&self, chars: &[char], prefer: Option<Script>) -> Option<usize> {
        let script = chars
            .iter()
            .map(unicode_script::UnicodeScript::script)
            .find(|script| is_real(*script))
            .or(prefer.filter(|script| is_real(*script)));
        let own = script.and_then(|script| self.by_script.get(script.short_name())).into_iter().flatten();
        let signs = self.by_script.get(COMMON).into_iter().flatten();
        own.copied()
            .chain([0])
            .chain(signs.copied())
            .chain(0..self.slots.len())
            .find(|slot| self.has(*slot, chars))
    }

    /// Faces for these scripts that come before the others if they have the characters.
    pub(super) fn face_for(&self, code: &str, chars: &[char]) -> Option<usize> {
        self.by_script.get(code)?.iter().copied().find(|slot| self.has(*slot, chars))
    }

    pub(super) fn has(&self, slot: usize, chars: &[char]) -> bool {
        self.face(slot).is_some_and(|face| {
            let charmap = face.font_ref().map(|font| font.charmap());
            charmap.is_some_and(|map| {
                chars.iter().all(|char| map.map(*char).is_some_and(|glyph| glyph.to_u32() != 0))
            })
        })
    }

    /// The plan of a script in a face; planning costs more than shaping a word.
    pub(super) fn plan(
        &self,
        slot: usize,
        bold: bool,
        script: Script,
        rtl: bool,
        make: impl FnOnce(Direction, Option<harfrust::Script>) -> ShapePlan,
    ) -> Arc<ShapePlan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let direction = if rtl { Direction::RightToLeft } else { Direction::LeftToRight };
        Arc::clone(
            plans
                .entry((slot, bold, script, rtl))
                .or_insert_with(|| Arc::new(make(direction, shaping_script(script)))),
        )
    }
}

impl Face {
    fn read(data: FileData, index: u32) -> Option<Self> {
        let font = FontRef::from_index(data.as_slice(), index).ok()?;
        let thicken = !font.axes().iter().any(|axis| axis.tag() == Tag::new(b"wght"));
        let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::clone(&data) as _;
        let weight = |wght: f32| {
            let variations = if thicken { vec![] } else { vec![("wght", wght)] };
            let still = if thicken { None } else { still(&data, index, wght) };
            Some(Weight {
                font: match still {
                    Some(still) => Font::new(Arc::new(still).into(), 0)?,
                    None if thicken => Font::new(Arc::clone(&shared).into(), index)?,
                    None => Font::new_variable(
                        Arc::clone(&shared).into(),
                        index,
                        &[(AxisTag::new(b"wght"), wght)],
                    )?,
                },
                instance: ShaperInstance::from_variations(&font, variations.iter().copied()),
                location: font.axes().location(variations),
            })
        };
        let weights = [weight(REGULAR)?, weight(BOLD)?];
        let metrics = font.metrics(Size::new(1.0), LocationRef::default());
        let shaper = ShaperData::new(&font);
        let (ascent, descent) = (metrics.ascent, -metrics.descent);
        Some(Self { index, shaper, weights, thicken, ascent, descent, data })
    }

    pub(super) fn font_ref(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(self.data.as_slice(), self.index).ok()
    }

    pub(super) fn weight(&self, bold: bool) -> &Weight {
        &self.weights[usize::from(bold)]
    }
}

/// All glyphs of a variable face at one weight, under the same numbers. A document takes its few from there; from the
/// variable face it would work out each of their outlines again.
fn still(data: &[u8], index: u32, wght: f32) -> Option<Vec<u8>> {
    let count = FontRef::from_index(data, index).ok()?.maxp().ok()?.num_glyphs();
    let all: Vec<u16> = (0..count).collect();
    let mapper = GlyphRemapper::new_from_glyphs_sorted(&all);
    subset_with_variations(data, index, &[(VariationTag::new(b"wght"), wght)], &mapper).ok()
}

/// Whether a script is one, and not the class of signs or of marks that any script uses.
pub(super) fn is_real(script: Script) -> bool {
    !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// The same script for the shaper.
pub(super) fn shaping_script(script: Script) -> Option<harfrust::Script> {
    let code: [u8; 4] = script.short_name().as_bytes().try_into().ok()?;
    harfrust::Script::from_iso15924_tag(Tag::new(&code))
}
