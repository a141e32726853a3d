//! Base64 as mails carry it: lines of 76 characters, parted by CRLF (RFC 2045, 6.8).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const LINE_BYTES: usize = 57;
const LINE_CHARS: usize = 76;

/// The lines; no line end stands after the last.
#[must_use]
pub fn base64_lines(data: &[u8]) -> Vec<u8> {
    let lines = data.len().div_ceil(LINE_BYTES);
    let mut out = vec![0; lines * (LINE_CHARS + 2)];
    let mut at = 0;
    for line in data.chunks(LINE_BYTES) {
        if at > 0 {
            out[at..at + 2].copy_from_slice(b"\r\n");
            at += 2;
        }
        at += STANDARD.encode_slice(line, &mut out[at..]).unwrap_or(0);
    }
    out.truncate(at);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_the_data_at_every_length() {
        for length in 0..600_usize {
            let data: Vec<u8> = (0..length).map(|number| u8::try_from(number * 7 % 251).unwrap()).collect();
            let lines = base64_lines(&data);
            let parts: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
            let (last, others) = parts.split_last().unwrap();
            assert!(others.iter().all(|part| part.len() == LINE_CHARS + 1 && part.ends_with(b"\r")));
            assert!(last.len() <= LINE_CHARS && !last.ends_with(b"\r"));
            let letters: Vec<u8> = lines.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
            assert_eq!(STANDARD.decode(letters).unwrap(), data);
        }
    }
}
