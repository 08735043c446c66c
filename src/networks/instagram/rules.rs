//! What a comment on Instagram may look like, and whom it names.

use crate::domain::MentionRef;
use crate::wire::Fault;

/// The most hashtags and links of one comment (Instagram's API before this one; that texts are
/// still refused by these rules is reported, but documented nowhere).
const HASHTAGS: usize = 4;
const LINKS: usize = 1;

/// Whether a text could be a name there.
fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    (1..=30).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a text turns to that name: it stands at its beginning, if need be beside others.
pub(super) fn is_for(text: &str, name: &str) -> bool {
    let bare = |word: &str| word.trim_end_matches(['.', ',', ':', '!', '?', ';']).to_lowercase();
    let wanted = name.to_lowercase();
    let mut names = text.split_whitespace().map_while(|word| word.strip_prefix('@'));
    !name.is_empty() && names.any(|word| bare(word) == wanted)
}

/// How a reply to an answer begins: it will stand below the comment at the top, so that only the
/// name tells whom it is for. Empty where that is plain, or no name.
pub(super) fn prefix(text: &str, of: &MentionRef) -> String {
    let handle = of.author_handle.trim();
    if of.external_id == of.thread_id || !is_name(handle) || is_for(text, handle) {
        return String::new();
    }
    format!("@{handle} ")
}

/// Checks one piece of a reply.
///
/// # Errors
/// `Refused`, with what to change.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    let hashtags = text.match_indices('#').filter(|(at, _)| {
        text[at + 1..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_')
    });
    if hashtags.count() > HASHTAGS {
        return Err(Fault::refused("Instagram takes at most 4 hashtags; take some out"));
    }
    let lower = text.to_lowercase();
    let links = lower.split_whitespace().filter(|word| {
        word.contains("http://") || word.contains("https://") || word.contains("www.")
    });
    if links.count() > LINKS {
        return Err(Fault::refused("Instagram takes at most one link; take the others out"));
    }
    let said = text.split_whitespace().filter(|word| !word.starts_with('@'));
    let letters: Vec<char> = said.flat_map(str::chars).filter(|c| c.is_alphabetic()).collect();
    let shouts = letters.len() > 1 && letters.iter().all(|c| c.is_uppercase());
    if shouts {
        return Err(Fault::refused("Instagram refuses comments all in capitals; write it plainly"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Instant, Visibility};

    fn of(external_id: &str, handle: &str) -> MentionRef {
        MentionRef {
            origin: String::new(),
            external_id: external_id.to_owned(),
            thread_id: "1".to_owned(),
            author_id: "5".to_owned(),
            author_handle: handle.to_owned(),
            visibility: Visibility::Public,
            url: String::new(),
            created_at: Instant(0),
        }
    }

    #[test]
    fn an_answer_to_an_answer_names_its_author_once() {
        assert_eq!(prefix("Ciao", &of("2", "jo.d")), "@jo.d ");
        assert_eq!(prefix("Ciao", &of("1", "jo.d")), "", "below the top it is plain");
        assert_eq!(prefix("@anna @JO.D, ciao", &of("2", "jo.d")), "");
        assert_eq!(prefix("ciao @jo.d", &of("2", "jo.d")), "@jo.d ");
        assert_eq!(prefix("Ciao", &of("2", "jo d")), "", "that is nobody's name");
    }

    #[test]
    fn whom_a_text_is_for_stands_at_its_beginning() {
        assert!(is_for("@jo.d grazie", "jo.d") && is_for("@anna @jo.d: ciao", "Jo.D"));
        assert!(!is_for("grazie @jo.d", "jo.d") && !is_for("@jo.dd ciao", "jo.d"));
        assert!(!is_for("@ ciao", ""));
    }

    #[test]
    fn what_instagram_refuses_is_told_before() {
        let why = |text: &str| check(text).map_err(|fault| fault.why);
        assert!(why("#a #b #c #d # ciao").is_ok());
        assert!(why("#a #b #c #d #e").unwrap_err().contains("hashtags"));
        assert!(why("vedi https://acme.example").is_ok());
        assert!(why("https://a.example www.b.example").unwrap_err().contains("link"));
        assert!(why("@jo ABBIAMO RISPOSTO").unwrap_err().contains("capitals"));
        assert!(why("日本").is_ok() && why("42!").is_ok() && why("Ok").is_ok());
    }
}
