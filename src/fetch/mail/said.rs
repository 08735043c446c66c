//! What an IMAP server says of a command, and how texts are written into one.

use crate::domain::text::one_line;
use crate::domain::time::MINUTE;
use crate::wire::{Fault, Next};
use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// The base64 of folder names (RFC 9051, appendix A.1).
const MUTF7: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);
/// How long we wait where a server says that we ask too much and not until when.
const REST: i64 = 10 * MINUTE;

/// The five words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Done, or good to know.
    Ok,
    /// Understood and not done.
    No,
    /// Not understood.
    Bad,
    /// It hangs up.
    Bye,
    /// Logged in already.
    Preauth,
}

/// A status answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// Of which command; `*` of none.
    pub tag: String,
    /// The word.
    pub said: Said,
    /// What stands in brackets behind it.
    pub code: String,
    /// The rest, for people.
    text: String,
}

impl Status {
    /// Reads a line that is a status; `None` for any other.
    pub(super) fn read(line: &[u8]) -> Option<Status> {
        let line = String::from_utf8_lossy(line);
        let (tag, rest) = line.split_once(' ')?;
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let said = match word.to_ascii_uppercase().as_str() {
            "OK" => Said::Ok,
            "NO" => Said::No,
            "BAD" => Said::Bad,
            "BYE" => Said::Bye,
            "PREAUTH" => Said::Preauth,
            _ => return None,
        };
        let coded = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (code, text) = coded.unwrap_or(("", rest));
        let (tag, code, text) = (tag.to_owned(), code.to_owned(), text.trim().to_owned());
        Some(Status { tag, said, code, text })
    }

    /// What it means that the command ended so. The codes: RFC 5530 and RFC 9051, 7.1.
    pub(super) fn fault(&self) -> Fault {
        let code = self.code.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let next = match (code.as_str(), self.said) {
            ("AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" | "EXPIRED", _) => Next::Auth,
            ("LIMIT" | "OVERQUOTA" | "THROTTLED", _) => Next::Retry { after: Some(REST) },
            ("UNAVAILABLE" | "INUSE" | "SERVERBUG", _) => Next::Retry { after: None },
            (_, Said::Bye | Said::Ok | Said::Preauth) => Next::Retry { after: None },
            (_, Said::No) => Next::Refused,
            (_, Said::Bad) => Next::Bug,
        };
        let said = one_line(&format!("{} {}", self.code, self.text), 200);
        Fault::new(next, format!("the mail server says {:?}: {said}", self.said))
    }
}

/// A text in quotes, as IMAP takes it.
///
/// # Errors
/// When it holds what quotes cannot: line breaks, other control characters, more than ASCII.
pub(super) fn quote(text: &str) -> Result<String, Fault> {
    if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(Fault::refused(
            "a mail server takes only ASCII without control characters there",
        ));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A folder's name as it travels.
pub(super) fn utf7(name: &str) -> String {
    let (mut out, mut run) = (String::new(), Vec::new());
    let flush = |out: &mut String, run: &mut Vec<u8>| {
        if !run.is_empty() {
            *out += &format!("&{}-", MUTF7.encode(&*run));
            run.clear();
        }
    };
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut out, &mut run);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                run.extend(unit.to_be_bytes());
            }
        }
    }
    flush(&mut out, &mut run);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(line: &str) -> Next {
        Status::read(line.as_bytes()).unwrap().fault().next
    }

    #[test]
    fn a_status_is_told_from_data_and_says_what_to_do() {
        assert_eq!(next("a1 NO [AUTHENTICATIONFAILED] no"), Next::Auth);
        assert_eq!(next("a1 NO [UNAVAILABLE] later"), Next::Retry { after: None });
        assert_eq!(next("* BYE too many"), Next::Retry { after: None });
        assert_eq!(next("a2 NO [throttled]"), Next::Retry { after: Some(REST) });
        assert_eq!(next("a2 NO no such folder"), Next::Refused);
        assert_eq!(next("a2 BAD what?"), Next::Bug);
        assert_eq!(Status::read(b"* 3 EXISTS"), None);
        let status = Status::read(b"* OK [UIDVALIDITY 385] (odd \"text").unwrap();
        assert_eq!((status.code.as_str(), status.said), ("UIDVALIDITY 385", Said::Ok));
    }

    #[test]
    fn nothing_breaks_out_of_its_quotes() {
        assert_eq!(quote("a\"b\\").unwrap(), "\"a\\\"b\\\\\"");
        for text in ["a\r\nA2 DELETE INBOX", "a\nb", "\0", "è"] {
            assert_eq!(quote(text).unwrap_err().next, Next::Refused, "{text:?}");
        }
    }

    #[test]
    fn folder_names_travel_as_the_standard_shows() {
        assert_eq!(utf7("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(utf7("Q&A"), "Q&-A");
        assert_eq!(utf7("Conformità"), "Conformit&AOA-");
    }
}
