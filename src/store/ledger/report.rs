//! The report: the share unheard of a span of time with all its parts, what was heard in it, and what
//! was sorted out. Its shares are those of the ledger, counted in the same place.

use super::types::{BrandShare, SortedOut};
use super::{shares_table, sorted};
use crate::domain::Instant;
use crate::domain::ledger::{Disposition, Share};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::value::{Sql, args, statements};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is told of a span of time. A mention belongs to the time at which it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// When it was drawn up.
    pub now: Instant,
    /// From here on; `None`: from the beginning.
    pub from: Option<Instant>,
    /// Up to here, exclusive; `None`: up to now.
    pub to: Option<Instant>,
    /// By brand.
    pub brands: Vec<BrandReport>,
}

/// One brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BrandReport {
    /// What was heard, by network, and where it stands now.
    pub heard: BTreeMap<String, BTreeMap<Disposition, u64>>,
    /// The shares, and what stands beside them.
    #[serde(flatten)]
    pub share: BrandShare,
    /// What triage sorted out, by rule and exclusion.
    pub sorted_out: Vec<SortedOut>,
}

statements! {
    HEARD = Sql::same("SELECT brand, network, disposition, CAST(COUNT(*) AS BIGINT) FROM mentions WHERE created_at >= $1 AND created_at < $2 GROUP BY brand, network, disposition");
}

/// Draws up the report of what was written from `from` to before `to`.
///
/// # Errors
/// When the database fails, and `Broken` for a row that cannot be counted.
pub async fn report(
    tx: &mut Tx,
    now: Instant,
    (from, to): (Option<Instant>, Option<Instant>),
) -> Result<Report, StoreError> {
    let span = (from.unwrap_or(Instant(i64::MIN)), to.unwrap_or(Instant(i64::MAX)));
    let shares = super::shares(tx, now, Some(span)).await?;
    let mut heard: BTreeMap<String, BTreeMap<String, BTreeMap<Disposition, u64>>> = BTreeMap::new();
    type Heard = (String, String, String, i64);
    for (brand, network, stands, n) in tx.all::<Heard>(HEARD, args![span.0, span.1]).await? {
        let stands: Disposition =
            stands.parse().map_err(|why| StoreError::broken("a mention", why))?;
        let of = heard.entry(brand).or_default().entry(network).or_default();
        of.insert(stands, u64::try_from(n).unwrap_or(0));
    }
    let sorted = sorted::counts(tx, span).await?;
    let brand = |share: BrandShare| BrandReport {
        heard: heard.remove(&share.brand).unwrap_or_default(),
        sorted_out: sorted.iter().filter(|s| s.brand == share.brand).cloned().collect(),
        share,
    };
    Ok(Report { now, from, to, brands: shares.into_iter().map(brand).collect() })
}

impl Report {
    /// Everything as aligned text.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let from = self.from.map_or_else(|| "the beginning".to_owned(), |at| at.to_string());
        let _ = writeln!(out, "Written from {from} to {}", self.to.unwrap_or(self.now));
        for brand in &self.brands {
            for (network, stands) in &brand.heard {
                let all: u64 = stands.values().sum();
                let parts: Vec<String> = stands.iter().map(|(d, n)| format!("{d} {n}")).collect();
                let name = &brand.share.brand;
                let _ = writeln!(out, "  {name}, {network}: {all} heard ({})", parts.join(", "));
            }
            for sorted in &brand.sorted_out {
                let SortedOut { brand, rule, exclusion, mentions } = sorted;
                let by =
                    if exclusion.is_empty() { String::new() } else { format!(" ({exclusion})") };
                let _ = writeln!(out, "  {brand}: {mentions} owe nothing by the rule {rule}{by}");
            }
        }
        let shares: Vec<BrandShare> = self.brands.iter().map(|b| b.share.clone()).collect();
        out.push_str("\nShare unheard: without a human answer within 7 days\n");
        out.push_str(&shares_table(&shares));
        out
    }

    /// One line a brand and kind, with a head (RFC 4180). Figures only: no field needs quotes, since
    /// brands are named `[a-z0-9_-]+`.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "brand,kind,due,answered,unheard,late,by_choice,withdrawn,muted,in_time,\
             answered_early,ended_early,baseline,not_complaint,not_about_us,unhearable_ms,missed,\
             missed_low,missed_high\r\n",
        );
        for BrandReport { share: b, .. } in &self.brands {
            let missed = b.missed.as_ref().and_then(|m| m.estimate);
            for (kind, s) in [("complaint", &b.complaints), ("question", &b.questions)] {
                let missed = missed.filter(|_| kind == "complaint");
                let [all, low, high] = match missed {
                    Some(e) => [e.missed, e.low, e.high].map(|n| n.to_string()),
                    None => Default::default(),
                };
                let _ = write!(
                    out,
                    "{},{kind},{},{},{},{},{all},{low},{high}\r\n",
                    b.brand,
                    figures(s),
                    b.not_complaint,
                    b.not_about_us,
                    b.unhearable_ms
                );
            }
        }
        out
    }
}

/// The figures of a share, in the order of the head.
fn figures(s: &Share) -> String {
    [
        s.due,
        s.answered,
        s.unheard,
        s.late,
        s.by_choice,
        s.withdrawn,
        s.muted,
        s.in_time,
        s.answered_early,
        s.ended_early,
        s.baseline,
    ]
    .map(|n| n.to_string())
    .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::Estimate;
    use crate::store::ledger::Missed;

    #[test]
    fn every_line_has_as_many_fields_as_the_head() {
        let estimate =
            Some(Estimate { mentions: 9, labelled: 3, found: 1, missed: 2, low: 1, high: 5 });
        let share = BrandShare {
            brand: "acme".to_owned(),
            complaints: Share { due: 4, unheard: 1, answered: 3, ..Share::default() },
            missed: Some(Missed { estimate, ..Missed::default() }),
            ..BrandShare::default()
        };
        let brand = BrandReport { heard: BTreeMap::new(), share, sorted_out: vec![] };
        let report = Report { now: Instant(0), from: None, to: None, brands: vec![brand] };
        let csv = report.csv();
        let lines: Vec<Vec<&str>> =
            csv.split_terminator("\r\n").map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{csv}");
        assert_eq!(lines[1][..5], ["acme", "complaint", "4", "3", "1"]);
        assert_eq!(lines[1][16..], ["2", "1", "5"]);
        assert_eq!(lines[2][16..], ["", "", ""], "questions are not sampled for");
        assert!(report.table().contains("25.0 % (1 of 4)"), "{}", report.table());
    }
}
