//! Italian certified mail (PEC, RFC 6109): envelopes, the original inside, receipts, anomalies.
//!
//! A provider puts the mail of a certified sender whole into an envelope of its own
//! (`X-Trasporto: posta-certificata`), as `postacert.eml`, beside data that it certifies,
//! `daticert.xml`. What comes from ordinary mail arrives in an anomaly envelope
//! (`X-Trasporto: errore`). For what we send it writes receipts (`X-Ricevuta`). These headers are
//! trusted as far as they raise; what makes a receipt of a mail needs a mailbox of PEC, whose
//! provider lets no such header through from outside.

use super::letter::Heads;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use serde::Serialize;

/// The certified data that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Data {
    /// The provider's id of the certified mail.
    pub identifier: String,
    /// The sender as certified.
    pub sender: String,
    /// The provider of the sender.
    pub provider: String,
    /// The certified day, as written there.
    pub day: String,
    /// The certified time of day, as written there.
    pub time: String,
}

/// What certified mail makes of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Certified {
    /// Nothing: ordinary mail.
    No,
    /// An envelope around a certified mail.
    Envelope(Data),
    /// An envelope around an ordinary mail.
    Anomaly,
    /// A receipt of a mail of ours.
    Receipt {
        /// Which: `accettazione`, `avvenuta-consegna` …
        kind: String,
    },
}

/// What the headers say.
pub(super) fn certified(message: &Message<'_>, heads: &Heads) -> Certified {
    let word = |name: &str| heads.get(name).unwrap_or_default().trim().to_ascii_lowercase();
    let receipt = word("x-ricevuta");
    let by_provider = || {
        let from = message.from().and_then(|from| from.first());
        let address = from.and_then(|first| first.address.as_deref()).unwrap_or_default();
        address.to_ascii_lowercase().starts_with("posta-certificata@")
    };
    match word("x-trasporto").as_str() {
        "posta-certificata" => Certified::Envelope(data(message)),
        "errore" => Certified::Anomaly,
        _ if !receipt.is_empty() && by_provider() => Certified::Receipt { kind: receipt },
        _ => Certified::No,
    }
}

/// The mail inside of an envelope.
pub(super) fn original<'m, 'x>(message: &'m Message<'x>) -> Option<&'m Message<'x>> {
    let mut first = None;
    for part in &message.parts {
        if let PartType::Message(inside) = &part.body {
            let inside: &Message<'x> = inside;
            if named(part, "postacert.eml") {
                return Some(inside);
            }
            first = first.or(Some(inside));
        }
    }
    first
}

fn named(part: &MessagePart<'_>, name: &str) -> bool {
    part.attachment_name().is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// The certified data; empty where there are none that can be read.
fn data(message: &Message<'_>) -> Data {
    let xml = message.parts.iter().find(|part| named(part, "daticert.xml"));
    let xml = match xml.map(|part| &part.body) {
        Some(PartType::Text(text) | PartType::Html(text)) => text.to_string(),
        Some(PartType::Binary(bytes) | PartType::InlineBinary(bytes)) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => String::new(),
    };
    Data {
        identifier: element(&xml, "identificativo"),
        sender: element(&xml, "mittente"),
        provider: element(&xml, "gestore-emittente"),
        day: element(&xml, "giorno"),
        time: element(&xml, "ora"),
    }
}

/// The text of the first element of that name. The schema of RFC 6109 (4.4) nests none of these
/// in one of its own name, and their texts are short.
fn element(xml: &str, name: &str) -> String {
    let open = format!("<{name}");
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once(open.as_str()) {
        rest = after;
        if !after.starts_with(['>', ' ', '\t', '\r', '\n']) {
            continue;
        }
        let inside = after.split_once('>').and_then(|(_, inside)| inside.split_once('<'));
        let text = inside.map(|(text, _)| text).unwrap_or_default();
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        return crate::domain::text::one_line(&text, 300);
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_whole_name() {
        let xml = "<postacert tipo=\"posta-certificata\"><intestazione><mittente>jo@pec.example\
                   </mittente></intestazione><dati><gestore-emittente>Gestore &amp; C.\
                   </gestore-emittente><data zona=\"+0100\"><giorno>20/11/2026</giorno>\
                   <ora>10:30:00</ora></data><oraria>x</oraria></dati></postacert>";
        assert_eq!(element(xml, "mittente"), "jo@pec.example");
        assert_eq!(element(xml, "gestore-emittente"), "Gestore & C.");
        assert_eq!(element(xml, "ora"), "10:30:00");
        assert_eq!(element(xml, "or"), "");
        assert_eq!(element("<ora", "ora"), "");
        assert_eq!(element("<ora>1", "ora"), "");
    }
}
