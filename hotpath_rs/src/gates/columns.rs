//! Columns of values for one statement, as Postgres reads arrays: `{1,2,3}`. Text of this kind is taken apart in the
//! ledger for a tenth of what a driver spends on as many parameters.

use super::swift::number;

/// One array literal under way.
pub(crate) struct Column {
    text: Vec<u8>,
}

impl Column {
    pub(crate) fn new() -> Self {
        Self { text: vec![b'{'] }
    }

    fn next(&mut self) -> &mut Vec<u8> {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        &mut self.text
    }

    pub(crate) fn number(&mut self, value: impl Into<Option<i64>>) {
        match value.into() {
            Some(value) => number(value, self.next()),
            None => self.next().extend_from_slice(b"NULL"),
        }
    }

    pub(crate) fn truth(&mut self, value: bool) {
        self.next().push(if value { b't' } else { b'f' });
    }

    pub(crate) fn row(&mut self, (page, place): (u32, u16)) {
        let column = self.next();
        column.extend_from_slice(b"\"(");
        number(i64::from(page), column);
        column.push(b',');
        number(i64::from(place), column);
        column.extend_from_slice(b")\"");
    }

    pub(crate) fn word(&mut self, text: &str) {
        let column = self.next();
        column.push(b'"');
        for &byte in text.as_bytes() {
            if matches!(byte, b'"' | b'\\') {
                column.push(b'\\');
            }
            column.push(byte);
        }
        column.push(b'"');
    }

    pub(crate) fn done(mut self) -> String {
        self.text.push(b'}');
        // Only whole texts and ASCII were written.
        String::from_utf8(self.text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_written_as_the_ledger_reads_arrays() {
        let mut numbers = Column::new();
        numbers.number(-1);
        numbers.number(None);
        assert_eq!(numbers.done(), "{-1,NULL}");
        let mut words = Column::new();
        words.word("a\"b\\c,é");
        words.word("");
        assert_eq!(words.done(), "{\"a\\\"b\\\\c,é\",\"\"}");
        let mut rows = Column::new();
        rows.row((7, 2));
        rows.truth(true);
        assert_eq!(rows.done(), "{\"(7,2)\",t}");
        assert_eq!(Column::new().done(), "{}");
    }
}
