//! What an alert says in a room: once as lines, once as HTML of which only our own is markup.

use super::super::form::{cut, heading, risks, said, strikes, whys, words};
use super::MARKS;
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertCase, AlertLine};
use serde_json::{Value, json};
use url::Url;

/// Bytes of a text. An event may have 65,536 in all, and each text stands in it up to four times,
/// twice of them with its markup.
pub(super) const MOST_TEXT: usize = 6_000;

/// What an alert says, as text and as HTML.
pub(super) struct Content {
    text: String,
    html: String,
    quiet: bool,
}

impl Content {
    fn body(&self, alert: &Alert) -> Value {
        json!({
            // Bots read no notices, and phones ring for none.
            "msgtype": if self.quiet { "m.notice" } else { "m.text" },
            "body": self.text,
            "format": "org.matrix.custom.html",
            "formatted_body": self.html,
            "m.mentions": {},
            "org.ascolto.alert": alert.key,
        })
    }

    pub(super) fn message(&self, alert: &Alert) -> Value {
        self.body(alert)
    }

    /// The same over the event with this id.
    pub(super) fn over(&self, alert: &Alert, remote: &str) -> Value {
        let mut content = self.body(alert);
        content["m.new_content"] = self.body(alert);
        content["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": remote });
        // For clients that cannot change what stands.
        content["body"] = Value::String(format!("* {}", self.text));
        content["formatted_body"] = Value::String(format!("* {}", self.html));
        content
    }
}

/// Writes the same twice: as lines, and as HTML of which only our own is markup.
pub(super) fn content(alert: &Alert) -> Content {
    let words = words(alert);
    let mut page = Page::default();
    page.bold(&cut(&heading(alert, words), 600));
    if alert.not_rechecked {
        page.line("", words.get("alert.not_rechecked"));
    }
    if let Some(case) = &alert.case {
        page.quote(&cut(&said(case, words, 1_000), 2_000));
        page.line("", &strikes(case, words));
        page.line(words.get("alert.deadline"), &one_line(&case.due_text, 60));
        page.line(words.get("alert.window"), &one_line(&case.window_text, 60));
        let limit = case.reply_limit.map_or_else(String::new, |n| n.to_string());
        page.line(words.get("alert.reply_limit"), &limit);
        page.line(words.get("alert.risk"), &risks(case, words));
        page.line(words.get("alert.why"), &cut(&whys(case, words), 600));
        page.line(words.get("alert.draft"), &cut(&one_line(&case.draft, 1_000), 1_500));
    }
    page.line("", &cut(&one_line(&alert.body, 1_000), 1_500));
    named(&mut page, &alert.lines);
    if let Some(case) = &alert.case {
        acts(&mut page, case, words);
    }
    Content { text: page.text, html: page.html, quiet: !alert.rings }
}

/// Several things, each with its link, as many as fit; those that do not are left out whole.
fn named(page: &mut Page, things: &[AlertLine]) {
    let mut left = MOST_TEXT;
    for thing in things {
        let text = cut(&one_line(&thing.text, 200), 300);
        let size = text.len() + thing.link.len() + 3;
        if size > left {
            return;
        }
        left -= size;
        page.link(&text, &thing.link);
    }
}

/// What can be done: by a reaction where one does it, by its page in any case. None publishes.
fn acts(page: &mut Page, case: &AlertCase, words: &Catalogue) {
    for act in &case.actions {
        let mark = MARKS.iter().find(|(_, name)| *name == act.name && *name != "publish");
        let mark = mark.map_or("", |(mark, _)| mark);
        let label = format!("{mark} {}", one_line(&act.label, 60));
        page.link(label.trim(), &act.url);
    }
    page.link(words.get("alert.original"), &case.url);
    page.link(words.get("alert.open"), &case.link);
}

/// The same on lines and as HTML.
#[derive(Default)]
struct Page {
    text: String,
    html: String,
}

impl Page {
    fn add(&mut self, text: &str, html: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
            self.html.push_str("<br>");
        }
        self.text.push_str(text);
        self.html.push_str(html);
    }

    fn bold(&mut self, text: &str) {
        self.add(text, &format!("<strong>{}</strong>", escaped(text)));
    }

    fn quote(&mut self, text: &str) {
        self.add(&format!("> {text}"), &format!("<em>{}</em>", escaped(text)));
    }

    fn line(&mut self, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        if label.is_empty() {
            return self.add(text, &escaped(text));
        }
        let html = format!("{}: {}", escaped(label), escaped(text));
        self.add(&format!("{label}: {text}"), &html);
    }

    fn link(&mut self, label: &str, url: &str) {
        // A link that somebody made up would be markup of theirs.
        let is_link = Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
        if url.is_empty() || !is_link {
            return self.line("", label);
        }
        let html = format!("<a href=\"{}\">{}</a>", escaped(url), escaped(label));
        self.add(&format!("{label}: {url}"), &html);
    }
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
