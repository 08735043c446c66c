//! Alerts as readable blocks of text on our own terminal. Colour is the terminal's affair.

use super::form::{Once, heading, risks, said, strikes, whys, words};
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{
    Acts, Alert, Ask, Ctx, Delivered, KeyFault, Notifier, NotifierMeta, Talk, Via, read_settings,
};
use serde::Deserialize;
use std::any::Any;

/// Says alerts on the terminal.
pub(super) struct Terminal;

static META: NotifierMeta = NotifierMeta {
    name: "terminal",
    title: "Terminal",
    about: "Prints each alert as a block of text where Ascolto runs. For trying things out.",
    docs: "",
    buckets: &[],
    keys: &[],
    edits: false,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

/// The acts that an alert names; for the others the case is opened. More links would hide what
/// was said.
const MOST_ACTS: usize = 4;

impl Notifier for Terminal {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(read_settings::<Settings>(table)?))
    }

    fn send(&self, alert: &Alert, _cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let ask =
            Ask { via: Via::Say(block(alert, words(alert))), tag: 0, spend: &[], auth: false };
        Box::new(Once { ask, read: |_| Ok(Delivered::default()) })
    }
}

/// The alert as lines; every line but the first is indented, so text from the network, which is
/// always part of one line, cannot look like the head of another alert.
fn block(alert: &Alert, words: &Catalogue) -> String {
    // What was printed cannot be changed: a word about it follows.
    let follows = alert.of.is_some();
    let mark = match (alert.rings, alert.urgent) {
        (false, _) => ">",
        (true, true) => "!!",
        (true, false) => "*",
    };
    let mut lines = vec![format!("{mark} {}", heading(alert, words))];
    let mut line = |label: &str, text: &str| {
        let colon = if label.is_empty() { "" } else { ": " };
        if !text.is_empty() {
            lines.push(format!("  {}{colon}{}", one_line(label, 60), one_line(text, 2_000)));
        }
    };
    if let Some(case) = alert.case.as_ref().filter(|_| follows) {
        line(words.get("alert.open"), &case.link);
    } else if let Some(case) = &alert.case {
        line("", &said(case, words, 600));
        line(words.get("alert.deadline"), &case.due_text);
        line("", &strikes(case, words));
        line(words.get("alert.risk"), &risks(case, words));
        line(words.get("alert.why"), &whys(case, words));
        line(words.get("alert.draft"), &case.draft);
        line(words.get("alert.original"), &case.url);
        line(words.get("alert.open"), &case.link);
        for act in case.actions.iter().take(MOST_ACTS) {
            line(&act.label, &act.url);
        }
    }
    if alert.not_rechecked {
        line("", words.get("alert.not_rechecked"));
    }
    line("", &alert.body);
    for one in &alert.lines {
        line("", &format!("{} {}", one_line(&one.text, 300), one.link));
    }
    line("", &format!("[{}]", alert.of.as_ref().unwrap_or(&alert.key)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hostile, sample, several};
    use super::*;
    use crate::domain::Lang;

    #[test]
    fn a_block_reads_well() {
        let block = block(&sample(), Catalogue::of(Lang::IT));
        assert_eq!(
            block,
            "* Nuovo reclamo: acme (mastodon), consegna, grave\n\
             \x20 gino: Terza settimana e il pacco non è ancora arrivato\n\
             \x20 Rispondere entro: 20 nov 18:00\n\
             \x20 Rischio: vuole andarsene, è stato ignorato\n\
             \x20 Perché: attende da troppo “Terza settimana”; non arrivato, o arrivato sbagliato “non è ancora arrivato”; una stella\n\
             \x20 Bozza: Buongiorno gino, ci dispiace.\n\
             \x20 Originale: https://social.example/@gino/1\n\
             \x20 Apri: https://ascolto.example/cases/01JD\n\
             \x20 Prendi in carico: https://ascolto.example/act/aaa\n\
             \x20 Pubblica: https://ascolto.example/act/bbb\n\
             \x20 Rinvia: https://ascolto.example/act/ccc\n\
             \x20 Nessuna risposta necessaria: https://ascolto.example/act/ddd\n\
             \x20 [01JDKEY]"
        );
    }

    #[test]
    fn hostile_text_moves_no_cursor_and_makes_no_line() {
        let block = block(&hostile(), Catalogue::of(Lang::EN));
        assert!(block.lines().all(|l| l.chars().all(crate::domain::text::is_printable)));
        assert_eq!(block.lines().filter(|l| !l.starts_with("  ")).count(), 1);
        assert!(block.contains("Not re-checked"));
    }

    #[test]
    fn a_word_about_what_was_printed_is_short() {
        let mut alert = sample();
        (alert.of, alert.rings) = (Some("01JDFIRST".into()), false);
        (alert.key, alert.title) = ("01JDNEXT".into(), "Preso in carico da ada".into());
        assert_eq!(
            block(&alert, Catalogue::of(Lang::IT)),
            "> Preso in carico da ada: acme (mastodon), consegna, grave\n\
             \x20 Apri: https://ascolto.example/cases/01JD\n\
             \x20 [01JDFIRST]"
        );
    }

    #[test]
    fn one_alert_of_several_names_each_on_its_line() {
        let block = block(&several(), Catalogue::of(Lang::IT));
        let lines: Vec<&str> = block.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "  2 casi",
                "  18:00 @gino https://ascolto.example/cases/01JA",
                "  19:00 @lia * Nuovo https://ascolto.example/cases/01JB",
                "  [01JDKEY]"
            ]
        );
    }

    #[test]
    fn who_complains_again_is_told_as_such() {
        let mut alert = sample();
        let case = alert.case.as_mut().unwrap();
        (case.strikes, case.strikes_since) = (3, "2026-02-01".to_owned());
        let block = block(&alert, Catalogue::of(Lang::IT));
        assert!(block.contains("\n  Reclamo numero 3 dal 2026-02-01\n"), "{block}");
    }

    #[test]
    fn private_text_is_announced_not_shown() {
        let mut alert = sample();
        alert.case.as_mut().unwrap().text.clear();
        let block = block(&alert, Catalogue::of(Lang::EN));
        assert!(block.contains("Private: open in the inbox"), "{block}");
    }
}
