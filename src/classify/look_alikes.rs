//! Characters that stand for a Latin letter because they look like it.

use std::sync::LazyLock;

/// Letters that look like a Latin one, in order.
static LOOK_ALIKES: LazyLock<Vec<(char, LookAlike)>> =
    LazyLock::new(|| read(include_str!("data/look-alikes.txt")));

/// All of them stand behind the letters of the served languages.
const FIRST: char = '\u{250}';

/// What a letter looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookAlike {
    /// The Latin letter.
    pub(super) latin: char,
    /// It is of another script: it stands for the Latin letter among Latin letters only.
    pub(super) other_script: bool,
}

/// What a letter looks like, if it is none of the alphabet as people write it.
pub(super) fn look_alike(c: char) -> Option<LookAlike> {
    if c < FIRST {
        return None;
    }
    let found = LOOK_ALIKES.binary_search_by_key(&c, |(letter, _)| *letter);
    found.ok().map(|at| LOOK_ALIKES[at].1)
}

/// The letter inside a circle, a square or parentheses, where compatibility forms do not give it.
pub(super) fn enclosed(c: char) -> Option<char> {
    let first = match c {
        '\u{249C}'..='\u{24B5}' => 0x249C,
        '\u{1F110}'..='\u{1F129}' => 0x1F110,
        '\u{1F150}'..='\u{1F169}' => 0x1F150,
        '\u{1F170}'..='\u{1F189}' => 0x1F170,
        _ => return None,
    };
    char::from_u32(u32::from('a') + u32::from(c) - first)
}

/// Letters that compatibility forms (NFKC) turn into Latin ones: mathematical, full-width, circled,
/// squared and raised ones.
pub(super) fn is_compatible_letter(c: char) -> bool {
    matches!(c, '\u{1D400}'..='\u{1D7FF}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}'
        | '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F149}' | '\u{1D2C}'..='\u{1D6A}'
        | '\u{2B0}'..='\u{2B8}' | '\u{2090}'..='\u{209C}' | '\u{2071}' | '\u{207F}')
}

/// Reads the table. What is none of its lines is passed over; a test reads each of them.
fn read(file: &str) -> Vec<(char, LookAlike)> {
    let mut other_script = false;
    let mut found = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        match line {
            "[anywhere]" => other_script = false,
            "[mixed]" => other_script = true,
            _ => {
                let mut letters = line.split(' ').filter_map(|word| word.chars().next());
                let Some(latin) = letters.next() else { continue };
                found.extend(letters.map(|c| (c, LookAlike { latin, other_script })));
            }
        }
    }
    found.sort_unstable_by_key(|(c, _)| *c);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let file = include_str!("data/look-alikes.txt");
        for line in file.lines().filter(|l| !l.is_empty() && !l.starts_with(['#', '['])) {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(words.len() > 1 && words.iter().all(|w| w.chars().count() == 1), "{line}");
            assert!(words[0].starts_with(|c: char| c.is_ascii_lowercase()), "{line}");
        }
        assert!(LOOK_ALIKES.len() > 150, "{}", LOOK_ALIKES.len());
        assert!(
            LOOK_ALIKES.windows(2).all(|two| two[0].0 < two[1].0),
            "a letter stands there twice"
        );
        assert!(LOOK_ALIKES.iter().all(|(c, _)| *c >= FIRST && c.is_alphabetic()));
    }

    #[test]
    fn letters_are_known_in_every_dress() {
        let of = |c: char| look_alike(c).map(|found| (found.latin, found.other_script));
        assert_eq!(of('а'), Some(('a', true)));
        assert_eq!(of('Ο'), Some(('o', true)));
        assert_eq!(of('ᴛ'), Some(('t', false)));
        assert_eq!((of('a'), of('è'), of('ж'), of('😡')), (None, None, None, None));
        assert_eq!((enclosed('🅱'), enclosed('⒵'), enclosed('b')), (Some('b'), Some('z'), None));
        assert!(
            is_compatible_letter('𝗰') && is_compatible_letter('ｃ') && !is_compatible_letter('c')
        );
    }
}
