//! `ascolto classify`: judges texts from stdin, one a line, and answers one JSON line each.

use super::failure::Failure;
use super::lines::{self, LONGEST, Line, Lines};
use crate::classify::{About, Around, Classifier, Input};
use crate::domain::verdict::{Relevance, Risk, Topic, Why};
use crate::domain::{Kind, Lang, Verdict, text};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::io::{self, BufReader, BufWriter, Read, Write};

/// Judge texts from stdin, one a line; answers one JSON line each
///
/// A line that begins with `{` is JSON {"id"?, "text", "language"?, "rating"?, "attachments"?,
/// "reply_to_us"?, "parent"?, "earlier"?}, any other line is text. `rating` is 1 to 5 stars,
/// `attachments` how many hang on it, `reply_to_us` true for an answer to the brand, `parent` the
/// text that it answers, `earlier` how many complaints its author wrote in the twelve months before.
/// A line that cannot be read is answered by {"id","error"}, and the exit code is 1 then.
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
    attachments: Option<Value>,
    reply_to_us: Option<Value>,
    parent: Option<Value>,
    earlier: Option<Value>,
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
    attachments: u32,
    reply_to_us: bool,
    parent: Option<String>,
    earlier: u32,
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
    let reply_to_us = match asked.reply_to_us {
        None => false,
        Some(Value::Bool(reply)) => reply,
        Some(_) => return Err("`reply_to_us` is neither true nor false; write one".to_owned()),
    };
    let parent = match asked.parent {
        None => None,
        Some(Value::String(parent)) => Some(parent),
        Some(_) => {
            return Err(
                "`parent` is no text; write the text that is answered, not its id".to_owned()
            );
        }
    };
    let attachments = match asked.attachments {
        // As mentions have them.
        Some(Value::Array(list)) => u32::try_from(list.len()).unwrap_or(u32::MAX),
        other => count("attachments", other.as_ref())?,
    };
    let earlier = count("earlier", asked.earlier.as_ref())?;
    let text = text.unwrap_or_default();
    Ok(Question { text, language, rating, attachments, reply_to_us, parent, earlier })
}

/// How many; none where nothing is said.
fn count(name: &str, value: Option<&Value>) -> Result<u32, String> {
    let Some(value) = value else { return Ok(0) };
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| format!("`{name}` is no whole number from 0 on; write how many there are"))
}

/// There is no brand here: whoever asks means that the text is about them.
fn verdict(judge: &Classifier, mut question: Question) -> Verdict {
    text::clean(&mut question.text);
    let around = Around {
        reply_to_us: question.reply_to_us,
        parent: question.parent.as_deref(),
        earlier: question.earlier,
        ..Around::default()
    };
    judge.judge(&Input {
        text: &question.text,
        language: question.language,
        rating: question.rating,
        attachments: usize::try_from(question.attachments).unwrap_or(usize::MAX),
        around,
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

    #[test]
    fn what_stands_around_a_text_is_heeded() {
        let (bad, said) = answers(
            br#"{"text":"anche a me"}
{"text":"anche a me","parent":"terza settimana senza internet, nessuno risponde, vergogna"}
{"text":"anche a me","parent":"Buongiorno a tutti"}
{"text":"anche a me","parent":null,"earlier":null,"reply_to_us":false}
{"text":"","attachments":1}
{"text":"","attachments":[{"kind":"image","url":"x"}]}
"#,
        );
        assert_eq!(bad, 0, "{said:?}");
        let share = |at: usize| said[at]["probability"].as_f64().unwrap();
        assert!(share(1) > share(0), "who agrees with a complaint complains");
        assert_eq!(said[1]["why"][0]["cue"], "context.agrees");
        assert_eq!((share(2), share(3)), (share(0), share(0)));
        assert_eq!(said[4]["why"][0]["cue"], "text.only_attached");
        assert_eq!(said[5]["why"][0]["cue"], "text.only_attached");
    }

    #[test]
    fn what_cannot_stand_around_a_text_is_named() {
        let (bad, said) = answers(
            br#"{"id":1,"text":"a","parent":17}
{"id":2,"text":"a","reply_to_us":"yes"}
{"id":3,"text":"a","earlier":-1}
{"id":4,"text":"a","attachments":1.5}
"#,
        );
        assert_eq!(bad, 4);
        let names = ["`parent` is no text", "`reply_to_us`", "`earlier` is", "`attachments` is"];
        for (number, (said, name)) in (1..).zip(said.iter().zip(names)) {
            assert_eq!(said["id"], number);
            assert!(said["error"].as_str().unwrap().contains(name), "{said}");
        }
    }
}
