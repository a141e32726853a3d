//! Moments as whole microseconds since 1970, read from and written as RFC 3339.

use super::swift::padded;

/// Microseconds of a second, and of a day.
pub(crate) const SECOND_US: i64 = 1_000_000;
const DAY_S: i64 = 86_400;
/// What a clock may say: 1970 up to, and without, 2200. Other moments are for the slower reader.
const SAID_US_MAX: i64 = 7_258_118_400 * SECOND_US;
const FRACTION_DIGITS_MAX: usize = 6;

/// A moment written plainly: `2026-11-30T12:00:00[.123456]Z` or with `+hh:mm`. None: read it with more patience.
pub(crate) fn read(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 {
        return None;
    }
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if shape.iter().any(|&(at, sign)| bytes[at] != sign) {
        return None;
    }
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..10])?);
    let (hour, minute, second) = (number(&bytes[11..13])?, number(&bytes[14..16])?, number(&bytes[17..19])?);
    if !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = &bytes[19..];
    let mut fraction_us = 0;
    if let [b'.', digits @ ..] = rest {
        let count = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
        if !(1..=FRACTION_DIGITS_MAX).contains(&count) {
            return None;
        }
        fraction_us = number(&digits[..count])? * 10_i64.pow((FRACTION_DIGITS_MAX - count) as u32);
        rest = &digits[count..];
    }
    let offset_s = match rest {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let seconds = days_from_civil(year, month, day) * DAY_S + (hour * 60 + minute) * 60 + second - offset_s;
    let moment = seconds * SECOND_US + fraction_us;
    (0..SAID_US_MAX).contains(&moment).then_some(moment)
}

/// Write `2026-11-30T12:00:00.000Z`; milliseconds are rounded as the rest of the product rounds them.
pub(crate) fn write(moment_us: i64, into: &mut Vec<u8>) {
    let moment_ms = (moment_us as f64 / 1e6 * 1000.0).round_ties_even() as i64;
    let (seconds, millis) = (moment_ms.div_euclid(1000), moment_ms.rem_euclid(1000));
    let (days, of_day) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    for (value, width, sign) in [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b'T'),
        (hour, 2, b':'),
        (minute, 2, b':'),
        (second, 2, b'.'),
        (millis, 3, b'Z'),
    ] {
        padded(value, width, into);
        into.push(sign);
    }
}

/// Bytes of a moment as it is written.
const WRITTEN_BYTES: usize = 24;
const REMEMBERED: usize = 8;

/// Writes moments, and remembers the last few: the scans of an upload speak of the same ones again and again.
#[derive(Default)]
pub(crate) struct Clock {
    known: [(i64, [u8; WRITTEN_BYTES]); REMEMBERED],
}

impl Clock {
    /// As [`write`].
    pub(crate) fn write(&mut self, moment_us: i64, into: &mut Vec<u8>) {
        let place = (moment_us.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61) as usize;
        let (known, written) = &mut self.known[place];
        if *known == moment_us && moment_us != 0 {
            into.extend_from_slice(written);
            return;
        }
        let at = into.len();
        write(moment_us, into);
        if let Ok(fresh) = into[at..].try_into() {
            (*known, *written) = (moment_us, fresh);
        }
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month_shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_plain_spelling_and_written_back() {
        for (text, written) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2026-11-30T23:59:59.999Z", "2026-11-30T23:59:59.999Z"),
            ("2024-02-29T12:00:00.5+05:45", "2024-02-29T06:15:00.500Z"),
            ("2026-01-01T00:00:00.123456-08:00", "2026-01-01T08:00:00.123Z"),
        ] {
            let mut out = Vec::new();
            write(read(text).unwrap(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }

    #[test]
    fn a_clock_that_remembers_writes_every_moment_as_one_that_does_not() {
        let mut clock = Clock::default();
        for turn in 0..4_000_i64 {
            let moment =
                [0, -1, 253_402_300_800_000_000, turn % 23 * 1_000, turn * 999_999_937][turn as usize % 5];
            let (mut plain, mut remembered) = (Vec::new(), Vec::new());
            write(moment, &mut plain);
            clock.write(moment, &mut remembered);
            assert_eq!(plain, remembered, "{moment}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_slower_reader() {
        for text in [
            "",
            "now",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567Z",
            "2026-01-01T00:00:00+0100",
            "2200-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zé",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_is_counted_and_named_alike() {
        for days in 0..80_000 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
            assert!((1..=month_days(year, month)).contains(&day));
        }
    }
}
