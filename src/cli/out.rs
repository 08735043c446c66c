//! What commands print: results to stdout, talk to stderr, tables with aligned columns.

use super::failure::Failure;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Writes text to stdout as it is.
pub(super) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::output(&e))
}

/// Writes one line to stdout.
pub(super) fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// Writes a value to stdout as indented JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Failure::outside(format!("the result cannot be put into JSON: {e}")))?;
    line(&text)
}

/// Says a line on stderr.
pub(super) fn say(line: &str) {
    // With stderr closed there is nobody left to tell.
    drop(writeln!(io::stderr(), "{line}"));
}

/// Asks on stderr; the answer is typed behind it.
pub(super) fn prompt(text: &str) {
    drop(write!(io::stderr(), "{text} "));
}

/// Shows how far long work has come, on one line of a terminal; says nothing elsewhere.
pub(super) fn progress(line: &str) {
    let mut talk = io::stderr();
    if talk.is_terminal() {
        drop(write!(talk, "\r{line}\u{1b}[K"));
    }
}

/// Rows below each other, columns two blanks apart. Texts of strangers must be tamed before.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |at: usize| rows.iter().filter_map(|r| r.get(at)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| wide(at).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A number with its noun: `1 channel`, `2 channels`.
pub(super) fn count(n: usize, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {one}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_clean() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(table(&[row(["è", "one"]), row(["long", ""])]), "è     one\nlong\n");
        assert_eq!(count(1, "brand"), "1 brand");
        assert_eq!(count(0, "brand"), "0 brands");
    }
}
