//! What a mail says of an alert: the values of its two templates, each text from outside on one
//! line and cut.

use super::super::form::{Piece, cut, heading, is_link, pieces, risks, said, strikes, whys};
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertAct, AlertCase, AlertLine};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use std::sync::LazyLock;

/// Of so many things one mail tells at most; the others stand in the inbox.
const MOST_LINES: usize = 100;
/// So many letters at the end of a case's id tell it from others of the same author.
const SHORT_ID: usize = 6;

/// The templates. Names in `.html` are escaped for HTML by minijinja itself.
static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    for (name, source) in
        [("alert.html", include_str!("alert.html")), ("alert.txt", include_str!("alert.txt"))]
    {
        env.add_template(name, source).expect("a template of ours, which the tests read");
    }
    env
});

/// What a mail says.
#[derive(Serialize)]
pub(super) struct View<'a> {
    language: &'a str,
    subject: &'a str,
    /// How grave it is, as a colour that bears white letters.
    colour: &'static str,
    heading: String,
    /// What is said of it on our side, each a paragraph.
    notices: Vec<Vec<Piece>>,
    /// Who wrote what.
    said: String,
    facts: Vec<Fact<'a>>,
    /// The address of the post, with its label.
    original: Option<Button<'a>>,
    draft: Option<Fact<'a>>,
    lines: Vec<Button<'a>>,
    /// How many more there are.
    more: String,
    buttons: Vec<Button<'a>>,
    open: &'a str,
    automatic: &'a str,
}

#[derive(Serialize)]
struct Fact<'a> {
    label: &'a str,
    value: String,
}

#[derive(Serialize)]
struct Button<'a> {
    label: String,
    url: &'a str,
}

impl<'a> View<'a> {
    /// All of an alert, or the short word that follows one that was sent: how it stands now, and
    /// where somebody is to act, by when and how.
    pub(super) fn of(alert: &'a Alert, words: &'a Catalogue, subject: &'a str) -> View<'a> {
        let whole = alert.of.is_none();
        let mut notices = Vec::new();
        let mut notice = |text: String| {
            if !text.is_empty() {
                notices.push(pieces(&text));
            }
        };
        if alert.not_rechecked {
            notice(words.get("alert.not_rechecked").to_owned());
        }
        notice(cut(&one_line(&alert.body, 2_000), 8_000));
        let case = alert.case.as_ref();
        if let Some(case) = case.filter(|_| whole) {
            notice(strikes(case, words));
        }
        let acts = case.map(|case| case.actions.as_slice()).unwrap_or_default();
        let shown = whole || alert.rings;
        let mut buttons: Vec<Button<'_>> = Vec::new();
        buttons.extend(acts.iter().filter(|_| shown).map(button));
        if let Some(case) = case {
            buttons.push(Button { label: words.get("alert.open").to_owned(), url: &case.link });
        }
        let hidden = alert.lines.len().saturating_sub(MOST_LINES);
        let more = match hidden {
            0 => String::new(),
            n => words.fill("alert.more", &[("count", &n.to_string())]),
        };
        View {
            language: words.language.as_str(),
            subject,
            colour: colour(alert),
            heading: cut(&heading(alert, words), 1_000),
            notices,
            said: case.filter(|_| shown).map_or_else(String::new, |c| quoted(c, words)),
            facts: case.filter(|_| shown).map_or_else(Vec::new, |c| facts(c, words, whole)),
            original: case.filter(|_| whole).and_then(|case| original(case, words)),
            draft: case.filter(|_| whole).and_then(|case| draft(case, words)),
            lines: alert.lines.iter().take(MOST_LINES).map(line).collect(),
            more,
            buttons,
            open: words.get("alert.open"),
            automatic: words.get("mail.automatic"),
        }
    }

    /// As plain text.
    pub(super) fn text(&self) -> String {
        self.render("alert.txt")
    }

    /// As HTML.
    pub(super) fn html(&self) -> String {
        self.render("alert.html")
    }

    fn render(&self, template: &str) -> String {
        let text = TEMPLATES.get_template(template).and_then(|t| t.render(self));
        text.expect("a view holds all that the templates name, which the tests show")
    }
}

/// The subject: of a case the same in all its mails, since programs put only mails of one subject
/// into a conversation. So it tells nothing that changes as the case moves.
pub(super) fn subject(alert: &Alert, words: &Catalogue) -> String {
    let base = match &alert.case {
        None => cut(&heading(alert, words), 200),
        Some(case) => {
            let id = case.id.len().saturating_sub(SHORT_ID);
            let values = [
                ("brand", one_line(&case.brand, 40)),
                ("author", cut(&one_line(&case.author, 60), 100)),
                ("network", one_line(&case.network, 40)),
                ("case", case.id.get(id..).unwrap_or_default().to_owned()),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            words.fill("mail.subject", &values)
        }
    };
    if alert.of.is_some() { format!("Re: {base}") } else { base }
}

/// What was said, or why it is not shown.
fn quoted(case: &AlertCase, words: &Catalogue) -> String {
    cut(&said(case, words, 1_000), 6_000)
}

fn facts<'a>(case: &AlertCase, words: &'a Catalogue, whole: bool) -> Vec<Fact<'a>> {
    let fact = |key: &'a str, value: String| Fact { label: words.get(key), value };
    let mut facts = vec![fact("alert.deadline", one_line(&case.due_text, 60))];
    if whole {
        facts.push(fact("alert.window", one_line(&case.window_text, 60)));
        let limit = case.reply_limit.map_or_else(String::new, |limit| limit.to_string());
        facts.push(fact("alert.reply_limit", limit));
        facts.push(fact("alert.risk", risks(case, words)));
        facts.push(fact("alert.why", cut(&whys(case, words), 2_000)));
    }
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

fn draft<'a>(case: &AlertCase, words: &'a Catalogue) -> Option<Fact<'a>> {
    let value = cut(&one_line(&case.draft, 2_000), 8_000);
    (!value.is_empty()).then(|| Fact { label: words.get("alert.draft"), value })
}

/// Where the post stands, if that is an address that a click may open.
fn original<'a>(case: &'a AlertCase, words: &Catalogue) -> Option<Button<'a>> {
    let label = words.get("alert.original").to_owned();
    is_link(&case.url).then_some(Button { label, url: &case.url })
}

fn button(act: &AlertAct) -> Button<'_> {
    Button { label: one_line(&act.label, 60), url: &act.url }
}

fn line(line: &AlertLine) -> Button<'_> {
    Button { label: cut(&one_line(&line.text, 300), 1_200), url: &line.link }
}

/// Red for what cannot wait, down to grey for what only brings up to date.
fn colour(alert: &Alert) -> &'static str {
    let severity = alert.case.as_ref().map_or(0, |case| case.severity);
    match (alert.rings, alert.urgent, severity) {
        (false, _, _) => "#5b6470",
        (_, true, _) | (_, _, 3..) => "#b3261e",
        (_, _, 2) => "#b45309",
        (_, _, 1) => "#8a6100",
        _ => "#1f5fa8",
    }
}
