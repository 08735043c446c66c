//! Readiness, and figures in Prometheus' text format, counted from the store at every scrape.
//!
//! They hold no text, no name of a person and nothing by agent (invariant 16).

use super::front::Shared;
use super::problem::Problem;
use crate::domain::ledger::Share;
use crate::store::ledger::BrandShare;
use crate::store::{StoreError, inbox, mentions, outbox, storms};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::fmt::Write;

/// Ready means that the store answers.
pub async fn ready(State(front): State<Shared>) -> Result<&'static str, Problem> {
    let answers = async {
        let mut tx = front.web.deps.store.read().await?;
        inbox::alive(&mut tx).await
    };
    match answers.await {
        Ok(()) => Ok("ready\n"),
        Err(e) => {
            tracing::warn!(error = %e, "not ready: the store does not answer");
            let detail = "the store does not answer; the log says why";
            Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail).retry(5))
        }
    }
}

/// The figures.
pub async fn metrics(State(front): State<Shared>) -> Result<Response, Problem> {
    let text = text(&front).await?;
    let form = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((form, text).into_response())
}

async fn text(front: &Shared) -> Result<String, StoreError> {
    let mut tx = front.web.deps.store.read().await?;
    let open = inbox::open_by_state(&mut tx).await?;
    let channels = inbox::channels_by_state(&mut tx).await?;
    let backlog = mentions::backlog(&mut tx).await?;
    let alerts = outbox::waiting(&mut tx).await?;
    let gaps = inbox::open_gaps(&mut tx).await?;
    let storms = storms::count_standing(&mut tx).await?;
    drop(tx);
    let shares = front.shares().await?;
    let mut out = String::new();
    let doc = "Cases in which an answer is owed, by the most urgent debt and the state.";
    labelled(&mut out, "ascolto_cases_open", doc, ("owing", "state"), &open);
    let doc = "Channels by network and by how they hear: new, hearing, failing, deaf.";
    labelled(&mut out, "ascolto_channels", doc, ("network", "state"), &channels);
    plain(&mut out, "ascolto_mentions_untriaged", "Mentions that wait for triage.", backlog);
    plain(&mut out, "ascolto_alerts_waiting", "Alerts that are not delivered yet.", alerts);
    plain(&mut out, "ascolto_gaps_open", "Holes in what was heard, not closed yet.", gaps);
    plain(&mut out, "ascolto_storms_standing", "Storms of complaints that are not over.", storms);
    for (name, doc, of) in SHARES {
        let figures: Vec<inbox::Figure> = shares.iter().flat_map(|b| both(b, *of)).collect();
        labelled(&mut out, name, doc, ("brand", "kind"), &figures);
    }
    Ok(out)
}

/// A part of the share unheard: its name, what it says, where it stands.
type Part = (&'static str, &'static str, fn(&Share) -> u64);

/// The share unheard is the second over the first.
const SHARES: &[Part] = &[
    ("ascolto_mentions_due", "Mentions owed an answer that are 7 days old.", |s| s.due),
    ("ascolto_mentions_unheard", "Of these, without a human answer in 7 days.", |s| s.unheard),
    ("ascolto_mentions_in_time", "Younger ones that are still open.", |s| s.in_time),
];

/// A part of both shares of a brand.
fn both(brand: &BrandShare, of: fn(&Share) -> u64) -> [inbox::Figure; 2] {
    [("complaint", &brand.complaints), ("question", &brand.questions)].map(|(kind, share)| {
        (brand.brand.clone(), kind.to_owned(), i64::try_from(of(share)).unwrap_or(i64::MAX))
    })
}

fn head(out: &mut String, name: &str, doc: &str) {
    // Writing into a text cannot fail.
    let _ = writeln!(out, "# HELP {name} {doc}\n# TYPE {name} gauge");
}

fn plain(out: &mut String, name: &str, doc: &str, value: i64) {
    head(out, name, doc);
    let _ = writeln!(out, "{name} {value}");
}

fn labelled(
    out: &mut String,
    name: &str,
    doc: &str,
    (first, second): (&str, &str),
    figures: &[inbox::Figure],
) {
    head(out, name, doc);
    for (a, b, value) in figures {
        let (a, b) = (escaped(a), escaped(b));
        let _ = writeln!(out, "{name}{{{first}=\"{a}\",{second}=\"{b}\"}} {value}");
    }
}

/// A label value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out() {
        let mut out = String::new();
        let odd = ("a\"} 1\nx".to_owned(), "b\\".to_owned(), 3);
        labelled(&mut out, "n", "d", ("k", "l"), &[odd]);
        assert!(out.ends_with("n{k=\"a\\\"} 1\\nx\",l=\"b\\\\\"} 3\n"), "{out}");
    }
}
