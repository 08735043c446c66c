//! Reads a Rust source file far enough for the architecture test: what it imports, what it calls.

/// The source with comments and the insides of literals blanked, so that words in them count for
/// nothing; line breaks stay.
pub fn code(source: &str) -> String {
    let bytes: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            ('/', Some('/')) => line_comment(&bytes, at),
            ('/', Some('*')) => block_comment(&bytes, at),
            ('"', _) => text(&bytes, at),
            ('r', Some('"' | '#')) if !in_word(&bytes, at) => raw_text(&bytes, at),
            ('b', Some('r')) if !in_word(&bytes, at) && raw_text(&bytes, at + 1) > at + 1 => {
                raw_text(&bytes, at + 1)
            }
            ('\'', _) => letter(&bytes, at),
            _ => at,
        };
        if end > at {
            out.extend(bytes[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

fn in_word(bytes: &[char], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_alphanumeric() || bytes[at - 1] == '_')
}

fn line_comment(bytes: &[char], at: usize) -> usize {
    (at..bytes.len()).find(|i| bytes[*i] == '\n').unwrap_or(bytes.len())
}

fn block_comment(bytes: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (1, at + 2);
    while i < bytes.len() && depth > 0 {
        match (bytes[i], bytes.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    i.min(bytes.len())
}

fn text(bytes: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < bytes.len() && bytes[i] != '"' {
        i += if bytes[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(bytes.len())
}

/// The end of a raw string that begins here, or `at` if none does (a raw identifier).
fn raw_text(bytes: &[char], at: usize) -> usize {
    let hashes = bytes[at + 1..].iter().take_while(|c| **c == '#').count();
    if bytes.get(at + 1 + hashes) != Some(&'"') {
        return at;
    }
    let mut i = at + 2 + hashes;
    while i < bytes.len() {
        let closes = bytes[i] == '"' && bytes[i + 1..].iter().take(hashes).all(|c| *c == '#');
        i += 1;
        if closes {
            return (i + hashes).min(bytes.len());
        }
    }
    bytes.len()
}

/// The end of a character literal, or `at` if this is a lifetime.
fn letter(bytes: &[char], at: usize) -> usize {
    match (bytes.get(at + 1), bytes.get(at + 2)) {
        (Some('\\'), _) => {
            let close = (at + 3..bytes.len()).find(|i| bytes[*i] == '\'');
            close.map_or(bytes.len(), |i| i + 1)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

/// Blanks what `#[cfg(test)]` stands before, up to the item's closing brace or semicolon.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let (before, item) = rest.split_at(start);
        out.push_str(before);
        let mut depth = 0_u32;
        let end = item.char_indices().find_map(|(i, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            let over = depth == 0 && (c == '}' || c == ';');
            over.then_some(i + 1)
        });
        rest = &item[end.unwrap_or(item.len())..];
    }
    out.push_str(rest);
    out
}

/// The first folder or file of every path in `code` that begins at the crate's root. `depth` is
/// how many names the module's own path has (`src/a/b.rs`: 2), for paths by `super`.
pub fn imports(code: &str, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    for root in ["crate::", "ascolto::"] {
        for (at, _) in code.match_indices(root) {
            let joined = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !joined && !code[..at].ends_with("::") {
                found.extend(first_names(&code[at + root.len()..]));
            }
        }
    }
    let mut rest = code;
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut levels = 0;
        while let Some(further) = rest.strip_prefix("super::") {
            (rest, levels) = (further, levels + 1);
        }
        if levels >= depth {
            found.extend(first_names(rest));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The name that a path goes on with, or the first names of a group in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |s: &str| -> String {
        s.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.trim_start().strip_prefix('{') else {
        return vec![name(path)];
    };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(&group[start..i]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..i]));
                start = i + 1;
            }
            _ => {}
        }
    }
    names.retain(|n| !n.is_empty());
    names
}

#[test]
fn words_in_comments_and_literals_count_for_nothing() {
    let source = "/* crate::a /* crate::b */ */ // crate::c\nlet x = (\"crate::d\\\"\", 'e', b'\\'', \
                  r#\"crate::f\"\"#, br\"crate::g\"); use crate::h::I; fn j<'k>(l: &'k str) {}";
    assert_eq!(imports(&code(source), 2), ["h"]);
    assert!(code(source).contains("fn j<'k>(l: &'k str) {}"));
}

#[test]
fn groups_and_paths_by_super_are_followed_to_the_root() {
    let source = "use crate::{domain::{self, Instant}, wire::Secret,}; $crate::store::on!(); \
                  other_crate::no; super::super::fetch::go(); use super::sibling;";
    assert_eq!(imports(source, 2), ["domain", "fetch", "store", "wire"]);
}

#[test]
fn only_the_tested_part_is_left_out() {
    let source =
        "#[cfg(test)]\nmod tests;\nfn a() {}\n#[cfg(test)]\nmod t { fn b() {} }\nfn c() {}";
    let left: String = without_tests(source).split_whitespace().collect();
    assert_eq!(left, "fna(){}fnc(){}");
}
