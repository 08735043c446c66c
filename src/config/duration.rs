//! Durations as text (`30s`, `15m`, `8h`, `3d`): the one reader.

use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};

/// Reads a whole number with its unit, into milliseconds. Nothing and less is refused: no key means
/// something by it.
///
/// # Errors
/// What is wrong with the text, for a person.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no duration");
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let unit = match unit.trim_start() {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(wrong()),
    };
    let ms = number.parse::<i64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)?;
    if ms == 0 {
        return Err(format!("`{text}` is no time at all"));
    }
    Ok(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(parse_duration("30s"), Ok(30 * SECOND));
        assert_eq!(parse_duration("15m"), Ok(15 * MINUTE));
        assert_eq!(parse_duration(" 8 h "), Ok(8 * HOUR));
        assert_eq!(parse_duration("3d"), Ok(3 * DAY));
    }

    #[test]
    fn the_rest_is_refused() {
        for text in ["", "15", "m", "-3h", "1.5h", "3 weeks", "1h30m", "99999999999999999d", "0s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
