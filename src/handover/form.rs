//! What several ticket systems share: the text of a ticket, markups, contacts, addresses, answers.

use crate::domain::text::{is_printable, one_line};
use crate::speech::Catalogue;
use crate::wire::{
    Ask, Bucket, Ctx, Fault, Filed, Got, KeyFault, Next, Request, Response, Secret, Step, Talk,
    Ticket,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

/// Of so many mentions a ticket tells at most, the newest.
const MENTIONS: usize = 10;
/// All that was said takes so many UTF-16 units at most: with the rest it fits into Jira's
/// descriptions, the shortest of all, which hold 32,767.
const ROOM: usize = 12_000;
/// So many lines of one text are told at most.
const LINES: usize = 100;
/// The longest draft and note.
const LONGEST: usize = 4_000;
/// No name of that domain is ever resolved (RFC 2606): what is sent there reaches nobody.
const NOWHERE: &str = "ascolto.invalid";

/// At most so many UTF-16 units, by which most systems count; cut at a grapheme border and marked
/// with `…`.
pub(super) fn cut(text: &str, units: usize) -> String {
    if text.encode_utf16().count() <= units {
        return text.to_owned();
    }
    let (mut taken, mut end) = (1, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += grapheme.encode_utf16().count();
        if taken > units {
            break;
        }
        end = at + grapheme.len();
    }
    format!("{}…", text[..end].trim_end())
}

/// The title on one line of at most so many UTF-16 units.
pub(super) fn title(ticket: &Ticket, units: usize) -> String {
    cut(&unbraced(&one_line(&ticket.title, 200)), units)
}

/// A text in which no placeholder of a ticket system stands.
fn unbraced(text: &str) -> String {
    text.replace('{', "{ ")
}

/// A ticket that people call by its number, and see at its number below this path.
pub(super) fn numbered(server: &Url, below: &[&str], id: u64) -> Filed {
    let id = id.to_string();
    let url = at(server, &[below, &[id.as_str()]].concat()).into();
    Filed { name: format!("#{id}"), url, remote: id }
}

/// Who wrote, as a contact is called.
pub(super) fn name(ticket: &Ticket) -> String {
    let name = cut(&unbraced(&one_line(&ticket.author, 80)), 100);
    let network = one_line(&ticket.network, 40);
    if name.is_empty() { network } else { format!("{name} ({network})") }
}

/// By what the same customer is the same contact.
pub(super) fn contact(ticket: &Ticket) -> String {
    let network: String =
        ticket.network.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    let digest = Sha256::digest(format!("{}\0{}", ticket.network, ticket.author_id));
    let hex: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("ascolto-{}-{hex}", network.to_ascii_lowercase())
}

/// An address for systems that take no contact without one. Mail to it goes nowhere.
pub(super) fn address(ticket: &Ticket) -> String {
    format!("{}@{NOWHERE}", contact(ticket))
}

/// The ticket as plain lines. What came from outside is quoted, so that no line of it can pass for
/// one of ours.
pub(super) fn lines(ticket: &Ticket) -> Vec<String> {
    let words = Catalogue::of(ticket.language);
    let mut out = vec![
        words.fill("ticket.handed", &[("brand", &one_line(&ticket.brand, 80))]),
        String::new(),
    ];
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            out.push(format!("{}: {text}", words.get(label)));
        }
    };
    line("ticket.from", name(ticket));
    let about = [words.topic(ticket.topic), words.severity(ticket.severity)];
    line("ticket.about", about.join(", "));
    line("alert.deadline", one_line(&ticket.due_text, 60));
    line("alert.open", ticket.link.clone());
    quoted(&mut out, words.get("ticket.note"), &ticket.note, LONGEST);
    let newest = ticket.said.len().saturating_sub(MENTIONS);
    let said = &ticket.said[newest..];
    for word in said {
        let head = format!("{} {}", one_line(&word.time, 60), one_line(&word.url, 500));
        quoted(&mut out, head.trim(), &word.text, ROOM / said.len().max(1));
    }
    if ticket.private {
        out.extend([String::new(), words.get("alert.private").to_owned()]);
    }
    quoted(&mut out, words.get("alert.draft"), &ticket.draft, LONGEST);
    out.extend([String::new(), ticket.key.clone()]);
    out
}

/// Adds a text under its heading, each line behind `> `; nothing where there is none.
fn quoted(out: &mut Vec<String>, head: &str, text: &str, units: usize) {
    let text = cut(&text.replace("\r\n", "\n"), units);
    if text.trim().is_empty() {
        return;
    }
    out.extend([String::new(), format!("{head}:")]);
    let ends = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}');
    let mut all = text.trim().split(ends);
    for line in all.by_ref().take(LINES) {
        let line: String = line.chars().filter(|c| is_printable(*c)).collect();
        out.push(format!("> {line}").trim_end().to_owned());
    }
    if all.next().is_some() {
        out.push("> …".to_owned());
    }
}

/// A word to the people there as plain lines.
pub(super) fn word(text: &str) -> Vec<String> {
    text.lines().map(|line| one_line(line, 1_000)).collect()
}

/// Lines as HTML. A brace is written as a character reference, so that no placeholder of the system
/// can stand in what a customer wrote.
pub(super) fn html(lines: &[String]) -> String {
    let mut out = String::new();
    for line in lines {
        for c in line.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                '{' => out.push_str("&#123;"),
                c => out.push(c),
            }
        }
        out.push_str("<br>\n");
    }
    out
}

/// Lines as Markdown in which nothing is marked up: no link under another text, no mention. Braces
/// are set apart, so that no placeholder stands in them.
pub(super) fn markdown(lines: &[String]) -> String {
    let escaped = lines.iter().map(|line| {
        let (quote, rest) = match line.strip_prefix("> ") {
            Some(rest) => ("> ", rest),
            None => ("", line.as_str()),
        };
        let mut out = quote.to_owned();
        for c in rest.chars() {
            if matches!(
                c,
                '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '!' | '|' | '~'
            ) {
                out.push('\\');
            }
            out.push(c);
            if c == '{' {
                out.push(' ');
            }
        }
        out
    });
    escaped.collect::<Vec<_>>().join("\n")
}

/// Lines as a document of Atlassian's format, each a paragraph of plain text.
pub(super) fn document(lines: &[String]) -> Value {
    let paragraph = |line: &String| match line.as_str() {
        "" => json!({ "type": "paragraph", "content": [] }),
        text => json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] }),
    };
    let content: Vec<Value> = lines.iter().map(paragraph).collect();
    json!({ "type": "doc", "version": 1, "content": content })
}

/// The address of a server as the configuration has it.
pub(super) fn server(text: &str) -> Result<Url, KeyFault> {
    let fault = |why: &str| KeyFault { key: "server".into(), why: why.into() };
    let url = Url::parse(text)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
        .ok_or_else(|| fault("is no address; write https:// and the host"))?;
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return Err(fault("holds more than an address; write https:// and the host alone"));
    }
    Ok(url)
}

/// An address below the server's; each part is one segment, whatever stands in it.
pub(super) fn at(server: &Url, parts: &[&str]) -> Url {
    let mut url = server.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// The same with a query.
pub(super) fn at_with(server: &Url, parts: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = at(server, parts);
    url.query_pairs_mut().extend_pairs(query);
    url
}

/// Signs with a name and a password (RFC 7617).
pub(super) fn basic(request: Request, user: &str, password: &str) -> Request {
    let both = STANDARD.encode(format!("{user}:{password}"));
    request.secret_header("authorization", Secret::new(format!("Basic {both}")))
}

/// What a faulty answer means to every system that speaks JSON over HTTP: what happened and what to
/// do. `credential` names the keys that are to be renewed.
pub(super) fn fault(res: &Response, system: &str, credential: &str) -> Option<Fault> {
    let (next, why) = match res.status {
        401 => (Next::Auth, format!("{system} refuses the credential; renew {credential}")),
        403 => (
            Next::Auth,
            format!("{system} lacks a permission for this; give it to whom {credential} belongs"),
        ),
        404 | 410 => (
            Next::Gone,
            format!("{system} has nothing at this address; check `server` and the ids beside it"),
        ),
        400 | 422 => {
            let said = one_line(&String::from_utf8_lossy(&res.body), 200);
            (Next::Refused, format!("{system} refuses the ticket; mend what it says: {said}"))
        }
        409 => (Next::Retry { after: None }, format!("somebody else changed it in {system}")),
        _ => return None,
    };
    Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
}

/// Reads JSON that the system's documentation describes.
pub(super) fn answer<T: DeserializeOwned>(got: Got, system: &str) -> Result<T, Fault> {
    let res = got.http()?;
    serde_json::from_slice(&res.body).map_err(|_| {
        Fault::bug(format!("the answer is not {system}'s; write its own address as `server`"))
    })
}

/// A request that bears its own credential.
pub(super) fn ask(request: Request, tag: u8, spend: &'static [(Bucket, u32)]) -> Ask {
    Ask { auth: false, ..Ask::http(request, tag, spend) }
}

/// What reads the one answer of a conversation.
type Reads<T> = Box<dyn FnMut(Got) -> Result<T, Fault> + Send>;

/// A conversation of one question and one answer.
struct Once<T> {
    ask: Ask,
    read: Reads<T>,
}

/// Asks this and reads the answer so.
pub(super) fn once<T: 'static>(
    ask: Ask,
    read: impl FnMut(Got) -> Result<T, Fault> + Send + 'static,
) -> Box<dyn Talk<T>> {
    Box::new(Once { ask, read: Box::new(read) })
}

impl<T> Talk<T> for Once<T> {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<T> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<T>, Fault> {
        (self.read)(got).map(Step::Done)
    }
}
