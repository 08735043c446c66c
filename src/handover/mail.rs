//! Writing a mail: RFC 5322 with MIME, 7-bit, in which no text from outside can add a header.

use crate::domain::Instant;
use crate::domain::text::one_line;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// How many bytes of text an encoded word of 75 letters holds (RFC 2047).
const WORD: usize = 45;
/// How many bytes a line of base64 of 76 letters holds (RFC 2045).
const LINE: usize = 57;

/// A mail on its way. Addresses were checked when the settings were read.
pub(super) struct Letter<'a> {
    /// Our address.
    pub(super) from: &'a str,
    /// Whom it goes to.
    pub(super) to: &'a str,
    /// Its subject.
    pub(super) subject: &'a str,
    /// Its own id, without brackets.
    pub(super) id: &'a str,
    /// The id of the mail below which it belongs; empty where it begins something.
    pub(super) below: &'a str,
    /// When it is written.
    pub(super) at: Instant,
    /// What it says.
    pub(super) lines: &'a [String],
}

/// The id of a mail: the same for the same key, so that a reader can drop what came twice.
pub(super) fn id(key: &str, from: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let domain = from.rsplit('@').next().unwrap_or_default();
    format!("ascolto.{hex}@{domain}")
}

/// Whether a text is one address and nothing else (RFC 5321, without quoted names).
pub(super) fn is_address(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"@".contains(c);
    let Some((local, domain)) = text.split_once('@') else { return false };
    let whole = |part: &str| !part.is_empty() && part.chars().all(plain);
    text.len() <= 254 && whole(local) && whole(domain)
}

impl Letter<'_> {
    /// The mail.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut mail = String::new();
        let mut head = |name: &str, value: &str| mail += &format!("{name}: {value}\r\n");
        head("From", self.from);
        head("To", self.to);
        head("Subject", &words(&one_line(self.subject, 200)));
        head("Date", &self.at.timestamp().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
        head("Message-ID", &format!("<{}>", self.id));
        if !self.below.is_empty() {
            head("In-Reply-To", &format!("<{}>", self.below));
            head("References", &format!("<{}>", self.below));
        }
        // A machine that answers machines would answer for ever (RFC 3834).
        head("Auto-Submitted", "auto-generated");
        head("X-Auto-Response-Suppress", "All");
        head("MIME-Version", "1.0");
        head("Content-Type", "text/plain; charset=utf-8");
        head("Content-Transfer-Encoding", "base64");
        mail += "\r\n";
        let text = self.lines.join("\r\n") + "\r\n";
        for piece in text.as_bytes().chunks(LINE) {
            mail += &STANDARD.encode(piece);
            mail += "\r\n";
        }
        mail.into_bytes()
    }
}

/// Text of a header: as it is where it is short ASCII, else as encoded words (RFC 2047).
fn words(text: &str) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain && text.len() <= 200 && !text.contains("=?") {
        return text.to_owned();
    }
    let (mut all, mut word) = (Vec::new(), String::new());
    for c in text.chars() {
        if word.len() + c.len_utf8() > WORD {
            all.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    all.push(word);
    let encoded = all.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter<'a>(subject: &'a str, lines: &'a [String]) -> Letter<'a> {
        Letter {
            from: "ascolto@acme.example",
            to: "care@acme.example",
            subject,
            id: "ascolto.1@acme.example",
            below: "",
            at: Instant(1_795_158_000_000),
            lines,
        }
    }

    #[test]
    fn a_letter_is_this() {
        let mail = letter("[Mastodon] consegna", &["Ciao è".to_owned()]).write();
        assert_eq!(
            String::from_utf8(mail).unwrap(),
            "From: ascolto@acme.example\r\n\
             To: care@acme.example\r\n\
             Subject: [Mastodon] consegna\r\n\
             Date: Fri, 20 Nov 2026 07:00:00 +0000\r\n\
             Message-ID: <ascolto.1@acme.example>\r\n\
             Auto-Submitted: auto-generated\r\n\
             X-Auto-Response-Suppress: All\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n\
             Q2lhbyDDqA0K\r\n"
        );
    }

    #[test]
    fn no_text_from_outside_becomes_a_header() {
        let hostile = "x\r\nBcc: all@acme.example\r\n\r\nbody\u{2028}\0é=?utf-8?B?eA==?=";
        let mail = letter(hostile, &[hostile.repeat(50)]).write();
        let mail = String::from_utf8(mail).unwrap();
        let (heads, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(heads.split("\r\n").all(|line| !line.to_lowercase().starts_with("bcc")), "{heads}");
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 200), "{mail}");
        assert_eq!(heads.matches("Subject: ").count(), 1);
    }

    #[test]
    fn an_address_is_one_and_an_id_follows_from_its_key() {
        assert!(is_address("care+x@acme.example"));
        for wrong in ["care", "@a", "a@", "a@b, c@d", "a@b\r\nBcc: x@y", "A <a@b>", "a@b@c", ""] {
            assert!(!is_address(wrong), "{wrong:?}");
        }
        let one = id("ascolto-1", "ascolto@acme.example");
        assert!(one.ends_with("@acme.example") && one != id("ascolto-2", "ascolto@acme.example"));
    }
}
