//! `Labelled`: a text with what people say of it, as training and measuring take it.

use super::{About, Input};
use crate::domain::verdict::{Kind, Lang, Risk, Topic};
use serde::Deserialize;

/// A line of the corpus. What it lacks is neither learned nor measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Line")]
pub struct Labelled {
    /// What was written.
    pub text: String,
    /// The language that it is said to be in.
    pub language: Option<Lang>,
    /// Whether it complains.
    pub complaint: bool,
    /// Which kind it is.
    pub kind: Option<Kind>,
    /// Of a complaint, 1 to 3.
    pub severity: Option<u8>,
    /// Of a complaint.
    pub topic: Option<Topic>,
    /// Of a complaint: all its risks, sorted.
    pub risk: Option<Vec<Risk>>,
}

/// As it stands in a file.
#[derive(Deserialize)]
struct Line {
    text: Option<String>,
    complaint: Option<bool>,
    kind: Option<Kind>,
    #[serde(alias = "language")]
    lang: Option<Lang>,
    #[serde(alias = "severity")]
    sev: Option<serde_json::Value>,
    topic: Option<Topic>,
    #[serde(alias = "risk")]
    flags: Option<Vec<Risk>>,
}

impl Labelled {
    /// The text as it is asked about where nothing else is known of it.
    pub fn input(&self) -> Input<'_> {
        Input {
            text: &self.text,
            language: self.language,
            rating: None,
            attachments: 0,
            reply_to_us: false,
            about: &About::US,
        }
    }

    /// The same where nobody says which language it is in.
    pub fn unnamed(&self) -> Input<'_> {
        Input { language: None, ..self.input() }
    }
}

impl TryFrom<Line> for Labelled {
    type Error = String;

    fn try_from(line: Line) -> Result<Labelled, String> {
        let text = line.text.ok_or("`text` is missing; write {\"text\": \"…\"}")?;
        let by_kind = line.kind.map(|kind| kind == Kind::Complaint);
        let complaint = match (line.complaint, by_kind) {
            (Some(said), Some(by_kind)) if said != by_kind => {
                return Err("`complaint` and `kind` contradict each other; keep one".to_owned());
            }
            (said, by_kind) => said
                .or(by_kind)
                .ok_or("neither `complaint` (true or false) nor `kind` is there; write one")?,
        };
        let mut risk = line.flags;
        if let Some(risk) = &mut risk {
            risk.sort_unstable();
            risk.dedup();
        }
        // Other corpora have words here; only our three steps are known.
        let severity = line.sev.and_then(|sev| sev.as_u64()).and_then(|sev| u8::try_from(sev).ok());
        Ok(Labelled {
            text,
            language: line.lang,
            complaint,
            kind: line.kind.or(complaint.then_some(Kind::Complaint)),
            severity: severity.filter(|sev| complaint && (1..=3).contains(sev)),
            topic: line.topic.filter(|_| complaint),
            risk: risk.filter(|_| complaint),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Labelled, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn a_line_says_whether_it_complains_by_either_word() {
        let line = read(r#"{"text":"a","kind":"complaint","lang":"pt-BR","sev":2,"flags":["legal","churn"],"net":"x"}"#).unwrap();
        assert!(line.complaint && line.language == Some(Lang::PT) && line.severity == Some(2));
        assert_eq!(line.risk, Some(vec![Risk::Churn, Risk::Legal]));
        let line =
            read(r#"{"text":"a","complaint":false,"severity":"None","topic":"app"}"#).unwrap();
        assert_eq!((line.kind, line.severity, line.topic), (None, None, None));
        for (json, why) in [
            (r#"{"text":"a"}"#, "neither"),
            (r#"{"kind":"praise"}"#, "`text`"),
            (r#"{"text":"a","complaint":true,"kind":"praise"}"#, "contradict"),
            (r#"{"text":"a","kind":"rage"}"#, "rage"),
        ] {
            assert!(read(json).unwrap_err().contains(why), "{json}");
        }
    }
}
