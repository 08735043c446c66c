//! `ascolto classify`: judges texts from stdin, one a line, and answers one JSON line each.

use super::failure::Failure;
use super::lines::{self, LONGEST, Line, Lines};
use crate::classify::{About, Classifier, Input};
use crate::domain::verdict::{Relevance, Risk, Topic, Why};
use crate::domain::{Kind, Lang, Verdict, text};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::{self, BufReader, BufWriter, Read, Write};

/// Judge texts from stdin, one a line; answers one JSON line each
///
/// A line that begins with `{` is JSON {"id"?, "text", "language"?, "rating"?}, any other line is
/// text. A line that cannot be read is answered by {"id","error"}, and the exit code is 1 then.
#[derive(Debug, Args)]
pub(super) struct Classify {
    /// The form of the answers
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One JSON object a line
    Jsonl,
}

/// A line that is JSON. What else it holds is passed over, so that labelled lines can be judged.
#[derive(Deserialize)]
struct Asked {
    id: Option<Box<RawValue>>,
    /// Missing is a fault, null is a mention without text.
    #[serde(default, deserialize_with = "some")]
    text: Option<Option<String>>,
    language: Option<String>,
    lang: Option<String>,
    rating: Option<serde_json::Number>,
}

fn some<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(d).map(Some)
}

#[derive(Serialize)]
struct Answer<'a> {
    id: Option<&'a RawValue>,
    complaint: bool,
    kind: Kind,
    probability: f64,
    relevance: Relevance,
    severity: u8,
    topic: Topic,
    language: Lang,
    risk: &'a [Risk],
    why: &'a [Why],
}

#[derive(Serialize)]
struct Refusal<'a> {
    id: Option<&'a RawValue>,
    error: String,
}

/// What a line asks, ready to be judged.
#[derive(Default)]
struct Question {
    text: String,
    language: Option<Lang>,
    rating: Option<u8>,
}

impl Classify {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let Format::Jsonl = self.format;
        let judge = Classifier::shipped().map_err(Failure::outside)?;
        let (stdin, stdout) = (io::stdin().lock(), io::stdout().lock());
        let bad = answer_all(&judge, stdin, stdout)?;
        match bad {
            0 => Ok(()),
            _ => Err(Failure::no(format!("{bad} of the lines could not be read"))),
        }
    }
}

/// Answers every line in order; gives how many could not be read.
fn answer_all(judge: &Classifier, from: impl Read, to: impl Write) -> Result<u64, Failure> {
    let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, from));
    let mut out = BufWriter::with_capacity(64 * 1024, to);
    let mut bad = 0;
    let unread = |e: io::Error| Failure::outside(format!("stdin cannot be read: {e}"));
    while let Some(line) = lines.next().map_err(unread)? {
        let mut id = None;
        let question = match line {
            Line::TooLong => Err(format!("longer than {LONGEST} bytes; cut it")),
            Line::Text(text) if text.starts_with('{') => read(&text, &mut id),
            Line::Text(text) => Ok(Question { text, ..Question::default() }),
        };
        let json = match question {
            Ok(question) => answer(&verdict(judge, question), id.as_deref()),
            Err(why) => {
                bad += 1;
                let error = format!("line {}: {why}", lines.number());
                serde_json::to_string(&Refusal { id: id.as_deref(), error })
            }
        };
        let json =
            json.map_err(|e| Failure::outside(format!("the answer cannot be put into JSON: {e}")))?;
        writeln!(out, "{json}").map_err(|e| Failure::output(&e))?;
        // Who types, or asks line by line through a pipe, waits for the answer now.
        if lines.source().buffer().is_empty() {
            out.flush().map_err(|e| Failure::output(&e))?;
        }
    }
    out.flush().map_err(|e| Failure::output(&e))?;
    Ok(bad)
}

fn read(json: &str, id: &mut Option<Box<RawValue>>) -> Result<Question, String> {
    let asked: Asked = lines::parse(json)?;
    *id = asked.id;
    let text = asked.text.ok_or("`text` is missing; write {\"text\": \"…\"}")?;
    let language = match asked.language.or(asked.lang).as_deref() {
        None | Some("") => None,
        Some(tag) => Some(Lang::parse(tag).ok_or_else(|| {
            let tag = text::one_line(tag, 20);
            format!("`language` is `{tag}`, which is no language code; write it, en, pt-BR …")
        })?),
    };
    let rating = match asked.rating {
        None => None,
        Some(stars) => match stars.as_f64() {
            // Stars are whole; some exports write 4.0.
            Some(n) if (1.0..=5.0).contains(&n) && n.fract() == 0.0 => Some(n as u8),
            _ => return Err("`rating` is none of 1 to 5; scale the stars".to_owned()),
        },
    };
    Ok(Question { text: text.unwrap_or_default(), language, rating })
}

/// There is no brand here: whoever asks means that the text is about them.
fn verdict(judge: &Classifier, mut question: Question) -> Verdict {
    text::clean(&mut question.text);
    judge.judge(&Input {
        text: &question.text,
        language: question.language,
        rating: question.rating,
        attachments: 0,
        reply_to_us: false,
        about: &About::US,
    })
}

fn answer(verdict: &Verdict, id: Option<&RawValue>) -> serde_json::Result<String> {
    let complaint = verdict.is_complaint();
    serde_json::to_string(&Answer {
        id,
        complaint,
        kind: verdict.kind,
        probability: verdict.probability.share(),
        relevance: verdict.relevance,
        severity: if complaint { verdict.severity } else { 0 },
        topic: verdict.topic,
        language: verdict.language,
        risk: &verdict.risk,
        why: &verdict.why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn answered(lines: &[u8]) -> (u64, String) {
        let judge = Classifier::shipped().unwrap();
        let mut out = Vec::new();
        let bad = answer_all(&judge, lines, &mut out).unwrap();
        (bad, String::from_utf8(out).unwrap())
    }

    fn answers(lines: &[u8]) -> (u64, Vec<Value>) {
        let (bad, out) = answered(lines);
        (bad, out.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
    }

    #[test]
    fn ids_come_back_as_they_were_written() {
        let (bad, said) = answered(
            b"{\"id\": 12345678901234567890123, \"text\": \"ok\"}\n{\"id\":\"a\",\"text\":null,\"rating\":1.0}\nciao\n",
        );
        assert_eq!(bad, 0);
        let starts = ["{\"id\":12345678901234567890123,", "{\"id\":\"a\",", "{\"id\":null,"];
        for (line, start) in said.lines().zip(starts) {
            assert!(line.starts_with(start), "{line}");
        }
    }

    #[test]
    fn bad_lines_name_themselves_and_the_rest_is_answered() {
        let (bad, said) = answers(
            b"{\"id\":1}\n{\"id\":2,\"text\":\"x\",\"rating\":9}\n{\"text\":\nok\n{\"id\":3,\"text\":\"x\",\"language\":\"?\"}\n",
        );
        assert_eq!(bad, 4);
        let error = |at: usize| said[at]["error"].as_str().unwrap_or_default();
        assert!(error(0).starts_with("line 1: `text` is missing"), "{}", error(0));
        assert!(error(1).contains("`rating`") && said[1]["id"] == 2, "{}", error(1));
        assert!(error(2).contains("no JSON"), "{}", error(2));
        assert_eq!(said[3]["complaint"], false);
        assert!(error(4).contains("write it, en"), "{}", error(4));
    }
}
