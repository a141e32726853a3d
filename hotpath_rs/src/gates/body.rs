//! The body of an upload: a JSON document with an array of scans, or a scan a line.
//!
//! What is written plainly is read here. A scan that is not (another type, a moment in another spelling) is handed to
//! the caller as it came, who reads it with all the patience that the contract promises.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::moment;

/// Most scans of a JSON document.
pub const JSON_SCANS_MAX: usize = 10_000;
/// Most scans of a body with a scan a line.
pub const LINES_MAX: usize = 50_000;

const NONCE_CHARS_MAX: usize = 128;
const GATE_CHARS_MAX: usize = 60;
const OFFSET_MS_MAX: i64 = (1 << 31) - 1;
const CURSOR_MAX: i64 = 1 << 62;

/// A piece of the texts of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    at: u32,
    size: u32,
}

impl Span {
    pub(crate) const NONE: Self = Self { at: 0, size: u32::MAX };

    pub(crate) fn of(self, texts: &str) -> Option<&str> {
        let at = self.at as usize;
        if self == Self::NONE { None } else { texts.get(at..at + self.size as usize) }
    }
}

/// One scan as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub code: Span,
    pub nonce: Span,
    pub gate: Span,
    pub scanned_at: Option<i64>,
    pub is_exit: bool,
    pub offline: Option<bool>,
    pub offset_ms: i64,
    pub cursor: Option<i64>,
}

impl Item {
    /// What could not even be read.
    pub(crate) const JUNK: Self = Self {
        code: Span::NONE,
        nonce: Span::NONE,
        gate: Span::NONE,
        scanned_at: None,
        is_exit: false,
        offline: None,
        offset_ms: 0,
        cursor: None,
    };
}

/// A body that was read.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub texts: String,
    pub items: Vec<Item>,
    /// The scans to read with more patience: their places, and how they were written.
    pub odd: Vec<(usize, Vec<u8>)>,
    pub offset_ms: i64,
    pub cursor: Option<i64>,
}

impl Body {
    /// A scan a line; blank lines are passed over. None: more than [`LINES_MAX`].
    pub(crate) fn of_lines(raw: &[u8]) -> Option<Self> {
        let mut body = Self { texts: String::with_capacity(raw.len() / 2), ..Self::default() };
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', raw).chain(std::iter::once(raw.len())) {
            let line = &raw[std::mem::replace(&mut start, end + 1)..end];
            if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0x0B | 0x0C)) {
                continue;
            }
            if body.items.len() == LINES_MAX {
                return None;
            }
            let read = std::str::from_utf8(line).ok().and_then(|text| body.item(text));
            if read.is_none() {
                body.odd.push((body.items.len(), line.to_vec()));
            }
            body.items.push(read.unwrap_or(Item::JUNK));
        }
        Some(body)
    }

    /// A document with `scans`. None: it is not in order as a whole, or has too many scans.
    pub(crate) fn of_json(raw: &[u8], received_us: i64) -> Option<Self> {
        let text = std::str::from_utf8(raw).ok()?;
        let document: Document<'_> = serde_json::from_str(text).ok()?;
        if document.scans.len() > JSON_SCANS_MAX
            || document.cursor.is_some_and(|cursor| !(0..CURSOR_MAX).contains(&cursor))
        {
            return None;
        }
        let mut body = Self { texts: String::with_capacity(raw.len() / 2), ..Self::default() };
        body.cursor = document.cursor;
        body.offset_ms = match (document.clock_offset_ms, document.sent_at) {
            (Said::Number(offset_ms), _) if offset_ms.abs() <= OFFSET_MS_MAX => offset_ms,
            (Said::Nothing, Said::Nothing) => 0,
            (Said::Nothing, Said::Text(sent_at)) => {
                let behind_s = (received_us - moment::read(&sent_at)?) as f64 / 1e6;
                (behind_s * 1000.0).round_ties_even() as i64
            }
            _ => return None,
        };
        for scan in document.scans {
            let read = body.item(scan.get());
            if read.is_none() {
                body.odd.push((body.items.len(), scan.get().as_bytes().to_vec()));
            }
            body.items.push(read.unwrap_or(Item::JUNK));
        }
        Some(body)
    }

    /// Keep a text.
    pub(crate) fn keep(&mut self, text: &str) -> Span {
        let at = self.texts.len() as u32;
        self.texts.push_str(text);
        Span { at, size: text.len() as u32 }
    }

    fn item(&mut self, text: &str) -> Option<Item> {
        let text = text.trim_ascii();
        if !text.starts_with('{') {
            return None; // an array would be read as the fields in their order
        }
        let read: Written<'_> = serde_json::from_str(text).ok()?;
        let is_exit = match read.direction.as_deref() {
            None | Some("entry") => false,
            Some("exit") => true,
            _ => return None,
        };
        let said =
            if matches!(read.scanned_at, Said::Nothing) { read.scanned_at_too } else { read.scanned_at };
        let scanned_at = match said {
            Said::Nothing => None,
            Said::Text(text) => Some(moment::read(&text)?),
            _ => return None,
        };
        let offset_ms = match read.clock_offset_ms {
            Said::Nothing => self.offset_ms,
            Said::Number(offset_ms) if offset_ms.abs() <= OFFSET_MS_MAX => offset_ms,
            _ => return None,
        };
        if read.cursor.is_some_and(|cursor| !(0..CURSOR_MAX).contains(&cursor)) {
            return None;
        }
        let code = read.code.or(read.qr_secret);
        let nonce = self.name(read.nonce, NONCE_CHARS_MAX)?;
        let gate = self.name(read.gate, GATE_CHARS_MAX)?;
        let code = code.map_or(Span::NONE, |code| self.keep(code.trim_matches(is_blank)));
        Some(Item {
            code,
            nonce,
            gate,
            scanned_at,
            is_exit,
            offline: read.offline,
            offset_ms,
            cursor: read.cursor,
        })
    }

    /// A name; an empty one is none. None: too long, or with a NUL, which no ledger keeps.
    fn name(&mut self, text: Option<Cow<'_, str>>, chars_max: usize) -> Option<Span> {
        match text {
            None => Some(Span::NONE),
            Some(text) if text.is_empty() => Some(Span::NONE),
            Some(text) if text.contains('\0') => None,
            Some(text) if text.len() > chars_max && text.chars().count() > chars_max => None,
            Some(text) => Some(self.keep(&text)),
        }
    }
}

/// What the slower reader's language takes off the ends of a text.
fn is_blank(sign: char) -> bool {
    sign.is_whitespace() || ('\x1C'..='\x1F').contains(&sign)
}

/// A value that may be many things.
#[derive(Debug, Default)]
enum Said<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Number(i64),
    Other,
}

struct Document<'a> {
    scans: Vec<&'a RawValue>,
    sent_at: Said<'a>,
    clock_offset_ms: Said<'a>,
    cursor: Option<i64>,
}

#[derive(Default)]
struct Written<'a> {
    code: Option<Cow<'a, str>>,
    qr_secret: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
    scanned_at: Said<'a>,
    scanned_at_too: Said<'a>,
    gate: Option<Cow<'a, str>>,
    direction: Option<Cow<'a, str>>,
    offline: Option<bool>,
    clock_offset_ms: Said<'a>,
    cursor: Option<i64>,
}

/// A text, not copied if it stands in the body as it is meant.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Reads)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Said<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Said<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Said::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Said::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Said::Nothing)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Said::Number(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(number).map_or(Said::Other, Said::Number))
            }
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Said::Other)
            }
            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Said::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Said::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Said::Other)
            }
        }
        from.deserialize_any(Reads)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_value::<Option<Text<'de>>>()?.map(|text| text.0))
}

impl<'de: 'a, 'a> Deserialize<'de> for Written<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Written<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scan")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut read = Written::default();
                while let Some(Text(name)) = map.next_key()? {
                    match name.as_ref() {
                        "code" => read.code = text(&mut map)?,
                        "qrSecret" => read.qr_secret = text(&mut map)?,
                        "nonce" => read.nonce = text(&mut map)?,
                        "scanned_at" => read.scanned_at = map.next_value()?,
                        "scannedAt" => read.scanned_at_too = map.next_value()?,
                        "gate" => read.gate = text(&mut map)?,
                        "direction" => read.direction = text(&mut map)?,
                        "offline" => read.offline = map.next_value()?,
                        "clock_offset_ms" => read.clock_offset_ms = map.next_value()?,
                        "cursor" => read.cursor = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(read)
            }
        }
        from.deserialize_map(Reads)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Document<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Document<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an upload")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut scans = None;
                let (mut sent_at, mut clock_offset_ms, mut cursor) = (Said::Nothing, Said::Nothing, None);
                while let Some(Text(name)) = map.next_key()? {
                    match name.as_ref() {
                        "scans" => scans = Some(map.next_value()?),
                        "sent_at" => sent_at = map.next_value()?,
                        "clock_offset_ms" => clock_offset_ms = map.next_value()?,
                        "cursor" => cursor = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let scans = scans.ok_or_else(|| de::Error::missing_field("scans"))?;
                Ok(Document { scans, sent_at, clock_offset_ms, cursor })
            }
        }
        from.deserialize_map(Reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scans_are_read_and_others_are_handed_on_as_they_came() {
        let raw = "{\"code\":\" c1 \",\"nonce\":\"n\\u0031\",\"gate\":\"\",\"direction\":\"exit\"}\n\n \r\n\
                   [\"c\"]\n{\"qrSecret\":\"c2\",\"scannedAt\":\"2026-01-01T00:00:00Z\",\"other\":[1,{}]}\nnonsense\n\
                   {\"code\":\"c3\",\"scanned_at\":7}\n{\"code\":\"c4\",\"nonce\":\"a\\u0000\"}\n{\"code\":1}";
        let body = Body::of_lines(raw.as_bytes()).unwrap();
        assert_eq!(body.items.len(), 7);
        assert_eq!(body.odd.iter().map(|odd| odd.0).collect::<Vec<_>>(), [1, 3, 4, 5, 6]);
        assert_eq!(body.odd[1].1, b"nonsense");
        let [first, _, third, ..] = body.items[..] else { panic!() };
        assert_eq!((first.code.of(&body.texts), first.nonce.of(&body.texts)), (Some("c1"), Some("n1")));
        assert_eq!((first.gate.of(&body.texts), first.is_exit), (None, true));
        assert_eq!((third.code.of(&body.texts), third.scanned_at), (Some("c2"), Some(1_767_225_600_000_000)));
    }

    #[test]
    fn a_document_is_read_whole_or_not_at_all() {
        let body =
            Body::of_json(br#"{"cursor":3,"clock_offset_ms":-5,"scans":[{"code":"c"},7]}"#, 0).unwrap();
        assert_eq!((body.items.len(), body.odd.len(), body.offset_ms, body.cursor), (2, 1, -5, Some(3)));
        assert_eq!(body.items[0].offset_ms, -5);
        let late = br#"{"sent_at":"1970-01-01T00:00:01Z","scans":[]}"#;
        assert_eq!(Body::of_json(late, 3_000_000).unwrap().offset_ms, 2000);
        for broken in [
            "",
            "[]",
            "{}",
            "{\"scans\":7}",
            "{\"scans\":[}",
            "{\"scans\":[],\"cursor\":-1}",
            "{\"scans\":[],\"clock_offset_ms\":\"5\"}",
            "{\"scans\":[],\"sent_at\":\"yesterday\"}",
            "{\"scans\":[1,]}",
        ] {
            assert!(Body::of_json(broken.as_bytes(), 0).is_none(), "{broken}");
        }
        let many = format!("{{\"scans\":[{}1]}}", "1,".repeat(JSON_SCANS_MAX));
        assert!(Body::of_json(many.as_bytes(), 0).is_none());
        assert!(Body::of_lines("{}\n".repeat(LINES_MAX + 1).as_bytes()).is_none());
    }
}
