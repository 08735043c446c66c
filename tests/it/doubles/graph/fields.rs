//! The parameter `fields`: what is asked of a node, with what is asked of the nodes and lists inside
//! it (`from{id}`, `comments.limit(5){id,message}`).

use super::node::{Inside, Kind};
use std::iter::Peekable;
use std::str::Chars;

/// One field that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What stands behind it, as `limit(5)`.
    pub args: Vec<(String, String)>,
    /// What is asked of what stands inside it.
    pub below: Option<Vec<Field>>,
}

struct Reader<'a>(Peekable<Chars<'a>>);

impl Reader<'_> {
    fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(c) = self.0.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            word.push(c);
        }
        (!word.is_empty()).then_some(word)
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.0.next_if(|c| *c == wanted).is_some()
    }

    fn fields(&mut self) -> Option<Vec<Field>> {
        let mut all = vec![self.field()?];
        while self.eat(',') {
            all.push(self.field()?);
        }
        Some(all)
    }

    fn field(&mut self) -> Option<Field> {
        let name = self.word()?;
        let mut args = Vec::new();
        while self.eat('.') {
            let arg = self.word()?;
            let value = if self.eat('(') { self.word()? } else { return None };
            args.push((arg, value));
            if !self.eat(')') {
                return None;
            }
        }
        let below = if self.eat('{') { Some(self.fields()?) } else { None };
        if below.is_some() && !self.eat('}') {
            return None;
        }
        Some(Field { name, args, below })
    }
}

/// Reads the parameter; `None` if it is written wrongly.
pub fn parse(text: &str) -> Option<Vec<Field>> {
    let mut reader = Reader(text.chars().peekable());
    let all = reader.fields()?;
    reader.0.next().is_none().then_some(all)
}

/// Whether a node of that kind has these fields.
///
/// # Errors
/// What the API says to the first that it has not.
pub fn check(kind: Kind, fields: &[Field]) -> Result<(), String> {
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].iter().any(|other| other.name == field.name) {
            return Err(format!("(#2500) Syntax error: Field {} specified twice", field.name));
        }
        one(kind, field)?;
    }
    Ok(())
}

fn one(kind: Kind, field: &Field) -> Result<(), String> {
    let below = field.below.as_deref();
    if let Some(edge) = kind.edge(&field.name) {
        for (name, value) in &field.args {
            edge.judge(name, value, 0)?;
        }
        return check(edge.gives, below.unwrap_or_default());
    }
    let unknown = |name: &str, of: &str| {
        Err(format!("(#100) Tried accessing nonexisting field ({name}) on node type ({of})"))
    };
    if !kind.fields().contains(&field.name.as_str()) {
        return unknown(&field.name, kind.name());
    }
    let inside = kind.inside(&field.name);
    if let Some(Inside::Told(kind, arg, shows)) = inside {
        let [(name, _)] = &field.args[..] else {
            return Err(format!("(#100) The parameter {arg} is required"));
        };
        let below = below.unwrap_or_default();
        return match below.iter().find(|field| !shows.contains(&field.name.as_str())) {
            _ if name != arg => Err(format!("(#100) The parameter {arg} is required")),
            Some(field) => unknown(&field.name, kind.name()),
            None => check(kind, below),
        };
    }
    match (inside, below) {
        _ if !field.args.is_empty() => Err(format!("(#100) {} takes no arguments", field.name)),
        (_, None) => Ok(()),
        (Some(Inside::Node(kind)), Some(below)) => check(kind, below),
        (Some(Inside::Names(names)), Some(below)) => {
            let fits = |f: &Field| {
                names.contains(&f.name.as_str()) && f.args.is_empty() && f.below.is_none()
            };
            match below.iter().find(|f| !fits(f)) {
                Some(other) => unknown(&other.name, &field.name),
                None => Ok(()),
            }
        }
        _ => Err(format!("(#100) Subfields are not supported by {}", field.name)),
    }
}

#[test]
fn what_is_not_in_the_reference_is_named() {
    let judge = |kind: Kind, text: &str| match parse(text) {
        Some(fields) => check(kind, &fields),
        None => Err("syntax".to_owned()),
    };
    let comments = "id,comments.filter(stream).limit(0).summary(total_count)";
    for (kind, good) in [
        (Kind::Post, comments),
        (Kind::Comment, "from{id,name},parent{id,from{id}},message_tags"),
        (Kind::Media, "comments.limit(50){id,from{username},replies.limit(50){id,parent_id}}"),
        (Kind::Account, "mentioned_comment.comment_id(17){text,media{id,permalink}}"),
    ] {
        assert_eq!(judge(kind, good), Ok(()), "{good}");
    }
    for (kind, bad) in [
        (Kind::Post, "id,text"),
        (Kind::Post, "id,id"),
        (Kind::Post, "id,"),
        (Kind::Post, "comments.limit(101)"),
        (Kind::Post, "comments.limit(5"),
        (Kind::Post, "comments.filter(all)"),
        (Kind::Post, "comments{text}"),
        (Kind::Post, "from{id,username}"),
        (Kind::Comment, "parent{text}"),
        (Kind::Comment, "parent_id"),
        (Kind::Comment, "message{id}"),
        (Kind::Comment, "message.limit(2)"),
        (Kind::Remark, "message"),
        (Kind::Remark, "replies.order(chronological)"),
        (Kind::Media, "comments.limit(51)"),
        (Kind::Account, "mentioned_comment{text}"),
        (Kind::Account, "mentioned_comment.media_id(17){text}"),
        (Kind::Account, "mentioned_comment.comment_id(17){from}"),
    ] {
        assert!(judge(kind, bad).is_err(), "{bad}");
    }
}
