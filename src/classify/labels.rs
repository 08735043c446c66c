//! `Labelled`: a text with what people say of it, as training and measuring take it.

use super::{About, Around, Input};
use crate::domain::verdict::{Kind, Lang, Risk, Topic};
use serde::Deserialize;
use serde_json::Value;

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
    /// Stars, 1 to 5.
    pub rating: Option<u8>,
    /// What it answers.
    pub parent: Option<String>,
    /// Whether it answers the brand.
    pub reply_to_us: bool,
    /// How many complaints its author wrote before.
    pub earlier: u32,
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
    sev: Option<Value>,
    topic: Option<Topic>,
    #[serde(alias = "risk")]
    flags: Option<Vec<Risk>>,
    rating: Option<Value>,
    parent: Option<Value>,
    reply_to_us: Option<Value>,
    earlier: Option<Value>,
}

impl Labelled {
    /// The text as it is asked about, with what the line says of all around it.
    pub fn input(&self) -> Input<'_> {
        Input {
            text: &self.text,
            language: self.language,
            rating: self.rating,
            attachments: 0,
            around: Around {
                reply_to_us: self.reply_to_us,
                parent: self.parent.as_deref(),
                earlier: self.earlier,
                ..Around::default()
            },
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
        // Other corpora have words here, or other scales; only our steps and stars are known.
        let number = |value: Option<Value>| value.as_ref().and_then(whole);
        let small = |value| number(value).and_then(|n| u8::try_from(n).ok());
        let severity = small(line.sev);
        Ok(Labelled {
            text,
            language: line.lang,
            complaint,
            kind: line.kind.or(complaint.then_some(Kind::Complaint)),
            severity: severity.filter(|sev| complaint && (1..=3).contains(sev)),
            topic: line.topic.filter(|_| complaint),
            risk: risk.filter(|_| complaint),
            rating: small(line.rating).filter(|stars| (1..=5).contains(stars)),
            parent: line.parent.and_then(|parent| parent.as_str().map(str::to_owned)),
            reply_to_us: line.reply_to_us.and_then(|reply| reply.as_bool()).unwrap_or(false),
            earlier: number(line.earlier).unwrap_or(0),
        })
    }
}

/// A whole number that is not below 0; some exports write 4.0.
fn whole(value: &Value) -> Option<u32> {
    let number = value.as_f64().filter(|n| n.fract() == 0.0)?;
    (0.0..=f64::from(u32::MAX)).contains(&number).then_some(number as u32)
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
        let line = read(r#"{"text":"a","complaint":true,"rating":1.0,"parent":"b","reply_to_us":true,"earlier":2}"#).unwrap();
        let input = line.input();
        assert_eq!((input.rating, input.around.parent), (Some(1), Some("b")));
        assert!(input.around.reply_to_us && input.around.earlier == 2);
        // Another corpus may mean something else by these words.
        let line =
            read(r#"{"text":"a","complaint":true,"rating":9,"parent":17,"earlier":-1}"#).unwrap();
        assert_eq!((line.rating, line.parent, line.earlier), (None, None, 0));
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
