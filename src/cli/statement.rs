//! `ascolto ledger --statement`: what was stated of a day once it was over, and whether it still holds.

use super::failure::Failure;
use super::{house, out};
use crate::config::Config;
use crate::store::ledger::shares_table;
use crate::store::ledger::statement::{Stated, Statement, stated};
use std::fmt::Write;

/// Prints the statement of every brand for a day.
pub(super) fn show(config: &Config, day: &str, json: bool) -> Result<(), Failure> {
    let found = house::wait(house::over_store(config, async |store| {
        let mut tx = store.read().await?;
        let mut found = Vec::new();
        for brand in config.brands.keys() {
            found.extend(stated(&mut tx, brand, day).await?);
        }
        Ok(found)
    }))?;
    if found.is_empty() {
        return Err(Failure::no(format!(
            "nothing was stated of {day}: a day is stated five minutes after it has ended in the \
             brand's zone, by the running service"
        )));
    }
    if json {
        out::json(&found)?;
    } else {
        for one in &found {
            out::text(&told(one))?;
        }
    }
    let broken = found.iter().map(|one| one.broken.len()).sum::<usize>();
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::no(format!("the statement of {day} does not hold: {broken} broken, named above")))
}

fn told(one: &Stated) -> String {
    let Stated { statement, digest, position, broken } = one;
    let Statement { brand, day, from, to, made_at, account, share } = statement;
    let mut text = format!("{brand}, {day} ({from} to {to}), stated {made_at}\n");
    for (channel, of) in &account.channels {
        let i = &of.intake;
        let stood: Vec<String> = of.dispositions.iter().map(|(d, n)| format!("{d} {n}")).collect();
        let _ = writeln!(
            text,
            "  {channel}: new {}, again {}, edited {}, gone {}, own {}, repost {}, unreadable {}; \
             at its end: {}",
            i.new,
            i.again,
            i.edited,
            i.gone,
            i.own,
            i.repost,
            i.unreadable,
            if stood.is_empty() { "nothing".to_owned() } else { stood.join(", ") }
        );
    }
    let moved: Vec<String> = account.moved.iter().map(|(d, n)| format!("{d} {n}")).collect();
    let moved = if moved.is_empty() { "nothing".to_owned() } else { moved.join(", ") };
    let _ = writeln!(text, "  came to stand on that day: {moved}");
    let _ = writeln!(text, "  as it stood when it was stated:");
    text.push_str(&shares_table(std::slice::from_ref(share)));
    let sealed = match position {
        Some(at) => format!("sealed at position {at} of the log"),
        None => "not sealed yet".to_owned(),
    };
    let _ = writeln!(text, "  digest {digest}, {sealed}");
    if broken.is_empty() {
        text.push_str("  it still computes to the same\n");
    }
    for why in broken {
        let _ = writeln!(text, "  BROKEN {why}");
    }
    text
}
